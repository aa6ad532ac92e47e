from django.urls import re_path

from thanglong.surfaces.open311 import views

FORMAT = r"(?:\.(?P<fmt>[A-Za-z0-9]+))?"
urlpatterns = [
    re_path(rf"^open311/(?:v2/)?discovery{FORMAT}$", views.discovery),
    re_path(r"^open311/v2/openapi\.json$", views.description),
    re_path(rf"^open311/v2/services{FORMAT}$", views.services),
    re_path(rf"^open311/v2/services/(?P<code>[^/]+?){FORMAT}$", views.definition),
    re_path(rf"^open311/v2/requests{FORMAT}$", views.requests),
    re_path(rf"^open311/v2/requests/(?P<number>[^/]+?){FORMAT}$", views.request_one),
    re_path(rf"^open311/v2/tokens/(?P<token>[^/]+?){FORMAT}$", views.token),
    re_path(rf"^open311/v2/servicerequestupdates{FORMAT}$", views.updates),
]
