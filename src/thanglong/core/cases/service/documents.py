"""Files: what they really are, their checksum, and the copies that may be published."""

import io
import warnings
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import BinaryIO, Literal
from uuid import UUID

from django.conf import settings
from django.db import transaction
from PIL import Image, ImageOps

from thanglong.core.cases.repository import dossier, rows
from thanglong.core.cases.rules import files
from thanglong.core.cases.service.people import is_reporter
from thanglong.core.cases.service.writing import load
from thanglong.core.cases.types import Case, CaseType, Document
from thanglong.kit import clock, ports
from thanglong.kit.errors import N_, Fault, Invalid, NotFound, TooLarge
from thanglong.kit.ids import new_id
from thanglong.kit.ports import Actor

VIEW_SIDE, THUMB_SIDE = 1600, 320
TASK = "cases.make_previews"


def add_document(
    actor: Actor | None,
    content: bytes,
    name: str,
    media_type: str,
    *,
    kind: str = "photo",
    public: bool = True,
) -> Document:
    """Keep a file until a case takes it (a day at most). ``media_type`` is what the browser said: only the bytes count.

    Raises TooLarge, and Invalid for an empty file, a kind we do not keep, or a picture that cannot be read.
    """
    if len(content) > settings.MAX_UPLOAD:
        limit = settings.MAX_UPLOAD >> 20
        raise TooLarge(N_("A file may be %(limit)s MB at most. A photo can be made smaller."), limit=limit)
    if not content:
        raise Invalid([Fault("file", N_("The file is empty. Please choose it again."))])
    name = files.safe_name(name)
    found = files.sniff(content[:4096], name)
    if found is None:
        raise Invalid(
            [Fault("file", N_("We cannot keep this kind of file. Photos, PDF and office documents are fine."))]
        )
    if found in files.PICTURES:
        _check_picture(content)
    blob = ports.plugged.blobs.put(content)
    document = Document(
        id=new_id(), case_id=None, kind=kind, name=name, media_type=found, size=blob.size, digest=blob.digest, view="",
        thumb="", public=public and found in files.PICTURES, at=clock.now(),
    )  # fmt: skip
    with transaction.atomic():
        rows.add_document_row(document, actor.id if actor else None)
        if found in files.PICTURES:
            ports.plugged.jobs.put(TASK, {"document_id": str(document.id)})
    return document


def uploaded(ids: Sequence[UUID]) -> list[Document]:
    """Files that were kept and have no case yet, so that a form sent back still has them."""
    return [document for document in rows.documents_by_id(ids) if document.case_id is None]


def _check_picture(content: bytes) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content))
            picture.verify()
    except Exception:
        raise Invalid([Fault("file", N_("This picture cannot be read. Please choose another one."))]) from None
    if picture.width * picture.height > files.MAX_PIXELS:
        raise TooLarge(N_("This picture is too large. Please make it smaller."))


def _copy(picture: Image.Image, side: int, quality: int) -> str:
    copy = picture.copy()
    copy.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    copy.save(out, "WEBP", quality=quality, method=4)  # a fresh file: no camera, no position, no owner
    return ports.plugged.blobs.put(out.getvalue()).digest


def make_previews(document_id: UUID) -> Document:
    """Make the published copy (upright, without camera data) and the preview of a picture; once."""
    (document,) = rows.documents_by_id([document_id]) or (None,)
    if document is None:
        raise NotFound()
    if document.view or document.media_type not in files.PICTURES:
        return document
    with ports.plugged.blobs.open(document.digest) as source, Image.open(source) as raw:
        raw.draft("RGB", (VIEW_SIDE, VIEW_SIDE))
        picture = ImageOps.exif_transpose(raw).convert("RGB")
    view, thumb = _copy(picture, VIEW_SIDE, 82), _copy(picture, THUMB_SIDE, 75)
    rows.set_previews(document_id, view, thumb)
    (document,) = rows.documents_by_id([document_id])
    return document


def document(actor: Actor, document_id: UUID, *, secret: str = "") -> Document:
    """A document the asker may see: public on a public case, the reporter's own, or in the reach of ``cases.view``."""
    (found,) = rows.documents_by_id([document_id]) or (None,)
    if found is None or found.case_id is None or found.erased_at is not None:
        raise NotFound()
    case, case_type = load(found.case_id)
    if (
        (case_type.public and found.public)
        or ports.plugged.access.allowed(actor, "cases.view", case.unit)
        or is_reporter(actor, case.id, secret)
        or _asked(actor, case, case_type)
    ):
        return found
    raise NotFound()


def _asked(actor: Actor, case: Case, case_type: CaseType) -> bool:
    """Whether the asker is of a unit that was asked for its opinion on the case."""
    if case_type.opinions is None or actor.id is None:
        return False
    reach = ports.reach(actor, "cases.view")
    return bool(reach) and any(unit in reach for unit in dossier.asked_units(case.id))


def document_content(
    actor: Actor, document_id: UUID, variant: Literal["original", "view", "thumb"] = "original", *, secret: str = ""
) -> tuple[Document, BinaryIO, str]:
    """A document with an open file and its media type. The original is only for those who handle the case."""
    found = document(actor, document_id, secret=secret)
    if variant != "original" and found.media_type in files.PICTURES:
        if not found.view:
            found = make_previews(found.id)
        return found, ports.plugged.blobs.open(found.view if variant == "view" else found.thumb), "image/webp"
    case, case_type = load(found.case_id or found.id)
    if not (
        ports.plugged.access.allowed(actor, "cases.view", case.unit)
        or is_reporter(actor, case.id, secret)
        or _asked(actor, case, case_type)
    ):
        raise NotFound()
    return found, ports.plugged.blobs.open(found.digest), found.media_type


def sweep_loose(before_hours: float = 24, limit: int = 500) -> int:
    """Remove files that never got a case; how many."""
    old: Sequence[Document] = rows.loose_documents(clock.now() - timedelta(hours=before_hours), limit)
    rows.delete_documents([document.id for document in old])
    for item in old:
        drop_blobs(item.digest, item.view, item.thumb)
    return len(old)


def drop_blobs(digest: str, *copies: str) -> None:
    """Delete a file's bytes and its copies, unless another file has the same bytes (and so the same copies)."""
    if rows.digest_in_use(digest):
        return
    for item in {digest, *copies} - {""}:
        with suppress(NotFound):
            ports.plugged.blobs.delete(item)
