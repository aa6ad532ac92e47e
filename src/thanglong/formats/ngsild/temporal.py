"""The temporal representation of an entity: each attribute as the list of its instances over time."""

from collections.abc import Mapping, Sequence
from typing import Any

from thanglong.formats.ngsild.entities import MEMBER
from thanglong.kit.ports import Sample


def normalised(samples: Sequence[Sample], key: str, iso: Any) -> list[dict[str, Any]]:
    """The instances of one attribute, each with when it was written; a deletion shows as ``deletedAt``."""
    found = []
    for number, sample in enumerate(samples):
        name = f"urn:ngsi-ld:instance:{key}:{int(sample.at.timestamp() * 1_000_000)}:{number}"
        if sample.instance is None:
            found.append(
                {"type": "Property", "value": "urn:ngsi-ld:null", "deletedAt": iso(sample.at), "instanceId": name}
            )
        else:
            found.append({**sample.instance, "modifiedAt": iso(sample.at), "instanceId": name})
    return found


def values(samples: Sequence[Sample], iso: Any, written: bool) -> dict[str, Any] | None:
    """One attribute as pairs of value and moment (``temporalValues``); None when there are none."""
    known = [(sample, sample.instance) for sample in samples if sample.instance is not None]
    if not known:
        return None
    kind = str(known[-1][1].get("type", "Property"))
    member = MEMBER.get(kind, "value")
    plural = {"value": "values", "object": "objects", "languageMap": "languageMaps", "vocab": "vocabs", "json": "jsons"}
    pairs = [
        [instance.get(member), iso(sample.at if written else sample.moment)]
        for sample, instance in known
        if member in instance
    ]
    return {"type": kind, plural.get(member, f"{member}s"): pairs}


def evolution(entity: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The temporal evolution of an entity."""
    return {"id": entity["id"], "type": entity["type"], **attributes}
