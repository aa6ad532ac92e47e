"""The words of one client: how the names of its @context become the names the platform keeps, and back."""

from collections.abc import Callable, Mapping
from typing import Any

from thanglong.formats.jsonld import Context
from thanglong.formats.ngsild.terms import CORE_CONTEXT, full, short
from thanglong.kit.errors import N_, Fault, Invalid

RELATION = 'rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
PLAIN = frozenset(["id", "type", "scope", "createdAt", "modifiedAt", "deletedAt", "expiresAt", "@context"])
MEMBER_WORDS = """
    type value object languageMap vocab json valueList objectList observedAt unitCode datasetId createdAt modifiedAt
    deletedAt instanceId lang valueType objectType previousValue previousObject previousLanguageMap previousVocab
    previousJson previousValueList previousObjectList entity entityList entityIdSealed expiresAt values objects
    languageMaps vocabs jsons valueLists objectsLists totalCount distinctCount sum avg min max stddev sumsq
"""
MEMBERS = frozenset(MEMBER_WORDS.split())
"""Members of an attribute that are no attributes themselves."""
MOST_KEPT = 20_000


class Vocabulary:
    """Names under a @context (the core context where ``context`` is None).

    ``given`` is what stands as @context in answers, ``url`` the address that stands in their Link header.
    """

    __slots__ = ("_context", "_expanded", "_shown", "given", "link", "url")

    def __init__(self, context: Context | None = None, given: Any = CORE_CONTEXT, url: str = CORE_CONTEXT) -> None:
        self._context, self.given, self.url = context, given, url
        self.link = f"<{url}>; {RELATION}".encode()
        self._expanded: dict[str, str] = {}
        self._shown: dict[str, str] = {}

    def at(self, url: str) -> "Vocabulary":
        """The same words with another address for their Link header."""
        return Vocabulary(self._context, self.given, url)

    @property
    def core(self) -> bool:
        """Whether kept names are also the names shown."""
        return self._context is None

    def expand_name(self, name: str) -> str:
        """The name the platform keeps for a client's one; Invalid when it cannot be the name of anything."""
        found = self._expanded.get(name)
        if found is None:
            found = self._expand(name)
            if len(self._expanded) < MOST_KEPT:
                self._expanded[name] = found
        return found

    def _expand(self, name: str) -> str:
        if self._context is None:
            return short(name)
        if not name or any(sign in name for sign in " \t\r\n\"'<>"):
            return short(name)
        iri = self._context.expand(name)
        if iri is None or iri.startswith("@"):
            raise Invalid([Fault(name[:80], N_("This is not a name an attribute or type can have."))])
        return short(iri)

    def compact_name(self, kept: str) -> str:
        """The client's name of a kept one: as short as its @context allows."""
        if self._context is None:
            return kept
        found = self._shown.get(kept)
        if found is None:
            found = self._context.compact(full(kept))
            if len(self._shown) < MOST_KEPT:
                self._shown[kept] = found
        return found

    def compact_entity(self, entity: Mapping[str, Any]) -> dict[str, Any]:
        """A kept entity (normalised, or its evolution over time) in the client's words."""
        return dict(entity) if self._context is None else _entity(entity, self.compact_name)

    def expand_value(self, value: Any) -> Any:
        """A vocabulary value (text or list of texts) as it is kept."""
        return _each(value, self.expand_name)


def renamed(entity: Mapping[str, Any], translate: Callable[[str], str]) -> dict[str, Any]:
    """An entity, or fragment of one, with every name of its type, attributes and vocabulary values translated."""
    return _entity(entity, translate)


def renamed_attribute(attribute: Any, translate: Callable[[str], str]) -> Any:
    """Like :func:`renamed`, for one attribute."""
    return _attribute(attribute, translate)


def _each(value: Any, translate: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_each(item, translate) for item in value]
    return translate(value) if isinstance(value, str) else value


def _entity(entity: Mapping[str, Any], shown: Callable[[str], str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in entity.items():
        if key == "type":
            found[key] = _each(value, shown)
        elif key in PLAIN:
            found[key] = value
        else:
            found[shown(key)] = _attribute(value, shown)
    return found


def _attribute(value: Any, shown: Callable[[str], str]) -> Any:
    if isinstance(value, list):
        return [_attribute(item, shown) for item in value]
    if not isinstance(value, Mapping):
        return value
    found: dict[str, Any] = {}
    for key, item in value.items():
        if key in ("vocab", "objectType", "previousVocab", "entityTypeSealed"):
            found[key] = _each(item, shown)
        elif key == "entity" and isinstance(item, Mapping):
            found[key] = _entity(item, shown)
        elif key in ("entity", "entityList") and isinstance(item, list):
            found[key] = [_entity(one, shown) if isinstance(one, Mapping) else one for one in item]
        elif key in MEMBERS:
            found[key] = item
        else:
            found[shown(key)] = _attribute(item, shown)
    return found


CORE = Vocabulary()
"""The words of the core context alone."""
