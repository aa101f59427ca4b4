"""`global`: what receivers take where they say nothing themselves."""

from __future__ import annotations

from typing import Final

from watchkeeper.alerts.config.kinds import ApiUrl, HostPort, HostPortKind, Interval, SecretUrl
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import MINUTE_NS
from watchkeeper.core.config.kinds import Boolean, FilePath, Nested, SecretKind, Text, UrlKind
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret, Url
from watchkeeper.core.http.config import HTTPClientConfig, TLSConfig

# Keys of which a file may set only one: the value, or the file that holds it.
_EITHER: Final = (
    ("smtp_auth_password", "smtp_auth_password_file"),
    ("smtp_auth_secret", "smtp_auth_secret_file"),
    ("slack_api_url", "slack_api_url_file"),
    ("slack_app_token", "slack_app_token_file"),
    ("opsgenie_api_key", "opsgenie_api_key_file"),
    ("victorops_api_key", "victorops_api_key_file"),
    ("wechat_api_secret", "wechat_api_secret_file"),
    ("telegram_bot_token", "telegram_bot_token_file"),
    ("rocketchat_token", "rocketchat_token_file"),
    ("rocketchat_token_id", "rocketchat_token_id_file"),
    ("mattermost_webhook_url", "mattermost_webhook_url_file"),
)


@section
class GlobalConfig:
    """What applies to the whole file. Receivers find it by `at.load.shared(GlobalConfig)`."""

    resolve_timeout_ns: int = setting(Interval(), key="resolve_timeout", default=5 * MINUTE_NS)
    http_config: HTTPClientConfig = setting(Nested(HTTPClientConfig), default_factory=HTTPClientConfig)
    smtp_from: str = setting(Text(), default="")
    smtp_hello: str = setting(Text(), default="localhost")
    smtp_smarthost: HostPort | None = setting(HostPortKind(), default=None)
    smtp_auth_username: str = setting(Text(), default="")
    smtp_auth_password: Secret | None = setting(SecretKind(), default=None)
    smtp_auth_password_file: str = setting(FilePath(), default="")
    smtp_auth_secret: Secret | None = setting(SecretKind(), default=None)
    smtp_auth_secret_file: str = setting(FilePath(), default="")
    smtp_auth_identity: str = setting(Text(), default="")
    smtp_require_tls: bool = setting(Boolean(), default=True, show=True)
    smtp_tls_config: TLSConfig | None = setting(Nested(TLSConfig), default=None)
    smtp_force_implicit_tls: bool | None = setting(Boolean(), default=None)
    slack_api_url: Secret | None = setting(SecretUrl(), default=None)
    slack_api_url_file: str = setting(FilePath(), default="")
    slack_app_token: Secret | None = setting(SecretKind(), default=None)
    slack_app_token_file: str = setting(FilePath(), default="")
    slack_app_url: Url = setting(UrlKind(), default=Url("https://slack.com/api/chat.postMessage"))
    pagerduty_url: Url = setting(UrlKind(), default=Url("https://events.pagerduty.com/v2/enqueue"))
    opsgenie_api_url: Url = setting(ApiUrl(), default=Url("https://api.opsgenie.com/"))
    opsgenie_api_key: Secret | None = setting(SecretKind(), default=None)
    opsgenie_api_key_file: str = setting(FilePath(), default="")
    wechat_api_url: Url = setting(ApiUrl(), default=Url("https://qyapi.weixin.qq.com/cgi-bin/"))
    wechat_api_secret: Secret | None = setting(SecretKind(), default=None)
    wechat_api_secret_file: str = setting(FilePath(), default="")
    wechat_api_corp_id: str = setting(Text(), default="")
    victorops_api_url: Url = setting(
        ApiUrl(), default=Url("https://alert.victorops.com/integrations/generic/20131114/alert/")
    )
    victorops_api_key: Secret | None = setting(SecretKind(), default=None)
    victorops_api_key_file: str = setting(FilePath(), default="")
    telegram_api_url: Url = setting(UrlKind(), default=Url("https://api.telegram.org"))
    telegram_bot_token: Secret | None = setting(SecretKind(), default=None)
    telegram_bot_token_file: str = setting(FilePath(), default="")
    webex_api_url: Url = setting(UrlKind(), default=Url("https://webexapis.com/v1/messages"))
    rocketchat_api_url: Url = setting(UrlKind(), default=Url("https://open.rocket.chat/"))
    rocketchat_token: Secret | None = setting(SecretKind(), default=None)
    rocketchat_token_file: str = setting(FilePath(), default="")
    rocketchat_token_id: Secret | None = setting(SecretKind(), default=None)
    rocketchat_token_id_file: str = setting(FilePath(), default="")
    jira_api_url: Url | None = setting(UrlKind(), default=None)
    mattermost_webhook_url: Secret | None = setting(SecretUrl(), default=None)
    mattermost_webhook_url_file: str = setting(FilePath(), default="")

    def checked(self, at: SectionPlace) -> GlobalConfig:
        """Reports what is given twice, and lets receivers see the rest."""
        for value, file in _EITHER:
            if at.given(value) and at.given(file):
                at.report(file, f"at most one of {value} & {file} must be configured", involves=(value,))
        if self.resolve_timeout_ns == 0:
            at.warn("resolve_timeout", "alerts without an end are taken to end at once")
        at.load.share(self)
        return self
