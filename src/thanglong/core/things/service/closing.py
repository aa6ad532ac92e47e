"""Closing days of the things' history: Parquet file, ledger entry, then the rows leave the store.

Every step may be the last one before the process dies. A file without a ledger entry is made again under the same or
another name; an entry without the switch is found again and used; rows that stayed behind are deleted by the next run.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction

from thanglong.core.ledger.types import ObjectRef
from thanglong.core.things.types import DayFault, DayFile
from thanglong.kit import clock, ports
from thanglong.kit.errors import NotFound
from thanglong.kit.ports import SYSTEM, Actor

log = logging.getLogger(__name__)
ONE = timedelta(days=1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), clock.zone())


def days(actor: Actor) -> list[DayFile]:
    """The closed days, oldest first; needs ``things.view``."""
    ports.require(actor, "things.view")
    return ports.plugged.things.days()


def close_days(hot: int, keep: int = 0, most: int = 31) -> list[DayFile]:
    """Close the oldest days that ended at least ``hot`` days ago, at most ``most`` of them; those closed now.

    ``keep`` > 0: files of days longer ago than that are deleted, each with a ledger entry. Runs in the worker as the
    platform itself. OSError when the disk is full: nothing is lost, the next run goes on.
    """
    store, closed = ports.plugged.things, []
    while store.trim():
        pass
    for _ in range(most):
        done = _close_next(clock.today() - timedelta(days=hot))
        if done is None:
            break
        closed.append(done)
        while store.trim():
            pass
    if keep > 0:
        _drop(clock.today() - timedelta(days=max(keep, hot)))
    return closed


def _close_next(before: date) -> DayFile | None:
    store = ports.plugged.things
    oldest = store.oldest()
    if oldest is None:
        return None
    first, moment = oldest
    day = clock.day_of(moment)
    if day >= before:
        return None
    known = {file.day for file in store.days()}
    if day.isoformat() in known:  # a write with an older time stamp came late: it lies with the next day that is open
        day = max(day, date.fromisoformat(max(known)) + ONE)
        if day >= before:
            return None
    last = store.seq_before(_midnight(day + ONE))
    if last < first:
        return None
    file = _entered(day, first, last) or _write(day, first, last)
    return file if store.enter_day(file) else None


def _facts(file: DayFile) -> dict[str, Any]:
    return {
        "day": file.day, "first": file.first, "last": file.last, "rows": file.rows, "sha256": file.sha256,
        "content": file.content, "size": file.size, "name": file.name, "first_at": file.first_at,
        "last_at": file.last_at, "first_moment": file.first_moment, "last_moment": file.last_moment,
    }  # fmt: skip


def _write(day: date, first: int, last: int) -> DayFile:
    from thanglong.core.ledger import service as ledger  # its tables are not there in a broker alone

    file = ports.plugged.things.export_day(day.isoformat(), first, last)
    with transaction.atomic():
        entry = ledger.append(SYSTEM, "things.day_closed", ObjectRef("things-day", file.day), facts=_facts(file))
    return replace(file, entry=entry.id)


def _entered(day: date, first: int, last: int) -> DayFile | None:
    """The file of a day that was entered in the ledger before the process died, where it is still whole."""
    from thanglong.core.ledger import service as ledger  # its tables are not there in a broker alone

    for entry in ledger.entries(ObjectRef("things-day", day.isoformat())):
        facts = dict(entry.facts)
        if entry.verb == "things.day_closed" and (facts.get("first"), facts.get("last")) == (first, last):
            file = DayFile(**facts, entry=entry.id)
            if ports.plugged.things.check_day(file) is None:
                return file
    return None


def _drop(before: date) -> None:
    from thanglong.core.ledger import service as ledger  # its tables are not there in a broker alone

    for file in ports.plugged.things.days():
        if file.dropped or date.fromisoformat(file.day) >= before:
            continue
        with transaction.atomic():
            facts = {"day": file.day, "sha256": file.sha256, "rows": file.rows}
            ledger.append(SYSTEM, "things.day_dropped", ObjectRef("things-day", file.day), facts=facts)
        ports.plugged.things.drop_day(file.day)


def verify_days(*, content: bool = False) -> list[DayFault]:
    """Compare every closed day with its file and its ledger entry; what is wrong (empty: all is as it was closed).

    ``content`` reads every row as well. For the command line and the worker, not for visitors.
    """
    faults: list[DayFault] = []
    following = None
    for file in ports.plugged.things.days():
        if following is not None and file.first != following:
            faults.append(DayFault(file.day, f"writes {following} to {file.first - 1} stand in no file"))
        following = file.last + 1
        if file.dropped:
            continue
        fault = ports.plugged.things.check_day(file, content=content) or _proof(file)
        if fault:
            faults.append(DayFault(file.day, fault))
    return faults


def _proof(file: DayFile) -> str | None:
    from thanglong.core.ledger import service as ledger  # its tables are not there in a broker alone

    try:
        entry = ledger.entry(file.entry)
    except NotFound:
        return f"entry {file.entry} of the ledger is missing"
    if entry.verb != "things.day_closed" or dict(entry.facts) != _facts(file):
        return f"entry {file.entry} of the ledger says something else"
    return None


def closed(files: Sequence[DayFile]) -> tuple[int, int]:
    """How many rows and bytes lie in files."""
    kept = [file for file in files if not file.dropped]
    return sum(file.rows for file in kept), sum(file.size for file in kept)
