"""What every things store promises (``kit.ports.ThingsStore``), on SQLite and on PostgreSQL."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from thanglong.kit.errors import Invalid
from thanglong.kit.ports import AllOf, AnyOf, Area, Term, ThingQuery, ThingsStore

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def prop(value: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Property", "value": value, **more}


def point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [lon, lat]}}


def lamp(number: int, **attributes: Any) -> dict[str, Any]:
    return {"id": f"urn:ngsi-ld:Streetlight:{number:04d}", "type": "Streetlight", **attributes}


def ids(store: ThingsStore, **criteria: Any) -> list[str]:
    """The last parts of the ids a query finds, which must agree with its count."""
    query = ThingQuery(**criteria)
    found = [entity["id"].rpartition(":")[2] for entity in store.query(query)]
    assert store.count(query) == len(found)
    return found


class TestWriting:
    def test_what_is_written_is_read(self, store: ThingsStore) -> None:
        entity = lamp(1, name=prop("Đèn 1"), power=prop(0.1 + 0.2), location=point(105.85, 21.02))
        assert [item.refused for item in store.write([entity], mode="create", at=T0)] == [None]
        assert store.get([entity["id"]]) == {entity["id"]: entity}
        assert store.get(["urn:nothing"]) == {}
        assert store.raw([entity["id"], "urn:nothing"]).keys() == {entity["id"]}

    def test_modes(self, store: ThingsStore) -> None:
        def write(mode: Any, **attributes: Any) -> Any:
            return store.write([lamp(1, **attributes)], mode=mode, at=T0)[0]

        def now() -> dict[str, Any]:
            return {
                key: value["value"]
                for key, value in store.get([lamp(1)["id"]])[lamp(1)["id"]].items()
                if key[0] not in "it"
            }

        for mode in ("append", "add", "update"):
            assert write(mode, a=prop(1)).refused == "missing"
        assert write("create", a=prop(1), b=prop(1)).created
        assert write("create", a=prop(9)).refused == "exists"
        write("upsert", b=prop(2), c=prop(2))
        assert now() == {"a": 1, "b": 2, "c": 2}
        assert write("add", c=prop(3), d=prop(3)).skipped == ("c",)
        assert now() == {"a": 1, "b": 2, "c": 2, "d": 3}
        assert write("update", d=prop(4), e=prop(4)).skipped == ("e",)
        assert now() == {"a": 1, "b": 2, "c": 2, "d": 4}
        write("append", e=prop(5), a=None)
        assert now() == {"b": 2, "c": 2, "d": 4, "e": 5}
        assert not write("replace", z=prop(6)).created
        assert now() == {"z": 6}

    def test_one_batch_keeps_its_order(self, store: ThingsStore) -> None:
        written = store.write([lamp(1, a=prop(1)), lamp(1, a=prop(2)), lamp(2)], mode="upsert", at=T0)
        assert [item.created for item in written] == [True, False, True]
        assert store.get([lamp(1)["id"]])[lamp(1)["id"]]["a"]["value"] == 2
        assert [change.seq for change in store.changes(0)] == [1, 2, 3]
        assert [item.refused for item in store.write([lamp(3), lamp(3)], mode="create", at=T0)] == [None, "exists"]

    def test_types_are_added(self, store: ThingsStore) -> None:
        store.write([lamp(1, a=prop(1))], mode="create", at=T0)
        store.write([{"id": lamp(1)["id"], "type": ["Streetlight", "Device"]}], mode="upsert", at=T0)
        assert store.types() == {"Device": 1, "Streetlight": 1}
        assert ids(store, types=["Device"], q=[("a", "==", 1)]) == ["0001"]
        assert ids(store, types=["Device", "Streetlight"]) == ["0001"]
        store.delete([lamp(1)["id"]], at=T0)
        assert store.types() == {}

    def test_delete_and_return(self, store: ThingsStore) -> None:
        store.write([lamp(1, a=prop(1), location=point(1, 1))], mode="create", at=T0)
        assert store.delete([lamp(1)["id"], "urn:no"], at=T0 + MINUTE) == [True, False]
        assert store.get([lamp(1)["id"]]) == {}
        assert ids(store, types=["Streetlight"]) == [] == ids(store, box=(0, 0, 2, 2)) == ids(store, q=[("a", "==", 1)])
        assert store.write([lamp(1, b=prop(2))], mode="create", at=T0 + 2 * MINUTE)[0].created
        assert set(store.get([lamp(1)["id"]])[lamp(1)["id"]]) == {"id", "type", "b"}
        assert [sample.instance["value"] for sample in store.history(lamp(1)["id"], "a") if sample.instance] == [1]

    def test_what_cannot_be_stored_is_refused_before_it_spoils_a_group(self, store: ThingsStore) -> None:
        bad: list[dict[str, Any]] = [
            {"type": "T"},
            {"id": "urn:x"},
            {"id": "urn:x", "type": "T", "a": 5},
            {"id": "urn:x", "type": "T", "a": {}},
            {"id": "urn:x", "type": "T", "a": prop(float("nan"))},
            {"id": "urn:x", "type": "T", "a": prop("\ud800")},
            {"id": "urn:x", "type": "T", "location": {"type": "GeoProperty", "value": {"type": "Point"}}},
        ]
        for entity in bad:
            with pytest.raises(Invalid):
                store.write([lamp(1), entity], mode="upsert", at=T0)
        assert store.last_seq() == 0

    def test_odd_values(self, store: ThingsStore) -> None:
        odd = {
            "zero": prop("a\x00b"),
            "long": prop("x" * 5000),
            "big": prop(2**60),
            "deep": prop({"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}),
            "many": prop(list(range(1000))),
            "nothing": prop(None),
            "empty": prop({}),
            "words": {"type": "LanguageProperty", "languageMap": {"vi": "đèn", "en": "lamp"}},
        }
        store.write([lamp(1, **odd)], mode="create", at=T0)
        assert store.get([lamp(1)["id"]])[lamp(1)["id"]] == lamp(1, **odd)
        assert ids(store, q=[("long", "==", "x" * 5000)]) == ["0001"]
        assert ids(store, q=[("long", "==", "x" * 4999)]) == []
        assert ids(store, q=[("many", "==", 7)]) == ["0001"]
        assert ids(store, q=[("words[vi]", "==", "đèn")]) == ["0001"]
        assert ids(store, q=[("nothing", "exists", None)]) == ["0001"]

    def test_instances_by_dataset(self, store: ThingsStore) -> None:
        speed = [prop(50), prop(54, datasetId="urn:radar")]
        store.write([lamp(1, speed=speed)], mode="create", at=T0)
        assert store.get([lamp(1)["id"]])[lamp(1)["id"]]["speed"] == speed
        assert ids(store, q=[("speed", "==", 54)]) == ["0001"]
        assert store.changes(0)[0].attributes == {"speed": speed}


class TestFinding:
    @pytest.fixture(autouse=True)
    def _city(self, store: ThingsStore) -> None:
        entities = [
            lamp(
                i,
                name=prop(f"Lamp {i}"),
                power=prop(i * 10),
                on=prop(i % 2 == 0),
                seen=prop((T0 + i * MINUTE).isoformat().replace("+00:00", "Z")),
                place=prop({"ward": f"W{i % 3}", "floor": i}),
                temp=prop(20, accuracy=prop(i / 10)),
                cabinet={"type": "Relationship", "object": f"urn:cabinet:{i % 2}"},
                location=point(105 + i / 100, 21),
            )
            for i in range(10)
        ]
        store.write(entities, mode="create", at=T0)
        area = {"type": "Polygon", "coordinates": [[[105, 21], [105.05, 21], [105.05, 21.1], [105, 21.1], [105, 21]]]}
        ward = {"id": "urn:ward", "type": "Ward", "location": {"type": "GeoProperty", "value": area}, "power": prop(10)}
        store.write([ward], mode="create", at=T0)

    @pytest.mark.parametrize(
        ("term", "expected"),
        [
            (("power", "==", 30), "3"),
            (("power", "!=", 30), "0 1 2 4 5 6 7 8 9"),
            (("power", ">", 70), "8 9"),
            (("power", ">=", 70), "7 8 9"),
            (("power", "<", 20), "0 1"),
            (("power", "<=", 20), "0 1 2"),
            (("power", "==", (20, 40)), "2 3 4"),
            (("power", "!=", (20, 80)), "0 1 9"),
            (("power", "==", [10, 90, 95]), "1 9"),
            (("on", "==", True), "0 2 4 6 8"),
            (("on", "==", False), "1 3 5 7 9"),
            (("on", "==", 1), ""),
            (("name", "==", "Lamp 4"), "4"),
            (("name", ">", "Lamp 7"), "8 9"),
            (("name", "~=", "^Lamp [2-4]$"), "2 3 4"),
            (("name", "~=", "p 5"), "5"),
            (("name", "!~=", "[0-8]"), "9"),
            (("seen", "<=", T0 + MINUTE), "0 1"),
            (("place[ward]", "==", "W2"), "2 5 8"),
            (("place[floor]", ">", 8), "9"),
            (("temp.accuracy", ">=", 0.8), "8 9"),
            (("temp.accuracy", "exists", None), "0 1 2 3 4 5 6 7 8 9"),
            (("cabinet", "==", "urn:cabinet:1"), "1 3 5 7 9"),
            (("nothing", "exists", None), ""),
            (("nothing", "missing", None), "0 1 2 3 4 5 6 7 8 9"),
            (("nothing", "!=", 3), ""),
            (("power", "==", "30"), ""),
            (("power", ">", "a"), ""),
        ],
    )
    def test_terms(self, store: ThingsStore, term: tuple[str, str, Any], expected: str) -> None:
        assert ids(store, types=["Streetlight"], q=[term]) == [f"000{n}" for n in expected.split()]
        # tested on each entity instead of driving the query: the same answer
        tested = AllOf([AnyOf([Term(*term), AllOf([Term("nothing", "exists"), Term("power", "exists")])])])
        assert ids(store, types=["Streetlight"], where=tested) == [f"000{n}" for n in expected.split()]

    def test_trees(self, store: ThingsStore) -> None:
        either = AnyOf([Term("power", "<", 20), Term("power", ">", 70)])
        assert ids(store, where=AllOf([either, Term("on", "==", True)])) == ["0000", "0008"]
        assert ids(store, where=either, types=["Ward"]) == ["urn:ward".rpartition(":")[2]]
        assert ids(store, where=AnyOf([])) == []

    def test_ids_and_pages(self, store: ThingsStore) -> None:
        assert ids(store, ids=[lamp(3)["id"], lamp(7)["id"], "urn:x"], q=[("power", ">", 40)]) == ["0007"]
        assert ids(store, id_prefix="urn:ngsi-ld:Streetlight:000", q=[("power", ">", 70)]) == ["0008", "0009"]
        assert ids(store, id_pattern="light:000[12]$") == ["0001", "0002"]
        assert ids(store, types=["Unknown"]) == []
        assert len(ids(store)) == 11
        pages, after = [], ""
        while page := store.query(ThingQuery(types=["Streetlight", "Ward"], limit=4, after=after)):
            pages.append(len(page))
            after = page[-1]["id"]
        assert pages == [4, 4, 3]
        second = store.query(ThingQuery(types=["Streetlight"], limit=3, offset=8))
        assert [entity["id"][-1] for entity in second] == ["8", "9"]
        driven = store.query(ThingQuery(q=[("power", ">=", 0)], limit=2, offset=3))
        assert [entity["id"][-1] for entity in driven] == ["3", "4"]
        assert store.count(ThingQuery(limit=0)) == 11
        assert store.query(ThingQuery(limit=0)) == []

    def test_boxes(self, store: ThingsStore) -> None:
        assert ids(store, types=["Streetlight"], box=(105.02, 20.9, 105.04, 21.1)) == ["0002", "0003", "0004"]
        assert ids(store, types=["Streetlight"], box=(105.0200001, 20.9, 105.0399999, 21.1)) == ["0003"]
        assert ids(store, box=(105.04, 20.9, 105.06, 21.1), types=["Ward"]) == ["ward"]
        assert ids(store, box=(0, 0, 1, 1)) == []

    def test_near(self, store: ThingsStore) -> None:
        # a hundredth of a degree of longitude is about 1,038 m here
        assert ids(store, types=["Streetlight"], near=(105.05, 21, 1050)) == ["0004", "0005", "0006"]
        here = {"type": "Point", "coordinates": [105.05, 21]}
        assert ids(store, types=["Streetlight"], area=Area("near", here, least=3500)) == ["0000", "0001", "0009"]
        assert ids(store, types=["Ward"], area=Area("near", here, most=1)) == ["ward"]
        line = {"type": "LineString", "coordinates": [[105, 21.0001], [105.02, 21.0001]]}
        assert ids(store, types=["Streetlight"], area=Area("near", line, most=50)) == ["0000", "0001", "0002"]

    @pytest.mark.parametrize(
        ("relation", "expected"),
        [("within", "3 4"), ("intersects", "2 3 4 5"), ("disjoint", "0 1 6 7 8 9"), ("overlaps", ""), ("contains", "")],
    )
    def test_relations(self, store: ThingsStore, relation: str, expected: str) -> None:
        ring = [[105.02, 20.9], [105.05, 20.9], [105.05, 21.1], [105.02, 21.1], [105.02, 20.9]]
        area = Area(relation, {"type": "Polygon", "coordinates": [ring]})
        assert ids(store, types=["Streetlight"], area=area) == [f"000{n}" for n in expected.split()]
        assert ids(store, types=["Ward"], area=Area("contains", {"type": "Point", "coordinates": [105.01, 21.01]})) == [
            "ward"
        ]

    def test_bad_questions(self, store: ThingsStore) -> None:
        bad = [
            ThingQuery(q=[("name", "~=", "(a+)+b")]),
            ThingQuery(q=[("name", "~=", "(")]),
            ThingQuery(q=[("name", "=>", 1)]),
            ThingQuery(id_pattern="(x|xx)*y"),
            ThingQuery(area=Area("touches", {"type": "Point", "coordinates": [1, 1]})),
            ThingQuery(
                area=Area("within", {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]})
            ),
            ThingQuery(area=Area("within", {"type": "Nothing"})),
        ]
        for query in bad:
            with pytest.raises(Invalid):
                store.query(query)

    def test_facts(self, store: ThingsStore) -> None:
        assert store.types() == {"Streetlight": 10, "Ward": 1}
        assert store.attributes("Ward") == ["location", "power"]
        assert store.attributes("Streetlight")[:3] == ["cabinet", "location", "name"]
        assert store.attributes("Nothing") == []
        assert store.check() is None


class TestPast:
    def test_history(self, store: ThingsStore) -> None:
        for i in range(5):
            at = T0 + i * MINUTE
            store.write([lamp(1, power=prop(i, observedAt=(at - MINUTE).isoformat()))], mode="upsert", at=at)
        samples = store.history(lamp(1)["id"], "power")
        assert [sample.instance["value"] for sample in samples if sample.instance] == [0, 1, 2, 3, 4]
        assert samples[1].at == T0 + MINUTE and samples[1].observed == samples[1].moment == T0
        cut = store.history(lamp(1)["id"], "power", T0, T0 + 2 * MINUTE)
        assert [sample.instance["value"] for sample in cut if sample.instance] == [1, 2]
        newest = store.history(lamp(1)["id"], "power", limit=2, newest=True)
        assert [sample.instance["value"] for sample in newest if sample.instance] == [3, 4]
        store.write([lamp(1, power=None)], mode="upsert", at=T0 + 9 * MINUTE)
        assert store.history(lamp(1)["id"], "power")[-1].instance is None
        assert store.history(lamp(1)["id"], "nothing") == store.history("urn:x", "power") == []

    def test_log(self, store: ThingsStore) -> None:
        store.write([lamp(1, a=prop(1), b=prop(1)), lamp(2)], mode="create", at=T0)
        store.write([lamp(1, a=prop(2), b=None)], mode="upsert", at=T0)
        store.write([lamp(1)], mode="upsert", at=T0)  # nothing said, nothing logged
        store.delete([lamp(2)["id"]], at=T0)
        store.write([{"id": "urn:d", "type": "Device"}], mode="create", at=T0)
        seen = [(change.seq, change.kind, change.entity[-4:], change.attributes) for change in store.changes(0)]
        assert seen == [
            (1, "created", "0001", {"a": prop(1), "b": prop(1)}),
            (2, "created", "0002", {}),
            (3, "updated", "0001", {"a": prop(2), "b": None}),
            (4, "deleted", "0002", None),
            (5, "created", "rn:d", {}),
        ]
        assert store.last_seq() == 5
        assert [change.seq for change in store.changes(1, 2)] == [2, 3]
        assert [change.seq for change in store.changes(0, types=["Device"])] == [5]
        assert store.changes(0, types=["Nothing"]) == store.changes(5) == []

    def test_stamps(self, store: ThingsStore) -> None:
        store.write([lamp(1, a=prop(1), b=prop(1))], mode="create", at=T0)
        store.write([lamp(1, b=prop(2))], mode="upsert", at=T0 + MINUTE)
        stamps = store.stamps([lamp(1)["id"]])[lamp(1)["id"]]
        assert stamps == {"": (T0, T0 + MINUTE), "a": (T0, T0), "b": (T0, T0 + MINUTE)}

    def test_wait(self, opener: Callable[[], ThingsStore]) -> None:
        writer, reader = opener(), opener()
        assert reader.wait(0, 0.02) == 0
        timer = threading.Timer(0.15, lambda: writer.write([lamp(1)], mode="create", at=T0))
        timer.start()
        assert reader.wait(0, 10) == 1
        timer.join()
        assert reader.wait(0, 10) == 1

    def test_digest(self, opener: Callable[[], ThingsStore]) -> None:
        one, other = opener(), opener()
        one.write([lamp(2, a=prop(1.5)), lamp(1, name=prop("Đ"))], mode="create", at=T0)
        before = other.digest()
        assert before == one.digest()
        other.write([lamp(3)], mode="create", at=T0)
        assert one.digest() != before
        other.delete([lamp(3)["id"]], at=T0)
        assert one.digest() == before
        assert before == "16b23e4330ab3353be9ab0c85a3edc3d37a91b97b11db449dc81c1672ef693b4"


def test_state_survives_closing(opener: Callable[[], ThingsStore]) -> None:
    store = opener()
    store.write([lamp(1, a=prop(1))], mode="create", at=T0)
    store.close()
    again = opener()
    assert again.get([lamp(1)["id"]])[lamp(1)["id"]]["a"]["value"] == 1
    again.write([lamp(2, a=prop(1))], mode="create", at=T0)
    assert again.types() == {"Streetlight": 2} and again.last_seq() == 2


def test_many_threads_share_commits(store: ThingsStore) -> None:
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for i in range(25):
                store.write([lamp(number, n=prop(i))], mode="upsert", at=T0)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert store.last_seq() == 400
    assert [change.seq for change in store.changes(0)] == list(range(1, 401))
    assert ids(store, q=[("n", "==", 24)]) == [f"{n:04d}" for n in range(16)]
    assert len(store.history(lamp(3)["id"], "n")) == 25
