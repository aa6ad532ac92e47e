"""In which group of the queue a case stands."""

from datetime import datetime, timedelta

from thanglong.core.cases.types import Bucket, Case


def bucket_of(case: Case, now: datetime, day_end: datetime) -> Bucket:
    """The group of the queue in which a case stands."""
    if case.kind.closed:
        return "closed"
    if case.kind == "waiting":
        return "waiting"
    if case.due_at is None or case.due_at > day_end:
        return "soon"
    return "late" if case.due_at < now else "today"


def day_end(moment: datetime) -> datetime:
    """The last moment of the (local) day of ``moment``."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1, microseconds=-1)
