"""The network as vector tiles, coloured by how fast it is driven now."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from thanglong.formats import mvt
from thanglong.kit import ports
from thanglong.kit.errors import NotFound

MAX_AGE = 10


@require_safe
def tile(request: HttpRequest, z: int, x: int, y: int) -> HttpResponse:
    """``/tiles/roads/{z}/{x}/{y}.mvt``: layer ``speeds``, property ``state`` free, slow, jam or closed (else none)."""
    from thanglong.domains.roads.service import picture, routing

    if not mvt.exists(z, x, y):
        raise NotFound
    ports.require(request.actor, "things.view")  # type: ignore[attr-defined]
    try:
        routing.ready()
        content = picture.tile(z, x, y)
    except (routing.NoNetwork, routing.NotReady):
        return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": f"private, max-age={MAX_AGE}"}
    if not content:
        return HttpResponse(status=204, headers=headers)
    return HttpResponse(content, content_type=mvt.MEDIA_TYPE, headers=headers)
