"""Are these two reports about the same thing? Text, photo and place compared; pure numpy.

Text: Vietnamese separates syllables, not words, and a word has one to four of them, so a pair of neighbouring syllables
stands for a word. Texts are compared as sets of syllables and syllable pairs, folded (marks off, đ to d), because many
people type without marks. Photos: a 64-bit hash of the low frequencies of the cosine transform. Both feed
:func:`score`, a logistic sum whose weights were fitted on planted pairs (see ``tests``).
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from thanglong.kit.text import fold

Floats = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]

#: Syllables that say nothing of the matter.
STOP = frozenset(
    fold(
        """và là thì có của cho ở tại tôi chúng mình này kia đó đã đang bị được rất quá làm nhé ạ ừ ơi với đến từ những
        các một xin đề nghị mong kính phường xử lý giúp sớm anh chị em bạn người dân khu vực
        the and is on at of to in a an it"""
    ).split()
)
EARTH_M = 6_371_008.8
PHOTO_FAR = 32.0  # bits in which two unrelated photos differ on average


def syllables(text: str) -> list[str]:
    """The syllables of a text in order, folded."""
    return fold(text).split()


@lru_cache(maxsize=20_000)
def shingles(text: str) -> frozenset[str]:
    """Syllables (empty words left out) and pairs of neighbouring syllables of a text, folded."""
    parts = [part for part in syllables(text) if part not in STOP]
    return frozenset(parts) | frozenset(f"{a} {b}" for a, b in pairwise(parts))


def similarity(a: str, b: str) -> float:
    """How much the shorter text's shingles are found in the longer one, pairs counting double: 0 to 1."""
    one, two = shingles(a), shingles(b)
    if not one or not two:
        return 0.0
    common, smaller = one & two, min(one, two, key=len)

    def weight(items: frozenset[str]) -> float:
        return sum(2.0 if " " in item else 1.0 for item in items)

    return weight(common) / weight(smaller)


@lru_cache(maxsize=4)
def _cosines(size: int, wanted: int) -> Floats:
    steps = (np.arange(size) + 0.5) * np.pi / size
    return np.cos(np.arange(1, wanted + 1)[:, None] * steps[None, :])


def photo_hash(gray: npt.NDArray[np.uint8] | Floats) -> int:
    """The 64-bit hash of a grey picture (2-D array, any size from 32 x 32): near pictures differ in few bits.

    Bits are the signs, against their median, of the 8 x 8 lowest frequencies (without the mean) of a 32 x 32 cosine
    transform.
    """
    picture = np.asarray(gray, dtype=np.float64)
    rows = np.linspace(0, picture.shape[0], 33).astype(int)
    columns = np.linspace(0, picture.shape[1], 33).astype(int)
    sums = np.add.reduceat(np.add.reduceat(picture, rows[:-1], axis=0), columns[:-1], axis=1)
    small = sums / np.outer(np.diff(rows), np.diff(columns))
    basis = _cosines(32, 8)
    low = (basis @ small @ basis.T).ravel()
    bits = (low > np.median(low)).astype(np.uint8)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def bits_apart(one: int, many: Sequence[int] | Hashes) -> npt.NDArray[np.int64]:
    """In how many of 64 bits ``one`` hash differs from each of ``many``."""
    differing = np.asarray(many, dtype=np.uint64) ^ np.uint64(one)
    return np.asarray(np.bitwise_count(differing), dtype=np.int64)


def metres(lon: float, lat: float, lons: Sequence[float] | Floats, lats: Sequence[float] | Floats) -> Floats:
    """Distances in metres from one point to many, all in degrees (flat near the point: right to 0.1 % within 50 km)."""
    east = np.radians(np.asarray(lons, dtype=np.float64) - lon) * np.cos(np.radians(lat))
    north = np.radians(np.asarray(lats, dtype=np.float64) - lat)
    distance: Floats = EARTH_M * np.hypot(east, north)
    return distance


def box(lon: float, lat: float, radius: float) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees of a square that holds the circle of ``radius`` metres."""
    north = np.degrees(radius / EARTH_M)
    east = north / max(0.01, float(np.cos(np.radians(lat))))
    return float(lon - east), float(lat - north), float(lon + east), float(lat + north)


def score(
    distances: Floats,
    radius: float,
    texts: Floats,
    photos: Floats | None = None,
    same_asset: npt.NDArray[np.bool_] | None = None,
) -> Floats:
    """How likely each candidate is the same matter, 0 to 1.

    ``distances`` in metres; ``radius`` within which this kind of matter counts as one; ``texts`` the similarities, 0 to
    1; ``photos`` bits apart (NaN where one side has no photo); ``same_asset`` whether both name the same thing.
    """
    near = np.exp(-0.5 * (np.asarray(distances) / (0.8 * radius)) ** 2)
    logit = -2.2 + 3.5 * near + 4.0 * np.asarray(texts)
    if photos is not None:
        alike = np.clip(1 - np.asarray(photos) / PHOTO_FAR, 0, 1)
        logit = logit + np.where(np.isnan(photos), 0.0, 6.0 * alike**2)
    if same_asset is not None:
        logit = logit + 4.0 * np.asarray(same_asset)
    result: Floats = 1 / (1 + np.exp(-logit))
    return result


def best(scores: Floats, least: float = 0.5, count: int = 3) -> list[int]:
    """Indexes of the best ``count`` scores not below ``least``, best first; equal scores keep their order."""
    order = np.argsort(-scores, kind="stable")
    return [int(index) for index in order[:count] if scores[index] >= least]
