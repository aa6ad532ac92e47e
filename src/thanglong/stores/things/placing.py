"""Where the instances of a written attribute go: which stand beside those there are, which take their place."""

from collections.abc import Mapping
from typing import Any

from thanglong.kit.ports import WriteMode
from thanglong.stores.things import rows

NULL = "urn:ngsi-ld:null"
MAIN = ("value", "object", "vocab", "json", "valueList", "objectList", "languageMap")


def deletes(instance: Mapping[str, Any]) -> bool:
    """Whether an instance says that it is to be deleted."""
    for member in MAIN:
        if member in instance:
            value = instance[member]
            return bool(value == NULL or (member == "languageMap" and value == {"@none": NULL}))
    return False


def placed(before: Any, given: Any, mode: WriteMode) -> tuple[Any, int]:
    """An attribute after writing ``given`` into ``before``, None when nothing is left of it; and how many of the given
    instances were left alone: those there are (mode add), those there are not (update and patch)."""
    if given is None:
        return None, int(mode == "add" if before is not None else mode in ("update", "patch"))
    if mode in ("create", "replace"):
        if type(given) is dict:
            return (None if deletes(given) else given), 0
        return _one_or_many([one for one in rows.instances(given) if not deletes(one)]), 0
    known = {one.get("datasetId"): one for one in rows.instances(before)} if before is not None else {}
    left = 0
    for instance in rows.instances(given):
        dataset = instance.get("datasetId")
        there = known.get(dataset)
        if (mode == "add" and there is not None) or (mode in ("update", "patch") and there is None):
            left += 1
        elif deletes(instance):
            known.pop(dataset, None)
        elif there is None or mode not in ("merge", "patch"):
            known[dataset] = instance
        else:
            known[dataset] = _members(there, instance, deep=mode == "merge")
    return _one_or_many(list(known.values())), left


def _one_or_many(instances: list[Any]) -> Any:
    return instances if len(instances) > 1 else instances[0] if instances else None


def _members(before: Mapping[str, Any], given: Mapping[str, Any], *, deep: bool) -> dict[str, Any]:
    """An instance with members exchanged (clause 5.5.8), or merged however deep (5.5.12)."""
    found = dict(before)
    for key, value in given.items():
        if value is None or value == NULL or (isinstance(value, dict) and key not in MAIN and deletes(value)):
            found.pop(key, None)
        elif not deep or not isinstance(value, dict) or not isinstance(found.get(key), dict):
            found[key] = value
        elif key in rows.MEMBERS:
            found[key] = value if "coordinates" in value else merged(found[key], value)
        else:
            found[key] = _members(found[key], value, deep=True)
    return found


def merged(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with another merged in (RFC 7396), ``urn:ngsi-ld:null`` taking members out."""
    found = dict(before)
    for key, value in given.items():
        if value is None or value == NULL:
            found.pop(key, None)
        elif isinstance(value, dict) and isinstance(found.get(key), dict):
            found[key] = merged(found[key], value)
        else:
            found[key] = value
    return found
