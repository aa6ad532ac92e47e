"""Cases go along with a reform of units: open ones to the unit that now holds their place, closed ones stay.

Number, deadline, clock and state stay as they are; only the unit changes, and whoever is in charge stays so as long as
they may act in the new unit. A case of a divided unit whose place is not known goes to the largest part and is shown to
a person.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from thanglong.core.cases.repository import reforms
from thanglong.core.cases.service import writing
from thanglong.core.cases.service.catalogue import definition
from thanglong.core.cases.types import Case
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import NewEntry, ObjectRef
from thanglong.core.people import service as people
from thanglong.kit import clock
from thanglong.kit.errors import N_
from thanglong.kit.ports import Actor
from thanglong.kit.reorganising import Affected, Followed, Follower, Home, ToReview, UnitChange

UNSURE = N_("Its unit was divided and its place is not known: it went to the largest part.")
LIFTED = N_("Its unit was abolished and its place is not known: it went to the unit above.")


class OpenCases(Follower):
    """Open cases and the opinions still asked for."""

    def affected(self, change: UnitChange) -> Sequence[Affected]:
        """Open cases that move, closed ones that stay, opinions."""
        whole = [unit for unit in change.moves if not change.divided(unit)]
        parted = [unit for unit in change.units if unit not in whole]
        first, second = reforms.counts(whole), reforms.counts(parted)
        lines = [
            Affected("cases.open", N_("Open cases"), first[0] + second[0],
                     N_("They go to the unit that holds their place; number and deadline stay."), second[1]),
            Affected("cases.closed", N_("Closed cases"), first[2] + second[2],
                     N_("They stay where they were, and are found from the old and the new unit."), moves=False),
            Affected("opinions", N_("Opinions asked for"), first[3] + second[3], N_("The new unit is asked instead.")),
        ]  # fmt: skip
        return [line for line in lines if line.count]

    def in_force(self, change: UnitChange, actor: Actor) -> Followed:
        """Move open cases and questions for opinions."""
        moved, reviews = 0, []
        able = _Able()
        for unit in sorted(change.units):
            for chunk in reforms.open_cases(unit):
                homes = change.homes(unit, [(case.lon, case.lat) for case in chunk])
                pairs = list(zip(chunk, homes, strict=True))
                moved += _move(change, actor, [pair for pair in pairs if pair[1].unit != unit], able)
                reviews += [_review(change, case, home) for case, home in pairs if not home.sure]
        for opinion, unit, case_id, lon, lat in reforms.asked(change.units):
            home = change.homes(unit, [(lon, lat)])[0]
            if home.unit != unit:
                reforms.ask_instead(opinion, case_id, home.unit)
                facts = {"from": str(unit), "to": str(home.unit), "act": change.title}
                ledger.append(actor, "case.opinion_moved", ObjectRef("case", str(case_id)), unit=home.unit, facts=facts)
        return Followed(moved, reviews)

    def waiting(self, change: UnitChange) -> int:
        """Open cases in units that have ended: reopened since, or handed over by somebody who had an old page open."""
        ended = [unit for unit in change.moves if unit not in change.moves[unit]]
        return reforms.counts([*ended, *change.abolished])[0]


def _review(change: UnitChange, case: Case, home: Home) -> ToReview:
    reason = LIFTED if case.unit in change.abolished else UNSURE
    return ToReview(
        str(case.id), f"{case.number} · {case.subject}", f"/desk/cases/{case.number}/", case.unit, home.unit, reason
    )


class _Able:
    """Who may act in a unit, asked once per unit."""

    def __init__(self) -> None:
        self._known: dict[UUID, frozenset[UUID]] = {}

    def __call__(self, account: UUID | None, unit: UUID) -> bool:
        if account is None:
            return False
        if unit not in self._known:
            self._known[unit] = frozenset(member.account.id for member in people.members(unit, action="cases.act"))
        return account in self._known[unit]


def _move(change: UnitChange, actor: Actor, pairs: Sequence[tuple[Case, Home]], able: _Able) -> int:
    """Cases to their new units: one ledger entry and one event each, written many at a time."""
    if not pairs:
        return 0
    now = clock.now()
    texts: dict[UUID, str] = {}
    befores, afters, entries = [], [], []
    for case, home in pairs:
        for unit in (case.unit, home.unit):
            if unit not in texts:
                texts[unit] = writing.unit_name(unit)
        keeps = able(case.assignee, home.unit)
        after = replace(
            case, unit=home.unit, version=case.version + 1, assignee=case.assignee if keeps else None,
            assignee_label=case.assignee_label if keeps else "",
        )  # fmt: skip
        befores.append(case)
        afters.append(after)
        facts = {"from": str(case.unit), "to": str(home.unit), "act": change.title, "sure": home.sure}
        entries.append(
            NewEntry(
                actor, "case.rehomed", ObjectRef("case", str(case.id)), unit=home.unit, before=writing.state_of(case),
                after=writing.state_of(after), facts=writing.facts_of(after, **facts), at=now,
            )
        )  # fmt: skip
    written = ledger.append_many(entries)
    done = [replace(case, ledger_entry=item.id) for case, item in zip(afters, written, strict=True)]
    told = {
        key: writing.sentence(definition(*key), "rehomed") for key in {(case.type, case.type_version) for case in done}
    }
    events = [
        _event(actor, before, after, texts, change, now) | {"text": told[after.type, after.type_version]}
        for before, after in zip(befores, done, strict=True)
    ]
    reforms.move(done, events)
    return len(done)


def _event(
    actor: Actor, before: Case, after: Case, texts: Mapping[UUID, str], change: UnitChange, now: Any
) -> dict[str, Any]:
    params = {
        "unit": texts[after.unit], "before": texts[before.unit], "number": after.number, "act": change.title,
    }  # fmt: skip
    return {
        "case_id": after.id, "verb": "rehomed", "action": "", "at": now, "actor_kind": actor.kind, "actor_id": actor.id,
        "actor_label": actor.label, "unit": after.unit,
        "params": params,
        "public": True, "from_state": before.state, "to_state": after.state, "data": {}, "documents": [],
        "version": after.version, "ledger_entry": after.ledger_entry,
    }  # fmt: skip
