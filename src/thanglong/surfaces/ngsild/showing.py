"""From the entities of the store to what a client asked to see: parts, linked entities, language, form, names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from thanglong.core.things import service as things
from thanglong.core.things.types import Pass, iso
from thanglong.formats.ngsild import shown as forms
from thanglong.formats.ngsild.entities import checked_uri
from thanglong.formats.ngsild.shown import OWN, Tree
from thanglong.formats.ngsild.vocabulary import Vocabulary
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.ngsild.answers import GEO_JSON, Header, Problem, send
from thanglong.surfaces.ngsild.parameters import Options, datasets, listed, names, options

DEEPEST, MOST_LINKED = 10, 10_000
VERSION = re.compile(r'\bngsi-ld="?1\.(\d{1,2})', re.IGNORECASE)
ONE = (
    "attrs", "pick", "omit", "options", "format", "geometryProperty", "type", "lang", "datasetId", "join", "joinLevel",
    "containedBy", "entityMap", "splitEntities", "csf", "jsonKeys", "expandValues",
)  # fmt: skip
"""Parameters of a request for one entity."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be shown of entities, and how."""

    names: Vocabulary
    options: Options
    attrs: Sequence[str] = ()
    pick: Tree | None = None
    omit: Tree | None = None
    languages: Sequence[tuple[str, float]] = ()
    datasets: Sequence[str] = ()
    join: str = ""
    level: int = 1
    contained: frozenset[str] = frozenset()
    geometry: str = "location"
    geojson: bool = False

    @property
    def plain(self) -> bool:
        """Whether entities are shown as they are stored."""
        parts = (self.attrs, self.pick, self.omit, self.languages, self.datasets, self.join, self.options.system)
        return self.options.format == "normalized" and not any(parts) and not self.geojson and self.names.core


def wish_of(given: Mapping[str, str], kind: str, vocabulary: Vocabulary, more: Sequence[str] = ()) -> Wish:
    """The wish that parameters state; Problem 400 where they contradict each other."""
    if "geometryProperty" in given and kind != GEO_JSON:
        raise Problem(400, "BadRequestData", "geometryProperty goes with Accept: application/geo+json")
    if "attrs" in given and ("pick" in given or "omit" in given):
        raise Problem(400, "BadRequestData", "attrs goes neither with pick nor with omit")
    pick = forms.projection(given["pick"], vocabulary) if "pick" in given else None
    omit = forms.projection(given["omit"], vocabulary) if "omit" in given else None
    if pick and omit and any(key in pick and part is None for key, part in omit.items()):
        raise Problem(400, "BadRequestData", "the same name stands in pick and in omit")
    join, level = _join(given)
    if max(forms.depth_of(pick), forms.depth_of(omit)) > (level if join else 0):
        raise Problem(400, "BadRequestData", "names of linked entities need join and a joinLevel as deep")
    return Wish(
        vocabulary,
        options(given, more),
        names(given, "attrs", vocabulary),
        pick,
        omit,
        forms.languages(given["lang"]) if "lang" in given else (),
        datasets(given),
        join,
        level,
        frozenset(checked_uri(one, "containedBy") for one in listed(given, "containedBy")),
        vocabulary.expand_name(given.get("geometryProperty", "location")),
        kind == GEO_JSON,
    )


def _join(given: Mapping[str, str]) -> tuple[str, int]:
    join = given.get("join", "")
    if join not in ("", "inline", "flat", "@none"):
        raise Problem(400, "BadRequestData", "join is inline, flat or @none")
    text = given.get("joinLevel", "1")
    if not text.isdigit() or not 1 <= int(text) <= DEEPEST:
        raise Problem(400, "BadRequestData", f"joinLevel is a number from 1 to {DEEPEST}")
    if "joinLevel" in given and join in ("", "@none"):
        raise Problem(400, "BadRequestData", "joinLevel goes with join")
    return ("" if join == "@none" else join), int(text)


def shown(who: Pass, found: Sequence[dict[str, Any]], wish: Wish) -> list[dict[str, Any]]:
    """Entities of the store as the client wants to see them. Blocks where stamps or linked entities are wanted."""
    return _Showing(who, wish).all(found)


def older_version(request: Request) -> int | None:
    """The minor version of the standard the header Prefer asks for (``ngsi-ld=1.5``: 5), None when it does not."""
    match = VERSION.search(request.headers.get("prefer", ""))
    return int(match[1]) if match else None


async def send_as(
    request: Request, kind: str, content: Any, headers: Sequence[Header], names: Vocabulary, version: int | None
) -> None:
    """Send an answer, in the words of an older version of the standard where one is preferred (clause 4.3.6.8)."""
    status = 200
    if version is not None:
        older = forms.in_version(content, version)
        status = 203 if older != content else 200
        content, headers = older, [*headers, (b"preference-applied", b"ngsi-ld=1.%d" % version)]
    await send(request, kind, content, headers, names=names, status=status)


class _Showing:
    """One answer in the making."""

    def __init__(self, who: Pass, wish: Wish) -> None:
        self._who, self._wish = who, wish
        self._linked = 0

    def all(self, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        wish = self._wish
        if wish.join == "flat":
            return [self._formed(entity, raw) for entity, raw in self._flat(found)]
        parts = self._parts(found, wish.pick, wish.omit)
        if wish.join == "inline":
            trees = [(wish.pick, wish.omit)] * len(parts)
            seen = wish.contained | {entity["id"] for entity in found}
            self._inline(list(zip(parts, trees, strict=True)), wish.level, seen)
        return [self._formed(part, raw) for part, raw in zip(parts, found, strict=True)]

    def _parts(self, found: Sequence[Mapping[str, Any]], pick: Tree | None, omit: Tree | None) -> list[dict[str, Any]]:
        """What is to be seen of entities, still in the store's form."""
        wish = self._wish
        stamps = things.stamps(self._who, [entity["id"] for entity in found]) if wish.options.system else {}
        parts = []
        for entity in found:
            part: Mapping[str, Any] = entity
            if wish.options.system:
                pairs = {key: (iso(made), iso(new)) for key, (made, new) in stamps.get(entity["id"], {}).items()}
                part = forms.stamped(part, pairs)
            else:
                part = forms.without_ends(part)
            if wish.attrs:
                part = forms.with_attributes(part, wish.attrs)
            if pick is not None or omit:
                part = forms.picked(part, pick, omit)
            if wish.datasets:
                part = forms.of_datasets(part, wish.datasets)
            if wish.languages:
                part = forms.in_language(part, wish.languages)
            parts.append(dict(part))
        return parts

    def _formed(self, part: dict[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
        wish = self._wish
        form = forms.FORMS.get(wish.options.format, dict)
        named = wish.names.compact_entity(part)
        if not wish.geojson:
            return form(named)
        return forms.feature(named, raw.get(wish.geometry), form)

    # -- linked entities (clause 4.5.23)

    def _targets(self, part: Mapping[str, Any]) -> dict[str, list[str]]:
        """The entities the Relationships of an entity point to, by attribute."""
        found: dict[str, list[str]] = {}
        for key, attribute in part.items():
            if key in OWN:
                continue
            for instance in attribute if isinstance(attribute, list) else [attribute]:
                if isinstance(instance, Mapping):
                    found.setdefault(key, []).extend(_of_instance(instance))
        return {key: ids for key, ids in found.items() if ids}

    def _load(self, ids: set[str]) -> dict[str, dict[str, Any]]:
        self._linked += len(ids)
        if self._linked > MOST_LINKED:
            raise Problem(403, "TooComplexQuery", "too many linked entities")
        return things.get_many(self._who, sorted(ids)) if ids else {}

    def _inline(
        self, parts: Sequence[tuple[dict[str, Any], tuple[Tree | None, Tree | None]]], level: int, seen: frozenset[str]
    ) -> None:
        """Put linked entities into the Relationships of ``parts``, then those they are linked to."""
        wanted = {id for part, _ in parts for ids in self._targets(part).values() for id in ids} - seen
        loaded = self._load(wanted)
        following: list[Any] = []
        for part, (pick, omit) in parts:
            for key in self._targets(part):
                below = ((pick or {}).get(key), (omit or {}).get(key))
                part[key] = self._joined(part[key], loaded, below, following)
        if level > 1 and following:
            self._inline(following, level - 1, seen | frozenset(loaded))

    def _joined(self, attribute: Any, loaded: Mapping[str, Any], below: tuple[Any, Any], following: list[Any]) -> Any:
        if isinstance(attribute, list):
            return [self._joined(one, loaded, below, following) for one in attribute]
        ids = list(_of_instance(attribute))
        entities = [loaded[id] for id in ids if id in loaded]
        if not entities:
            return attribute
        parts = self._parts(entities, *below)
        following.extend((part, below) for part in parts)
        if "objectList" in attribute:
            return {**attribute, "entityList": parts}
        return {**attribute, "entity": parts if isinstance(attribute.get("object"), list) else parts[0]}

    def _flat(self, found: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], Mapping[str, Any]]]:
        """The entities and, behind them, all they lead to, each once."""
        wish = self._wish
        answer: list[tuple[dict[str, Any], Mapping[str, Any]]] = list(
            zip(self._parts(found, wish.pick, wish.omit), found, strict=True)
        )
        seen = wish.contained | {entity["id"] for entity in found}
        layer = [(part, (wish.pick, wish.omit)) for part, _ in answer]
        for _ in range(wish.level):
            leads: dict[str, tuple[Any, Any]] = {}
            for part, (pick, omit) in layer:
                for key, ids in self._targets(part).items():
                    for id in ids:
                        leads.setdefault(id, ((pick or {}).get(key), (omit or {}).get(key)))
            loaded = self._load({id for id in leads if id not in seen})
            seen = seen | frozenset(loaded)
            layer = []
            for id in leads:
                if id in loaded:
                    part = self._parts([loaded[id]], *leads[id])[0]
                    layer.append((part, leads[id]))
                    answer.append((part, loaded[id]))
        return answer


def _of_instance(instance: Mapping[str, Any]) -> Sequence[str]:
    if "objectList" in instance:
        return [item["object"] for item in instance["objectList"] if isinstance(item, Mapping)]
    target = instance.get("object")
    return target if isinstance(target, list) else [target] if isinstance(target, str) else []
