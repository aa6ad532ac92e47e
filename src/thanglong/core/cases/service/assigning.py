"""Who should get a case: the unit's people by their work in hand, explained, and given out fairly."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from django.db import transaction

from thanglong.core.cases.repository import dossier, rows
from thanglong.core.cases.rules import assigning as rules
from thanglong.core.cases.service import changing, writing
from thanglong.core.cases.service.catalogue import definitions
from thanglong.core.cases.types import AssignRule, Case, CaseType, Proposal, Ranked
from thanglong.core.people import service as people
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, Conflict, NotFound, NotSignedIn
from thanglong.kit.ports import SYSTEM, Actor

PLAIN = AssignRule()
MAX_SHARED = 200


def _absent(accounts: Sequence[UUID], day: date) -> Mapping[UUID, UUID | None]:
    """Who is on leave, and who stands in for them."""
    ask = people.absent
    found: Mapping[UUID, UUID | None] = ask(accounts, day)
    return found


def _before(case: Case) -> set[UUID]:
    """Who had to do with the case before: those who acted on it, and who has an open case it is linked with."""
    known = {UUID(account) for account in rows.last_actors(case.id).values()}
    for link in dossier.links(case.id):
        other = link.target if link.source_id == case.id else link.source
        if other.assignee is not None:
            known.add(other.assignee)
    return known


def _proposal(case: Case, case_type: CaseType) -> Proposal:
    rule = case_type.assign or PLAIN
    able = {member.account.id: member.account for member in people.members(case.unit, action=rule.permission)}
    away = _absent(list(able), clock.today())
    counts = dossier.workloads(case.unit, list(able))
    weights = {item.key: item.assign.weight for item in definitions() if item.assign}
    before = _before(case) if rule.sticky else set()
    ranked = []
    for key, account in able.items():
        deputy = away.get(key)
        ranked.append(
            Ranked(
                key,
                account.display_name,
                rules.work(counts.get(key, {}), weights),
                sum(counts.get(key, {}).values()),
                sticky=key in before,
                absent=key in away,
                deputy=able[deputy].display_name if deputy in able else "",
            )
        )
    return rules.propose(rule, ranked)


def propose_assignee(actor: Actor, case_id: UUID) -> Proposal:
    """The person who should get a case, why, and everybody considered. Needs ``cases.act`` in its unit."""
    if actor.id is None and actor.kind != "system":
        raise NotSignedIn()
    case, case_type = writing.load(case_id)
    if not ports.plugged.access.allowed(actor, "cases.view", case.unit):
        raise NotFound()
    ports.require(actor, "cases.act", case.unit)
    return _proposal(case, case_type)


def assign_fairly(actor: Actor, case_id: UUID, *, version: int) -> Case:
    """Give a case to the person proposed; the reason stands in the timeline. Needs ``cases.assign``.

    Raises Conflict when nobody of the unit can take it, or somebody was faster.
    """
    with transaction.atomic():
        case, case_type = changing.open_for(actor, case_id, "cases.assign", version)
        return _give(actor, case, case_type)


def _give(actor: Actor, case: Case, case_type: CaseType) -> Case:
    found = _proposal(case, case_type)
    if found.account is None:
        raise Conflict(N_("Nobody of the unit can take it now."))
    after = replace(case, assignee=found.account, assignee_label=found.name)
    return changing.commit(
        actor, "assigned", case, after, case_type, changing.now_for(case),
        columns={"assignee": found.account, "assignee_label": found.name}, params={"assignee": found.name},
        data={"why": found.why, **found.params}, facts={"by": "rule", "considered": len(found.ranked)},
    )  # fmt: skip


def share_out(actor: Actor, unit: UUID, limit: int = MAX_SHARED) -> list[Case]:
    """Give every open case of a unit that nobody has to somebody, oldest deadline first; the cases given.

    Needs ``cases.assign`` there. Each case is its own transaction, so the next one sees the work grow.
    """
    ports.require(actor, "cases.assign", unit)
    done = []
    for case_id in dossier.unassigned(unit, min(limit, MAX_SHARED)):
        try:
            with transaction.atomic():
                case, case_type = changing.open_for(actor, case_id, "cases.assign")
                if case.assignee is None and not case.kind.closed:
                    done.append(_give(actor, case, case_type))
        except Conflict:
            continue
    return done


def at_opening(case: Case, case_type: CaseType) -> Case:
    """Give a new case to somebody where its type says so; without anybody able it stays with the unit."""
    if case_type.assign is None or not case_type.assign.automatic:
        return case
    try:
        return _give(SYSTEM, case, case_type)
    except Conflict:
        return case
