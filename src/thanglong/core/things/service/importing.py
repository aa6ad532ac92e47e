"""Many entities in from a file, and out into one: in bounded memory, the good ones kept, the bad ones told."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from thanglong.core.things import service as things
from thanglong.core.things.types import Asker, Entity, ThingQuery, WriteMode
from thanglong.formats.entity_files import Row
from thanglong.formats.ngsild.entities import Reading, entity_in
from thanglong.formats.ngsild.vocabulary import CORE, Vocabulary
from thanglong.kit.errors import Invalid

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of some rows: how many were written, of which new, and the rows that were not with the reason."""

    written: int
    made: int
    faults: Sequence[tuple[int, str]]


def take_in(asker: Asker, rows: Iterable[Row], mode: WriteMode = "upsert", names: Vocabulary = CORE) -> Iterator[Taken]:
    """Write the entities of a file, some hundred at a time; what became of each lot. Needs ``things.write``.

    Each lot is durable when it is told: an import that breaks off can be begun again.
    """
    things.require_write(asker)
    rows = iter(rows)
    while lot := list(islice(rows, AT_ONCE)):
        yield _write(asker, lot, mode, names)


def _write(asker: Asker, lot: Sequence[Row], mode: WriteMode, names: Vocabulary) -> Taken:
    good: list[tuple[int, Entity]] = []
    faults = []
    for row in lot:
        if row.entity is None:
            faults.append((row.number, row.fault))
            continue
        body = {key: value for key, value in row.entity.items() if key != "@context"}
        try:
            good.append((row.number, entity_in(body, Reading(names))))
        except Invalid as error:
            faults.append((row.number, str(error)))
    written, made, more = _stored(asker, good, mode)
    return Taken(written, made, sorted([*faults, *more]))


def _stored(
    asker: Asker, good: Sequence[tuple[int, Mapping[str, Any]]], mode: WriteMode
) -> tuple[int, int, list[tuple[int, str]]]:
    if not good:
        return 0, 0, []
    try:
        results = things.write(asker, [entity for _, entity in good], mode)
    except Invalid as error:
        if len(good) == 1:
            return 0, 0, [(good[0][0], str(error))]
        halves = [_stored(asker, part, mode) for part in (good[: len(good) // 2], good[len(good) // 2 :])]
        return halves[0][0] + halves[1][0], halves[0][1] + halves[1][1], halves[0][2] + halves[1][2]
    faults = [
        (number, {"exists": "there is already an entity of this id"}.get(item.refused, item.refused))
        for (number, _), item in zip(good, results, strict=True)
        if item.refused
    ]
    return len(good) - len(faults), sum(item.created for item in results), faults


def give_out(asker: Asker, types: Sequence[str] = (), names: Vocabulary = CORE) -> Iterator[dict[str, Any]]:
    """All entities the asker may read (of some types), by id, a thousand at a time from the store."""
    last = ""
    while True:
        page = things.query(asker, ThingQuery(types=types, after=last, limit=1000))
        if not page:
            return
        for entity in page:
            yield names.compact_entity(entity)
        last = page[-1]["id"]
