"""The reference tables of the example index, read once; the tests skip with a reason where they are absent."""

import csv
from pathlib import Path

import numpy as np
import pytest

from thanglong.solve import composite
from thanglong.solve.composite.types import Array, Framework, Node, Panel, Pipeline


class Tables:
    """Reference tables by name: rows as dicts, or a numeric block by unit and columns."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def block(self, name: str, key: str = "uCode") -> tuple[list[str], list[str], Array]:
        rows = self.rows(name)
        codes = [code for code in rows[0] if code != key]
        values = np.array([[number(row[code]) for code in codes] for row in rows])
        return [row.get(key, "") for row in rows], codes, values

    def like(self, name: str, units: tuple[str, ...], codes: tuple[str, ...]) -> Array:
        """The block of a table in the asked order of units and columns."""
        have, columns, values = self.block(name)
        return values[np.ix_([have.index(u) for u in units], [columns.index(c) for c in codes])]


def number(text: str) -> float:
    if text in ("", "NA", "NaN"):
        return float("nan")
    if text in ("TRUE", "FALSE"):
        return float(text == "TRUE")
    try:
        return float(text)
    except ValueError:
        return float("nan")


@pytest.fixture(scope="session")
def coinr(shared_data: Path) -> Tables:
    folder = shared_data / "index" / "coinr"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data/index/coinr (see docs/do/run-the-tests.md)")
    return Tables(folder)


@pytest.fixture(scope="session")
def asem(coinr: Tables) -> Framework:
    nodes = [
        Node(
            row["iCode"], row["Parent"] or None, row["iName"], float(row["Weight"]), int(row["Direction"]), row["Unit"],
            float(row["Target"]) if row["Target"] else None, None, row["Denominator"] or None,
        )
        for row in coinr.rows("in_asem_iMeta")
        if row["Type"] in ("Indicator", "Aggregate")
    ]  # fmt: skip
    return Framework(tuple(nodes), "example")


GROUPS = ("GDP_group", "GDPpc_group", "Pop_group", "EurAsia_group")


def read_panel(coinr: Tables, name: str, with_times: bool) -> Panel:
    rows = coinr.rows(name)
    codes = tuple(c for c in rows[0] if c not in ("uName", "uCode", "Time", *GROUPS))
    values = np.array([[number(row[c]) for c in codes] for row in rows])
    groups = {g: tuple(row[g] for row in rows) for g in GROUPS}
    times = np.array([float(row["Time"]) for row in rows]) if with_times else None
    return Panel(tuple(row["uCode"] for row in rows), codes, values, groups, times)


@pytest.fixture(scope="session")
def raw(coinr: Tables) -> Panel:
    """The example's panel. Its table prints 15 digits, which makes ties of TolMin's values that differ in the 16th; the
    order that the published ranks show is put back, one unit in the last place each."""
    panel = read_panel(coinr, "in_asem_iData", False)
    rank = coinr.like("norm_rank", panel.units, ("TolMin",))[:, 0]  # the direction is -1: higher rank, lower value
    j = panel.codes.index("TolMin")
    for value in np.unique(panel.values[:, j]):
        tied = np.flatnonzero(panel.values[:, j] == value)
        for step, place in enumerate(sorted(set(rank[tied]), reverse=True)):
            here = tied[rank[tied] == place]
            panel.values[here, j] = value + step * np.spacing(value)
    return panel


@pytest.fixture(scope="session")
def purse(coinr: Tables) -> Panel:
    return read_panel(coinr, "in_asem_iData_panel", True)


PIPELINE = Pipeline.of(
    "denominate", ("impute", {"method": "group_mean", "group": "EurAsia_group"}), ("screen", {"available": 0.9}),
    "treat", ("normalise", {"method": "minmax", "options": {"lower": 0, "upper": 100}}), "aggregate",
)  # fmt: skip


@pytest.fixture(scope="session")
def example(raw: Panel, asem: Framework) -> composite.Result:
    return composite.compute(raw, asem, PIPELINE)
