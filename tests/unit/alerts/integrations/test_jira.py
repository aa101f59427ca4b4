"""Issues of jira_configs, as a small Jira sees them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.alerts.integrations.service_double import (
    FIRING,
    GROUP_HASH,
    RESOLVED,
    Asked,
    Service,
    alert,
    failure,
    notice,
    problems,
    read,
    service,
    surroundings,
)
from watchkeeper.alerts.integrations.jira import JiraConfig, JiraNotifier
from watchkeeper.core.config.dump import dump

LABEL = f"ALERT{{{GROUP_HASH}}}"
TEXTS = """
project: OPS
issue_type: Bug
summary: '{{ .Status }}'
description: '{{ .CommonAnnotations.summary }}'
priority: High
labels: [watchkeeper, '{{ .GroupLabels.alertname }}']
"""
MOVES = "reopen_transition: Back\nresolve_transition: Finish\nreopen_duration: 1h\n"
TERMS = f'project="OPS" and labels="{LABEL}" order by status ASC,resolutiondate DESC'


class Jira:
    """Has one issue of a state, or none."""

    def __init__(self, category: str = "") -> None:
        self.category = category
        self.failing: dict[tuple[str, str], tuple[int, str]] = {}

    def __call__(self, asked: Asked) -> tuple[int, str]:
        what = asked.path.partition("/rest/api/")[2][2:]
        if found := self.failing.get((asked.method, what)):
            return found
        if what.startswith("search"):
            issue = {"key": "OPS-7", "fields": {"status": {"name": "x", "statusCategory": {"key": self.category}}}}
            return 200, json.dumps({"issues": [issue] if self.category else []})
        if what == "issue/OPS-7/transitions" and asked.method == "GET":
            return 200, '{"transitions": [{"id": "11", "name": "Back"}, {"id": "31", "name": "Finish"}]}'
        return (201, '{"key": "OPS-7"}') if asked.method == "POST" else (204, "")


def notifier_at(at: Service, text: str = TEXTS + MOVES, version: str = "2") -> JiraNotifier:
    return JiraNotifier(read(JiraConfig, f"{text}api_url: {at.url}/rest/api/{version}/\n"), surroundings())


async def conversation(
    jira: Jira, told: Any = FIRING, text: str = TEXTS + MOVES, version: str = "2"
) -> list[tuple[str, str, Any]]:
    """Method, path below the API and body of each request of one notification."""
    async with service() as at:
        at.answer = jira
        notifier = notifier_at(at, text, version)
        await notifier.notify(told)
        await notifier.close()
    return [
        (asked.method, asked.path.partition("/rest/api/")[2], asked.json if asked.body else None) for asked in at.asked
    ]


async def test_first_notification_creates_an_issue() -> None:
    search, create = await conversation(Jira())
    assert search == (
        "POST",
        "2/search",
        {
            "jql": f"(resolutiondate is EMPTY OR resolutiondate >= -60m) and {TERMS}",
            "fields": ["status"],
            "maxResults": 2,
        },
    )
    assert create == (
        "POST",
        "2/issue",
        {
            "fields": {
                "project": {"key": "OPS"},
                "issuetype": {"name": "Bug"},
                "summary": "firing",
                "description": "a is down",
                "labels": [LABEL, "Down", "watchkeeper"],
                "priority": {"name": "High"},
            }
        },
    )


async def test_issue_that_is_open_is_updated() -> None:
    _, update = await conversation(Jira("indeterminate"), notice(alert(instance="b")))
    assert update[:2] == ("PUT", "2/issue/OPS-7")
    assert update[2]["fields"]["summary"] == "firing"


async def test_issue_that_is_done_is_reopened() -> None:
    _, update, ask, move = await conversation(Jira("done"))
    assert update[:2] == ("PUT", "2/issue/OPS-7")
    assert ask == ("GET", "2/issue/OPS-7/transitions", None)
    assert move == ("POST", "2/issue/OPS-7/transitions", {"transition": {"id": "11"}})


async def test_resolved_group_moves_its_issue_to_done() -> None:
    search, update, ask, move = await conversation(Jira("new"), RESOLVED)
    assert search[2]["jql"] == f"statusCategory != Done and {TERMS}"
    assert (update[:2], update[2]["fields"]["summary"]) == (("PUT", "2/issue/OPS-7"), "resolved")
    assert ask == ("GET", "2/issue/OPS-7/transitions", None)
    assert move == ("POST", "2/issue/OPS-7/transitions", {"transition": {"id": "31"}})


async def test_resolved_group_without_an_issue_makes_none() -> None:
    assert len(await conversation(Jira(), RESOLVED)) == 1


@pytest.mark.parametrize(("category", "told"), [("done", FIRING), ("new", RESOLVED)])
async def test_without_a_transition_the_state_stays(category: str, told: Any) -> None:
    search, _ = await conversation(Jira(category), told, TEXTS)
    assert search[2]["jql"] == f"statusCategory != Done and {TERMS}"


async def test_resolution_that_says_let_it_be() -> None:
    search, *_ = await conversation(Jira(), text=TEXTS + 'wont_fix_resolution: Won\'t "Do"\n')
    assert search[2]["jql"] == (
        f'(resolution is EMPTY or resolution != "Won\'t \\"Do\\"") and statusCategory != Done and {TERMS}'
    )


async def test_project_of_a_label_cannot_change_the_search() -> None:
    text = TEXTS.replace("project: OPS", "project: '{{ .CommonLabels.team }}'")
    search, create = await conversation(Jira(), notice(alert(team='A" or "1"="1')), text)
    assert 'project="A\\" or \\"1\\"=\\"1" and labels=' in search[2]["jql"]
    assert create[2]["fields"]["project"] == {"key": 'A" or "1"="1'}


@pytest.mark.parametrize(
    ("api_type", "version", "path"),
    [
        ("cloud", "2", "3/search/jql"),
        ("cloud", "3", "3/search/jql"),
        ("datacenter", "2", "2/search"),
        ("auto", "2", "2/search"),
    ],
)
async def test_search_of_each_kind(api_type: str, version: str, path: str) -> None:
    search, create = await conversation(Jira(), text=f"{TEXTS}api_type: {api_type}\n", version=version)
    assert search[1] == path
    assert create[1] == f"{version}/issue"


async def test_description_of_version_3_is_a_document() -> None:
    document = {"type": "doc", "version": 1, "content": []}
    _, create = await conversation(
        Jira(), text=TEXTS.replace("'{{ .CommonAnnotations.summary }}'", f"'{json.dumps(document)}'"), version="3"
    )
    assert create[2]["fields"]["description"] == document
    text = TEXTS.replace("'{{ .CommonAnnotations.summary }}'", '"one\\n\\ntwo"')
    _, create = await conversation(Jira(), text=text, version="3")
    assert create[2]["fields"]["description"] == {
        "type": "doc",
        "version": 1,
        "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "one"}]},
            {"type": "paragraph", "content": []},
            {"type": "paragraph", "content": [{"type": "text", "text": "two"}]},
        ],
    }


async def test_further_fields() -> None:
    more = """
fields:
  components: [{name: '{{ .Receiver }}'}]
  customfield_1: '{{ len .Alerts }}'
  customfield_2: {value: '{{ .Status }}', n: 3}
"""
    _, create = await conversation(Jira(), text=TEXTS + more)
    fields = create[2]["fields"]
    assert fields["components"] == [{"name": "team"}]
    assert fields["customfield_1"] == 1
    assert fields["customfield_2"] == {"value": "firing", "n": 3}


async def test_what_an_update_leaves_as_it_is() -> None:
    text = """
project: OPS
issue_type: Bug
summary: {template: '{{ .Status }}', enable_update: false}
description: {template: text, enable_update: false}
labels: {values: [x], enable_update: false}
priority: ''
"""
    _, create = await conversation(Jira(), text=text)
    assert create[2]["fields"]["labels"] == [LABEL, "x"]
    _, update = await conversation(Jira("new"), text=text)
    assert update[2]["fields"] == {"project": {"key": "OPS"}, "issuetype": {"name": "Bug"}}


async def test_limits_and_empty_texts() -> None:
    text = "project: OPS\nissue_type: Bug\npriority: ''\n"
    _, create = await conversation(Jira(), text=f"{text}summary: {'é' * 256}\ndescription: {'é' * 32768}\n")
    assert create[2]["fields"]["summary"] == "é" * 254 + "…"
    assert create[2]["fields"]["description"] == "é" * 32766 + "…"
    _, create = await conversation(Jira(), text=f"{text}summary: x\ndescription: ' '\n")
    assert set(create[2]["fields"]) == {"project", "issuetype", "summary", "labels"}


@pytest.mark.parametrize(("status", "is_retryable"), [(400, False), (401, False), (429, True), (500, True)])
@pytest.mark.parametrize(
    ("category", "told", "request_", "where"),
    [
        ("", FIRING, ("POST", "search"), "failed to look up existing issues"),
        ("", FIRING, ("POST", "issue"), 'failed to POST request to "issue"'),
        ("new", FIRING, ("PUT", "issue/OPS-7"), 'failed to PUT request to "issue/OPS-7"'),
        ("new", RESOLVED, ("GET", "issue/OPS-7/transitions"), 'failed to GET request to "issue/OPS-7/transitions"'),
        ("new", RESOLVED, ("POST", "issue/OPS-7/transitions"), 'failed to POST request to "issue/OPS-7/transitions"'),
    ],
)
async def test_refusals(
    category: str, told: Any, request_: tuple[str, str], where: str, status: int, is_retryable: bool
) -> None:
    jira = Jira(category)
    jira.failing[request_] = (status, '{"errorMessages": ["no issue for hush-password"]}')
    async with service() as at:
        at.answer = jira
        url = at.url.replace("://", "://user:hush-password@")
        notifier = JiraNotifier(read(JiraConfig, f"{TEXTS}{MOVES}api_url: {url}/rest/api/2\n"), surroundings())
        error = await failure(notifier, told)
        await notifier.close()
    assert error.is_retryable is is_retryable
    assert str(error) == (f'{where}: unexpected status code {status}: {{"errorMessages": ["no issue for <secret>"]}}')


async def test_transition_that_is_not_there() -> None:
    async with service() as at:
        at.answer = Jira("new")
        notifier = notifier_at(at, TEXTS + "resolve_transition: Gone\n")
        error = await failure(notifier, RESOLVED)
        await notifier.close()
    assert str(error) == "can't find transition Gone for issue OPS-7"
    assert not error.is_retryable


@pytest.mark.parametrize("body", ["", "no json", "[]", '{"issues": 1}'])
async def test_search_that_answers_garbage(body: str) -> None:
    async with service() as at:
        at.answer = (200, body)
        notifier = notifier_at(at)
        error = await failure(notifier)
        await notifier.close()
    assert str(error) == "failed to look up existing issues: the answer is none of Jira's"
    assert len(at.asked) == 1


@pytest.mark.parametrize(
    "issue", ['{"key": "OPS-7"}', '{"key": "OPS-7", "fields": null}', '{"key": "OPS-7", "fields": {"status": 1}}']
)
async def test_issue_of_an_unknown_state_stays_where_it_is(issue: str) -> None:
    jira = Jira()
    jira.failing["POST", "search"] = (200, f'{{"issues": [{issue}]}}')
    assert [method for method, _, _ in await conversation(jira)] == ["POST", "PUT"]


@pytest.mark.parametrize(
    ("text", "common", "expected"),
    [
        ("{issue_type: Bug, api_url: 'http://x/'}", "", ["missing project in jira_config"]),
        ("{project: P, api_url: 'http://x/'}", "", ["missing issue_type in jira_config"]),
        ("{project: P, issue_type: Bug}", "", ["no global Jira Cloud URL set"]),
        ("{project: P, issue_type: Bug}", "jira_api_url: http://x/", []),
        (
            "{project: P, issue_type: Bug, api_url: 'http://x/', api_type: server}",
            "",
            ["unknown api_type on jira_config, must be auto, cloud or datacenter"],
        ),
    ],
)
def test_what_a_section_needs(text: str, common: str, expected: list[str]) -> None:
    assert problems(JiraConfig, text, common) == expected


def test_defaults_and_dump() -> None:
    config = read(
        JiraConfig, "{project: P, issue_type: Bug, api_url: 'http://u:hush@x/', summary: {enable_update: false}}"
    )
    assert config.send_resolved
    assert config.summary.template == '{{ template "jira.default.summary" . }}'
    shown = dump(config)
    assert "api_url: http://u:xxxxx@x/\napi_type: auto\n" in shown
    assert "description: '{{ template \"jira.default.description\" . }}'\n" in shown
    assert "enable_update: false\n" in shown
