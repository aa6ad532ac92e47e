"""Finding a unit by any name it ever had, however it is typed."""

from dataclasses import dataclass
from uuid import UUID

from thanglong.core.places.types import Unit
from thanglong.kit.text import fold, spelled


@dataclass(frozen=True, slots=True)
class _Entry:
    unit: UUID
    name: str
    keys: tuple[str, str]
    folded: tuple[str, str]
    code: str


def _score(keys: tuple[str, str], query: str) -> int | None:
    """How well a name (full, short) answers a query, lower is better; None: not at all."""
    full, short = keys
    if query in (full, short):
        return 0
    if short.startswith(query) or full.startswith(query):
        return 1
    if f" {query}" in full:
        return 2
    return None


class Names:
    """All names and codes of all units."""

    def __init__(self, states: dict[UUID, tuple[Unit, ...]]) -> None:
        entries: dict[tuple[UUID, str, str], _Entry] = {}
        for unit_id, history in states.items():
            for state in history:
                for name in {state.name, state.name_en} - {""}:
                    short = state.short_name if name == state.name else name
                    entries[unit_id, name, state.code] = _Entry(
                        unit_id, name, (spelled(name), spelled(short)), (fold(name), fold(short)), state.code.lower()
                    )
        self._entries = list(entries.values())

    def match(self, text: str) -> dict[UUID, tuple[int, str]]:
        """Score (lower is better) and matching name of each unit that answers ``text``.

        A name that agrees in its marks comes before one that agrees only without them.
        """
        query, bare, code = spelled(text), fold(text), text.strip().lower()
        found: dict[UUID, tuple[int, str]] = {}
        if not bare:
            return found
        for entry in self._entries:
            score = _score(entry.keys, query)
            if score is None:
                folded = _score(entry.folded, bare)
                score = None if folded is None else folded + 3
            if entry.code == code:
                score = 0
            if score is not None and (entry.unit not in found or score < found[entry.unit][0]):
                found[entry.unit] = (score, entry.name)
        return found
