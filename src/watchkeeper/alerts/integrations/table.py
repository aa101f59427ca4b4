"""Which module holds a receiver type. Modules are imported for the types that a configuration uses."""

from __future__ import annotations

from typing import Final

# Key of a receiver → module below this package. A module has CONFIG, its section, and NOTIFIER, made of a section and
# the surroundings.
INTEGRATIONS: Final = {
    "webhook_configs": "webhook",
    "email_configs": "email",
    "slack_configs": "slack",
    "pagerduty_configs": "pagerduty",
    "opsgenie_configs": "opsgenie",
    "victorops_configs": "victorops",
    "pushover_configs": "pushover",
    "wechat_configs": "wechat",
    "telegram_configs": "telegram",
    "webex_configs": "webex",
    "sns_configs": "sns",
    "discord_configs": "discord",
    "msteams_configs": "msteams",
    "msteamsv2_configs": "msteamsv2",
    "jira_configs": "jira",
    "rocketchat_configs": "rocketchat",
    "mattermost_configs": "mattermost",
    "incidentio_configs": "incidentio",
    "apprise_configs": "apprise",
}
