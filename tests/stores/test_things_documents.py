"""Documents beside the things on both stores: kept, counted, noted; roles; what an attribute was before a write."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from thanglong.kit import clock
from thanglong.kit.documents import Progress
from thanglong.kit.ports import AllOf, AnyOf, Area, Linked, Term, ThingQuery, ThingsStore
from thanglong.stores.postgres.things import PostgresThings
from thanglong.stores.sqlite.things import SqliteThings


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "sqlite":
        return tmp_path / "things.db"
    uri: str = request.getfixturevalue("postgres_uri")
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS things CASCADE")
    return uri


def opened(where: Any) -> ThingsStore:
    return SqliteThings(where) if isinstance(where, Path) else PostgresThings(where, connections=3)


@pytest.fixture
def store(where: Any) -> Iterator[ThingsStore]:
    made = opened(where)
    yield made
    made.close()


def write(store: ThingsStore, mode: Any = "upsert", **attributes: Any) -> None:
    store.write([{"id": "urn:a:1", "type": "T", **attributes}], mode=mode, at=clock.now())


def prop(value: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value, **more}


def test_documents_are_kept_by_tenant_and_kind_and_counted(store: ThingsStore) -> None:
    start = store.documents_version()
    assert store.put_document("", "k", "b", {"x": 1}, create=True, cursor=5)
    assert not store.put_document("", "k", "b", {"x": 9}, create=True)
    assert store.put_document("t", "k", "a", {"x": 2}, create=True)
    assert store.put_document("", "other", "b", {"x": 3}, create=True)
    assert not store.put_document("", "k", "missing", {})
    assert [(d.tenant, d.id, d.body["x"], d.cursor) for d in store.documents("k")] == [
        ("", "b", 1, 5),
        ("t", "a", 2, None),
    ]
    assert store.put_document("", "k", "b", {"x": 4})
    found = store.documents("k", "", ["b", "c"])
    assert len(found) == 1 and found[0].body == {"x": 4} and found[0].cursor == 5
    assert store.documents_version() == start + 4
    assert store.drop_document("", "k", "b") and not store.drop_document("", "k", "b")
    assert store.documents_version() == start + 5


def test_progress_is_noted_without_a_new_version(store: ThingsStore) -> None:
    store.put_document("", "k", "a", {}, create=True, cursor=3)
    version = store.documents_version()
    store.note("k", [Progress("", "a", None, {"sent": 2})], 17)
    found = store.documents("k")[0]
    assert (found.cursor, found.state, store.mark("k"), store.mark("other")) == (None, {"sent": 2}, 17, 0)
    store.note("k", [Progress("", "a", 20, {})])
    assert (store.documents("k")[0].cursor, store.mark("k")) == (20, 17)
    assert store.documents_version() == version


def test_a_role_is_held_by_one_opened_store_until_it_closes(store: ThingsStore, where: Any) -> None:
    assert store.claim("role") and store.claim("role")
    other = opened(where)
    assert not other.claim("role") and other.claim("another")
    store.close()
    assert other.claim("role")
    other.close()


def test_what_an_attribute_was_before_and_after_a_write(store: ThingsStore) -> None:
    write(store, a=prop(1))
    write(store, "append", a=prop(2))
    write(store, "append", a=prop(5, datasetId="urn:d:1"))
    write(store, "append", a=None)
    write(store, "append", a=prop(7))
    store.delete(["urn:a:1"], at=clock.now())
    write(store, b=prop(8))
    write(store, "append", a=prop(9))
    both = [prop(2), prop(5, datasetId="urn:d:1")]
    steps = [store.step("", "urn:a:1", "a", seq) for seq in (1, 2, 3, 4, 5, 8)]
    assert steps == [
        (None, prop(1)),
        (prop(1), prop(2)),
        (prop(2), both),
        (both, None),
        (None, prop(7)),
        (None, prop(9)),
    ]
    assert store.step("", "urn:a:1", "never", 3) == (None, None)


def test_snapshots_show_also_what_is_deleted(store: ThingsStore) -> None:
    write(store, a=prop(1))
    assert store.snapshots("", ["urn:a:1", "urn:a:2"])["urn:a:1"].alive
    store.delete(["urn:a:1"], at=clock.now())
    found = store.snapshots("", ["urn:a:1"])["urn:a:1"]
    assert not found.alive and found.entity["a"] == prop(1)
    assert store.snapshots("other", ["urn:a:1"]) == {}


ENTITIES: list[dict[str, Any]] = [
    {"id": "urn:a:1", "type": "T", "n": prop(5), "s": prop("abc"), "o": prop({"k": {"m": 3}})},
    {
        "id": "urn:a:2",
        "type": ["T", "U"],
        "n": [prop(7), prop(1, datasetId="urn:d:1")],
        "b": prop(True),
        "scope": "/a/b",
    },
    {"id": "urn:b:3", "type": "U", "n": prop("5"), "to": {"type": "Relationship", "object": "urn:a:1"}},
    {"id": "urn:b:4", "type": "V", "w": prop("2026-01-02T00:00:00Z", sub=prop(4)), "l": prop([1, "x"])},
]
ENTITIES[0]["location"] = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [105.85, 21.03]}}
ENTITIES[3]["location"] = {
    "type": "GeoProperty",
    "value": {"type": "LineString", "coordinates": [[105.8, 21.0], [105.86, 21.04]]},
}
SQUARE = {"type": "Polygon", "coordinates": [[[105.8, 21], [105.9, 21], [105.9, 21.1], [105.8, 21.1], [105.8, 21]]]}
QUERIES = [
    ThingQuery(types=["T"]),
    ThingQuery(types=["U", "V"], ids=["urn:a:2", "urn:b:4"]),
    ThingQuery(id_pattern="^urn:b"),
    *(ThingQuery(where=Term("n", op, 5)) for op in ("==", "!=", "<", "<=", ">", ">=")),
    ThingQuery(where=Term("n", "==", "5")),
    ThingQuery(where=Term("n", "==", (4, 6))),
    ThingQuery(where=Term("n", "==", [7, 9])),
    ThingQuery(where=Term("n", "missing")),
    ThingQuery(where=Term("s", "~=", "^a.c")),
    ThingQuery(where=Term("s", "!~=", "^a.c")),
    ThingQuery(where=Term("o[k][m]", "==", 3)),
    ThingQuery(where=Term("w.sub", ">", 3)),
    ThingQuery(where=Term("w", ">", datetime(2026, 1, 1, tzinfo=UTC))),
    ThingQuery(where=Term("b", "==", True)),
    ThingQuery(where=Term("l", "==", "x")),
    ThingQuery(where=Term("scope", "~=", "^/a(/|$)")),
    ThingQuery(where=Term("@type", "==", "U")),
    ThingQuery(where=AllOf([Term("@type", "==", "T"), Term("@type", "==", "U")])),
    ThingQuery(where=AnyOf([Term("n", ">", 6), Term("s", "exists")])),
    ThingQuery(where=Linked("to", Term("n", "==", 5), ["T"])),
    ThingQuery(where=Linked("to", Term("n", "==", 6))),
    ThingQuery(area=Area("within", SQUARE)),
    ThingQuery(area=Area("intersects", SQUARE)),
    ThingQuery(area=Area("disjoint", SQUARE)),
    ThingQuery(near=(105.85, 21.03, 100.0)),
    ThingQuery(area=Area("near", {"type": "Point", "coordinates": [105.85, 21.03]}, least=100)),
    ThingQuery(box=(105.84, 21.02, 105.86, 21.04)),
]


def test_one_entity_is_judged_as_the_finder_finds(store: ThingsStore) -> None:
    store.write(ENTITIES, mode="create", at=clock.now())
    for query in QUERIES:
        judge = store.matcher(query)
        assert [e["id"] for e in store.query(query)] == [e["id"] for e in ENTITIES if judge(e)], query
