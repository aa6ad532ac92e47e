"""The past of entities: ``/temporal/entities``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from thanglong.core.things import service as things
from thanglong.core.things.types import Pass, Sample, iso
from thanglong.formats.ngsild import entities as forms
from thanglong.formats.ngsild import temporal as forms_of_time
from thanglong.kit.errors import NotFound
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import Header, Problem, accepted, send
from thanglong.surfaces.ngsild.parameters import SEARCH, SHOW, names, number, options, parameters, search

TIME = ("timerel", "timeAt", "endTimeAt", "timeproperty", "lastN")
MOST_SAMPLES = 10_000
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """What part of the past is asked for; ``written`` counts by when values were written, not observed."""

    since: datetime | None
    until: datetime | None
    last: int
    written: bool
    values: bool


class Temporal:
    """Handlers under ``/temporal/entities``."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def one(self, request: Request) -> None:
        """GET /temporal/entities/{id}"""
        given = parameters(request, (*TIME, "attrs", "pick", "omit", "options", "format", "type"))
        kind, who = accepted(request), await self._gate.pass_of(request)
        name = forms.checked_uri(request.parts[0])
        found, cut = await self._gate.run(_evolution, who, name, _wanted(given), _span(given, False))
        await send(request, kind, found, [] if cut is None else [cut])

    async def find(self, request: Request) -> None:
        """GET /temporal/entities"""
        given = parameters(request, (*SEARCH, *SHOW, *TIME))
        kind, who = accepted(request), await self._gate.pass_of(request)
        span, query, wanted = _span(given, True), search(given), _wanted(given)
        headers: list[Header] = []
        if given.get("count") == "true":
            total = await self._gate.run(things.count, who, query)
            headers.append((b"ngsild-results-count", b"%d" % total))

        def work() -> list[dict[str, Any]]:
            found = [_evolution(who, item["id"], wanted, span)[0] for item in things.query(who, query)]
            return [item for item in found if len(item) > 2]

        await send(request, kind, await self._gate.run(work), headers)


def _wanted(given: Mapping[str, str]) -> list[str]:
    chosen = dict(given)
    return [*names(chosen, "attrs"), *names(chosen, "pick")]


def _span(given: dict[str, str], needed: bool) -> Span:
    relation = given.get("timerel", "")
    if needed and not relation:
        raise Problem(400, "BadRequestData", "ask for a span of time: timerel and timeAt")
    if relation not in ("", "before", "after", "between"):
        raise Problem(400, "BadRequestData", "timerel is before, after or between")
    by = given.get("timeproperty", "observedAt")
    if by not in ("observedAt", "modifiedAt", "createdAt"):
        raise Problem(400, "BadRequestData", "timeproperty is observedAt, createdAt or modifiedAt")
    chosen = options(given, ("temporalValues",))
    values = chosen.format in ("temporalValues", "keyValues")
    last = number(given, "lastN", 0, MOST_SAMPLES)
    if not relation:
        return Span(None, None, last, by != "observedAt", values)
    at = _moment(given, "timeAt")
    if relation == "before":
        return Span(None, at, last, by != "observedAt", values)
    until = _moment(given, "endTimeAt") if relation == "between" else None
    if until is not None and until <= at:
        raise Problem(400, "BadRequestData", "endTimeAt is after timeAt")
    return Span(at + INSTANT if relation == "after" else at, until, last, by != "observedAt", values)


def _moment(given: Mapping[str, str], key: str) -> datetime:
    if key not in given:
        raise Problem(400, "BadRequestData", f"{key} is missing")
    return datetime.fromisoformat(forms.checked_time(given[key], key))


def _evolution(who: Pass, name: str, wanted: Sequence[str], span: Span) -> tuple[dict[str, Any], Header | None]:
    entity = things.get(who, name)
    shown: dict[str, Any] = {}
    cut = False
    for key in wanted or [key for key in entity if key not in ("id", "type")]:
        samples = things.history(
            who,
            name,
            key,
            span.since,
            span.until,
            span.last or MOST_SAMPLES,
            newest=bool(span.last),
            written=span.written,
        )
        if not span.written:
            samples = [sample for sample in samples if sample.observed is not None]
        cut = cut or len(samples) >= MOST_SAMPLES
        attribute = _attribute(samples, key, span)
        if attribute:
            shown[key] = attribute
    if wanted and not any(key in entity for key in wanted) and not shown:
        raise NotFound
    return forms_of_time.evolution(entity, shown), (b"ngsild-warning", b'199 - "the past was cut"') if cut else None


def _attribute(samples: Sequence[Sample], key: str, span: Span) -> Any:
    if span.values:
        return forms_of_time.values(samples, iso, span.written)
    return forms_of_time.normalised(samples, key, iso)
