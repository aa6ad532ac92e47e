"""Entities from and into files: good rows kept, bad ones told, memory bounded."""

import io
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from thanglong.core.things.service import importing
from thanglong.core.things.types import Pass
from thanglong.formats import entity_files as files
from thanglong.kit import ports
from thanglong.kit.errors import Denied
from thanglong.kit.ports import SYSTEM, ThingsStore
from thanglong.stores.sqlite.things import SqliteThings

WRITER = Pass(SYSTEM, True, True)
MAPPING = {
    "type": "FireHydrant",
    "id": "{code}",
    "delimiter": ";",
    "location": {"lon": "x", "lat": "y"},
    "attributes": {
        "name": "title",
        "flow": {"column": "q", "as": "number", "unitCode": "L2", "observedAt": "at"},
        "unit": {"column": "ward", "as": "relationship", "prefix": "urn:ngsi-ld:Unit:"},
        "label": {"column": "title", "as": "language", "language": "vi"},
        "good": {"column": "ok", "as": "flag"},
        "tags": {"column": "tags", "as": "list"},
    },
}
HEADER = "code;title;x;y;q;at;ward;ok;tags\n"


@pytest.fixture
def things(tmp_path: Path) -> Iterator[ThingsStore]:
    before, store = ports.plugged.things, SqliteThings(tmp_path / "things.db")
    ports.plug(things=store)
    yield store
    ports.plug(things=before)
    store.close()


def csv_rows(text: str, **more: Any) -> list[files.Row]:
    return list(files.read_csv(io.StringIO(HEADER + text), files.mapping_of({**MAPPING, **more})))


class TestReading:
    @pytest.mark.parametrize(
        "text", ['[{"id":"urn:a:1"}, {"id":"urn:a:2"}]', '{"id":"urn:a:1"}\n{"id":"urn:a:2"}\n', '\ufeff[{"id":"urn:a:1"},{"id":"urn:a:2"}]']
    )  # fmt: skip
    def test_ngsild(self, text: str) -> None:
        assert [row.entity["id"] for row in files.read_ngsild(io.StringIO(text)) if row.entity] == [
            "urn:a:1",
            "urn:a:2",
        ]

    def test_broken_json_is_told(self) -> None:
        rows = list(files.read_ngsild(io.StringIO('[{"id":"urn:a:1"}, 5, {"id":')))
        assert [bool(row.entity) for row in rows] == [True, False, False] and "not JSON" in rows[2].fault

    def test_pieces_of_any_size(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "CHUNK", 7)
        text = json.dumps([{"id": f"urn:a:{n}", "name": "đèn, [{" * n} for n in range(20)], ensure_ascii=False)
        assert [row.entity["id"] for row in files.read_ngsild(io.StringIO(text)) if row.entity] == [
            f"urn:a:{n}" for n in range(20)
        ]
        collection = {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "id": 5, "properties": {"a": 1}, "geometry": None}],
        }
        assert next(files.read_geojson(io.StringIO(json.dumps(collection)), "T")).entity == {
            "id": "urn:ngsi-ld:T:5",
            "type": "T",
            "a": 1,
        }

    def test_geojson_faults(self) -> None:
        features = [{"type": "Feature", "properties": {}}, 5, {"type": "Feature", "properties": {"type": "T"}}]
        text = json.dumps({"type": "FeatureCollection", "features": features})
        assert [row.fault for row in files.read_geojson(io.StringIO(text))] == [
            "the type of the entity is not said: name it with --type",
            "not a Feature",
            "the feature has no id",
        ]
        with pytest.raises(files.BadFile):
            list(files.read_geojson(io.StringIO("{}")))

    def test_csv(self) -> None:
        row = csv_rows("7;Trụ 7;105,85;21.03;1 200;2026-03-02T08:00:00Z;w1;yes;a|b\n")[0]
        assert row.entity == {
            "id": "urn:ngsi-ld:FireHydrant:7",
            "type": "FireHydrant",
            "name": {"type": "Property", "value": "Trụ 7"},
            "flow": {"type": "Property", "value": 1200, "unitCode": "L2", "observedAt": "2026-03-02T08:00:00Z"},
            "unit": {"type": "Relationship", "object": "urn:ngsi-ld:Unit:w1"},
            "label": {"type": "LanguageProperty", "languageMap": {"vi": "Trụ 7"}},
            "good": {"type": "Property", "value": True},
            "tags": {"type": "Property", "value": ["a", "b"]},
            "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [105.85, 21.03]}},
        }

    def test_csv_faults(self) -> None:
        rows = csv_rows(";a;1;2;3;;;;\n1;a;x;2;3;;;;\n2;a;1;2;tám;;;;\n3;a;;;;;;;\n")
        assert [bool(row.entity) for row in rows] == [False, False, False, True]
        assert rows[0].number == 2 and "tám" in rows[2].fault

    @pytest.mark.parametrize(
        "content", [[], {"type": "A"}, {**MAPPING, "location": {"lon": "x"}}, {**MAPPING, "attributes": {"a": {"column": "b", "as": "odd"}}}]
    )  # fmt: skip
    def test_bad_mapping(self, content: Any) -> None:
        with pytest.raises(files.BadFile):
            files.mapping_of(content)

    def test_missing_column(self) -> None:
        with pytest.raises(files.BadFile, match="other"):
            csv_rows("", attributes={"a": "other"})


class TestTaking:
    def test_good_rows_are_kept(self, things: ThingsStore) -> None:
        rows = [
            files.Row(1, {"id": "urn:a:1", "type": "T", "x": 5}), files.Row(2, {"id": "no", "type": "T"}),
            files.Row(3, None, "broken"), files.Row(4, {"id": "urn:a:2", "type": "T", "@context": "u"}),
        ]  # fmt: skip
        lots = list(importing.take_in(WRITER, rows))
        assert (lots[0].written, lots[0].made) == (2, 2) and [number for number, _ in lots[0].faults] == [2, 3]
        again = list(importing.take_in(WRITER, rows[:1], "create"))
        assert again[0].written == 0 and "already" in again[0].faults[0][1]

    def test_who_may(self, things: ThingsStore) -> None:
        with pytest.raises(Denied):
            list(importing.take_in(Pass(SYSTEM, True, False), []))

    def test_round_trip(self, things: ThingsStore) -> None:
        things_in = [
            {"id": f"urn:a:{n}", "type": "T", "x": {"type": "Property", "value": n}, "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [n, 1]}}}
            for n in range(3)
        ]  # fmt: skip
        list(importing.take_in(WRITER, (files.Row(n, one) for n, one in enumerate(things_in))))
        for write, read in ((files.write_ngsild, files.read_ngsild), (files.write_geojson, files.read_geojson)):
            out = io.StringIO()
            assert write(importing.give_out(WRITER, ["T"]), out) == 3
            out.seek(0)
            assert [row.entity for row in read(out)] == things_in
        out = io.StringIO()
        files.write_csv(importing.give_out(WRITER), out, ["location", "x"])
        assert out.getvalue().splitlines()[:2] == ["id,type,lon,lat,x", "urn:a:0,T,0,1,0"]

    @pytest.mark.slow
    def test_many_in_little_memory(self, things: ThingsStore, tmp_path: Path) -> None:
        path = tmp_path / "many.json"
        with path.open("w") as file:
            files.write_ngsild(({"id": f"urn:a:{n:06}", "type": "T", "x": 5} for n in range(30_000)), file)
        tracemalloc.start()
        with path.open() as file:
            written = sum(lot.written for lot in importing.take_in(WRITER, files.read_ngsild(file)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert written == 30_000 and peak < 30_000_000  # the file and its entities would take 60 MB
