"""The check of everything: is each row what it was when its head was signed?"""

from collections.abc import Iterator
from typing import Any

from thanglong.core.ledger import repository, rules
from thanglong.core.ledger.types import Damage, Entry, Head, Report, Tree
from thanglong.formats import jcs
from thanglong.kit import clock
from thanglong.solve import merkle
from thanglong.stores import guards

MAX_DAMAGES = 100


class _Found(list[Damage]):
    def add(self, kind: str, where: int | None, text: str) -> None:
        if len(self) < MAX_DAMAGES:
            self.append(Damage(kind, where, text))


def check(max_wait: float) -> Report:
    """Re-hash all bodies, rebuild the tree, compare each head's root and signature, look at guards and waiting rows."""
    started = clock.monotonic()
    found = _Found()
    walk = _Walk(found)
    walk.run()
    for entry_id in repository.unaccounted():
        found.add("entry", entry_id, f"entry {entry_id} is neither in the tree nor waiting for its place")
    waiting, oldest = repository.waiting()
    if oldest is not None and (clock.now() - oldest).total_seconds() > max_wait and _stuck(max_wait):
        found.add("pending", None, f"{waiting} entries have waited for a head since {oldest.isoformat()}")
    for name in guards.missing():
        found.add("guard", None, f"the database guard {name} is gone")
    return Report(repository.count(), walk.leaves, walk.heads, waiting, clock.monotonic() - started, tuple(found))


def _stuck(max_wait: float) -> bool:
    """Old moments alone prove nothing (imports carry past dates): something waits while the last head is old, too."""
    head = repository.head()
    return head is None or (clock.now() - head.at).total_seconds() > max_wait


class _Walk:
    """Goes through the leaves of all years in order and compares what each head and each stored hash says."""

    def __init__(self, found: _Found) -> None:
        self.found, self.heads, self.leaves = found, 0, 0
        self._trees = repository.trees()
        self._tree: Tree | None = None
        self._heads: Iterator[Head] = iter(())
        self._head: Head | None = None
        self._last: Head | None = None
        self._edge = merkle.Range()
        self._nodes: dict[tuple[int, int], bytes] = {}

    def run(self) -> None:
        for place, entry_id, digest, row in repository.leaves_with_entries():
            if place != self.leaves:
                self.found.add("leaf", self.leaves, f"leaf {self.leaves} is missing")
                break
            while self._trees and self._trees[0].start == place:
                self._open(self._trees.pop(0))
            entry = _check_entry(self.found, place, entry_id, digest, row)
            if self._edge.size == 0 and self._last is not None and entry is not None:
                _check_year(self.found, entry, self._last)
            self._edge.append(digest, self._keep)
            self.leaves += 1
            self._check_heads()
        self._close()
        for tree in self._trees:
            self.found.add("head", tree.start, f"the whole ledger of {tree.year} is gone")

    def _keep(self, level: int, index: int, digest: bytes) -> None:
        if level % rules.TILE == 0:
            self._nodes[level, index] = digest

    def _check_heads(self) -> None:
        while self._head is not None and self._head.size <= self._edge.size:
            self.heads += 1
            _check_head(self.found, self._head, self._edge)
            self._last, self._head = self._head, next(self._heads, None)

    def _open(self, tree: Tree) -> None:
        self._close()
        self._tree, self._heads = tree, repository.heads(tree)
        self._head, self._edge, self._nodes = next(self._heads, None), merkle.Range(), {}

    def _close(self) -> None:
        tree, head = self._tree, self._head
        if tree is None:
            if self.leaves:
                self.found.add("leaf", 0, "leaves stand in no year's tree")
            return
        size = self._edge.size
        if head is not None:
            self.heads += 1 + sum(1 for _ in self._heads)
            text = f"the tree has {size} leaves, but a head of {head.size} was signed: the end is cut"
            self.found.add("head", head.size, text)
        elif size > (self._last.size if self._last and self._last.year == tree.year else 0):
            self.found.add("leaf", tree.start + size - 1, "leaves stand in the tree that no head covers")
        _check_nodes(self.found, tree, self._nodes)


def _check_year(found: _Found, entry: Entry, last: Head) -> None:
    if not rules.opens_after(entry, last):
        text = f"entry {entry.id} opens a year, but does not name the final head of {last.year}"
        found.add("year", entry.id, text)


def _check_head(found: _Found, head: Head, edge: merkle.Range) -> None:
    if not rules.signed(head):
        found.add("head", head.size, f"the signature of the head of {head.size} leaves is not valid")
    if head.size != edge.size or edge.root().hex() != head.root:
        found.add("head", head.size, f"the tree of {head.size} leaves has another root than the one that was signed")


def _check_entry(found: _Found, index: int, entry_id: int, digest: bytes, row: tuple[Any, ...] | None) -> Entry | None:
    if row is None:
        found.add("entry", entry_id, f"entry {entry_id} (leaf {index}) is gone")
        return None
    _, at, verb, kind, object_id, unit, body = row
    try:
        same = rules.leaf(entry_id, body) == digest
        entry = rules.parse(entry_id, body)
    except (ValueError, KeyError, TypeError, AttributeError, jcs.NotCanonical):
        same, entry = False, None
    if entry is None or not same:
        found.add("entry", entry_id, f"entry {entry_id} (leaf {index}) was changed after it was sealed")
        return None
    if (entry.at, entry.verb, entry.object.kind, entry.object.id, entry.unit) != (at, verb, kind, object_id, unit):
        found.add("entry", entry_id, f"the search columns of entry {entry_id} do not say what its body says")
    return entry


def _check_nodes(found: _Found, tree: Tree, expected: dict[tuple[int, int], bytes]) -> None:
    stored = repository.nodes(tree)
    seen = 0
    for level, index, digest in stored:
        seen += 1
        if expected.get((level, index)) != digest:
            found.add("node", index, f"the stored hash of block {index} on level {level} is not that of its leaves")
    if seen < len(expected):
        found.add("node", None, f"{len(expected) - seen} stored hashes of the tree are missing")
