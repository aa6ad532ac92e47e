from django.apps import AppConfig

from thanglong.kit.errors import N_

PHRASES = {
    "case.opened": N_("A case was opened."),
    "case.moved": N_("A case went one step on."),
    "case.assigned": N_("Somebody was put in charge of a case."),
    "case.released": N_("A case was given back to its unit."),
    "case.transferred": N_("A case went to another unit."),
    "case.rehomed": N_("A case went to the unit that took over from its own."),
    "case.opinion_moved": N_("The unit that took over is asked for its opinion."),
    "case.message": N_("The unit wrote to the reporter."),
    "case.reply": N_("The reporter wrote to the unit."),
    "case.note": N_("A note was left on a case."),
    "case.escalated": N_("A case needed more time than promised."),
    "case.followed": N_("Somebody follows a case."),
    "case.follow_confirmed": N_("Somebody confirmed that they follow a case."),
    "case.unfollowed": N_("Somebody follows a case no longer."),
    "case.personal_erased": N_("The personal data of a finished case were erased."),
    "case.paused": N_("The clock of a case was stopped."),
    "case.resumed": N_("The clock of a case goes on."),
    "case.opinion_asked": N_("Other units were asked about a case."),
    "case.opinion_given": N_("A unit gave its opinion on a case."),
    "case.opinion_declined": N_("A unit gave no opinion on a case."),
    "case.opinion_withdrawn": N_("An opinion on a case is no longer awaited."),
    "case.opinion_late": N_("An opinion on a case did not come in time."),
    "case.return_proposed": N_("A second return of a case was proposed."),
    "case.return_refused": N_("The head refused a second return of a case."),
    "case.linked": N_("Two cases were linked."),
    "case.unlinked": N_("A link between two cases was removed."),
    "case.held": N_("A case may not be erased for the time being."),
    "case.hold_released": N_("A case may be erased in its time again."),
    "case.documents_erased": N_("The files of a finished case were erased."),
    "case.migrated": N_("A case follows a new version of its rules."),
    "case.reporter_confirmed": N_("The reporter confirmed the address."),
}


class CasesConfig(AppConfig):
    name = "thanglong.core.cases"
    label = "cases"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from thanglong.core.cases import tasks  # noqa: F401
        from thanglong.core.cases.service import decisions
        from thanglong.core.cases.service.catalogue import check
        from thanglong.core.cases.service.contacts import own_records
        from thanglong.core.cases.service.guarding import plug_decisions
        from thanglong.core.cases.service.notifying import escalated
        from thanglong.core.cases.service.reorganising import OpenCases
        from thanglong.core.cases.types import CaseEscalated
        from thanglong.core.ledger import service as ledger
        from thanglong.kit import bus, registry

        bus.listen(CaseEscalated, "cases.escalated", escalated)
        for verb, text in PHRASES.items():
            ledger.phrases.add(verb, text)
        registry.followers.add("cases", OpenCases())
        registry.own_records.add("cases", own_records)
        registry.health.add("cases", registry.Health(check))
        registry.health.add("decisions", registry.Health(decisions.check))
        plug_decisions(lambda ref, data: decisions.decide(ref, data).value)
        registry.pages.add("desk", registry.Page("desk", "desk", N_("Work"), "inbox", 10, "cases.view"))
        registry.pages.add(
            "desk-decisions", registry.Page("desk", "desk-decisions", N_("Decisions"), "table", 70, "cases.view")
        )
        registry.pages.add(
            "desk-opinions", registry.Page("desk", "desk-opinions", N_("Opinions asked of us"), "chat", 15, "cases.act")
        )
        registry.pages.add(
            "desk-unit", registry.Page("desk", "desk-unit", N_("The unit's week"), "chart", 20, "measures.view")
        )
