"""People go along with a reform of units: memberships are dated by the decision, access keys move on its day.

A membership in a unit that ends goes, with its role, kind and last day, to the unit that takes the largest share; it is
split at the day of effect, so that on the morning of the reform everybody may work without anything having to run.
Nobody gains rights by it: a membership in a unit abolished without successor ends with its unit.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.core.people import repository
from thanglong.core.people.repository import reforms
from thanglong.core.people.service.access import access
from thanglong.core.people.service.grants import _changed, _state
from thanglong.core.people.types import Kind, Membership
from thanglong.kit import clock
from thanglong.kit.errors import N_, Conflict
from thanglong.kit.ids import seeded_id
from thanglong.kit.ports import Actor
from thanglong.kit.reorganising import Affected, Followed, Follower, ToReview, UnitChange


def _eve(change: UnitChange) -> date:
    return date.fromordinal(change.effective_on.toordinal() - 1)


class Memberships(Follower):
    """Memberships and access keys."""

    def affected(self, change: UnitChange) -> Sequence[Affected]:
        """Memberships that move and those that end, and access keys."""
        rows = reforms.lasting_in(change.units, change.effective_on)
        moving = [row for row in rows if change.main(row.unit) not in (None, row.unit)]
        ending = [row for row in rows if row.unit in change.abolished]
        keys = [item for item in reforms.tokens_in(change.moves) if _home_of_key(change, item.unit)]
        found = [
            Affected(
                "memberships", N_("Memberships"), len(moving), N_("They go on in the new unit from the day of effect."),
                sum(change.divided(row.unit) for row in moving),
            ),
            Affected(
                "memberships.end", N_("Memberships in units without successor"), len(ending),
                N_("They end with their unit: give these people a new post."), len(ending),
            ),
            Affected("keys", N_("Access keys of programs"), len(keys), N_("They are limited to the new unit.")),
        ]  # fmt: skip
        return [line for line in found if line.count]

    def decided(self, change: UnitChange, actor: Actor) -> Any:
        """Split every membership at the day of effect."""
        notes: list[list[str | bool | None]] = []
        eve = _eve(change)
        for row in reforms.lasting_in(change.units, change.effective_on):
            unit = change.main(row.unit)
            if unit == row.unit:
                continue
            old = repository.membership_row(row.id, lock=True)
            made = None
            if unit is not None:
                start = max(row.valid_from, change.effective_on)
                made = replace(
                    row, id=seeded_id(str(change.id), "membership", str(row.id)), unit=unit, valid_from=start
                )
                repository.add_membership(made)
                _changed(actor, "membership.granted", made, before=None, after=_state(made))
            repository.end_membership(old, eve)
            ended = replace(row, valid_to=eve)
            _changed(actor, "membership.ended", ended, before=_state(row), after=_state(ended))
            notes.append([
                str(row.id), str(made.id) if made else None, str(row.account), row.role, str(row.unit),
                row.valid_from.isoformat(), row.valid_to.isoformat() if row.valid_to else None, row.kind.value,
                str(row.granted_by) if row.granted_by else None, row.releases,
            ])  # fmt: skip
        access.renew()
        return notes

    def undone(self, change: UnitChange, actor: Actor, memo: Any) -> None:
        """Put every membership together again; one that was ended in the meantime stays ended."""
        notes = [_note(row) for row in memo or []]
        now = reforms.memberships_by_id([made for _, made in notes if made] + [row.id for row, _ in notes])
        known = {made for _, made in notes}
        if any(row.id not in known for row in reforms.lasting_in(change.created, change.effective_on)):
            raise Conflict(N_("People were given posts in the new units since. End these posts first."))
        for before, made_id in notes:
            made = now.get(made_id) if made_id else None
            last = made.valid_to if made is not None else before.valid_to if made_id is None else _eve(change)
            row = now.get(before.id)
            if made is not None:
                reforms.remove_membership(made.id)
                _changed(actor, "membership.ended", made, before=_state(made), after=None)
            if row is None:  # it began after the reform and had been moved whole
                if made is not None or made_id is None:
                    repository.add_membership(replace(before, valid_to=last))
                    _changed(actor, "membership.granted", before, before=None, after=_state(before))
            elif row.valid_to == _eve(change):
                reforms.reopen_membership(row.id, last)
                again = replace(row, valid_to=last)
                _changed(actor, "membership.restored", again, before=_state(row), after=_state(again))
        access.renew()

    def in_force(self, change: UnitChange, actor: Actor) -> Followed:
        """Access keys move; posts placed by the largest share, and people without a post, are shown to a person."""
        keys = 0
        for item in reforms.tokens_in(change.moves):
            unit = _home_of_key(change, item.unit)
            if unit is None or item.unit is None:
                continue
            reforms.move_token(item.id, unit)
            shown = {"from": str(item.unit), "to": str(unit)}
            ledger.append(actor, "token.moved", ObjectRef("token", str(item.id)), unit=unit, facts=shown)
            keys += 1
        if keys:
            repository.bump()
            access.renew()
        reviews = [*_placed(change), *_without_post(change)]
        return Followed(keys, reviews)


def _home_of_key(change: UnitChange, unit: UUID | None) -> UUID | None:
    home = change.main(unit) if unit is not None else None
    return None if home == unit else home


def _note(row: Sequence[Any]) -> tuple[Membership, UUID | None]:
    old, made, account, role, unit, first, last, kind, by, releases = row
    before = Membership(
        UUID(old), UUID(account), role, UUID(unit), date.fromisoformat(first),
        date.fromisoformat(last) if last else None, Kind(kind), UUID(by) if by else None, bool(releases),
    )  # fmt: skip
    return before, UUID(made) if made else None


def _ended(change: UnitChange, units: Sequence[UUID]) -> list[tuple[Membership, str]]:
    """Memberships that ended with these units, with their holders' names."""
    eve = _eve(change)
    return [(row, account.display_name) for row, account in repository.in_units(units, eve) if row.valid_to == eve]


def _placed(change: UnitChange) -> list[ToReview]:
    divided = [old for old in change.moves if change.divided(old)]
    reason = N_("The unit was divided: this person went to the largest part.")
    return [
        ToReview(str(row.id), name, f"/desk/people/{row.account}/", row.unit, change.main(row.unit) or row.unit, reason)
        for row, name in _ended(change, divided)
        if change.main(row.unit) != row.unit
    ]


def _without_post(change: UnitChange) -> list[ToReview]:
    """People whose only post ended with a unit that has no successor."""
    reason = N_("The unit was abolished: this person has no post in it any more.")
    today = clock.today()
    left = _ended(change, list(change.abolished))
    return [
        ToReview(str(row.id), name, f"/desk/people/{row.account}/", row.unit, change.abolished[row.unit], reason)
        for row, name in left
        if not any(item.valid_on(today) for item in repository.memberships(row.account))
    ]
