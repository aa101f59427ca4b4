"""What is known of a stream that was pushed before: its labels, and whether its entries are taken."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.store import discards
from watchkeeper.logs.store.discards import Problem
from watchkeeper.logs.store.levels import NONE, level_of_labels
from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.store.rates import TokenBucket
from watchkeeper.logs.wire.labels import DuplicateLabel, LabelsError, parse_labels

SERVICE_NAME: Final = "service_name"
UNKNOWN_SERVICE: Final = "unknown_service"
INTERNAL: Final = ("__aggregated_metric__", "__pattern__")
GLOBAL_POLICY: Final = "*"
NO_LABELS: Final = Labels()
LONG_AGO_NS: Final = -(1 << 63)


class KnownStream:
    """One stream of one tenant under the limits of one moment.

    problem    why none of its entries is taken; None where they are
    level      index into LEVELS that its labels name; 0 for none
    blocked_until_ns, is_policy   until when nothing is taken, and whether its policy says so
    newest_ns  of its entries so far; kept only where the limits ask how far entries are behind
    """

    __slots__ = ("blocked_until_ns", "bucket", "is_policy", "labels", "level", "newest_ns", "problem", "text")

    def __init__(self, tenant: str, sent: str | Labels, limits: Limits, now_ns: int) -> None:
        self.labels = NO_LABELS
        self.text = ""
        self.level = NONE
        self.problem: Problem | None = None
        self.bucket: TokenBucket | None = None
        self.newest_ns = LONG_AGO_NS
        self.is_policy = False
        self.blocked_until_ns = limits.block_ingestion_until_ns
        try:
            labels = parse_labels(sent) if isinstance(sent, str) else sent
        except DuplicateLabel as error:
            self.problem = discards.duplicate_label(error.message)
            return
        except LabelsError as error:
            self.problem = discards.invalid_labels(str(error))
            return
        if not labels:
            self.problem = discards.missing_labels()
            return
        self.labels = _with_service_name(labels, limits.discover_service_name)
        self.text = str(self.labels)
        policy = _policy_of(self.labels, limits)
        self._block(policy, limits)
        self.problem = self._label_problem(limits) or self._enforced_problem(tenant, policy, limits)
        if limits.discover_log_levels:
            self.level = level_of_labels(self.labels, limits.log_level_fields)
        if limits.per_stream_rate_limit:
            burst = max(limits.per_stream_rate_limit, limits.per_stream_rate_limit_burst)
            self.bucket = TokenBucket(limits.per_stream_rate_limit, burst, now_ns)

    def _label_problem(self, limits: Limits) -> Problem | None:
        names = [name for name, _ in self.labels]
        if any(name in INTERNAL for name in names):
            return None
        count = len(names) - (SERVICE_NAME in names)  # Mostly it was added here, so it never counts.
        if limits.max_label_names_per_series and count > limits.max_label_names_per_series:
            return discards.too_many_labels(self.text, count, limits.max_label_names_per_series)
        for name, value in self.labels:
            if limits.max_label_name_length and len(name.encode()) > limits.max_label_name_length:
                return discards.label_name_too_long(self.text, name)
            if limits.max_label_value_length and len(value.encode()) > limits.max_label_value_length:
                return discards.label_value_too_long(self.text, value)
        return None

    def _enforced_problem(self, tenant: str, policy: str, limits: Limits) -> Problem | None:
        enforced = [
            *limits.enforced_labels,
            *limits.policy_enforced_labels.get(GLOBAL_POLICY, ()),
            *(limits.policy_enforced_labels.get(policy, ()) if policy else ()),
        ]
        missing = [name for name in dict.fromkeys(enforced) if name not in self.labels]
        return discards.missing_enforced(missing, tenant, self.text) if missing else None

    def _block(self, policy: str, limits: Limits) -> None:
        until_ns = limits.block_ingestion_policy_until_ns
        if until_ns and self.blocked_until_ns == 0:
            self.blocked_until_ns = until_ns.get(policy or GLOBAL_POLICY, until_ns.get(GLOBAL_POLICY, 0))
            self.is_policy = True


def _with_service_name(labels: Labels, candidates: tuple[str, ...]) -> Labels:
    if not candidates or SERVICE_NAME in labels:
        return labels
    found = (labels.get(name) for name in candidates)
    return labels.with_(service_name=next((value for value in found if value), UNKNOWN_SERVICE))


def _policy_of(labels: Labels, limits: Limits) -> str:
    """The policy of the highest priority whose selector matches; empty for none."""
    best = ""
    highest = -(1 << 31)
    for policy, streams in limits.policy_stream_mapping.items():
        for stream in streams:
            matches = all(matcher.matches(labels.get(matcher.name)) for matcher in stream.selector)
            if matches and (stream.priority > highest or not best):
                best, highest = policy, stream.priority
    return best
