"""Every module's ``urls.py`` is included at the root: a module's addresses stand in its own file."""

from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(f"{module}.urls")) for module in settings.MODULES if find_spec(f"{module}.urls")
]
handler400 = "thanglong.web.errors.bad_request"
handler403 = "thanglong.web.errors.denied"
handler404 = "thanglong.web.errors.not_found"
handler500 = "thanglong.web.errors.server_error"
