"""Questions: languages of the standard, parts and forms of the answers, linked entities, order."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.ngsild.conftest import Ask

B = "urn:ngsi-ld:Building:"
CITY, LAND = "urn:ngsi-ld:City:1", "urn:ngsi-ld:Country:1"


def entities() -> list[dict[str, Any]]:
    point = {"type": "Point", "coordinates": [8.0, 40.0]}
    return [
        {"id": f"{B}1", "type": ["Building", "Tower"], "name": "Éclair", "level": 4, "at": "2026-01-01T00:00:00Z",
         "label": {"languageMap": {"en": "tower", "fr": "tour", "fr-CH": "tour suisse"}},
         "kind": {"type": "VocabProperty", "vocab": "Old"}, "location": point,
         "locatedAt": {"type": "Relationship", "object": CITY}, "address": {"type": "Property", "value": {"city": "A"}},
         "temp": {"type": "Property", "value": 20, "observedAt": "2026-05-01T00:00:00Z", "unitCode": "CEL"}},
        {"id": f"{B}2", "type": "Building", "name": "apple", "level": 6, "location": {"type": "Point", "coordinates": [9, 41]},
         "address": {"type": "Property", "value": {"city": "Z"}}, "mixed": "text",
         "stops": {"type": "ListRelationship", "objectList": [CITY, LAND]}},
        {"id": f"{B}3", "type": "Tower", "name": "Zebra", "level": 5, "mixed": 7, "parts": {"type": "ListProperty", "valueList": [1, 2]}},
        {"id": CITY, "type": "City", "name": "Paris", "inside": {"type": "Relationship", "object": LAND}},
        {"id": LAND, "type": "Country", "name": "France", "text": "x"},
    ]  # fmt: skip


@pytest.fixture(autouse=True)
def _filled(broker: Ask) -> None:
    answer = broker("POST", "/entityOperations/create", entities())
    assert answer.status_code == 201, answer.text


def ids(broker: Ask, **params: str) -> list[str]:
    answer = broker("GET", "/entities", params=params)
    assert answer.status_code == 200, answer.text
    return [one["id"].removeprefix(B) for one in answer.json()]


class TestSelecting:
    @pytest.mark.parametrize(
        ("kinds", "found"),
        [("Building", "12"), ("Building,Tower", "123"), ("Building|Tower", "123"), ("(Building;Tower)", "1"),
         ("Building;Tower", "1"), ("(Building;Tower),Tower", "13"), ("Building;City", "")],
    )  # fmt: skip
    def test_types(self, broker: Ask, kinds: str, found: str) -> None:
        assert ids(broker, type=kinds) == list(found)
        count = broker("GET", "/entities", params={"type": kinds, "count": "true", "limit": "0"})
        assert count.headers["ngsild-results-count"] == str(len(found)) and count.json() == []

    @pytest.mark.parametrize(
        ("q", "found"),
        [
            ("level==4..5", "13"), ("level!=4..5", "2"), ('name=="apple","Zebra"', "23"), ('name!="apple", "Zebra"', "1"),
            ('name!~="^[aZ]"', "1"), ("temp.observedAt>=2026-04-01T00:00:00Z", "1"), ('temp.unitCode=="CEL"', "1"),
            ('label=="tour"', "1"), ('label[fr]=="tour"', "1"), ('label[en]=="tour"', ""), ('label[*]=="tower"', "1"),
            ("parts==2", "3"), ("level>4;(name|mixed)", "23"), ('stops=="urn:ngsi-ld:Country:1"', "2"),
            ('address[city]=="Z"', "2"), ("createdAt>2020-01-01T00:00:00Z;level>5", "2"), ("level>4..5", None),
            ("(level==4|level==6);!mixed", "1"), ("level==", None), ('name=="apple', None),
        ],
    )  # fmt: skip
    def test_terms(self, broker: Ask, q: str, found: str | None) -> None:
        if found is None:
            answer = broker("GET", "/entities", params={"type": "Building,Tower", "q": q})
            assert answer.status_code == 400 and answer.json()["title"] == "BadRequestData"
        else:
            assert ids(broker, type="Building,Tower", q=q) == list(found)

    def test_terms_on_linked_entities(self, broker: Ask) -> None:
        linked = {"type": "Building", "join": "inline", "joinLevel": "2"}
        assert ids(broker, **linked, q='locatedAt{name}=="Paris"') == ["1"]
        assert ids(broker, **linked, q='locatedAt{City:inside{name}}=="France"') == ["1"]
        assert ids(broker, **linked, q='locatedAt{Country:name}=="Paris"') == []
        assert broker("GET", "/entities", params={"type": "Building", "q": 'locatedAt{name}=="x"'}).status_code == 400

    def test_too_wide(self, broker: Ask) -> None:
        for params in (
            {},
            {"id": f"{B}1"},
            {"idPattern": ".*"},
            {"attrs": "createdAt"},
            {"attrs": "id,type"},
            {"q": "modifiedAt"},
            {"type": "*", "local": "false"},
        ):
            assert broker("GET", "/entities", params=params).json()["title"] == "BadRequestData", params
        assert len(ids(broker, local="true")) == len(ids(broker, type="*", local="true")) == 5
        assert ids(broker, local="true", idPattern=f"^{B}[12]$") == ["1", "2"]

    @pytest.mark.parametrize(
        ("georel", "geometry", "coordinates", "found"),
        [
            ("near;maxDistance==1000", "Point", "[8,40]", "1"), ("near;minDistance==1000", "Point", "[8,40]", "2"),
            ("within", "Polygon", "[[[7,39],[10,39],[10,42],[7,42],[7,39]],[[8.9,40.9],[9.1,40.9],[9.1,41.1],[8.9,41.1],[8.9,40.9]]]", "1"),
            ("near;maxDistance==2000", "LineString", "[[7,40.01],[9,40.01]]", "1"), ("near", "Point", "[8,40]", None),
            ("near;maxDistance==0", "Point", "[8,40]", None), ("near;maxDistance==-1", "Point", "[8,40]", None),
            ("near;maxDistance==1e400", "Point", "[8,40]", None), ("touches", "Point", "[8,40]", None),
            ("near;maxDistance==5;minDistance==1", "Point", "[8,40]", None),
        ],
    )  # fmt: skip
    def test_areas(self, broker: Ask, georel: str, geometry: str, coordinates: str, found: str | None) -> None:
        params = {"georel": georel, "geometry": geometry, "coordinates": coordinates}
        if found is None:
            assert broker("GET", "/entities", params=params).json()["title"] == "BadRequestData"
        else:
            assert ids(broker, **params) == list(found)

    def test_near_a_line_far_north(self, broker: Ask) -> None:
        line = {"type": "LineString", "coordinates": [[1, 85], [0, 85.6]]}
        broker("POST", "/entities", {"id": f"{B}9", "type": "Building", "location": line})
        params = {"type": "Building", "geometry": "Point", "coordinates": "[0,85]"}
        assert ids(broker, georel="near;maxDistance==20000", **params) == ["9"]
        assert ids(broker, georel="near;maxDistance==5000", **params) == []

    def test_rings_that_cross_themselves(self, broker: Ask) -> None:
        def made(ring: list[list[float]]) -> int:
            shape = {"type": "Polygon", "coordinates": [ring]}
            return broker("POST", "/entities", {"id": f"{B}9", "type": "Plot", "location": shape}).status_code

        assert made([[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]) == 400
        # the second side runs a hair's breadth over the last one: a sliver, mended where it is compared
        ring = [[0, 10], [0.05, 10], [0, 0], [10, 0], [10, 9], [0, 10]]
        assert made(ring) == 201
        kept = broker("GET", f"/entities/{B}9").json()["location"]["value"]["coordinates"]
        assert kept == [ring]
        for georel, geometry, coordinates, found in (
            ("equals", "Polygon", kept, ["9"]),
            ("contains", "Point", [5, 5], ["9"]),
            ("within", "Polygon", [[[-1, -1], [11, -1], [11, 11], [-1, 11], [-1, -1]]], ["9"]),
            ("disjoint", "Polygon", kept, []),
        ):
            params = {"georel": georel, "geometry": geometry, "coordinates": str(coordinates)}
            assert ids(broker, type="Plot", **params) == found

    def test_references_have_no_order(self, broker: Ask) -> None:
        for q in ('locatedAt>"urn:a"', 'locatedAt~="City"'):
            assert ids(broker, type="Building", q=q) == []
        assert ids(broker, type="Building", q=f'locatedAt=="{CITY}"') == ["1"]

    def test_expanded_values(self, broker: Ask) -> None:
        whole = "https://uri.etsi.org/ngsi-ld/default-context/Old"
        assert ids(broker, q=f'kind=="{whole}"', expandValues="kind") == ["1"]
        assert ids(broker, q='kind=="Old"', expandValues="kind") == ["1"]

    def test_a_question_in_a_body(self, broker: Ask) -> None:
        def ask(body: Any, **params: str) -> Any:
            return broker("POST", "/entityOperations/query", body, params=params)

        body = {"type": "Query", "entities": [{"type": "Building"}], "q": "level>4", "attrs": ["name"]}
        assert ask(body).json() == [{"id": f"{B}2", "type": "Building", "name": {"type": "Property", "value": "apple"}}]
        geo = {"georel": "near;maxDistance==1000", "geometry": "Point", "coordinates": [8, 40]}
        assert [one["id"] for one in ask({"type": "Query", "geoQ": geo}, options="keyValues").json()] == [f"{B}1"]
        for bad in (
            [],
            {},
            {"type": "Query"},
            {"type": "Query", "odd": 1},
            {"type": "Query", "entities": [{"type": "B"}], "temporalQ": {}},
            {"type": "Query", "entities": [{"id": "x"}]},
        ):
            assert ask(bad).status_code == 400, bad


class TestParts:
    def test_pick_and_omit(self, broker: Ask) -> None:
        def get(**params: str) -> Any:
            return broker("GET", f"/entities/{B}2", params=params).json()

        assert set(get(pick="name|id")) == {"name", "id"} and set(get(attrs="name")) == {"id", "type", "name"}
        assert "name" not in get(omit="name,id") and "id" not in get(omit="name,id")
        for bad in ({"pick": "name", "omit": "name"}, {"pick": "a", "attrs": "a"}, {"pick": "id;name"}, {"pick": "a,,b"},
                    {"pick": "a{b"}, {"pick": "a{}"}, {"pick": "a{{b}"}, {"pick": "a{b}"}, {"pick": "a{,b}"}):  # fmt: skip
            answer = broker("GET", f"/entities/{B}2", params=bad)
            assert answer.status_code == 400 and answer.json()["title"] == "BadRequestData", bad
        assert broker("GET", f"/entities/{B}2", params={"attrs": "no"}).status_code == 404
        assert broker("GET", f"/entities/{B}2", params={"type": "City"}).status_code == 404

    def test_nothing_left_to_be_seen(self, broker: Ask) -> None:
        for params in ({"pick": "nowhere"}, {"omit": "id,type,name,text"}):
            assert broker("GET", f"/entities/{LAND}", params=params).status_code == 404
        # who has none of what is picked does not match, and is neither counted nor given a place on a page
        params = {"type": "Building,Tower", "pick": "parts,stops", "count": "true", "limit": "2"}
        answer = broker("GET", "/entities", params=params)
        assert answer.headers["ngsild-results-count"] == "2" and [set(one) for one in answer.json()] == [
            {"stops"},
            {"parts"},
        ]
        assert broker("GET", "/entities", params={"type": "City", "omit": "id,type,name,inside"}).json() == []

    def test_what_there_is_not_is_said_before_what_is_not_found(self, broker: Ask) -> None:
        for params in ({"options": "odd"}, {"format": "odd"}, {"format": "simplified", "options": "odd"}):
            assert broker("GET", "/entities/urn:none", params=params).json()["title"] == "InvalidRequest"

    @pytest.mark.parametrize(
        ("lang", "value", "tag"),
        [("en", "tower", "en"), ("fr-CH,en", "tour suisse", "fr-CH"), ("FR", "tour", "fr"), ("nl-BE,fr-BE;q=0.5", "tour", "fr"),
         ("en;q=0.2,fr;q=0.9", "tour", "fr"), ("pt", "tower", "en"), ("*", "tower", "en")],
    )  # fmt: skip
    def test_languages(self, broker: Ask, lang: str, value: str, tag: str) -> None:
        found = broker("GET", f"/entities/{B}1", params={"lang": lang, "attrs": "label"}).json()["label"]
        assert found == {"type": "Property", "value": value, "lang": tag}
        simple = broker("GET", f"/entities/{B}1", params={"lang": lang, "format": "simplified"}).json()
        assert simple["label"] == value

    def test_geojson(self, broker: Ask) -> None:
        geo = {"accept": "application/geo+json"}
        one = broker("GET", f"/entities/{B}1", headers=geo)
        body = one.json()
        assert body["type"] == "Feature" and body["geometry"]["coordinates"] == [8.0, 40.0] and "@context" in body
        assert body["properties"]["type"] == ["Building", "Tower"] and "id" not in body["properties"]
        plain = broker(
            "GET", f"/entities/{B}1", params={"options": "keyValues"}, headers={**geo, "prefer": "body=json"}
        )
        assert "@context" not in plain.json() and "link" in plain.headers
        assert plain.json()["properties"]["name"] == "Éclair"
        many = broker("GET", "/entities?type=Building", headers=geo).json()
        assert many["type"] == "FeatureCollection" and "@context" not in many["features"][0]
        assert broker("GET", f"/entities/{B}1?geometryProperty=name", headers=geo).json()["geometry"] is None
        assert broker("GET", f"/entities/{B}1?geometryProperty=name").status_code == 400

    def test_ends_are_told_with_system_attributes(self, broker: Ask) -> None:
        end = "2999-01-01T00:00:00Z"
        body = {
            "id": f"{B}8",
            "type": "Shed",
            "expiresAt": end,
            "x": {"type": "Property", "value": 1, "expiresAt": end},
        }
        assert broker("POST", "/entities", body).status_code == 201
        for path in (f"/entities/{B}8", "/entities?type=Shed"):
            assert "expiresAt" not in broker("GET", path).text
            known = broker("GET", path, params={**dict(item.split("=") for item in [path.partition("?")[2]] if item),
                                                "options": "sysAttrs"}).text  # fmt: skip
            assert known.count(end) == 2

    def test_older_versions(self, broker: Ask) -> None:
        old = broker("GET", f"/entities/{B}1", headers={"prefer": "ngsi-ld=1.5"})
        assert old.status_code == 203 and old.headers["preference-applied"] == "ngsi-ld=1.5"
        assert old.json()["kind"] == {"type": "Property", "value": "Old"}
        new = broker("GET", f"/entities/{B}1", headers={"prefer": "ngsi-ld=1.9"})
        assert new.status_code == 200 and new.json()["kind"]["type"] == "VocabProperty"
        assert broker("GET", "/entities?type=Building", headers={"prefer": "ngsi-ld=1.5"}).status_code == 203


class TestLinked:
    """4.5.23"""

    def test_inline(self, broker: Ask) -> None:
        def get(**params: str) -> Any:
            return broker("GET", f"/entities/{B}1", params={"join": "inline", **params}).json()

        city = get()["locatedAt"]["entity"]
        assert city["id"] == CITY and "entity" not in city["inside"]
        assert get(joinLevel="2")["locatedAt"]["entity"]["inside"]["entity"]["name"]["value"] == "France"
        simple = get(joinLevel="2", format="simplified")["locatedAt"]
        assert simple["name"] == "Paris" and simple["inside"]["name"] == "France"
        picked = get(joinLevel="2", pick="id,locatedAt{id,inside{name}}")
        assert set(picked) == {"id", "locatedAt"} and set(picked["locatedAt"]["entity"]) == {"id", "inside"}
        assert set(picked["locatedAt"]["entity"]["inside"]["entity"]) == {"name"}
        assert "createdAt" in get(options="sysAttrs")["locatedAt"]["entity"]
        listed = broker("GET", f"/entities/{B}2", params={"join": "inline"}).json()["stops"]
        assert [one["id"] for one in listed["entityList"]] == [CITY, LAND]
        assert "entity" not in get(containedBy=CITY)["locatedAt"]

    def test_flat(self, broker: Ask) -> None:
        alone = broker("GET", f"/entities/{LAND}", params={"join": "flat"}).json()
        assert alone["id"] == LAND

        def get(**params: str) -> Any:
            answer = broker("GET", f"/entities/{B}1", params={"join": "flat", **params}).json()
            return [one["id"] for one in answer]

        assert get() == [f"{B}1", CITY] and get(joinLevel="2") == [f"{B}1", CITY, LAND]
        many = broker("GET", "/entities", params={"type": "Building", "join": "flat", "joinLevel": "2"}).json()
        assert [one["id"] for one in many] == [f"{B}1", f"{B}2", CITY, LAND]

    @pytest.mark.parametrize("bad", [{"join": "odd"}, {"join": "inline", "joinLevel": "0"}, {"joinLevel": "2"},
                                     {"join": "inline", "pick": "locatedAt{inside{name}}"}])  # fmt: skip
    def test_wrong_joins(self, broker: Ask, bad: dict[str, str]) -> None:
        assert broker("GET", f"/entities/{B}1", params=bad).status_code == 400


class TestOrderAndPages:
    @pytest.mark.parametrize(
        ("order", "more", "found"),
        [
            ("level", {}, "132"), ("level;desc", {}, "231"), ("name", {}, "321"), ("name", {"collation": "und-u-ks-level1"}, "213"),
            ("name;desc", {"collation": "vi"}, "312"), ("mixed", {}, "321"), ("mixed;desc", {}, "231"),
            ("address[city];desc", {}, "213"), ("temp.observedAt", {}, "123"), ("location;dist-asc", {"orderFrom": "[9,41]"}, "213"),
            ("location;dist-desc", {"orderFrom": "[9,41]"}, "123"), ("missing,level;desc", {}, "231"), ("id;desc", {}, "321"),
        ],
    )  # fmt: skip
    def test_orders(self, broker: Ask, order: str, more: dict[str, str], found: str) -> None:
        assert ids(broker, type="Building,Tower", orderBy=order, **more) == list(found)
        assert ids(broker, type="Building,Tower", orderBy=order, limit="1", offset="1", **more) == [found[1]]

    def test_order_by_when_attributes_were_made(self, broker: Ask) -> None:
        for number in (3, 1, 2):
            broker("POST", f"/entities/{B}{number}/attrs", {"fresh": number})
        broker("PATCH", f"/entities/{B}3/attrs/fresh", {"value": 9})
        assert ids(broker, attrs="fresh", orderBy="fresh.createdAt") == ["3", "1", "2"]
        assert ids(broker, attrs="fresh", orderBy="fresh.modifiedAt;desc") == ["3", "2", "1"]

    @pytest.mark.parametrize("bad", [{"orderBy": "level;up"}, {"orderBy": "location;dist-asc"}, {"collation": "!!"},
                                     {"orderBy": "name", "collation": "de-u-xx-y"},
                                     {"orderBy": "location;dist-asc", "orderFrom": "[1"}])  # fmt: skip
    def test_wrong_orders(self, broker: Ask, bad: dict[str, str]) -> None:
        assert broker("GET", "/entities", params={"type": "Building", **bad}).status_code == 400

    def test_pages(self, broker: Ask) -> None:
        answer = broker("GET", "/entities", params={"type": "Building,Tower", "limit": "1", "offset": "1"})
        links = {
            part.split('rel="')[1].split('"')[0]: part for part in answer.headers.get_list("link") if 'rel="' in part
        }
        assert {"next", "prev"} <= set(links)
        query = parse_qs(urlsplit(links["next"].split("<")[1].split(">")[0]).query)
        assert query["offset"] == ["2"] and query["type"] == ["Building,Tower"]
        last = broker("GET", "/entities", params={"type": "Building,Tower", "limit": "2", "offset": "2"})
        assert 'rel="next"' not in str(last.headers.get_list("link"))
        assert ids(broker, type="Building", offset="100") == []
