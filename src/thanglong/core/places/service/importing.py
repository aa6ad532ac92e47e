"""Importing lists, outlines and mappings from files."""

from collections.abc import Sequence
from pathlib import Path

from thanglong.core.places.types import ImportReport, MappingRow, UnitRows
from thanglong.kit.ports import Actor


def read_units(path: Path) -> UnitRows:
    raise NotImplementedError


def import_units(actor: Actor, rows: UnitRows, *, dry_run: bool) -> ImportReport:
    raise NotImplementedError


def import_mapping(actor: Actor, rows: Sequence[MappingRow], *, dry_run: bool) -> ImportReport:
    raise NotImplementedError
