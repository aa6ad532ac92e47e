"""Pure decisions about entities: how a value reads, how a past becomes a chart."""

from collections.abc import Mapping, Sequence
from typing import Any

from thanglong.core.things.types import Sample
from thanglong.kit import clock
from thanglong.kit.errors import N_


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


# the values of state attributes the domains write, in words (message ids); other values read as they are
STATE_WORDS = {
    "working": N_("working"),
    "flashing": N_("flashing amber"),
    "dark": N_("dark"),
    "offline": N_("no signal from it"),
    "free": N_("free"),
    "slow": N_("slow"),
    "jam": N_("jammed"),
    "normal": N_("as it should be"),
    "warm": N_("warm"),
    "hot": N_("too hot"),
    "called": N_("called out"),
    "driving": N_("on the way"),
    "on_scene": N_("at the scene"),
    "transporting": N_("carrying a patient"),
    "at_hospital": N_("at the hospital"),
    "returning": N_("on the way back"),
    "out_of_service": N_("out of service"),
    "open": N_("open now"),
    "busy": N_("busy"),
    "full": N_("full"),
    "out_of_order": N_("out of order"),
    "filling": N_("filling up"),
    "closed": N_("closed now"),
    "on": N_("burning"),
    "off": N_("switched off"),
    "fault": N_("faulty"),
    "silent": N_("silent"),
    "no_power": N_("without power"),
}

UNIT_CODES = {
    "CEL": "°C",
    "HUR": "h",
    "KMH": "km/h",
    "KWH": "kWh",
    "KWT": "kW",
    "LTR": "l",
    "MAW": "MW",
    "MTR": "m",
    "P1": "%",
    "SEC": "s",
    "WTT": "W",
}
"""What people write for a UN/CEFACT unit code."""


def unit_of(instance: Mapping[str, Any]) -> str:
    """The unit of an attribute instance as people write it, or its bare code."""
    code = str(instance.get("unitCode", ""))
    return UNIT_CODES.get(code, code)


def chart_of(attribute: str, samples: Sequence[Sample]) -> dict[str, Any] | None:
    """Properties of the chart island for the past of a number; None for what is none, or too short."""
    known = [(item.moment, item.instance) for item in samples if item.instance is not None]
    values = [instance.get("value") for _, instance in known]
    if len(known) < 2 or not all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values):
        return None
    return {
        "kind": "line",
        "title": attribute,
        "unit": unit_of(known[-1][1]),
        "x": [f"{clock.local(moment):%d/%m %H:%M}" for moment, _ in known],
        "series": [{"name": attribute, "data": values}],
        "table": "#past",
    }
