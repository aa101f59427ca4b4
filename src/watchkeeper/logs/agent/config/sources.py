"""The sources of a job other than files: journal, syslog, push API, GELF."""

from __future__ import annotations

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Boolean, Choice, FilePath, Integer, MapOf, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.relabel import check_label_name
from watchkeeper.logs.agent.config.kinds import GoDuration
from watchkeeper.logs.agent.config.server import ServerConfig


def check_address(text: str) -> None:
    """Raises ValueError unless the text is `host:port` or `:port`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65_535:
        raise ValueError(f'"{text}" is not an address; write it as 0.0.0.0:1514 or :1514')
    del host


def split_address(text: str) -> tuple[str, int]:
    """Host (empty for every one) and port of a checked address."""
    host, _, port = text.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


@section
class JournalConfig:
    """The systemd journal.

    matches   `field=value` parts with spaces between: entries must have all of them
    path      of the journal's directory; the machine's own journal if not given
    """

    json: bool = setting(Boolean(), default=False)
    max_age_ns: int = setting(GoDuration(), key="max_age", default=7 * 3600 * 10**9)
    labels: dict[str, str] = setting(MapOf(Text(), check_label_name, ""), default_factory=dict)
    path: str = setting(Text(), default="")
    matches: str = setting(Text(), default="")

    def checked(self, at: SectionPlace) -> JournalConfig:
        """Reports matches that match no field."""
        for part in self.matches.split():
            if "=" not in part:
                at.report("matches", f'"{part}" is not field=value')
        return self


@section
class SyslogTLSConfig:
    """The certificate that the syslog port shows, and whose certificates it asks for."""

    cert_file: str = setting(FilePath(existing=True), default="")
    key_file: str = setting(FilePath(existing=True), default="")
    ca_file: str = setting(FilePath(existing=True), default="")
    server_name: str = setting(Text(), default="")
    insecure_skip_verify: bool = setting(Boolean(), default=False)
    min_version: str = setting(Choice("TLS10", "TLS11", "TLS12", "TLS13"), default="TLS12")

    def checked(self, at: SectionPlace) -> SyslogTLSConfig:
        """Reports half a pair."""
        for key in ("cert_file", "key_file"):
            if not getattr(self, key):
                at.report(key, "certificate and key files are required")
        return self


@section
class SyslogConfig:
    """A port that takes syslog messages."""

    listen_address: str = setting(Text(check_address))
    listen_protocol: str = setting(Choice("tcp", "udp"), default="tcp")
    idle_timeout_ns: int = setting(GoDuration(), key="idle_timeout", default=120 * 10**9)
    label_structured_data: bool = setting(Boolean(), default=False)
    labels: dict[str, str] = setting(MapOf(Text(), check_label_name, ""), default_factory=dict)
    use_incoming_timestamp: bool = setting(Boolean(), default=False)
    use_rfc5424_message: bool = setting(Boolean(), default=False)
    syslog_format: str = setting(Choice("rfc5424", "rfc3164"), default="rfc5424")
    max_message_length: int = setting(Integer(1), default=8192)
    tls_config: SyslogTLSConfig | None = setting(Nested(SyslogTLSConfig), default=None)

    def checked(self, at: SectionPlace) -> SyslogConfig:
        """Reports TLS over datagrams."""
        if self.tls_config is not None and self.listen_protocol == "udp":
            at.report("tls_config", "TLS needs listen_protocol tcp")
        return self


@section
class PushConfig:
    """A server that takes what other agents push."""

    server: ServerConfig = setting(Nested(ServerConfig), default_factory=ServerConfig)
    labels: dict[str, str] = setting(MapOf(Text(), check_label_name, ""), default_factory=dict)
    use_incoming_timestamp: bool = setting(Boolean(), default=False)


@section
class GelfConfig:
    """A UDP port that takes GELF messages."""

    listen_address: str = setting(Text(check_address), default=":12201")
    labels: dict[str, str] = setting(MapOf(Text(), check_label_name, ""), default_factory=dict)
    use_incoming_timestamp: bool = setting(Boolean(), default=False)
