"""Sealing and proving: how waiting entries get their place, and how a place is proven."""

from collections.abc import Callable

from thanglong.core.ledger import repository, rules
from thanglong.core.ledger.types import Entry, Head, Proof
from thanglong.kit import clock
from thanglong.kit.errors import Unavailable
from thanglong.solve import merkle
from thanglong.stores.keys import SigningKey

WIDTH = 1 << rules.TILE


class Blocks:
    """Reads hashes of complete blocks: stored levels from the store, the levels between computed from them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        stored = level - level % rules.TILE
        first = index << (level - stored)
        group = first // WIDTH
        row = self._rows.get((stored, group))
        if row is None:
            start, stop = group * WIDTH, (group + 1) * WIDTH
            row = repository.node_hashes(stored, start, stop) if stored else repository.leaf_hashes(start, stop)
            self._rows[stored, group] = row
        inside = first - group * WIDTH
        return merkle.root(row[inside : inside + (1 << (level - stored))])


def seal(key: SigningKey) -> Head | None:
    """Seal everything that waits, in batches of one transaction and one head each."""
    newest = None
    while batch := _seal_batch(key):
        newest, full = batch
        if not full:
            break
    return newest or repository.head()


def _seal_batch(key: SigningKey) -> tuple[Head, bool] | None:
    if not repository.waiting()[0]:
        return None
    with repository.atomic():
        repository.take_turn()
        rows = repository.pending(repository.BATCH)
        if not rows:
            return None
        start = repository.size()
        leaves = [(start + at, entry_id, rules.leaf(entry_id, body)) for at, (entry_id, body) in enumerate(rows)]
        edge = merkle.Range(start, _edge(start))
        nodes: list[tuple[int, int, bytes]] = []

        def keep(level: int, index: int, digest: bytes) -> None:
            if level % rules.TILE == 0:
                nodes.append((level, index, digest))

        for _, _, digest in leaves:
            edge.append(digest, keep)
        repository.add_leaves(leaves)
        repository.add_nodes(nodes)
        head = sign(key, edge.size, edge.root())
        repository.add_head(head)
        repository.settle([entry_id for _, entry_id, _ in leaves])
        return head, len(rows) == repository.BATCH


def _edge(size: int) -> list[bytes]:
    block = Blocks()
    return [block(level, index) for level, index in merkle.cover(0, size)]


def sign(key: SigningKey, size: int, root: bytes) -> Head:
    """A signed head over ``root``."""
    at = clock.now()
    return Head(size, root.hex(), at, key.public.hex(), key.sign(rules.head_text(size, root, at)).hex())


def prove(entry: Entry, seal_now: Callable[[], Head | None]) -> Proof:
    """The inclusion proof of ``entry`` under the newest head."""
    index = repository.index_of(entry.id)
    if index is None:
        seal_now()
        index = repository.index_of(entry.id)
    head = repository.head()
    if index is None or head is None or index >= head.size:
        raise Unavailable()
    path = merkle.inclusion(index, head.size, Blocks())
    leaf = repository.leaf_hashes(index, index + 1)[0]
    return Proof(entry, leaf.hex(), index, tuple(item.hex() for item in path), head)


def consistency(old: int, new: int) -> list[bytes]:
    """The consistency proof between two sizes of the tree."""
    return merkle.consistency(old, new, Blocks())
