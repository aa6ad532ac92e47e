"""The outcome of the last backup and the last drill, kept beside the data."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from thanglong.kit import clock


def remember(data: Path, what: str, facts: Mapping[str, Any]) -> None:
    """Leave an outcome where the administrator's page and the metrics find it."""
    target = data / "run" / f"last-{what}.json"
    target.parent.mkdir(exist_ok=True)
    draft = target.with_suffix(".tmp")
    # the wall clock: a backup's age is one of real time, however fast the city lives
    draft.write_text(json.dumps({"at": clock.System().now().isoformat(), **facts}, default=str))
    draft.replace(target)


def read(data: Path, what: str) -> dict[str, Any] | None:
    """The outcome of the last ``what``, None when there was none."""
    try:
        found: dict[str, Any] = json.loads((data / "run" / f"last-{what}.json").read_text())
    except (OSError, ValueError):
        return None
    return found
