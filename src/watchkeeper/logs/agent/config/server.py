"""`server`: the agent's own HTTP port."""

from __future__ import annotations

from typing import Any

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.kinds import Anything, Boolean, Choice, FilePath, Integer, Nested, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.logs.agent.config.kinds import GoDuration

CLIENT_AUTH = (
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
)


@section
class ServerTLSConfig:
    """The certificate that a port shows, and whose certificates it asks for."""

    cert_file: str = setting(FilePath(existing=True), default="")
    key_file: str = setting(FilePath(existing=True), default="")
    client_auth_type: str = setting(Choice(*CLIENT_AUTH), default="NoClientCert")
    client_ca_file: str = setting(FilePath(existing=True), default="")

    def checked(self, at: SectionPlace) -> ServerTLSConfig:
        """Reports half a pair, and client certificates that could not be verified."""
        if bool(self.cert_file) != bool(self.key_file):
            at.report("cert_file" if self.cert_file else "key_file", "cert_file and key_file need each other")
        if self.client_auth_type in ("VerifyClientCertIfGiven", "RequireAndVerifyClientCert"):
            if not self.client_ca_file:
                at.report("client_auth_type", f"{self.client_auth_type} needs client_ca_file")
        elif self.client_auth_type != "NoClientCert":
            at.report(
                "client_auth_type", "certificates that nobody verifies are not taken; use RequireAndVerifyClientCert"
            )
        return self


@section
class ServerConfig:
    """Where the agent answers. Settings of gRPC and of profiling are accepted and have no effect here."""

    http_listen_network: str = setting(Choice("tcp", "tcp4", "tcp6"), default="tcp")
    http_listen_address: str = setting(Text(), default="")
    http_listen_port: int = setting(Integer(0, 65535), default=80)
    http_listen_conn_limit: int = setting(Integer(), default=0)
    http_server_read_timeout_ns: int = setting(GoDuration(), key="http_server_read_timeout", default=30 * 10**9)
    http_server_read_header_timeout_ns: int = setting(GoDuration(), key="http_server_read_header_timeout", default=0)
    http_server_write_timeout_ns: int = setting(GoDuration(), key="http_server_write_timeout", default=30 * 10**9)
    http_server_idle_timeout_ns: int = setting(GoDuration(), key="http_server_idle_timeout", default=120 * 10**9)
    http_path_prefix: str = setting(Text(), default="")
    http_tls_config: ServerTLSConfig | None = setting(Nested(ServerTLSConfig), default=None)
    external_url: str = setting(Text(), default="")
    health_check_target: bool = setting(Boolean(), default=True)
    disable: bool = setting(Boolean(), default=False)
    enable_runtime_reload: bool = setting(Boolean(), default=False)
    log_level: str = setting(Choice("debug", "info", "warn", "error"), default="info")
    log_format: str = setting(Choice("logfmt", "json"), default="logfmt")
    graceful_shutdown_timeout_ns: int = setting(GoDuration(), key="graceful_shutdown_timeout", default=30 * 10**9)
    register_instrumentation: bool = setting(Boolean(), default=True)
    profiling_enabled: bool = setting(Boolean(), default=False)
    reload: bool = setting(Boolean(), default=False)
    tls_cipher_suites: str = setting(Text(), default="")
    tls_min_version: str = setting(Text(), default="")
    log_source_ips_enabled: bool = setting(Boolean(), default=False)
    log_source_ips_header: str = setting(Text(), default="")
    log_source_ips_regex: str = setting(Text(), default="")
    log_request_headers: bool = setting(Boolean(), default=False)
    log_request_at_info_level_enabled: bool = setting(Boolean(), default=False)
    log_request_exclude_headers_list: str = setting(Text(), default="")
    grpc_listen_network: str = setting(Text(), default="tcp")
    grpc_listen_address: str = setting(Text(), default="")
    grpc_listen_port: int = setting(Integer(0, 65535), default=9095)
    grpc_listen_conn_limit: int = setting(Integer(), default=0)
    grpc_tls_config: Any = setting(Anything(), default=None)
    grpc_server_max_recv_msg_size: int = setting(Integer(), default=4 << 20)
    grpc_server_max_send_msg_size: int = setting(Integer(), default=4 << 20)
    grpc_server_max_concurrent_streams: int = setting(Integer(), default=100)
    grpc_server_max_connection_idle: Any = setting(Anything(), default=None)
    grpc_server_max_connection_age: Any = setting(Anything(), default=None)
    grpc_server_max_connection_age_grace: Any = setting(Anything(), default=None)
    grpc_server_keepalive_time: Any = setting(Anything(), default=None)
    grpc_server_keepalive_timeout: Any = setting(Anything(), default=None)
    grpc_server_min_time_between_pings: Any = setting(Anything(), default=None)
    grpc_server_ping_without_stream_allowed: Any = setting(Anything(), default=None)

    @property
    def prefix(self) -> str:
        """What stands before every path: no slash at its end."""
        return "/" + self.http_path_prefix.strip("/") if self.http_path_prefix.strip("/") else ""
