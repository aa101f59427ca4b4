"""Debian's amtool says of our server what it says of Debian's Alertmanager."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes.alert_server import AlertServer, alert_server, debian_server
from tests.processes.running import started, wait_for

pytestmark = pytest.mark.process

CONFIG = """
global: {smtp_smarthost: 'localhost:25', smtp_from: a@b, smtp_auth_password: hush}
route:
  receiver: web
  group_by: [alertname]
  group_wait: 1h
  routes:
    - {matchers: ['severity="critical"', 'team=~"a|b"'], receiver: pager, continue: true}
    - {matchers: ['severity="critical"'], receiver: mail}
receivers:
  - name: web
    webhook_configs: [{url: 'http://user:hush@127.0.0.1:9/hush'}]
  - name: pager
    pagerduty_configs: [{routing_key: hush}]
  - name: mail
    email_configs: [{to: a@b}]
inhibit_rules:
  - {source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: [alertname]}
"""
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)")


class Amtool:
    """amtool against one server."""

    def __init__(self, server: AlertServer, folder: Path) -> None:
        self.server = server
        self._folder = folder

    def run(self, *arguments: str, status: int = 0) -> str:
        """What it prints."""
        command = ["amtool", f"--alertmanager.url={self.server.url}", "--no-version-check", *arguments]
        done = subprocess.run(
            command, capture_output=True, timeout=30, check=False, cwd=self._folder, env={"HOME": str(self._folder)}
        )
        assert done.returncode == status, (arguments, done.stdout.decode(), done.stderr.decode())
        return done.stdout.decode() + (done.stderr.decode() if status else "")

    def shown(self, *arguments: str, status: int = 0) -> str:
        """What it prints, without what differs from one run to the next."""
        text = self.run(*arguments, status=status).replace(self.server.url, "URL").replace(f":{self.server.port}", "")
        return TIME.sub("TIME", UUID.sub("UUID", text))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Amtool, Amtool]]:
    """Ours and Debian's, with the same configuration and the same alerts."""
    folder = tmp_path_factory.mktemp("amtool")
    ours, theirs = alert_server(folder / "ours", config=CONFIG), debian_server(folder / "theirs", config=CONFIG)
    with ExitStack() as stack:
        stack.enter_context(started(ours, theirs))
        tools = Amtool(ours, folder), Amtool(theirs, folder)
        for tool in tools:
            tool.run("alert", "add", "Up", "severity=warning", "--annotation=summary=it is up")
            tool.run("alert", "add", "alertname=Up", "severity=critical", "team=a", "--generator-url=http://p/graph")
            tool.run("alert", "add", "Other", "job=j", "--start=2026-01-02T03:04:05+00:00")
            tool.run("alert", "add", "Gone", "--end=2026-01-02T03:04:05+00:00")
            wait_for("the inhibition", lambda tool=tool: tool.server.api2("alerts", active="false"))
        yield tools


@pytest.mark.parametrize(
    "arguments",
    [
        ("alert", "query"),
        ("alert", "query", "-o", "extended"),
        ("alert", "query", "Up"),
        ("alert", "query", "alertname=~U.", "severity=critical"),
        ("alert", "query", "alertname=Nothing"),
        ("alert", "query", "--inhibited", "-o", "extended"),
        ("alert", "query", "--receiver=pa.*"),
        ("alert", "query", "--receiver=pa"),
        ("alert", "query", 'job!=""'),
        ("cluster", "show"),
        ("config", "routes", "show"),
        ("config", "routes", "test", "severity=critical", "team=b"),
        ("config", "routes", "test", "severity=critical", "--tree"),
        ("config", "routes", "test", "x=y"),
        ("config", "routes", "test", "severity=critical", "--verify.receivers=mail"),
    ],
)
def test_the_same_words(both: tuple[Amtool, Amtool], arguments: tuple[str, ...]) -> None:
    ours, theirs = (tool.shown(*arguments) for tool in both)
    assert ours == theirs
    assert ours.strip()


def test_alerts_as_json(both: tuple[Amtool, Amtool]) -> None:
    ours, theirs = (json.loads(tool.shown("alert", "query", "-o", "json")) for tool in both)
    assert len(ours) == 2
    assert ours == theirs


def test_routes_that_are_not_as_expected(both: tuple[Amtool, Amtool]) -> None:
    asked = ("config", "routes", "test", "severity=critical", "--verify.receivers=web")
    ours, theirs = (tool.shown(*asked, status=1) for tool in both)
    assert ours == theirs


@pytest.mark.parametrize(
    "arguments",
    [
        ("alert", "query", "--receiver=("),
        ("silence", "add", "a=b", "--comment="),
        ("silence", "add", "--comment=x"),
        ("silence", "add", "a=b", "--comment=x", "--end=2020-01-01T00:00:00Z"),
    ],
)
def test_the_same_refusals(both: tuple[Amtool, Amtool], arguments: tuple[str, ...]) -> None:
    ours, theirs = (tool.shown(*arguments, status=1) for tool in both)
    assert ours == theirs


def test_a_silence_that_is_not_there(both: tuple[Amtool, Amtool]) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    ours, theirs = (tool.run("silence", "expire", unknown, status=1) for tool in both)
    # Debian's release answers 500, the one we follow 404.
    assert "404" in ours
    assert "[500]" in theirs


def test_the_life_of_a_silence(both: tuple[Amtool, Amtool], tmp_path: Path) -> None:
    seen: list[list[str]] = []
    for tool in both:
        words: list[str] = []
        seen.append(words)
        silence = ("silence", "query")
        first = tool.run("silence", "add", "Up", "severity=~w.*", "-c", "known", "-a", "me", "-d", "2h").strip()
        assert UUID.fullmatch(first)
        assert tool.run(*silence, "-q").split() == [first]
        words += [tool.shown(*silence), tool.shown(*silence, "-o", "extended"), tool.shown(*silence, "severity=~x")]
        words.append(tool.shown("alert", "query", "--silenced", "-o", "extended"))
        # Other words and another end leave the id.
        words.append(tool.shown("silence", "update", first, "-c", "well known", "-d", "3h"))
        assert tool.run(*silence, "-q").split() == [first]
        exported = json.loads(tool.run(*silence, "-o", "json"))
        assert exported[0]["comment"] == "well known"
        tool.run("silence", "expire", first)
        words += [tool.shown(*silence), tool.shown(*silence, "--expired"), tool.shown(*silence, "--within=1h")]
        file = tmp_path / f"{tool.server.port}.json"
        file.write_text(json.dumps([{**one, "comment": f"import {n}"} for n in range(3) for one in exported]))
        words.append(tool.shown("silence", "import", "--force", str(file)))
        assert len(tool.run(*silence, "-q").split()) == 3
        words.append("\n".join(sorted(tool.shown(*silence).splitlines())))
        assert tool.run("silence", "expire", *tool.run(*silence, "-q").split()) == ""
        assert tool.run(*silence, "-q") == ""
    ours, theirs = seen
    assert ours == theirs


def test_the_configuration_as_shown_has_no_secrets(both: tuple[Amtool, Amtool], tmp_path: Path) -> None:
    ours = both[0]
    text = ours.run("config", "show")
    assert "smtp_auth_password: <secret>" in text
    assert "routing_key: <secret>" in text
    assert "hush" not in text
    (tmp_path / "shown.yml").write_text(text)
    assert "SUCCESS" in ours.run("check-config", str(tmp_path / "shown.yml"))


def test_the_embedded_configuration(tmp_path: Path) -> None:
    server = alert_server(tmp_path / "server")
    with started(server):
        tool = Amtool(server, tmp_path)
        assert "receiver: none" in tool.run("config", "routes", "show")
        assert tool.run("config", "routes", "test", "a=b").strip() == "none"
        assert server.stop() == 0
