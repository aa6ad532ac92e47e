"""Every query of the ledger."""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, overload

from django.db import connection, transaction
from django.db.models import Count, Max, Min

from thanglong.core.ledger import models, rules
from thanglong.core.ledger.types import Entry, Head, NewEntry, ObjectRef, Stamp, Tree, Wanted
from thanglong.kit.errors import N_, NotFound
from thanglong.stores import bulk
from thanglong.stores import ledger as store

BATCH = 2000  # rows of one statement
SALT = ("entry_id", "name", "salt")
SEALED = 8192  # leaves under one head at most


def in_transaction() -> bool:
    """Whether the caller stands in a transaction."""
    return connection.in_atomic_block


class Made(Sequence[Entry]):
    """Entries just written: each is read from its body when it is asked for."""

    def __init__(self, ids: Sequence[int], bodies: Sequence[str]) -> None:
        self._ids, self._bodies = ids, bodies

    @overload
    def __getitem__(self, at: int) -> Entry: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Entry]: ...
    def __getitem__(self, at: int | slice) -> Entry | Sequence[Entry]:
        if isinstance(at, slice):
            return Made(self._ids[at], self._bodies[at])
        return rules.parse(self._ids[at], self._bodies[at])

    def __len__(self) -> int:
        return len(self._ids)


def add(rows: Sequence[NewEntry], now: datetime) -> Sequence[Entry]:
    """Insert entries in order; their salts too."""
    made: list[store.EntryRow] = []
    salts: list[tuple[int, str, bytes]] = []
    for place, row in enumerate(rows):
        at = row.at or now
        hidden = {}
        if secret := rules.secrets_of(row):
            own = {name: os.urandom(rules.SALT_BYTES) for name in secret}
            hidden = {name: rules.commitment(salt, name, secret[name]) for name, salt in own.items()}
            salts += [(place, name, salt) for name, salt in own.items()]
        made.append((at, row.verb, row.ref.kind, row.ref.id, row.unit, rules.body(row, at, hidden).decode()))
    ids = store.insert_entries(made)
    if salts:
        bulk.insert(models.Salt, SALT, ((ids[place], name, salt) for place, name, salt in salts))
    return Made(ids, [row[5] for row in made])


def entry(entry_id: int) -> Entry:
    """One entry, or NotFound."""
    row = models.Entry.objects.filter(pk=entry_id).values_list("pk", "body").first()
    if row is None:
        raise NotFound()
    return rules.parse(*row)


def entries_of(ref: ObjectRef) -> list[Entry]:
    """All entries about one object, oldest first."""
    rows = models.Entry.objects.filter(object_kind=ref.kind, object_id=ref.id).order_by("pk")
    return [rules.parse(*row) for row in rows.values_list("pk", "body")]


def latest(limit: int, before: int | None = None) -> list[Entry]:
    """The newest entries, newest first; those older than entry ``before`` when given."""
    rows = models.Entry.objects.order_by("-pk")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [rules.parse(*row) for row in rows.values_list("pk", "body")[:limit]]


def salt(entry_id: int, name: str) -> bytes | None:
    """The salt of one commitment, or None when it was erased."""
    found = models.Salt.objects.filter(entry_id=entry_id, name=name).values_list("salt", flat=True).first()
    return None if found is None else bytes(found)


def delete_salts(entry_ids: Sequence[int], name: str | None) -> int:
    """Erase salts; how many."""
    rows = models.Salt.objects.filter(entry_id__in=entry_ids)
    return (rows if name is None else rows.filter(name=name)).delete()[0]


def take_turn() -> None:
    """Wait until no other process seals; holds until the transaction ends."""
    models.Turn.objects.get_or_create(pk=1)
    models.Turn.objects.select_for_update().get(pk=1)


pending = store.waiting_bodies
settle = store.settle


def pending_one(entry_id: int) -> list[tuple[int, str]]:
    """An entry as :func:`pending` gives it."""
    return list(models.Entry.objects.filter(pk=entry_id).values_list("pk", "body"))


add_leaves = store.insert_leaves


def waiting() -> tuple[int, datetime | None]:
    """How many entries wait for a head, and the moment of the oldest (by id) of them."""
    state = models.Pending.objects.aggregate(n=Count("pk"), first=Min("pk"))
    first = models.Entry.objects.filter(pk=state["first"]).values_list("at", flat=True).first()
    return state["n"], first


def trees() -> list[Tree]:
    """The trees of all years, oldest first."""
    return [Tree(row.year, row.origin, row.start) for row in models.Tree.objects.order_by("year")]


def newest_tree() -> Tree | None:
    row = models.Tree.objects.order_by("-year").first()
    return Tree(row.year, row.origin, row.start) if row else None


def tree_of(year: int) -> Tree:
    """The tree of a year, or NotFound."""
    row = models.Tree.objects.filter(year=year).first()
    if row is None:
        raise NotFound(N_("There is no ledger of this year."))
    return Tree(row.year, row.origin, row.start)


def tree_at(place: int) -> Tree:
    """The tree in which a place lies."""
    row = models.Tree.objects.filter(start__lte=place).order_by("-start").first()
    if row is None:
        raise NotFound()
    return Tree(row.year, row.origin, row.start)


def add_tree(tree: Tree) -> None:
    models.Tree.objects.create(year=tree.year, origin=tree.origin, start=tree.start)


def places() -> int:
    """Number of leaves in all years."""
    last = models.Leaf.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else last + 1


def add_nodes(year: int, rows: Sequence[tuple[int, int, bytes]]) -> None:
    """Insert hashes of complete blocks ``(level, index, hash)`` of a tree."""
    models.Node.objects.bulk_create(
        [models.Node(tree=year, level=a, index=b, hash=c) for a, b, c in rows], batch_size=BATCH
    )


def leaf_hashes(tree: Tree, start: int, stop: int) -> list[bytes]:
    """Leaf hashes start..stop of a tree."""
    return store.leaf_hashes(tree.start + start, tree.start + stop)


def node_hashes(tree: Tree, level: int, start: int, stop: int) -> list[bytes]:
    """Stored hashes of one level of a tree, start..stop."""
    return store.node_hashes(tree.year, level, start, stop)


def leaf_bodies(tree: Tree, start: int, stop: int) -> Iterator[tuple[int, int, bytes, str | None]]:
    """Place in the tree, entry id, leaf hash and body of leaves start..stop of a tree."""
    rows = store.leaf_bodies(tree.start + start, tree.start + stop)
    return ((place - tree.start, entry_id, digest, text) for place, entry_id, digest, text in rows)


def place_of(entry_id: int) -> int | None:
    """Where an entry stands among the leaves of all years; None while it waits."""
    return models.Leaf.objects.filter(entry_id=entry_id).values_list("index", flat=True).first()


def add_head(head: Head) -> None:
    """Insert a signed head."""
    models.Head.objects.create(
        tree=head.year,
        size=head.size,
        root=bytes.fromhex(head.root),
        at=head.at,
        key=bytes.fromhex(head.key),
        signature=bytes.fromhex(head.signature),
    )


def _head(row: models.Head, tree: Tree) -> Head:
    root, key, signature = (bytes(item).hex() for item in (row.root, row.key, row.signature))
    return Head(tree.year, tree.origin, row.size, root, row.at, key, signature)


def head(year: int | None = None) -> Head | None:
    """The newest head, of one year when given."""
    rows = models.Head.objects.order_by("-tree", "-size")
    row = (rows if year is None else rows.filter(tree=year)).first()
    return _head(row, tree_of(row.tree)) if row else None


def newest_heads(limit: int) -> list[Head]:
    """The newest heads of all years, newest first."""
    rows = models.Head.objects.order_by("-tree", "-size")[:limit]
    known = {item.year: item for item in trees()}
    return [_head(row, known[row.tree]) for row in rows]


def head_of(year: int, size: int) -> Head | None:
    """The head of a year's tree of ``size`` leaves."""
    row = models.Head.objects.filter(tree=year, size=size).first()
    return _head(row, tree_of(year)) if row else None


def heads(tree: Tree) -> Iterator[Head]:
    """All heads of a tree, oldest first."""
    rows = models.Head.objects.filter(tree=tree.year).order_by("size")
    return (_head(row, tree) for row in rows.iterator(chunk_size=BATCH))


def tiles_of(tree: Tree, size: int, wanted: Wanted) -> list[int]:
    """Numbers of the tiles of a tree in which entries stand that an export takes."""
    ref = (wanted.ref.kind, wanted.ref.id) if wanted.ref else None
    return store.tiles_of(tree.start, tree.start + size, wanted.since, wanted.until, ref)


def add_stamp(stamp: Stamp) -> None:
    """Insert a time stamp."""
    row = models.Stamp(tree=stamp.year, size=stamp.size, at=stamp.at, authority=stamp.authority, token=stamp.token)
    row.save(force_insert=True)


def stamps(year: int) -> list[Stamp]:
    """The time stamps of a year, oldest first."""
    rows = models.Stamp.objects.filter(tree=year).order_by("size")
    return [Stamp(row.tree, row.size, row.at, row.authority, bytes(row.token)) for row in rows]


def newest_stamp() -> Stamp | None:
    row = models.Stamp.objects.order_by("-tree", "-size").first()
    return Stamp(row.tree, row.size, row.at, row.authority, bytes(row.token)) if row else None


def nodes(tree: Tree) -> Iterator[tuple[int, int, bytes]]:
    """All stored nodes ``(level, index, hash)`` of a tree by level and index."""
    rows = models.Node.objects.filter(tree=tree.year).order_by("level", "index").values_list("level", "index", "hash")
    return ((level, index, bytes(digest)) for level, index, digest in rows.iterator(chunk_size=BATCH))


def leaves_with_entries() -> Iterator[tuple[int, int, bytes, tuple[Any, ...] | None]]:
    """Every leaf of all years with its entry's row (id, at, verb, kind, object id, unit, body), None when gone."""
    start = 0
    while True:
        rows = list(
            models.Leaf.objects.filter(index__gte=start)
            .order_by("index")
            .values_list("index", "entry_id", "hash")[:BATCH]
        )
        if not rows:
            return
        ids = [row[1] for row in rows]
        columns = ("pk", "at", "verb", "object_kind", "object_id", "unit", "body")
        found = {row[0]: row for row in models.Entry.objects.filter(pk__in=ids).values_list(*columns)}
        for index, entry_id, digest in rows:
            yield index, entry_id, bytes(digest), found.get(entry_id)
        start = rows[-1][0] + 1


def unaccounted() -> list[int]:
    """Ids of entries that are neither in the tree nor waiting (never, unless somebody tampered); at most 10."""
    rows = models.Entry.objects.exclude(pk__in=models.Leaf.objects.values("entry_id"))
    return list(
        rows.exclude(pk__in=models.Pending.objects.values("pk")).order_by("pk").values_list("pk", flat=True)[:10]
    )


def count() -> int:
    """Number of entries."""
    return models.Entry.objects.count()


atomic = transaction.atomic
