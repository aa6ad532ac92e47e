"""What temporal requests ask for: the window, the form, the aggregates; and how a cut answer says so (6.3.10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from thanglong.core.things.types import iso, stamp
from thanglong.formats.ngsild.entities import checked_time
from thanglong.formats.ngsild.temporal import METHODS, duration
from thanglong.kit.errors import Invalid
from thanglong.kit.past import By, Evolution, Period, Window
from thanglong.surfaces.ngsild.answers import Header, Problem
from thanglong.surfaces.ngsild.parameters import datasets, listed, options

TIME = ("timerel", "timeAt", "endTimeAt", "timeproperty", "lastN", "aggrMethods", "aggrPeriodDuration")
PROPERTIES: Mapping[str, By] = {
    "observedAt": "observedAt",
    "createdAt": "createdAt",
    "modifiedAt": "modifiedAt",
    "deletedAt": "deletedAt",
}
WHOLE = Period()
FORMS = {"keyValues": "temporalValues", "temporalValues": "temporalValues", "aggregatedValues": "aggregatedValues"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the past is asked for, and in which form."""

    window: Window
    relation: str
    form: str
    system: bool
    methods: Sequence[str] = ()
    period: Period = WHOLE

    @property
    def summed(self) -> bool:
        """Whether aggregates are asked for."""
        return self.form == "aggregatedValues"


def asked(given: Mapping[str, str], needed: bool) -> Asked:
    """The window and form that parameters state; ``needed``: Problem 400 without a span of time."""
    relation = given.get("timerel", "")
    if needed and not relation:
        raise Problem(400, "BadRequestData", "ask for a span of time: timerel and timeAt")
    if relation not in ("", "before", "after", "between"):
        raise Problem(400, "BadRequestData", "timerel is before, after or between")
    if not relation and ("timeAt" in given or "endTimeAt" in given):
        raise Problem(400, "BadRequestData", "timeAt goes with timerel")
    by = PROPERTIES.get(given.get("timeproperty", "observedAt"))
    if by is None:
        raise Problem(400, "BadRequestData", f"timeproperty is one of {', '.join(PROPERTIES)}")
    since = until = None
    if relation in ("after", "between"):
        since = _moment(given, "timeAt")
    if relation == "before":
        until = _moment(given, "timeAt")
    if relation == "between":
        until = _moment(given, "endTimeAt")
        if since is not None and until <= since:
            raise Problem(400, "BadRequestData", "endTimeAt is after timeAt")
    chosen = options(given, ("temporalValues", "aggregatedValues"))
    wanted = frozenset("" if part == "@none" else part for part in datasets(given))
    window = Window(by, since, until, bool(relation), _last(given), settings.THINGS_TEMPORAL_MOST, wanted or None)
    form = FORMS.get(chosen.format, chosen.format)
    methods, period = _aggregation(given, form)
    return Asked(window, relation, form, chosen.system, methods, period)


def _last(given: Mapping[str, str]) -> int:
    text = given.get("lastN")
    if text is None:
        return 0
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) < 2**31:
        raise Problem(400, "BadRequestData", "lastN is a positive number")
    return int(text)


def _moment(given: Mapping[str, str], key: str) -> datetime:
    if key not in given:
        raise Problem(400, "BadRequestData", f"{key} is missing")
    return datetime.fromisoformat(checked_time(given[key], key))


def _aggregation(given: Mapping[str, str], form: str) -> tuple[Sequence[str], Period]:
    if form != "aggregatedValues":
        return (), WHOLE  # another format goes before, whatever aggregation is named beside it
    methods = listed(given, "aggrMethods")
    if not methods or any(method not in METHODS for method in methods):
        raise Problem(400, "BadRequestData", f"aggrMethods are some of {', '.join(METHODS)}")
    try:
        return list(dict.fromkeys(methods)), duration(given.get("aggrPeriodDuration", "PT0S"))
    except Invalid as error:
        raise Problem(400, "BadRequestData", str(error)) from error


def trimmed(entity: Evolution, one: Asked) -> Evolution:
    """An entity of which some attributes were cut: the others end at the same moment, so that a client who goes on from
    there misses nothing. An attribute of which nothing is left is shown as empty."""
    if not entity.cut:
        return entity
    by, last = one.window.by, bool(one.window.last)
    ends = [entity.instances[name][0 if last else -1].at(by) for name in entity.cut]
    border = max(ends) if last else min(ends)
    kept = {
        name: [item for item in items if (item.at(by) >= border if last else item.at(by) <= border)]
        for name, items in entity.instances.items()
    }
    return replace(entity, instances=kept)


def content_range(found: Sequence[Evolution], one: Asked) -> list[Header]:
    """The header of a cut answer, else none."""
    moments = [item.at(one.window.by) for entity in found for items in entity.instances.values() for item in items]
    if not moments or not any(entity.cut for entity in found):
        return []
    least, most = stamp(min(moments)), stamp(max(moments))
    window = one.window
    if window.last:
        until = most if window.until is None else iso(window.until)
        text = f"date-time {until}-{least}/{window.last}"
    else:
        since = least if window.since is None else iso(window.since)
        text = f"date-time {since}-{most}/*"
    return [(b"content-range", text.encode())]
