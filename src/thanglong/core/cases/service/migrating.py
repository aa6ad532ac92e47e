"""Moving running cases to a new version of their type, with a map, tried dry on every case first."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction

from thanglong.core.cases.repository import migrating as repository
from thanglong.core.cases.repository import rows
from thanglong.core.cases.rules import clock as timing
from thanglong.core.cases.rules import mapping, pauses
from thanglong.core.cases.rules.mapping import TypeMap
from thanglong.core.cases.service import changing
from thanglong.core.cases.service.acting import row_changes
from thanglong.core.cases.service.catalogue import definition, keep
from thanglong.core.cases.types import Case, CaseType
from thanglong.kit import ports
from thanglong.kit.errors import N_, Fault, Invalid
from thanglong.kit.ports import Actor

SHOWN = 20


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What moving cases did or would do. ``moved`` counts by (old state, new state); ``refused`` gives reasons with
    how many cases, and ``examples`` some of their numbers; ``kept`` are left where they are on purpose.
    """

    type: str
    version: int
    to: int
    dry_run: bool
    moved: Mapping[tuple[str, str], int]
    refused: Mapping[tuple[str, str], int]
    examples: Mapping[tuple[str, str], list[str]]
    kept: int


def read_map(content: Any) -> TypeMap:
    """A map from its JSON (keys as in ``TypeMap``); Invalid says what is wrong with it."""
    try:
        return msgspec.convert(content, TypeMap)
    except msgspec.ValidationError as error:
        raise Invalid([Fault("map", N_("The map cannot be read: %(why)s"), {"why": str(error)})]) from None


def migrate_cases(
    actor: Actor, type_key: str, version: int, to: int, plan: TypeMap, *, dry_run: bool = True, batch: int = 200
) -> MigrationReport:
    """Move the open cases of ``version`` of a type to version ``to``. Needs ``system.manage``.

    A case whose state the map cannot place, or whose data would not fit the new form, stays as it is and is reported.
    Each case is one step with its event and ledger entry; batches are transactions of their own, so that a crash leaves
    whole cases either moved or not, and running it again goes on. Raises Invalid (every fault of the map), NotFound.
    """
    ports.require(actor, "system.manage")
    old, new = definition(type_key, version), definition(type_key, to)
    faults = mapping.problems(plan, old, new)
    if version == to:
        faults.append("the two versions are the same")
    if faults:
        raise Invalid([Fault("map", N_("The map cannot be used: %(why)s"), {"why": "; ".join(faults)})])
    moved: Counter[tuple[str, str]] = Counter()
    refused: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], list[str]] = {}
    kept, after = 0, None
    while ids := repository.running(type_key, version, after, batch):
        after = ids[-1]
        with transaction.atomic():
            for case in _cases(ids, dry_run):
                if case.type_version != version or case.kind.closed:
                    continue  # somebody closed it, or another run moved it
                reason = mapping.refusal(plan, old, new, case.state, case.data)
                if reason is None:
                    moved[case.state, str(mapping.target_of(plan, case.state, new))] += 1
                    if not dry_run:
                        _move(actor, case, old, new, plan)
                elif plan.otherwise == "stay" and mapping.target_of(plan, case.state, new) is None:
                    kept += 1
                else:
                    refused[case.state, reason] += 1
                    known = examples.setdefault((case.state, reason), [])
                    known += [case.number] * (len(known) < SHOWN)
    return MigrationReport(type_key, version, to, dry_run, dict(moved), dict(refused), examples, kept)


def _cases(ids: list[UUID], dry_run: bool) -> list[Case]:
    if dry_run:
        return rows.case_rows(ids)
    return [case for key in ids if (case := rows.locked(key)) is not None]


def _move(actor: Actor, case: Case, old: CaseType, new: CaseType, plan: TypeMap) -> None:
    """One case into its new version: state, data, and a clock that keeps its due moment unless it stops or starts."""
    keep(new)
    now = changing.now_for(case)
    target = new.state(str(mapping.target_of(plan, case.state, new)))
    after = replace(
        case, type_version=new.version, state=target.key, kind=target.kind, data=mapping.moved_data(plan, case.data),
        paused=case.paused if new.pause(case.paused) else "",
    )  # fmt: skip
    if not after.paused:
        after = replace(after, paused_until=None)
    was, stands = pauses.stands(old, case), pauses.stands(new, after)
    left = rows.remaining(case.id) if was else None
    if stands:
        after = replace(after, due_at=None)
    elif was and left is not None:
        after = replace(after, due_at=timing.resume(new, after.data, now, left))
    done = changing.commit(
        actor, "migrated", case, after, new, now, columns={**row_changes(new, after), "type_version": new.version},
        params={"version": new.version},
        facts={"from": [old.version, case.state], "to": [new.version, target.key]},
    )  # fmt: skip
    if was != stands:
        left_now = timing.left(old, case.data, now, case.due_at) if case.due_at else None
        _switch(case, done, stands, left_now, now)


def _switch(case: Case, after: Case, stands: bool, left: int | None, now: Any) -> None:
    if stands and not rows.clock_segments(case.id):
        rows.switch_clock(case.id, True, case.opened_at, "", None)
    rows.switch_clock(case.id, not stands, now, after.state, left if stands else None)
