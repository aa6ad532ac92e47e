"""Figures of many units counted at once, day by day, so that a late day costs one day and not the whole past.

A *block* is what one measure counted on one day: an array of :data:`CELL`, one element a unit, in the order of
units. A period is the sum of its days' blocks, always added in the order of days, so counting anew gives the same bits.
Means are never kept, only numerators and denominators.
"""

import hashlib
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

CELL = np.dtype(
    [("unit", "V16"), ("numerator", "<f8"), ("denominator", "<f8"), ("n", "<u4"), ("digest", "V32")], align=False
)
"""One unit's share of a block: 16 bytes of its id, sums, number of records and the digest over them."""
LINE = np.dtype([("id", "V16"), ("counted", "<f8")])
EMPTY: Array = np.zeros(0, CELL)


def keys(ids: Sequence[bytes]) -> Array:
    """Sixteen-byte ids as an array that sorts as they do."""
    return np.frombuffer(b"".join(ids), "V16") if ids else np.zeros(0, "V16")


def order(units: Array, ids: Array) -> NDArray[np.intp]:
    """The order by unit, then record: ``units`` and ``ids`` are arrays of 16 bytes."""
    wide = np.empty(len(units), np.dtype([("u1", ">u8"), ("u2", ">u8"), ("i1", ">u8"), ("i2", ">u8")]))
    for name, source in (("u", units), ("i", ids)):
        halves = np.ascontiguousarray(source).view(">u8").reshape(-1, 2)
        wide[f"{name}1"], wide[f"{name}2"] = halves[:, 0], halves[:, 1]
    return np.lexsort((wide["i2"], wide["i1"], wide["u2"], wide["u1"]))


def _starts(units: Array) -> NDArray[np.intp]:
    """Where each unit begins in a sorted array."""
    halves = np.ascontiguousarray(units).view(">u8").reshape(-1, 2)
    changed = np.ones(len(units), bool)
    changed[1:] = (halves[1:] != halves[:-1]).any(axis=1)
    return np.flatnonzero(changed)


def count(units: Array, ids: Array, counted: NDArray[np.float64]) -> Array:
    """The block of a day's records, already in :func:`order`; where ``counted`` is NaN a record does not count."""
    taken = ~np.isnan(counted)
    if not taken.all():
        units, ids, counted = units[taken], ids[taken], counted[taken]
    if not len(counted):
        return EMPTY
    starts = _starts(units)
    lines = np.empty(len(ids), LINE)
    lines["id"], lines["counted"] = ids, counted
    content = memoryview(lines.tobytes())
    edges = [*(starts * LINE.itemsize).tolist(), len(content)]
    sizes = np.diff(np.append(starts, len(ids)))
    found = np.empty(len(starts), CELL)
    found["unit"] = units[starts]
    found["numerator"] = np.add.reduceat(counted, starts)
    found["denominator"] = found["n"] = sizes
    digests = [hashlib.sha256(content[a:b]).digest() for a, b in itertools.pairwise(edges)]
    found["digest"] = np.frombuffer(b"".join(digests), "V32")
    return found


def put(block: Array, fresh: Array, units: Array) -> Array:
    """The block with the cells of ``units`` replaced by those of ``fresh`` (what is in neither vanishes)."""
    kept = block[~np.isin(_texts(block["unit"]), _texts(units))] if len(block) else block
    both = np.concatenate([kept, fresh])
    return both[np.argsort(_texts(both["unit"]), kind="stable")]


def _texts(units: Array) -> Array:
    """Ids as fixed-width text of hexadecimal digits, which numpy can compare and sort."""
    hexed = np.ascontiguousarray(units).tobytes().hex().encode()
    return np.frombuffer(hexed, "S32") if hexed else np.zeros(0, "S32")


def join(blocks: Sequence[Array]) -> Array:
    """The sum of a period's days in their order (a day without records is an empty block).

    The digest of a unit is over its days' digests, 32 zero bytes for a day on which it has none.
    """
    some = [block["unit"].tobytes() for block in blocks if len(block)]
    if not some:
        return EMPTY
    same = all(units == some[0] for units in some)
    units = np.frombuffer(some[0], "V16") if same else _union(some)
    found = np.zeros(len(units), CELL)
    found["unit"] = units
    digests = np.zeros((len(units), len(blocks)), "V32")
    texts = _texts(units)
    for day, block in enumerate(blocks):
        if not len(block):
            continue
        at: Any = slice(None) if same else np.searchsorted(texts, _texts(block["unit"]))
        for name in ("numerator", "denominator", "n"):
            found[name][at] += block[name]
        digests[at, day] = block["digest"]
    content, step = memoryview(digests.tobytes()), 32 * len(blocks)
    hashed = [hashlib.sha256(content[a : a + step]).digest() for a in range(0, len(content), step)]
    found["digest"] = np.frombuffer(b"".join(hashed), "V32")
    return found


def _union(some: Sequence[bytes]) -> Array:
    texts = np.unique(np.concatenate([_texts(np.frombuffer(units, "V16")) for units in some]))
    return np.frombuffer(bytes.fromhex(texts.tobytes().decode()), "V16")


def pack(block: Array) -> bytes:
    """A block as bytes."""
    return block.tobytes()


def unpack(content: bytes) -> Array:
    """The block of its bytes; ValueError when they are none."""
    return np.frombuffer(content, CELL)
