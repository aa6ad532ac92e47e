"""Files: believed by their bytes, shown by permission, published without camera data."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from thanglong.core.cases import service
from thanglong.core.cases.rules.files import safe_name, sniff
from thanglong.core.cases.service.documents import sweep_loose
from thanglong.core.cases.tests.helpers import opened, picture
from thanglong.core.cases.tests.scene import City
from thanglong.kit import ports
from thanglong.kit.errors import Invalid, NotFound, TooLarge
from thanglong.kit.ports import ANONYMOUS


@pytest.mark.parametrize(
    ("head", "name", "found"),
    [
        (b"\xff\xd8\xff\xe0abc", "a.png", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a", "image/webp"),
        (b"%PDF-1.7", "a.jpg", "application/pdf"),
        (b"PK\x03\x04....", "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"PK\x03\x04....", "a.exe", "application/zip"),
        ("Chào cả nhà\n".encode(), "a.txt", "text/plain"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "a.jpg", None),
        (b"MZ\x90\x00\x03\x00\xff", "a.pdf", None),
        (b"", "a", None),
    ],
)
def test_the_bytes_decide(head: bytes, name: str, found: str | None) -> None:
    assert sniff(head, name) == found


@given(st.text())
def test_names_are_safe(name: str) -> None:
    safe = safe_name(name)
    assert 0 < len(safe) <= 120
    assert "/" not in safe
    assert "\\" not in safe
    assert safe not in (".", "..")
    assert safe.isprintable()


def test_what_cannot_be_kept(city: City, settings: Any) -> None:
    for content in (b"", b"MZ\x90\x00\xff\xfe", b"\xff\xd8\xffnot a picture"):
        with pytest.raises(Invalid):
            service.add_document(ANONYMOUS, content, "a.jpg", "image/jpeg")
    settings.MAX_UPLOAD = 100
    with pytest.raises(TooLarge):
        service.add_document(ANONYMOUS, picture(), "a.jpg", "image/jpeg")


def test_what_is_published_has_no_camera_data_and_stands_upright(city: City) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "Camera of Lan"
    content = picture((60, 40), exif=exif.tobytes())
    document = service.add_document(ANONYMOUS, content, "a.jpg", "image/jpeg")
    opened(city, documents=[document.id])
    _, file, media_type = service.document_content(ANONYMOUS, document.id, "view")
    with file, Image.open(BytesIO(file.read())) as shown:
        assert media_type == "image/webp"
        assert shown.size == (40, 60)
        assert not shown.getexif()
    kept = service.document(city.officer, document.id)
    assert kept.view
    assert kept.thumb
    with ports.plugged.blobs.open(kept.digest) as original:
        assert original.read() == content


def test_who_may_have_the_original(city: City) -> None:
    document = service.add_document(ANONYMOUS, picture(), "a.jpg", "image/jpeg")
    with pytest.raises(NotFound):  # it has no case yet
        service.document(city.head, document.id)
    case = opened(city, documents=[document.id])
    for actor in (ANONYMOUS, city.stranger):
        with pytest.raises(NotFound):
            service.document_content(actor, document.id, "original")
    for actor, secret in ((city.officer, ""), (city.leader, ""), (ANONYMOUS, case.secret)):
        service.document_content(actor, document.id, "original", secret=secret)[1].close()


def test_papers_of_a_case_are_not_public(city: City) -> None:
    paper = service.add_document(ANONYMOUS, b"%PDF-1.7 x", "a.pdf", "application/pdf")
    case = opened(city, documents=[paper.id])
    assert service.public_case(case.number).documents == []
    assert len(service.public_case(case.number, secret=case.secret).documents) == 1
    for variant in ("original", "view"):
        with pytest.raises(NotFound):
            service.document_content(ANONYMOUS, paper.id, variant)


def test_files_without_a_case_are_swept_away(city: City, frozen: Any) -> None:
    loose = service.add_document(ANONYMOUS, picture((41, 30)), "a.jpg", "image/jpeg")
    twin = service.add_document(ANONYMOUS, picture((42, 30)), "b.jpg", "image/jpeg")
    kept = service.add_document(ANONYMOUS, picture((42, 30)), "c.jpg", "image/jpeg")
    opened(city, documents=[kept.id])
    assert sweep_loose() == 0
    frozen.at += timedelta(days=2)
    assert sweep_loose() == 2
    assert not ports.plugged.blobs.has(loose.digest)
    assert ports.plugged.blobs.has(twin.digest)  # the case has the same bytes
