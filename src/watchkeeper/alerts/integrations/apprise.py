"""`apprise_configs`: a message to any of the services that the library apprise knows, each by its URL.

Not one of upstream's receivers. The library is imported when the first message is sent, and works in threads.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import sys
import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Final

from watchkeeper.alerts.integrations.apprise_urls import ServiceUrl, ServiceUrlKind, parse_line, parse_lines
from watchkeeper.alerts.integrations.checks import exactly_one
from watchkeeper.alerts.integrations.in_thread import in_thread
from watchkeeper.alerts.integrations.post import revealed, without_secrets
from watchkeeper.alerts.interface import Notice, NotifyError, Surroundings
from watchkeeper.alerts.templates.kind import TemplateText
from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.go_kinds import HOUR_NS, SECOND_NS, Nanoseconds
from watchkeeper.core.config.kinds import Boolean, Choice, FilePath, ListOf, Text
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.credentials import source
from watchkeeper.core.model.labels import Labels

_BODIES: Final = {
    "text": '{{ template "__text_notice" . }}',
    "markdown": '{{ template "__markdown_notice" . }}',
    "html": '<pre>{{ template "__text_notice" . }}</pre>',
}
_TYPES: Final = ("info", "success", "warning", "failure")
_MAX_THREADS: Final = 8  # Services of one receiver that are told at the same time.
_MAX_REMEMBERED: Final = 1000  # Groups of which some services were told and others were not.
_REPEAT_NS: Final = 4 * HOUR_NS  # After that a service is told again, though others still fail.
_UNKNOWN: Final = "apprise does not know this service, or its URL lacks something"
_GRACE_S: Final = 1.0  # For the library to end by itself at the deadline.


@section
class AppriseConfig:
    """Which services, and the texts."""

    UNSUPPORTED: ClassVar[dict[str, str]] = {
        "http_config": "apprise makes its own connections; set HTTPS_PROXY for a proxy, and the rest in the URLs"
    }

    send_resolved: bool = setting(Boolean(), default=True, show=True)
    urls: tuple[Secret, ...] = setting(
        ListOf(ServiceUrlKind()), default=(), help="as apprise documents them; tags may stand before, `ops=tgram://…`"
    )
    urls_file: str = setting(FilePath(), default="", help="a file with one URL on each line, read each time")
    title: str = setting(TemplateText(), default='{{ template "__subject" . }}')
    body: str = setting(TemplateText(), default="", help="a list of the alerts if not given")
    body_format: str = setting(
        Choice(*_BODIES), default="text", help="what the body is; turned into what a service takes"
    )
    tag: str = setting(Text(), default="", help="only services with one of these tags, separated by commas; else all")
    type: str = setting(
        TemplateText(),
        default='{{ if eq .Status "firing" }}failure{{ else }}success{{ end }}',
        help="info, success, warning or failure",
    )
    timeout_ns: int = setting(Nanoseconds(), key="timeout", default=30 * SECOND_NS, show=True, help="for one service")

    def checked(self, at: SectionPlace) -> AppriseConfig:
        """Reports services that are missing or given twice."""
        exactly_one(at, "urls", "urls_file")
        if at.given("urls") and not self.urls:
            at.report("urls", "must not be empty")
        if self.timeout_ns == 0:
            at.report("timeout", "must be longer than 0s")
        return self if self.body else dataclasses.replace(self, body=_BODIES[self.body_format])


class AppriseNotifier:
    """Tells each service of each notice; at another try only those that failed."""

    def __init__(self, config: AppriseConfig, surroundings: Surroundings) -> None:
        self._config = config
        self._templates = surroundings.templates
        self._file = source(None, config.urls_file, "URLs file") if config.urls_file else None
        self._timeout_s = config.timeout_ns / SECOND_NS
        self._too_late = f"no answer within {self._timeout_s:g} s"
        self._threads = ThreadPoolExecutor(_MAX_THREADS, thread_name_prefix="apprise")
        self._made: dict[str, Any] = {}
        # Group → its alerts, and the URLs that were told of them.
        self._told: OrderedDict[str, tuple[frozenset[tuple[Labels, bool]], dict[str, int]]] = OrderedDict()

    async def notify(self, notice: Notice) -> None:
        """Raises NotifyError where any service was not told; it is worth another try unless all of these never will."""
        message, services, known = await in_thread(self, self._prepared, notice)
        told = self._told_of(notice)
        pending = [service for service in services if service.url not in told]
        loop = asyncio.get_running_loop()
        tries = [
            loop.run_in_executor(self._threads, self._tell, service, known[service.url], message) for service in pending
        ]
        if tries:
            await asyncio.wait(tries, timeout=self._timeout_s + _GRACE_S)
        failures: list[str] = []
        reasons: set[str] = set()
        for service, attempt in zip(pending, tries, strict=True):
            reason = attempt.result() if attempt.done() else self._too_late
            if not reason:
                told[service.url] = notice.now_ns
            else:
                # One that is still under way goes on in its thread; what it says then is not asked for.
                attempt.cancel()
                failures.append(f"{service.where} ({service.scheme}): {reason}")
                reasons.add(reason)
        if not failures:
            self._told.pop(notice.group_key, None)
            return
        cause = "contextDeadlineExceeded" if reasons == {self._too_late} else "other"
        raise NotifyError("; ".join(failures), is_retryable=reasons != {_UNKNOWN}, cause=cause)

    async def close(self) -> None:
        """Take no more; a message that is under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _told_of(self, notice: Notice) -> dict[str, int]:
        """The URLs that were told of these alerts while others of the receiver failed, with the time.

        As long as one fails, the notice counts as not sent, and comes again with every interval of the group; those
        that work must not be told again each time.
        """
        alerts = frozenset((alert.labels, alert.is_resolved_at(notice.now_ns)) for alert in notice.alerts)
        last, told = self._told.pop(notice.group_key, (alerts, {}))
        if last != alerts:
            told = {}
        told = {url: told_ns for url, told_ns in told.items() if notice.now_ns - told_ns < _REPEAT_NS}
        self._told[notice.group_key] = (alerts, told)
        if len(self._told) > _MAX_REMEMBERED:
            self._told.popitem(last=False)
        return told

    def _prepared(self, notice: Notice) -> tuple[dict[str, Any], list[ServiceUrl], dict[str, Any]]:
        """The message, the services that get it, and the library's objects of these by URL."""
        config = self._config
        write = self._templates.html if config.body_format == "html" else self._templates.text
        kind = self._templates.text(config.type, notice, "type").strip().lower()
        if kind not in _TYPES:
            raise NotifyError(f'type: "{kind[:40]}" is not one of {", ".join(_TYPES)}', is_retryable=False)
        message = {
            "title": self._templates.text(config.title, notice, "title"),
            "body": write(config.body, notice, "body"),
            "notify_type": kind,
            "body_format": config.body_format,
        }
        services = self._services()
        wanted = {tag.strip() for tag in config.tag.split(",") if tag.strip()}
        if wanted:
            services = [service for service in services if wanted.intersection(service.tags)]
            if not services:
                raise NotifyError(f'no service has the tag "{config.tag}"', is_retryable=False)
        return message, services, self._known(services)

    def _services(self) -> list[ServiceUrl]:
        """Those of the configuration, or of the file as it is now."""
        if self._file is None:
            lines = enumerate(self._config.urls)
            found = (parse_line(url.reveal(), f"urls[{index}]") for index, url in lines)
            return [service for service in found if service is not None]
        services, bad = parse_lines(revealed(self._file).splitlines())
        if bad:
            raise NotifyError(f"{bad[0]} is not a service's URL", is_retryable=False)
        if not services:
            raise NotifyError("there are no URLs of services", is_retryable=False)
        return services

    def _known(self, services: Sequence[ServiceUrl]) -> dict[str, Any]:
        """Each of them as the library has it; kept, since some log in when they are made."""
        known = self._made
        self._made = {service.url: known.get(service.url) or _make(service) for service in services}
        return self._made

    def _tell(self, service: ServiceUrl, known: Any, message: dict[str, Any]) -> str:
        """Why it failed; empty where it did not. Runs in a thread."""
        if known is None:
            return _UNKNOWN
        try:
            one = _library().Apprise()
            one.add(known)
            with one.notify(**message, timeout=self._timeout_s) as result:
                if result:
                    return ""
                if result.timeout_count:
                    return self._too_late
                said = _distinct(entry.message for entry in result.logs())
        except Exception as error:  # A hundred plugins may raise what they like.
            said = [f"{type(error).__name__}: {error}"]
        return without_secrets("; ".join(said) or "the service did not take it", service.secrets)


def _make(service: ServiceUrl) -> Any:
    """The library's object for a service; None where it knows none."""
    apprise = _library()
    asset = apprise.AppriseAsset(
        app_id="watchkeeper",
        app_desc="watchkeeper notifications",
        secure_logging=True,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    return apprise.Apprise.instantiate(service.url, asset=asset)


_loading: Final = threading.Lock()


def _library() -> Any:
    """The module with all its services.

    What it logs holds parts of URLs, and so does what is logged below it; neither reaches our log.
    """
    with _loading:
        for name in ("apprise", "urllib3"):
            logger = logging.getLogger(name)
            if logger.propagate:
                logger.propagate = False
                logger.addHandler(logging.NullHandler())
        if "apprise" not in sys.modules:
            with warnings.catch_warnings():
                # Its services are loaded with the first URL, and some of them import what is deprecated.
                warnings.simplefilter("ignore")
                import apprise  # It takes a while, and most configurations do without.

                apprise.Apprise.instantiate("json://localhost")
    return sys.modules["apprise"]


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


CONFIG = AppriseConfig
NOTIFIER = AppriseNotifier
