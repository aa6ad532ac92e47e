"""A compiled context: terms and what they mean, and the way back from an IRI to the shortest name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

KEYWORD_WORDS = """
    @base @container @context @default @direction @embed @explicit @graph @id @import @included @index @json @language
    @list @nest @none @omitDefault @prefix @preserve @propagate @protected @requireAll @reverse @set @type @value
    @version @vocab
"""
KEYWORDS = frozenset(KEYWORD_WORDS.split())
KEYWORD_FORM = re.compile(r"@[a-zA-Z]+\Z")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]*\Z")


@dataclass(frozen=True, slots=True)
class Term:
    """A term definition. ``iri`` is None for a term set to null; ``language`` and ``direction`` are "" where not given.

    ``context`` is the local context of its scope as it was written, None when it has none.
    """

    iri: str | None
    prefix: bool = False
    protected: bool = False
    reverse: bool = False
    type: str = ""
    container: tuple[str, ...] = ()
    language: str | None = ""
    direction: str | None = ""
    index: str = ""
    nest: str = ""
    context: Any = None

    def same(self, other: "Term") -> bool:
        """Whether two definitions differ in nothing but their protection (JSON-LD API 4.2.2, step 27)."""
        return _facts(self) == _facts(other)


def _facts(term: Term) -> tuple[Any, ...]:
    return (
        term.iri, term.prefix, term.reverse, term.type, term.container, term.language, term.direction, term.index,
        term.nest, term.context,
    )  # fmt: skip


@dataclass(frozen=True)
class Context:
    """An active context, never changed once made. ``vocab`` and ``base`` are "" where there is none."""

    terms: Mapping[str, Term] = field(default_factory=dict)
    vocab: str = ""
    base: str = ""
    language: str = ""
    direction: str = ""

    def expand(self, name: str) -> str | None:
        """The IRI of a name used as a type or a property; None for a term set to null, ``name`` where it is unknown."""
        if name in KEYWORDS:
            return name
        term = self.terms.get(name)
        if term is not None:
            return term.iri
        if KEYWORD_FORM.match(name):
            return None
        if ":" in name[1:]:
            prefix, suffix = name.split(":", 1)
            if prefix == "_" or suffix.startswith("//"):
                return name
            known = self.terms.get(prefix)
            if known is not None and known.iri is not None and known.prefix:
                return known.iri + suffix
            if ABSOLUTE.match(name):
                return name
        return self.vocab + name

    def compact(self, iri: str) -> str:
        """The name of an IRI used as a type or a property (JSON-LD API 6.2): a term, a suffix of the vocabulary, a
        compact IRI, or the IRI itself.

        Where several terms mean the IRI, those without coercion or with ``@id`` come first, then the shortest.
        """
        term = self._inverse.get(iri)
        if term is not None:
            return term
        if self.vocab and iri.startswith(self.vocab) and len(iri) > len(self.vocab):
            suffix = iri[len(self.vocab) :]
            if suffix not in self.terms:
                return suffix
        best = ""
        for prefix, start in self._prefixes:
            if len(iri) > len(start) and iri.startswith(start):
                found = f"{prefix}:{iri[len(start) :]}"
                if found not in self.terms and (not best or (len(found), found) < (len(best), best)):
                    best = found
        return best or iri

    @cached_property
    def _inverse(self) -> dict[str, str]:
        found: dict[str, tuple[bool, int, str]] = {}
        for name, term in self.terms.items():
            if term.iri is None or term.reverse:
                continue
            coerced = term.type not in ("", "@id", "@none") or "@list" in term.container
            rank = (coerced, len(name), name)
            if term.iri not in found or rank < found[term.iri]:
                found[term.iri] = rank
        return {iri: rank[2] for iri, rank in found.items()}

    @cached_property
    def _prefixes(self) -> list[tuple[str, str]]:
        return [(name, term.iri) for name, term in self.terms.items() if term.prefix and term.iri]


EMPTY = Context()
