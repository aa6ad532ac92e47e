from uuid import uuid4

import pytest

from thanglong.core.cases import service
from thanglong.core.cases.types import *
from thanglong.kit.ports import ANONYMOUS, SYSTEM

T = CaseType(
    "smoke",
    1,
    "Smoke",
    "SM",
    (State("new", "New"), State("done", "Done", StateKind.DONE)),
    "new",
    (Action("finish", "Finish", ("new",), "done"),),
    deadlines=(Deadline(Duration(3)),),
    escalations=(Escalation(1.0, "head"),),
    public=True,
)


@pytest.mark.django_db
def test_smoke():
    service.register(T)
    c = service.open_case(ANONYMOUS, "smoke", {}, key="k", unit=uuid4(), subject="x", place=Place(105.8, 21.0, "Đây"))
    assert service.open_case(ANONYMOUS, "smoke", {}, key="k", unit=uuid4(), subject="x").number == c.number
    print(c)
    c2 = service.act(SYSTEM, c.id, "finish", {}, version=c.version)
    print(c2)
    print(service.public_case(c.number))
    print(service.changes(0))
    assert service.near(105.8, 21.0, 10)
    print(
        service.bulk_load(
            [BulkCase("smoke", uuid4(), "b", {}, c.opened_at, SYSTEM, steps=[BulkStep(c.opened_at, "finish", SYSTEM)])]
        )
    )
