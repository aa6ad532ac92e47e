"""Links between cases: how they read from either end, no circles, and what they say about closing."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from thanglong.core.cases.types import LinkKind
from thanglong.kit.errors import N_

KINDS: tuple[LinkKind, ...] = ("duplicate", "part", "follows", "blocks")
TITLES: Mapping[tuple[str, bool], str] = {
    ("duplicate", True): N_("is the same as"),
    ("duplicate", False): N_("was also reported as"),
    ("part", True): N_("is a part of"),
    ("part", False): N_("has the part"),
    ("follows", True): N_("follows"),
    ("follows", False): N_("is followed by"),
    ("blocks", True): N_("must be finished before"),
    ("blocks", False): N_("waits for"),
}


def circular(source: UUID, target: UUID, onward: Mapping[UUID, Iterable[UUID]]) -> bool:
    """Whether a link from ``source`` to ``target`` would close a circle; ``onward`` are the links that stand."""
    seen, waiting = set(), [target]
    while waiting:
        now = waiting.pop()
        if now == source:
            return True
        if now not in seen:
            seen.add(now)
            waiting += onward.get(now, ())
    return False
