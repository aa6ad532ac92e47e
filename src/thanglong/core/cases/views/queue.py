"""The queue: filters with counts, the list by urgency, and the case beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from thanglong.core.cases import service
from thanglong.core.cases.rules.buckets import bucket_of, day_end
from thanglong.core.cases.service.wording import translated
from thanglong.core.cases.service.writing import unit_name
from thanglong.core.cases.types import Bucket, Case, QueueFilter, QueuePage
from thanglong.core.cases.views import story
from thanglong.core.people import service as people
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, NotFound
from thanglong.kit.ports import Actor

TITLES: dict[str, str] = {
    "": N_("All work"),
    "mine": N_("My work"),
    "new": N_("Not yet taken"),
    "late": N_("Late"),
    "today": N_("Due today"),
    "soon": N_("Time left"),
    "waiting": N_("Waiting for somebody"),
    "closed": N_("Done"),
}
DOTS = {"late": "bad", "today": "warn", "soon": "ok", "waiting": "idle", "closed": "idle"}
MAX_UNITS = 12
CAP = 1000


def count_text(number: int) -> str:
    """A count as the desk shows it: exact up to a thousand."""
    return str(number) if number <= CAP else f"{CAP:,}+".replace(",", ".")


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the list."""

    case: Case
    icon: str
    type_title: str
    state_title: str
    tag: str
    state_icon: str
    paused: bool
    fresh: bool
    unit: str


@dataclass(frozen=True, slots=True)
class Group:
    """A stretch of the list with one urgency."""

    key: str
    title: str
    dot: str
    count: str
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Filter:
    """A link of the left column."""

    query: str
    title: str
    icon: str
    dot: str
    count: str
    current: bool
    alarm: bool = False


def filter_of(request: HttpRequest) -> QueueFilter:
    """The filter in the address; what is not understood is left out."""
    asked = request.GET
    bucket = asked.get("show", "")
    unit = asked.get("unit", "")
    try:
        unit_id = UUID(unit) if unit else None
    except ValueError:
        unit_id = None
    known: Bucket | None = bucket if bucket in TITLES and bucket else None  # type: ignore[assignment]
    return QueueFilter(
        bucket=known, type=asked.get("type", "")[:60], unit=unit_id, text=asked.get("find", "")[:100],
        after=asked.get("after", "")[:200],
    )  # fmt: skip


def _row(case: Case, several_units: bool) -> Row:
    case_type = service.definition(case.type, case.type_version)
    state = case_type.state(case.state)
    return Row(
        case=case, icon=case_type.icon, type_title=translated(case_type.title), state_title=translated(state.title),
        tag=state.tag, state_icon=state.icon, paused=state.stops_clock or bool(case.paused) or case.kind == "waiting",
        fresh=case.state == case_type.initial and case.assignee is None,
        unit=unit_name(case.unit) if several_units else "",
    )  # fmt: skip


def groups(page: QueuePage, narrowed: bool) -> list[Group]:
    """The page's cases by urgency, in the order of urgency; a narrowed list counts what it shows."""
    end = day_end(clock.local(page.now))
    several = len({case.unit for case in page.items}) > 1 or len(page.counts.units) > 1
    found: dict[str, list[Row]] = {}
    for case in page.items:
        found.setdefault(bucket_of(case, page.now, end), []).append(_row(case, several))
    order = [key for key in ("late", "today", "soon", "waiting", "closed") if key in found]

    def count(key: str) -> str:
        shown = len(found[key])
        if narrowed:
            return f"{shown}+" if page.next else str(shown)
        return count_text(page.counts.buckets.get(key, shown))

    return [Group(key, gettext(TITLES[key]), DOTS[key], count(key), found[key]) for key in order]


def _link(request: HttpRequest, **changes: str) -> str:
    query = request.GET.copy()
    query.pop("after", None)
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


def rail(request: HttpRequest, page: QueuePage, wanted: QueueFilter) -> dict[str, Any]:
    """The left column."""
    counts, now = page.counts, wanted.bucket or ""
    everything = sum(counts.buckets.get(key, 0) for key in ("late", "today", "soon", "waiting"))

    def entry(key: str, icon: str = "", dot: str = "") -> Filter:
        number = everything if not key else counts.buckets.get(key, 0)
        return Filter(_link(request, show=key), gettext(TITLES[key]), icon, dot, count_text(number), now == key,
                      key == "late" and number > 0)  # fmt: skip

    types = [
        Filter(
            _link(request, type="" if wanted.type == item.key else item.key),
            translated(item.title),
            item.icon,
            "",
            count_text(counts.types.get(item.key, 0)),
            wanted.type == item.key,
        )
        for item in service.definitions()
        if counts.types.get(item.key) or wanted.type == item.key
    ]
    units = []
    if len(counts.units) > 1:
        largest = sorted(counts.units.items(), key=lambda pair: -pair[1])[:MAX_UNITS]
        units = [
            Filter(
                _link(request, unit="" if wanted.unit == unit else str(unit)),
                unit_name(unit),
                "pin",
                "",
                count_text(number),
                wanted.unit == unit,
            )
            for unit, number in largest
        ]
    strip = [(DOTS[key], counts.buckets.get(key, 0)) for key in ("late", "today", "soon", "waiting")]
    return {
        "rail_first": [entry("", "people"), entry("mine", "user"), entry("new", "inbox")],
        "rail_due": [entry(key, dot=DOTS[key]) for key in ("late", "today", "soon", "waiting")],
        "rail_done": Filter(_link(request, show="closed"), gettext(TITLES["closed"]), "done", "", "", now == "closed"),
        "rail_types": types,
        "rail_units": units,
        "strip": [(dot, number) for dot, number in strip if number],
        "strip_text": ", ".join(
            f"{gettext(TITLES[key])}: {counts.buckets.get(key, 0)}" for key in DOTS if key != "closed"
        ),
        "queue_total": count_text(everything if not now else counts.buckets.get(now, len(page.items))),
    }


def context(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """What the list and the left column need."""
    wanted = filter_of(request)
    page = service.queue(actor, wanted)
    return {
        "page": page,
        "groups": groups(page, wanted != QueueFilter(after=wanted.after)),
        "wanted": wanted,
        "queue_title": gettext(TITLES[wanted.bucket or ""]),
        "selecting": request.GET.get("select") == "1" and bool(ports.reach(actor, "cases.assign")),
        "may_select": bool(ports.reach(actor, "cases.assign")),
        "select_link": _link(request, select="" if request.GET.get("select") else "1"),
        "query": request.GET.urlencode(),
        "live": {"url": f"/desk/?{request.GET.urlencode()}", "target": "#queue", "stream": "/live/cases"},
        **rail(request, page, wanted),
    }


@require_GET
@vary_on_headers("HX-Request")
def queue(request: HttpRequest) -> HttpResponse:
    """The desk: the queue, with its most urgent case beside it; the list alone for htmx."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    shown = context(request, actor)
    if request.headers.get("HX-Request"):
        return render(request, "cases/_list.html", shown)
    shown["assignable"] = assignable(actor) if shown["selecting"] else []
    items = shown["page"].items
    if items and not shown["selecting"]:
        detail = service.case(actor, items[0].id)
        shown |= story.page(detail, clock.now())
        shown["current"] = items[0].id
    return render(request, "cases/queue.html", shown)


def assignable(actor: Actor, unit: UUID | None = None) -> list[tuple[UUID, str]]:
    """Who can be put in charge in the actor's unit."""
    place = unit or actor.unit
    if place is None:
        return []
    found = {member.account.id: member.account.display_name for member in people.members(place, action="cases.act")}
    return sorted(found.items(), key=lambda pair: pair[1])


@require_POST
def assign_many(request: HttpRequest) -> HttpResponse:
    """Put somebody in charge of the ticked cases."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    ports.require(actor, "cases.assign")
    ticked: list[tuple[UUID, int]] = []
    try:
        for item in request.POST.getlist("case"):
            key, _, version = item.partition(":")
            ticked.append((UUID(key), int(version)))
        account = UUID(request.POST["account"]) if request.POST.get("account") else None
    except ValueError:
        raise NotFound() from None
    refused = service.assign_many(actor, ticked, account)
    done = len(ticked) - len(refused)
    if done:
        text = ngettext("%(n)s case has a new person in charge.", "%(n)s cases have a new person in charge.", done)
        messages.success(request, text % {"n": done})
    if refused:
        text = ngettext(
            "%(n)s case stayed as it was: somebody was faster.", "%(n)s cases stayed as they were.", len(refused)
        )
        messages.warning(request, text % {"n": len(refused)})
    return HttpResponseRedirect(f"/desk/?{request.POST.get('back', '')}", status=303)


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Search over all cases in reach: open and done."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    text = request.GET.get("q", "").strip()[:100]
    found = service.search(actor, text)
    if len(found) == 1 and found[0].number.upper() == text.upper():
        return HttpResponseRedirect(f"/desk/cases/{found[0].number}/")
    rows = [_row(case, True) for case in found]
    return render(request, "cases/search.html", {"rows": rows, "text": text})
