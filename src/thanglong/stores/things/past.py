"""Closed days: history that has left the store for Parquet files, read back as if it had stayed.

``meta.archived`` is the number of the last write that is read from a file; rows up to it are deleted afterwards, in
small transactions, and nobody reads them meanwhile. A reader who finds that number changed meanwhile reads again.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from thanglong.kit.errors import Unavailable
from thanglong.kit.ports import Change, DayFile, Sample
from thanglong.stores.parquet.days import DayFiles, Row, sha256_of
from thanglong.stores.things import rows
from thanglong.stores.things.log import changes_of, sample_of
from thanglong.stores.things.shared import Shared

WINDOW = 5_000
TRIES = 5
COLUMNS = (
    "day, first_seq, last_seq, name, sha256, size, row_count, content, first_at, last_at, first_moment, last_moment, "
    "entry, dropped"
)
EXPORT = """
SELECT h.seq, t.text, e.id, k.text, a.text, d.text, h.at, h.moment, h.observed, h.op, h.number, h.value, h.dataset
FROM history h JOIN entity e ON e.n = h.n JOIN name t ON t.id = e.tenant JOIN name k ON k.id = e.type
JOIN name a ON a.id = h.attr JOIN name d ON d.id = h.dataset WHERE h.seq >= ? AND h.seq <= ? ORDER BY h.seq"""

Statement = tuple[str, Sequence[Any]]


class ClosedDays(ABC):
    """The part of a things store that knows the day files; ``days`` None: none are written, none are read."""

    _tenant: str

    def __init__(self, days: DayFiles | None) -> None:
        self._files = days
        self._shared = Shared()

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]: ...

    @abstractmethod
    def _stream(self, sql: str, values: Sequence[Any] = ()) -> Iterable[Any]: ...

    @abstractmethod
    def _transact(self, guard: Statement | None, statements: Sequence[Statement]) -> bool:
        """Run statements in one transaction; False, and nothing done, when ``guard`` (an UPDATE) meets no row."""

    @abstractmethod
    def last_seq(self) -> int: ...

    # -- what is known

    def _archive(self) -> tuple[int, tuple[DayFile, ...]]:
        """The last number read from files, and the closed days; kept until the store says they changed."""
        meta = dict(self._rows("SELECT key, value FROM meta WHERE key IN ('archived', 'archive')"))
        cut, version = meta.get("archived", 0), meta.get("archive", 0)
        known = self._shared.days
        if known[:2] != (cut, version):
            found = self._rows(f"SELECT {COLUMNS} FROM archive ORDER BY first_seq")
            known = self._shared.days = (cut, version, tuple(_day(row) for row in found))
        return cut, known[2]

    def _steady(self, read: Callable[[int, tuple[DayFile, ...]], Any]) -> Any:
        """Read with the days as they stand, again when they changed meanwhile."""
        for _ in range(TRIES):
            cut, days = self._archive()
            found = read(cut, days)
            if self._archive()[0] == cut:
                return found
        raise Unavailable

    def _open(self) -> DayFiles:
        if self._files is None:
            raise Unavailable
        return self._files

    def days(self) -> list[DayFile]:
        """See ``kit.ports.ThingsStore``."""
        return list(self._archive()[1])

    # -- reading

    def _past_samples(
        self,
        days: Sequence[DayFile],
        entity: str,
        attribute: str,
        low: int,
        high: int,
        limit: int,
        newest: bool,
        written: bool,
    ) -> list[Sample]:
        """Samples from day files, oldest first, at most ``limit`` from the asked end."""
        wanted = [
            day.name
            for day in days
            if not day.dropped
            and (day.last_at if written else day.last_moment) >= low
            and (day.first_at if written else day.first_moment) < high
        ]
        if not wanted:
            return []
        by = "written" if written else "moment"
        found = self._open().history(wanted, self._tenant, entity, attribute, by, low, high, limit, newest)
        samples = [sample_of(at, observed, moment, value) for at, observed, moment, value in found]
        return samples[::-1] if newest else samples

    def _past_changes(
        self, days: Sequence[DayFile], after: int, limit: int, types: Sequence[str], everyone: bool
    ) -> list[Change]:
        """Changes past ``after`` that stand in day files, at most ``limit``."""
        found: list[Change] = []
        tenant = None if everyone else self._tenant
        for day in days:
            low = max(after, day.first - 1)
            width = max(limit, WINDOW)
            while not day.dropped and low < day.last and len(found) < limit:
                high = min(low + width, day.last)
                rows_of = self._open().log(day.name, tenant, low, high, types)
                groups = groupby(rows_of, key=lambda row: row[0])
                found += [changes_of(list(group), str, "") for _, group in groups]
                low, width = high, width * 2
            if len(found) >= limit:
                break
        return found[:limit]

    def _past_steps(
        self,
        days: Sequence[DayFile],
        after: int,
        upto: int,
        types: Sequence[str],
        attributes: Sequence[str],
        limit: int,
    ) -> list[Any]:
        found: list[Any] = []
        for day in days:
            if not day.dropped and day.last > after and day.first <= upto and len(found) < limit:
                found += self._open().steps(day.name, self._tenant, after, upto, types, attributes, limit - len(found))
        return found

    def seq_before(self, moment: datetime) -> int:
        """See ``kit.ports.ThingsStore``: by bisection, because numbers grow with time."""
        at = rows.micros(moment)
        cut, days = self._archive()
        for day in days:
            if day.last_at >= at and not day.dropped:
                first = self._open().first_from(day.name, at)
                if first is not None:
                    return first - 1
        low, high = cut, self.last_seq()
        while low < high:
            middle = (low + high) // 2
            found = self._rows("SELECT h.seq, h.at FROM history h WHERE h.seq > ? ORDER BY h.seq LIMIT 1", (middle,))
            if found and found[0][1] < at:
                low = max(found[0][0], middle + 1)
            else:
                high = middle
        return low

    # -- closing

    def oldest(self) -> tuple[int, datetime] | None:
        """See ``kit.ports.ThingsStore``."""
        cut, _ = self._archive()
        found = self._rows("SELECT h.seq, h.at FROM history h WHERE h.seq > ? ORDER BY h.seq LIMIT 1", (cut,))
        return (found[0][0], rows.moment(found[0][1])) if found else None

    def export_day(self, day: str, first: int, last: int) -> DayFile:
        """See ``kit.ports.ThingsStore``."""
        made = self._open().write(day, (Row(*row) for row in self._stream(EXPORT, (first, last))))
        return _day((day, first, last, *made, 0, 0))

    def enter_day(self, file: DayFile) -> bool:
        """See ``kit.ports.ThingsStore``."""
        cut, _ = self._archive()
        if cut >= file.last:
            return False
        guard = ("UPDATE meta SET value = ? WHERE key = 'archived' AND value = ?", (file.last, cut))
        marks = ", ".join("?" * 14)
        values = (*astuple(file)[:-1], int(file.dropped))
        return self._transact(guard, [(f"INSERT INTO archive({COLUMNS}) VALUES ({marks})", values), _changed()])

    def trim(self, most: int = 2000) -> int:
        """See ``kit.ports.ThingsStore``."""
        cut, _ = self._archive()
        found = self._rows("SELECT min(h.seq) FROM history h WHERE h.seq <= ?", (cut,))
        if not found or found[0][0] is None:
            return 0
        upto = min(found[0][0] + most - 1, cut)
        self._transact(None, [("DELETE FROM history WHERE seq <= ?", (upto,))])
        return int(upto - found[0][0] + 1)

    def drop_day(self, day: str) -> None:
        """See ``kit.ports.ThingsStore``."""
        for known in self.days():
            if known.day == day:
                self._transact(None, [("UPDATE archive SET dropped = 1 WHERE day = ?", (day,)), _changed()])
                self._open().remove(known.name)

    def check_day(self, file: DayFile, *, content: bool = False) -> str | None:
        """See ``kit.ports.ThingsStore``."""
        path = self._open().folder / file.name
        if not path.is_file():
            return f"{file.name} is missing; put it back from a backup into {path.parent}"
        if path.stat().st_size != file.size or sha256_of(path) != file.sha256:
            return f"{file.name} is not the file that was entered in the ledger; put it back from a backup"
        if content and self._open().content(file.name) != (file.rows, file.content):
            return f"{file.name} holds other rows than were written"
        return None


def _day(row: Sequence[Any]) -> DayFile:
    *known, dropped = row
    return replace(DayFile(*known), dropped=bool(dropped))


def _changed() -> Statement:
    return "UPDATE meta SET value = value + 1 WHERE key = 'archive'", ()
