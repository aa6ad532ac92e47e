"""Which measures there are."""

from thanglong.core.measures.types import Measure
from thanglong.kit.errors import NotFound
from thanglong.kit.registry import Registry

registered: Registry[Measure] = Registry("measure")


def register(item: Measure) -> Measure:
    """Make a measure known (call in ``apps.py``, the measure itself stands in the module's ``measures.py``)."""
    return registered.add(item.key, item)


def definitions() -> list[Measure]:
    """All measures, by domain and order."""
    return sorted(registered, key=lambda item: (item.domain, item.order, item.key))


def measure(key: str) -> Measure:
    """A measure by key; NotFound."""
    found = registered.get(key)
    if found is None:
        raise NotFound()
    return found
