"""/rules, /alerts, /alertmanagers and their pages: filters, pages of groups, shapes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.unit.web.conftest import NOW_MS, MakeSite, Site
from tests.unit.web.test_pages import EVIL, Tags
from watchkeeper.core.model.labels import Labels
from watchkeeper.rules.views import AlertView, GroupView, RuleView
from watchkeeper.web.prometheus.rules import time_text

AT_S = 1_700_000_000.25

FIRING = AlertView(
    Labels.of(alertname="Down", instance="a:1"), Labels.of(summary="a:1 is gone"), "firing", NOW_MS - 60_000, 0.25,
    fired_ms=NOW_MS - 30_000,
)  # fmt: skip
KEPT = replace(FIRING, labels=Labels.of(alertname="Down", instance="b:1"), keep_firing_since_ms=NOW_MS - 1)
DOWN = RuleView(
    "alert", "Down", "up == 0", (("severity", "page"), ("team", "{{ $labels.job }}")), "ok", "", 0.002, AT_S,
    for_ms=30_000, keep_firing_for_ms=1_500, annotations=(("summary", "{{ $labels.instance }} is gone"),),
    state="firing", alerts=(FIRING, KEPT),
)  # fmt: skip
SUM = RuleView("record", "job:up:sum", "sum by (job) (up)", (), "ok", "", 0.001, AT_S)
BAD = RuleView("record", "job:bad", "x / on () y", (("team", "infra"),), "err", "many-to-many", 0.001, AT_S)
NEW = RuleView("alert", "New", "vector(1)", (), "unknown", "", 0.0, None, state="unknown")


def group(name: str, *rules: RuleView, file: str = "/etc/a.yml", last_s: float | None = AT_S) -> GroupView:
    return GroupView(file, name, 60_000, 5, 0, rules, 0.004, last_s)


@dataclass
class Known:
    found: Sequence[GroupView]

    def groups(self) -> Sequence[GroupView]:
        return self.found

    def alerts(self) -> Sequence[AlertView]:
        return [alert for one in self.found for rule in one.rules for alert in rule.alerts]

    def alertmanagers(self) -> tuple[Sequence[str], Sequence[str]]:
        return ["http://am:9093/api/v2/alerts"], ["http://no:9093/api/v2/alerts"]


@pytest.fixture
async def known(site: Site) -> Site:
    site.backend.rules = Known(
        [
            group("second", SUM, BAD, file="/etc/b.yml"),
            group("first", DOWN, SUM),
            group("later", NEW, last_s=None),
            group("empty"),
        ]
    )
    return site


def names(data: dict[str, Any]) -> dict[str, list[str]]:
    return {one["name"]: [rule["name"] for rule in one["rules"]] for one in data["groups"]}


async def test_the_whole_of_a_group(known: Site) -> None:
    data = await known.data("rules")
    assert "groupNextToken" not in data
    alert = {
        "labels": {"alertname": "Down", "instance": "a:1"},
        "annotations": {"summary": "a:1 is gone"},
        "state": "firing",
        "activeAt": "2023-11-14T22:12:20Z",
        "value": "2.5e-01",
    }
    kept = {**alert, "labels": {"alertname": "Down", "instance": "b:1"}, "keepFiringSince": "2023-11-14T22:13:19.999Z"}
    assert data["groups"][0] == {
        "name": "first",
        "file": "/etc/a.yml",
        "interval": 60,
        "limit": 5,
        "evaluationTime": 0.004,
        "lastEvaluation": "2023-11-14T22:13:20.25Z",
        "rules": [
            {
                "state": "firing",
                "name": "Down",
                "query": "up == 0",
                "duration": 30,
                "keepFiringFor": 1.5,
                "labels": {"severity": "page", "team": "{{ $labels.job }}"},
                "annotations": {"summary": "{{ $labels.instance }} is gone"},
                "alerts": [alert, kept],
                "health": "ok",
                "evaluationTime": 0.002,
                "lastEvaluation": "2023-11-14T22:13:20.25Z",
                "type": "alerting",
            },
            {
                "name": "job:up:sum",
                "query": "sum by (job) (up)",
                "health": "ok",
                "evaluationTime": 0.001,
                "lastEvaluation": "2023-11-14T22:13:20.25Z",
                "type": "recording",
            },
        ],
    }
    [bad] = data["groups"][2]["rules"][1:]
    assert (bad["health"], bad["lastError"], bad["labels"]) == ("err", "many-to-many", {"team": "infra"})
    assert await known.data("alerts") == {"alerts": [alert, kept]}


async def test_before_the_first_evaluation(known: Site) -> None:
    data = await known.data("rules?rule_name[]=New")
    [later] = data["groups"]
    assert later["lastEvaluation"] == "0001-01-01T00:00:00Z"
    assert later["rules"] == [
        {
            "state": "unknown",
            "name": "New",
            "query": "vector(1)",
            "duration": 0,
            "keepFiringFor": 0,
            "labels": {},
            "annotations": {},
            "alerts": [],
            "health": "unknown",
            "evaluationTime": 0.0,
            "lastEvaluation": "0001-01-01T00:00:00Z",
            "type": "alerting",
        }
    ]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", {"first": ["Down", "job:up:sum"], "later": ["New"], "second": ["job:up:sum", "job:bad"]}),
        ("type=alert", {"first": ["Down"], "later": ["New"]}),
        ("type=RECORD", {"first": ["job:up:sum"], "second": ["job:up:sum", "job:bad"]}),
        ("rule_name[]=Down&rule_name[]=job:bad", {"first": ["Down"], "second": ["job:bad"]}),
        ("rule_group[]=second", {"second": ["job:up:sum", "job:bad"]}),
        ("file[]=/etc/b.yml&file[]=/etc/c.yml", {"second": ["job:up:sum", "job:bad"]}),
        ('match[]={severity="page"}', {"first": ["Down"]}),
        ('match[]={team=~"inf.*"}&match[]={severity="page"}', {"first": ["Down"], "second": ["job:bad"]}),
        ('match[]={team!="",severity=""}', {"second": ["job:bad"]}),
        ("rule_group[]=first&file[]=/etc/b.yml", {}),
        ("rule_group[]=no", {}),
    ],
)
async def test_filters(known: Site, query: str, wanted: dict[str, list[str]]) -> None:
    assert names(await known.data(f"rules?{query}")) == wanted


async def test_alerts_may_be_left_out(known: Site) -> None:
    data = await known.data("rules?exclude_alerts=true")
    assert [rule["alerts"] for one in data["groups"] for rule in one["rules"] if "alerts" in rule] == [[], []]


async def test_pages_of_groups(known: Site) -> None:
    seen: list[str] = []
    token = ""
    while True:
        data = await known.data(f"rules?group_limit=1&group_next_token={token}")
        seen += names(data)
        if "groupNextToken" not in data:
            break
        token = data["groupNextToken"]
    assert seen == ["first", "later", "second"]
    assert token == hashlib.sha256(b"/etc/b.yml;second").hexdigest()


async def test_a_page_counts_what_passes_the_filters(known: Site) -> None:
    data = await known.data("rules?type=record&group_limit=1")
    assert names(data) == {"first": ["job:up:sum"]}
    rest = await known.data(f"rules?type=record&group_limit=1&group_next_token={data['groupNextToken']}")
    assert names(rest) == {"second": ["job:up:sum", "job:bad"]}
    assert "groupNextToken" not in rest


async def test_a_token_of_a_group_that_is_gone(known: Site) -> None:
    answer = await known.api("rules?group_limit=1&group_next_token=abc")
    assert answer["errorType"] == "bad_data"
    assert "invalid group_next_token 'abc'. were rule groups changed?" in answer["error"]


async def test_alertmanagers(known: Site) -> None:
    assert await known.data("alertmanagers") == {
        "activeAlertmanagers": [{"url": "http://am:9093/api/v2/alerts"}],
        "droppedAlertmanagers": [{"url": "http://no:9093/api/v2/alerts"}],
    }


@pytest.mark.parametrize(
    ("time_ns", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
        (-1_000_000, "1969-12-31T23:59:59.999Z"),
        (10**30, "0001-01-01T00:00:00Z"),
    ],
)
def test_times(time_ns: int, text: str) -> None:
    assert time_text(time_ns) == text


async def test_the_pages(known: Site) -> None:
    _, page = await known.get("/rules")
    assert "many-to-many" in page
    assert "keeps firing for 1s500ms" in page
    assert page.count("never") == 2
    _, page = await known.get("/alerts")
    assert page.count("class='state firing'") == 2
    assert page.index(">Down<") < page.index(">New<")
    assert "(kept firing)" in page


async def test_pages_without_rules(site: Site) -> None:
    for path in ("/rules", "/alerts"):
        status, page = await site.get(path)
        assert status == 200
        assert "rule_files" in page


async def test_hostile_texts_stay_texts(make_site: MakeSite) -> None:
    site = await make_site(page_title=EVIL)
    alert = AlertView(Labels.of(alertname=EVIL, a=EVIL), Labels.of(b=EVIL), "firing", NOW_MS, float("nan"))
    rule = RuleView("alert", EVIL, EVIL, ((EVIL, EVIL),), "err", EVIL, 0.0, AT_S, state="firing", alerts=(alert,))
    site.backend.rules = Known([group(EVIL, rule, file=EVIL)])
    for path in ("/rules", "/alerts"):
        status, page = await site.get(path)
        assert status == 200
        tags = Tags()
        tags.feed(page)
        assert tags.open == []
        assert "script" not in tags.seen
        assert "img" not in tags.seen
        assert tags.attributes <= {"lang", "charset", "name", "content", "id", "class", "href", "colspan"}


async def test_not_before_the_store_is_read(make_site: MakeSite) -> None:
    site = await make_site(ready=False)
    for path in ("/rules", "/alerts", "/api/v1/rules", "/api/v1/alerts", "/api/v1/alertmanagers"):
        assert (await site.get(path))[0] == 503
