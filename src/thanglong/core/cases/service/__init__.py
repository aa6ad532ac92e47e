"""The verbs of cases. Permission, rules, row, event, ledger entry and jobs of one verb share one transaction."""

from thanglong.core.cases.service import decisions
from thanglong.core.cases.service.acting import act
from thanglong.core.cases.service.assigning import assign_fairly, propose_assignee, share_out
from thanglong.core.cases.service.catalogue import definition, definitions, register
from thanglong.core.cases.service.contacts import reporter_contact, state_purpose, who_looked
from thanglong.core.cases.service.documents import add_document, document, document_content, make_previews, uploaded
from thanglong.core.cases.service.figures import facts, footprints
from thanglong.core.cases.service.handing import assign, assign_many, message, transfer
from thanglong.core.cases.service.keeping import erase_documents, expired, hold, release_hold
from thanglong.core.cases.service.linking import link, unlink
from thanglong.core.cases.service.loading import bulk_load
from thanglong.core.cases.service.migrating import MigrationReport, migrate_cases, read_map
from thanglong.core.cases.service.opening import open_case
from thanglong.core.cases.service.opinions import (
    answer_opinion,
    ask_opinions,
    decline_opinion,
    opinions_asked,
    withdraw_opinion,
)
from thanglong.core.cases.service.pausing import resume, suspend
from thanglong.core.cases.service.people import (
    case_by_secret,
    cases_of_account,
    confirm_follower,
    confirm_reporter,
    erase_personal,
    follow,
    followers,
    unfollow,
)
from thanglong.core.cases.service.reading import (
    case,
    cases_by_id,
    changes,
    last_change,
    listed,
    loads,
    near,
    public_case,
    queue,
    search,
    timeline,
)
from thanglong.core.cases.service.returning import answer_return, decide_return, return_case, suggested_faults
from thanglong.core.cases.service.sweeping import sweep
from thanglong.core.cases.service.unitweek import unit_week
from thanglong.core.cases.service.wording import fill, sentence

__all__ = [
    "MigrationReport",
    "act",
    "add_document",
    "answer_opinion",
    "answer_return",
    "ask_opinions",
    "assign",
    "assign_fairly",
    "assign_many",
    "bulk_load",
    "case",
    "case_by_secret",
    "cases_by_id",
    "cases_of_account",
    "changes",
    "confirm_follower",
    "confirm_reporter",
    "decide_return",
    "decisions",
    "decline_opinion",
    "definition",
    "definitions",
    "document",
    "document_content",
    "erase_documents",
    "erase_personal",
    "expired",
    "facts",
    "fill",
    "follow",
    "followers",
    "footprints",
    "hold",
    "last_change",
    "link",
    "listed",
    "loads",
    "make_previews",
    "message",
    "migrate_cases",
    "near",
    "open_case",
    "opinions_asked",
    "propose_assignee",
    "public_case",
    "queue",
    "read_map",
    "register",
    "release_hold",
    "reporter_contact",
    "resume",
    "return_case",
    "search",
    "sentence",
    "share_out",
    "state_purpose",
    "suggested_faults",
    "suspend",
    "sweep",
    "timeline",
    "transfer",
    "unfollow",
    "unit_week",
    "unlink",
    "uploaded",
    "who_looked",
    "withdraw_opinion",
]
