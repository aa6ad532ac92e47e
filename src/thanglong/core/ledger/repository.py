"""Every query of the ledger."""

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Max, Min

from thanglong.core.ledger import models, rules
from thanglong.core.ledger.types import Entry, Head, NewEntry, ObjectRef
from thanglong.kit.errors import NotFound

BATCH = 2000


def in_transaction() -> bool:
    """Whether the caller stands in a transaction."""
    return connection.in_atomic_block


def add(rows: Sequence[NewEntry], now: datetime) -> list[Entry]:
    """Insert entries in order; their salts too."""
    made = []
    salts: list[list[models.Salt]] = []
    for row in rows:
        secret = rules.secrets_of(row)
        own = [models.Salt(name=name, salt=os.urandom(rules.SALT_BYTES)) for name in secret]
        salts.append(own)
        hidden = {item.name: rules.commitment(bytes(item.salt), item.name, secret[item.name]) for item in own}
        at = row.at or now
        made.append(
            models.Entry(
                at=at,
                verb=row.verb,
                object_kind=row.ref.kind,
                object_id=row.ref.id,
                unit=row.unit,
                body=rules.body(row, at, hidden).decode(),
            )
        )
    if len(made) == 1:
        made[0].save(force_insert=True)
    else:
        models.Entry.objects.bulk_create(made, batch_size=BATCH)
    for item, own in zip(made, salts, strict=True):
        for salt in own:
            salt.entry_id = item.pk
    if any(salts):
        models.Salt.objects.bulk_create([salt for own in salts for salt in own], batch_size=BATCH)
    return [rules.parse(item.pk, item.body) for item in made]


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


def pending(limit: int) -> list[tuple[int, str]]:
    """Ids and bodies of entries that wait for a head, in id order."""
    ids = list(models.Pending.objects.order_by("pk").values_list("pk", flat=True)[:limit])
    return list(models.Entry.objects.filter(pk__in=ids).order_by("pk").values_list("pk", "body"))


def settle(ids: Sequence[int]) -> None:
    """Take entries off the waiting list."""
    models.Pending.objects.filter(pk__in=ids).delete()


def waiting() -> tuple[int, datetime | None]:
    """How many entries wait for a head, and the moment of the oldest (by id) of them."""
    state = models.Pending.objects.aggregate(n=Count("pk"), first=Min("pk"))
    first = models.Entry.objects.filter(pk=state["first"]).values_list("at", flat=True).first()
    return state["n"], first


def size() -> int:
    """Number of leaves."""
    last = models.Leaf.objects.aggregate(last=Max("index"))["last"]
    return 0 if last is None else last + 1


def add_leaves(rows: Sequence[tuple[int, int, bytes]]) -> None:
    """Insert leaves ``(index, entry id, hash)``."""
    models.Leaf.objects.bulk_create(
        [models.Leaf(index=index, entry_id=entry_id, hash=digest) for index, entry_id, digest in rows], batch_size=BATCH
    )


def add_nodes(rows: Sequence[tuple[int, int, bytes]]) -> None:
    """Insert hashes of complete blocks ``(level, index, hash)``."""
    models.Node.objects.bulk_create([models.Node(level=a, index=b, hash=c) for a, b, c in rows], batch_size=BATCH)


def leaf_hashes(start: int, stop: int) -> list[bytes]:
    """Leaf hashes start..stop."""
    rows = models.Leaf.objects.filter(index__gte=start, index__lt=stop).order_by("index")
    return [bytes(row) for row in rows.values_list("hash", flat=True)]


def node_hashes(level: int, start: int, stop: int) -> list[bytes]:
    """Stored hashes of one level, start..stop."""
    rows = models.Node.objects.filter(level=level, index__gte=start, index__lt=stop).order_by("index")
    return [bytes(row) for row in rows.values_list("hash", flat=True)]


def index_of(entry_id: int) -> int | None:
    """Where an entry stands in the tree; None while it waits."""
    return models.Leaf.objects.filter(entry_id=entry_id).values_list("index", flat=True).first()


def add_head(head: Head) -> None:
    """Insert a signed head."""
    models.Head.objects.create(
        size=head.size,
        root=bytes.fromhex(head.root),
        at=head.at,
        key=bytes.fromhex(head.key),
        signature=bytes.fromhex(head.signature),
    )


def _head(row: models.Head) -> Head:
    return Head(row.size, bytes(row.root).hex(), row.at, bytes(row.key).hex(), bytes(row.signature).hex())


def head() -> Head | None:
    """The newest head."""
    row = models.Head.objects.order_by("-size").first()
    return _head(row) if row else None


def head_of(size: int) -> Head | None:
    """The head of a tree of ``size`` leaves."""
    row = models.Head.objects.filter(size=size).first()
    return _head(row) if row else None


def heads() -> Iterator[Head]:
    """All heads, oldest first."""
    return (_head(row) for row in models.Head.objects.order_by("size").iterator(chunk_size=BATCH))


def nodes() -> Iterator[tuple[int, int, bytes]]:
    """All stored nodes ``(level, index, hash)`` by level and index."""
    rows = models.Node.objects.order_by("level", "index").values_list("level", "index", "hash")
    return ((level, index, bytes(digest)) for level, index, digest in rows.iterator(chunk_size=BATCH))


def leaves_with_entries() -> Iterator[tuple[int, int, bytes, tuple[Any, ...] | None]]:
    """Every leaf in order with its entry's row (id, at, verb, kind, object id, unit, body), None when gone."""
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
