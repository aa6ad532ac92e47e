"""The written form of a Vietnamese address: parts by comma, abbreviations of kinds, house number and street."""

import re
import unicodedata
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
# words of kind with and without marks, and abbreviations, which need a point, or a space and another word behind them
_KINDS: tuple[tuple[str, str, str, frozenset[UnitKind]], ...] = (
    ("thành phố|tỉnh", "thanh pho|tinh", r"t\.?\s?p\.|tp(?=\s+\S)", _CITY),
    ("thị xã", "thi xa", r"t\.?\s?x\.|tx(?=\s+\S)", _DISTRICT),
    ("thị trấn", "thi tran", r"t\.?\s?t\.|tt(?=\s+\S)", _WARD | _COMMUNE),
    ("đặc khu", "dac khu", r"đk\.", _COMMUNE),
    ("phường", "phuong", r"ph?\.|ph?(?=\s+\S)", _WARD),
    ("quận", "quan", r"q\.|q(?=\s+\S)", _DISTRICT),
    ("huyện", "huyen", r"h\.|h(?=\s+\S)", _DISTRICT),
    ("xã", "xa", r"x\.|x(?=\s+\S)", _COMMUNE),
)


def _compiled(place: int) -> list[tuple[re.Pattern[str], frozenset[UnitKind]]]:
    return [
        (re.compile(rf"(?:(?:{row[place]})(?=\s+\S)|{row[2]})\s*(?=\S)", re.I), row[3]) for row in _KINDS
    ]  # fmt: skip


def _cutter(place: int) -> re.Pattern[str]:
    words = "|".join(str(row[place]) for row in _KINDS)
    short = r"(?:ph?|q|h|x|tp|tx|tt)\.\s?\S|(?:p|q|tp|tx)\s\S"
    # after a house number the word is a street's name: 12 Quan Thanh
    return re.compile(rf"(?<=[^,\s\d])\s(?=(?:{words})\s\S|{short})", re.I)


# with marks a word of kind is only what is spelled so: "Quán Thánh" is no "quận"
_KIND = {True: _compiled(0), False: _compiled(1)}
_CUT = {True: _cutter(0), False: _cutter(1)}
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


def _marked(text: str) -> bool:
    return fold(text) != spelled(text)


def split_kind(text: str, *, marked: bool | None = None) -> tuple[str, frozenset[UnitKind]]:
    """A part without its word of kind, and the kinds that word may mean: "P. Hàng Bông" -> "Hàng Bông", ward."""
    for pattern, kinds in _KIND[_marked(text) if marked is None else marked]:
        match = pattern.match(text)
        if match and match.end() < len(text):
            return _plain(text[match.end() :]), kinds
    return _plain(text), frozenset()


def parse(text: str) -> Written:
    """Take an address apart. Commas separate; where there are none, words of kind do."""
    text = unicodedata.normalize("NFC", text.replace(";", ",").replace("\n", ","))
    text = re.sub(r"\s+", " ", text).strip(" ,.")
    marked = _marked(text)
    # a word of kind in the middle of a part begins a new one: "12 Hàng Bông P. Hàng Gai Q. Hoàn Kiếm"
    for at in reversed([match.start() + 1 for match in _CUT[marked].finditer(text)]):
        text = f"{text[:at].rstrip()}, {text[at:]}"
    raws = [part for part in (_plain(piece) for piece in text.split(",")) if part]
    parts: list[Part] = []
    rest: list[str] = []
    for at, raw in enumerate(raws):
        name, kinds = split_kind(raw, marked=marked)
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
