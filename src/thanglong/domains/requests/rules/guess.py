"""What a text is about: category with confidence and the words it came from, signs of danger, emergencies.

Phrases are matched on folded syllables, so a text typed without marks is understood; where the writer did use marks, a
phrase with other marks counts little (``cấy`` is not ``cây``). A phrase counts by its length and by how few categories
share it.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from thanglong.domains.requests.rules.catalogue import CATEGORIES
from thanglong.domains.requests.types import Guess, Reading, Stopper
from thanglong.kit.errors import N_
from thanglong.kit.text import fold, spelled

_SYLLABLE = re.compile(r"[^\W_]+")
SURE, FAIR = 0.7, 0.4
DOUBT = 1.2  # weight of "none of these": one weak word alone is no certainty
MARKS_DIFFER, BARE = 0.1, 0.5
LEAST = 0.05

CALL_115 = N_("Somebody is hurt? Call 115 now, then report here if it is still needed.")
CALL_114 = N_("Fire, smoke, gas or somebody trapped? Call 114 now.")
CALL_113 = N_("A crime or a brawl going on? Call 113 now.")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


# number, text, phrases; a phrase does not count inside one of the harmless ones
EMERGENCIES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "114",
        CALL_114,
        _words(
            "đang cháy, cháy nhà, cháy xe, bốc cháy, hỏa hoạn, khói đen, mùi gas, rò gas, rò rỉ gas, rò khí gas, "
            "mắc kẹt, đuối nước, sập nhà, sập giàn giáo, is on fire, gas leak, trapped, drowning"
        ),
    ),
    (
        "115",
        CALL_115,
        _words(
            "bất tỉnh, bị thương, chảy máu, ngừng thở, khó thở, đột quỵ, co giật, tai nạn, nguy kịch, bị điện "
            "giật, ngộ độc nặng, gãy chân, unconscious, injured, bleeding, accident"
        ),
    ),
    ("113", CALL_113, _words("đánh nhau, cướp giật, cướp, hung khí, trộm, đâm chém, ẩu đả, robbery, fighting")),
)
HARMLESS = _words(
    "dễ gây tai nạn, gây tai nạn, nguy cơ tai nạn, tránh tai nạn, xảy ra tai nạn, sợ tai nạn, để tai nạn, "
    "phòng cháy, bóng cháy, đổ trộm, con nguy cơ cháy, sợ bị thương, khu chung cư, risk of accident, "
    "cause an accident, cause accident"
)

URGENT = _words(
    "nguy hiểm, sa bánh, gãy đổ, sắp đổ, sắp gãy, hở điện, rò điện, điện giật, ngã xe, bị ngã, trẻ em "
    "ngã, mất nắp, sập, rơi xuống, sụt lún, đứt dây, dây điện đứt, dễ gây tai nạn, gây tai nạn, tai nạn, "
    "khẩn cấp, chắn hết đường, hố sâu, cây đổ, ngập sâu, xe cứu thương, trẻ em, dangerous, danger, "
    "urgent, fell"
)


@dataclass(frozen=True, slots=True)
class _Phrase:
    folded: tuple[str, ...]
    spelled: str
    weight: float
    category: str


def _split(text: str) -> list[str]:
    return _SYLLABLE.findall(unicodedata.normalize("NFC", text).lower())


def _make() -> dict[str, list[_Phrase]]:
    uses: dict[str, int] = {}
    for item in CATEGORIES:
        for word in item.words:
            uses[fold(word)] = uses.get(fold(word), 0) + 1
    index: dict[str, list[_Phrase]] = {}
    for item in CATEGORIES:
        for place, word in enumerate(item.words):
            marked = tuple(_split(word))
            folded = tuple(fold(part) for part in marked)
            weight = (0.6 + 0.9 * len(folded)) / uses[fold(word)] * (1.15 if place == 0 else 1.0)
            index.setdefault(folded[0], []).append(_Phrase(folded, spelled(word), weight, item.key))
    for phrases in index.values():
        phrases.sort(key=lambda phrase: -len(phrase.folded))
    return index


_INDEX = _make()


def _matches(marked: list[str], folded: list[str]) -> Iterator[tuple[_Phrase, int, float]]:
    for start, syllable in enumerate(folded):
        for phrase in _INDEX.get(syllable, ()):
            end = start + len(phrase.folded)
            if tuple(folded[start:end]) != phrase.folded:
                continue
            typed = tuple(marked[start:end])
            if spelled(" ".join(typed)) == phrase.spelled or (typed == phrase.folded and len(typed) > 1):
                yield phrase, start, phrase.weight
            elif typed == phrase.folded:
                # one bare syllable may be another word: "den" is đèn, đến or đen
                yield phrase, start, phrase.weight * BARE
            elif len(typed) > 1:
                yield phrase, start, phrase.weight * MARKS_DIFFER


def _find(phrases: tuple[str, ...], marked: list[str], folded: list[str], taken: set[int]) -> list[tuple[str, range]]:
    found = []
    text = f" {' '.join(folded)} "
    for phrase in phrases:
        if f" {fold(phrase)} " not in text:
            continue
        want = fold(phrase).split()
        for start in range(len(folded) - len(want) + 1):
            span = range(start, start + len(want))
            typed = marked[start : span.stop]
            if (
                folded[start : span.stop] == want
                and (typed == want or spelled(" ".join(typed)) == spelled(phrase))
                and not taken.intersection(span)
            ):
                found.append((" ".join(typed), span))
    return found


def read(text: str, limit: int = 4) -> Reading:
    """Understand a report's text, with or without marks: best guesses first, urgent words, an emergency."""
    marked = _split(text[:4000])
    folded = [fold(part) for part in marked]
    harmless = {place for _, span in _find(HARMLESS, marked, folded, set()) for place in span}
    stopper = None
    for number, message, phrases in EMERGENCIES:
        hits = _find(phrases, marked, folded, harmless)
        if hits:
            stopper = Stopper(number, message, hits[0][0])
            break
    urgent: dict[str, None] = {}
    taken: set[int] = set()
    for word, span in sorted(_find(URGENT, marked, folded, set()), key=lambda hit: -len(hit[1])):
        if not taken.intersection(span):
            urgent[word] = None
            taken.update(span)
    return Reading(_guesses(marked, folded, limit), tuple(urgent), stopper)


def _guesses(marked: list[str], folded: list[str], limit: int) -> tuple[Guess, ...]:
    weights: dict[str, float] = {}
    words: dict[str, dict[str, None]] = {}
    covered: dict[str, set[int]] = {}
    hits = sorted(_matches(marked, folded), key=lambda hit: (-len(hit[0].folded), hit[1]))
    best_at: dict[int, int] = {}
    for phrase, start, weight in hits:
        span = range(start, start + len(phrase.folded))
        seen = covered.setdefault(phrase.category, set())
        if seen.issuperset(span):
            continue
        # a part of a longer phrase of another category says less: "đèn" inside "đèn giao thông"
        inside = all(best_at.get(place, 0) > len(phrase.folded) for place in span)
        for place in span:
            best_at[place] = max(best_at.get(place, 0), len(phrase.folded))
        seen.update(span)
        weights[phrase.category] = weights.get(phrase.category, 0.0) + weight * (0.3 if inside else 1.0)
        words.setdefault(phrase.category, {})[" ".join(marked[start : span.stop])] = None
    total = sum(math.pow(value, 1.6) for value in weights.values()) + DOUBT
    ranked = sorted(weights, key=lambda key: (-weights[key], key))[:limit]
    shares = ((key, round(math.pow(weights[key], 1.6) / total, 3)) for key in ranked)
    return tuple(Guess(key, share, tuple(words[key])[:3]) for key, share in shares if share >= LEAST)
