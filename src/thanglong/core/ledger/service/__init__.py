"""The verbs of the ledger."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from thanglong.core.ledger import repository, rules
from thanglong.core.ledger.service import audit, bundles, continuity, tiles, tree
from thanglong.core.ledger.service.stamps import newest_stamp as newest_stamp
from thanglong.core.ledger.service.stamps import stamp as stamp
from thanglong.core.ledger.service.stamps import stamped_at as stamped_at
from thanglong.core.ledger.service.stamps import stamps as stamps
from thanglong.core.ledger.types import Entry, Head, Line, NewEntry, ObjectRef, Proof, Report, Wanted
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, NotFound
from thanglong.kit.ports import JSON, Actor
from thanglong.kit.registry import Registry
from thanglong.stores.files.tiles import FileTree
from thanglong.stores.keys import SigningKey, signing_key

# Sentences for verbs ("case.opened" -> a message id), and functions that name an id for a reader ("unit", "role"):
# modules above fill both in their apps.py, because the ledger may not ask them.
phrases: Registry[str] = Registry("ledger phrase")
namers: Registry[Callable[[str], str]] = Registry("ledger namer")
# Words for kinds of objects ("account" -> a message id).
kinds: Registry[str] = Registry("ledger object kind")

MAX_WAITING = 20_000
EMPTY = N_("The ledger is empty: nothing has happened yet.")
KINDS = {
    "person": N_("an official"),
    "client": N_("a connected system"),
    "citizen": N_("a citizen"),
    "system": N_("the platform on its own"),
}


def append(
    actor: Actor,
    verb: str,
    ref: ObjectRef,
    *,
    unit: UUID | None = None,
    before: JSON = None,
    after: JSON = None,
    facts: Mapping[str, JSON] | None = None,
    private: Mapping[str, str] | None = None,
    at: datetime | None = None,
) -> Entry:
    """Write down that ``actor`` did ``verb`` to ``ref``, in the caller's transaction (RuntimeError outside of one).

    ``before`` and ``after`` are the object's state as JSON and enter as digests: leave personal values out of them.
    ``facts`` are kept in clear and shown to everybody. ``private`` personal values enter as salted commitments.
    """
    return append_many([NewEntry(actor, verb, ref, unit, before, after, facts, private, at)])[0]


def append_many(rows: Sequence[NewEntry]) -> Sequence[Entry]:
    """Append many entries in order, in the caller's transaction."""
    if not repository.in_transaction():
        raise RuntimeError("a ledger entry belongs into the transaction of the change it tells of")
    return repository.add(rows, clock.now()) if rows else []


def seal() -> Head | None:
    """Give waiting entries their place in the tree and sign a new head; the newest head (None: nothing ever happened).

    Runs each second in the worker and on demand. Several processes may call it: they take turns.
    """
    return tree.seal(_key())


def seal_and_publish() -> Head | None:
    """What the worker runs: seal, then bring the public files up to the newest head.

    Conflict when the public files show a head that the database does not know: then nothing is signed.
    """
    tiles.check(_files())
    newest = seal()
    tiles.publish(_files())
    return newest


def published(year: int | None, name: str) -> bytes:
    """A public file: ``checkpoint``, ``tile/…``; of the newest year when none is given. NotFound."""
    if year is None:
        newest = repository.newest_tree()
        if newest is None:
            raise NotFound(EMPTY)
        year = newest.year
    return tiles.read(_files(), year, name)


def _files() -> FileTree:
    return FileTree(ports.plugged.data / "ledger")


def _key() -> SigningKey:
    return signing_key(ports.plugged.data / "keys" / "ledger.ed25519")


def head_document(of: Head) -> dict[str, Any]:
    """A head as JSON."""
    return rules.head_document(of)


def head() -> Head | None:
    """The newest signed head."""
    return repository.head()


def head_in(year: int) -> Head | None:
    """The newest signed head of a year: for a year that is over, the final one."""
    return repository.head(year)


def heads(limit: int) -> list[Head]:
    """The newest signed heads of all years, newest first."""
    return repository.newest_heads(limit)


def years() -> list[Head]:
    """The newest head of every year, newest year first: final but for the first of them."""
    found = (repository.head(item.year) for item in reversed(repository.trees()))
    return [item for item in found if item is not None]


def public_key() -> str:
    """The public key of this installation's ledger, hex."""
    return _key().public.hex()


def entry(entry_id: int) -> Entry:
    """One entry; NotFound."""
    return repository.entry(entry_id)


def entries(ref: ObjectRef) -> list[Entry]:
    """All entries about an object, oldest first."""
    return repository.entries_of(ref)


def latest(limit: int = 20, before: int | None = None) -> list[Entry]:
    """The newest entries, newest first."""
    return repository.latest(limit, before)


def prove(entry_id: int) -> Proof:
    """The inclusion proof of an entry under the newest head; seals first when the entry still waits. NotFound."""
    return tree.prove(repository.entry(entry_id), seal)


def verify(proof: Proof, key: str | None = None) -> str | None:
    """Check a proof against a public key (hex), by default this installation's; None when it holds, else the reason."""
    return rules.verify(proof, key or public_key())


def export_proof(entry_id: int) -> dict[str, Any]:
    """A proof as a JSON value that can be checked anywhere (``rules.verify_bundle``)."""
    return rules.bundle(prove(entry_id))


def consistency(old: int, new: int, year: int | None = None, old_year: int | None = None) -> dict[str, Any]:
    """The proof, as JSON, that the ledger under the head of ``new`` entries grew out of that under the head of ``old``.

    Both of the newest year when none is given; ``old_year`` names an earlier one. ``rules.grown`` checks it. NotFound:
    no such heads.
    """
    if year is None:
        newest = repository.newest_tree()
        year = newest.year if newest else 0
    return continuity.document((year if old_year is None else old_year, old), (year, new))


def export(target: Path, wanted: Wanted, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Write a bundle that is checked without the platform (a zip); the number of entries in it.

    It holds whole blocks of 256 entries: those wanted and their neighbours. NotFound when nothing fits.
    """
    seal()
    return bundles.write(target, wanted, progress)


def check(max_wait: float = 60.0) -> Report:
    """Check everything: bodies, leaves, roots, signatures, guards, nothing waiting longer than ``max_wait`` s."""
    return audit.check(max_wait)


def backlog() -> str | None:
    """Why sealing does not keep up (English), or None when it does."""
    waiting, _ = repository.waiting()
    if waiting > MAX_WAITING:
        return f"{waiting} ledger entries wait for a signed head; is the worker running?"
    return None


def holds(entry_id: int, name: str, value: str) -> bool:
    """Whether a commitment was made for this personal value; False once its salt is erased."""
    known = repository.entry(entry_id).commitments.get(name)
    salt = repository.salt(entry_id, name)
    return known is not None and salt is not None and rules.commitment(salt, name, value) == known


def forget(entry_ids: Sequence[int], name: str | None = None) -> int:
    """Erase the salts of entries (of one name or all): values become unknowable, proofs stay valid. How many."""
    with repository.atomic():
        return repository.delete_salts(entry_ids, name)


def erase_values(actor: Actor, ref: ObjectRef, name: str | None = None) -> int:
    """Make the personal values (of one name or all) in every entry about an object unreadable for ever; how many.

    Needs ``ledger.erase``. The proofs stay valid; that it was done is entered too. Nothing left to erase: no entry.
    """
    ports.require(actor, "ledger.erase")
    with repository.atomic():
        ids = [item.id for item in repository.entries_of(ref)]
        count = repository.delete_salts(ids, name)
        if count:
            facts: dict[str, JSON] = {"values": count} if name is None else {"values": count, "name": name}
            append(actor, "ledger.values_erased", ref, facts=facts)
    return count


def tell(item: Entry) -> Line:
    """An entry in plain words, in the reader's language."""
    phrase = phrases.get(item.verb)
    capacity = named("role", item.role) if item.role else gettext(KINDS.get(item.actor_kind, item.actor_kind))
    unit = named("unit", str(item.unit)) if item.unit else ""
    return Line(item.id, item.at, gettext(phrase) if phrase else item.verb, capacity, unit, item.verb, item.object)


def named(kind: str, key: str) -> str:
    """An id for a reader: by the namer of its kind, the id itself where there is none or the object is gone."""
    namer = namers.get(kind)
    try:
        return namer(key) if namer else key
    except NotFound:
        return key
