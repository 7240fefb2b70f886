"""The OpenAPI document is sound, and requests made from it, good and bad, get what it says and never a fault."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.testclient import TestClient

from bayesknee.server.app import make_app
from bayesknee.server.limits import BUDGET
from bayesknee.server.networks import Networks
from tests.support.paths import NETWORKS

HERE = "http://127.0.0.1"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
OPERATIONS = {
    "health", "networks", "network", "findings", "diagnose", "questions", "explain", "sensitivity", "plan", "report",
    "interview", "score", "parse",
}  # fmt: skip


@schemathesis.serializer("application/x-ndjson")
def lines(_context: Any, value: Any) -> bytes:  # noqa: ANN401 (of schemathesis)
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


APP = make_app(Networks.load([str(NETWORKS / "tiny")], BUDGET))
schema = schemathesis.openapi.from_asgi("/openapi.json", APP, headers={"Host": "127.0.0.1"})


@schema.parametrize()
@settings(
    max_examples=6, derandomize=True, deadline=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck), database=None,
)  # fmt: skip
def test_requests_from_the_document_meet_no_fault(case: Any) -> None:  # noqa: ANN401 (of schemathesis)
    case.headers["Host"] = "127.0.0.1"
    case.call_and_validate(checks=CHECKS)


def test_the_document_has_all_operations() -> None:
    document = TestClient(APP, base_url=HERE).get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert {each["operationId"] for each in operations} == OPERATIONS
    assert all(each["description"] for each in operations)
