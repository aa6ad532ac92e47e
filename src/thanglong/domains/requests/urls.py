from django.urls import path

from thanglong.domains.requests.views import form, mine, photos, public

app_name = "requests"
urlpatterns = [
    path("report/", form.form, name="form"),
    path("report/photo/", form.photo, name="photo-upload"),
    path("report/guess.json", form.guess, name="guess"),
    path("report/duplicates", form.duplicates, name="duplicates"),
    path("report/where.json", form.where, name="where"),
    path("report/confirm/", public.confirm, name="confirm"),
    path("reports/", public.reports, name="list"),
    path("reports/map.geojson", public.map_json, name="map"),
    path("reports/photo/<uuid:photo_id>/<str:variant>/", public.photo, name="photo"),
    path("reports/<str:number>/", public.report, name="report"),
    path("reports/<str:number>/qr.svg", public.qr, name="qr"),
    path("reports/<str:number>/follow/", public.follow, name="follow"),
    path("reports/<str:number>/again/", public.again, name="again"),
    path("my/<str:number>/<str:secret>/", mine.report, name="mine"),
    path("my/<str:number>/<str:secret>/sent/", mine.sent, name="sent"),
    path("my/<str:number>/<str:secret>/<str:action>/", mine.act, name="step"),
    path("desk/photos/", photos.photos, name="photos"),
    path("desk/photos/<uuid:photo_id>/", photos.moderate, name="moderate"),
]
