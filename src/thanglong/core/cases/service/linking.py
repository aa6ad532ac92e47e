"""Links between cases: the same as, a part of, follows, must be finished before. Both ends show them."""

from typing import cast, get_args
from uuid import UUID

from django.db import transaction

from thanglong.core.cases.repository import dossier, rows
from thanglong.core.cases.rules import links as rules
from thanglong.core.cases.service import changing, writing
from thanglong.core.cases.service.catalogue import definition
from thanglong.core.cases.types import Linked, LinkKind
from thanglong.kit import ports
from thanglong.kit.errors import N_, Conflict, Fault, Invalid, NotFound
from thanglong.kit.ports import Actor

MAX_LINKS = 200


def link(actor: Actor, case_id: UUID, kind: LinkKind, other: UUID | str, *, version: int) -> list[Linked]:
    """Say that a case is a duplicate or a part of, follows, or blocks another one that the asker sees.

    Needs ``cases.act`` in the first case's unit. A case cannot be finished while one that blocks it, or a part of it,
    is open. Raises Invalid (itself, a circle, there already), Conflict.
    """
    with transaction.atomic():
        case, case_type = changing.open_for(actor, case_id, "cases.act", version)
        target, _ = writing.load(other)
        if not ports.plugged.access.allowed(actor, "cases.view", target.unit):
            raise NotFound()
        if kind not in get_args(LinkKind):
            raise Invalid([Fault("kind", N_("Please choose one of the given answers."))])
        if target.id == case.id:
            raise Invalid([Fault("other", N_("A case cannot be linked with itself."))])
        if _circular(kind, case.id, target.id):
            raise Invalid([Fault("other", N_("These cases would wait for each other in a circle."))])
        if len(dossier.links(case.id)) >= MAX_LINKS:
            raise Invalid([Fault("other", N_("Please choose at most %(limit)s."), {"limit": MAX_LINKS})])
        now = changing.now_for(case)
        if not dossier.add_link(case.id, target.id, kind, now, actor.label):
            raise Invalid([Fault("other", N_("These cases are linked like this already."))])
        changing.commit(
            actor, "linked", case, case, case_type, now, params={"other": target.number},
            facts={"kind": kind, "other": target.number}, data={"kind": kind, "other": target.number},
        )  # fmt: skip
    return seen(actor, case_id)


def _circular(kind: str, source: UUID, target: UUID) -> bool:
    """Whether links of the kind lead from ``target`` to ``source``: one query for each step away."""
    onward: dict[UUID, list[UUID]] = {}
    edge = {target}
    while edge:
        found = dossier.onward(kind, edge)
        onward |= found
        edge = {key for keys in found.values() for key in keys} - onward.keys() - {source}
    return rules.circular(source, target, onward)


def unlink(actor: Actor, case_id: UUID, link_id: int, *, version: int) -> list[Linked]:
    """Remove a link of a case. Needs ``cases.act`` in its unit."""
    with transaction.atomic():
        case, case_type = changing.open_for(actor, case_id, "cases.act", version)
        found = next((item for item in dossier.links(case.id) if item.pk == link_id), None)
        if found is None:
            raise Conflict(N_("This link was removed meanwhile."))
        other = found.target if found.source_id == case.id else found.source
        dossier.remove_link(link_id)
        changing.commit(
            actor, "unlinked", case, case, case_type, changing.now_for(case), params={"other": other.number},
            facts={"kind": found.kind, "other": other.number}, data={"kind": found.kind, "other": other.number},
        )  # fmt: skip
    return seen(actor, case_id)


def seen(actor: Actor, case_id: UUID) -> list[Linked]:
    """The links of a case as the asker sees them: of a case outside their reach only the number and whether it is
    open.
    """
    reach = ports.reach(actor, "cases.view")
    found = []
    for row in dossier.links(case_id):
        outgoing = row.source_id == case_id
        other = rows.to_case(row.target if outgoing else row.source)
        hidden = other.unit not in reach
        title = definition(other.type, other.type_version).state(other.state).title
        found.append(
            Linked(
                row.pk, cast(LinkKind, row.kind), outgoing, other.id, other.number, "" if hidden else other.subject,
                "" if hidden else title, other.kind.closed, hidden, row.at, row.by,
            )
        )  # fmt: skip
    return found
