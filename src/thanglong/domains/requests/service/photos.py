"""Photos: taken in without metadata, looked at by simple checks, shown, hidden, blurred."""

import io
from datetime import datetime
from typing import Any, BinaryIO, Literal
from uuid import UUID

import numpy as np
from django.db import transaction
from PIL import Image

from thanglong.core.cases import service as cases
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.domains.requests.repository import photos as repository
from thanglong.domains.requests.repository import reports
from thanglong.domains.requests.rules import photos as rules
from thanglong.domains.requests.types import Photo, PhotoIn, Report
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, Invalid, NotFound
from thanglong.kit.ports import Actor

MODERATE = "requests.moderate"
_FLAT = 3.0


def add_photo(actor: Actor | None, content: bytes, name: str = "photo.webp") -> tuple[Photo, PhotoIn]:
    """Take a photo in: without metadata, at most 1,600 px, kept a day until a report takes it.

    Raises TooLarge, or Invalid when it is no picture or an empty one.
    """
    made = rules.prepare(content)
    if _is_flat(made.thumb):
        raise Invalid(N_("This photo shows nothing but one colour. Please take it again."))
    document = cases.add_document(actor, made.content, f"{name.rsplit('.', 1)[0][:80]}.webp", "image/webp")
    return keep(document.id, made, document.at), made


def _is_flat(thumb: bytes) -> bool:
    with Image.open(io.BytesIO(thumb)) as picture:
        return float(np.asarray(picture.convert("L")).std()) < _FLAT


def keep(document: UUID, made: PhotoIn, at: datetime, case: UUID | None = None, kind: str = "before") -> Photo:
    """The row of a photo, with its published copies stored; hidden at once when the very photo was hidden before."""
    blobs = ports.plugged.blobs
    hidden = repository.hidden_hash(made.hash)
    return repository.insert(
        {
            "id": document, "case": case, "kind": kind, "view": blobs.put(made.content).digest,
            "thumb": blobs.put(made.thumb).digest, "width": made.width, "height": made.height,
            "hash": repository.hex_hash(made.hash), "lon": made.lon, "lat": made.lat, "taken_at": made.taken_at,
            "at": at, "hidden": hidden, "why": "seen before" if hidden else "",
        }
    )  # fmt: skip


def photo_file(actor: Actor, photo: UUID, variant: Literal["view", "thumb"]) -> tuple[BinaryIO, str]:
    """The published copy of a photo (WebP) and its digest. A hidden one only for moderators; NotFound otherwise."""
    row = repository.row(photo)
    if row is None:
        raise NotFound()
    if row["hidden"]:
        report = reports.one(case=row["case"]) if row["case"] else None
        if report is None or not ports.plugged.access.allowed(actor, MODERATE, report.unit):
            raise NotFound()
    digest = row[variant]
    return ports.plugged.blobs.open(digest), digest


def photos_to_check(actor: Actor, hidden: bool | None = None, limit: int = 60) -> list[tuple[Photo, str, str]]:
    """(photo, report number, why hidden) of the newest photos in the moderator's reach, newest first."""
    reach = ports.reach(actor, MODERATE)
    if not reach:
        ports.require(actor, MODERATE)
    rows = repository.newest(None, limit * 4, hidden)
    owners = {report.case: report for report in reports.by_cases([row["case"] for row in rows])}
    found = []
    for row in rows:
        report = owners.get(row["case"])
        if report is not None and report.unit in reach:
            (photo,) = repository.by_ids([row["id"]])
            found.append((photo, report.number, row["why"]))
    return found[:limit]


def _moderated(actor: Actor, photo: UUID) -> tuple[dict[str, Any], Report]:
    row = repository.row(photo)
    report = reports.one(case=row["case"]) if row and row["case"] else None
    if row is None or report is None:
        raise NotFound()
    ports.require(actor, MODERATE, report.unit)
    return row, report


def hide_photo(actor: Actor, photo: UUID, hidden: bool, why: str = "") -> None:
    """Take a photo from the public page, or show it again; needs ``requests.moderate`` in the report's unit."""
    _, report = _moderated(actor, photo)
    with transaction.atomic():
        repository.set_state(photo, {"hidden": hidden, "why": why[:60] if hidden else ""})
        _enter(actor, "hidden" if hidden else "shown", report, photo)


def blur_photo(actor: Actor, photo: UUID, boxes: list[tuple[float, float, float, float]]) -> None:
    """Make parts of a photo unreadable for good (left, top, right, bottom as shares of its size, 0 to 1).

    The published copies are made anew; the original stays with those who handle the case.
    """
    row, report = _moderated(actor, photo)
    if not boxes:
        raise Invalid(N_("Please choose at least one part of the photo."))
    with ports.plugged.blobs.open(row["view"]) as source:
        view, thumb = rules.blur(source.read(), boxes)
    blobs = ports.plugged.blobs
    with transaction.atomic():
        repository.set_state(
            photo, {"view": blobs.put(view).digest, "thumb": blobs.put(thumb).digest, "blurred": True, "hidden": False}
        )
        _enter(actor, "blurred", report, photo)


def _enter(actor: Actor, verb: str, report: Report, photo: UUID) -> None:
    ledger.append(
        actor, f"request.photo_{verb}", ObjectRef("case", str(report.case)), unit=report.unit,
        facts={"number": report.number, "photo": str(photo)}, at=clock.now(),
    )  # fmt: skip
