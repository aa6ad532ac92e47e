"""The query builder's answers: parameters as the interface NGSI-LD takes them, answered in process with its languages.

Permission is that of the verbs called: closed types and keys bound to types as everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from thanglong.core.things import service as things
from thanglong.core.things.service import past
from thanglong.core.things.types import Asker, Entity, ThingQuery, stamp
from thanglong.formats.ngsild import query as language
from thanglong.formats.ngsild import shown as forms
from thanglong.formats.ngsild import temporal
from thanglong.kit.past import Evolution, Window
from thanglong.kit.query import Order


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question found: how many in all, this page as the interface shows it, and the entities behind it.

    ``evolutions`` is the page of a question to the past, whose ``entities`` stay empty.
    """

    total: int
    shown: Sequence[Mapping[str, Any]]
    entities: Sequence[Entity] = ()
    evolutions: Sequence[Evolution] = ()


def present(asker: Asker, given: Mapping[str, str]) -> Answer:
    """Entities as they are now; Denied or NotSignedIn for a closed type."""
    query = _query(given)
    total = things.count(asker, query)
    found = [dict(forms.without_ends(entity)) for entity in things.query(asker, query)]
    kept = [_picked(entity, given) for entity in found]
    form = forms.FORMS.get({"simplified": "keyValues"}.get(given.get("format", ""), given.get("format", "")), dict)
    return Answer(total, [form(entity) for entity in kept], kept)


def gone_by(asker: Asker, given: Mapping[str, str], most: int) -> Answer:
    """Entities as they were over a span of time; ``most``: instances of an attribute at most."""
    since = _moment(given, "timeAt") if given["timerel"] != "before" else None
    until = _moment(given, {"before": "timeAt", "between": "endTimeAt"}.get(given["timerel"], ""))
    window = Window("observedAt", since, until, True, int(given.get("lastN", 0)), most)
    wanted = [name for name in forms.projection(given["pick"]) if name not in forms.OWN] if "pick" in given else []
    query = _query(given)
    total = past.count(asker, query, wanted, window)
    ids = past.find(asker, query, wanted, window)
    evolutions = [_without(one, given) for one in past.evolutions(asker, ids, wanted, window)]
    render = temporal.values if given.get("format") == "temporalValues" else temporal.normalised
    return Answer(total, [render(one, window, False, stamp) for one in evolutions], (), evolutions)


def _query(given: Mapping[str, str]) -> ThingQuery:
    kinds, more = language.types(given["type"])
    found = ThingQuery(kinds, limit=int(given["limit"]), offset=int(given.get("offset", 0)), where=more)
    if "q" in given:
        found = replace(found, where=language.condition(given["q"]))
    if "georel" in given:
        area = language.area(given["georel"], given["geometry"], given["coordinates"])
        found = replace(found, area=area)
    if "orderBy" in given:
        path, _, direction = given["orderBy"].partition(";")
        near = None
        if direction.startswith("dist-"):
            near = {"type": "Point", "coordinates": orjson.loads(given["orderFrom"])}
        found = replace(found, order=[Order(language.path(path), direction.endswith("desc"), near)])
    return found


def _moment(given: Mapping[str, str], key: str) -> datetime | None:
    return datetime.fromisoformat(given[key]) if key in given else None


def _picked(entity: Entity, given: Mapping[str, str]) -> Entity:
    pick = forms.projection(given["pick"]) if "pick" in given else None
    omit = forms.projection(given["omit"]) if "omit" in given else None
    return forms.picked(entity, pick, omit)


def _without(one: Evolution, given: Mapping[str, str]) -> Evolution:
    if "omit" not in given:
        return one
    omitted = forms.projection(given["omit"])
    return replace(one, instances={name: items for name, items in one.instances.items() if name not in omitted})
