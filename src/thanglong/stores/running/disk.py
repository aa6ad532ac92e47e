"""How much the data take, and when the disk will be full.

The worker notes the sizes every ten minutes; the forecast is the median of the slopes between the notes of the last
fourteen days (Theil 1950, Sen 1968: a single import or a clean-up does not bend it).
"""

import json
import shutil
from itertools import islice
from pathlib import Path
from statistics import median

from django.conf import settings
from django.db import connection

from thanglong.kit import clock

EVERY = 600.0
KEPT = 14 * 144
LEAST = 6
DAY = 86_400.0


def sizes() -> dict[str, int]:
    """Bytes of the databases, the files, and all of the data folder."""
    data = Path(settings.DATA)
    found = {"database": 0, "things": 0, "files": 0, "other": 0}
    for path in data.rglob("*"):
        try:
            if path.is_file():
                found[_part(path.relative_to(data))] += path.stat().st_size
        except OSError:
            continue
    if connection.vendor == "postgresql":
        from thanglong.stores.backup.postgres import total_size

        found |= total_size()
    return found


def _part(path: Path) -> str:
    name = path.parts[0]
    for part, start in (("database", "city.db"), ("things", "things.db")):
        if name.startswith(start):
            return part
    return "files" if name == "files" else "other"


def _notes() -> Path:
    return Path(settings.DATA) / "run" / "sizes.jsonl"


def note() -> None:
    """Add a line with the present size and keep the newest ones (a periodic task of the worker)."""
    path = _notes()
    lines = path.read_text().splitlines()[-KEPT:] if path.is_file() else []
    now = clock.System().now().timestamp()
    lines.append(json.dumps({"at": round(now), "bytes": sum(sizes().values())}))
    draft = path.with_suffix(".tmp")
    draft.write_text("\n".join(lines) + "\n")
    draft.replace(path)


def notes() -> list[tuple[float, int]]:
    """The noted sizes: moment in seconds, bytes; oldest first."""
    found = []
    for line in _notes().read_text().splitlines() if _notes().is_file() else ():
        try:
            item = json.loads(line)
            found.append((float(item["at"]), int(item["bytes"])))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def growth(points: list[tuple[float, int]]) -> float | None:
    """Bytes a day: the median slope of evenly thinned notes; None with too few of them."""
    step = max(1, len(points) // 100)
    some = list(islice(points, 0, None, step))
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) * DAY for at, a in enumerate(some) for b in some[at + 1 :] if b[0] > a[0]]
    return median(slopes) if len(some) >= LEAST and slopes else None


def forecast() -> float | None:
    """Days until the disk is full; None while nothing grows or too little is known."""
    a_day = growth(notes())
    return shutil.disk_usage(settings.DATA).free / a_day if a_day and a_day > 0 else None
