"""Validation of whole pushes agrees with validation entry by entry, over several pushes in a row."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.log_validation import SlowValidator
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.store.overrides import Overrides
from watchkeeper.logs.store.validate import Validator
from watchkeeper.logs.wire.push_protobuf import decode_protobuf, encode_push

SECOND = 1_000_000_000
NOW = 1_764_320_400 * SECOND

texts = st.sampled_from(
    ['{app="a"}', '{app="b", env="x"}', '{service_name="s"}', '{a="1", b="2", c="3"}', "{}", "{app=", '{a="1", a="2"}',
     '{long_name="x"}', '{app="long value"}', '{job=""}', '{ app = "a" }']
)  # fmt: skip
entries = st.tuples(
    st.integers(-5, 5).map(lambda seconds: NOW + seconds * SECOND),
    st.binary(max_size=12),
    st.lists(st.tuples(st.sampled_from(["k", "key"]), st.text("vé", max_size=3)), max_size=3),
)
pushes = st.lists(st.tuples(texts, st.lists(entries, max_size=5)), max_size=5)


def some(*values):
    return st.sampled_from(values)


limits = st.builds(
    Limits,
    reject_old_samples=st.booleans(),
    reject_old_samples_max_age_ns=some(0, 3 * SECOND, 60 * SECOND),
    creation_grace_period_ns=some(0, 3 * SECOND, 60 * SECOND),
    max_line_size=some(0, 4, 100),
    allow_structured_metadata=st.booleans(),
    max_structured_metadata_size=some(0, 5),
    max_structured_metadata_entries_count=some(0, 2),
    max_label_names_per_series=some(1, 2, 15),
    max_label_name_length=some(5, 1024),
    max_label_value_length=some(5, 2048),
    ingestion_rate_mb=some(0.0, 0.00001),
    ingestion_burst_size_mb=some(0.00002, 0.0001),
    per_stream_rate_limit=some(0, 5),
    per_stream_rate_limit_burst=some(5, 30),
    max_global_streams_per_user=some(0, 1, 2),
    out_of_order_cutoff_ns=some(0, 2 * SECOND),
)


class Active:
    def __init__(self):
        self.labels = set()

    def streams_of(self, tenant):
        return len(self.labels)

    def is_active(self, tenant, labels):
        return labels in self.labels


@given(limits, st.lists(pushes, min_size=1, max_size=3))
def test_whole_pushes_agree_with_entry_by_entry(limits, many):
    active, registry, slow = Active(), Registry(), SlowValidator(limits)
    now = [NOW]
    fast = Validator(Overrides(limits), registry, lambda: now[0], active)
    refused: Counter[str] = Counter()
    for push in many:
        expected, status, reasons = slow.push(push, now[0])
        refused += reasons
        result = fast.validate("t", decode_protobuf(encode_push(push)))
        batch = result.batch
        got = []
        for i, labels in enumerate(result.labels):
            for row in range(int(batch.entry_lo[i]), int(batch.entry_lo[i + 1])):
                line = batch.data[batch.line_at[row] : batch.line_end[row]]
                got.append((str(labels), int(batch.times_ns[row]), line))
        assert got == expected
        assert (result.error.status if result.error else None) == status
        assert result.levels is None or len(result.levels) == len(got)
        counted = {
            values[0]: value
            for family in registry.collect()
            if family.name == "loki_discarded_samples_total"
            for _, _, values, value in family.samples
            if value
        }
        assert counted == dict(refused)
        stored = {labels for i, labels in enumerate(result.labels) if batch.entry_lo[i] < batch.entry_lo[i + 1]}
        active.labels |= stored
        slow.active |= stored
        now[0] += SECOND
