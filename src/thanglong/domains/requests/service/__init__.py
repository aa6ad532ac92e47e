"""The verbs of reports. What moves a report is a step of its case: permission and ledger entry are those of cases."""

from thanglong.domains.requests.service.confirming import check_code, request_code
from thanglong.domains.requests.service.following import again, follow, reporter_step
from thanglong.domains.requests.service.photos import add_photo, blur_photo, hide_photo, photo_file, photos_to_check
from thanglong.domains.requests.service.reading import (
    alarms,
    counts,
    done_share,
    find,
    list_version,
    listed,
    map_points,
    open_count,
    report,
    report_of,
    requests_slice,
    search,
    updates,
)
from thanglong.domains.requests.service.reporting import duplicates, faults_of, send
from thanglong.domains.requests.service.routing import decide, dry_run, misroutes
from thanglong.domains.requests.service.syncing import load_rows, notify, on_step, refresh, write_thing

__all__ = [
    "add_photo",
    "again",
    "alarms",
    "blur_photo",
    "check_code",
    "counts",
    "decide",
    "done_share",
    "dry_run",
    "duplicates",
    "faults_of",
    "find",
    "follow",
    "hide_photo",
    "list_version",
    "listed",
    "load_rows",
    "map_points",
    "misroutes",
    "notify",
    "on_step",
    "open_count",
    "photo_file",
    "photos_to_check",
    "refresh",
    "report",
    "report_of",
    "reporter_step",
    "request_code",
    "requests_slice",
    "search",
    "send",
    "updates",
    "write_thing",
]
