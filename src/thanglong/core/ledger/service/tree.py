"""Sealing and proving: how waiting entries get their place, and how a place is proven."""

from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count

from thanglong.core.ledger import repository, rules
from thanglong.core.ledger.types import Entry, Head, NewEntry, ObjectRef, Proof, Tree
from thanglong.kit import clock
from thanglong.kit.errors import Unavailable
from thanglong.kit.ports import SYSTEM
from thanglong.solve import merkle
from thanglong.stores.keys import SigningKey

WIDTH = 1 << rules.TILE
Row = tuple[int, str]


class Blocks:
    """Reads hashes of complete blocks of a tree: stored levels from the store, those between computed from them."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._rows: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        stored = level - level % rules.TILE
        first = index << (level - stored)
        group = first // WIDTH
        row = self._rows.get((stored, group))
        if row is None:
            start, stop = group * WIDTH, (group + 1) * WIDTH
            if stored:
                row = repository.node_hashes(self._tree, stored, start, stop)
            else:
                row = repository.leaf_hashes(self._tree, start, stop)
            self._rows[stored, group] = row
        inside = first - group * WIDTH
        return merkle.root(row[inside : inside + (1 << (level - stored))])


def seal(key: SigningKey) -> Head | None:
    """Seal everything that waits, in batches of one transaction and one head each; turn the year when it is over."""
    newest = None
    while batch := _seal_batch(key):
        newest, full = batch
        if not full:
            break
    return newest or repository.head()


def _seal_batch(key: SigningKey) -> tuple[Head, bool] | None:
    today = clock.today().year
    tree = repository.newest_tree()
    if not repository.waiting()[0] and (tree is None or tree.year >= today):
        return None
    with repository.atomic():
        repository.take_turn()
        tree = repository.newest_tree()  # another process may have turned the year meanwhile
        if tree is not None and tree.year < today:
            tree = _turn(key, tree, today)
        rows = repository.pending(repository.SEALED)
        if not rows:
            return None
        if tree is None:
            tree = _begin(key, today)
        return _grow(key, tree, rows), len(rows) == repository.SEALED


def _begin(key: SigningKey, year: int) -> Tree:
    tree = Tree(year, rules.origin(key.public, year), repository.places())
    repository.add_tree(tree)
    return tree


def _turn(key: SigningKey, tree: Tree, year: int) -> Tree:
    """Close a year: what is left of it goes under its final head, to which the first leaf of the new year commits."""
    end = datetime(tree.year + 1, 1, 1, tzinfo=clock.zone())
    if rows := repository.pending(repository.SEALED, end):
        _grow(key, tree, rows)
    last = repository.head(tree.year)
    new = _begin(key, year)
    if last is not None:
        facts = rules.year_facts(last)
        opened = NewEntry(SYSTEM, rules.YEAR_OPENED, ObjectRef("ledger", str(year)), facts=facts)
        entry = repository.add([opened], clock.now())[0]
        _grow(key, new, repository.pending_one(entry.id))
    return new


def _grow(key: SigningKey, tree: Tree, rows: Sequence[Row]) -> Head:
    """Make entries the next leaves of a tree, under a new signed head."""
    start = repository.places() - tree.start
    hashes = [rules.leaf(entry_id, body) for entry_id, body in rows]
    edge = merkle.Range(start, _edge(tree, start))
    nodes: list[tuple[int, int, bytes]] = []

    def keep(level: int, first: int, row: list[bytes]) -> None:
        if level % rules.TILE == 0:
            nodes.extend((level, first + at, digest) for at, digest in enumerate(row))

    edge.extend(hashes, keep)
    repository.add_leaves(list(zip(count(tree.start + start), (row[0] for row in rows), hashes, strict=False)))
    repository.add_nodes(tree.year, nodes)
    head = sign(key, tree, edge.size, edge.root())
    repository.add_head(head)
    repository.settle(tree.start + start)
    return head


def _edge(tree: Tree, size: int) -> list[bytes]:
    block = Blocks(tree)
    return [block(level, index) for level, index in merkle.cover(0, size)]


def sign(key: SigningKey, tree: Tree, size: int, root: bytes) -> Head:
    """A signed head over ``root``."""
    at = clock.now()
    signature = key.sign(rules.head_text(tree.origin, size, root, at))
    return Head(tree.year, tree.origin, size, root.hex(), at, key.public.hex(), signature.hex())


def prove(entry: Entry, seal_now: Callable[[], Head | None]) -> Proof:
    """The inclusion proof of ``entry`` under the newest head of its year."""
    place = repository.place_of(entry.id)
    if place is None:
        seal_now()
        place = repository.place_of(entry.id)
        if place is None:
            raise Unavailable()
    tree = repository.tree_at(place)
    index = place - tree.start
    head = repository.head(tree.year)
    if head is None or index >= head.size:
        raise Unavailable()
    block = Blocks(tree)
    path = merkle.inclusion(index, head.size, block)
    return Proof(entry, block(0, index).hex(), index, tuple(item.hex() for item in path), head)


def consistency(year: int, old: int, new: int) -> list[bytes]:
    """The consistency proof between two sizes of a year's tree."""
    return merkle.consistency(old, new, Blocks(repository.tree_of(year)))
