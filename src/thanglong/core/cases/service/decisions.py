"""Decision models: which there are, what one says, and why it was said on a case.

Modules ship models as ``.dmn`` files and register each version in ``apps.py``. A version that a case has used is
kept in the database with its digest, so that the case can be judged by it for ever, and a changed file without a new
version is noticed (:func:`check`). Models import one another by namespace among the registered ones.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources.abc import Traversable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import get_language, gettext

from thanglong.core.cases.repository import decisions as repository
from thanglong.core.cases.types.decisions import Decided, DecisionModel, DecisionRef, Why
from thanglong.formats import dmn as files
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, NotFound
from thanglong.kit.ports import Actor
from thanglong.solve import dmn as engine
from thanglong.solve.dmn import model as m
from thanglong.solve.dmn_analysis import (
    Finding,
    NotThatKind,
    Said,
    Speech,
    Step,
    Types,
    explain,
    sentences,
    to_feel,
    to_plain,
)
from thanglong.solve.dmn_analysis import (
    check as check_model,
)
from thanglong.solve.dmn_analysis.words import Name, Verbatim

ERASED = N_("“%(name)s” was %(value)s by rule %(rules)s; what it was decided from has been erased.")
_FROM = f"{{{files.WORDS}}}from"
_sources: dict[tuple[str, int], Traversable] = {}
_newest: dict[str, int] = {}
_kept: set[tuple[str, int]] = set()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A version of a model, read and compiled; safe to share between threads."""

    key: str
    version: int
    source: bytes
    digest: str
    document: files.Document
    compiled: engine.Compiled
    imported: Mapping[str, m.Definitions]
    paths: Mapping[str, str]
    shipped: bool

    @property
    def definitions(self) -> m.Definitions:
        """The logical model."""
        return self.compiled.definitions

    def types(self) -> Types:
        """Its declared types."""
        return Types(self.definitions, self.imported)


def register(key: str, version: int, source: Traversable) -> None:
    """Make a version of a model known (call in ``apps.py``); ``source`` is its ``.dmn`` file.

    ValueError when the version is taken by another file.
    """
    known = _sources.get((key, version))
    if known is not None and known != source:
        raise ValueError(f"decision model {key!r} version {version} is registered twice")
    if version < 1:
        raise ValueError(f"decision model {key!r}: versions count from 1")
    _sources[key, version] = source
    _newest[key] = max(version, _newest.get(key, 0))


def load(key: str, version: int = 0) -> Loaded:
    """A version of a model (0: the newest), from the software or, when it is no longer shipped, as it was kept.

    Raises NotFound.
    """
    return _load(key, version or _newest.get(key, 0))


@lru_cache(maxsize=256)
def _load(key: str, version: int) -> Loaded:
    file = _sources.get((key, version))
    if file is not None:
        source = file.read_bytes()
    else:
        stored = repository.kept(key, version)
        if stored is None:
            raise NotFound()
        source = stored[1].encode()
    return compiled(key, version, source, shipped=file is not None)


def compiled(key: str, version: int, source: bytes, *, shipped: bool = False) -> Loaded:
    """A model from the bytes of its file, with the registered models it imports.

    Raises ``formats.dmn.DmnFault`` when the bytes are not a model.
    """
    document = files.read(source)
    others = _imports(document)
    model = engine.load(document.root, list(others.values()))
    imported = {space: engine.build(root) for space, root in others.items()}
    paths = {
        each.get("name") or "": each.get(_FROM) or "" for each in document.root.all("inputData") if each.get(_FROM)
    }
    digest = hashlib.sha256(source).hexdigest()
    return Loaded(key, version, source, digest, document, model, imported, paths, shipped)


def _imports(document: files.Document) -> dict[str, files.Element]:
    wanted = [each.get("namespace") or "" for each in document.root.all("import")]
    found: dict[str, files.Element] = {}
    if not wanted:
        return found
    known = {}
    for key, version in _newest.items():
        other = files.read(_sources[key, version].read_bytes())
        known[other.namespace] = other.root
    while wanted:
        space = wanted.pop()
        if space in known and space not in found and space != document.namespace:
            found[space] = known[space]
            wanted += [each.get("namespace") or "" for each in known[space].all("import")]
    return found


def models(actor: Actor) -> list[DecisionModel]:
    """The newest version of every registered model, by title; needs ``cases.view``."""
    ports.require(actor, "cases.view")
    return sorted((_facts(load(key)) for key in _newest), key=lambda each: each.title)


def versions(actor: Actor, key: str) -> list[DecisionModel]:
    """Every version of a model, newest first: those of the software and those that cases keep; needs ``cases.view``.

    Raises NotFound, Denied.
    """
    ports.require(actor, "cases.view")
    numbers = {number for name, number in _sources if name == key}
    numbers |= {number for name, number in repository.digests() if name == key}
    if not numbers:
        raise NotFound()
    return [_facts(load(key, number)) for number in sorted(numbers, reverse=True)]


def _facts(loaded: Loaded) -> DecisionModel:
    return DecisionModel(
        loaded.key, loaded.version, loaded.document.name, loaded.document.description, loaded.digest,
        loaded.compiled.decisions(), loaded.version >= _newest.get(loaded.key, 0), loaded.shipped,
    )  # fmt: skip


def decide(ref: DecisionRef | Mapping[str, Any], data: Mapping[str, Any]) -> Decided:
    """What a decision says over ``data``.

    An input of the model takes the entry of its own name, or the one that its extension attribute ``from`` names as a
    path (``data.category``); texts become dates, times and durations where the model's types want them. What is missing
    or of another kind is null, and ``problems`` says so. Raises NotFound (no such model or decision).
    """
    if not isinstance(ref, DecisionRef):
        ref = DecisionRef(str(ref["model"]), str(ref["decision"]), int(ref.get("version") or 0))
    loaded = load(ref.model, ref.version)
    return evaluate(loaded, ref.decision, *inputs_of(loaded, data))


def evaluate(loaded: Loaded, decision: str, inputs: Mapping[str, Any], problems: Sequence[str] = ()) -> Decided:
    """What a decision of a loaded model says over FEEL values by input name. Raises NotFound (no such decision)."""
    try:
        outcome = engine.evaluate(loaded.compiled, decision, inputs, trace=True)
    except LookupError:
        raise NotFound() from None
    steps = explain(outcome.trace)
    tables = [step for step in steps if step.kind == "table"]
    fired = tables[-1].rules if tables else ()
    if tables and tables[-1].policy[:1] in "UAFP":
        fired = fired[:1]
    notes = [f"{note.where}: {note.text} ({', '.join(note.facts)})" for note in outcome.diagnostics]
    return Decided(
        DecisionRef(loaded.key, decision, loaded.version), loaded.digest, to_plain(outcome.value),
        {name: to_plain(value) for name, value in inputs.items()},
        tuple(rule.id or str(rule.number) for rule in fired), (*problems, *notes),
        tuple(step.plain() for step in steps),
    )  # fmt: skip


def inputs_of(loaded: Loaded, data: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """FEEL values for the inputs of a model out of ``data``, and what was of another kind, in English."""
    types, values, problems = loaded.types(), {}, []
    for each in loaded.definitions.elements.values():
        if not isinstance(each, m.InputData):
            continue
        name = each.variable.name
        value = data[name] if name in data else _at(data, loaded.paths.get(each.name, name))
        try:
            values[name] = to_feel(value, types, each.variable.type_ref, name)
        except NotThatKind as problem:
            values[name] = None
            problems.append(Speech().say(problem.said))
    return values, problems


def _at(data: Mapping[str, Any], path: str) -> Any:
    value: Any = data
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def keep(refs: Iterable[DecisionRef]) -> None:
    """Keep the models in the database, inside the caller's transaction; RuntimeError when one changed without a new
    version."""
    for ref in refs:
        loaded = load(ref.model, ref.version)
        name = (loaded.key, loaded.version)
        if name in _kept:
            continue
        repository.keep(*name, loaded.digest, loaded.source.decode(), clock.now())
        stored = repository.kept(*name)
        if stored is not None and stored[0] != loaded.digest:
            raise RuntimeError(changed(*name))
        transaction.on_commit(lambda name=name: _kept.add(name))  # type: ignore[misc]


def refs(content: Any) -> Iterator[DecisionRef]:
    """The decisions that a case type's content asks in its conditions."""
    if isinstance(content, Mapping):
        asked = content.get("decision")
        if len(content) == 1 and isinstance(asked, Mapping) and "model" in asked:
            yield DecisionRef(str(asked["model"]), str(asked["decision"]), int(asked.get("version") or 0))
            return
        content = list(content.values())
    if isinstance(content, list | tuple):
        for part in content:
            yield from refs(part)


def record(case: UUID, decided: Sequence[Decided], at: datetime, entry: int | None) -> None:
    """Write down what was decided on a case, inside the caller's transaction, and keep the models."""
    if decided:
        keep(each.ref for each in decided)
        repository.record(case, decided, at, entry)


def changed(key: str, version: int) -> str:
    """The sentence about a model that changed without a new version."""
    return f"decision model {key!r}: version {version} is in use and its file changed; raise the version instead"


def check() -> str | None:
    """None when every registered model can be read and is what cases keep, else the reason (health check and start)."""
    stored = repository.digests()
    for name in _sources:
        try:
            loaded = load(*name)
        except files.DmnFault as fault:
            return f"decision model {name[0]!r} version {name[1]}: {fault}"
        if stored.get(name, loaded.digest) != loaded.digest:
            return changed(*name)
    return None


@lru_cache(maxsize=64)
def findings(key: str, version: int) -> tuple[Finding, ...]:
    """What is wrong with a version of a model: gaps, overlaps, expressions that cannot be read."""
    loaded = load(key, version)
    return tuple(check_model(loaded.definitions, loaded.imported))


def speech(loaded: Loaded) -> Speech:
    """The reader's language, with the model's titles for codes."""
    language = "vi" if (get_language() or "vi").startswith("vi") else "en"
    return Speech(language, gettext, loaded.document.words())


def steps(loaded: Loaded, decision: str, inputs: Mapping[str, Any]) -> tuple[list[Step], engine.Outcome]:
    """The steps of a decision, and its outcome. Raises NotFound."""
    try:
        outcome = engine.evaluate(loaded.compiled, decision, inputs, trace=True)
    except LookupError:
        raise NotFound() from None
    return explain(outcome.trace), outcome


def why(case: UUID) -> list[Why]:
    """The decisions taken on a case, told again in the reader's language by the rules of that time."""
    found = []
    for ref, inputs, value, rules, at in repository.taken(case):
        loaded = load(ref.model, ref.version)
        if inputs:
            values, _problems = inputs_of(loaded, inputs)
            made = [step for step in steps(loaded, ref.decision, values)[0] if step.kind != "input"]
            said = tuple(sentences(made, speech(loaded)))
        else:
            params = {"name": Name(ref.decision), "value": value, "rules": Verbatim(", ".join(rules) or "–")}
            said = (speech(loaded).say(Said(ERASED, params)),)
        url = f"/desk/decisions/{ref.model}/?version={ref.version}"
        found.append(Why(gettext(ref.decision), said, url, at, ref.version))
    return found


def uses() -> dict[str, int]:
    """How many decisions each model has taken on cases."""
    return repository.uses()
