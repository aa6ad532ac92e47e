"""Merkle trees as RFC 6962 (section 2.1) defines them: hashes, roots, inclusion and consistency proofs.

Everything here is bytes in, bytes out. A tree over n leaves splits at the largest power of two below n, so the hash of
a complete, aligned block of leaves never changes once the block is full: a store keeps those and adds the rest.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

sha256 = hashlib.sha256
EMPTY = sha256(b"").digest()
# reads the hash of the complete block number `index` of 2**level leaves
Block = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf's content: SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


class Range:
    """The left edge of a growing tree: the complete blocks that cover leaves 0..size, largest first.

    ``append`` costs about one hash per leaf, ``root`` at most log2(size) hashes.
    """

    __slots__ = ("blocks", "size")

    def __init__(self, size: int = 0, blocks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.blocks = list(blocks)

    def append(self, leaf: bytes, completed: Callable[[int, int, bytes], None] | None = None) -> None:
        """Add the next leaf's hash; ``completed(level, index, hash)`` hears of each larger block it completes."""
        size, blocks, level = self.size, self.blocks, 0
        while size & 1:
            leaf = sha256(b"\x01" + blocks.pop() + leaf).digest()
            size >>= 1
            level += 1
            if completed is not None:
                completed(level, size, leaf)
        blocks.append(leaf)
        self.size += 1

    def extend(self, leaves: Sequence[bytes], completed: Callable[[int, int, list[bytes]], None] | None = None) -> None:
        """Add the next leaves' hashes, level by level; ``completed(level, first index, hashes)`` hears of each level
        of larger blocks they complete. The same as :meth:`append` for each, in half the time.
        """
        row, first, blocks, level = list(leaves), self.size, self.blocks, 0
        left: list[bytes] = []
        self.size += len(row)
        while row:
            if first & 1:
                row.insert(0, blocks.pop())
            if len(row) & 1:
                left.append(row.pop())
            row = [sha256(b"\x01" + one + other).digest() for one, other in zip(row[::2], row[1::2], strict=True)]
            first >>= 1
            level += 1
            if completed is not None and row:
                completed(level, first, row)
        blocks += reversed(left)

    def root(self) -> bytes:
        """The tree head of the leaves so far."""
        return fold(self.blocks)


def fold(blocks: Sequence[bytes]) -> bytes:
    """The root over adjacent complete blocks, largest first; of no block, the empty tree's root."""
    if not blocks:
        return EMPTY
    total = blocks[-1]
    for block in reversed(blocks[:-1]):
        total = node_hash(block, total)
    return total


def root(leaves: Iterable[bytes]) -> bytes:
    """The tree head over leaf hashes in order."""
    edge = Range()
    edge.extend(list(leaves))
    return edge.root()


def cover(start: int, stop: int) -> list[tuple[int, int]]:
    """The complete aligned blocks ``(level, index)`` that make up leaves start..stop, from left to right.

    ``start`` must be a multiple of the largest power of two that fits into the rest, as in every subtree of RFC 6962.
    """
    blocks = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        blocks.append((level, start >> level))
        start += 1 << level
    return blocks


def subtree(start: int, stop: int, block: Block) -> bytes:
    """The hash over leaves start..stop of a tree, from its complete blocks."""
    return fold([block(level, index) for level, index in cover(start, stop)])


def _split(size: int) -> int:
    """The largest power of two smaller than ``size`` (``size`` > 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion(index: int, size: int, block: Block) -> list[bytes]:
    """The audit path of leaf ``index`` in the tree of the first ``size`` leaves, from the leaf upwards."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    start, stop, path = 0, size, []
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append((middle, stop))
            stop = middle
        else:
            path.append((start, middle))
            start = middle
    return [subtree(first, last, block) for first, last in reversed(path)]


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that an audit path leads to (RFC 9162, section 2.1.3.2), or None when the path has the wrong length."""
    if not 0 <= index < size:
        return None
    position, last = index, size - 1
    for sibling in path:
        if last == 0:
            return None
        if position & 1 or position == last:
            leaf = node_hash(sibling, leaf)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            leaf = node_hash(leaf, sibling)
        position >>= 1
        last >>= 1
    return leaf if last == 0 else None


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], expected_root: bytes) -> bool:
    """Whether ``path`` proves that ``leaf`` (a leaf hash) stands at ``index`` in the tree with ``expected_root``."""
    return root_from_inclusion(leaf, index, size, path) == expected_root


def consistency(old: int, new: int, block: Block) -> list[bytes]:
    """The proof that the tree of ``new`` leaves begins with the tree of ``old`` leaves (RFC 6962, section 2.1.2)."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not contain one of {old}")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, stop, size, whole = 0, new, old, True
    pending: list[tuple[int, int]] = []
    while size != stop - start:
        middle = start + _split(stop - start)
        if size <= middle - start:
            pending.append((middle, stop))
            stop = middle
        else:
            pending.append((start, middle))
            size -= middle - start
            start = middle
            whole = False
    if not whole:
        proof.append(subtree(start, stop, block))
    proof += [subtree(first, last, block) for first, last in reversed(pending)]
    return proof


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether ``proof`` shows that the newer tree only appended to the older one (RFC 9162, section 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof
    if not 0 < old < new or not proof:
        return False
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    position, last = old - 1, new - 1
    while position & 1:
        position >>= 1
        last >>= 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            first = node_hash(sibling, first)
            second = node_hash(sibling, second)
            while position and not position & 1:
                position >>= 1
                last >>= 1
        else:
            second = node_hash(second, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == new_root
