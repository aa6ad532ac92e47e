"""The header NGSILD-Tenant: echoed in every answer; an unknown tenant is made by creating something in it (5.5.10)."""

from thanglong.core.things import service as things
from thanglong.core.things.service.tenancy import checked_tenant
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.gate import Gate
from thanglong.surfaces.ngsild.answers import Problem

CREATING = frozenset(
    [
        "entities",
        "entityOperations/create",
        "entityOperations/upsert",
        "temporal/entities",
        "subscriptions",
        "csourceRegistrations",
        "csourceSubscriptions",
        "snapshots",
    ]
)
OF_NOBODY = ("info/", "jsonldContexts", "/ngsi-ld/ex/")
"""What belongs to the broker and to no tenant, and what other brokers send under tenants of their own."""


async def admit(request: Request, gate: Gate, path: str) -> None:
    """Let a request into its tenant; ``path`` is the address below the root.

    Problem 404 NonexistentTenant where it asks for what cannot be there, Invalid for a name that is none.
    """
    name = request.headers.get("ngsild-tenant")
    if name is None:
        return
    request.always.append((b"ngsild-tenant", name.encode("latin-1")))
    if not name or path.startswith(OF_NOBODY):
        return
    checked_tenant(name)
    known = things.has_tenant(name) if things.quick() else await gate.run(things.has_tenant, name)
    if known:
        return
    if request.method != "POST" or path.strip("/") not in CREATING:
        raise Problem(404, "NonexistentTenant", f"there is no tenant {name}")
    if (await gate.pass_of(request)).write:
        await gate.run(things.open_tenant, name)
