"""How long things are kept: files are erased when their time is over, unless a legal hold stands; the ledger stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from thanglong.core.cases.repository import dossier, keeping
from thanglong.core.cases.repository import followers as personal
from thanglong.core.cases.service import changing, writing
from thanglong.core.cases.service.documents import drop_blobs
from thanglong.core.cases.types import Hold
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import NewEntry, ObjectRef
from thanglong.kit import clock
from thanglong.kit.errors import N_, Conflict, Fault, Invalid
from thanglong.kit.ports import SYSTEM, Actor

HOLD = "cases.assign"
MAX_REASON = 2000


@dataclass(frozen=True, slots=True)
class Expired:
    """What is due for erasure: how many cases lose their personal data, their files, and how many a hold keeps."""

    personal: int
    cases_with_files: int
    files: int
    held: int


def hold(actor: Actor, case_id: UUID, reason: str, *, version: int) -> Hold:
    """Forbid that anything of a case is erased (a court, an audit). Needs ``cases.assign`` in its unit."""
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise Invalid([Fault("reason", N_("Please say why."))])
    with transaction.atomic():
        case, case_type = changing.open_for(actor, case_id, HOLD, version)
        now = changing.now_for(case)
        made = dossier.add_hold(case.id, reason, now, actor.label)
        changing.commit(
            actor, "held", case, case, case_type, now, params={"reason": reason}, private={"reason": reason}
        )
    return made


def release_hold(actor: Actor, case_id: UUID, hold_id: int, *, version: int) -> None:
    """Take a hold off. Needs ``cases.assign``; Conflict when it is off already."""
    with transaction.atomic():
        case, case_type = changing.open_for(actor, case_id, HOLD, version)
        now = changing.now_for(case)
        known = {item.id for item in dossier.holds(case.id)}
        if hold_id not in known or not dossier.release_hold(hold_id, now, actor.label):
            raise Conflict(N_("This hold was taken off meanwhile."))
        changing.commit(actor, "hold_released", case, case, case_type, now)


def expired() -> Expired:
    """What the next sweeps would erase (a dry run: nothing is changed)."""
    now = clock.now()
    people = personal.due(now)
    cases = keeping.due(now)
    held = dossier.held([*people, *cases])
    free = [key for key in cases if key not in held]
    return Expired(len(set(people) - held), len(free), keeping.count_files(free), len(held))


def erase_documents(limit: int = 200) -> int:
    """Erase the files of cases whose time is over; their names, sizes and check sums stay. How many cases."""
    now = clock.now()
    due: Sequence[UUID] = keeping.due(now, limit)
    held = dossier.held(due)
    done = 0
    for case_id in due:
        if case_id in held:
            continue
        with transaction.atomic():
            blobs = keeping.erase(case_id, now)
            ledger.append_many(
                [
                    NewEntry(
                        SYSTEM, "case.documents_erased", ObjectRef("case", str(case_id)), facts={"files": len(blobs)}
                    )
                ]
            )
            case, _ = writing.load(case_id)
            text = writing.SENTENCES["documents_erased"]
            writing.tell(SYSTEM, "documents_erased", case, text, {}, now, None, before=case, public=False)
        for group in blobs:
            drop_blobs(*group)
        done += 1
    return done
