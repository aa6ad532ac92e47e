"""The check of everything: is each row what it was when its head was signed?"""

from collections.abc import Iterator
from typing import Any

from thanglong.core.ledger import repository, rules
from thanglong.core.ledger.types import Damage, Head, Report
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
    leaves, heads = _check_tree(found)
    for entry_id in repository.unaccounted():
        found.add("entry", entry_id, f"entry {entry_id} is neither in the tree nor waiting for its place")
    waiting, oldest = repository.waiting()
    if oldest is not None and (clock.now() - oldest).total_seconds() > max_wait and _stuck(max_wait):
        found.add("pending", None, f"{waiting} entries have waited for a head since {oldest.isoformat()}")
    for name in guards.missing():
        found.add("guard", None, f"the database guard {name} is gone")
    return Report(repository.count(), leaves, heads, waiting, clock.monotonic() - started, tuple(found))


def _stuck(max_wait: float) -> bool:
    """Old moments alone prove nothing (imports carry past dates): something waits while the last head is old, too."""
    head = repository.head()
    return head is None or (clock.now() - head.at).total_seconds() > max_wait


def _check_tree(found: _Found) -> tuple[int, int]:
    heads = repository.heads()
    head = next(heads, None)
    nodes: dict[tuple[int, int], bytes] = {}
    edge = merkle.Range()
    count = 0

    def keep(level: int, index: int, digest: bytes) -> None:
        if level % rules.TILE == 0:
            nodes[level, index] = digest

    for index, entry_id, digest, row in repository.leaves_with_entries():
        if index != edge.size:
            found.add("leaf", edge.size, f"leaf {edge.size} is missing")
            break
        _check_entry(found, index, entry_id, digest, row)
        edge.append(digest, keep)
        while head is not None and head.size <= edge.size:
            count += 1
            _check_head(found, head, edge)
            head = next(heads, None)
    if head is not None:
        found.add(
            "head", head.size, f"the tree has {edge.size} leaves, but a head of {head.size} was signed: the end is cut"
        )
    newest = repository.head()
    if edge.size > (newest.size if newest else 0):
        found.add("leaf", edge.size - 1, "leaves stand in the tree that no head covers")
    _check_nodes(found, nodes)
    return edge.size, count + (1 if head is not None else 0) + sum(1 for _ in heads)


def _check_head(found: _Found, head: Head, edge: merkle.Range) -> None:
    if not rules.signed(head):
        found.add("head", head.size, f"the signature of the head of {head.size} leaves is not valid")
    if head.size != edge.size or edge.root().hex() != head.root:
        found.add("head", head.size, f"the tree of {head.size} leaves has another root than the one that was signed")


def _check_entry(found: _Found, index: int, entry_id: int, digest: bytes, row: tuple[Any, ...] | None) -> None:
    if row is None:
        found.add("entry", entry_id, f"entry {entry_id} (leaf {index}) is gone")
        return
    _, at, verb, kind, object_id, unit, body = row
    try:
        same = rules.leaf(entry_id, body) == digest
        entry = rules.parse(entry_id, body)
    except (ValueError, KeyError, TypeError, AttributeError, jcs.NotCanonical):
        same, entry = False, None
    if entry is None or not same:
        found.add("entry", entry_id, f"entry {entry_id} (leaf {index}) was changed after it was sealed")
        return
    if (entry.at, entry.verb, entry.object.kind, entry.object.id, entry.unit) != (at, verb, kind, object_id, unit):
        found.add("entry", entry_id, f"the search columns of entry {entry_id} do not say what its body says")


def _check_nodes(found: _Found, expected: dict[tuple[int, int], bytes]) -> None:
    stored: Iterator[tuple[int, int, bytes]] = repository.nodes()
    seen = 0
    for level, index, digest in stored:
        seen += 1
        if expected.get((level, index)) != digest:
            found.add("node", index, f"the stored hash of block {index} on level {level} is not that of its leaves")
    if seen < len(expected):
        found.add("node", None, f"{len(expected) - seen} stored hashes of the tree are missing")
