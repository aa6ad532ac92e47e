"""What measures may ask of cases: figures without persons, for the platform itself."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from thanglong.core.cases.repository import figures as repository
from thanglong.core.cases.types import CaseFacts, Footprint


def facts(
    types: Sequence[str],
    by: repository.Moment,
    start: datetime,
    end: datetime,
    units: Iterable[UUID] | None = None,
) -> Iterable[CaseFacts]:
    """Cases of ``types`` whose moment ``by`` lies in [start, end), by unit and moment. Measures compute from these."""
    return repository.facts(types, by, start, end, units)


def footprints(cases: Sequence[UUID]) -> set[Footprint]:
    """Every (type, unit, day) at which something happened to these cases: which figures their change may touch."""
    return repository.footprints(cases)
