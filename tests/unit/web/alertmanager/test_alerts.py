"""Alerts in and out, as upstream's API has them."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.unit.web.alertmanager.conftest import HOUR_NS, NOW_NS, SECOND_NS, MakeSite, Site, alert, view
from watchkeeper.alerts.interface import Alert
from watchkeeper.alerts.matchers import Mode
from watchkeeper.alerts.status import AlertState, AlertView
from watchkeeper.core.model.labels import Labels
from watchkeeper.web.alertmanager.alerts import AT_ONCE

NOW = "2023-11-14T22:13:20.000Z"


async def test_an_alert_has_upstreams_form(site: Site) -> None:
    given = Alert(
        Labels.of(alertname="Up", a="1"), Labels.of(summary="it is up"), NOW_NS - HOUR_NS, NOW_NS + 1_999_999, NOW_NS,
        "http://p/graph",
    )  # fmt: skip
    site.alerts.views = [AlertView(given, AlertState.SUPPRESSED, ("s2", "s1"), ("f1",), ("night",), ("web", "pager"))]
    async with site.client.get("/api/v2/alerts") as response:
        text = await response.text()
        assert response.headers["Content-Type"] == "application/json"
    assert text == (
        '[{"annotations":{"summary":"it is up"},"endsAt":"2023-11-14T22:13:20.001Z","fingerprint":"'
        f'{site.alerts.views[0].fingerprint}","receivers":[{{"name":"web"}},{{"name":"pager"}}],'
        '"startsAt":"2023-11-14T21:13:20.000Z","status":{"inhibitedBy":["f1"],"mutedBy":["night"],'
        f'"silencedBy":["s1","s2"],"state":"suppressed"}},"updatedAt":"{NOW}","generatorURL":"http://p/graph",'
        '"labels":{"a":"1","alertname":"Up"}}]\n'
    )


@pytest.mark.parametrize(
    ("params", "left"),
    [
        ({}, "abcde"),
        ({"active": "false"}, "bcde"),
        ({"silenced": "false"}, "ace"),
        ({"inhibited": "0"}, "abe"),
        ({"unprocessed": "no"}, "abcd"),
        ({"active": "anything else"}, "bcde"),
        ({"active": ""}, "abcde"),
        ({"silenced": "false", "inhibited": "false", "active": "TRUE"}, "ae"),
        ({"filter": 'n=~"a|b"'}, "ab"),
        ({"filter": "n!=a"}, "bcde"),
        ({"filter": 'odd=""'}, "abcde"),
        ({"filter": 'odd!=""'}, ""),
        ({"filter": 'n!=""'}, "abcde"),
        ({"filter": ["n=~a|b|c", "n!~b"]}, "ac"),
        ({"receiver": "we."}, "abcd"),
        ({"receiver": "pag"}, ""),
        ({"receiver": "pag.*"}, "e"),
        ({"receiver_matchers": "team=night"}, "e"),
        ({"receiver_matchers": "receiver=web"}, "abcd"),
        ({"receiver_matchers": "team=day"}, ""),
    ],
)
async def test_what_is_asked_for(site: Site, params: dict[str, Any], left: str) -> None:
    site.alerts.views = [
        view(n="a"),
        AlertView(alert(n="b"), AlertState.SUPPRESSED, silenced_by=("s",), receivers=("web",)),
        AlertView(alert(n="c"), AlertState.SUPPRESSED, inhibited_by=("i",), receivers=("web",)),
        view("suppressed", n="d"),
        view("unprocessed", ("pager",), n="e"),
    ]
    assert "".join(sorted(row["labels"]["n"] for row in await site.get("alerts", **params))) == left


@pytest.mark.parametrize("path", ["alerts", "alerts/groups"])
@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("filter", "a", "bad matcher format: a"),
        ("filter", "", "bad matcher format: "),
        ("filter", 'a=~"("', "error parsing regexp: missing closing ): `^(?:()$`"),
        ("receiver", "(", "failed to parse receiver param: error parsing regexp: missing closing ): `^(?:()$`"),
        ("receiver_matchers", "a", "bad matcher format: a"),
    ],
)
async def test_questions_that_are_none(site: Site, path: str, name: str, text: str, problem: str) -> None:
    assert await site.ask("GET", f"/api/v2/{path}", params={name: text}) == (400, problem)


async def test_what_a_sender_says_of_an_alert(site: Site) -> None:
    body = [
        {"labels": {"a": "1", "empty": ""}, "annotations": {"n": "x"}, "generatorURL": "http://p/g"},
        {"labels": {"a": "2"}, "endsAt": "2023-11-14T22:00:00Z"},
        {"labels": {"a": "3"}, "startsAt": "2023-11-14T23:13:20.5+01:00"},
        {"labels": {"a": "4"}, "startsAt": None, "endsAt": "0001-01-01T00:00:00.000Z", "odd": 1},
        {"labels": {"a": "5"}, "startsAt": "2023-11-14T22:13:20", "endsAt": "", "generatorURL": ""},
        {"labels": {"a b": "6"}, "startsAt": "2023-11-14T22:13:20.123456789Z", "generatorURL": "/graph"},
    ]
    assert await site.post("alerts", body) == (200, "")
    assert site.alerts.received == [
        Alert(Labels.of(a="1"), Labels.of(n="x"), generator_url="http://p/g"),
        Alert(Labels.of(a="2"), ends_ns=NOW_NS - 800 * SECOND_NS),
        Alert(Labels.of(a="3"), starts_ns=NOW_NS + SECOND_NS // 2),
        Alert(Labels.of(a="4")),
        Alert(Labels.of(a="5"), starts_ns=NOW_NS),
        Alert(Labels.of({"a b": "6"}), starts_ns=NOW_NS + 123_456_789, generator_url="/graph"),
    ]


async def test_good_neighbours_are_kept(site: Site) -> None:
    body = [{"labels": {"a": "1"}}, {"labels": {}}, {"labels": {"e": ""}}, {"labels": {"a": "2"}}]
    problem = "at least one label pair required"
    assert await site.post("alerts", body) == (400, f"{problem}; {problem}")
    assert [one.labels for one in site.alerts.received] == [Labels.of(a="1"), Labels.of(a="2")]


async def test_names_of_the_classic_mode(make_site: MakeSite) -> None:
    site = await make_site(mode=Mode.CLASSIC)
    body = [{"labels": {"a b": "1"}}, {"labels": {"a": "1"}, "annotations": {"c d": "1"}}, {"labels": {"good": "1"}}]
    assert await site.post("alerts", body) == (
        400, 'invalid label set: invalid name "a b"; invalid annotations: invalid name "c d"',
    )  # fmt: skip
    assert [one.labels for one in site.alerts.received] == [Labels.of(good="1")]
    assert 'alertmanager_alerts_invalid_total{version="v2"} 2' in site.backend.registry.exposition().decode()


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        (b"", 422, 602, "alerts in body is required"),
        (b"{", 400, 400, 'parsing alerts body from "" failed, because unexpected end of data'),
        (b"{}", 400, 400, "it is an object, and should be an array"),
        (b'"x"', 400, 400, "it is a string, and should be an array"),
        (b"[null]", 400, 400, "[0]: it is null, and should be an object"),
        (b"[1]", 400, 400, "[0]: it is a number, and should be an object"),
        (b"[{}]", 422, 602, "0.labels in body is required"),
        (b'[{"labels":{"a":"1"}},{"labels":null}]', 422, 602, "1.labels in body is required"),
        (b'[{"labels":{"a":1}}]', 400, 400, "[0].labels.a: it is a number, and should be a string"),
        (b'[{"labels":["a"]}]', 400, 400, "[0].labels: it is an array, and should be an object"),
        (b'[{"labels":{"a":"1"},"startsAt":5}]', 400, 400, "[0].startsAt: it is a number, and should be a string"),
        (b'[{"labels":{"a":"1"},"startsAt":"x"}]', 400, 400,
         '[0].startsAt: "x" is not a time; write it as 2006-01-02T15:04:05Z'),
        (b'[{"labels":{"a":"1"},"endsAt":"2023-11-14"}]', 400, 400, '[0].endsAt: "2023-11-14" is not a time'),
        (b'[{"labels":{"a":"1"},"endsAt":"10000-11-14T00:00:00Z"}]', 400, 400, "is not a time"),
        (b'[{"labels":{"a":"1"},"generatorURL":"not a url"}]', 422, 601,
         '0.generatorURL in body must be of type uri: "not a url"'),
        (b'[{"labels":{"a":"1"},"generatorURL":"http://[::"}]', 422, 601, "must be of type uri"),
        (b"[" * 100_000, 400, 400, 'parsing alerts body from "" failed, because'),
        (b"[{\"labels\":{\"a\":NaN}}]", 400, 400, 'parsing alerts body from "" failed, because'),
        (b"[] x", 400, 400, 'parsing alerts body from "" failed, because'),
    ],
)  # fmt: skip
async def test_bodies_of_the_wrong_form(site: Site, body: bytes, status: int, code: int, message: str) -> None:
    got, error = await site.post("alerts", body)
    assert (got, error["code"]) == (status, code), error
    assert message in error["message"]
    assert not site.alerts.received


async def test_bodies_that_may_be(site: Site) -> None:
    assert await site.post("alerts", b"null") == (200, "")
    assert await site.post("alerts", b"[]") == (200, "")
    assert not site.alerts.received
    # What is no text becomes the replacement character.
    assert await site.post("alerts", b'[{"labels":{"a":"\xff"}}]') == (200, "")
    assert await site.post("alerts", rb'[{"labels":{"b":"\ud800x", "c":"\ud83d\ude00"}}]') == (200, "")
    assert [one.labels for one in site.alerts.received] == [Labels.of(a="\ufffd"), Labels.of(b="\ufffdx", c="😀")]


async def test_only_json_is_taken(site: Site) -> None:
    status, error = await site.ask("POST", "/api/v2/alerts", data=b"[]", headers={"Content-Type": "text/plain"})
    message = 'unsupported media type "text/plain", only [application/json] are allowed'
    assert (status, error) == (415, {"code": 415, "message": message})


async def test_a_large_body(make_site: MakeSite) -> None:
    site = await make_site(max_body_bytes=1000)
    status, error = await site.post("alerts", [{"labels": {"a": "x" * 2000}}])
    assert status == 413
    assert error["code"] == 413
    assert "1000" in error["message"]


async def test_questions_are_answered_beside_the_loop(site: Site) -> None:
    """A list of 100,000 alerts takes a second, in which others are answered and notifications go out."""
    for path in ("alerts", "alerts/groups"):
        await site.get(path)
    assert (await site.ask("GET", "/alerts"))[0] == 200
    assert site.alerts.threads
    assert threading.get_ident() not in site.alerts.threads


async def test_very_many_alerts_are_taken_in_turns_with_others(site: Site) -> None:
    n = 2 * AT_ONCE + 1
    assert await site.post("alerts", [{"labels": {"alertname": str(i)}} for i in range(n)]) == (200, "")
    assert site.alerts.n_received == [AT_ONCE, AT_ONCE, 1]
    assert [alert.name for alert in site.alerts.received] == [str(i) for i in range(n)]
