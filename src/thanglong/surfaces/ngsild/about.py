"""Who this broker is: ``/info/sourceIdentity`` (clauses 5.2.40, 5.15 and 6.33)."""

import orjson

from thanglong.core.things.types import iso
from thanglong.kit import clock
from thanglong.surfaces.asgi import Request
from thanglong.surfaces.ngsild.answers import accepted
from thanglong.surfaces.ngsild.identity import alias
from thanglong.surfaces.ngsild.parameters import parameters


class About:
    """Handlers under ``/info``."""

    def __init__(self) -> None:
        self._since = clock.monotonic()

    async def identity(self, request: Request) -> None:
        """GET /info/sourceIdentity, for the tenant the request names."""
        parameters(request, ())
        name = alias(request.headers.get("ngsild-tenant", ""))
        body = {
            "id": f"urn:ngsi-ld:ContextSource:{name}",
            "type": "ContextSourceIdentity",
            "contextSourceAlias": name,
            "contextSourceUptime": f"PT{int(clock.monotonic() - self._since)}S",
            "contextSourceTimeAt": iso(clock.now()),
        }
        await request.respond(200, orjson.dumps(body), kind=accepted(request).encode())
