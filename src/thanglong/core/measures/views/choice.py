"""What a measure's page shows: kind of period, period, span and geography, from the address or computed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext

from thanglong.core.measures import rules, service
from thanglong.core.measures.types import Figure, Geography, Measure, PeriodKind
from thanglong.kit import clock, ports
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import Actor

YEAR = {"month": 12, "day": 30}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; None: nothing said."""

    period: date | None = None
    unit: UUID | None = None
    kind: PeriodKind | None = None
    geography: Geography = "then"
    span: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown: ``span`` own periods up to ``period`` together, or one period of a ``kind``."""

    kind: PeriodKind
    period: date
    span: int
    geography: Geography
    known: Sequence[date]

    def query(self, **more: object) -> str:
        """The choice as an address's query."""
        said = {"by": self.kind, "period": self.period.isoformat(), "span": self.span, "geography": self.geography}
        return urlencode(said | more)


def asked(request: HttpRequest, item: Measure) -> Asked:
    """Read the address; NotFound for what no measure has."""
    text = request.GET.get
    try:
        period = date.fromisoformat(text("period", "")) if text("period") else None
        unit = UUID(text("unit", "")) if text("unit") else None
    except ValueError:
        raise NotFound() from None
    kinds = {str(kind): kind for kind in rules.coarser(item)}
    if text("by") and text("by") not in kinds:
        raise NotFound()
    span = int(text("span", "0")) if text("span") in ("1", "12", "30") else 0
    return Asked(period, unit, kinds.get(text("by", "")), "now" if text("geography") == "now" else "then", span)


def may_span(actor: Actor, item: Measure) -> bool:
    """Whether several own periods may be shown as one: never where spans that overlap would give few persons away."""
    can = item.total != "sum" and item.period in YEAR
    return can and not (item.least and not ports.reach(actor, "measures.view"))


def choose(actor: Actor, item: Measure, wish: Asked) -> Choice:
    """What to show. Where the address names no kind of period: the finest by which most units can be compared.

    Tried in turn: the measure's own periods, coarser ones, twelve months together before whole years. If none shows
    half of the units, the one that shows the largest part.
    """
    own = service.known_periods(item.key)
    spans = may_span(actor, item)
    if wish.kind or wish.period or wish.span:
        kind = wish.kind or item.period
        long = spans and kind == item.period and wish.span == YEAR.get(kind)
        return _at(own, kind, wish, wish.span if long else 1)
    tried: list[tuple[PeriodKind, int]] = [(kind, 1) for kind in rules.coarser(item)]
    if spans:
        tried.insert(len(tried) - 1, (item.period, YEAR[item.period]))
    best, most = _at(own, item.period, wish, 1), 0.0
    for kind, span in tried:
        at = _at(own, kind, wish, span)
        share = _comparable(item, figures(actor, item, at))
        if share > most:
            best, most = at, share
        if most >= 0.5:
            break
    return best


def _at(own: Sequence[date], kind: PeriodKind, wish: Asked, span: int) -> Choice:
    known = sorted({rules.period_of(period, kind) for period in own}, reverse=True)
    current = rules.period_of(clock.today(), kind)
    period = rules.period_of(wish.period, kind) if wish.period else None
    if period not in known:
        period = ([one for one in known if one < current] or known or [current])[0]
    return Choice(kind, period or current, span, wish.geography, known)


def _comparable(item: Measure, found: Sequence[Figure]) -> float:
    enough = sum(not figure.small(item.small) and figure.value is not None for figure in found)
    return enough / len(found) if found else 0.0


def figures(actor: Actor, item: Measure, choice: Choice) -> list[Figure]:
    """The units' figures as chosen, best first."""
    return service.ranking(actor, item.key, choice.period, choice.span, kind=choice.kind, geography=choice.geography)


def own_periods(item: Measure, choice: Choice) -> list[date]:
    """The measure's own periods that the choice takes together."""
    if choice.span > 1:
        first = rules.following(choice.period, item.period, 1 - choice.span)
        return rules.periods(first, choice.period, item.period)
    last = rules.following(choice.period, choice.kind) - timedelta(days=1)
    return rules.periods(choice.period, last, item.period)


@dataclass(frozen=True, slots=True)
class Link:
    """A choice the reader has: its words, the parameters that ask for it, whether it is the one shown."""

    text: str
    by: str
    span: int
    here: bool


def links(actor: Actor, item: Measure, choice: Choice) -> list[Link]:
    """The kinds of period as links."""
    words = {
        "day": gettext("Day"), "month": gettext("Month"), "quarter": gettext("Quarter"), "year": gettext("Year"),
    }  # fmt: skip
    found = [Link(words[kind], kind, 1, kind == choice.kind and choice.span == 1) for kind in rules.coarser(item)]
    if may_span(actor, item):
        long = gettext("12 months") if item.period == "month" else gettext("30 days")
        found.append(Link(long, item.period, YEAR[item.period], choice.span > 1))
    return found
