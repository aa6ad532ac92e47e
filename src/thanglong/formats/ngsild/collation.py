"""How texts are put in order (clause 4.23.3): by their signs, or as a collation of RFC 6067 says.

The letters first, then their marks, then case, as far as the wanted strength goes; ``kn`` compares numbers as numbers,
``co-phonebk`` writes German umlauts out, Vietnamese letters keep the places of their alphabet.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from thanglong.kit.errors import N_, Invalid

COLLATION = re.compile(r"(?P<language>[A-Za-z]{2,8})(?P<rest>(-[A-Za-z0-9]{1,8})*)\Z")
KEYS = {"co", "ka", "kb", "kc", "kf", "kk", "kn", "kr", "ks", "kv"}
STRENGTHS = {"level1": 1, "level2": 2, "level3": 3, "level4": 3, "identic": 4}
PHONEBOOK = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}
LETTERS = {"vi": "aăâbcdđeêghiklmnoôơpqrstuưvxyfjwz"}
"""Alphabets in which a letter with a mark is a letter of its own."""
Key = tuple[Any, ...]


def checked_collation(text: str) -> str:
    """The collation, or Invalid when it is none (RFC 6067)."""
    match = COLLATION.match(text)
    parts = match["rest"].lower().split("-")[1:] if match else []
    settings = parts[parts.index("u") + 1 :] if "u" in parts else []
    pairs = list(zip(settings[::2], settings[1::2], strict=False))
    bad = any(key not in KEYS for key, _ in pairs) or dict(pairs).get("ks", "level3") not in STRENGTHS
    if match is None or bad or ("u" in parts and not pairs):
        raise Invalid(N_("%(text)s is not a collation."), text=text[:60])
    return text


def collator(text: str) -> Callable[[str], Key]:
    """The key by which texts are compared: their signs, or as the collation says (letters, then marks, then case)."""
    if not text:
        return lambda value: (value,)
    match = COLLATION.match(checked_collation(text))
    assert match is not None
    parts = match["rest"].lower().split("-")[1:]
    settings = dict(zip(parts[1::2], parts[2::2], strict=False)) if parts[:1] == ["u"] else {}
    level = STRENGTHS[settings.get("ks", "level3")]
    phonebook, numeric = settings.get("co") == "phonebk", settings.get("kn") in ("", "true", "yes")
    alphabet = LETTERS.get(match["language"].lower(), "")

    def key(value: str) -> Key:
        folded = value.casefold() if not phonebook else "".join(PHONEBOOK.get(sign, sign) for sign in value.lower())
        letters, accents = _letters(folded, alphabet)
        first = tuple(_numeric(letters)) if numeric else (letters,)
        return (first, accents if level >= 2 else "", value.swapcase() if level >= 3 else "")

    return key


def _letters(text: str, alphabet: str) -> tuple[str, str]:
    """The base letters of a text in their order, and its marks."""
    plain: list[str] = []
    accents: list[str] = []
    for sign in unicodedata.normalize("NFC", text):
        whole = unicodedata.normalize("NFD", sign)
        base, others = whole[0], whole[1:]
        if alphabet:
            # tones of Vietnamese are marks, the hat and the horn make another letter
            kept = unicodedata.normalize("NFC", base + "".join(m for m in others if m in "\u0302\u0306\u031b"))
            place = alphabet.find(kept)
            plain.append(chr(0x61 + place) if place >= 0 else base)
            accents.extend(m for m in others if m not in "\u0302\u0306\u031b")
        else:
            plain.append(base)
            accents.extend(others)
        accents.append("\x00")
    return "".join(plain), "".join(accents)


def _numeric(text: str) -> Sequence[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", text) if part]
