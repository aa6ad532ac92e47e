"""Decision models in the service of cases: which one is asked, and what it said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class DecisionRef:
    """A decision of a registered model. A case type names the ``version``, so that a running case keeps the rules it
    began with; 0 means the newest at the moment of asking."""

    model: str
    decision: str
    version: int = 0

    def condition(self) -> dict[str, Any]:
        """The operator that stands for the decision's value in a condition of a case type."""
        return {"decision": {"model": self.model, "decision": self.decision, "version": self.version}}


@dataclass(frozen=True, slots=True)
class DecisionModel:
    """A registered version of a model. ``digest`` is the hex SHA-256 of its file; ``title`` and ``description`` are the
    model's own words; ``shipped``: it comes with the installed software (else it is kept because cases used it)."""

    key: str
    version: int
    title: str
    description: str
    digest: str
    decisions: tuple[str, ...] = ()
    newest: bool = True
    shipped: bool = True


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision said: its ``value`` as JSON, by which version of the model (``digest`` of its file), from which
    ``inputs``, and the ids of the ``rules`` that applied in the last table (their numbers where they have no id).

    ``problems`` are English sentences for whoever keeps the model; ``trace`` are the steps as JSON.
    """

    ref: DecisionRef
    digest: str
    value: Any
    inputs: Mapping[str, Any] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    trace: tuple[Mapping[str, Any], ...] = ()

    def fact(self) -> dict[str, Any]:
        """The decision as a fact of a ledger entry: enough to repeat it and to prove by which rules it was made."""
        return {
            "model": self.ref.model, "version": self.ref.version, "digest": self.digest, "decision": self.ref.decision,
            "value": self.value, "rules": list(self.rules),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Why:
    """A decision taken on a case, told again: its ``sentences`` in the reader's language and where its table is
    shown."""

    title: str
    sentences: tuple[str, ...]
    url: str
    at: datetime
    version: int
