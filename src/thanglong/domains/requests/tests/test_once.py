"""A link that drops, doubles and reorders; two officers at the same moment: real threads, real transactions."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from thanglong.core.cases import service as cases
from thanglong.domains.requests import service
from thanglong.domains.requests.models import Report
from thanglong.domains.requests.tests.conftest import HERE, START, Outbox, Small, build
from thanglong.domains.requests.types import NewReport
from thanglong.kit import clock
from thanglong.kit.errors import Conflict
from thanglong.kit.ports import ANONYMOUS

KEYS, SENDS, THREADS = 12, 4, 8


def _closing(work: Callable[..., Any]) -> Callable[..., Any]:
    def run(*arguments: Any) -> Any:
        try:
            return work(*arguments)
        finally:
            connection.close()

    return run


@pytest.fixture
def shared(transactional_db: None, outbox: Outbox) -> Any:
    with clock.use(clock.Frozen(START)) as moment:
        assert isinstance(moment, clock.Frozen)
        yield build(moment)


def test_every_key_is_one_report_however_often_it_is_sent(shared: Small) -> None:
    jobs = [f"key-{number}" for number in range(KEYS)] * SENDS
    random.Random(5).shuffle(jobs)

    @_closing
    def send(key: str) -> tuple[str, str]:
        new = NewReport(f"Đèn ngõ tối, tin {key}", "streetlight", *HERE, answers={"what": "out"})
        return key, service.send(ANONYMOUS, new, key=key).number

    with ThreadPoolExecutor(THREADS) as pool:
        sent = list(pool.map(send, jobs))
    assert len(sent) == KEYS * SENDS
    assert len({number for _, number in sent}) == KEYS == len(set(sent))
    assert Report.objects.count() == KEYS
    assert set(Report.objects.values_list("number", flat=True)) == {number for _, number in sent}


def test_of_two_officers_at_once_one_is_told(shared: Small) -> None:
    sent = shared.send()
    ready = threading.Barrier(2)

    @_closing
    def accept(name: str) -> str:
        ready.wait(10)
        try:
            cases.act(shared.people[name], sent.case, "accept", {}, version=1)
        except Conflict as error:
            return str(error)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(accept, ("one.light", "two.light")))
    assert results.count("done") == 1
    assert any("was faster" in text or "Light" in text for text in results)
    assert cases.public_case(sent.case).case.version == 2
