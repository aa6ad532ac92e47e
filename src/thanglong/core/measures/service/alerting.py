"""Alerts: a figure that leaves its band says so once, and is quiet until it was back inside."""

from collections.abc import Iterable
from uuid import UUID

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.measures import repository, rules
from thanglong.core.measures.repository import people
from thanglong.core.measures.service.catalogue import definitions
from thanglong.core.measures.service.correcting import overlay
from thanglong.core.measures.types import Alert, LeftBand, Measure
from thanglong.kit import bus, clock, ports
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Actor


def check() -> int:
    """Compare the newest ended period of every measure with its band; how many alerts were raised.

    A standing alert is cleared when the figure is inside by ``Measure.back``, so one that trembles at the border raises
    one alert and not many. Units with too few records raise none.
    """
    return sum(_check(item) for item in definitions() if item.band is not None)


def _check(item: Measure) -> int:
    ended = rules.following(rules.period_of(clock.today(), item.period), item.period, -1)
    with repository.atomic():
        figures = overlay(item, repository.figures(item.key, first=ended, last=ended))
        standing = {alert.unit: alert for alert in people.open_alerts(item.key)}
        back, raised = [], 0
        for figure in figures:
            if figure.value is None or figure.small(item.small):
                continue
            alert = standing.get(figure.unit)
            if alert is not None and rules.inside(item, figure.value, item.back):
                back.append(alert.id)
            elif alert is None and not rules.inside(item, figure.value):
                _raise(item, figure.unit, figure.value, ended)
                raised += 1
        people.clear_alerts(back, clock.now())
    return raised


def _raise(item: Measure, unit: UUID, value: float, period: object) -> None:
    low = item.band[0] if item.band else None
    side = "below" if low is not None and value < low else "above"
    made = people.raise_alert(item.key, unit, period, side, value, clock.now())  # type: ignore[arg-type]
    bus.publish(LeftBand(made.id, made.measure, made.unit, made.period, made.value))


def alerts(actor: Actor, units: Iterable[UUID] | None = None) -> list[Alert]:
    """Standing alerts of the units whose measures the actor may see, newest first."""
    reach = ports.reach(actor, "measures.view")
    wanted = None if units is None else set(units)
    return [one for one in people.open_alerts() if one.unit in reach and (wanted is None or one.unit in wanted)]


def acknowledge(actor: Actor, id: int, note: str = "") -> Alert:
    """Say that an alert was seen, and what is done; needs ``measures.view`` in its unit. It stands until it is over."""
    with repository.atomic():
        found = people.alert(id)
        if found is None:
            raise NotFound()
        ports.require(actor, "measures.view", found.unit)
        if found.seen_at is not None:
            return found
        ref = ObjectRef("measure-alert", str(id))
        facts = {
            "measure": found.measure,
            "period": found.period.isoformat(),
            "value": round(found.value, 6),
            "note": note,
        }
        ledger.append(actor, "measure.alert_seen", ref, unit=found.unit, facts=facts)
        people.see_alert(id, actor.label, note.strip(), clock.now())
    seen = people.alert(id)
    if seen is None:
        raise NotFound()
    return seen
