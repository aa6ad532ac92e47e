"""The change log of cases: events in the order of ``seq``, none ever skipped.

On PostgreSQL a sequence number is given before its transaction commits, so a reader can see 12 before 11 is there. A
missing number is therefore waited for (``PATIENCE`` seconds, by the monotonic clock) before it counts as rolled back;
 until then the log ends before the gap. On SQLite commits come in order and no number is missing.
"""

from thanglong.core.cases import models
from thanglong.core.cases.types import CaseChange, StateKind
from thanglong.kit import clock

PATIENCE = 5.0
COLUMNS = (
    "seq", "case_id", "case__number", "case__type", "unit", "case__unit", "to_state", "case__state", "case__kind",
    "verb", "case__lon", "case__lat", "at",
)  # fmt: skip
_missing: dict[int, float] = {}


def _given_up(seq: int) -> bool:
    now = clock.monotonic()
    if len(_missing) > 1000:
        _missing.clear()
    return now - _missing.setdefault(seq, now) > PATIENCE


def after(seq: int, limit: int) -> list[CaseChange]:
    """Up to ``limit`` changes after ``seq``."""
    rows = models.Event.objects.filter(seq__gt=seq).order_by("seq").values_list(*COLUMNS)[:limit]
    found: list[CaseChange] = []
    expected = seq + 1
    for number, *fields in rows:
        if number != expected and expected > 1 and not all(_given_up(gap) for gap in range(expected, number)[:100]):
            break
        expected = number + 1
        case_id, case_number, type_key, unit, case_unit, state, case_state, kind, verb, lon, lat, at = fields
        unit, state = unit or case_unit, state or case_state
        found.append(
            CaseChange(number, case_id, case_number, type_key, unit, state, StateKind(kind), verb, lon, lat, at)
        )
    return found


def last() -> int:
    """The newest sequence number (0: nothing happened yet)."""
    return models.Event.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
