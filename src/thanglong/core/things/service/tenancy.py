"""Tenants: isolated sets of entities, history, subscriptions and registrations in one installation.

The city itself is the tenant without a name. Open types are open in the city alone: whoever may not read things sees
nothing of another tenant.
"""

from thanglong.core.things.types import Asker, Pass
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, Invalid
from thanglong.kit.ports import ThingsStore

MOST_NAME = 200
PART = "\x1f"
"""Between a tenant and a snapshot of it, which is kept as a tenant of its own; no name sent by a client holds it."""


def tenant_of(asker: Asker) -> str:
    """The tenant somebody asks in; actors of the platform ask in the city."""
    return asker.tenant if isinstance(asker, Pass) else ""


def store_of(asker: Asker) -> ThingsStore:
    """The store as the asker's tenant sees it."""
    tenant = tenant_of(asker)
    return ports.plugged.things.of(tenant) if tenant else ports.plugged.things


def checked_tenant(name: str) -> str:
    """A tenant's name as a client writes it; Invalid when it cannot be one."""
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise Invalid(N_("A tenant's name has 1 to 200 visible signs."))
    return name


def tenants() -> list[str]:
    """The tenants there are besides the city, by name."""
    return [name for name in ports.plugged.things.tenants() if PART not in name]


def has_tenant(name: str) -> bool:
    """Whether there is such a tenant; the city ("") always is."""
    return ports.plugged.things.has_tenant(name)


def open_tenant(name: str) -> None:
    """Make a tenant where there is none of this name. For surfaces, once they know that the asker may write."""
    ports.plugged.things.open_tenant(checked_tenant(name), at=clock.now())
