"""Which case types there are, and that a version never changes once it was used."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec
from django.db import transaction

from thanglong.core.cases.repository import definitions as repository
from thanglong.core.cases.rules import moves
from thanglong.core.cases.service import decisions
from thanglong.core.cases.types import CaseType, StepContext
from thanglong.kit import clock
from thanglong.kit.errors import NotFound

Hook = Callable[[StepContext], None]
_registered: dict[tuple[str, int], CaseType] = {}
_newest: dict[str, CaseType] = {}
_kept: set[tuple[str, int]] = set()
_hooks: dict[str, Hook] = {}


def register(definition: CaseType, hook: Hook | None = None) -> None:
    """Make a case type known (call in ``apps.py``); ValueError lists everything wrong with it.

    ``hook`` is the domain's own code: it hears each opening and action of the type inside their transaction.
    """
    found = moves.problems(definition)
    known = _registered.get((definition.key, definition.version))
    if known is not None and known != definition:
        found.append("this version is already registered with other content")
    if found:
        raise ValueError(f"case type {definition.key!r} version {definition.version}: " + "; ".join(found))
    _registered[definition.key, definition.version] = definition
    if definition.key not in _newest or _newest[definition.key].version < definition.version:
        _newest[definition.key] = definition
    if hook is not None:
        _hooks[definition.key] = hook


def run_hooks(context: StepContext) -> None:
    """Tell the type's own code of a step, inside its transaction."""
    hook = _hooks.get(context.case.type)
    if hook is not None:
        hook(context)


def definitions() -> list[CaseType]:
    """The newest version of every registered case type."""
    return list(_newest.values())


@lru_cache(maxsize=256)
def _stored(key: str, version: int) -> CaseType:
    found = repository.stored(key, version)
    if found is None:
        raise NotFound()
    return msgspec.convert(found[1], CaseType)


def definition(key: str, version: int | None = None) -> CaseType:
    """A case type: the newest version in the code, or the one a case is pinned to (code first, then the stored one)."""
    if version is None:
        if key not in _newest:
            raise NotFound()
        return _newest[key]
    return _registered.get((key, version)) or _stored(key, version)


def keep(case_type: CaseType) -> None:
    """Store a version at its first use; RuntimeError when it was used before with other content."""
    name = (case_type.key, case_type.version)
    if name in _kept:
        return
    digest = moves.digest(case_type)
    repository.store(*name, digest, msgspec.to_builtins(case_type), clock.now())
    kept = repository.stored(*name)
    if kept is not None and kept[0] != digest and not _same(kept[1], case_type):
        raise RuntimeError(changed(*name))
    decisions.keep(decisions.refs(msgspec.to_builtins(case_type)))
    transaction.on_commit(lambda: _kept.add(name))  # a roll-back takes the row with it


def _same(content: dict[str, Any], case_type: CaseType) -> bool:
    """Whether stored content says the same: a newer release may only have added parts that this type leaves empty."""
    return moves.digest(msgspec.convert(content, CaseType)) == moves.digest(case_type)


def changed(key: str, version: int) -> str:
    """The sentence about a definition that changed without a new version."""
    return f"case type {key!r}: version {version} is in use and its definition changed; raise the version instead"


def check() -> str | None:
    """None when every registered version is what was stored, else the reason (health check and start)."""
    stored = repository.digests()
    for name, case_type in _registered.items():
        if name in stored and stored[name] != moves.digest(case_type):
            kept = repository.stored(*name)
            if kept is not None and not _same(kept[1], case_type):
                return changed(*name)
    return None
