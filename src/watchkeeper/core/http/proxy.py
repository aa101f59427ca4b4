"""Which proxy, if any, a request goes through. Source of the rules: Go's net/http and httpproxy."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from urllib.parse import SplitResult, urlsplit

from watchkeeper.core.http.config import ProxyConfig

ProxyFor = Callable[[str], str | None]
"""The proxy's URL for a request's URL; None to go straight."""


def proxy_function(config: ProxyConfig, environ: Mapping[str, str]) -> ProxyFor:
    """The choice that a configuration means; `environ` counts only with `proxy_from_environment`."""
    if config.proxy_from_environment:
        http = environ.get("HTTP_PROXY") or environ.get("http_proxy") or ""
        https = environ.get("HTTPS_PROXY") or environ.get("https_proxy") or ""
        excluded = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
        return lambda url: _choose(url, _with_scheme(http), _with_scheme(https), excluded)
    if config.proxy_url is None:
        return lambda url: None
    proxy = config.proxy_url.reveal()
    if not config.no_proxy:
        return lambda url: proxy
    return lambda url: _choose(url, proxy, proxy, config.no_proxy)


def _with_scheme(url: str) -> str:
    return url if not url or "://" in url else f"http://{url}"


def _choose(url: str, http: str, https: str, excluded: str) -> str | None:
    parts = urlsplit(url)
    proxy = https if parts.scheme == "https" else http
    return proxy if proxy and not is_excluded(parts, excluded) else None


def is_excluded(parts: SplitResult, excluded: str) -> bool:
    """Whether a host is reached without a proxy: this machine always, else as the `no_proxy` list says.

    excluded   comma-separated: `*`, addresses, networks (`10.0.0.0/8`), hosts and domains (`example.com` with its
               subdomains, `.example.com` the subdomains alone), each with an optional port
    """
    host = (parts.hostname or "").lower().rstrip(".")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    for item in excluded.lower().split(","):
        rule = item.strip()
        if not rule:
            continue
        if rule == "*":
            return True
        if "/" in rule:
            try:
                network = ipaddress.ip_network(rule, strict=False)
            except ValueError:
                continue
            if address is not None and address.version == network.version and address in network:
                return True
            continue
        name, rule_port = _split_port(rule)
        if rule_port is not None and rule_port != port:
            continue
        rule_address = _address(name)
        if rule_address is not None:
            if rule_address == address:
                return True
            continue
        name = name.removeprefix("*")
        if host == name or host.endswith(name if name.startswith(".") else f".{name}"):
            return True
    return False


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def _split_port(rule: str) -> tuple[str, int | None]:
    if _address(rule) is not None:
        return rule, None
    name, colon, port = rule.rpartition(":")
    return (name, int(port)) if colon and port.isdecimal() else (rule, None)
