"""Files go when their time is over; a hold keeps them; the ledger and the story stay."""

from typing import Any

import pytest

from thanglong.core.cases import models, service
from thanglong.core.cases.tests.dossier_scene import PERMIT, paper, permit
from thanglong.core.cases.tests.helpers import step, verbs
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import Case
from thanglong.kit import ports
from thanglong.kit.errors import Conflict, Denied, Invalid, NotFound, NotSignedIn
from thanglong.kit.ports import ANONYMOUS


@pytest.fixture
def city(city: City) -> City:
    service.register(PERMIT)
    return city


def granted(city: City, text: str = "x") -> Case:
    case = step(city.officer, permit(city, documents=[paper("drawing", text).id]), "take")
    return step(city.officer, case, "grant")


def test_files_are_erased_in_time_and_can_still_be_proven(city: City, frozen: Any) -> None:
    case = granted(city)
    (document,) = service.case(city.head, case.id).documents
    assert service.expired().files == 0
    frozen.advance(days=101)
    found = service.expired()
    assert (found.personal, found.cases_with_files, found.files, found.held) == (0, 1, 1, 0)
    assert ports.plugged.blobs.has(document.digest)  # a dry run changes nothing
    assert service.erase_documents() == 1
    assert service.erase_documents() == 0
    assert not ports.plugged.blobs.has(document.digest)
    (kept,) = service.case(city.head, case.id).documents
    assert (kept.digest, kept.name, kept.erased_at) == (document.digest, document.name, frozen.at)
    with pytest.raises(NotFound):
        service.document_content(city.head, document.id)
    assert verbs(case)[-1] == "case.documents_erased"


def test_the_same_bytes_of_another_case_stay(city: City, frozen: Any) -> None:
    granted(city, "same")
    frozen.advance(days=60)
    other = granted(city, "same")
    frozen.advance(days=50)
    assert service.erase_documents() == 1
    (document,) = service.case(city.head, other.id).documents
    assert service.document_content(city.head, document.id)[1].read().startswith(b"%PDF")


def test_a_hold_keeps_everything(city: City, frozen: Any) -> None:
    case = granted(city)
    with pytest.raises(Invalid):
        service.hold(city.head, case.id, " ", version=case.version)
    for actor, error in ((city.officer, Denied), (city.stranger, NotFound), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            service.hold(actor, case.id, "Toà yêu cầu", version=case.version)
    hold = service.hold(city.head, case.id, "Toà yêu cầu", version=case.version)
    assert [item.reason for item in service.case(city.head, case.id).holds] == ["Toà yêu cầu"]
    frozen.advance(days=400)
    assert service.expired().held == 1
    assert (service.erase_documents(), service.erase_personal()) == (0, 0)
    assert models.Reporter.objects.get(pk=case.id).name == "Lan"
    version = service.case(city.head, case.id).case.version
    for actor, error in ((city.officer, Denied), (city.stranger, NotFound), (ANONYMOUS, NotSignedIn)):
        with pytest.raises(error):
            service.release_hold(actor, case.id, hold.id, version=version)
    service.release_hold(city.head, case.id, hold.id, version=version)
    with pytest.raises(Conflict):
        service.release_hold(city.head, case.id, hold.id, version=version + 1)
    assert (service.erase_documents(), service.erase_personal()) == (1, 1)
    assert {"case.held", "case.hold_released"} <= set(verbs(case))


def test_a_reopened_case_keeps_its_files(city: City, frozen: Any) -> None:
    case = granted(city)
    frozen.advance(days=20)
    step(city.head, case, "reopen")
    frozen.advance(days=200)
    assert service.erase_documents() == 0
