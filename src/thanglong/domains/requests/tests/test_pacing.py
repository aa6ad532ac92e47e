"""One connection may send many reports, but not without end."""

from uuid import uuid4

import pytest

from thanglong.domains.requests import service, tasks
from thanglong.domains.requests.models import Report, Sending
from thanglong.domains.requests.service import pacing
from thanglong.domains.requests.tests.conftest import HERE, Small
from thanglong.domains.requests.types import NewReport
from thanglong.kit.errors import TooMany
from thanglong.kit.ports import ANONYMOUS

pytestmark = pytest.mark.django_db


def send(client: str, text: str = "Đèn ngõ tối", key: str = "") -> None:
    new = NewReport(text, "streetlight", *HERE, answers={"what": "out"})
    service.send(ANONYMOUS, new, key=key or str(uuid4()), client=client)


def test_too_many_from_one_connection_are_told_to_wait_and_others_are_not(
    small: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "SHORT_MOST", 3)
    for number in range(3):
        send("203.0.113.9", f"Đèn ngõ tối {number}")
        small.clock.advance(minutes=1)
    with pytest.raises(TooMany) as refused:
        send("203.0.113.9")
    assert refused.value.params == {"minutes": 7}
    send("203.0.113.10")
    assert Report.objects.count() == 4
    small.clock.advance(minutes=7, seconds=1)
    send("203.0.113.9")


def test_the_same_key_counts_once_and_the_digest_is_forgotten(small: Small) -> None:
    for _ in range(4):
        send("203.0.113.9", key="one")
        small.clock.advance(seconds=5)
    row = Sending.objects.get()
    assert "203" not in row.mark
    small.clock.advance(days=1, seconds=1)
    tasks.tidy()
    assert not Sending.objects.exists()
