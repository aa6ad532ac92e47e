"""Errors of the composite-indicator engine. Nothing is repaired in silence: what cannot be done says why."""

from collections.abc import Sequence


class CompositeError(ValueError):
    """The base of all errors of this package."""


class BadFramework(CompositeError):
    """A framework is not a tree of indicators, or a panel does not carry what it needs."""


class UnknownStep(CompositeError):
    """A varied address does not exist in the base pipeline; ``known`` lists the addresses that do."""

    def __init__(self, address: str, known: Sequence[str]) -> None:
        self.address = address
        self.known = tuple(known)
        super().__init__(f"the pipeline has no {address!r}; it has: {', '.join(known) or 'no steps'}")


class UnknownMethod(CompositeError):
    """A method or option name that does not exist."""

    def __init__(self, kind: str, name: object, known: Sequence[str]) -> None:
        super().__init__(f"unknown {kind} {name!r}; choose one of: {', '.join(known)}")


class Unsuitable(CompositeError):
    """The method cannot be applied to these numbers, for example a geometric mean to a zero."""


class Degenerate(CompositeError):
    """A column has no spread (or too few values), so that the asked transformation is undefined."""
