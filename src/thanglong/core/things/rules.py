"""Pure decisions about entities: how a value reads, how a past becomes a chart."""

from collections.abc import Mapping, Sequence
from typing import Any

from thanglong.core.things.types import Sample, iso


def shown_value(value: Any) -> str:
    """A value as a person reads it: positions as latitude, longitude; lists with commas; the rest as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Mapping):
        if value.get("type") == "Point":
            lon, lat = value["coordinates"][:2]
            return f"{lat:.5f}, {lon:.5f}"
        if "coordinates" in value:
            return str(value["type"])
        return ", ".join(f"{key}: {shown_value(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(shown_value(item) for item in value)
    return str(value)


def chart_of(attribute: str, samples: Sequence[Sample]) -> dict[str, Any] | None:
    """Properties of the chart island for a numeric past (a line) or one of states (steps); None when too short."""
    known = [item for item in samples if item.instance is not None]
    values = [item.instance.get("value") for item in known if item.instance is not None]
    if len(known) < 2 or any(isinstance(value, (dict, list)) for value in values):
        return None
    times = [iso(item.moment) for item in known]
    unit = next((str(item.instance["unitCode"]) for item in known if item.instance and "unitCode" in item.instance), "")
    if all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return _chart(attribute, unit, times, values)
    states = sorted({str(value) for value in values})
    return {
        **_chart(attribute, "", times, [states.index(str(value)) for value in values]),
        "states": states,
        "step": True,
    }


def _chart(attribute: str, unit: str, times: list[str], values: list[Any]) -> dict[str, Any]:
    return {
        "kind": "line",
        "title": attribute,
        "unit": unit,
        "x": times,
        "series": [{"name": attribute, "data": values}],
        "table": "#past",
    }
