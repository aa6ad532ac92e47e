"""Opinions, returns with their faults, links and holds."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db.models import Count, F, Q

from thanglong.core.cases import models
from thanglong.core.cases.types import FaultItem, Finding, Hold, Opinion, Return
from thanglong.kit.ports import Reach

OPEN = ("sent", "proposed")


def to_opinion(row: models.Opinion, case: models.Case | None = None) -> Opinion:
    """The opinion of a row; with its case also number and subject."""
    return Opinion(
        id=row.id, case_id=row.case_id, unit=row.unit, question=row.question, state=row.state, late=row.late,
        consent=row.consent, asked_at=row.asked_at, asked_by=row.asked_by, due_at=row.due_at, verdict=row.verdict,
        answer=row.answer, answered_at=row.answered_at, answered_by=row.answered_by,
        documents=tuple(UUID(key) for key in row.documents), number=case.number if case else "",
        subject=case.subject if case else "",
    )  # fmt: skip


def add_opinions(opinions: Sequence[Opinion]) -> None:
    """Insert opinions that are asked."""
    models.Opinion.objects.bulk_create([
        models.Opinion(
            id=item.id, case_id=item.case_id, unit=item.unit, question=item.question, consent=item.consent,
            asked_at=item.asked_at, asked_by=item.asked_by, due_at=item.due_at,
        )
        for item in opinions
    ])  # fmt: skip


def opinions(case_id: UUID) -> list[Opinion]:
    """The opinions of a case, in the order asked."""
    return [to_opinion(row) for row in models.Opinion.objects.filter(case_id=case_id).order_by("asked_at", "id")]


def opinion(key: UUID) -> Opinion | None:
    """One opinion with its case's number."""
    row = models.Opinion.objects.select_related("case").filter(pk=key).first()
    return to_opinion(row, row.case) if row else None


def close_opinion(key: UUID, **changes: Any) -> bool:
    """Change an opinion that is still asked; False when it is not any more."""
    return models.Opinion.objects.filter(pk=key, state="asked").update(**changes) == 1


def asked(reach: Reach, limit: int) -> list[Opinion]:
    """Open opinions asked of the units in reach, most urgent first."""
    rows = models.Opinion.objects.filter(state="asked").select_related("case")
    if not reach.everywhere:
        rows = rows.filter(unit__in=reach.units)
    return [to_opinion(row, row.case) for row in rows.order_by("due_at", "id")[:limit]]


def late_opinions(now: datetime, limit: int) -> list[UUID]:
    """Opinions whose time has passed and which nobody has noted yet."""
    rows = models.Opinion.objects.filter(state="asked", late=False, due_at__lte=now).order_by("due_at")
    return list(rows.values_list("id", flat=True)[:limit])


def asked_units(case_id: UUID) -> set[UUID]:
    """The units that were asked for an opinion on a case (withdrawn questions aside)."""
    rows = models.Opinion.objects.filter(case_id=case_id).exclude(state="withdrawn")
    return set(rows.values_list("unit", flat=True))


def _item(row: models.Finding) -> FaultItem:
    about, found_by = cast(Any, row.about), cast(Any, row.found_by)
    return FaultItem(about, row.target, row.wrong, row.remedy, row.basis, found_by)


def _to_return(row: models.Return, findings: Iterable[models.Finding]) -> Return:
    return Return(
        id=row.id, case_id=row.case_id, round=row.round, state=row.state, at=row.at, by=row.by, reason=row.reason,
        approved_by=row.approved_by, answered_at=row.answered_at,
        findings=tuple(
            Finding(
                item.id,
                _item(item), item.avoidable, item.answer, tuple(UUID(key) for key in item.documents),
                item.answered_at,
            )
            for item in findings
        ),
    )  # fmt: skip


def returns(case_id: UUID) -> list[Return]:
    """The returns of a case with their faults, oldest first: one query, or two when there are any."""
    rows = list(models.Return.objects.filter(case_id=case_id).order_by("at", "round"))
    findings: dict[UUID, list[models.Finding]] = {}
    if rows:
        for item in models.Finding.objects.filter(of__in=[row.id for row in rows]).order_by("position"):
            findings.setdefault(item.of_id, []).append(item)
    return [_to_return(row, findings.get(row.id, ())) for row in rows]


def return_owner(key: UUID) -> tuple[UUID | None, UUID | None]:
    """The case of a return and who proposed it; (None, None) when there is no such return."""
    row = models.Return.objects.filter(pk=key).values_list("case_id", "by_id").first()
    return (row[0], row[1]) if row else (None, None)


def return_action(key: UUID) -> str:
    """The action by which a return is sent."""
    return str(models.Return.objects.values_list("action", flat=True).get(pk=key))


def add_return(given: Return, action: str, by: UUID | None) -> None:
    """Insert a return with its faults."""
    models.Return(
        id=given.id, case_id=given.case_id, round=given.round, state=given.state, at=given.at, by=given.by, by_id=by,
        action=action, reason=given.reason, approved_by=given.approved_by,
    ).save(force_insert=True)  # fmt: skip
    models.Finding.objects.bulk_create([
        models.Finding(
            id=item.id, of_id=given.id, position=at, about=item.item.about, target=item.item.target,
            wrong=item.item.wrong, remedy=item.item.remedy, basis=item.item.basis, found_by=item.item.found_by,
            avoidable=item.avoidable,
        )
        for at, item in enumerate(given.findings)
    ])  # fmt: skip


def set_return(key: UUID, before: str, **changes: Any) -> bool:
    """Change a return that is in the state ``before``."""
    return models.Return.objects.filter(pk=key, state=before).update(**changes) == 1


def answer_finding(key: UUID, text: str, documents: Sequence[UUID], at: datetime) -> None:
    """Note the citizen's answer to one fault."""
    models.Finding.objects.filter(pk=key).update(
        answer=text, documents=[str(item) for item in documents], answered_at=at
    )


def add_link(source: UUID, target: UUID, kind: str, at: datetime, by: str) -> bool:
    """Insert a link; False when it stands already."""
    _, made = models.Link.objects.get_or_create(
        source_id=source, target_id=target, kind=kind, defaults={"at": at, "by": by}
    )
    return made


def links(case_id: UUID) -> list[models.Link]:
    """The links of a case in both directions, with the other ends."""
    rows = models.Link.objects.filter(Q(source_id=case_id) | Q(target_id=case_id))
    return list(rows.select_related("source", "target").order_by("id"))


def onward(kind: str, sources: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """Where links of a kind lead from these cases."""
    found: dict[UUID, list[UUID]] = {}
    for source, target in models.Link.objects.filter(kind=kind, source_id__in=list(sources)).values_list(
        "source_id", "target_id"
    ):
        found.setdefault(source, []).append(target)
    return found


def remove_link(key: int) -> None:
    """Delete a link."""
    models.Link.objects.filter(pk=key).delete()


def standing(case_id: UUID) -> list[str]:
    """Numbers of open cases that must be finished first: those that block this one, and its parts."""
    rows = models.Link.objects.filter(target_id=case_id, kind__in=("blocks", "part"), source__closed_at__isnull=True)
    return list(rows.order_by("id").values_list("source__number", flat=True))


def to_hold(row: models.Hold) -> Hold:
    """The hold of a row."""
    return Hold(row.id, row.reason, row.at, row.by, row.released_at)


def holds(case_id: UUID) -> list[Hold]:
    """The holds that stand on a case."""
    rows = models.Hold.objects.filter(case_id=case_id, released_at__isnull=True).order_by("id")
    return [to_hold(row) for row in rows]


def add_hold(case_id: UUID, reason: str, at: datetime, by: str) -> Hold:
    """Put a hold on a case."""
    row = models.Hold(case_id=case_id, reason=reason, at=at, by=by)
    row.save(force_insert=True)
    return to_hold(row)


def release_hold(key: int, at: datetime, by: str) -> bool:
    """Take a hold off; False when it was off."""
    return models.Hold.objects.filter(pk=key, released_at__isnull=True).update(released_at=at, released_by=by) == 1


def held(ids: Sequence[UUID]) -> set[UUID]:
    """Those of the cases on which a hold stands."""
    return set(models.Hold.objects.filter(case_id__in=ids, released_at__isnull=True).values_list("case_id", flat=True))


def unassigned(unit: UUID, limit: int) -> list[UUID]:
    """Open cases of a unit that nobody has, most urgent first."""
    rows = models.Case.objects.filter(unit=unit, closed_at__isnull=True, assignee__isnull=True)
    return list(rows.order_by(F("due_at").asc(nulls_last=True), "id").values_list("id", flat=True)[:limit])


def workloads(unit: UUID, people: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Open cases of the unit by person and type."""
    rows = models.Case.objects.filter(unit=unit, closed_at__isnull=True, assignee__in=people).order_by()
    found: dict[UUID, dict[str, int]] = {}
    for account, key, n in rows.values_list("assignee", "type").annotate(n=Count("id")):
        found.setdefault(account, {})[key] = n
    return found
