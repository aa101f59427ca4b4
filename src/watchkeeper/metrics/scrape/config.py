"""`global` and one of `scrape_configs`, as they are after all defaults are filled in."""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Final

from watchkeeper.core.config.decode import SectionPlace
from watchkeeper.core.config.env import expand
from watchkeeper.core.config.kinds import (
    Boolean,
    Choice,
    Duration,
    FilePath,
    Integer,
    ListOf,
    MapOf,
    Nested,
    Number,
    Size,
    Text,
)
from watchkeeper.core.config.schema import Inline, section, setting
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.model.duration import format_duration_ms
from watchkeeper.core.model.labels import is_legacy_name
from watchkeeper.core.relabel import RelabelConfig, check_label_name
from watchkeeper.discovery.config import DiscoveryConfigs

PROTOCOLS: Final = (
    "PrometheusProto",
    "OpenMetricsText1.0.0",
    "OpenMetricsText0.0.1",
    "PrometheusText1.0.0",
    "PrometheusText0.0.4",
)
DEFAULT_PROTOCOLS: Final = PROTOCOLS[1:]
ESCAPING_SCHEMES: Final = ("allow-utf-8", "underscores", "dots", "values")
VALIDATION_SCHEMES: Final = ("utf8", "legacy")

_INHERITED_SWITCHES: Final = (
    "scrape_native_histograms",
    "always_scrape_classic_histograms",
    "convert_classic_histograms_to_nhcb",
    "extra_scrape_metrics",
)
_PROTOCOL_LIST: Final = ListOf(Choice(*PROTOCOLS), filled=True)
_LEGACY_TEMPLATE: Final = re.compile(r"(?:(?:[a-zA-Z_]|\$(?:\{\w+\}|\w+))+\w*)+")


@section
class GlobalConfig:
    """What jobs take where they say nothing themselves."""

    scrape_interval_ms: int = setting(Duration(), key="scrape_interval", default=60_000)
    scrape_timeout_ms: int = setting(Duration(), key="scrape_timeout", default=10_000)
    scrape_protocols: tuple[str, ...] = setting(_PROTOCOL_LIST, default=DEFAULT_PROTOCOLS)
    evaluation_interval_ms: int = setting(Duration(), key="evaluation_interval", default=60_000)
    rule_query_offset_ms: int = setting(Duration(), key="rule_query_offset", default=0)
    query_log_file: str = setting(FilePath(), default="")
    scrape_failure_log_file: str = setting(FilePath(), default="")
    external_labels: dict[str, str] = setting(MapOf(Text(), check_label_name, ""), default_factory=dict)
    body_size_limit_bytes: int = setting(Size(), key="body_size_limit", default=0)
    sample_limit: int = setting(Integer(), default=0)
    target_limit: int = setting(Integer(), default=0)
    label_limit: int = setting(Integer(), default=0)
    label_name_length_limit: int = setting(Integer(), default=0)
    label_value_length_limit: int = setting(Integer(), default=0)
    keep_dropped_targets: int = setting(Integer(), default=0)
    metric_name_validation_scheme: str = setting(Choice(*VALIDATION_SCHEMES), default="utf8")
    metric_name_escaping_scheme: str = setting(Choice(*ESCAPING_SCHEMES), default="")
    scrape_native_histograms: bool = setting(Boolean(), default=False)
    convert_classic_histograms_to_nhcb: bool = setting(Boolean(), default=False)
    always_scrape_classic_histograms: bool = setting(Boolean(), default=False)
    extra_scrape_metrics: bool = setting(Boolean(), default=False)

    def checked(self, at: SectionPlace) -> GlobalConfig:
        """With zeros as their defaults, the timeout lowered to the interval, and external labels expanded."""
        changes: dict[str, Any] = {}
        interval_ms = self.scrape_interval_ms or 60_000
        timeout_ms = self.scrape_timeout_ms
        if at.given("scrape_timeout") and timeout_ms > interval_ms:
            at.report("scrape_timeout", _too_long(timeout_ms, interval_ms), involves=("scrape_interval",))
        changes["scrape_interval_ms"] = interval_ms
        changes["scrape_timeout_ms"] = (
            timeout_ms if at.given("scrape_timeout") and timeout_ms else min(10_000, interval_ms)
        )
        changes["evaluation_interval_ms"] = self.evaluation_interval_ms or 60_000
        _check_protocols(self.scrape_protocols, at)
        changes["external_labels"] = {
            name: expand(value, at.load.environ)[0] for name, value in sorted(self.external_labels.items())
        }
        if not at.given("metric_name_escaping_scheme"):
            legacy = self.metric_name_validation_scheme == "legacy"
            changes["metric_name_escaping_scheme"] = "underscores" if legacy else "allow-utf-8"
        elif self.metric_name_validation_scheme == "legacy" and self.metric_name_escaping_scheme == "allow-utf-8":
            problem = "utf8 metric names requested but validation scheme is not set to utf8"
            at.report("metric_name_escaping_scheme", problem, involves=("metric_name_validation_scheme",))
        if self.metric_name_validation_scheme == "legacy":
            for name in self.external_labels:
                if not is_legacy_name(name):
                    at.report("external_labels", f'"{name}" is not a valid label name')
        if self.scrape_native_histograms and not at.given("scrape_protocols"):
            changes["scrape_protocols"] = PROTOCOLS
        made = dataclasses.replace(self, **changes)
        at.load.share(made)
        return made


@section
class ScrapeConfig:
    """One job. Zero limits are off; what stands in `global` is filled in where the job says nothing."""

    job_name: str = setting(Text(filled=True))
    honor_labels: bool = setting(Boolean(), default=False)
    honor_timestamps: bool = setting(Boolean(), default=True, show=True)
    track_timestamps_staleness: bool = setting(Boolean(), default=False, show=True)
    params: dict[str, tuple[str, ...]] = setting(MapOf(ListOf(Text())), default_factory=dict)
    scrape_interval_ms: int = setting(Duration(), key="scrape_interval", default=0)
    scrape_timeout_ms: int = setting(Duration(), key="scrape_timeout", default=0)
    scrape_protocols: tuple[str, ...] = setting(_PROTOCOL_LIST, default=())
    fallback_scrape_protocol: str = setting(Choice(*PROTOCOLS), default="")
    scrape_native_histograms: bool = setting(Boolean(), default=False, show=True)
    always_scrape_classic_histograms: bool = setting(Boolean(), default=False, show=True)
    convert_classic_histograms_to_nhcb: bool = setting(Boolean(), default=False, show=True)
    extra_scrape_metrics: bool = setting(Boolean(), default=False, show=True)
    scrape_failure_log_file: str = setting(FilePath(), default="")
    metrics_path: str = setting(Text(), default="/metrics")
    scheme: str = setting(Choice("http", "https", fold=True), default="http")
    enable_compression: bool = setting(Boolean(), default=True, show=True)
    body_size_limit_bytes: int = setting(Size(), key="body_size_limit", default=0)
    sample_limit: int = setting(Integer(), default=0)
    target_limit: int = setting(Integer(), default=0)
    label_limit: int = setting(Integer(), default=0)
    label_name_length_limit: int = setting(Integer(), default=0)
    label_value_length_limit: int = setting(Integer(), default=0)
    native_histogram_bucket_limit: int = setting(Integer(), default=0)
    native_histogram_min_bucket_factor: float = setting(Number(0), default=0.0)
    keep_dropped_targets: int = setting(Integer(), default=0)
    metric_name_validation_scheme: str = setting(Choice(*VALIDATION_SCHEMES), default="")
    metric_name_escaping_scheme: str = setting(Choice(*ESCAPING_SCHEMES), default="")
    http_client: HTTPClientConfig = setting(Inline(HTTPClientConfig), default_factory=HTTPClientConfig)
    relabel_configs: tuple[RelabelConfig, ...] = setting(ListOf(Nested(RelabelConfig)), default=())
    metric_relabel_configs: tuple[RelabelConfig, ...] = setting(ListOf(Nested(RelabelConfig)), default=())
    discovery: DiscoveryConfigs = setting(Inline(DiscoveryConfigs), default_factory=DiscoveryConfigs)

    def checked(self, at: SectionPlace) -> ScrapeConfig:
        """With the global settings filled in; reports what does not fit together."""
        shared = at.load.shared(GlobalConfig)
        unset = {name: getattr(shared, name) for name in _INHERITED_SWITCHES if not at.given(name)}
        made = dataclasses.replace(self, **unset).with_defaults(shared)
        if made.scrape_timeout_ms > made.scrape_interval_ms:
            key = "scrape_timeout" if at.given("scrape_timeout") else "scrape_interval"
            problem = _too_long(made.scrape_timeout_ms, made.scrape_interval_ms)
            at.report(key, problem, involves=("scrape_interval", "scrape_timeout"))
        problem = f'found multiple scrape configs with job name "{self.job_name}"'
        at.claim("scrape config", "job_name", self.job_name, problem)
        _check_protocols(self.scrape_protocols, at)
        if not self.relabel_configs and not at.is_broken("relabel_configs"):
            self.discovery.report_urls(at)
        if made.metric_name_validation_scheme == "legacy":
            if at.given("metric_name_escaping_scheme") and self.metric_name_escaping_scheme == "allow-utf-8":
                problem = "utf8 metric names requested but validation scheme is not set to utf8"
                at.report("metric_name_escaping_scheme", problem, involves=("metric_name_validation_scheme",))
            for key, rules in (
                ("relabel_configs", self.relabel_configs),
                ("metric_relabel_configs", self.metric_relabel_configs),
            ):
                for i, rule in enumerate(rules):
                    _check_legacy_rule(key, i, rule, at)
        return made

    def with_defaults(self, shared: GlobalConfig) -> ScrapeConfig:
        """A copy in which what is zero or unset has the global value.

        A section that was made by a program (from a ServiceMonitor, say) becomes complete this way too.
        """
        interval_ms = self.scrape_interval_ms or shared.scrape_interval_ms
        limits = [
            "body_size_limit_bytes",
            "sample_limit",
            "target_limit",
            "label_limit",
            "label_name_length_limit",
            "label_value_length_limit",
            "keep_dropped_targets",
            "scrape_failure_log_file",
            "metric_name_validation_scheme",
        ]
        changes: dict[str, Any] = {name: getattr(self, name) or getattr(shared, name) for name in limits}
        changes["scrape_interval_ms"] = interval_ms
        changes["scrape_timeout_ms"] = self.scrape_timeout_ms or min(shared.scrape_timeout_ms, interval_ms)
        native = self.scrape_native_histograms
        changes["scrape_protocols"] = self.scrape_protocols or (
            PROTOCOLS if native and shared.scrape_protocols == DEFAULT_PROTOCOLS else shared.scrape_protocols
        )
        scheme = changes["metric_name_validation_scheme"] or "utf8"
        changes["metric_name_validation_scheme"] = scheme
        escaping = self.metric_name_escaping_scheme or shared.metric_name_escaping_scheme
        if not escaping or (scheme == "legacy" and escaping == "allow-utf-8"):
            escaping = "underscores" if scheme == "legacy" else "allow-utf-8"
        changes["metric_name_escaping_scheme"] = escaping
        return dataclasses.replace(self, **changes)


def _check_protocols(protocols: tuple[str, ...], at: SectionPlace) -> None:
    repeated = sorted({name for name in protocols if protocols.count(name) > 1})
    if repeated:
        at.report("scrape_protocols", f"duplicated protocol in scrape_protocols: {', '.join(repeated)}")


def _check_legacy_rule(key: str, index: int, rule: RelabelConfig, at: SectionPlace) -> None:
    """Reports a rule that makes label names with other characters than the legacy ones."""
    if rule.action == "labelmap":
        if not _LEGACY_TEMPLATE.fullmatch(rule.replacement):
            at.report(key, f"\"{rule.replacement}\" is invalid 'replacement' for labelmap action ({key}[{index}])")
    elif rule.target_label:
        fits = (
            _LEGACY_TEMPLATE.fullmatch(rule.target_label)
            if rule.action == "replace"
            else is_legacy_name(rule.target_label)
        )
        if not fits:
            problem = f"\"{rule.target_label}\" is invalid 'target_label' for {rule.action} action ({key}[{index}])"
            at.report(key, problem)


def _too_long(timeout_ms: int, interval_ms: int) -> str:
    timeout, interval = format_duration_ms(timeout_ms), format_duration_ms(interval_ms)
    return f"{timeout} is longer than scrape_interval {interval}"
