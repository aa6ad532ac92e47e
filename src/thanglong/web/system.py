"""The installation for its administrator: how every part is, what waits, what was given up, when the disk is full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import metadata
from platform import python_version
from typing import Any

import django
from django.db import connection, transaction
from django.utils.translation import gettext, ngettext

from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.kit import clock, ports, registry
from thanglong.kit.errors import N_, NotFound
from thanglong.kit.ports import Actor
from thanglong.stores.jobs import queue
from thanglong.stores.running import beat, disk, last

MANAGE = "system.manage"
DAY = 86_400
LATE = 60.0
SEAL_LATE = 30.0
BACKUP_OLD = timedelta(hours=26)
DRILL_OLD = timedelta(days=8)
FULL_SOON, FULL_LATER = 14, 60
NAMES: Mapping[str, str] = {
    "live": N_("The door: public port and live lines"),
    "web": N_("Pages and forms"),
    "worker": N_("Background work"),
    "ledger": N_("Ledger"),
    "cases": N_("Cases"),
    "things": N_("City database of things"),
    "measures": N_("Measures"),
    "decisions": N_("Decision models"),
    "backup": N_("Backup"),
    "drill": N_("Restore drill"),
    "disk": N_("Disk"),
    "jobs": N_("Work given up"),
    "database": N_("Database"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A part of the installation: its name, how it stands (ok, warn, bad), why, and what to do."""

    key: str
    name: str
    level: str
    text: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Disk:
    """Space of the disk with the data in bytes, growth a day (None: not known yet), days until it is full."""

    free: float
    total: float
    sizes: Sequence[tuple[str, float]]
    growth: float | None
    days: float | None

    @property
    def used_share(self) -> float:
        return 1 - self.free / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class State:
    """Everything the page shows."""

    lines: Sequence[Line]
    figures: Mapping[str, float]
    given_up: Sequence[queue.GivenUp]
    disk: Disk
    backup: Mapping[str, Any] | None
    drill: Mapping[str, Any] | None
    parts: Sequence[beat.Part]
    versions: Sequence[tuple[str, str]]

    @property
    def worst(self) -> str:
        return next((level for level in ("bad", "warn") if any(x.level == level for x in self.lines)), "ok")

    @property
    def trouble(self) -> Sequence[Line]:
        return [line for line in self.lines if line.level != "ok"]


def state(actor: Actor) -> State:
    """How the installation is; Denied without the right."""
    ports.require(actor, MANAGE)
    found = _gauges()
    space = _disk(found)
    made, drilled = (_last(what) for what in ("backup", "drill"))
    parts = beat.parts(ports.plugged.data)
    given_up = queue.given_up()
    lines = [
        *(_process(part) for part in parts),
        *_checks(),
        *_queues(found, len(given_up)),
        _age("backup", made, BACKUP_OLD),
        _age("drill", drilled, DRILL_OLD),
        _space(space),
    ]
    order = {"bad": 0, "warn": 1, "ok": 2}
    lines.sort(key=lambda line: order[line.level])
    return State(lines, _figures(found), given_up, space, made, drilled, parts, _versions())


def try_again(actor: Actor, job_id: int) -> str:
    """Let given-up work be done again; its task. Denied, NotFound."""
    ports.require(actor, MANAGE)
    with transaction.atomic():
        return _told(actor, "job.retried", job_id, queue.try_again(job_id))


def drop(actor: Actor, job_id: int) -> str:
    """Remove given-up work for good; its task. Denied, NotFound."""
    ports.require(actor, MANAGE)
    with transaction.atomic():
        return _told(actor, "job.dropped", job_id, queue.drop(job_id))


def _told(actor: Actor, verb: str, job_id: int, task: str | None) -> str:
    if task is None:
        raise NotFound(N_("This work is no longer there: it was done or removed meanwhile."))
    ledger.append(actor, verb, ObjectRef("job", str(job_id)), facts={"task": task})
    return task


def _gauges() -> dict[str, Mapping[str, float]]:
    found = {}
    for key, gauge in registry.gauges.items():
        try:
            found[key] = gauge.read()
        except Exception:
            found[key] = {}
    return found


def _figures(found: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The few figures that are shown large."""
    wanted = {
        "waiting": ("jobs", "waiting"),
        "late": ("job_late_seconds", ""),
        "unsealed": ("ledger_waiting", ""),
        "lag": ("ledger_seal_lag_seconds", ""),
        "behind": ("log_behind", "measures"),
        "unsent": ("log_behind", "notifications"),
        "sessions": ("sessions", ""),
    }
    return {name: found.get(key, {}).get(label, 0.0) for name, (key, label) in wanted.items()}


def _last(what: str) -> dict[str, Any] | None:
    """The last outcome with its moment in city time, which may run faster than the wall."""
    facts = last.read(ports.plugged.data, what)
    if facts is None:
        return None
    age = clock.System().now() - datetime.fromisoformat(str(facts["at"]))
    return {**facts, "age": age, "when": clock.now() - age}


def _process(part: beat.Part) -> Line:
    name = gettext(NAMES[part.name])
    if part.heard is None:
        return Line(part.name, name, "bad", gettext("has not been heard of"), gettext("Is it started on this machine?"))
    if not part.alive:
        text = gettext("was last heard %(seconds)d seconds ago") % {"seconds": part.heard}
        return Line(part.name, name, "bad", text, gettext("It is started again by itself; look into the log if not."))
    return Line(part.name, name, "ok")


def _checks() -> list[Line]:
    """The health checks of the modules, asked here: all share the stores, whichever process uses them."""
    lines = []
    for key, item in registry.health.items():
        try:
            reason = item.check() or ""
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        lines.append(Line(key, gettext(NAMES.get(key, key)), "bad" if reason else "ok", reason))
    return lines


def _queues(found: Mapping[str, Mapping[str, float]], given_up: int) -> list[Line]:
    lines = []
    late = found.get("job_late_seconds", {}).get("", 0.0)
    if late > LATE:
        text = gettext("the first due work is %(seconds)d seconds late") % {"seconds": late}
        lines.append(Line("late", gettext(NAMES["worker"]), "warn", text, gettext("More workers help on PostgreSQL.")))
    lag = found.get("ledger_seal_lag_seconds", {}).get("", 0.0)
    if lag > SEAL_LATE:
        text = gettext("an entry has waited %(seconds)d seconds for a signed head") % {"seconds": lag}
        lines.append(Line("seal", gettext(NAMES["ledger"]), "warn", text, gettext("Does the worker run?")))
    if given_up:
        text = ngettext("%(n)d piece of work failed too often", "%(n)d pieces of work failed too often", given_up)
        advice = gettext("Decide below whether to try again.")
        lines.append(Line("jobs", gettext(NAMES["jobs"]), "bad", text % {"n": given_up}, advice))
    return lines


def _age(what: str, facts: Mapping[str, Any] | None, most: timedelta) -> Line:
    name = gettext(NAMES[what])
    command = {"backup": "thanglong backup", "drill": "thanglong drill"}[what]
    advice = gettext("Run `%(command)s`, best every night by a timer.") % {"command": command}
    if facts is None:
        return Line(what, name, "warn", gettext("there has been none yet"), advice)
    if facts.get("ok") is False:
        return Line(
            what,
            name,
            "bad",
            str((facts.get("faults") or [""])[0]),
            gettext("Try an older backup, and make a new one."),
        )
    if facts["age"] > most:
        return Line(what, name, "warn", gettext("the last one is too old"), advice)
    return Line(what, name, "ok")


def _disk(found: Mapping[str, Mapping[str, float]]) -> Disk:
    space, sizes = found.get("disk_bytes", {}), found.get("store_bytes", {})
    growth = disk.growth(disk.notes())
    names = {"database": N_("Database"), "things": N_("Things"), "files": N_("Uploaded files"), "other": N_("Other")}
    listed = [(gettext(names.get(key, key)), size) for key, size in sizes.items() if size]
    days = found.get("disk_full_days", {}).get("")
    return Disk(space.get("free", 0.0), space.get("total", 0.0), listed, growth, days)


def _space(space: Disk) -> Line:
    name, advice = gettext(NAMES["disk"]), gettext("Plan for more space, or keep fewer backups.")
    if space.free < 1 << 30:
        return Line("disk", name, "bad", gettext("less than 1 GB is free"), advice)
    if space.days is not None and space.days < FULL_LATER:
        text = ngettext("full in about %(n)d day", "full in about %(n)d days", round(space.days)) % {
            "n": round(space.days)
        }
        return Line("disk", name, "bad" if space.days < FULL_SOON else "warn", text, advice)
    return Line("disk", name, "ok")


def _versions() -> list[tuple[str, str]]:
    server = getattr(connection, "pg_version", 0)
    from thanglong.stores.sqlite import driver

    store = (
        f"PostgreSQL {server // 10000}.{server % 10000}" if server else f"SQLite {'.'.join(map(str, driver.version()))}"
    )
    return [
        ("Thăng Long", metadata.version("thanglong")),
        (gettext("Database"), store),
        ("Python", python_version()),
        ("Django", django.get_version()),
    ]
