"""Reading: the queue, a case, its public face, searches and the change log. Every list is filtered by the reach."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from math import cos, radians
from uuid import UUID

from thanglong.core.cases.repository import changes as log
from thanglong.core.cases.repository import dossier, followers, rows
from thanglong.core.cases.repository import queue as repository
from thanglong.core.cases.rules import moves
from thanglong.core.cases.rules.buckets import day_end
from thanglong.core.cases.service import contacts, guarding, linking, writing
from thanglong.core.cases.service.catalogue import definition
from thanglong.core.cases.service.people import is_reporter
from thanglong.core.cases.service.wording import fill
from thanglong.core.cases.types import (
    Action,
    Case,
    CaseChange,
    CaseDetail,
    CaseType,
    Document,
    Event,
    Opinion,
    PublicCase,
    QueueCounts,
    QueueFilter,
    QueuePage,
    Return,
    UnitLoad,
)
from thanglong.core.places import service as places
from thanglong.kit import clock, ports
from thanglong.kit.errors import NotFound, NotSignedIn
from thanglong.kit.ports import Actor, Reach
from thanglong.kit.text import fold

MAX_PAGE = 200
FIRST = ("blocks", "part")  # links to cases that must be finished before this one
METRES_PER_DEGREE = 111_195.0
MANY, KEEP_COUNTS = 5_000, 3.0
_counts: dict[tuple[object, UUID | None], tuple[float, QueueCounts]] = {}


def _not_signed_in(actor: Actor) -> bool:
    """Citizens, with an account or without, have no desk: their cases open by the secret address."""
    return actor.kind == "citizen"


def _load_visible(actor: Actor, key: UUID | str) -> tuple[Case, CaseType, bool]:
    """A case that the asker may see; True when only because their unit was asked for its opinion."""
    if _not_signed_in(actor):
        raise NotSignedIn()
    case, case_type = writing.load(key)
    if ports.plugged.access.allowed(actor, "cases.view", case.unit):
        return case, case_type, False
    if case_type.opinions is not None:
        reach = ports.reach(actor, "cases.view")
        if reach and any(unit in reach for unit in dossier.asked_units(case.id)):
            return case, case_type, True
    raise NotFound()


def case(actor: Actor, key: UUID | str) -> CaseDetail:
    """A case by id or number, with its story and what the asker may do now. NotFound outside the asker's reach.

    Somebody of a unit that was asked for its opinion sees the case, its files and their own opinions, nothing more.
    """
    found, case_type, guest = _load_visible(actor, key)
    if guest:
        return _as_guest(actor, found, case_type)
    access = ports.plugged.access

    def permitted(permission: str) -> bool:
        return access.allowed(actor, permission, found.unit)

    may_act = permitted("cases.act")
    contact, shut = contacts.shown(actor, found)
    documents = rows.documents(found.id)
    opinions = dossier.opinions(found.id) if case_type.opinions is not None else []
    returns = dossier.returns(found.id) if _returns(case_type) else []
    events = rows.events(found.id)
    linked = linking.seen(actor, found.id)
    actions = tuple(moves.open_actions(case_type, found, permitted=permitted))
    standing = [item.number for item in linked if not item.closed and not item.outgoing and item.kind in FIRST]
    return CaseDetail(
        case=found,
        type=case_type,
        events=events,
        documents=documents,
        actions=actions,
        contact=contact,
        contact_shut=shut,
        clock=rows.clock_segments(found.id),
        can_assign=permitted("cases.assign") and not found.kind.closed,
        can_transfer=permitted("cases.transfer") and not found.kind.closed,
        can_message=may_act,
        followers=followers.count(found.id),
        blocked=_blocked(actor, found, case_type, actions, events, opinions, documents, returns, standing),
        opinions=opinions,
        returns=returns,
        checklist=guarding.checklist(case_type, found, documents, returns),
        links=linked,
        holds=dossier.holds(found.id),
    )


def _as_guest(actor: Actor, found: Case, case_type: CaseType) -> CaseDetail:
    reach = ports.reach(actor, "cases.view")
    return CaseDetail(
        case=found,
        type=case_type,
        events=rows.events(found.id, public_only=True),
        documents=rows.documents(found.id),
        actions=(),
        contact=None,
        opinions=[item for item in dossier.opinions(found.id) if item.unit in reach],
        guest=True,
    )


def _returns(case_type: CaseType) -> bool:
    return any("return" in action.effects for action in case_type.actions)


def _blocked(
    actor: Actor,
    found: Case,
    case_type: CaseType,
    actions: Sequence[Action],
    events: Sequence[Event],
    opinions: Sequence[Opinion],
    documents: Sequence[Document],
    returns: Sequence[Return],
    standing: Sequence[str],
) -> dict[str, list[str]]:
    """What keeps each action from being taken, as sentences; only what holds whatever is entered."""
    blocked = {}
    past = {event.action: str(event.actor_id) for event in events if event.verb == "acted" and event.actor_id}
    now = clock.now()
    for step in actions:
        faults = guarding.standing_faults(
            case_type, found, step, opinions=opinions, documents=documents, returns=returns, now=now, closing=standing
        )
        if step.guard is not None and not faults and not guarding.needs_input(step.guard):
            faults = guarding.guard_faults(actor, found, step, {}, (), past)
        if faults:
            blocked[step.key] = [fill(fault.text, fault.params) for fault in faults]
    return blocked


def public_case(key: UUID | str, *, actor: Actor = ports.ANONYMOUS, secret: str = "") -> PublicCase:
    """A case as everyone may see it; with the reporter's ``secret`` (or account) also a case that is not public.

    Only ``public_fields`` of the data are left, names of persons are gone, documents are the public ones. The reporter
    also sees the messages and the actions open to them.
    """
    found, case_type = writing.load(key)
    mine = is_reporter(actor, found.id, secret)
    if not case_type.public and not mine:
        raise NotFound()
    story = rows.events(found.id)
    if mine:
        story = [event for event in story if event.public or event.verb in ("message", "reply")]
    else:
        story = [event for event in story if event.public]
    return PublicCase(
        case=public_view(found, case_type),
        type=case_type,
        events=[_public_event(event, case_type) for event in story],
        documents=rows.documents(found.id, public_only=not mine),
        followers=followers.count(found.id),
        actions=tuple(moves.open_actions(case_type, found, permitted=lambda _: False, reporter=True)) if mine else (),
        mine=mine,
        returns=[item for item in dossier.returns(found.id) if item.state in ("sent", "answered")]
        if mine and _returns(case_type)
        else (),
        opinions=dossier.opinions(found.id) if mine and case_type.opinions is not None else (),
    )


def public_view(found: Case, case_type: CaseType) -> Case:
    """A case without what is not for everyone."""
    data = {name: found.data[name] for name in case_type.public_fields if name in found.data}
    return replace(found, data=data, assignee=None, assignee_label="")


def _public_event(event: Event, case_type: CaseType) -> Event:
    action = case_type.action(event.action)
    shown = {field.key for field in action.fields if field.public} | {"reason"} if action else set()
    data = {name: value for name, value in event.data.items() if name in shown}
    return replace(event, actor_id=None, actor_label="", data=data)


def timeline(case_id: UUID) -> list[Event]:
    """A case's story, oldest first (the caller has checked that the asker may see it)."""
    return rows.events(case_id)


def queue(actor: Actor, wanted: QueueFilter, *, counted: bool = True) -> QueuePage:
    """A page of the work queue with its counts: two queries, whatever the reach. Raises NotSignedIn."""
    if _not_signed_in(actor):
        raise NotSignedIn()
    reach = ports.reach(actor, "cases.view")
    now = clock.now()
    end = day_end(clock.local(now))
    wanted = _bounded(wanted)
    seen, of = reach, (wanted.unit,) if wanted.unit else ()
    if wanted.bucket == "closed":  # closed cases stay with units that have ended: found from those that took over
        seen, of = with_former(reach), (*of, *places.former(of))
    items, following = repository.page(seen, wanted, now, end, actor.id, of)
    counts = _counted(reach, now, end, actor.id) if counted else QueueCounts({}, {}, {})
    return QueuePage(items, following, counts, now)


def with_former(reach: Reach) -> Reach:
    """A reach with the ended units whose business went to the units in it."""
    return reach if reach.everywhere else Reach(False, reach.units | places.former(reach.units))


def _counted(reach: Reach, now: datetime, end: datetime, mine: UUID | None) -> QueueCounts:
    """The counts; where a reach holds very many open cases, those of up to a few seconds ago."""
    name = ("*" if reach.everywhere else reach.units, mine)
    kept = _counts.get(name)
    if kept is not None and clock.monotonic() < kept[0]:
        return kept[1]
    counts = repository.counts(reach, now, end, mine)
    if sum(counts.units.values()) > MANY:
        if len(_counts) > 200:
            _counts.clear()
        _counts[name] = clock.monotonic() + KEEP_COUNTS, counts
    return counts


def _bounded(wanted: QueueFilter) -> QueueFilter:
    return replace(wanted, limit=max(1, min(wanted.limit, MAX_PAGE)))


def search(actor: Actor, text: str, limit: int = 50) -> list[Case]:
    """The newest cases in reach whose number, subject or address holds every word, marks or not."""
    if _not_signed_in(actor):
        raise NotSignedIn()
    if not fold(text):
        return []
    return repository.search(with_former(ports.reach(actor, "cases.view")), text, min(limit, MAX_PAGE))


def near(
    lon: float, lat: float, radius_m: float, type_key: str = "", since: datetime | None = None, limit: int = 200
) -> list[Case]:
    """Cases within ``radius_m`` metres, newest first (public data only: the caller shows what everyone may see)."""
    dlat = radius_m / METRES_PER_DEGREE
    scale = max(cos(radians(lat)), 0.01)
    box = (lon - dlat / scale, lat - dlat, lon + dlat / scale, lat + dlat)
    found = repository.in_box(box, type_key, since, limit)

    def distance(case: Case) -> float:
        east = ((case.lon or 0) - lon) * scale
        return float((east**2 + ((case.lat or 0) - lat) ** 2) ** 0.5 * METRES_PER_DEGREE)

    return [case for case in found if distance(case) <= radius_m]


def listed(
    types: Iterable[str],
    *,
    states: Iterable[str] = (),
    kinds: Iterable[str] = (),
    units: Iterable[UUID] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 100,
) -> list[Case]:
    """Cases of public types, newest first, as everyone may see them; ``before``: (opened_at, id) of the last."""
    known = {key: definition(key) for key in types}
    if units is not None:
        asked = list(units)
        units = [*asked, *places.former(asked)]
    found = repository.listed(
        types=[key for key, case_type in known.items() if case_type.public], public_states=states, units=units,
        since=since, until=until, kinds=kinds, before=before, limit=limit,
    )  # fmt: skip
    return [public_view(case, known[case.type]) for case in found]


def cases_by_id(actor: Actor, ids: Sequence[UUID]) -> list[Case]:
    """Those of the asked cases that the asker may see, in the order asked."""
    reach = ports.reach(actor, "cases.view")
    return [case for case in rows.case_rows(ids) if case.unit in reach]


def changes(after: int, limit: int = 1000) -> list[CaseChange]:
    """The change log after number ``after``: complete, in order, nothing skipped (for processes, not people)."""
    return log.after(after, limit)


def last_change() -> int:
    """The newest sequence number of the change log."""
    return log.last()


def loads(actor: Actor, since: datetime) -> list[UnitLoad]:
    """Load, lateness and ratings of each unit in reach since a moment."""
    if _not_signed_in(actor):
        raise NotSignedIn()
    return repository.loads(ports.reach(actor, "cases.view"), clock.now(), since)
