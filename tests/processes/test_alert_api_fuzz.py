"""The API of alerts under fuzz: requests made from its own OpenAPI document, and bodies that anything may be in.

The answers are those that the document tells of, never a 500; the server lives; good alerts beside bad ones are kept.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.processes.alert_server import AlertServer, alert_server
from tests.processes.running import started
from watchkeeper.web.alertmanager.routes import ROUTES, description

pytestmark = pytest.mark.process

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
FAST = settings(
    max_examples=40, deadline=None, database=None, derandomize=True, phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
CONFIG = """
route: {receiver: none, group_by: ['...'], routes: [{matchers: ['a=~"b.*"'], receiver: other, continue: true}]}
receivers: [{name: none}, {name: other}]
inhibit_rules: [{source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: [a]}]
"""

text = st.text(max_size=8) | st.sampled_from(["", "a", "alertname", "\ud800", "\x00", "é", "💥", "a" * 300, "(", "{{"])
times = text | st.sampled_from(
    ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456789+14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
     "2026-02-30T00:00:00Z", "2026-01-02", "1969-12-31T23:59:59.9Z", "2300-01-01T00:00:00Z", "1600-01-01T00:00:00Z"]
)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers() | st.floats() | text
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=8
)
labels = st.dictionaries(text, text, max_size=4) | anything
alerts = st.fixed_dictionaries(
    {}, optional={"labels": labels, "annotations": labels, "startsAt": times, "endsAt": times | anything,
                  "generatorURL": text | st.just("http://p/graph")},
)  # fmt: skip
matchers = st.fixed_dictionaries(
    {}, optional={"name": text, "value": text | anything, "isRegex": st.booleans() | anything, "isEqual": anything}
)
silences = st.fixed_dictionaries(
    {}, optional={"id": text, "matchers": st.lists(matchers | anything, max_size=3), "startsAt": times,
                  "endsAt": times | st.just("2200-01-01T00:00:00Z"), "createdBy": text | anything, "comment": text},
)  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AlertServer]:
    folder = tmp_path_factory.mktemp("fuzz")
    made = alert_server(folder / "server", "--silences.max-silences", "2000", config=CONFIG)
    with started(made):
        yield made
        assert made.request("/-/healthy")[0] == 200
        made.fire(alertname="last")
        assert "last" in made.names(filter="alertname=last")
        assert made.stop() == 0
        log = made.log.read_text()
        assert "Traceback" not in log
        assert "level=error" not in log


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_requests_of_the_document(server: AlertServer, route: Any, mode: GenerationMode) -> None:
    operation = from_dict(description())[route.path][route.method]
    if mode is GenerationMode.NEGATIVE and not (operation.body or operation.query or operation.path_parameters):
        return

    @FAST
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        response = case.call(base_url=f"{server.url}/api/v2")
        case.validate_response(response, checks=CHECKS)

    ask()


def dumped(document: Any) -> bytes:
    """JSON with whatever is in it: halves of surrogate pairs, NaN."""
    return json.dumps(document).encode()


def assert_told(status: int, body: bytes) -> None:
    """A refusal says why."""
    assert status in (200, 400, 404, 413, 415, 422), (status, body)
    if status in (400, 422):
        document = json.loads(body)
        assert document if isinstance(document, str) else document["message"], body


@FAST
@given(bad=st.lists(alerts, max_size=3), number=st.integers(0, 10**9))
def fuzz_alerts(server: AlertServer, bad: list[Any], number: int) -> None:
    good = {"labels": {"alertname": "good", "number": str(number)}}
    status, body, _ = server.request(
        "/api/v2/alerts", dumped([*bad[:1], good, *bad[1:]]), "POST", Content_Type="application/json"
    )
    assert_told(status, body)
    is_form = status == 422 or (status == 400 and not isinstance(json.loads(body), str))
    # A body of the wrong form is refused as a whole; an alert that makes no sense is refused alone.
    if not is_form:
        assert len(server.api2("alerts", filter=[f"number={number}"])) == 1


def test_bodies_of_alerts(server: AlertServer) -> None:
    fuzz_alerts(server)


@FAST
@given(document=silences | anything)
def fuzz_silences(server: AlertServer, document: Any) -> None:
    status, body, _ = server.request("/api/v2/silences", dumped(document), "POST", Content_Type="application/json")
    assert_told(status, body)
    if status == 200:
        id = json.loads(body)["silenceID"]
        assert server.api2(f"silence/{id}")["id"] == id
        assert server.request(f"/api/v2/silence/{id}", method="DELETE")[0] == 200


def test_bodies_of_silences(server: AlertServer) -> None:
    fuzz_silences(server)


@FAST
@given(body=st.binary(max_size=40) | anything.map(dumped), path=st.sampled_from(["alerts", "silences"]))
def fuzz_bytes(server: AlertServer, body: bytes, path: str) -> None:
    assert_told(*server.request(f"/api/v2/{path}", body, "POST", Content_Type="application/json")[:2])


def test_bytes(server: AlertServer) -> None:
    fuzz_bytes(server)
    deep = b"[" * 200_000
    for path in ("alerts", "silences"):
        for body in (deep, deep + b"]" * 200_000, b'{"a":' * 100_000, b"\xff\xfe", b"", b"[1e999]", b'["\\ud800"]'):
            assert_told(*server.request(f"/api/v2/{path}", body, "POST", Content_Type="application/json")[:2])


def test_a_silence_of_many_matchers(server: AlertServer) -> None:
    matcher = {"name": "a", "value": "b" * 10, "isRegex": True}
    silence = {"matchers": [matcher] * 200_000, "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2200-01-01T00:00:00Z"}
    status, answer = server.post("silences", {**silence, "createdBy": "me", "comment": ""})
    assert status == 400
    assert "silences.max-matchers" in answer


def test_numbers_are_no_texts(server: AlertServer) -> None:
    for value in (1, 1.5, True, math.nan, math.inf, 10**400, [], {}):
        status, _, _ = server.request(
            "/api/v2/alerts", dumped([{"labels": {"a": value}}]), "POST", Content_Type="application/json"
        )
        assert status == 400
