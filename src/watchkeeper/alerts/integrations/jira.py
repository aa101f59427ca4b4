"""`jira_configs`: an issue for each group, found again by a label, closed when the group is resolved."""

from __future__ import annotations

import dataclasses
from typing import Any, Final
from urllib.parse import quote, urlsplit

import orjson

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.integrations.checks import http_config_of
from watchkeeper.alerts.integrations.group_key import hashed_key
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.jira_fields import JiraField, JiraFieldConfig, JiraLabels, JiraLabelsConfig
from watchkeeper.alerts.integrations.post import Answer, Post, dump_json
from watchkeeper.alerts.integrations.shorten import shorten_runes
from watchkeeper.alerts.interface import Notice, NotifyError, Surroundings
from watchkeeper.alerts.templates.deep import expanded
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import Place, SectionPlace
from watchkeeper.core.config.kinds import Anything, Boolean, Choice, Duration, MapOf, Nested, Text, UrlKind
from watchkeeper.core.config.schema import Invalid, section, setting
from watchkeeper.core.config.secret import Url
from watchkeeper.core.http.config import HTTPClientConfig

_SUMMARY: Final = '{{ template "jira.default.summary" . }}'
_DESCRIPTION: Final = '{{ template "jira.default.description" . }}'
_MAX_SUMMARY: Final = 255
_MAX_DESCRIPTION: Final = 32_767
_MINUTE_MS: Final = 60_000
_CLOUD_DOMAIN: Final = "atlassian.net"
_DONE: Final = "done"  # Key of the category that all states of finished work are in.


class ApiType(Choice):
    """`auto`, `cloud` or `datacenter`."""

    def read(self, at: Place) -> str:
        text = at.scalar("a type")
        if text not in self.words:
            raise Invalid("unknown api_type on jira_config, must be auto, cloud or datacenter")
        return text


@section
class JiraConfig:
    """Which project, what an issue says, and what becomes of it."""

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    http_config: HTTPClientConfig | None = setting(Nested(HTTPClientConfig), default=None)
    api_url: Url | None = setting(UrlKind(), default=None, help="https://company.atlassian.net/rest/api/2/")
    api_type: str = setting(
        ApiType("auto", "cloud", "datacenter"),
        default="auto",
        help="how issues are searched: cloud, datacenter, or by the host's name",
    )
    project: str = setting(TemplateText(), default="", help="the project's key")
    summary: JiraFieldConfig = setting(JiraField(_SUMMARY), default=JiraFieldConfig(template=_SUMMARY))
    description: JiraFieldConfig = setting(
        JiraField(_DESCRIPTION),
        default=JiraFieldConfig(template=_DESCRIPTION),
        help="a text; for version 3 of the API a document of Atlassian's format, or a text that is made one",
    )
    labels: JiraLabelsConfig = setting(JiraLabels(), default=JiraLabelsConfig())
    priority: str = setting(TemplateText(), default='{{ template "jira.default.priority" . }}')
    issue_type: str = setting(TemplateText(), default="")
    reopen_transition: str = setting(Text(), default="", help="the way from done back to work, by its name")
    resolve_transition: str = setting(Text(), default="", help="the way to done, by its name")
    wont_fix_resolution: str = setting(Text(), default="", help="issues closed so are let be")
    reopen_duration_ms: int = setting(
        Duration(), key="reopen_duration", default=0, help="how long after its end an issue is opened again"
    )
    fields: dict[str, Any] = setting(
        MapOf(Anything()), default_factory=dict, help="further fields; texts in it are templates"
    )

    def checked(self, at: SectionPlace) -> JiraConfig:
        """Reports what is missing; gaps are filled from `global`."""
        if not self.project:
            at.report("project", "missing project in jira_config")
        if not self.issue_type:
            at.report("issue_type", "missing issue_type in jira_config")
        api_url = self.api_url or at.load.shared(GlobalConfig).jira_api_url
        if api_url is None:
            at.report("api_url", "no global Jira Cloud URL set")
        return dataclasses.replace(self, api_url=api_url, http_config=http_config_of(self.http_config, at))


class JiraNotifier:
    """Creates, updates, reopens or resolves the issue of the notice's group."""

    def __init__(self, config: JiraConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._post = Post(config.http_config, surroundings, retry_on=(429,))
        assert config.api_url is not None
        self._base = config.api_url.reveal().rstrip("/")
        parts = urlsplit(self._base)
        # Words of the path are no secrets here; the password of the URL is.
        self._hide = (parts.password,) if parts.password else ()

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError."""
        is_firing = notice.status == "firing"
        project = self._text(self._config.project, notice, "project")
        found = await self._find(notice, project, is_firing)
        if found is None and not is_firing:
            return
        fields = await in_thread(self, self._fields, notice, project)
        if found is None:
            await self._ask("POST", "issue", {"fields": fields})
            return
        for name in ("summary", "description", "labels"):
            if not getattr(self._config, name).is_updated:
                fields.pop(name, None)
        path = f"issue/{quote(found['key'], safe='')}"
        await self._ask("PUT", path, {"fields": fields})
        is_done = _is_done(found)
        if is_firing and is_done is True:
            await self._move(path, self._config.reopen_transition)
        elif not is_firing and is_done is False:
            await self._move(path, self._config.resolve_transition)

    async def close(self) -> None:
        """Let go of connections."""
        await self._post.close()

    async def _find(self, notice: Notice, project: str, is_firing: bool) -> dict[str, Any] | None:
        query = self._query(notice, project, is_firing)
        body = {"jql": query, "fields": ["status"], "maxResults": 2}
        url = f"{self._base}/search"
        host = urlsplit(self._base).hostname or ""
        kind = self._config.api_type
        if kind == "cloud" or (kind == "auto" and host.endswith(_CLOUD_DOMAIN)):
            # Atlassian's cloud has this search alone, and only in version 3; a data center has the other alone.
            url = f"{self._base}/search/jql".replace("/rest/api/2/", "/rest/api/3/", 1)
        try:
            answer = await self._ask_at("POST", url, body)
        except NotifyError as error:
            raise _within("failed to look up existing issues", error) from None
        found = answer.json()
        issues = found.get("issues") if isinstance(found, dict) else None
        if not isinstance(issues, list):
            message = "failed to look up existing issues: the answer is none of Jira's"
            raise NotifyError(message, is_retryable=False)
        # The first is the one that is open, or the one that was closed last.
        first = issues[0] if issues else None
        return first if isinstance(first, dict) and isinstance(first.get("key"), str) else None

    def _query(self, notice: Notice, project: str, is_firing: bool) -> str:
        config = self._config
        terms = []
        if config.wont_fix_resolution:
            # `!=` alone leaves out the issues that have none.
            terms.append(f"(resolution is EMPTY or resolution != {_quoted(config.wont_fix_resolution)})")
        minutes = config.reopen_duration_ms // _MINUTE_MS
        if is_firing and config.reopen_transition and minutes:
            terms.append(f"(resolutiondate is EMPTY OR resolutiondate >= -{minutes}m)")
        else:
            terms.append("statusCategory != Done")
        terms += [f"project={_quoted(project)}", f"labels={_quoted(_label(notice))}"]
        return " and ".join(terms) + " order by status ASC,resolutiondate DESC"

    def _fields(self, notice: Notice, project: str) -> dict[str, Any]:
        config = self._config
        labels = [self._text(label, notice, "labels") for label in config.labels.values]
        fields: dict[str, Any] = {
            "project": {"key": project},
            "issuetype": {"name": self._text(config.issue_type, notice, "issue_type")},
            "summary": shorten_runes(self._text(config.summary.template, notice, "summary"), _MAX_SUMMARY)[0],
            "labels": sorted([*labels, _label(notice)]),
        }
        whole = self._text(config.description.template, notice, "description")
        description = shorten_runes(whole, _MAX_DESCRIPTION)[0]
        if description.strip():
            fields["description"] = self._document(description) if self._base.endswith("/3") else description
        if priority := self._text(config.priority, notice, "priority"):
            fields["priority"] = {"name": priority}
        return {**fields, **expanded(config.fields, lambda template: self._text(template, notice, "fields"))}

    @staticmethod
    def _document(text: str) -> Any:
        """The document that a text is, or one with a paragraph for each of its lines."""
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            found = None
        if isinstance(found, dict):
            return found
        lines = [[{"type": "text", "text": line}] if line.strip() else [] for line in text.strip().splitlines()]
        return {
            "type": "doc",
            "version": 1,
            "content": [{"type": "paragraph", "content": content} for content in lines],
        }

    async def _move(self, issue: str, name: str) -> None:
        """Take an issue's transition of this name; without a name it stays where it is."""
        if not name:
            return
        path = f"{issue}/transitions"
        answer = await self._ask("GET", path, None)
        found = answer.json()
        transitions = found.get("transitions") if isinstance(found, dict) else None
        for transition in transitions if isinstance(transitions, list) else ():
            if isinstance(transition, dict) and transition.get("name") == name:
                await self._ask("POST", path, {"transition": {"id": transition.get("id")}})
                return
        message = f"can't find transition {name} for issue {issue.removeprefix('issue/')}"
        raise NotifyError(message, is_retryable=False)

    async def _ask(self, method: str, path: str, body: Any) -> Answer:
        try:
            return await self._ask_at(method, f"{self._base}/{path}", body)
        except NotifyError as error:
            raise _within(f'failed to {method} request to "{path}"', error) from None

    async def _ask_at(self, method: str, url: str, body: Any) -> Answer:
        data = dump_json(body) if body is not None else b""
        # Names of transitions would come in the language of the account.
        headers = {"Accept-Language": "en", "Accept": "application/json"}
        answer = await self._post.ask(url, data, headers=headers, method=method, hide=self._hide)
        if not answer.is_ok:
            raise self._post.refusal(answer, hide=self._hide)
        return answer

    def _text(self, template: str, notice: Notice, field: str) -> str:
        return self._templates.text(template, notice, field)


def _label(notice: Notice) -> str:
    return f"ALERT{{{hashed_key(notice)}}}"


def _quoted(text: str) -> str:
    """A text of Jira's query language, whatever is in it."""
    return dump_json(text).decode()


def _is_done(issue: dict[str, Any]) -> bool | None:
    """Whether its state is one of finished work; None where the answer does not say."""
    value: Any = issue
    for key in ("fields", "status", "statusCategory", "key"):
        value = value.get(key) if isinstance(value, dict) else None
    return value == _DONE if isinstance(value, str) else None


def _within(where: str, error: NotifyError) -> NotifyError:
    return NotifyError(f"{where}: {error}", is_retryable=error.is_retryable, cause=error.cause)


CONFIG = JiraConfig
NOTIFIER = JiraNotifier
