"""The description is true: generated requests, right and wrong, get the answers it promises and never a 500."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import openapi as described
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from thanglong.domains.requests.tests.conftest import Small
from thanglong.surfaces.open311.tests.test_schemas_and_fuzz import _json as json_of

PROMISED = {"listServices", "getService", "listRequests", "sendRequest", "getRequest", "getToken", "listUpdates",
            "sendUpdate", "discovery"}  # fmt: skip
ROUNDS = int(os.environ.get("THANGLONG_FUZZ_ROUNDS", "25"))


@pytest.fixture
def application() -> Iterator[WSGIHandler]:
    """The application within the test's transaction: the connection stays open from request to request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield WSGIHandler()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_it_names_every_address_and_every_category(small: Small) -> None:
    told = json_of("openapi.json")
    operations = {verb["operationId"] for path in told["paths"].values() for verb in path.values()}
    assert operations == PROMISED
    fields = told["paths"]["/requests.json"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]
    assert set(fields["schema"]["properties"]["service_code"]["enum"]) == {
        row["service_code"] for row in json_of("services.json")
    }


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_generated_requests_get_what_is_promised(small: Small, key: str, application: WSGIHandler, name: str) -> None:
    small.send()
    schema = described.from_wsgi("/open311/v2/openapi.json", application)
    operation = schema.find_operation_by_id(name)
    seen: set[int] = set()

    @settings(max_examples=ROUNDS, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(operation.as_strategy())
    def ask(case: Any) -> None:
        if isinstance(case.body, dict):
            case.body["api_key"] = key
        response = case.call(headers={"Accept-Encoding": "identity"})
        assert response.status_code < 500, case.as_curl_command()
        seen.add(response.status_code)
        case.validate_response(response, checks=[status_code_conformance, response_schema_conformance])

    ask()
    assert seen
