"""Messages of victorops_configs as a service gets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.alerts.integrations.service_double import (
    FIRING,
    GROUP_HASH,
    RESOLVED,
    failure,
    problems,
    read,
    service,
    surroundings,
)
from watchkeeper.alerts.integrations.victorops import VictorOpsConfig, VictorOpsNotifier
from watchkeeper.core.config.dump import dump

TEXTS = """
routing_key: team/{{ .GroupLabels.alertname }}
entity_display_name: '{{ .CommonAnnotations.summary }}'
state_message: '{{ .Status }} {{ len .Alerts }}'
monitoring_tool: watchkeeper
"""


async def test_firing_and_resolved() -> None:
    async with service() as at:
        config = read(
            VictorOpsConfig,
            f"{TEXTS}api_url: {at.url}/alert\napi_key: k/ey\ncustom_fields: {{Env: 'in {{{{ .Receiver }}}}'}}",
        )
        notifier = VictorOpsNotifier(config, surroundings())
        await notifier.notify(FIRING)
        await notifier.notify(RESOLVED)
        await notifier.close()
    firing, resolved = at.asked
    assert (firing.method, firing.path) == ("POST", "/alert/k%2Fey/team%2FDown")
    assert firing.headers["Content-Type"] == "application/json"
    assert firing.json == {
        "message_type": "CRITICAL",
        "entity_id": GROUP_HASH,
        "entity_display_name": "a is down",
        "state_message": "firing 1",
        "monitoring_tool": "watchkeeper",
        "Env": "in team",
    }
    assert resolved.json == {
        "message_type": "RECOVERY",
        "entity_id": GROUP_HASH,
        "entity_display_name": "a is down",
        "state_message": "resolved 1",
        "monitoring_tool": "watchkeeper",
        "Env": "in team",
    }


@pytest.mark.parametrize(("given", "sent"), [("INFO", "INFO"), ("WARNING", "WARNING"), ("page", "CRITICAL")])
async def test_message_type(given: str, sent: str) -> None:
    async with service() as at:
        config = read(VictorOpsConfig, f"{TEXTS}api_url: {at.url}\napi_key: key\nmessage_type: '{{{{ \"{given}\" }}}}'")
        notifier = VictorOpsNotifier(config, surroundings())
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.only.json["message_type"] == sent


async def test_state_message_is_cut() -> None:
    async with service() as at:
        text = TEXTS.replace("'{{ .Status }} {{ len .Alerts }}'", "'{{ printf \"%20481d\" 1 }}'")
        notifier = VictorOpsNotifier(read(VictorOpsConfig, f"{text}api_url: {at.url}\napi_key: key"), surroundings())
        await notifier.notify(FIRING)
        await notifier.close()
    assert at.only.json["state_message"] == " " * 20_479 + "…"


async def test_key_of_a_file_and_address_of_global(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("filed\n")
    async with service() as at:
        common = f"victorops_api_url: {at.url}\nvictorops_api_key_file: {tmp_path}/key"
        notifier = VictorOpsNotifier(read(VictorOpsConfig, TEXTS, common), surroundings())
        await notifier.notify(FIRING)
        (tmp_path / "key").write_text("changed")
        await notifier.notify(FIRING)
        await notifier.close()
    assert [asked.path for asked in at.asked] == ["/filed/team%2FDown", "/changed/team%2FDown"]


async def test_own_key_goes_before_a_file_of_global(tmp_path: Path) -> None:
    config = read(VictorOpsConfig, TEXTS + "api_key: own", f"victorops_api_key_file: {tmp_path}/none")
    assert (config.api_key_file, str(config.api_key)) == ("", "<secret>")


async def test_file_that_is_missing(tmp_path: Path) -> None:
    config = read(VictorOpsConfig, TEXTS + f"api_key_file: {tmp_path}/none")
    error = await failure(VictorOpsNotifier(config, surroundings()))
    assert str(error) == f"unable to read API key file {tmp_path}/none: No such file or directory"
    assert not error.is_retryable


@pytest.mark.parametrize(
    ("status", "is_retryable", "cause"),
    [(400, False, "clientError"), (404, False, "clientError"), (429, False, "clientError"), (503, True, "serverError")],
)
async def test_refusals(status: int, is_retryable: bool, cause: str) -> None:
    async with service() as at:
        at.answer = (status, "no such key hush-key, see /alert/hush-key/team%2FDown")
        config = read(VictorOpsConfig, f"{TEXTS}api_url: {at.url}/alert\napi_key: hush-key")
        notifier = VictorOpsNotifier(config, surroundings())
        error = await failure(notifier)
        await notifier.close()
    assert (error.is_retryable, error.cause) == (is_retryable, cause)
    assert str(error) == f"unexpected status code {status}: no such key <secret>, see <secret>"


async def test_template_that_fails() -> None:
    config = read(VictorOpsConfig, TEXTS.replace("watchkeeper", "'{{ template \"none\" . }}'") + "api_key: key")
    error = await failure(VictorOpsNotifier(config, surroundings()))
    assert not error.is_retryable
    assert str(error).startswith("monitoring_tool: ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("api_key: key", ["missing Routing key in VictorOps config"]),
        ("routing_key: team", ["no global VictorOps API Key set"]),
        (
            "{routing_key: team, api_key: key, api_key_file: file}",
            ["at most one of api_key & api_key_file must be configured"],
        ),
        (
            "{routing_key: team, api_key: key, custom_fields: {entity_state: x}}",
            [
                "victorOps config contains custom field entity_state which cannot be used as it conflicts with the "
                "fixed/static fields"
            ],
        ),
    ],
)
def test_what_a_section_needs(text: str, expected: list[str]) -> None:
    assert problems(VictorOpsConfig, text) == expected


def test_defaults_and_dump() -> None:
    config = read(VictorOpsConfig, "{routing_key: team, api_key: hush}")
    assert config.send_resolved
    shown = dump(config)
    assert "api_key: <secret>\n" in shown
    assert "hush" not in shown
    assert "api_url: https://alert.victorops.com/integrations/generic/20131114/alert/\n" in shown
