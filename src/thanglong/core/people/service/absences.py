"""Leave, and who stands in: the deputy does the absent official's work, with their rights to it and no more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from thanglong.core.ledger import service as ledger
from thanglong.core.people import repository
from thanglong.core.people.repository import absences as rows
from thanglong.core.people.service.access import access
from thanglong.core.people.service.accounts import ref
from thanglong.core.people.types import Absence, Kind
from thanglong.core.places import service as places
from thanglong.kit import clock
from thanglong.kit.errors import N_, Denied, Fault, Invalid, NotFound, NotSignedIn
from thanglong.kit.ids import new_id
from thanglong.kit.ports import JSON, Actor

LONGEST = timedelta(days=366)


def _posts(account: UUID, first: date, last: date) -> list[UUID]:
    """The units in which somebody works on any day of a period in their own right."""
    return [
        item.unit
        for item in repository.memberships(account)
        if item.kind is not Kind.DEPUTY
        and item.valid_from <= last
        and (item.valid_to is None or item.valid_to >= first)
    ]


def _may(actor: Actor, account: UUID, first: date, last: date) -> None:
    """Oneself, or somebody who gives the roles in every unit where the person works."""
    if actor.kind == "system" or (actor.kind == "person" and actor.id == account):
        return
    if actor.kind == "citizen":
        raise NotSignedIn()
    units = _posts(account, first, last)
    if not units:
        access.require(actor, "people.grant")
    if not all(access.allowed(actor, "people.grant", unit) for unit in units):
        raise Denied()


def require_leave(actor: Actor, account: UUID) -> None:
    """Return when ``actor`` may enter leave of this account, as :func:`enter` says; else Denied or NotSignedIn."""
    _may(actor, account, clock.today(), clock.today())


def enter(actor: Actor, account: UUID, first: date, last: date, deputy: UUID | None = None) -> Absence:
    """Note leave from ``first`` to ``last``, with or without a deputy, who holds the absent one's rights meanwhile.

    For oneself, or with ``people.grant`` in every unit where the person works. The deputy must work in one of these
    units or below. Invalid lists every fault: days in the past, days already covered, a deputy who is away too.
    """
    _may(actor, account, first, last)
    with repository.atomic():
        repository.lock_accounts([account, *([deputy] if deputy else [])])
        if faults := _faults(account, first, last, deputy):
            raise Invalid(faults)
        made = Absence(new_id(), account, first, last, deputy, actor.id)
        rows.add(made)
        _changed(actor, "absence.entered", made, None, _state(made))
    access.renew()
    return made


def _faults(account: UUID, first: date, last: date, deputy: UUID | None) -> list[Fault]:
    faults = []
    today = clock.today()
    if not repository.active(account):
        faults.append(Fault("account", N_("There is no open account of this name.")))
    if first < today:
        faults.append(Fault("first_day", N_("Leave cannot begin in the past: rights are not given backwards.")))
    if last < first:
        faults.append(Fault("last_day", N_("The last day lies before the first one.")))
    elif last - first > LONGEST:
        faults.append(Fault("last_day", N_("Leave of more than a year: end the role instead.")))
    if others := rows.overlapping([account], first, last):
        text = N_("Leave from %(first)s to %(last)s is entered already. End that one first or choose other days.")
        days = {"first": f"{others[0].first_day:%d/%m/%Y}", "last": f"{others[0].last_day:%d/%m/%Y}"}
        faults.append(Fault("first_day", text, days))
    if rows.covered(account, first, last):
        text = N_("This person stands in for somebody on these days. Name another deputy there first.")
        faults.append(Fault("first_day", text))
    return faults + (_deputy_faults(account, first, last, deputy) if deputy else [])


def _deputy_faults(account: UUID, first: date, last: date, deputy: UUID) -> list[Fault]:
    if deputy == account:
        return [Fault("deputy", N_("Nobody can stand in for themselves."))]
    if not repository.active(deputy):
        return [Fault("deputy", N_("There is no open account of this name."))]
    if rows.overlapping([deputy], first, last):
        return [Fault("deputy", N_("The deputy is on leave on some of these days. Choose somebody else."))]
    around = {below for unit in _posts(account, first, last) for below in places.subtree(unit)}
    whole = [
        item
        for item in repository.memberships(deputy)
        if item.kind is not Kind.DEPUTY and item.valid_on(first) and item.valid_on(last)
    ]
    if not any(item.unit in around for item in whole):
        return [Fault("deputy", N_("The deputy must work in the same unit, or below it, on all of these days."))]
    return []


def end_absence(actor: Actor, absence_id: UUID) -> Absence:
    """End leave: the person is back today; leave that has not begun is taken back. As for entering; else NotFound."""
    with repository.atomic():
        found = rows.by_id(absence_id)
        if found is None or found.cancelled_at is not None:
            raise NotFound()
        try:
            _may(actor, found.account, found.first_day, found.last_day)
        except Denied:
            # the same answer whether the row exists or not
            raise NotFound() from None
        today = clock.today()
        if found.last_day < today:
            return found
        if found.first_day >= today:
            after = replace(found, cancelled_at=clock.now())
            rows.cancel(found.id, clock.now())
        else:
            after = replace(found, last_day=today - timedelta(days=1))
            rows.shorten(found.id, after.last_day)
        _changed(actor, "absence.ended", after, _state(found), _state(after))
    access.renew()
    return after


def absent(accounts: Sequence[UUID], on: date | None = None) -> Mapping[UUID, UUID | None]:
    """Who of the accounts is on leave on a day, with the deputy (None: nobody stands in)."""
    day = on or clock.today()
    return {item.account: item.deputy for item in rows.overlapping(accounts, day, day)}


def absences(accounts: Iterable[UUID]) -> list[Absence]:
    """Present and coming leave of these accounts, and leave in which one of them stands in."""
    return rows.since(clock.today(), accounts)


def _state(item: Absence) -> JSON:
    return {
        "from": item.first_day.isoformat(),
        "to": item.last_day.isoformat(),
        "deputy": str(item.deputy) if item.deputy else None,
        "cancelled": item.cancelled_at is not None,
    }


def _changed(actor: Actor, verb: str, item: Absence, before: JSON, after: JSON) -> None:
    repository.bump()
    facts = {"from": item.first_day.isoformat(), "to": item.last_day.isoformat(), "deputy": item.deputy is not None}
    ledger.append(actor, verb, ref(item.account), before=before, after=after, facts=facts)
    if item.deputy is not None:
        ledger.append(actor, verb.replace("absence", "deputy"), ref(item.deputy), facts=facts)
