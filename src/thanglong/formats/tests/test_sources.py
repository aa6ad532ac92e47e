"""What concerns a source, and how several sources' words about one entity become one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thanglong.formats.ngsild.merging import merge, without_system
from thanglong.formats.ngsild.operations import GROUPS, OPERATIONS, offered
from thanglong.formats.ngsild.sources import (
    Wanted,
    any_of,
    covered,
    ids_for,
    matching,
    names_for,
    seconds_of,
    source_of,
    via,
)

NOW = datetime(2026, 3, 2, tzinfo=UTC)
START = datetime(2026, 1, 1, tzinfo=UTC)


def source(*information: dict[str, Any], **members: Any) -> Any:
    return source_of(
        {"id": "urn:r:1", "type": "x", "endpoint": "http://a/", "information": list(information), **members}
    )


def moment(day: int) -> str:
    return (START + timedelta(days=day)).isoformat()


instances = st.builds(
    lambda value, day, dataset: {
        "type": "Property",
        "value": value,
        "modifiedAt": moment(day),
        **({"datasetId": dataset} if dataset else {}),
    },
    st.integers(0, 9),
    st.integers(0, 50),
    st.sampled_from(["", "urn:d:1", "urn:d:2"]),
)
entities = st.dictionaries(st.sampled_from(["a", "b", "c"]), instances, max_size=3).map(
    lambda attributes: {"id": "urn:a:1", "type": "T", **attributes}
)


class TestMerging:
    @given(st.lists(entities, min_size=1, max_size=4))
    def test_the_newest_of_each_dataset(self, parts: list[dict[str, Any]]) -> None:
        merged = merge([(part, False) for part in parts], NOW)
        assert merged is not None
        for name in ("a", "b", "c"):
            given = [part[name] for part in parts if name in part]
            listed = merged.get(name, [])
            shown = listed if isinstance(listed, list) else [listed]
            assert {one.get("datasetId") for one in shown} == {one.get("datasetId") for one in given}
            for one in shown:
                rivals = [item["modifiedAt"] for item in given if item.get("datasetId") == one.get("datasetId")]
                assert one["modifiedAt"] == max(rivals)

    @given(st.lists(entities, min_size=1, max_size=3), entities)
    def test_auxiliary_never_overrides(self, parts: list[dict[str, Any]], extra: dict[str, Any]) -> None:
        plain = merge([(part, False) for part in parts], NOW)
        merged = merge([*((part, False) for part in parts), (extra, True)], NOW)
        assert plain is not None and merged is not None
        assert all(merged[name] == value for name, value in plain.items())
        assert {*merged} == {*plain, *extra}

    @given(entities)
    def test_with_itself_it_stays(self, entity: dict[str, Any]) -> None:
        assert merge([(entity, False), (entity, False)], NOW) == entity

    def test_ends(self) -> None:
        past, soon, late = moment(1), "2099-01-01T00:00:00Z", "2099-02-01T00:00:00Z"
        base = {"id": "urn:a:1", "type": "T"}
        assert merge([({**base, "expiresAt": past}, False)], NOW) is None
        both = merge([({**base, "expiresAt": soon}, False), ({**base, "expiresAt": late}, False)], NOW)
        assert both == {**base, "expiresAt": late}
        assert merge([({**base, "expiresAt": soon}, False), (base, False)], NOW) == base

    def test_types_and_scopes_add_up(self) -> None:
        parts = [
            ({"id": "urn:a:1", "type": kind, "scope": scope}, False)
            for kind, scope in (("A", "/x"), (["B", "A"], "/y"))
        ]
        assert merge(parts, NOW) == {"id": "urn:a:1", "type": ["A", "B"], "scope": ["/x", "/y"]}

    def test_system_members_go_but_for_values(self) -> None:
        entity = {
            "id": "urn:a:1",
            "createdAt": "x",
            "a": {"value": {"createdAt": 1}, "modifiedAt": "x", "b": {"value": 1, "createdAt": "x"}},
        }
        assert without_system(entity) == {"id": "urn:a:1", "a": {"value": {"createdAt": 1}, "b": {"value": 1}}}


class TestMatching:
    @pytest.mark.parametrize(
        ("entity", "wanted", "fits"),
        [
            ({"type": ["A"]}, Wanted(any_of(["A"])), True), ({"type": ["A"]}, Wanted(any_of(["B"])), False),
            ({"type": ["A"], "id": "urn:a:1"}, Wanted(any_of(["A"]), ("urn:a:1",)), True),
            ({"type": ["A"], "id": "urn:a:1"}, Wanted(any_of(["A"]), ("urn:a:2",)), False),
            ({"type": ["A"], "idPattern": "^urn:a:"}, Wanted(None, ("urn:a:2",)), True),
            ({"type": ["A"], "idPattern": "^urn:b:"}, Wanted(None, ("urn:a:2",)), False),
            ({"type": ["A"], "id": "urn:a:1"}, Wanted(None, (), "a:1$"), True),
            ({"type": ["A"], "id": "urn:a:1"}, Wanted(None, (), "a:2$"), False),
            ({"type": ["A"], "idPattern": "x"}, Wanted(None, (), "y"), True), ({"id": "urn:a:1"}, Wanted(any_of(["A"])), True),
        ],
    )  # fmt: skip
    def test_entities(self, entity: dict[str, Any], wanted: Wanted, fits: bool) -> None:
        assert bool(matching(source({"entities": [entity]}), wanted)) is fits

    def test_names(self) -> None:
        one = source({"propertyNames": ["a"], "relationshipNames": ["b"]})
        assert matching(one, Wanted(names=frozenset(["b", "c"]))) and not matching(one, Wanted(names=frozenset(["c"])))
        assert covered(one, "urn:a:1", ["T"]) == {"a", "b"}
        assert covered(source({"entities": [{"type": ["T"]}]}), "urn:a:1", ["T"]) is None
        infos = matching(one, Wanted())
        assert names_for(infos, frozenset()) == {"a", "b"} and names_for(infos, frozenset(["b", "x"])) == {"b"}

    def test_ids(self) -> None:
        info = {"entities": [{"type": ["A"], "id": "urn:a:1"}, {"type": ["A"], "id": "urn:a:2"}]}
        one = source(info)
        for wanted, ids in (
            (Wanted(any_of(["A"])), ("urn:a:1", "urn:a:2")),
            (Wanted(None, ("urn:a:2", "urn:a:3")), ("urn:a:2",)),
        ):
            assert ids_for(matching(one, wanted), wanted) == ids

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("", 0), ("PT5M", 300), ("P1D", 86_400), ("PT0.5S", 0.5), ("P1W", 604_800), ("P1DT1H", 90_000)],
    )
    def test_durations(self, text: str, seconds: float) -> None:
        assert seconds_of(text) == seconds

    def test_via(self) -> None:
        assert via("1.1 first, HTTP/1.1 second (comment), third") == ["first", "second", "third"] and via("") == []

    def test_operations(self) -> None:
        assert offered(None) == GROUPS["federationOps"] and offered(["retrieveOps", "createBatch"]) == {
            "retrieveEntity",
            "queryEntity",
            "createBatch",
        }
        assert all(group <= OPERATIONS for group in GROUPS.values()) and len(OPERATIONS) == 43
