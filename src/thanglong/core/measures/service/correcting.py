"""Figures set by a person: with a reason, the value of the records kept beside, each in the ledger."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from math import isfinite
from uuid import UUID

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.measures import repository, rules
from thanglong.core.measures.repository import people
from thanglong.core.measures.service.catalogue import measure
from thanglong.core.measures.types import Correction, Figure, Measure
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, Fault, Invalid, NotFound
from thanglong.kit.ports import Actor

LEAST_REASON = 10


def _checked(item: Measure, figure: Figure | None, value: float, reason: str) -> Figure:
    faults = []
    if figure is None:
        raise NotFound()
    if not isfinite(value) or (item.unit == "%" and not 0 <= value <= 100) or (item.total == "sum" and value < 0):
        faults.append(
            Fault("value", N_("This is no possible value: a share lies between 0 and 100, a count is not negative."))
        )
    if len(reason.strip()) < LEAST_REASON:
        faults.append(Fault("reason", N_("Say why, in a sentence: it is shown beside the figure.")))
    if faults:
        raise Invalid(faults)
    return figure


def correct(actor: Actor, key: str, unit: UUID, period: date, value: float, reason: str) -> Correction:
    """Set a unit's figure for one of the measure's own periods; needs ``measures.manage`` in the unit.

    The computed value is kept and shown beside; the closed period gets a new ledger entry.
    """
    item = measure(key)
    ports.require(actor, "measures.manage", unit)
    with repository.atomic():
        figure = _checked(item, repository.figure(key, unit, period), value, reason)
        held = people.corrections(key).get((unit, period))
        ref = ObjectRef("measure", f"{key}/{period.isoformat()}/{unit}")
        before = {"value": held.value if held else figure.value, "digest": figure.digest}
        facts = {
            "measure": key,
            "period": period.isoformat(),
            "value": value,
            "before": figure.value,
            "reason": reason.strip(),
        }
        entry = ledger.append(
            actor, "measure.corrected", ref, unit=unit, before=before, after={"value": value}, facts=facts
        )
        fresh = Correction(
            0, key, unit, period, figure.value, value, reason.strip(), actor.label, clock.now(), entry.id
        )
        return people.correct(fresh, actor.id)


def withdraw(actor: Actor, key: str, unit: UUID, period: date, reason: str) -> None:
    """Let the records' figure hold again; needs ``measures.manage`` in the unit. NotFound without a correction."""
    item = measure(key)
    ports.require(actor, "measures.manage", unit)
    with repository.atomic():
        held = people.corrections(key).get((unit, period))
        if held is None:
            raise NotFound()
        _checked(item, repository.figure(key, unit, period), held.value, reason)
        ref = ObjectRef("measure", f"{key}/{period.isoformat()}/{unit}")
        facts = {"measure": key, "period": period.isoformat(), "reason": reason.strip()}
        ledger.append(actor, "measure.correction_withdrawn", ref, unit=unit, before={"value": held.value}, facts=facts)
        people.withdraw(key, unit, period, clock.now())


def corrections(actor: Actor, key: str, units: Iterable[UUID] | None = None) -> list[Correction]:
    """The corrections that hold, newest first: of public measures for everyone, else for who may see measures.

    Of measures of persons they are shown to those only from whom no figure is withheld. Who set the figure is told to
    officials; the public reads what and why.
    """
    item = measure(key)
    official = bool(ports.reach(actor, "measures.view"))
    if (not item.public or item.least) and not official:
        return []
    wanted = None if units is None else set(units)
    held = [one for one in people.corrections(key).values() if wanted is None or one.unit in wanted]
    told = held if official else [replace(one, by="") for one in held]
    return sorted(told, key=lambda one: one.at, reverse=True)


def overlay(item: Measure, figures: list[Figure]) -> list[Figure]:
    """The figures with the corrections that hold put in."""
    held = people.corrections(item.key)
    return (
        [rules.corrected(item, figure, held.get((figure.unit, figure.period))) for figure in figures]
        if held
        else figures
    )
