"""Files of cases: the published copy and preview for everyone who may, the original for those who handle the case."""

from uuid import UUID

from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseNotModified
from django.views.decorators.http import require_safe

from thanglong.core.cases import service
from thanglong.core.cases.rules.files import INLINE
from thanglong.kit.errors import NotFound

VARIANTS = ("original", "view", "thumb")


@require_safe
def file(request: HttpRequest, document_id: UUID, variant: str) -> HttpResponseBase:
    """One file. Content never changes under its address, so a browser may keep it."""
    if variant not in VARIANTS:
        raise NotFound()
    actor = request.actor  # type: ignore[attr-defined]
    secret = request.GET.get("key", "")
    document, content, media_type = service.document_content(actor, document_id, variant, secret=secret)  # type: ignore[arg-type]
    etag = f'"{document.digest[:32]}-{variant}"'
    if request.headers.get("If-None-Match") == etag:
        content.close()
        return HttpResponseNotModified()
    shown = media_type == "image/webp" or media_type in INLINE
    response = FileResponse(content, content_type=media_type, as_attachment=not shown, filename=document.name)
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=86400"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
