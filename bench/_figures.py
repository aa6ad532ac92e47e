"""The lines in which every bench tells its figures: one RESULT line of JSON each, read by `thanglong bench`."""

import json
from collections.abc import Callable
from typing import Any, Protocol


class Tell(Protocol):
    """Prints a figure: what was measured, how much, in which unit, against which reference, and how it stands to it."""

    def __call__(
        self, metric: str, value: float, unit: str, versus: str = "", ratio: float | None = None, **sizes: Any
    ) -> None: ...


def of(area: str, put: Callable[[str], None] = lambda line: print(line, flush=True)) -> Tell:
    """How a bench tells its figures; ``put`` takes the finished lines (printed at once when nothing else is said)."""

    def tell(metric: str, value: float, unit: str, versus: str = "", ratio: float | None = None, **sizes: Any) -> None:
        shown = None if ratio is None else round(ratio, 3)
        row = {"area": area, "metric": metric, "value": round(value, 6), "unit": unit, "versus": versus}
        put("RESULT " + json.dumps({**row, "ratio": shown, **sizes}, ensure_ascii=False))

    return tell
