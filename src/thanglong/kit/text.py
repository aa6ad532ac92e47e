"""Vietnamese text: comparing, searching and sorting names as people write them.

People type without marks, put the tone on either vowel (Hòa and Hoà are one word) and write d for đ. Letters and tones
are two things: ă â ê ô ơ ư đ are letters of the alphabet, the five tone marks are not.
"""

import re
import unicodedata
from functools import lru_cache

# the tone marks as combining characters, in dictionary order: huyền, hỏi, ngã, sắc, nặng (no mark comes first)
TONES = "\u0300\u0309\u0303\u0301\u0323"
ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_RANK = {letter: index + 1 for index, letter in enumerate(ALPHABET)}
_WORDS = re.compile(r"[^\W_]+")


def _split_tone(word: str) -> tuple[str, str]:
    """The word in lower case without its tone mark (letters kept, NFC), and the tone mark ("" for none)."""
    tone = ""
    letters: list[str] = []
    for character in unicodedata.normalize("NFD", word.lower()):
        if character in TONES:
            tone = character
        else:
            letters.append(character)
    return unicodedata.normalize("NFC", "".join(letters)), tone


@lru_cache(maxsize=8192)
def spelled(text: str) -> str:
    """The text as a key in which both tone placements agree: lower case, words parted by one space, tone in front.

    ``spelled("Hòa") == spelled("HOÀ")``; the beginning of a word gives the beginning of its key, for prefix search.
    """
    words = (_split_tone(match) for match in _WORDS.findall(unicodedata.normalize("NFC", text)))
    return " ".join(tone + letters for letters, tone in words)


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """The text without any mark, as typed on a plain keyboard: lower case, đ as d, words parted by one space."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    bare = "".join(character for character in plain if not unicodedata.combining(character))
    return " ".join(_WORDS.findall(bare))


def sort_key(text: str) -> tuple[tuple[int, ...], tuple[int, ...], str]:
    """Orders names as a Vietnamese dictionary does: word by word, letters before tones, ă after a, đ after d.

    Digits sort as numbers before letters.
    """
    letters: list[int] = []
    tones: list[int] = []
    for word in re.findall(r"\d+|[^\W\d_]+", unicodedata.normalize("NFC", text)):
        if word.isdigit():
            letters += (1, int(word), 0)
            tones.append(0)
            continue
        base, tone = _split_tone(word)
        letters += (_RANK.get(character, 100 + ord(character)) + 1 for character in base)
        letters.append(0)
        tones.append(TONES.index(tone) + 1 if tone else 0)
    return tuple(letters), tuple(tones), text


def slug(text: str) -> str:
    """The text for an address: folded, words joined by hyphens ("Cửa Nam" -> "cua-nam")."""
    return fold(text).replace(" ", "-")


_OPEN_PAIR = re.compile(r"(?<![^\W\d_])([^\W\d_]*?)(oa|oe|uy)$", re.IGNORECASE)


def tone_style(text: str, *, new: bool = False) -> str:
    """The text with the tone of open oa, oe, uy on the first vowel (Hòa, the usual way), or on the second (Hoà).

    Words in which u belongs to a consonant (quý) are left alone.
    """

    def place(match: re.Match[str]) -> str:
        word = match.group()
        tones = [c for c in unicodedata.normalize("NFD", word) if c in TONES]
        base = unicodedata.normalize("NFC", "".join(c for c in unicodedata.normalize("NFD", word) if c not in TONES))
        pair = _OPEN_PAIR.search(base)
        if len(tones) != 1 or not pair or (pair.group(2).lower() == "uy" and pair.group(1).lower() == "q"):
            return word
        at = pair.start(2) + (1 if new else 0)
        return unicodedata.normalize("NFC", base[: at + 1] + tones[0] + base[at + 1 :])

    return re.sub(r"[^\W\d_]+", place, unicodedata.normalize("NFC", text))
