import numpy as np
import pytest

from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.kernels.line_block import LEVELS
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.store.overrides import Overrides
from watchkeeper.logs.store.validate import Validator
from watchkeeper.logs.wire.push_protobuf import decode_protobuf, encode_push

SECOND = 1_000_000_000
NOW = 1_764_320_400 * SECOND  # 2025-11-28T09:00:00Z
APP = '{app="a"}'
FULL = '{app="a", service_name="a"}'


class Active:
    """Streams that are in memory."""

    def __init__(self, *labels: Labels) -> None:
        self.labels = set(labels)

    def streams_of(self, tenant: str) -> int:
        return len(self.labels)

    def is_active(self, tenant: str, labels: Labels) -> bool:
        return labels in self.labels


class Bench:
    """A validator with a clock and counters that can be looked at."""

    def __init__(self, yaml: str = "", active: Active | None = None) -> None:
        self.now = NOW
        self.registry = Registry()
        limits = decode(Limits, yaml, Load("limits.yml"))
        self.validator = Validator(Overrides(limits), self.registry, lambda: self.now, active)

    def push(self, *streams, tenant="fake"):
        """Validate (label text, entries); an entry is (time, line) or (time, line, metadata), or a line of now."""
        full = [
            (text, [((self.now, entry, ()) if isinstance(entry, bytes) else (*entry, ())[:3]) for entry in entries])
            for text, entries in streams
        ]
        return self.validator.validate(tenant, decode_protobuf(encode_push(full)))

    def discarded(self):
        """{reason: (entries, bytes)} of tenant fake."""
        out: dict[str, list[float]] = {}
        for family in self.registry.collect():
            if family.name.startswith("loki_discarded"):
                for _, names, values, value in family.samples:
                    labels = dict(zip(names, values, strict=True))
                    assert labels["tenant"] == "fake"
                    out.setdefault(labels["reason"], [0, 0])["bytes" in family.name] = value
        return {reason: tuple(pair) for reason, pair in out.items()}

    def value(self, name):
        return sum(value for family in self.registry.collect() if family.name == name for *_, value in family.samples)


def lines(result):
    batch = result.batch
    return [batch.data[at:end] for at, end in zip(batch.line_at.tolist(), batch.line_end.tolist(), strict=True)]


def levels(result):
    return [LEVELS[code] for code in result.levels.tolist()]


def told(result):
    return (result.error.status, str(result.error)) if result.error else None


def test_a_good_push_is_stored_as_it_came():
    bench = Bench()
    result = bench.push((APP, [b"one", b"two"]), ('{app="b"}', [b"three"]))
    assert result.error is None
    assert [str(labels) for labels in result.labels] == [FULL, '{app="b", service_name="b"}']
    assert result.batch.body is not None
    assert lines(result) == [b"one", b"two", b"three"]
    assert bench.value("loki_distributor_lines_received_total") == 3
    assert bench.value("loki_distributor_bytes_received_total") == 11
    assert bench.discarded() == {}


def test_a_push_without_streams_is_refused_with_422():
    assert told(Bench().push()) == (422, "error at least one valid stream is required for ingestion")


def test_streams_without_entries_are_no_error():
    result = Bench().push((APP, []))
    assert result.error is None
    assert len(result.batch.times_ns) == 0


@pytest.mark.parametrize(
    ("text", "reason", "message"),
    [
        ("{app", "invalid_labels", "Error parsing labels '{app' with error: 1:5: parse error: "),
        ("{}", "missing_labels", "error at least one label pair is required per stream"),
        ('{a="1", a="2"}', "duplicate_label_names", "stream '{a=\"1\", a=\"2\"}' has duplicate label name: 'a'"),
    ],
)
def test_labels_that_are_none_are_refused_and_the_other_streams_stored(text, reason, message):
    bench = Bench()
    result = bench.push((text, [b"bad", b"bad too"]), (APP, [b"good"]))
    assert result.error is not None
    assert result.error.status == 400
    assert str(result.error).startswith(message)
    assert lines(result) == [b"good"]
    assert [str(labels) for labels in result.labels] == [FULL]
    assert result.batch.body is None
    assert bench.discarded() == {reason: (2, 10)}


@pytest.mark.parametrize(
    ("yaml", "reason", "message"),
    [
        (
            "max_label_names_per_series: 1",
            "max_label_names_per_series",
            'entry for stream \'{app="a", env="prod", service_name="a"}\' has 2 label names; limit 1',
        ),
        (
            "max_label_name_length: 2",
            "label_name_too_long",
            'stream \'{app="a", env="prod", service_name="a"}\' has label name too long: \'app\'',
        ),
        (
            "max_label_value_length: 3",
            "label_value_too_long",
            'stream \'{app="a", env="prod", service_name="a"}\' has label value too long: \'prod\'',
        ),
        (
            "enforced_labels: [cluster, team, env]",
            "missing_enforced_labels",
            'missing required labels cluster,team for user fake for stream {app="a", env="prod", service_name="a"}',
        ),
    ],
)
def test_label_limits(yaml, reason, message):
    bench = Bench(yaml)
    result = bench.push(('{app="a", env="prod"}', [b"bad"]))
    assert told(result) == (400, message)
    assert len(result.batch.times_ns) == 0
    assert bench.discarded() == {reason: (1, 3)}


def test_service_name_does_not_count_as_a_label_name():
    assert Bench("max_label_names_per_series: 2").push(('{app="a", env="prod"}', [b"x"])).error is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{job="j", container="c"}', "c"),
        ('{k8s_job_name="n"}', "n"),
        ('{x="y"}', "unknown_service"),
        ('{app="a", service_name="own"}', "own"),
    ],
)
def test_service_name_comes_from_the_first_label_of_the_list(text, name):
    (labels,) = Bench().push((text, [b"x"])).labels
    assert labels.get("service_name") == name


def test_service_name_is_not_added_where_the_list_is_empty():
    (labels,) = Bench("discover_service_name: []").push((APP, [b"x"])).labels
    assert str(labels) == APP


def test_old_and_new_entries_are_refused_one_by_one():
    bench = Bench("{reject_old_samples_max_age: 1h, creation_grace_period: 10m}")
    result = bench.push(
        (APP, [(NOW - 3600 * SECOND, b"just"), (NOW - 3601 * SECOND, b"old"), (NOW + 601 * SECOND, b"new")]),
        ('{app="b"}', [(NOW + 600 * SECOND, b"just too")]),
    )
    assert lines(result) == [b"just", b"just too"]
    assert result.batch.entry_lo.tolist() == [0, 1, 2]
    assert told(result) == (
        400,
        f"entry for stream '{FULL}' has timestamp too old: 2025-11-28T07:59:59Z, oldest acceptable timestamp is: "
        "2025-11-28T08:00:00Z",
    )
    assert bench.discarded() == {"greater_than_max_sample_age": (1, 3), "too_far_in_future": (1, 3)}


def test_the_first_problem_is_told_whatever_is_checked_first():
    bench = Bench("{reject_old_samples_max_age: 1h, max_line_size: 5}")
    result = bench.push((APP, [(NOW + 3600 * SECOND, b"new")]), ("{", [b"x"]), (APP, [(0, b"old")]))
    assert told(result) == (400, f"entry for stream '{FULL}' has timestamp too new: 2025-11-28T10:00:00Z")


def test_old_entries_are_taken_where_that_is_set():
    assert Bench("reject_old_samples: false").push((APP, [(1, b"x")])).error is None


def test_long_lines_are_refused():
    bench = Bench("max_line_size: 4")
    result = bench.push((APP, [b"1234", b"12345"]))
    assert lines(result) == [b"1234"]
    assert told(result) == (
        400,
        f"max entry size '4' bytes exceeded for stream '{FULL}' while adding an entry with length '5' bytes",
    )
    assert bench.discarded() == {"line_too_long": (1, 5)}


def test_long_lines_are_cut_where_that_is_set():
    bench = Bench("{max_line_size: 4, max_line_size_truncate: true}")
    result = bench.push((APP, [b"1234", b"123456"]))
    assert result.error is None
    assert lines(result) == [b"1234", b"1234"]
    assert result.batch.body is None
    assert bench.value("loki_mutated_samples_total") == 1
    assert bench.value("loki_mutated_bytes_total") == 2


def test_cut_lines_end_in_the_identifier():
    yaml = "{max_line_size: 6, max_line_size_truncate: true, max_line_size_truncate_identifier: ' …'}"
    result = Bench(yaml).push((APP, [b"short", b"much longer"]), ('{app="b"}', [b"also longer"]))
    assert lines(result) == [b"short", "mu …".encode(), "al …".encode()]


@pytest.mark.parametrize(
    ("yaml", "reason", "message"),
    [
        (
            "max_structured_metadata_size: 4",
            "structured_metadata_too_large",
            f"stream '{FULL}' has structured metadata too large: '5' bytes, limit: '4' bytes. Please see "
            "`limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it.",
        ),
        (
            "max_structured_metadata_entries_count: 1",
            "structured_metadata_too_many",
            f"stream '{FULL}' has too many structured metadata labels: '2', limit: '1'. Please see "
            "`limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it.",
        ),
        (
            "allow_structured_metadata: false",
            "disallowed_structured_metadata",
            f"stream '{FULL}' includes structured metadata, but this feature is disallowed. Please see "
            "`limits_config.allow_structured_metadata` or contact your Loki administrator to enable it.",
        ),
    ],
)
def test_limits_of_structured_metadata(yaml, reason, message):
    bench = Bench(yaml)
    result = bench.push((APP, [b"bare", (NOW, b"line", (("k", "v"), ("ke", "v"))), b"bare too"]))
    assert told(result) == (400, message)
    assert lines(result) == [b"bare", b"bare too"]
    assert bench.discarded() == {reason: (1, 9)}
    assert bench.value("loki_distributor_structured_metadata_bytes_received_total") == 5


def test_metadata_of_good_entries_stays_with_them():
    result = Bench("max_line_size: 3").push(
        (APP, [(NOW, b"one", (("a", "1"),)), (NOW, b"long", (("b", "2"), ("c", "3"))), (NOW, b"two", (("d", "4"),))])
    )
    metadata, data = result.batch.metadata, result.batch.data
    assert metadata.pair_lo.tolist() == [0, 1, 2]
    names = [data[at:end] for at, end in zip(metadata.name_at, metadata.name_end, strict=True)]
    values = [data[at:end] for at, end in zip(metadata.value_at, metadata.value_end, strict=True)]
    assert (names, values) == ([b"a", b"d"], [b"1", b"4"])


def test_a_tenant_that_sends_too_much_is_refused_as_a_whole_and_later_taken():
    bench = Bench("{ingestion_rate_mb: 0.00001, ingestion_burst_size_mb: 0.00001}")  # 10.48576 bytes
    assert bench.push((APP, [b"12345678"])).error is None
    result = bench.push((APP, [b"1234", b"56"]))
    assert told(result) == (
        429,
        "ingestion rate limit exceeded for user fake (limit: 10 bytes/sec) while attempting to ingest '2' lines "
        "totaling '6' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased",
    )
    assert len(result.batch.times_ns) == 0
    assert bench.discarded() == {"rate_limited": (2, 6)}
    assert bench.push((APP, [b"other"]), tenant="other").error is None
    bench.now += SECOND
    assert bench.push((APP, [b"1234", b"56"])).error is None


def test_what_may_be_sent_again_is_told_before_what_may_not():
    bench = Bench("{ingestion_rate_mb: 0.000001, ingestion_burst_size_mb: 0.000001}")
    result = bench.push(("{", [b"bad"]), (APP, [b"much"]))
    assert result.error.status == 429
    assert bench.discarded() == {"invalid_labels": (1, 3), "rate_limited": (1, 4)}


def test_a_stream_to_which_too_much_is_sent():
    bench = Bench("{per_stream_rate_limit: 1KB, per_stream_rate_limit_burst: 1536}")
    result = bench.push((APP, [b"x" * 1000, b"x" * 600]), ('{app="b"}', [b"x" * 1536]))
    assert told(result) == (
        429,
        f"Per stream rate limit exceeded (limit: 1KB/sec) while attempting to ingest for stream '{FULL}' totaling "
        "1.6KB, consider splitting a stream via additional labels or contact your Loki administrator to see if the "
        "limit can be increased",
    )
    assert [len(line) for line in lines(result)] == [1536]
    assert bench.discarded() == {"per_stream_rate_limit": (2, 1600)}
    assert bench.push(('{app="b"}', [b"x"])).error.status == 429
    bench.now += SECOND
    assert bench.push(('{app="b"}', [b"x" * 1024])).error is None


def test_new_streams_beyond_the_limit_are_refused():
    known = Labels.of(app="a", service_name="a")
    bench = Bench("{max_global_streams_per_user: 2, max_streams_per_user: 3}", Active(known))
    result = bench.push((APP, [b"known"]), ('{app="b"}', [b"2nd"]), ('{app="c"}', [b"3rd"]), ('{app="b"}', [b"again"]))
    assert lines(result) == [b"known", b"2nd", b"again"]
    assert told(result) == (
        429,
        'maximum active stream limit exceeded when trying to create stream {app="c", service_name="c"}, reduce the '
        "number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if "
        "the limit can be increased, user: 'fake'",
    )
    assert bench.discarded() == {"stream_limit": (1, 3)}


def test_entries_are_taken_in_any_order_by_default():
    bench = Bench()
    assert bench.push((APP, [(NOW, b"new"), (NOW - 6 * 86400 * SECOND, b"old")])).error is None


def test_entries_too_far_behind_are_refused_where_a_cutoff_is_set():
    bench = Bench("out_of_order_cutoff: 1h")
    hour = 3600 * SECOND
    assert bench.push((APP, [(NOW - 2 * hour, b"first")])).error is None
    late = NOW - hour - 1
    result = bench.push((APP, [(NOW - hour, b"ahead"), (NOW, b"now"), (late, b"late"), (NOW - hour, b"just")]))
    assert lines(result) == [b"ahead", b"now", b"just"]
    assert told(result) == (
        400,
        "entry with timestamp 2025-11-28 07:59:59.999999999 +0000 UTC ignored, reason: 'entry too far behind, entry "
        "timestamp is: 2025-11-28T07:59:59Z, oldest acceptable timestamp is: 2025-11-28T08:00:00Z',\n"
        f"user 'fake', total ignored: 1 out of 4 for stream: {FULL}",
    )
    assert bench.discarded() == {"too_far_behind": (1, 4)}
    assert bench.push((APP, [(late, b"late")])).error is not None


def test_at_most_ten_late_entries_are_listed():
    bench = Bench("out_of_order_cutoff: 1h")
    result = bench.push((APP, [(NOW, b"now"), *[(NOW - 7200 * SECOND, b"late")] * 12]))
    assert str(result.error).count("entry with timestamp") == 10
    assert "total ignored: 12 out of 13" in str(result.error)


def test_a_tenant_can_be_blocked_for_a_while():
    bench = Bench("block_ingestion_until: 2025-11-28T09:00:01Z")
    result = bench.push((APP, [b"x"]))
    assert told(result) == (
        260,
        "ingestion blocked for user fake until '2025-11-28T09:00:01Z' with status code '260'",
    )
    assert bench.discarded() == {"blocked_ingestion": (1, 1)}
    bench.now += SECOND
    assert bench.push((APP, [b"x"])).error is None


def test_blocked_entries_can_be_dropped_without_telling():
    bench = Bench("{block_ingestion_until: 2025-11-28T09:00:01Z, block_ingestion_status_code: 200}")
    result = bench.push((APP, [b"x"]))
    assert result.error is None
    assert len(result.batch.times_ns) == 0


def test_a_policy_can_be_blocked_and_have_labels_of_its_own():
    bench = Bench(
        """
        policy_stream_mapping:
          finance: [{selector: '{env="prod"}', priority: 1}]
          ops: [{selector: '{env=~".+", team="ops"}', priority: 2}]
        block_ingestion_policy_until: {finance: 2025-11-28T09:00:01Z}
        policy_enforced_labels: {ops: [team, pager], "*": [env]}
        """
    )
    finance = bench.push(('{env="prod"}', [b"x"]))
    assert "ingestion blocked for user fake" in str(finance.error)
    assert "missing required labels pager for" in str(bench.push(('{env="prod", team="ops"}', [b"x"])).error)
    assert "missing required labels env for" in str(bench.push(('{app="x"}', [b"x"])).error)
    assert set(bench.discarded()) == {"blocked_ingestion_policy", "missing_enforced_labels"}


def test_equal_times_are_moved_apart_where_that_is_set():
    bench = Bench("increment_duplicate_timestamp: true")
    entries = [(NOW, b"a"), (NOW, b"b"), (NOW, b"c"), (NOW, b"c"), (NOW + 9, b"d")]
    result = bench.push((APP, entries), ('{app="b"}', [(NOW + 9, b"e")]))
    assert (result.batch.times_ns - NOW).tolist() == [0, 1, 2, 0, 9, 9]
    assert result.batch.body is None


def test_names_of_metadata_are_made_such_that_they_can_be_asked_for():
    bench = Bench()
    pairs = (("trace.id", "1"), ("ok", "2"), ("1st", "3"), ("_x", "4"), ("__y", "5"), ("é-b", "6"))
    result = bench.push((APP, [(NOW, b"one", pairs), (NOW, b"two", (("trace.id", "7"),))]))
    metadata, data = result.batch.metadata, result.batch.data
    names = [data[at:end].decode() for at, end in zip(metadata.name_at, metadata.name_end, strict=True)]
    values = [data[at:end].decode() for at, end in zip(metadata.value_at, metadata.value_end, strict=True)]
    assert names == ["trace_id", "ok", "key_1st", "key_x", "__y", "__b", "trace_id"]
    assert values == list("1234567")
    assert lines(result) == [b"one", b"two"]
    assert result.batch.body is None
    assert bench.value("loki_distributor_push_structured_metadata_sanitized_total") == 5


# --- levels ----------------------------------------------------------------------------------------------------------


def test_levels_come_from_lines():
    result = Bench().push((APP, [b"level=warn x", b'{"severity":"ERROR"}', b"it is [debug] so", b"nothing"]))
    assert levels(result) == ["warn", "error", "debug", "unknown"]


def test_levels_come_from_the_stream_before_metadata_before_the_line():
    metadata = (("lvl", "Warning"),)
    result = Bench().push(
        ('{level="INFO"}', [(NOW, b"level=error", metadata)]),
        ('{level="odd"}', [b"level=error"]),
        (APP, [(NOW, b"level=error", metadata), (NOW, b"level=error", (("pod", "lvl"),)), b"fatal"]),
    )
    assert levels(result) == ["info", "unknown", "warn", "error", "fatal"]


def test_levels_in_metadata_may_be_written_in_any_way():
    entries = [
        (NOW, b"x", (("level", text),)) for text in ("WARN", "warning", "wArN", "Err", "DBG", "notice", "", "x" * 99)
    ]
    result = Bench().push((APP, entries))
    assert levels(result) == ["warn", "warn", "warn", "error", "debug", "unknown", "unknown", "unknown"]


def test_the_first_of_the_level_fields_counts():
    bench = Bench("log_level_fields: [mine, level]")
    entries = [(NOW, b"x", (("level", "info"), ("mine", "debug"))), (NOW, b'{"lvl":"x","mine":"trace"}', ())]
    assert levels(bench.push((APP, entries))) == ["debug", "trace"]


@pytest.mark.parametrize(("depth", "level"), [(1, "error"), (2, "error"), (3, "debug"), (0, "debug"), (2**40, "debug")])
def test_fields_of_json_count_down_to_a_depth(depth, level):
    bench = Bench(f"log_level_from_json_max_depth: {depth}")
    assert levels(bench.push((APP, [b'{"msg":"error","a":{"b":{"level":"dbg"}}}']))) == [level]


@pytest.mark.parametrize(
    ("number", "level"), [("0", "unknown"), ("1", "trace"), ("8", "debug"), ("9", "info"), ("16", "warn"),
                          ("17", "error"), ("24", "fatal"), ("x", "info")],
)  # fmt: skip
def test_levels_come_from_opentelemetry_severities(number, level):
    result = Bench().push((APP, [(NOW, b"critical", (("severity_number", number),))]))
    assert levels(result) == [level]


def test_a_level_in_metadata_counts_more_than_a_severity_number():
    result = Bench().push((APP, [(NOW, b"x", (("severity_text", "warn"), ("severity_number", "17")))]))
    assert levels(result) == ["warn"]


def test_a_detected_level_that_was_sent_stays_alone():
    result = Bench().push((APP, [(NOW, b"level=error", (("detected_level", "odd"),)), b"level=error"]))
    assert levels(result) == ["", "error"]


def test_no_levels_where_that_is_set():
    assert Bench("discover_log_levels: false").push((APP, [b"level=error"])).levels is None


def test_levels_of_good_entries_only():
    result = Bench("max_line_size: 12").push((APP, [b"level=error", b"level=warn and long", b"level=info"]))
    assert levels(result) == ["error", "info"]
    assert result.levels.dtype == np.uint8


# --- tenants ---------------------------------------------------------------------------------------------------------


def test_other_limits_apply_at_once_and_give_no_second_burst():
    bench = Bench("{ingestion_rate_mb: 0.00001, ingestion_burst_size_mb: 0.00001}")
    assert bench.push((APP, [b"12345678"])).error is None
    yaml = "{ingestion_rate_mb: 0.00001, ingestion_burst_size_mb: 0.00001, max_line_size: 2}"
    bench.validator._overrides.replace_base(decode(Limits, yaml, Load("x")), (), 1)
    assert bench.push((APP, [b"123"])).error.status == 400
    assert bench.push((APP, [b"12"] * 4)).error.status == 429


def test_many_streams_are_forgotten_and_known_again(monkeypatch):
    monkeypatch.setattr("watchkeeper.logs.store.validate.MAX_KNOWN", 3)
    bench = Bench()
    for i in range(10):
        assert bench.push((f'{{app="{i}"}}', [b"x"])).error is None
    assert len(bench.validator._tenants["fake"].streams) <= 4
