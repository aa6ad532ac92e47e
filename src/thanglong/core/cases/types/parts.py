"""Parts of a case type that come and go: pauses of the clock, opinions, documents, who gets the work, how long it is
kept.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

DurationUnit = Literal["working_hour", "working_day", "hour", "day"]


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time: working units run on the office calendar, the others around the clock.

    ``n`` working days end at the close of the n-th working day after the day of the start.
    """

    n: float
    unit: DurationUnit = "working_day"


class PauseReason(StrEnum):
    """Why a clock may stand still: the law knows these and no others."""

    CITIZEN = "citizen"
    BODY = "body"
    FEE = "fee"
    COURT = "court"
    FORCE_MAJEURE = "force_majeure"


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock of a case may stand still for ``reason``.

    ``basis`` names the law; ``most`` is the longest time all pauses of this reason together may last: then the clock
    goes on by itself. ``times`` is how often (None: as often as needed).
    """

    reason: PauseReason
    basis: str = ""
    most: Duration | None = None
    times: int | None = None


@dataclass(frozen=True, slots=True)
class OpinionRule:
    """How other units are asked: each has ``within`` to answer.

    The case waits for ``all``, ``any`` or ``none`` of them: actions with ``awaits`` are refused until then. With
    ``pauses`` the clock stands still meanwhile (reason ``body``). ``silence`` says what a unit that does not answer in
    time has said: nothing, or its consent (only where the law says so: name it in ``basis``).
    """

    within: Duration = Duration(5)
    waits: Literal["all", "any", "none"] = "all"
    pauses: bool = False
    silence: Literal["nothing", "consent"] = "nothing"
    basis: str = ""


@dataclass(frozen=True, slots=True)
class RequiredDocument:
    """A document that a case needs when ``when`` holds over ``{"data": …, "case": …}`` (None: always).

    ``at`` says when it must be there: ``opening`` (nothing is opened without it) or ``later`` (before an action with
    ``complete``). ``basis`` names the law that asks for it; ``media`` is how its media type begins.
    """

    kind: str
    title: str
    when: Any = None
    least: int = 1
    media: str = ""
    at: Literal["opening", "later"] = "later"
    basis: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class AssignRule:
    """Who gets a new case: the person of the unit with the least work who may do ``permission``.

    ``weight`` is how much one case of this type counts; ``sticky`` gives it to whoever handled it (or a case it is
    linked with) before, unless that person has more than ``slack`` more work than the least busy one. ``automatic``
    assigns at the opening; without it the desk only proposes.
    """

    automatic: bool = False
    weight: float = 1.0
    permission: str = "cases.act"
    sticky: bool = True
    slack: float = 5.0


@dataclass(frozen=True, slots=True)
class Retention:
    """How long after closing the files of a case are kept; the case, its steps and its ledger entries always stay.

    ``documents_days`` None keeps the files. Personal data have ``CaseType.keep_personal_days``. ``basis`` names the
    law.
    """

    documents_days: int | None = None
    basis: str = ""
