"""Withheld cells: an attack that solves the linear system of everything published recovers none of them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from thanglong.solve import suppression

LEAST = 5


def determined(counts: np.ndarray, masks: list[np.ndarray], parts: tuple[int, ...]) -> int:
    """How many withheld months follow from what is published: rows of the null space that are zero."""
    units, months = counts.shape
    month = masks[-1]
    unknown = {cell: n for n, cell in enumerate(zip(*np.nonzero(month), strict=True))}
    if not unknown:
        return 0
    lines = []

    def publish(cells: list[tuple[int, int]]) -> None:
        line = np.zeros(len(unknown))
        for cell in cells:
            if cell in unknown:
                line[unknown[cell]] = 1
        if line.any():
            lines.append(line)

    width = 1
    for mask, size in zip(reversed(masks), (*reversed(parts), 0), strict=True):
        for period in range(mask.shape[1]):
            span = range(period * width, (period + 1) * width)
            publish([(unit, n) for unit in range(units) for n in span])
            for unit in range(units):
                if not mask[unit, period]:
                    publish([(unit, n) for n in span])
        width *= size or 1
    system = np.array(lines)
    _, sizes, basis = np.linalg.svd(system)
    rank = int((sizes > 1e-9).sum())
    null = basis[rank:]
    return int((np.abs(null).max(axis=0, initial=0.0) < 1e-9).sum()) if len(null) else len(unknown)


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 14), st.integers(0, 2**32 - 1), st.floats(0.3, 12))
def test_no_withheld_cell_follows_from_the_totals(units: int, seed: int, mean: float) -> None:
    counts = np.random.default_rng(seed).poisson(mean, (units, 12)).astype(np.int64)
    masks = suppression.nested(counts, LEAST)
    small = (counts > 0) & (counts < LEAST)
    assert (masks[-1] | ~small).all()
    alone = [n for n in range(12) if (counts[:, n] > 0).sum() < 2]  # a city of one unit hides nothing
    masked = masks[-1].copy()
    masked[:, alone] = False
    if not alone and (counts.reshape(units, 4, 3).sum(axis=2) > 0).all():
        assert determined(counts, masks, (4, 3)) == 0


def test_without_small_cells_all_is_published() -> None:
    assert not any(mask.any() for mask in suppression.nested(np.full((5, 12), 9, np.int64), LEAST))


def test_one_small_cell_takes_a_ring() -> None:
    counts = np.full((3, 3), 50, np.int64)
    counts[1, 1] = 2
    mask = suppression.table(counts, np.zeros((3, 3), bool), LEAST)
    assert mask[1, 1]
    assert mask.sum() == 4
    assert suppression.bridges(mask) == []


def test_hiding_the_small_cells_alone_is_no_protection() -> None:
    counts = np.full((4, 12), 50, np.int64)
    counts[1, 1] = 2
    small = (counts > 0) & (counts < LEAST)
    nothing = [np.zeros((4, 1), bool), np.zeros((4, 4), bool), small]
    assert determined(counts, nothing, (4, 3)) == 1
    assert determined(counts, suppression.nested(counts, LEAST), (4, 3)) == 0
