"""A write without a ledger row fails: watches every transaction of every test.

Whoever calls a service that changes a table of People, Places, Cases or the Index must, in the same transaction, append
to the ledger. The root conftest installs the watch for the whole suite; what test code itself writes to set a scene is
not looked at. Tables and columns that are no state of the city stand on a short list, each with its reason.
"""

import re
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "src" / "thanglong"
WATCHED = ("people", "places", "cases", "index")
# table -> (what may happen without an entry: INSERT, DELETE, or an update of these columns only; the reason)
ALLOWED: dict[str, tuple[frozenset[str], str]] = {
    "people_account": (frozenset({"last_login"}), "when somebody last signed in is no change of a right"),
    "people_token": (frozenset({"last_used_at", "DELETE"}), "last use is no right; tokens that are over are swept up"),
    "people_throttle": (frozenset({"INSERT", "DELETE", "UPDATE"}), "a counter of wrong passwords, gone after a day"),
    "people_session": (frozenset({"INSERT", "DELETE", "UPDATE"}), "which browsers are signed in, for their owner"),
    "people_code": (
        frozenset({"DELETE", "used_at", "token"}),
        "a code that is over or became a token, which is entered",
    ),
    "people_link": (frozenset({"DELETE"}), "a one-time link that is over"),
    "people_reading": (
        frozenset({"INSERT", "DELETE"}),
        "a handler's look at a case of theirs; a purpose that must be stated is entered; gone after its term",
    ),
    "people_factor": (frozenset({"step", "used_at", "data"}), "a code or passkey that was used is used up"),
    "people_version": (frozenset({"INSERT", "UPDATE"}), "tells other processes to read anew"),
    "places_version": (frozenset({"INSERT", "UPDATE"}), "tells other processes to read anew"),
    "cases_document": (
        frozenset({"INSERT", "DELETE", "view", "thumb"}),
        "an uploaded file is nothing until a case takes it, which is an update of case_id; smaller copies of a picture",
    ),
}
STATEMENT = re.compile(
    r'\s*(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM)\s+"?(\w+)"?', re.I
)
SET = re.compile(r"\bSET\b(.*?)(?:\bWHERE\b|$)", re.I | re.S)


@dataclass
class Block:
    """What one transaction (or savepoint) has done so far: table -> the verb that wrote it."""

    writes: dict[str, str] = field(default_factory=dict)
    entered: bool = False


class Watch:
    """Collects the transactions that changed a watched table without a ledger entry."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.driven: set[str] = set()
        self._local = threading.local()
        self._undo: list[Callable[[], None]] = []

    def _stack(self) -> list[Block]:
        if not hasattr(self._local, "stack"):
            self._local.stack = []
        stack: list[Block] = self._local.stack
        return stack

    def begin(self) -> None:
        self._stack().append(Block())

    def end(self, failed: bool) -> None:
        stack = self._stack()
        if not stack:
            return
        block = stack.pop()
        if failed:
            return
        if stack:
            stack[-1].writes |= block.writes
            stack[-1].entered |= block.entered
        elif not block.entered:
            self._tell(block)

    def _tell(self, block: Block) -> None:
        for table, verb in block.writes.items():
            self.faults.append(f"{verb} changed {table} and entered nothing in the ledger")

    def entered(self) -> None:
        stack = self._stack()
        if stack:
            stack[-1].entered = True

    def statement(self, sql: str) -> None:
        table = written(sql)
        verb = calling_verb() if table else None
        if table is None or verb is None:
            return
        self.driven.add(verb)
        stack = self._stack()
        if stack:
            stack[-1].writes[table] = verb
        else:
            self._tell(Block({table: verb}))

    def install(self) -> None:
        """Look at every transaction of every connection and thread from now on."""
        from django.db.backends.utils import CursorWrapper
        from django.db.transaction import Atomic

        from thanglong.stores import ledger

        enter, leave = Atomic.__enter__, Atomic.__exit__
        execute, insert = CursorWrapper._execute_with_wrappers, ledger.insert_entries
        watch = self

        def on_enter(block: Any) -> None:
            enter(block)
            if not block._from_testcase:
                watch.begin()

        def on_leave(block: Any, kind: Any, value: Any, trace: Any) -> Any:
            if not block._from_testcase:
                watch.end(kind is not None)
            return leave(block, kind, value, trace)

        def on_execute(cursor: Any, sql: Any, params: Any, many: bool, executor: Any) -> Any:
            watch.statement(str(sql))
            return execute(cursor, sql, params, many, executor)

        def on_insert(rows: Any) -> Any:
            watch.entered()
            return insert(rows)

        for owner, name, new in (
            (Atomic, "__enter__", on_enter),
            (Atomic, "__exit__", on_leave),
            (CursorWrapper, "_execute_with_wrappers", on_execute),
            (ledger, "insert_entries", on_insert),
        ):
            self._undo.append(partial(setattr, owner, name, getattr(owner, name)))
            setattr(owner, name, new)

    def remove(self) -> None:
        while self._undo:
            self._undo.pop()()

    @contextmanager
    def apart(self) -> Any:
        """Run a block whose faults are wanted: they are given out and not kept against the test."""
        before, self.faults = self.faults, []
        try:
            yield self.faults
        finally:
            self.faults = before


def written(sql: str) -> str | None:
    """The watched table that a statement writes, None when it writes none or only what is allowed."""
    match = STATEMENT.match(sql)
    if match is None or match[1].split("_")[0] not in WATCHED:
        return None
    verb = sql.split(None, 1)[0].upper().replace("REPLACE", "INSERT")
    allowed, _ = ALLOWED.get(match[1], (frozenset[str](), ""))
    if verb in allowed:
        return None
    changed = SET.search(sql) if verb == "UPDATE" else None
    if changed is not None and allowed and set(re.findall(r'"(\w+)"\s*=', changed[1])) <= allowed:
        return None
    return match[1]


def calling_verb() -> str | None:
    """The outermost function of a service (or task) that leads to this statement; None when a test writes by itself."""
    found, frame = None, sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(str(SOURCE)) and "/tests/" not in path:
            parts = Path(path).relative_to(SOURCE).parts
            if "service" in parts or parts[-1] in ("service.py", "tasks.py"):
                name = f"{'.'.join(parts[:2])}.{frame.f_code.co_name}"
                found = found if frame.f_code.co_name.startswith("<") else name
        frame = frame.f_back  # type: ignore[assignment]
    return found


watch = Watch()
