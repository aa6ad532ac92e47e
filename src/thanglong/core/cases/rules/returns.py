"""Returns: which faults are complete, and which could have been named the first time."""

from collections.abc import Iterable, Sequence

from thanglong.core.cases.types import FaultItem
from thanglong.kit.errors import N_, Fault

MAX_FAULTS, MAX_TEXT = 100, 2000
_EMPTY = N_("Please fill this in.")


def list_faults(items: Sequence[FaultItem]) -> list[Fault]:
    """Everything wrong with a list of faults itself; fields are ``0.wrong`` for the first fault's words."""
    if not items:
        return [Fault("faults", N_("Please name at least one fault."))]
    if len(items) > MAX_FAULTS:
        return [Fault("faults", N_("Please choose at most %(limit)s."), {"limit": MAX_FAULTS})]
    found = []
    for at, item in enumerate(items):
        for name in ("wrong", "remedy") if item.about == "other" else ("target", "wrong", "remedy"):
            text = getattr(item, name)
            if not text.strip():
                found.append(Fault(f"{at}.{name}", _EMPTY))
            elif len(text) > MAX_TEXT:
                found.append(
                    Fault(f"{at}.{name}", N_("Please write at most %(limit)s characters."), {"limit": MAX_TEXT})
                )
    return found


def avoidable(items: Sequence[FaultItem], rounds: int, changed: Iterable[tuple[str, str]]) -> list[bool]:
    """For each fault of a return after ``rounds`` earlier ones: whether it could have been named before.

    ``changed`` are the fields and kinds of documents that the citizen put in after the last return, as (about, target):
    only what is new there could not be seen before.
    """
    fresh = set(changed)
    return [rounds > 0 and (item.about, item.target) not in fresh for item in items]
