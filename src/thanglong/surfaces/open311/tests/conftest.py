"""The small city of the reports' tests, an access key, and our own client against the running application."""

from collections.abc import Callable
from typing import Any, Literal

import pytest
from django.test import Client as Browser

from thanglong.core.people import service as people
from thanglong.domains.requests.tests.conftest import Small, outbox, small
from thanglong.formats.open311 import Client

__all__ = ["outbox", "small"]


@pytest.fixture
def key(small: Small) -> str:
    return people.issue_token(small.people["admin"], "app", ["requests:write"])[0]


@pytest.fixture
def other_key(small: Small) -> str:
    return people.issue_token(small.people["admin"], "reader", ["cases:read"])[0]


def send(method: str, url: str, body: bytes | None) -> tuple[int, str, bytes]:
    """The transport of the client: straight into the application."""
    browser = Browser()
    if method == "POST":
        answer = browser.post(url, body, content_type="application/x-www-form-urlencoded; charset=utf-8")
    else:
        answer = browser.get(url)
    return answer.status_code, answer["Content-Type"], answer.content


@pytest.fixture
def client_of() -> Callable[..., Client]:
    def make(format: Literal["xml", "json"] = "xml", **more: Any) -> Client:
        return Client("/open311/v2", send, format=format, **more)

    return make
