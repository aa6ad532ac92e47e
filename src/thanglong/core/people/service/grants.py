"""Memberships: granting and ending roles, and who is where."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from uuid import UUID

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import repository, rules
from thanglong.core.people.repository import absences as stand
from thanglong.core.people.service.access import access, root
from thanglong.core.people.service.accounts import create_account, ref
from thanglong.core.people.types import (
    ACTIONS,
    CITY,
    WITHHELD,
    AccountInfo,
    Kind,
    Member,
    Membership,
    NotYours,
    Role,
)
from thanglong.core.places import service as places
from thanglong.kit import clock
from thanglong.kit.errors import N_, Conflict, Denied, Fault, Invalid, NotFound
from thanglong.kit.ids import new_id
from thanglong.kit.ports import JSON, SYSTEM, Actor

_KEY = re.compile(r"[a-z][a-z0-9_]{1,39}")


def roles() -> list[Role]:
    """All roles, highest rank first."""
    return sorted(access.snapshot().roles.values(), key=lambda role: (-role.rank, role.key))


def save_role(actor: Actor, role: Role) -> None:
    """Add a role or change what one may do, in every unit at once; needs ``people.manage`` in the whole city."""
    access.require(actor, "people.manage", root())
    faults = [Fault("key", N_("Use small letters, digits and underscores."))] if not _KEY.fullmatch(role.key) else []
    if unknown := sorted(role.actions - set(ACTIONS)):
        faults.append(Fault("actions", N_("There is no action %(action)s."), {"action": unknown[0]}))
    if not role.name_vi.strip() or not role.name_en.strip():
        faults.append(Fault("name_vi", N_("Name the role in both languages.")))
    if faults:
        raise Invalid(faults)
    with repository.atomic():
        before = repository.roles().get(role.key)
        repository.save_role(role)
        repository.bump()
        facts = {"actions": sorted(role.actions), "name_vi": role.name_vi, "name_en": role.name_en}
        state = _role_state(before) if before else None
        after = _role_state(role)
        ledger.append(actor, "role.saved", ObjectRef("role", role.key), before=state, after=after, facts=facts)
    access.renew()


def _role_state(role: Role) -> JSON:
    return {"actions": sorted(role.actions), "rank": role.rank, "second_factor": role.second_factor}


def role_name(key: str, language: str = "vi") -> str:
    """A role's name in a language; the key when there is no such role."""
    role = access.snapshot().roles.get(key)
    return key if role is None else role.name_en if language.startswith("en") else role.name_vi


def memberships(account_id: UUID, on: date | None = None) -> list[Membership]:
    """Memberships of an account valid on a day (None: today)."""
    day = on or clock.today()
    return [item for item in access.snapshot().of(account_id) if item.valid_on(day)]


def history(account_id: UUID) -> list[Membership]:
    """All memberships of an account, past and future too, oldest first."""
    return list(repository.memberships(account_id))


def members(unit: UUID, *, role: str | None = None, action: str | None = None, on: date | None = None) -> list[Member]:
    """Who works in a unit itself (not above or below) on a day; only a role, or roles that allow an action."""
    return members_of([unit], role=role, action=action, on=on)


def members_of(
    units: Iterable[UUID] | None, *, role: str | None = None, action: str | None = None, on: date | None = None
) -> list[Member]:
    """The same for several units, or for all (None); sorted by name."""
    known = access.snapshot().roles
    keys = [key for key, item in known.items() if (role in (None, key)) and (action is None or action in item.actions)]
    day, asked = on or clock.today(), None if units is None else list(units)
    found = repository.in_units(asked, day, keys)
    lent = stand.released({item.account for item, _ in found}, day)
    found = [(item, account) for item, account in found if item.kind is not Kind.POST or item.account not in lent]
    if action not in WITHHELD:
        there = {(item.account, item.role, item.unit) for item, _ in found}
        borrowed = stand.stand_ins(asked, day, keys)
        found += [(item, who) for item, who in borrowed if (item.account, item.role, item.unit) not in there]
        found.sort(key=lambda pair: (pair[1].display_name, pair[0].id))
    return [Member(account, item, known[item.role]) for item, account in found]


def grantable(actor: Actor) -> list[Role]:
    """The roles that ``actor`` could pass on somewhere: those all of whose actions they hold in one capacity."""
    if actor.kind == "system":
        return roles()
    if actor.kind != "person" or actor.id is None:
        return []
    known = access.snapshot().roles
    held = [item for item in memberships(actor.id) if item.standing_in_for is None]
    own = [known[item.role] for item in held if item.role in known]
    return [
        role for role in roles() if any("people.grant" in mine.actions and role.actions <= mine.actions for mine in own)
    ]


def grant(
    actor: Actor,
    account: UUID,
    role: str,
    unit: UUID,
    valid_from: date | None = None,
    valid_to: date | None = None,
    kind: Kind | str = Kind.POST,
    releases: bool = False,
) -> Membership:
    """Give ``account`` a role in a unit for a period (from today, open-ended by default).

    ``releases``: a full-time secondment, while which the regular posts rest. A secondment or deputy needs a last day.
    Needs ``people.grant`` in the unit, and nobody passes on more than they hold: every action of the role, in a unit
    of their own subtree, within their own term (NotYours). Invalid when the period, role, unit or account is wrong,
    when it begins in the past (rights are not given backwards), or the role is held there on some of the days already.
    """
    start = valid_from or clock.today()
    access.require(actor, "people.grant", unit)
    made = Membership(
        new_id(), account, role, unit, start, valid_to, Kind(kind), actor.id, releases and kind == Kind.SECONDMENT
    )
    with repository.atomic():
        repository.lock_accounts([account])
        wanted = _check(made, backdated=actor.kind == "system")
        _check_bounds(actor, wanted, unit, (start, valid_to))
        repository.add_membership(made)
        _changed(actor, "membership.granted", made, before=None, after=_state(made))
    access.renew()
    return made


def end(actor: Actor, membership_id: UUID, last_day: date | None = None) -> Membership:
    """End a membership with ``last_day`` as its last one; None ends it at once (a role begun today never held).

    Needs ``people.grant`` in its unit and every right that it carries, as for granting.
    """
    with repository.atomic():
        row = repository.membership_row(membership_id, lock=True)
        before = repository.membership(row)
        if not access.allowed(actor, "people.grant", before.unit):
            # the same answer whether the row exists or not
            raise NotFound()
        role = access.snapshot().roles.get(before.role)
        if role is not None:
            _check_bounds(actor, role, before.unit, (clock.today(), None), ending=True)
        day = last_day or _yesterday()
        if before.valid_to is not None and before.valid_to <= day:
            return before
        repository.end_membership(row, day)
        after = replace(before, valid_to=day)
        _changed(actor, "membership.ended", after, before=_state(before), after=_state(after))
    access.renew()
    return after


def create_first_administrator(username: str, password: str) -> AccountInfo:
    """The first account of an empty installation, which may do everything everywhere; Conflict when one exists."""
    with repository.atomic():
        if repository.any_account():
            raise Conflict(N_("There are accounts already."))
        account = create_account(SYSTEM, username, username, password)
        made = Membership(new_id(), account.id, "city_admin", root(), clock.today(), None, Kind.POST, None)
        repository.add_membership(made)
        _changed(SYSTEM, "membership.granted", made, before=None, after=_state(made))
    access.renew()
    return account


def _yesterday() -> date:
    return date.fromordinal(clock.today().toordinal() - 1)


def _check(made: Membership, *, backdated: bool) -> Role:
    faults = []
    wanted = access.snapshot().roles.get(made.role)
    if wanted is None:
        faults.append(Fault("role", N_("Choose one of the roles.")))
    if made.valid_to is not None and made.valid_to < made.valid_from:
        faults.append(Fault("valid_to", N_("The last day lies before the first one.")))
    if made.valid_to is None and made.kind is not Kind.POST:
        faults.append(Fault("valid_to", N_("Give the last day: only a regular post has no end.")))
    if made.valid_from < clock.today() and not backdated:
        faults.append(Fault("valid_from", N_("The first day lies in the past: rights are not given backwards.")))
    if not repository.official(made.account):
        faults.append(Fault("account", N_("There is no open account of this name.")))
    if made.unit != CITY and made.unit not in places.subtree(root(made.valid_from), made.valid_from):
        faults.append(Fault("unit", N_("There is no such unit on that day.")))
    if (held := rules.overlap(repository.memberships(made.account), made)) is not None:
        text = N_("The person holds this role there from %(first)s to %(last)s. End that first or choose other days.")
        last = f"{held.valid_to:%d/%m/%Y}" if held.valid_to else "…"
        faults.append(Fault("valid_from", text, {"first": f"{held.valid_from:%d/%m/%Y}", "last": last}))
    if faults or wanted is None:
        raise Invalid(faults)
    return wanted


def _check_bounds(
    actor: Actor, role: Role, unit: UUID, period: tuple[date, date | None], *, ending: bool = False
) -> None:
    if actor.kind == "system":
        return
    if actor.kind != "person" or actor.id is None:
        raise Denied()
    known = access.snapshot()
    today = clock.today()
    own = [item for item in known.of(actor.id) if item.valid_on(today)]
    if ending:
        # ending needs the right today only, however long the granter's own term is
        own = [replace(item, valid_from=period[0], valid_to=None) for item in own]
    units = rules.within(own, known.roles, role, period)
    if not any(mine in (CITY, root()) or unit in places.subtree(mine) for mine in units):
        raise NotYours()


def _state(item: Membership) -> JSON:
    return {
        "role": item.role,
        "unit": str(item.unit),
        "from": item.valid_from.isoformat(),
        "to": item.valid_to.isoformat() if item.valid_to else None,
        "kind": str(item.kind),
    }


def _changed(actor: Actor, verb: str, item: Membership, *, before: JSON, after: JSON) -> None:
    repository.bump()
    facts = {"role": item.role, "kind": str(item.kind), "from": item.valid_from.isoformat()}
    if item.valid_to:
        facts["to"] = item.valid_to.isoformat()
    ledger.append(actor, verb, ref(item.account), unit=item.unit, before=before, after=after, facts=facts)
