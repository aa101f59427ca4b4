"""One of `receivers`: a name, and the integrations that are told."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, NamedTuple, Protocol

from watchkeeper.alerts.config.kinds import Later
from watchkeeper.alerts.integrations.table import INTEGRATIONS
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import ListOf, Text
from watchkeeper.core.config.schema import Invalid, section, setting

_PACKAGE: Final = "watchkeeper.alerts.integrations"


class IntegrationConfig(Protocol):
    """What the sections of all receiver types have."""

    @property
    def send_resolved(self) -> bool:
        """Whether the receiver is told of alerts that ended."""
        ...


class Integration(NamedTuple):
    """One integration of a receiver.

    kind    as metrics and the notification log call it: `webhook`, `email`, …
    index   its place among those of its kind in the receiver
    """

    kind: str
    index: int  # type: ignore[assignment]  # A tuple has a method of this name, which nobody calls here.
    config: Any


def section_of(key: str) -> type[Any]:
    """The section that a key such as `slack_configs` holds a list of. Raises Invalid where this build has none."""
    module = f"{_PACKAGE}.{INTEGRATIONS[key]}"
    if find_spec(module) is None:
        raise Invalid(f"{key} are not supported")
    found: type[Any] = import_module(module).CONFIG
    return found


def _configs(key: str) -> Any:
    """The setting of one receiver type: its module is imported when a file has the key."""
    return setting(ListOf(Later(partial(section_of, key))), default=())


@section
class ReceiverConfig:
    """Whom to tell; one without integrations tells nobody."""

    name: str = setting(Text(filled=True))
    webhook_configs: tuple[IntegrationConfig, ...] = _configs("webhook_configs")
    email_configs: tuple[IntegrationConfig, ...] = _configs("email_configs")
    slack_configs: tuple[IntegrationConfig, ...] = _configs("slack_configs")
    pagerduty_configs: tuple[IntegrationConfig, ...] = _configs("pagerduty_configs")
    opsgenie_configs: tuple[IntegrationConfig, ...] = _configs("opsgenie_configs")
    victorops_configs: tuple[IntegrationConfig, ...] = _configs("victorops_configs")
    pushover_configs: tuple[IntegrationConfig, ...] = _configs("pushover_configs")
    wechat_configs: tuple[IntegrationConfig, ...] = _configs("wechat_configs")
    telegram_configs: tuple[IntegrationConfig, ...] = _configs("telegram_configs")
    webex_configs: tuple[IntegrationConfig, ...] = _configs("webex_configs")
    sns_configs: tuple[IntegrationConfig, ...] = _configs("sns_configs")
    discord_configs: tuple[IntegrationConfig, ...] = _configs("discord_configs")
    msteams_configs: tuple[IntegrationConfig, ...] = _configs("msteams_configs")
    msteamsv2_configs: tuple[IntegrationConfig, ...] = _configs("msteamsv2_configs")
    jira_configs: tuple[IntegrationConfig, ...] = _configs("jira_configs")
    rocketchat_configs: tuple[IntegrationConfig, ...] = _configs("rocketchat_configs")
    mattermost_configs: tuple[IntegrationConfig, ...] = _configs("mattermost_configs")
    incidentio_configs: tuple[IntegrationConfig, ...] = _configs("incidentio_configs")
    apprise_configs: tuple[IntegrationConfig, ...] = _configs("apprise_configs")

    def checked(self, at: SectionPlace) -> ReceiverConfig:
        """Reports a name that another receiver has."""
        at.claim("receiver", "name", self.name, f'notification config name "{self.name}" is not unique')
        return self

    @property
    def integrations(self) -> tuple[Integration, ...]:
        """All of them, kinds in the table's order, those of one kind in the file's."""
        return tuple(
            Integration(kind, index, config)
            for key, kind in INTEGRATIONS.items()
            for index, config in enumerate(getattr(self, key))
        )
