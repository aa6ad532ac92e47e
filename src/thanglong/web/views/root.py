"""Switches and the small files of a site's root: theme, language, health, robots, manifest, service worker."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from thanglong.kit import registry
from thanglong.web import assets, context
from thanglong.web.middleware import remember


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page the form was on, when it is ours."""
    target = request.POST.get("next") or request.headers.get("Referer", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        target = "/"
    return HttpResponseRedirect(target)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep light, dark or the device's choice in a cookie."""
    chosen = request.POST.get("theme", "")
    response = _back(request)
    if chosen in context.THEMES:
        response.set_cookie(
            context.THEME_COOKIE, chosen, max_age=365 * 86400, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    else:
        response.delete_cookie(context.THEME_COOKIE, samesite="Lax")
    return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language in a cookie; the account's own choice is kept by core.people."""
    chosen = request.POST.get("language", "")
    response = _back(request)
    if chosen in dict(settings.LANGUAGES):
        remember(response, chosen)
    return response


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Every part of this process with the reason when it is not well; 503 when one is not."""
    parts: dict[str, dict[str, object]] = {}
    for key, item in registry.health.items():
        if item.process not in ("web", "*"):
            continue
        try:
            reason = item.check() or ""
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        parts[key] = {"ok": not reason, "reason": reason}
    well = all(part["ok"] for part in parts.values())
    body = {"status": "ok" if well else "failing", "process": "web", "parts": parts}
    return JsonResponse(body, status=200 if well else 503)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Search engines may read the portal, not the officials' rooms."""
    lines = ["User-agent: *", "Disallow: /desk/", "Disallow: /centre/", "Disallow: /signin/", "Disallow: /me/", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return assets.serve(request, "img/mark.svg")


@require_safe
def webmanifest(request: HttpRequest) -> JsonResponse:
    """The portal as an application on a phone's home screen."""
    body = {
        "name": "Thăng Long",
        "short_name": "Thăng Long",
        "description": gettext("Report, ask, apply and look up in your city."),
        "lang": request.LANGUAGE_CODE,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#faf8f4",
        "theme_color": "#9e1b1e",
        "icons": [{"src": assets.url("img/mark.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}],
        "shortcuts": [
            {"name": gettext("Report a problem"), "url": "/report/"},
            {"name": gettext("Look up"), "url": "/search"},
        ],
    }
    return JsonResponse(body, content_type="application/manifest+json")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker stands at the root, because its reach is its folder."""
    built = assets.manifest().get("service-worker.js")
    if not built:
        return HttpResponse("// the front end is not built\n", content_type="text/javascript")
    path = assets.find(f"dist/{built}")
    content = path.read_bytes() if path else b""
    return HttpResponse(content, content_type="text/javascript", headers={"Cache-Control": "no-cache"})
