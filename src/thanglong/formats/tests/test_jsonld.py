"""Contexts compiled here mean what PyLD, an independent processor, says they mean."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld

from thanglong.formats.jsonld import ContextError, compiled, core
from thanglong.formats.ngsild.terms import full, short
from thanglong.formats.ngsild.vocabulary import Vocabulary

CORE = core.document()["@context"]
NAMES = ["a", "b", "speed", "location", "value", "x1", "name", "id", "ex", "title"]
IRIS = ["https://ex.org/", "https://ex.org/speed", "https://other.example/name#", "urn:x:y", "ex:speed", "a:b",
        "https://uri.etsi.org/ngsi-ld/default-context/speed", "ex2:tail"]  # fmt: skip


def definitions() -> st.SearchStrategy[Any]:
    whole = st.sampled_from(["https://ex.org/", "https://ex.org/speed", "https://other.example/name#", "urn:x:y"])
    simple = st.one_of(whole, st.sampled_from(["ex:speed", "ex:", "name", "speed"]))
    return st.one_of(
        simple,
        st.none(),
        st.fixed_dictionaries(
            {"@id": simple}, optional={"@type": st.sampled_from(["@id", "@vocab"]), "@prefix": st.booleans()}
        ),
    )


def contexts() -> st.SearchStrategy[dict[str, Any]]:
    terms = st.dictionaries(st.sampled_from(["a", "b", "speed", "x1", "name", "ex"]), definitions(), max_size=5)
    vocab = st.fixed_dictionaries({}, optional={"@vocab": st.sampled_from(["https://v.example/", "https://ex.org/"])})
    return st.builds(lambda one, two: {**two, **one}, terms, vocab)


def no_network(url: str) -> Any:
    raise AssertionError(url)


def by_pyld(context: Any, name: str) -> str | None:
    """What a property name expands to."""
    found = jsonld.expand({"@context": context, name: {"@id": "urn:the:value"}}, {"documentLoader": no_network})
    keys = list(found[0]) if found else []
    return keys[0] if keys else None


def compacted_by_pyld(context: Any, iri: str) -> str:
    found = jsonld.compact([{iri: [{"@id": "urn:the:value"}]}], context, {"documentLoader": no_network})
    return next(key for key in found if key != "@context")


@given(contexts(), st.booleans(), st.sampled_from([*NAMES, *IRIS]))
def test_expansion_equals_pyld(context: dict[str, Any], with_core: bool, name: str) -> None:
    both = [context, CORE] if with_core else context
    try:
        ours = compiled(both, no_network)
    except ContextError as error:
        with pytest.raises(jsonld.JsonLdError) as theirs:
            by_pyld(both, name)
        assert error.code in str(theirs.value) or theirs.value.code == error.code
        return
    expanded = ours.expand(name)
    if expanded is not None and (expanded.startswith("@") or ":" not in expanded):
        return  # keywords are no properties; what stays relative is dropped by expansion
    assert by_pyld(both, name) == expanded


@given(
    contexts(),
    st.booleans(),
    st.sampled_from([iri for iri in IRIS if "://" in iri] + ["https://ex.org/a/b", "https://v.example/speed"]),
)
def test_compaction_equals_pyld(context: dict[str, Any], with_core: bool, iri: str) -> None:
    # coercions choose by the value in JSON-LD, here by the name alone: compared without them
    plain = {
        key: {k: v for k, v in value.items() if k != "@type"} if isinstance(value, dict) else value
        for key, value in context.items()
    }
    both = [plain, CORE] if with_core else plain
    try:
        ours = compiled(both, no_network)
    except ContextError:
        return
    assert ours.compact(iri) == compacted_by_pyld(both, iri)


@given(contexts(), st.lists(st.sampled_from([*NAMES[:7], *IRIS[:4]]), unique=True, max_size=6), contexts())
def test_documents_translate_as_with_pyld(one: dict[str, Any], names: list[str], two: dict[str, Any]) -> None:
    """An entity written under one context and read under another has the names PyLD gives it."""
    strip = {key: value for key, value in two.items() if not isinstance(value, dict)}
    try:
        first = Vocabulary(compiled([one, CORE], no_network), [])
        second = Vocabulary(compiled([strip, CORE], no_network), [])
        document = {name: {"@id": "urn:the:value"} for name in names if first.expand_name(name)}
    except (ContextError, ValueError):
        return
    except Exception as error:
        assert type(error).__name__ == "Invalid"
        return
    document = {name: value for name, value in document.items() if name not in ("id", "type", "value")}
    kept = {first.expand_name(name) for name in document}
    if len(kept) < len(document) or any(":" not in full(name) for name in kept):
        return
    ours = {second.compact_name(name) for name in kept}
    expanded = jsonld.expand({"@context": [one, CORE], **document}, {"documentLoader": no_network})
    theirs = jsonld.compact(expanded, [strip, CORE], {"documentLoader": no_network}) if expanded else {}
    assert ours == {key for key in theirs if key != "@context"}


@given(st.sampled_from(NAMES))
def test_kept_names_come_back(name: str) -> None:
    assert short(full(name)) == name or name == "id"


@pytest.mark.parametrize("version", [6, 7, 8, 9])
def test_core_contexts_are_those_of_etsi(version: int, shared_data: Path) -> None:
    file = shared_data / "things" / f"ngsi-ld-core-context-v1.{version}.jsonld"
    assert core.document(version) == json.loads(file.read_text())


@pytest.mark.parametrize(
    ("context", "code"),
    [
        (5, "invalid local context"),
        ({"a": 5}, "invalid term definition"),
        ({"a": {"@id": 5}}, "invalid IRI mapping"),
        ({"a": {"@id": "b:x"}, "b": {"@id": "a:x"}}, "cyclic IRI mapping"),
        ({"a": {"@id": "urn:x", "@type": 5}}, "invalid type mapping"),
        ({"a": {"@id": "urn:x", "@container": "@odd"}}, "invalid container mapping"),
        ({"a": {"@reverse": "urn:x", "@id": "urn:y"}}, "invalid reverse property"),
        ({"@vocab": 5}, "invalid vocab mapping"),
        ({"@base": 5}, "invalid base IRI"),
        ({"@language": 5}, "invalid default language"),
        ({"@version": 1.0}, "invalid @version value"),
        ({"@protected": 5}, "invalid @protected value"),
        ({"": "urn:x"}, "invalid term definition"),
        ({"@type": {"@id": "urn:x"}}, "keyword redefinition"),
        ({"a": {"@id": "urn:x", "@odd": 1}}, "invalid term definition"),
        ([{"@protected": True, "a": "urn:x"}, {"a": "urn:y"}], "protected term redefinition"),
        ([{"@protected": True, "a": "urn:x"}, None], "invalid context nullification"),
        ("relative", "loading document failed"),
    ],
)
def test_wrong_contexts(context: Any, code: str) -> None:
    with pytest.raises(ContextError) as error:
        compiled(context, no_network)
    assert error.value.code == code


def test_documents_that_include_each_other_end() -> None:
    documents = {f"https://x.example/{n}": {"@context": f"https://x.example/{(n + 1) % 3}"} for n in range(3)}
    with pytest.raises(ContextError) as error:
        compiled("https://x.example/0", documents.__getitem__)
    assert error.value.code == "context overflow"


def test_imports_and_relative_addresses() -> None:
    documents = {
        "https://x.example/a/one": {"@context": ["two", {"@import": "three", "b": "urn:b"}]},
        "https://x.example/a/two": {"@context": {"a": "urn:a"}},
        "https://x.example/a/three": {"@context": {"b": "urn:no", "c": "urn:c"}},
    }
    found = compiled("https://x.example/a/one", documents.__getitem__)
    assert [found.expand(name) for name in "abc"] == ["urn:a", "urn:b", "urn:c"]
