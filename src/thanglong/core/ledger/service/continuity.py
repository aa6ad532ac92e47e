"""That one head grew out of another, within a year and over years: what a witness asks for."""

from typing import Any

from thanglong.core.ledger import repository, rules
from thanglong.core.ledger.service import tree
from thanglong.core.ledger.types import Head, Proof, Tree
from thanglong.kit.errors import N_, NotFound, Unavailable
from thanglong.solve import merkle

Spot = tuple[int, int]  # year and size


def document(old: Spot, new: Spot) -> dict[str, Any]:
    """The proof as JSON: steps within a year (``path``) and from year to year (``entry`` with its inclusion proof)."""
    before, after = repository.head_of(*old), repository.head_of(*new)
    if before is None or after is None or old > new:
        raise NotFound(N_("There is no signed head of this size."))
    steps, here = [], before
    for year in [item for item in repository.trees() if old[0] < item.year <= new[0]]:
        final = repository.head(here.year)
        opened = _opening(year)
        if final is None:
            raise Unavailable()
        steps += [_grown(here, final), {"entry": opened[0]}]
        here = opened[1]
    steps.append(_grown(here, after))
    shown = {"format": rules.FORMAT, "old": rules.head_document(before), "new": rules.head_document(after)}
    return {**shown, "steps": steps, "path": steps[0]["path"] if len(steps) == 1 else []}


def _grown(old: Head, new: Head) -> dict[str, Any]:
    path = [item.hex() for item in tree.consistency(new.year, old.size, new.size)]
    return {"old": rules.head_document(old), "new": rules.head_document(new), "path": path}


def _opening(year: Tree) -> tuple[dict[str, Any], Head]:
    """The first entry of a year with its proof under the year's first head, and that head."""
    head = next(repository.heads(year), None)
    rows = list(repository.leaf_bodies(year, 0, 1))
    if head is None or not rows:
        raise Unavailable()
    path = merkle.inclusion(0, head.size, tree.Blocks(year))
    entry = repository.entry(rows[0][1])
    proof = Proof(entry, rows[0][2].hex(), 0, tuple(item.hex() for item in path), head)
    return rules.bundle(proof), head
