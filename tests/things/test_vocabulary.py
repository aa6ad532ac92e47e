"""The city's vocabulary: documented as it is, examples that are entities, names that mean the same with and without it."""

from pathlib import Path

import pytest

from thanglong.core.things.types import OPEN_TYPES, TITLES
from thanglong.formats.jsonld import compiled, core
from thanglong.formats.ngsild import city
from thanglong.formats.ngsild.entities import Reading, entity_in
from thanglong.formats.ngsild.vocabulary import Vocabulary

DOCS = Path(__file__).parents[2] / "docs" / "look-up" / "vocabulary.md"


def vocabulary() -> Vocabulary:
    def load(url: str) -> object:
        raise AssertionError(url)

    given = [city.context()["@context"], core.document()["@context"]]
    return Vocabulary(compiled(given, load), given, "")


@pytest.mark.parametrize("kind", sorted(city.CITY))
def test_examples_are_entities(kind: str) -> None:
    example = city.example(kind)
    assert entity_in(example) == example
    names = vocabulary()
    assert entity_in(example, Reading(names)) == example and names.compact_entity(example) == example


def test_documented() -> None:
    text = DOCS.read_text("utf-8")
    assert city.markdown() in text
    assert all(f"`{kind}`" in text for kind in city.SMART)


def test_what_the_platform_names_is_in_it() -> None:
    known = {*city.CITY, *city.SMART, "Unit"}
    assert {*OPEN_TYPES, *TITLES} <= known
