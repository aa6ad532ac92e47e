"""Short ways to make cases and look at the ledger."""

from io import BytesIO
from typing import Any

from PIL import Image

from thanglong.core.cases import service
from thanglong.core.cases.tests.scene import City
from thanglong.core.cases.types import Case, Contact, Place
from thanglong.core.ledger import service as ledger
from thanglong.core.ledger.types import ObjectRef
from thanglong.kit.ports import ANONYMOUS, Actor

LAMP: dict[str, Any] = {"kind": "lamp", "where": "Ngõ 32"}


def opened(city: City, key: str | None = None, **given: Any) -> Case:
    """A case of the repair type in the ward."""
    fields: dict[str, Any] = {
        "unit": city.ward, "subject": "Đèn tắt", "place": Place(105.84, 21.02, "Ngõ 32 Thợ Nhuộm"),
        "contact": Contact("Lan", "lan@example.org", "0912345678"),
    }  # fmt: skip
    data = given.pop("data", LAMP)
    return service.open_case(given.pop("actor", ANONYMOUS), "repair", data, key=key, **{**fields, **given})


def step(actor: Actor, case: Case, action: str, data: Any = None, **given: Any) -> Case:
    """Take an action at the case's present version."""
    return service.act(actor, case.id, action, data or {}, version=given.pop("version", case.version), **given)


def questions(captured: Any) -> int:
    """How many queries a block asked; inside a test's transaction the places look at their version each time."""
    return sum("places_version" not in query["sql"] for query in captured.captured_queries)


def verbs(case: Case) -> list[str]:
    """The verbs of the ledger about a case, oldest first."""
    return [entry.verb for entry in sorted(ledger.entries(ObjectRef("case", str(case.id))), key=lambda entry: entry.id)]


def picture(size: tuple[int, int] = (40, 30), **save: Any) -> bytes:
    """A JPEG."""
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, "JPEG", **save)
    return out.getvalue()


def proof(actor: Actor) -> list[Any]:
    """The id of an uploaded proof photo, as a list."""
    return [service.add_document(actor, picture(), "sau.jpg", "image/jpeg", kind="proof").id]
