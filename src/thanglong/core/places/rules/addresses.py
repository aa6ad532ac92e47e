"""The written form of a Vietnamese address: parts by comma, abbreviations of kinds, house number and street."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from thanglong.core.places.types import UnitKind
from thanglong.kit.text import fold, spelled

# readings this much worse than the best are still told
NEAR = 1

_WARD = frozenset({UnitKind.WARD, UnitKind.TOWNSHIP})
_COMMUNE = frozenset({UnitKind.COMMUNE, UnitKind.TOWNSHIP, UnitKind.SPECIAL_ZONE})
_DISTRICT = frozenset({UnitKind.DISTRICT})
_CITY = frozenset({UnitKind.CITY})
# folded beginnings of a part, longest first; an abbreviation needs its point or a digit or space behind it
_KINDS: tuple[tuple[str, frozenset[UnitKind]], ...] = (
    (r"thanh pho|t\.?\s?p\.?|tinh", _CITY),
    (r"thi xa|t\.?\s?x\.?", _DISTRICT),
    (r"thi tran|t\.?\s?t\.?", _WARD | _COMMUNE),
    (r"dac khu", _COMMUNE),
    (r"phuong|ph?\.", _WARD),
    (r"ph?(?=\s+\S)", _WARD),
    (r"quan|q\.", _DISTRICT),
    (r"q(?=\s+\S)", _DISTRICT),
    (r"huyen|h\.", _DISTRICT),
    (r"h(?=\s+\S)", _DISTRICT),
    (r"xa|x\.", _COMMUNE),
    (r"x(?=\s+\S)", _COMMUNE),
)
_KIND = [(re.compile(rf"(?:{pattern})(?:\s*|(?<=\.))(?=\S)", re.I), kinds) for pattern, kinds in _KINDS]
_STREET = re.compile(
    r"^(?:đường|duong|phố|pho|ngõ|ngo|ngách|ngach|hẻm|hem|thôn|thon|xóm|xom|tổ|to|đ\.|d\.|số|so)\b", re.I
)
_HOUSE = re.compile(r"^(?:số\s*(?:nhà)?|so\s*(?:nha)?)?\s*(\d[\w/.-]*)\s+(.*)$", re.I)
_WORDS = {"đ.": "đường", "p.": "phố"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an address that may name a unit; ``kinds`` are those its first word tells (empty: any).

    ``cost`` is the doubt: 0 for a part between commas, 1 for the last words of a longer one.
    """

    raw: str
    spelled: str
    folded: str
    kinds: frozenset[UnitKind]
    cost: int = 0

    def is_above(self, units: Iterable[UUID], history: Any) -> bool:
        """Whether the part names one of these units."""
        return any(unit in units for unit, _ in history.plain_names.get(self.folded, ()))


@dataclass(frozen=True, slots=True)
class Written:
    """An address taken apart: what stands before the first part that may name a unit, and those parts in order."""

    rest: str
    parts: tuple[Part, ...]


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip(" .;-")


def split_kind(text: str) -> tuple[str, frozenset[UnitKind]]:
    """A part without its word of kind, and the kinds that word may mean: "P. Hàng Bông" -> "Hàng Bông", ward."""
    bare = _unmarked(text)
    for pattern, kinds in _KIND:
        match = pattern.match(bare)
        if match and match.end() < len(bare):
            return _plain(text[match.end() :]), kinds
    return _plain(text), frozenset()


def _unmarked(text: str) -> str:
    """Letter for letter without marks, so that positions stay the same."""
    return "".join(fold(letter)[:1] or letter if letter.isalpha() else letter for letter in text)


def parse(text: str) -> Written:
    """Take an address apart. Commas separate; where there are none, words of kind do."""
    text = re.sub(r"\s+", " ", text.replace(";", ",").replace("\n", ",")).strip(" ,.")
    # a word of kind in the middle of a part begins a new one: "12 Hàng Bông P. Hàng Gai Q. Hoàn Kiếm"
    bare = _unmarked(text)
    cuts = [
        match.start() + 1
        for match in re.finditer(
            r"(?<=[^,\s])\s(?=(?:phuong|quan|huyen|thi xa|thi tran|xa|thanh pho|tinh|dac khu)\s\S"
            r"|(?:p|ph|q|h|x|tp|tx|tt)\.\s?\S|(?:p|q|tp|tx)\s\S)", bare, re.I)
    ]  # fmt: skip
    for at in reversed(cuts):
        text = f"{text[:at].rstrip()}, {text[at:]}"
    raws = [part for part in (_plain(piece) for piece in text.split(",")) if part]
    parts: list[Part] = []
    rest: list[str] = []
    for at, raw in enumerate(raws):
        name, kinds = split_kind(raw)
        if kinds == _CITY and at == len(raws) - 1 and parts:
            continue
        street = not kinds and (bool(_STREET.match(raw)) or bool(re.match(r"^\d", raw)))
        if street or (at == 0 and len(raws) > 1 and not kinds):
            rest.append(raw)
            continue
        parts.append(Part(raw, spelled(name), fold(name), kinds))
    if not parts and raws:
        parts = _tail(raws[-1])
        rest = raws[:-1]
    return Written(", ".join(rest), tuple(parts))


def _tail(raw: str) -> list[Part]:
    """The last words of a part without commas, the longest first: one of them may be the unit's name."""
    words = raw.split()
    return [
        Part(name, spelled(name), fold(name), frozenset(), 1 if size < len(words) else 0)
        for size in range(min(len(words), 5), 0, -1)
        for name in [" ".join(words[-size:])]
    ]


def house_and_street(rest: str) -> tuple[str, str]:
    """House number and street of the beginning of an address; empty where there is none."""
    first = rest.split(",")[0].strip()
    match = _HOUSE.match(first)
    house, street = (match[1], match[2].strip()) if match else ("", first)
    for short, word in _WORDS.items():
        if street.lower().startswith(short):
            street = f"{word} {street[len(short) :].strip()}"
    return house, street
