"""The past through the temporal port on both stores; the answers stay when days are closed into files."""

import statistics
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from thanglong.kit.past import Period, Window
from thanglong.kit.ports import Area, Term, ThingQuery, ThingsStore
from thanglong.stores.parquet import DayFiles
from thanglong.stores.postgres.things import PostgresThings
from thanglong.stores.sqlite.things import SqliteThings

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ONE = "urn:t:1"
METHODS = ("totalCount", "distinctCount", "sum", "avg", "min", "max", "stddev", "sumsq")


@pytest.fixture
def store(where: str, tmp_path: Path) -> Any:
    days = DayFiles(tmp_path / "days")
    made: ThingsStore = (
        PostgresThings(where, days=days) if where.startswith("postgres") else SqliteThings(Path(where), days=days)
    )
    yield made
    made.close()


def at(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


def prop(value: Any, minutes: float | None = None, **more: Any) -> dict[str, Any]:
    seen = {} if minutes is None else {"observedAt": at(minutes).isoformat().replace("+00:00", "Z")}
    return {"type": "Property", "value": value, **seen, **more}


def close_day(store: ThingsStore) -> None:
    oldest = store.oldest()
    assert oldest is not None
    assert store.enter_day(store.export_day("2026-03-02", oldest[0], store.last_seq()))
    while store.trim():
        pass


def values(store: ThingsStore, attribute: str = "level", id: str = ONE, **window: Any) -> list[Any]:
    found = store.evolutions([id], [attribute], Window(**window))
    return [one.content.get("value") for one in found[0].instances.get(attribute, ())] if found else []


def both(store: ThingsStore, ask: Callable[[], Any]) -> Any:
    """The answer, which is the same after the day was closed."""
    before = ask()
    close_day(store)
    assert ask() == before
    return before


def fill(store: ThingsStore) -> None:
    for minute in range(10):
        store.write([{"id": ONE, "type": "Lamp", "level": prop(minute, minute)}], mode="upsert", at=at(minute))


def test_windows(store: ThingsStore) -> None:
    fill(store)

    def ask() -> Any:
        return [
            values(store, since=at(2), until=at(5), timed=True),
            values(store, until=at(2), timed=True),
            values(store, since=at(8), timed=True),
            values(store, last=2),
            values(store, most=3),
            values(store, last=5, most=3),
            values(store, by="modifiedAt", since=at(7)),
        ]

    assert both(store, ask) == [[2, 3, 4], [0, 1], [8, 9], [8, 9], [0, 1, 2], [7, 8, 9], [7, 8, 9]]
    assert store.evolutions([ONE], ["level"], Window(most=3))[0].cut == {"level"}
    assert store.evolutions([ONE], ["level"], Window(last=2))[0].cut == frozenset()


def test_recorded_instances_leave_the_present_and_the_log_alone(store: ThingsStore) -> None:
    past = {"id": ONE, "type": "Lamp", "level": [prop(1, 1), prop(2, 2), prop(9, 1, datasetId="urn:d:1")]}
    assert store.record([past], at=at(10)) == [True]
    assert store.record([{"id": ONE, "level": [prop(3, 3)]}], at=at(11)) == [False]
    assert store.record([{"id": "urn:t:2", "level": [prop(3, 3)]}], at=at(11), create=False) == [None]
    assert store.get([ONE]) == {} and store.changes(0) == [] and store.types() == {}
    assert both(store, lambda: values(store)) == [1, 9, 2, 3]
    assert values(store, datasets=frozenset([""])) == [1, 2, 3]
    assert store.past_ids(ThingQuery(types=["Lamp"]), [], Window()) == [ONE]
    store.write([{"id": ONE, "type": "Lamp", "level": prop(4, 4)}], mode="create", at=at(12))
    assert values(store) == [1, 9, 2, 3, 4]
    assert store.past_ids(ThingQuery(types=["Lamp"]), [], Window()) == [ONE]


def test_instances_are_corrected_and_struck_wherever_they_lie(store: ThingsStore) -> None:
    fill(store)
    instances = store.evolutions([ONE], ["level"], Window())[0].instances["level"]
    assert store.amend(ONE, "level", instances[3].id, prop(33, 3.5), at=at(20))
    close_day(store)
    assert store.amend(ONE, "level", instances[4].id, prop(44, 4), at=at(21))
    assert store.amend(ONE, "level", instances[5].id, None, at=at(22))
    assert not store.amend(ONE, "level", instances[5].id, None, at=at(23))
    assert not store.amend(ONE, "other", instances[4].id, None, at=at(23))
    assert not store.amend(ONE, "level", "urn:ngsi-ld:Instance:1-999-0", None, at=at(23))
    assert values(store) == [0, 1, 2, 33, 44, 6, 7, 8, 9]
    assert store.evolutions([ONE], ["level"], Window())[0].instances["level"][3].changed == int(
        at(20).timestamp() * 1e6
    )
    assert store.get([ONE])[ONE]["level"]["value"] == 9
    assert store.aggregates([ONE], ["level"], Window(), ["sum"], Period())[0].aggregates[0].buckets[0].values == {
        "sum": sum([0, 1, 2, 33, 44, 6, 7, 8, 9])
    }


def test_what_is_forgotten_is_gone_and_a_new_past_begins(store: ThingsStore) -> None:
    fill(store)
    store.write([{"id": ONE, "name": prop("a"), "level": prop(5, 15, datasetId="urn:d:1")}], mode="append", at=at(15))
    assert not store.forget(ONE, at=at(16), attribute="nothing")
    assert store.forget(ONE, at=at(16), attribute="level")
    assert both(store, lambda: values(store)) == [5]
    assert store.forget(ONE, at=at(16), attribute="level", dataset=None)
    assert not store.forget(ONE, at=at(16), attribute="level")
    assert values(store, "name") == ["a"]
    assert store.forget(ONE, at=at(17)) and not store.forget(ONE, at=at(17))
    assert store.evolutions([ONE], [], Window()) == []
    store.write([{"id": ONE, "name": prop("b")}], mode="append", at=at(18))
    assert values(store, "name") == ["b"] and values(store) == []


def test_an_entity_that_only_had_a_past_is_new_when_that_is_forgotten(store: ThingsStore) -> None:
    past = {"id": ONE, "type": "Lamp", "level": [prop(1, 1)]}
    assert store.record([past], at=at(10)) == [True]
    assert store.forget(ONE, at=at(11))
    assert store.past_ids(ThingQuery(types=["Lamp"]), [], Window()) == []
    assert store.record([past], at=at(12)) == [True]
    assert values(store) == [1]


def test_deletions_are_told(store: ThingsStore) -> None:
    fill(store)
    store.write([{"id": ONE, "level": None}], mode="append", at=at(20))
    store.delete([ONE], at=at(21))

    def ask() -> Any:
        found = store.evolutions([ONE], [], Window(by="deletedAt"))[0]
        return found.deleted, [(one.deleted, one.content) for one in found.instances["level"]]

    gone, told = both(store, ask)
    assert gone == int(at(21).timestamp() * 1e6)
    assert told == [(True, {"type": "Property", "value": "urn:ngsi-ld:null"})]
    assert [change.attributes for change in store.changes(10)] == [{"level": None}, None]
    assert store.history(ONE, "level", newest=True, limit=1, written=True)[0].instance is None


def test_scopes_have_a_past_that_is_no_change(store: ThingsStore) -> None:
    store.write([{"id": ONE, "type": "Lamp", "scope": "/a"}], mode="create", at=at(0))
    store.write([{"id": ONE, "scope": ["/b", "/c"]}], mode="append", at=at(1))
    assert values(store, "scope") == [["/a"], ["/b", "/c"]]
    assert [change.attributes for change in store.changes(0)] == [{}, {}]


def test_entities_are_found_by_values_in_the_window(store: ThingsStore) -> None:
    for number in range(5):
        for minute in range(3):
            place = {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [105 + number, 21]}}
            entity = {
                "id": f"urn:t:{number}",
                "type": "Lamp",
                "level": prop(number * 10 + minute, minute),
                "location": place,
            }
            store.write([entity], mode="upsert", at=at(minute))

    def ask() -> Any:
        window = Window(since=at(1), until=at(2), timed=True)
        some = Area("near", {"type": "Point", "coordinates": [107, 21]}, most=1000)
        return [
            store.past_ids(ThingQuery(types=["Lamp"], where=Term("level", ">", 20)), ["level"], window),
            store.past_ids(ThingQuery(types=["Lamp"], where=Term("level", "==", 20)), ["level"], window),
            store.past_ids(ThingQuery(types=["Lamp"], limit=2, offset=1), ["level"], window),
            store.past_count(ThingQuery(types=["Lamp"], limit=2, offset=1), ["level"], window),
            store.past_ids(ThingQuery(types=["Lamp"]), ["nothing"], window),
            store.past_ids(ThingQuery(ids=["urn:t:3"]), [], window),
            store.past_ids(ThingQuery(types=["Lamp"], area=some), [], Window()),
        ]

    assert both(store, ask) == [
        ["urn:t:2", "urn:t:3", "urn:t:4"], [], ["urn:t:1", "urn:t:2"], 5, [], ["urn:t:3"], ["urn:t:2"],
    ]  # fmt: skip


@pytest.mark.parametrize("period", [Period(), Period(micros=180_000_000), Period(months=1), Period(micros=1_000_000)])
def test_aggregates_are_those_of_the_values(store: ThingsStore, period: Period) -> None:
    numbers = [float((minute * 7) % 5) - 1.5 for minute in range(20)]
    for minute, value in enumerate(numbers):
        store.write([{"id": ONE, "type": "Lamp", "level": prop(value, minute)}], mode="upsert", at=at(minute))

    def ask(methods: Any = METHODS) -> Any:
        found = store.aggregates([ONE], ["level"], Window(since=at(0), timed=True), methods, period)
        return [
            (bucket.start, bucket.end, {key: round(value, 9) for key, value in bucket.values.items()})
            for one in found[0].aggregates
            for bucket in one.buckets
        ]

    width = 20 if period.months or not period.micros else max(period.micros // 60_000_000, 1)
    groups = [numbers[i : i + width] for i in range(0, 20, width)]
    fast = [method for method in METHODS if method != "distinctCount"]
    for methods in (METHODS, fast):
        found = ask(methods)
        assert [row[2] for row in found] == [
            {key: value for key, value in expected(group).items() if key in methods} for group in groups
        ]
    before = ask(), ask(fast)
    close_day(store)
    assert (ask(), ask(fast)) == before
    store.write([{"id": ONE, "level": prop(100.0, 19.5)}], mode="append", at=at(30))
    assert ask(("max",))[-1][2] == {"max": 100.0}


def expected(group: list[float]) -> dict[str, float]:
    return {
        "totalCount": len(group),
        "distinctCount": len(set(group)),
        "sum": round(sum(group), 9),
        "avg": round(statistics.fmean(group), 9),
        "min": min(group),
        "max": max(group),
        "stddev": round(statistics.stdev(group), 9) if len(group) > 1 else 0.0,
        "sumsq": round(sum(value * value for value in group), 9),
    }


def test_aggregates_of_what_is_no_number(store: ThingsStore) -> None:
    for minute, value in enumerate(["b", "a", "b"]):
        entity = {"id": ONE, "type": "Lamp", "name": prop(value, minute), "on": prop(value == "a", minute)}
        entity["list"], entity["near"] = prop([1] * minute, minute), {"type": "Relationship", "object": f"urn:{value}"}
        store.write([entity], mode="upsert", at=at(minute))

    def ask() -> Any:
        found = store.aggregates([ONE], [], Window(), METHODS, Period())[0].aggregates
        return {one.attribute: (one.kind, dict(one.buckets[0].values)) for one in found}

    found = both(store, ask)
    assert found["name"] == ("Property", {"totalCount": 3, "distinctCount": 2, "min": "a", "max": "b"})
    assert found["on"][1]["sum"] == 1.0 and found["on"][1]["avg"] == pytest.approx(1 / 3)
    assert found["list"][1] == {"totalCount": 3, "distinctCount": 3, "sum": 3.0, "avg": 1.0, "min": 0.0, "max": 2.0}
    assert found["near"] == ("Relationship", {"totalCount": 3, "distinctCount": 2})


def test_tenants_have_their_own_past(store: ThingsStore) -> None:
    fill(store)
    other = store.of("other")
    assert other.record([{"id": ONE, "type": "Lamp", "level": [prop(77, 1)]}], at=at(1)) == [True]
    assert both(store, lambda: (values(store.of("other")), len(values(store)))) == ([77], 10)
