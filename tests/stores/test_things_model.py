"""Both stores against a dictionary: any sequence of writes, deletions and questions gives the same answers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from thanglong.kit.ports import AllOf, AnyOf, Term, ThingQuery, ThingsStore
from thanglong.stores.postgres.things import PostgresThings
from thanglong.stores.sqlite.things import SqliteThings

NAMES = st.sampled_from([f"urn:e:{n}" for n in range(4)])
KINDS = st.sampled_from(["A", "B"])
KEYS = st.sampled_from(["x", "y", "location"])
VALUES = st.one_of(st.integers(-2, 2), st.sampled_from(["a", "b", ""]), st.booleans(), st.floats(-2, 2, width=16))
POINTS = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda p: {"type": "Point", "coordinates": list(p)})
MODES = st.sampled_from(["create", "upsert", "replace", "append", "add", "update"])
OPERATORS = st.sampled_from(["==", "!=", "<", ">=", "exists", "missing"])


@st.composite
def attributes(draw: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key in draw(st.sets(KEYS)):
        if draw(st.integers(0, 4)) == 0:
            found[key] = None
        elif key == "location":
            found[key] = {"type": "GeoProperty", "value": draw(POINTS)}
        else:
            found[key] = {"type": "Property", "value": draw(VALUES)}
    return found


def family(value: Any) -> str:
    return "bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def holds(entity: dict[str, Any], key: str, operator: str, wanted: Any) -> bool:
    if operator == "missing":
        return key not in entity
    if key not in entity:
        return False
    if operator == "exists":
        return True
    value = entity[key]["value"]
    same = family(value) == family(wanted)
    if operator == "==":
        return same and value == wanted
    if operator == "!=":
        return not (same and value == wanted)
    if not same or family(wanted) == "bool":
        return False
    return value < wanted if operator == "<" else value >= wanted


class Machine(RuleBasedStateMachine):
    store: ThingsStore

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[str, dict[str, Any]] = {}
        self.seq = self.store.last_seq()
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)
        self.store.delete([f"urn:e:{n}" for n in range(4)], at=self.moment)
        self.seq = self.store.last_seq()

    @rule(name=NAMES, kind=KINDS, given=attributes(), mode=MODES)
    def write(self, name: str, kind: str, given: dict[str, Any], mode: Any) -> None:
        self.moment += timedelta(seconds=1)
        written = self.store.write([{"id": name, "type": kind, **given}], mode=mode, at=self.moment)[0]
        known = self.model.get(name)
        if mode == "create" and known is not None:
            assert written.refused == "exists"
            return
        if mode in ("append", "add", "update") and known is None:
            assert written.refused == "missing"
            return
        assert written.refused is None and written.created == (known is None)
        entity = known or {"types": set()}
        if mode == "replace":
            for key in [key for key in entity if key != "types" and key not in given]:
                del entity[key]
            entity["types"] = set()
        skipped = set()
        for key, value in given.items():
            if (mode == "add" and key in entity) or (mode == "update" and key not in entity):
                skipped.add(key)
            elif value is None:
                entity.pop(key, None)
            else:
                entity[key] = value
        assert set(written.skipped) == skipped
        entity["types"].add(kind)
        self.model[name] = entity

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        assert self.store.delete([name], at=self.moment) == [name in self.model]
        self.model.pop(name, None)

    @rule(key=st.sampled_from(["x", "y"]), operator=OPERATORS, wanted=VALUES, kind=st.one_of(st.none(), KINDS))
    def ask(self, key: str, operator: str, wanted: Any, kind: str | None) -> None:
        expected = sorted(
            name
            for name, entity in self.model.items()
            if holds(entity, key, operator, wanted) and (kind is None or kind in entity["types"])
        )
        term = Term(key, operator, wanted)
        for where in (term, AllOf([AnyOf([term, Term("never", "exists")]), AnyOf([term])])):
            query = ThingQuery(types=[kind] if kind else (), where=where)
            assert [entity["id"] for entity in self.store.query(query)] == expected
            assert self.store.count(query) == len(expected)

    @rule(west=st.integers(0, 3), south=st.integers(0, 3), size=st.integers(0, 3))
    def look(self, west: int, south: int, size: int) -> None:
        def inside(entity: dict[str, Any]) -> bool:
            lon, lat = entity["location"]["value"]["coordinates"]
            return bool(west <= lon <= west + size and south <= lat <= south + size)

        expected = sorted(name for name, entity in self.model.items() if "location" in entity and inside(entity))
        box = (west, south, west + size, south + size)
        assert [entity["id"] for entity in self.store.query(ThingQuery(box=box))] == expected

    @invariant()
    def states_agree(self) -> None:
        found = self.store.get([f"urn:e:{n}" for n in range(4)])
        assert found.keys() == self.model.keys()
        for name, entity in found.items():
            kinds = entity["type"]
            assert set([kinds] if isinstance(kinds, str) else kinds) == self.model[name]["types"]
            now = {key: value for key, value in entity.items() if key not in ("id", "type")}
            assert now == {key: value for key, value in self.model[name].items() if key != "types"}
        counts: dict[str, int] = {}
        for entity in self.model.values():
            for kind in entity["types"]:
                counts[kind] = counts.get(kind, 0) + 1
        assert self.store.types() == dict(sorted(counts.items()))

    @invariant()
    def log_retells_the_state(self) -> None:
        retold: dict[str, dict[str, Any]] = {}
        for change in self.store.changes(self.seq, 100_000):
            if change.attributes is None:
                retold.pop(change.entity, None)
                continue
            entity = retold.setdefault(change.entity, {})
            for key, value in change.attributes.items():
                if value is None:
                    entity.pop(key, None)
                else:
                    entity[key] = value
        known = {name: {k: v for k, v in entity.items() if k != "types"} for name, entity in self.model.items()}
        assert retold == known


SETTINGS = settings(
    max_examples=25,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
)


def test_sqlite(tmp_path: Path) -> None:
    store = SqliteThings(tmp_path / "things.db")
    run_state_machine_as_test(type("OnSqlite", (Machine,), {"store": store}), settings=SETTINGS)
    store.close()


@pytest.mark.slow
def test_sqlite_long(tmp_path: Path) -> None:
    store = SqliteThings(tmp_path / "things.db")
    machine = type("OnSqlite", (Machine,), {"store": store})
    run_state_machine_as_test(machine, settings=settings(SETTINGS, max_examples=200, stateful_step_count=40))
    store.close()


def test_postgres(postgres_uri: str) -> None:
    with psycopg.connect(postgres_uri, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS things CASCADE")
    store = PostgresThings(postgres_uri)
    run_state_machine_as_test(
        type("OnPostgres", (Machine,), {"store": store}), settings=settings(SETTINGS, max_examples=8)
    )
    store.close()
