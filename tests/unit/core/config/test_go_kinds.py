import pytest

from watchkeeper.core.config import go_kinds
from watchkeeper.core.config.decode import Load, decode, decode_value
from watchkeeper.core.config.dump import dump
from watchkeeper.core.config.go_kinds import format_duration_ns, format_time_ns, parse_duration_ns, parse_time_ns
from watchkeeper.core.config.schema import section, setting
from watchkeeper.core.model.errors import ConfigError


def read(kind, text):
    return decode_value(kind, text, Load("f.yml"))


def problem(kind, text):
    with pytest.raises(ConfigError) as caught:
        read(kind, text)
    (found,) = caught.value.problems
    return found.message


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("0", 0), ("0s", 0), ("30s", 30_000_000_000), ("1h30m", 5_400_000_000_000), ("1.5s", 1_500_000_000),
        (".5ms", 500_000), ("7us", 7000), ("7µs", 7000), ("9ns", 9), ("2w", 14 * 86_400_000_000_000),
        ("30d1h", 30 * 86_400_000_000_000 + 3_600_000_000_000), ("-1s", -1_000_000_000), ("1s1h", 3_601_000_000_000),
    ],
)  # fmt: skip
def test_durations(text, ns):
    assert parse_duration_ns(text) == ns
    assert parse_duration_ns(format_duration_ns(ns)) == ns


@pytest.mark.parametrize("text", ["", "s", "1", "30", "1x", "1h 30m", "--1s", "1h30", "9999999y", "."])
def test_durations_that_are_none(text):
    with pytest.raises(ValueError, match="duration"):
        parse_duration_ns(text)


def test_a_duration_without_unit_says_what_would_be_right():
    assert problem(go_kinds.Nanoseconds(), "30") == ('not a valid duration: "30" has no unit, write 30s for seconds')


def test_durations_below_zero_only_where_they_may_be():
    assert problem(go_kinds.Nanoseconds(), "-1s") == "must not be negative"
    assert problem(go_kinds.Nanoseconds(positive=True), "0") == "must be longer than 0s"
    assert read(go_kinds.Nanoseconds(negative=True), "-1") == -1
    assert read(go_kinds.Nanoseconds(negative=True), "-5s") == -5_000_000_000


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("1048576", 1 << 20), ("256KB", 256 << 10), ("1.5MiB", 3 << 19), ("4GB", 4 << 30), ("3m", 3 << 20),
     ("7B", 7), ("1e", 1 << 60)],
)  # fmt: skip
def test_sizes(text, size):
    kind = go_kinds.Bytes()
    assert read(kind, text) == size
    assert read(kind, str(kind.write(size))) == size


@pytest.mark.parametrize("text", ["-1", "x", "1 2", "1ZB", "[]"])
def test_sizes_that_are_none(text):
    problem(go_kinds.Bytes(), text)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T01:00:00.000000007+01:00", 7),
        ("1970-01-02", 86_400_000_000_000),
        ("1969-12-31T23:59:59.5Z", -500_000_000),
    ],
)
def test_times(text, ns):
    assert parse_time_ns(text) == ns
    assert parse_time_ns(format_time_ns(ns)) == ns


def test_times_that_are_none():
    for text in ("soon", "1970-01-01T00:00:00", "2026-13-01"):
        assert problem(go_kinds.Moment(), text).startswith("not a valid time")
    assert read(go_kinds.Moment(), "0") == 0


def test_days():
    assert read(go_kinds.Day(), "2024-04-01") == "2024-04-01"
    for text in ("2024-4-1", "2024-02-30", "20240401"):
        assert problem(go_kinds.Day(), text).startswith("not a valid date")


def test_words_as_a_list_or_with_commas():
    assert read(go_kinds.Words(), "[a, b]") == ("a", "b")
    assert read(go_kinds.Words(), "a, b,") == ("a", "b")
    assert read(go_kinds.Words(), '""') == ()
    assert problem(go_kinds.Words(), "[a, [b]]") == "expected text, found a list"


@section
class Blocks:
    any: object = setting(go_kinds.Accepted(), default=None)
    block: object = setting(go_kinds.AcceptedBlock(), default=None)


def test_accepted_blocks_hide_their_secrets():
    text = "{block: {host: h, password: hunter2, deep: [{acl_token: hunter3, sizes: [1]}]}, any: 3}"
    made = decode(Blocks, text, Load("f.yml"))
    assert made.any == 3
    assert "hunter" not in repr(made)
    assert dump(made) == (
        "any: 3\nblock:\n  host: h\n  password: <secret>\n  deep:\n  - acl_token: <secret>\n    sizes:\n    - 1\n"
    )


def test_an_accepted_block_is_a_mapping():
    with pytest.raises(ConfigError, match="1:9: block: expected a mapping, found a list"):
        decode(Blocks, "{block: []}", Load("f.yml"))


def test_a_lenient_load_warns_of_unknown_keys():
    load = Load("f.yml", lenient=True)
    made = decode(Blocks, "{blocks: {}, any: 1}", load)
    assert made.any == 1
    assert [str(warning) for warning in load.warnings] == [
        'f.yml:1:2: blocks: unknown key "blocks"; did you mean "block"?'
    ]
