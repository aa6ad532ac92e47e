"""The plain, slow, exact way to every answer: what the hierarchy is held against."""

import heapq
from collections.abc import Sequence

from thanglong.solve.routing.compiled import CLOSED


def from_one(
    start: int, turn_from: Sequence[int], turn_to: Sequence[int], turn_ms: Sequence[int], node_ms: Sequence[int]
) -> list[int]:
    """Milliseconds from the end of arc ``start`` to the end of every arc; CLOSED where there is no way.

    Each turn costs ``turn_ms``, then the arc it leads into ``node_ms``; CLOSED in either bars it.
    """
    leaving: dict[int, list[tuple[int, int]]] = {}
    for a, b, ms in zip(turn_from, turn_to, turn_ms, strict=True):
        cost = ms + node_ms[b]
        if cost < CLOSED:
            leaving.setdefault(a, []).append((b, cost))
    best = [CLOSED] * len(node_ms)
    best[start] = 0
    queue = [(0, start)]
    while queue:
        here, arc = heapq.heappop(queue)
        if here > best[arc]:
            continue
        for onward, cost in leaving.get(arc, ()):
            if here + cost < best[onward]:
                best[onward] = here + cost
                heapq.heappush(queue, (here + cost, onward))
    return best
