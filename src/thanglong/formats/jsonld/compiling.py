"""The context processing algorithm (W3C JSON-LD 1.1 API, sections 4.1 to 4.3)."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from thanglong.formats.jsonld.context import ABSOLUTE, EMPTY, KEYWORD_FORM, KEYWORDS, Context, Term

Loader = Callable[[str], Any]
"""Gives the document at a URL (an object with a member @context); what it raises passes through."""
DEEPEST = 16
MOST_TERMS = 50_000
CONTAINERS = frozenset(["@graph", "@id", "@index", "@language", "@list", "@set", "@type"])
MEMBERS = frozenset(
    [
        "@container",
        "@context",
        "@direction",
        "@id",
        "@index",
        "@language",
        "@nest",
        "@prefix",
        "@protected",
        "@reverse",
        "@type",
    ]
)
GENERIC_DELIMITERS = tuple(":/?#[]@")


class ContextError(ValueError):
    """A context that cannot be processed; ``code`` as the W3C names it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail[:200]}" if detail else code)
        self.code = code


def compiled(local: Any, load: Loader, active: Context = EMPTY, base: str = "") -> Context:
    """The active context after a local one: a URL, an object, null, or a list of these; ContextError when wrong."""
    return _process(active, local, load, base, (), False)


def _process(active: Context, local: Any, load: Loader, base: str, open_urls: tuple[str, ...], over: bool) -> Context:
    for part in local if isinstance(local, list) else [local]:
        if part is None:
            if not over and any(term.protected for term in active.terms.values()):
                raise ContextError("invalid context nullification")
            active = Context(base=base)
        elif isinstance(part, str):
            active = _remote(active, part, load, base, open_urls)
        elif isinstance(part, Mapping):
            active = _Defining(active, part, load, base, open_urls, over).result()
        else:
            raise ContextError("invalid local context", repr(part))
    return active


def _remote(active: Context, name: str, load: Loader, base: str, open_urls: tuple[str, ...]) -> Context:
    url = urljoin(base, name) if base else name
    if not urlsplit(url).scheme:
        raise ContextError("loading document failed", name)
    if url in open_urls or len(open_urls) >= DEEPEST:
        raise ContextError("context overflow", url)
    return _process(active, _content(load, url), load, url, (*open_urls, url), False)


def _content(load: Loader, url: str) -> Any:
    document = load(url)
    if not isinstance(document, Mapping) or "@context" not in document:
        raise ContextError("invalid remote context", url)
    return document["@context"]


class _Defining:
    """One context object on its way into an active context."""

    def __init__(
        self, active: Context, local: Mapping[str, Any], load: Loader, base: str, open_urls: tuple[str, ...], over: bool
    ) -> None:
        self._load, self._base, self._open, self._over = load, base, open_urls, over
        self._local = self._with_import(local)
        self._terms = dict(active.terms)
        self._defined: dict[str, bool] = {}
        self._active = active
        self._vocab = active.vocab

    def result(self) -> Context:
        local, active = self._local, self._active
        if local.get("@version", 1.1) != 1.1:
            raise ContextError("invalid @version value", repr(local["@version"]))
        if "@propagate" in local and not isinstance(local["@propagate"], bool):
            raise ContextError("invalid @propagate value")
        base = self._base_of(active.base)
        self._vocab = self._vocab_of(active.vocab)
        language = _text(local, "@language", active.language, "invalid default language").lower()
        direction = _text(local, "@direction", active.direction, "invalid base direction")
        if direction not in ("", "ltr", "rtl"):
            raise ContextError("invalid base direction", direction)
        protected = local.get("@protected", False)
        if not isinstance(protected, bool):
            raise ContextError("invalid @protected value")
        if len(local) > MOST_TERMS:
            raise ContextError("context overflow", "too many terms")
        for name in local:
            if name not in KEYWORDS or name == "@type":
                self._define(name, protected, 0)
        return Context(self._terms, self._vocab, base, language, direction)

    def _with_import(self, local: Mapping[str, Any]) -> Mapping[str, Any]:
        if "@import" not in local:
            return local
        if not isinstance(local["@import"], str):
            raise ContextError("invalid @import value")
        content = _content(self._load, urljoin(self._base, local["@import"]))
        if not isinstance(content, Mapping):
            raise ContextError("invalid remote context", local["@import"])
        if "@import" in content:
            raise ContextError("invalid context entry", "@import within an imported context")
        return {**content, **{key: value for key, value in local.items() if key != "@import"}}

    def _base_of(self, before: str) -> str:
        if "@base" not in self._local or self._open:
            return before
        value = self._local["@base"]
        if value is None:
            return ""
        if not isinstance(value, str):
            raise ContextError("invalid base IRI", repr(value))
        return value if ABSOLUTE.match(value) else urljoin(before, value)

    def _vocab_of(self, before: str) -> str:
        if "@vocab" not in self._local:
            return before
        value = self._local["@vocab"]
        if value is None:
            return ""
        if not isinstance(value, str):
            raise ContextError("invalid vocab mapping", repr(value))
        if value.startswith("_:") or ABSOLUTE.match(value):
            return self._expand(value, 0) or value
        return before + value

    def _expand(self, name: str, depth: int) -> str | None:
        """IRI expansion as a vocabulary name, defining what it depends on (5.2)."""
        if name in KEYWORDS:
            return name
        if KEYWORD_FORM.match(name):
            return None
        if name in self._local and not self._defined.get(name):
            self._define(name, self._local.get("@protected", False), depth + 1)
        if name in self._terms:
            return self._terms[name].iri
        if ":" in name[1:]:
            prefix, suffix = name.split(":", 1)
            if prefix == "_" or suffix.startswith("//"):
                return name
            if prefix in self._local and not self._defined.get(prefix):
                self._define(prefix, self._local.get("@protected", False), depth + 1)
            known = self._terms.get(prefix)
            if known is not None and known.iri is not None and known.prefix:
                return known.iri + suffix
            if ABSOLUTE.match(name):
                return name
        return self._vocab + name

    def _define(self, name: str, protected: bool, depth: int) -> None:
        """Create a term definition (4.2.2)."""
        if name in self._defined:
            if self._defined[name]:
                return
            raise ContextError("cyclic IRI mapping", name)
        if depth > 200:
            raise ContextError("context overflow", name)
        if not name:
            raise ContextError("invalid term definition", "an empty name")
        self._defined[name] = False
        value = self._local[name]
        if name == "@type":
            if not (isinstance(value, Mapping) and value and set(value) <= {"@container", "@protected"}):
                raise ContextError("keyword redefinition", name)
            if value.get("@container", "@set") != "@set":
                raise ContextError("keyword redefinition", name)
        elif KEYWORD_FORM.match(name):
            return
        before = self._terms.pop(name, None)
        simple = isinstance(value, str)
        if value is None or simple:
            value = {"@id": value}
        if not isinstance(value, Mapping):
            raise ContextError("invalid term definition", name)
        term = self._term(name, value, simple, protected, depth)
        if before is not None and before.protected and not self._over:
            if term is None or not before.same(term):
                raise ContextError("protected term redefinition", name)
            term = before
        if term is not None:
            self._terms[name] = term
        self._defined[name] = True

    def _term(self, name: str, value: Mapping[str, Any], simple: bool, protected: bool, depth: int) -> Term | None:
        if not set(value) <= MEMBERS:
            raise ContextError("invalid term definition", name)
        if not isinstance(value.get("@protected", False), bool):
            raise ContextError("invalid @protected value", name)
        protected = value.get("@protected", protected)
        reverse = "@reverse" in value
        if reverse:
            if "@id" in value or "@nest" in value or not isinstance(value["@reverse"], str):
                raise ContextError("invalid reverse property", name)
            if KEYWORD_FORM.match(value["@reverse"]):
                return None
            iri: str | None = self._expand(value["@reverse"], depth)
            if iri is None or ":" not in iri:
                raise ContextError("invalid IRI mapping", name)
        elif "@id" in value and value["@id"] is None:
            iri = None
        else:
            iri = self._iri(name, value, depth)
            if iri is None:
                return None
        prefix = self._prefix(name, value, simple, iri)
        return Term(
            iri, prefix, protected, reverse, self._type(name, value, depth), _container(name, value, reverse),
            _marked(name, value, "@language"), _marked(name, value, "@direction"), str(value.get("@index", "")),
            _nest(name, value), self._scope(name, value),
        )  # fmt: skip

    def _iri(self, name: str, value: Mapping[str, Any], depth: int) -> str | None:
        given = value.get("@id", name)
        if not isinstance(given, str):
            raise ContextError("invalid IRI mapping", name)
        if given != name:
            if given not in KEYWORDS and KEYWORD_FORM.match(given):
                return None
            iri = self._expand(given, depth)
            if iri is None or (iri not in KEYWORDS and ":" not in iri):
                raise ContextError("invalid IRI mapping", name)
            if iri == "@context":
                raise ContextError("invalid keyword alias", name)
            if (":" in name[1:-1] or "/" in name) and self._of_form(name, depth) != iri:
                raise ContextError("invalid IRI mapping", name)
            return iri
        if ":" in name[1:]:
            return self._of_form(name, depth)
        if "/" in name and self._vocab:
            return self._vocab + name
        if name == "@type":
            return "@type"
        if self._vocab:
            return self._vocab + name
        raise ContextError("invalid IRI mapping", name)

    def _of_form(self, name: str, depth: int) -> str:
        """What a name in the form of an IRI or compact IRI means by itself."""
        prefix, _, suffix = name.partition(":")
        if suffix and not suffix.startswith("//") and prefix in self._local and prefix != name:
            self._define(prefix, self._local.get("@protected", False), depth + 1)
        known = self._terms.get(prefix)
        if suffix and known is not None and known.iri is not None and not suffix.startswith("//"):
            return known.iri + suffix
        return name if ":" in name else self._vocab + name

    def _prefix(self, name: str, value: Mapping[str, Any], simple: bool, iri: str | None) -> bool:
        if "@prefix" in value:
            if not isinstance(value["@prefix"], bool):
                raise ContextError("invalid @prefix value", name)
            if ":" in name or "/" in name or (value["@prefix"] and iri in KEYWORDS):
                raise ContextError("invalid term definition", name)
            return value["@prefix"]
        return bool(simple and iri and ":" not in name and "/" not in name and iri.endswith(GENERIC_DELIMITERS))

    def _type(self, name: str, value: Mapping[str, Any], depth: int) -> str:
        if "@type" not in value:
            return ""
        given = value["@type"]
        found = self._expand(given, depth) if isinstance(given, str) else None
        if found is None or (found not in ("@id", "@json", "@none", "@vocab") and not ABSOLUTE.match(found)):
            raise ContextError("invalid type mapping", name)
        return found

    def _scope(self, name: str, value: Mapping[str, Any]) -> Any:
        if "@context" not in value:
            return None
        scope = value["@context"]
        if not (scope is None or isinstance(scope, (str, list, Mapping))):
            raise ContextError("invalid scoped context", name)
        return [scope]


def _text(local: Mapping[str, Any], key: str, before: str, code: str) -> str:
    value = local.get(key, before)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ContextError(code, repr(value))
    return value


def _marked(name: str, value: Mapping[str, Any], key: str) -> str | None:
    found = value.get(key, "")
    if found is not None and not isinstance(found, str):
        raise ContextError("invalid language mapping" if key == "@language" else "invalid base direction", name)
    return found


def _container(name: str, value: Mapping[str, Any], reverse: bool) -> tuple[str, ...]:
    given = value.get("@container")
    found = given if isinstance(given, list) else [] if given is None else [given]
    if not all(isinstance(part, str) and part in CONTAINERS for part in found):
        raise ContextError("invalid container mapping", name)
    if reverse and set(found) - {"@set", "@index"}:
        raise ContextError("invalid reverse property", name)
    if "@list" in found and len(found) > 1:
        raise ContextError("invalid container mapping", name)
    return tuple(sorted(found))


def _nest(name: str, value: Mapping[str, Any]) -> str:
    found = value.get("@nest", "")
    if not isinstance(found, str) or (found in KEYWORDS and found != "@nest"):
        raise ContextError("invalid @nest value", name)
    return found
