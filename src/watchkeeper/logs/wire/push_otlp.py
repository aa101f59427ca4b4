"""Pushes of OpenTelemetry's logs: which attributes become labels of a stream, which structured metadata.

Attributes of the resource that are named become labels; all others, those of the scope and of the record, and the
record's own fields become structured metadata. A record's body is the line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import log_push
from watchkeeper.core.kernels.line_block import Metadata
from watchkeeper.core.kernels.log_push import FIXED, RECORD, RESOURCE, SCOPE, OtlpLogs
from watchkeeper.core.model.errors import WireError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.regex import regex
from watchkeeper.logs.interface import EntryBatch, PushError
from watchkeeper.logs.wire.otlp_values import attribute_name, flattened, request_from_json, value_text

Places = npt.NDArray[np.int64]

JSON_TYPE: Final = "application/json"
INDEX_LABELS: Final = (
    "service.name",
    "service.namespace",
    "service.instance.id",
    "deployment.environment",
    "deployment.environment.name",
    "cloud.region",
    "cloud.availability_zone",
    "k8s.cluster.name",
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.container.name",
    "container.name",
    "k8s.replicaset.name",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.cronjob.name",
    "k8s.job.name",
)
"""Attributes of resources that become labels where nothing else is said."""

METADATA, LABEL, DROP = range(3)  # What becomes of an attribute.
_ACTIONS: Final = {"structured_metadata": METADATA, "index_label": LABEL, "drop": DROP}
_SEVERITY_TEXT: Final = b"severity_text"


class AttributesRule(Protocol):
    """What becomes of attributes that have one of these names, or match the pattern (anchored)."""

    @property
    def action(self) -> str: ...
    @property
    def attributes(self) -> Sequence[str]: ...
    @property
    def regex(self) -> str: ...


class ResourceRules(Protocol):
    """Rules for attributes of resources, behind those of the defaults unless these are ignored."""

    @property
    def ignore_defaults(self) -> bool: ...
    @property
    def attributes_config(self) -> Sequence[AttributesRule]: ...


class OtlpConfig(Protocol):
    """A tenant's `otlp_config`. The first rule that names an attribute counts."""

    @property
    def resource_attributes(self) -> ResourceRules: ...
    @property
    def scope_attributes(self) -> Sequence[AttributesRule]: ...
    @property
    def log_attributes(self) -> Sequence[AttributesRule]: ...
    @property
    def severity_text_as_label(self) -> bool: ...


def decode_otlp(
    body: bytes,
    content_type: str,
    config: OtlpConfig,
    index_labels: Sequence[str] = INDEX_LABELS,
    now_ns: Callable[[], int] = time.time_ns,
) -> EntryBatch:
    """The records of a request, in protobuf or (by the content type) JSON, a stream for each set of labels.

    now_ns   the time of a record that has none
    Raises PushError (400) where the body is no request. Its `body` is None: what it means hangs on the settings.
    """
    try:
        message = request_from_json(body) if content_type == JSON_TYPE else body
        logs = log_push.decode_otlp(message)
        return _Batch(message, logs, _actions(logs.keys, config, index_labels), config).made(now_ns)
    except (WireError, ValueError) as error:
        raise PushError(400, f"couldn't parse OTLP logs: {error}") from None


def _actions(keys: Sequence[bytes], config: OtlpConfig, index_labels: Sequence[str]) -> npt.NDArray[np.uint8]:
    """uint8 (4, n_keys): by section and key."""
    resource = config.resource_attributes
    defaults = frozenset(() if resource.ignore_defaults else index_labels)
    out = np.zeros((4, len(keys)), np.uint8)
    for number, key in enumerate(keys):
        name = key.decode("utf-8", "replace")
        out[RESOURCE, number] = LABEL if name in defaults else _action(name, resource.attributes_config)
        scope = _action(name, config.scope_attributes)
        out[SCOPE, number] = DROP if scope == LABEL else scope  # A scope has no stream.
        out[RECORD, number] = _action(name, config.log_attributes)
    return out


def _action(name: str, rules: Sequence[AttributesRule]) -> int:
    for rule in rules:
        if name in rule.attributes or (rule.regex and regex(rule.regex).matches(name)):
            return _ACTIONS[rule.action]
    return METADATA


class _Batch:
    """Puts a batch together from a request that was taken apart."""

    def __init__(self, message: bytes, logs: OtlpLogs, actions: npt.NDArray[np.uint8], config: OtlpConfig) -> None:
        self.logs = logs
        self.config = config
        self.data = [message, logs.extra]
        self.size = len(message) + len(logs.extra)
        self.message = message
        self.action = actions[logs.pair_section, logs.pair_key]

    def made(self, now_ns: Callable[[], int]) -> EntryBatch:
        logs = self.logs
        n = len(logs.times_ns)
        streams, stream_of = self._streams()
        order = np.argsort(stream_of, kind="stable")
        times = logs.times_ns.copy()
        if not times.all():
            times[times == 0] = now_ns()
        line_at, line_end = self._lines()
        metadata = self._metadata(order)
        used, entry_lo = np.unique(stream_of[order], return_index=True)
        return EntryBatch(
            streams=[streams[number] for number in used.tolist()],
            entry_lo=np.append(entry_lo, n).astype(np.int64),
            times_ns=times[order],
            data=b"".join(self.data),
            line_at=line_at[order],
            line_end=line_end[order],
            metadata=metadata,
        )

    def _put(self, text: bytes) -> tuple[int, int]:
        """The place of a text that is new."""
        self.data.append(text)
        self.size += len(text)
        return self.size - len(text), self.size

    def _value(self, pair: int) -> str:
        """A pair's plain value."""
        at, end = int(self.logs.value_at[pair]), int(self.logs.value_end[pair])
        behind = len(self.message)
        text = self.logs.extra[at - behind : end - behind] if at >= behind else self.message[at:end]
        return text.decode("utf-8", "replace")

    def _expanded(self, pair: int) -> list[tuple[str, str]]:
        """The labels of one attribute, more than one where it is a map."""
        name = attribute_name(self.logs.keys[self.logs.pair_key[pair]].decode("utf-8", "replace"))
        if not self.logs.pair_nested[pair]:
            return [(name, self._value(pair))]
        return flattened(name, self.message[self.logs.value_at[pair] : self.logs.value_end[pair]])

    def _streams(self) -> tuple[list[Labels], Places]:
        """Label sets, and which each record has."""
        logs = self.logs
        labelled = self.action == LABEL
        numbers: dict[Labels, int] = {}
        of_resource = []
        for lo, hi in zip(logs.resource_lo.tolist(), logs.resource_hi.tolist(), strict=True):
            labels = Labels(pair for p in range(lo, hi) if labelled[p] for pair in self._expanded(p))
            of_resource.append(numbers.setdefault(labels, len(numbers)))
        resource = logs.scope_resource[logs.record_scope] if len(logs.record_scope) else logs.record_scope
        stream_of = np.array(of_resource, np.int64)[resource] if of_resource else np.zeros(0, np.int64)
        own = labelled & (logs.pair_section == RECORD)
        if self.config.severity_text_as_label and _SEVERITY_TEXT in logs.keys:
            own |= (logs.pair_section == FIXED) & (logs.pair_key == logs.keys.index(_SEVERITY_TEXT))
        if own.any():
            sets = list(numbers)
            pairs = np.flatnonzero(own)
            rows = np.searchsorted(logs.record_lo, pairs, side="right") - 1
            added: dict[int, dict[str, str]] = {}
            for row, pair in zip(rows.tolist(), pairs.tolist(), strict=True):
                added.setdefault(row, {}).update(self._expanded(pair))
            for row, more in added.items():
                labels = sets[stream_of[row]].with_(**more)
                stream_of[row] = numbers.setdefault(labels, len(numbers))
        return list(numbers), stream_of

    def _lines(self) -> tuple[Places, Places]:
        """Places of the bodies; those that are arrays and maps are written as JSON."""
        at, end = self.logs.line_at, self.logs.line_end
        for row in np.flatnonzero(self.logs.line_nested).tolist():
            at[row], end[row] = self._put(value_text(self.message[at[row] : end[row]]).encode())
        return at, end

    def _metadata(self, order: Places) -> Metadata | None:
        """What is no label, for the records in this order: each one's own, then its resource's, then its scope's."""
        logs = self.logs
        kept = np.flatnonzero(self.action == METADATA)
        behind = np.concatenate(([0], np.cumsum(self.action == METADATA)))
        nested = logs.pair_nested[kept].view(np.bool_)
        copies = np.ones(len(kept), np.int64)
        expanded = {place: self._expanded(int(kept[place])) for place in np.flatnonzero(nested).tolist()}
        for place, leaves in expanded.items():
            copies[place] = len(leaves)
        first = np.concatenate(([0], np.cumsum(copies)))  # Of each kept pair, where it goes.
        source = np.repeat(kept, copies)
        name_at, name_end = self._names(source)
        value_at, value_end = logs.value_at[source], logs.value_end[source]
        for place, leaves in expanded.items():
            for i, (name, value) in enumerate(leaves, int(first[place])):
                name_at[i], name_end[i] = self._put(name.encode())
                value_at[i], value_end[i] = self._put(value.encode())
        scope = logs.record_scope[order]
        resource = logs.scope_resource[scope] if len(scope) else scope
        bounds = (
            (logs.record_lo[order], logs.record_hi[order]),
            (logs.resource_lo[resource], logs.resource_hi[resource]),
            (logs.scope_lo[scope], logs.scope_hi[scope]),
        )
        lo = np.stack([first[behind[low]] for low, _ in bounds], axis=1)
        sizes = np.stack([first[behind[high]] for _, high in bounds], axis=1) - lo
        ends = np.cumsum(sizes.ravel())
        if not len(ends) or not ends[-1]:
            return None
        pair_lo = np.concatenate(([0], ends[2::3])).astype(np.int64)
        taken = np.arange(ends[-1]) + np.repeat(lo.ravel() - (ends - sizes.ravel()), sizes.ravel())
        return Metadata(pair_lo, name_at[taken], name_end[taken], value_at[taken], value_end[taken])

    def _names(self, pairs: Places) -> tuple[Places, Places]:
        """Places of the names of pairs; each distinct name is written once."""
        logs = self.logs
        fixed = logs.pair_section[pairs] == FIXED
        wanted = logs.pair_key[pairs].astype(np.int64) * 2 + fixed
        numbers, which = np.unique(wanted, return_inverse=True)
        places = np.zeros((len(numbers), 2), np.int64)
        for i, number in enumerate(numbers.tolist()):
            key = logs.keys[number // 2]
            places[i] = self._put(key if number % 2 else attribute_name(key.decode("utf-8", "replace")).encode())
        return places[which, 0], places[which, 1]
