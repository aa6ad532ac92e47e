"""Who read personal data, in which capacity and why: stated before, recorded after, shown to the person concerned."""

from datetime import timedelta

from django.core.cache import cache

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import repository
from thanglong.core.people.repository import readings as rows
from thanglong.core.people.service.factors import own_id
from thanglong.core.people.types import Purpose, Reading
from thanglong.kit import clock
from thanglong.kit.errors import N_, Fault, Invalid, NotSignedIn
from thanglong.kit.ports import Actor

COUNTS_FOR = timedelta(hours=1)
"""For how long a stated purpose opens the data, and within which a second look is the same look."""
KEPT = timedelta(days=5 * 366)


def state_purpose(actor: Actor, subject: str, purpose: str, note: str, what: str = "contact") -> None:
    """Say why one needs to read the personal data of ``subject`` (``case:ID``, ``account:ID``): opens them for an hour.

    Whether the asker may see the object at all was checked by its module. Written into the ledger, and shown to the
    person concerned. Invalid without one of the purposes and a few words; ``handling`` is never stated, it follows
    from the role.
    """
    reader = own_id(actor)
    faults = []
    if purpose not in set(Purpose) - {Purpose.HANDLING}:
        faults.append(Fault("purpose", N_("Choose why you need to see the personal data.")))
    if len(note.strip()) < 5:
        faults.append(Fault("note", N_("Say in a few words what it is about: the person concerned can read it.")))
    if faults:
        raise Invalid(faults)
    kind, _, key = subject.partition(":")
    with repository.atomic():
        rows.add(subject, what, reader, actor.role, actor.unit, Purpose(purpose), note.strip()[:300], clock.now())
        facts = {"what": what, "purpose": purpose, "role": actor.role}
        ledger.append(actor, "personal.read", ObjectRef(kind, key), unit=actor.unit, facts=facts)


def purpose_stated(actor: Actor, subject: str, what: str = "contact") -> bool:
    """Whether the official has said within the hour why they read this."""
    if actor.kind != "person" or actor.id is None:
        return False
    return rows.stated(subject, what, actor.id, clock.now() - COUNTS_FOR)


def note_reading(actor: Actor, subject: str, what: str = "contact") -> None:
    """Record that the handler of a case looked at its personal data; again within the hour is the same look."""
    if actor.id is None or actor.kind not in ("person", "client"):
        return
    mark = f"reading:{subject}:{what}:{actor.id}"
    if cache.add(mark, True, COUNTS_FOR.total_seconds()):
        since = clock.now() - COUNTS_FOR
        if not rows.seen(subject, what, actor.id, since):
            rows.add(subject, what, actor.id, actor.role, actor.unit, Purpose.HANDLING, "", clock.now())


def readings(subjects: list[str], limit: int = 200) -> list[Reading]:
    """Who read the personal data of these subjects, newest first: role and unit, never the official's name.

    The caller has checked that the asker is the person concerned.
    """
    return rows.of(subjects, limit)


def my_readings(actor: Actor, subjects: list[str], limit: int = 200) -> list[Reading]:
    """Who looked at one's own data: the account's and those of ``subjects`` that belong to it."""
    if actor.id is None or actor.kind not in ("person", "citizen"):
        raise NotSignedIn()
    return rows.of([f"account:{actor.id}", *subjects], limit)


def forget_old_readings() -> int:
    """Drop what is older than five years; how many."""
    return rows.prune(clock.now() - KEPT)
