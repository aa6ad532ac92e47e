"""Every pair of colours that text uses together stands at 4.5 : 1 or more, in light and in dark."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[1] / "static" / "css" / "tokens.css"
GROUNDS = ("paper", "surface", "surface-2")
PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-2") for ground in GROUNDS),
    *(("ink-3", ground) for ground in ("paper", "surface")),
    *(
        (ink, ground)
        for ink in ("action", "brand", "gold", "ok", "warn", "bad", "info")
        for ground in ("paper", "surface")
    ),
    *((state, f"{state}-soft") for state in ("ok", "warn", "bad", "info", "idle", "brand", "gold", "action")),
    *(("ink", f"{state}-soft") for state in ("ok", "warn", "bad", "info", "idle", "brand", "gold", "action")),
    *(("ink-2", f"{state}-soft") for state in ("bad", "action")),
    ("on-action", "action"),
    ("on-action", "action-hover"),
    ("on-brand", "brand"),
    ("on-mark", "mark"),
    ("paper", "ink"),
    ("surface", "info"),
    ("on-state", "warn"),
    ("on-state", "bad"),
    ("map-label", "map-land"),
    ("map-unit-label", "map-land"),
    ("map-water-label", "map-water"),
    *((f"t{band}", f"c{band}") for band in range(6)),
]


def themes() -> dict[str, dict[str, str]]:
    """Token values by theme; the two dark blocks (by device, by choice) must say the same."""
    text = re.sub(r"/\*.*?\*/", "", TOKENS.read_text(), flags=re.S)
    blocks = re.findall(r"(:root[^{]*)\{((?:[^{}])*)\}", text)
    found: dict[str, dict[str, str]] = {}
    for selector, body in blocks:
        values = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})\s*;", body))
        if not values:
            continue
        name = "device" if ":not" in selector else "dark" if "dark" in selector else "light"
        found[name] = values
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_known_ratios() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_dark_by_device_and_dark_by_choice_are_the_same() -> None:
    found = themes()
    assert found["device"] == found["dark"]
    assert set(found["dark"]) <= set(found["light"])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS, ids=lambda name: name)
def test_text_can_be_read(theme: str, ink: str, ground: str) -> None:
    found = themes()
    values = {**found["light"], **found[theme]}
    assert contrast(values[ink], values[ground]) >= 4.5


def test_every_variable_used_exists() -> None:
    sheets = "".join(path.read_text() for path in TOKENS.parent.glob("*.css"))
    known = set(re.findall(r"--([\w-]+)\s*:", sheets)) | {"now", "side", "min"}
    used = set(re.findall(r"var\(--([\w-]+)", sheets))
    assert {name for name in used if len(name) > 1} - known == set()  # one letter: set on the element itself
