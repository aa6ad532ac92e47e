from django.urls import path

from thanglong.core.cases.views import case, corrections, decisions, dossier, files, queue, unit

urlpatterns = [
    path("desk/", queue.queue, name="desk"),
    path("desk/assign/", queue.assign_many, name="desk-assign-many"),
    path("desk/search/", queue.search, name="desk-search"),
    path("desk/unit/", unit.week, name="desk-unit"),
    path("desk/decisions/", decisions.listing, name="desk-decisions"),
    path("desk/decisions/<str:key>/", decisions.model, name="desk-decision"),
    path("desk/decisions/<str:key>/file.dmn", decisions.file, name="desk-decision-file"),
    path("desk/cases/<str:number>/", case.case, name="desk-case"),
    path("desk/cases/<str:number>/act/<str:action>/", case.act, name="desk-act"),
    path("desk/cases/<str:number>/preview/", case.preview, name="desk-preview"),
    path("desk/cases/<str:number>/transfer/", case.transfer, name="desk-transfer"),
    path("desk/cases/<str:number>/assign/", case.assign, name="desk-assign"),
    path("desk/cases/<str:number>/message/", case.message, name="desk-message"),
    path("desk/cases/<str:number>/do/<str:what>/", dossier.do, name="desk-do"),
    path("desk/opinions/", dossier.asked, name="desk-opinions"),
    path("desk/opinions/<uuid:opinion_id>/", dossier.answer, name="desk-opinion"),
    path("cases/<str:number>/<str:secret>/", corrections.corrections, name="case-corrections"),
    path("files/<uuid:document_id>/<str:variant>/", files.file, name="case-file"),
]
