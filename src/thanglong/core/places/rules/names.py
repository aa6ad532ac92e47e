"""What an official name says: the kind of unit, the bare name, an English rendering."""

import re

from thanglong.core.places.types import UnitKind
from thanglong.kit.text import spelled

# first words of official names, longest first
_PREFIXES: tuple[tuple[str, UnitKind, str], ...] = (
    ("thành phố trực thuộc trung ương", UnitKind.CITY, "City"),
    ("thành phố", UnitKind.CITY, "City"),
    ("thị trấn", UnitKind.TOWNSHIP, "Township"),
    ("thị xã", UnitKind.DISTRICT, "Town"),
    ("đặc khu", UnitKind.SPECIAL_ZONE, "Special Zone"),
    ("phường", UnitKind.WARD, "Ward"),
    ("huyện", UnitKind.DISTRICT, "District"),
    ("quận", UnitKind.DISTRICT, "District"),
    ("tỉnh", UnitKind.CITY, "Province"),
    ("xã", UnitKind.COMMUNE, "Commune"),
)


def prefix_of(name: str) -> tuple[str, UnitKind, str] | None:
    """The kind that the first words of an official name tell: the words, the kind, its English word; else None."""
    lowered = name.lower()
    for words, kind, english in _PREFIXES:
        if lowered.startswith(words + " "):
            return name[: len(words)], kind, english
    return None


def kind_of(name: str) -> UnitKind:
    """The kind an official name tells ("Phường Cửa Nam" is a ward); a name without such words is an office's."""
    found = prefix_of(name)
    return found[1] if found else UnitKind.OFFICE


def short_name(name: str, kind: UnitKind) -> str:
    """The name without the words for its kind: "Phường Cửa Nam" -> "Cửa Nam", but "Quận 1" stays "Quận 1"."""
    found = prefix_of(name)
    if kind is UnitKind.OFFICE or not found:
        return name
    rest = name[len(found[0]) :].strip()
    return name if re.fullmatch(r"\d+", rest) else rest


def english_name(name: str, kind: UnitKind) -> str:
    """An English rendering where the file brings none: "Phường Cửa Nam" -> "Cửa Nam Ward"."""
    found = prefix_of(name)
    if kind is UnitKind.OFFICE or not found:
        return name
    rest = name[len(found[0]) :].strip()
    return f"{found[2]} {rest}" if re.fullmatch(r"\d+", rest) else f"{rest} {found[2]}"


def alike(stated: str, *names: str) -> bool:
    """Whether a name agrees with one of ``names``, tone placement and case aside."""
    return spelled(stated) in {spelled(name) for name in names}
