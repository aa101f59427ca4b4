"""What Debian's Alertmanager answers to a request, ours answers: status, body, and what is stored."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.processes.alert_server import AlertServer, alert_server, debian_server
from tests.processes.running import started, wait_for

pytestmark = pytest.mark.process

CONFIG = """
route:
  receiver: web
  group_by: [alertname]
  group_wait: 1h
  routes: [{matchers: ['team="a"'], receiver: pager}]
receivers: [{name: web}, {name: pager}]
inhibit_rules: [{source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: [alertname]}]
"""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MATCHER = {"name": "a", "value": "1", "isRegex": False}
SILENCE = {
    "matchers": [MATCHER], "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2199-01-01T00:00:00Z",
    "createdBy": "me", "comment": "why",
}  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[AlertServer, AlertServer]]:
    folder: Path = tmp_path_factory.mktemp("api")
    ours, theirs = alert_server(folder / "ours", config=CONFIG), debian_server(folder / "theirs", config=CONFIG)
    with started(ours, theirs):
        yield ours, theirs
        assert "Traceback" not in ours.log.read_text()


def answer(server: AlertServer, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
    """Status and body, without what differs from one run to the next."""
    if body is not None:
        headers = {"Content_Type": "application/json", **headers}
    status, content, _ = server.request(f"/api/v2/{path}", body, method, **headers)
    return status, UUID.sub("UUID", TIME.sub("TIME", content.decode()))


@pytest.mark.parametrize(
    "path",
    [
        "receivers", "alerts", "alerts/groups", "silences", "nothing", "silence/x", "silence/", "alerts?active=x",
        "alerts?filter=a", "alerts?filter=", "silences?filter=x", "alerts?receiver=(", "alerts/groups?receiver=(",
        'alerts?filter=a=~%22(%22', 'alerts?filter=a=%22b%22&filter=b!~c',
        "silence/11111111-1111-4111-8111-111111111111",
    ],
)  # fmt: skip
def test_questions(both: tuple[AlertServer, AlertServer], path: str) -> None:
    ours, theirs = (answer(server, "GET", path) for server in both)
    assert ours == theirs


@pytest.mark.parametrize(("method", "path"), [("PUT", "alerts"), ("DELETE", "silences"), ("POST", "silence/x")])
def test_methods(both: tuple[AlertServer, AlertServer], method: str, path: str) -> None:
    ours, theirs = (answer(server, method, path, b"[]") for server in both)
    # Theirs lists methods in an order that changes.
    assert ours in (
        theirs,
        (theirs[0], theirs[1].replace("[POST,GET]", "[GET,POST]").replace("[DELETE,GET]", "[GET,DELETE]")),
    )


@pytest.mark.parametrize(
    "document",
    [
        None, [], [{}], [{"labels": None}], [{"labels": {}}], [{"labels": {"e": ""}}], [{"labels": {"": "1"}}],
        [{"labels": {"a": "1"}, "startsAt": "2026-11-28T12:00:00Z", "endsAt": "2026-11-28T11:00:00Z"}],
        [{"labels": {"a": "1"}, "annotations": {"": "x"}}],
        [{"labels": {"a": "1"}, "generatorURL": "not a url"}], [{"labels": {"a": "1"}, "generatorURL": "http://[::"}],
        [{"labels": {}}, {"labels": {"a": "1"}}, {"labels": {"": ""}}],
    ],
)  # fmt: skip
def test_alerts_that_are_not_all_good(both: tuple[AlertServer, AlertServer], document: Any) -> None:
    ours, theirs = (answer(server, "POST", "alerts", json.dumps(document).encode()) for server in both)
    assert ours == theirs


@pytest.mark.parametrize("body", [b"{", b"{}", b"[1]", b'[{"labels":{"a":1}}]', b'[{"labels":[]}]', b"x"])
@pytest.mark.parametrize("path", ["alerts", "silences"])
def test_bodies_of_the_wrong_form(both: tuple[AlertServer, AlertServer], path: str, body: bytes) -> None:
    ours, theirs = (answer(server, "POST", path, body) for server in both)
    assert ours[0] == theirs[0]
    # The words are our own: theirs tell of Go's types.
    beginning = {"alerts": 'parsing alerts body from "" failed, because ', "silences": "parsing silence body"}[path]
    for _, text in (ours, theirs):
        document = json.loads(text)
        assert document["code"] == 400 or document["message"] == "comment in body is required"
        assert document["message"].startswith((beginning, "comment in body"))


def test_only_json_is_taken(both: tuple[AlertServer, AlertServer]) -> None:
    ours, theirs = (answer(server, "POST", "alerts", b"[]", Content_Type="text/plain") for server in both)
    assert ours == theirs
    ours, theirs = (answer(server, "POST", "alerts", b"") for server in both)
    assert ours == theirs


@pytest.mark.parametrize(
    "changes",
    [
        {"comment": None}, {"createdBy": None}, {"startsAt": None}, {"endsAt": None}, {"matchers": None},
        {"matchers": []}, {"matchers": [{}]}, {"matchers": [{"isRegex": True}]}, {"matchers": [{"name": "a"}]},
        {"matchers": [{**MATCHER, "value": ""}]}, {"matchers": [{**MATCHER, "name": ""}]},
        {"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, {"id": "x"},
        {"id": "11111111-1111-4111-8111-111111111111"}, {"endsAt": "2026-01-01T00:00:00Z"},
        {"startsAt": "2025-01-01T00:00:00Z", "endsAt": "2025-01-02T00:00:00Z"},
        {"startsAt": "2199-01-01T00:00:00Z"}, {"createdBy": "", "comment": "", "odd": 1},
    ],
)  # fmt: skip
def test_silences_that_are_not_good(both: tuple[AlertServer, AlertServer], changes: dict[str, Any]) -> None:
    document = {key: value for key, value in {**SILENCE, **changes}.items() if value is not None}
    ours, theirs = (answer(server, "POST", "silences", json.dumps(document).encode()) for server in both)
    assert ours == theirs


def shown(server: AlertServer, path: str) -> Any:
    """Documents without what differs from one run to the next, and without what Debian's release has not."""

    def plain(value: Any) -> Any:
        match value:
            case list():
                return [plain(item) for item in value]
            case dict():
                return {key: plain(item) for key, item in value.items() if key not in ("mutedBy", "updatedAt", "id")}
            case str():
                return UUID.sub("UUID", value)
        return value

    status, body, _ = server.request(f"/api/v2/{path}")
    assert status == 200, body
    return plain(json.loads(body))


def test_what_is_stored(both: tuple[AlertServer, AlertServer]) -> None:
    started_s = time.time()
    times = {"startsAt": "2026-01-02T03:04:05.678Z", "endsAt": "2199-01-02T03:04:05.678999Z"}
    alerts = [
        {"labels": {"alertname": "A", "severity": "critical", "x": ""}, **times, "generatorURL": "http://p/graph"},
        {"labels": {"alertname": "A", "severity": "warning"}, **times, "annotations": {"b": "2", "a": "1"}},
        {"labels": {"alertname": "B", "team": "a"}, **times},
        {"labels": {"alertname": "C"}, "endsAt": "2199-01-02T03:04:05.678Z"},
        {"labels": {"alertname": "D"}, "endsAt": "2020-01-02T03:04:05.678Z"},
    ]
    silences = [
        {**SILENCE, "matchers": [{"name": "alertname", "value": "B|C", "isRegex": True}], "startsAt": times["endsAt"]},
        {**SILENCE, "matchers": [{"name": "alertname", "value": "B", "isRegex": False, "isEqual": True}]},
        {**SILENCE, "matchers": [{"name": "team", "value": "b.*", "isRegex": True, "isEqual": False},
                                 {"name": "alertname", "value": "B", "isRegex": False}], "endsAt": times["endsAt"]},
    ]  # fmt: skip
    for server in both:
        for one in server.api2("silences"):
            server.request(f"/api/v2/silence/{one['id']}", method="DELETE")
        assert server.post("alerts", alerts)[0] == 200
        for silence in silences[1:]:
            assert server.post("silences", silence)[0] == 200
        wait_for("the inhibition", lambda server=server: len(server.api2("alerts", active="false")) == 2)
    named, both_names = "filter=alertname!=%22%22", "filter=alertname=~A|B"
    for path in (
        f"alerts?{named}",
        f"alerts?silenced=false&{named}",
        f"alerts?inhibited=false&{named}",
        f"alerts?active=false&{named}",
        "alerts?receiver=pager",
        f"alerts?filter=team=%22%22&{named}",
        f"alerts?filter=team!=%22%22&{both_names}",
        "alerts/groups?receiver=pager",
        "silence/x",
    ):
        ours, theirs = (answer(server, "GET", path)[0] for server in both)
        assert ours == theirs, path
        if ours == 200:
            assert shown(both[0], path) == shown(both[1], path), path
    # In groups, alerts of one time have no order in Debian's release.
    ours, theirs = (
        [
            {**group, "alerts": sorted(group["alerts"], key=lambda alert: alert["fingerprint"])}
            for group in shown(server, "alerts/groups?filter=" + quote('alertname=~"[ABC]"'))
        ]
        for server in both
    )
    assert ours == theirs
    assert len(ours) == 3
    ours, theirs = (
        [one for one in shown(server, "silences") if one["status"]["state"] != "expired"] for server in both
    )
    for ours_, theirs_ in zip(ours, theirs, strict=True):
        for one in (ours_, theirs_):
            assert started_s - 1 < _seconds(one.pop("startsAt")) < time.time() + 1
        assert ours_ == theirs_
    assert len(ours) == 2


def _seconds(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text).timestamp()
