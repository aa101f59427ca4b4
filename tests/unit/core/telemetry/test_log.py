"""Log lines are one line each, quoted so that they parse again, and hold no secret."""

import io
import json
import logging

import pytest

from watchkeeper.core.telemetry import log


@pytest.fixture
def lines(request):
    stream = io.StringIO()
    log.configure(level="debug", stream=stream, clock=lambda: 1_700_000_000.1239)
    yield lambda: stream.getvalue().splitlines()
    log.configure()


def test_a_line(lines):
    log.get_logger("tsdb").info("head compacted", series=12, took_s=0.5, last=None, ok=True)
    assert lines() == [
        'ts=2023-11-14T22:13:20.123Z level=info component=tsdb msg="head compacted" '
        "series=12 took_s=0.5 last=null ok=true"
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "x"', '"say \\"x\\""'),
        ("line\nbreak\ttab", '"line\\nbreak\\ttab"'),
        ("\x1b[31mred\x7f", '"\\u001b[31mred\\u007f"'),
        ("größe", "größe"),
        (b"bytes \xff", '"bytes �"'),
        ("\udc80", "\\udc80"),
        (ValueError("no"), "no"),
        (KeyError(), "KeyError"),
        ("http://user:hunter2@host/x", "http://user:<secret>@host/x"),
    ],
)
def test_values_are_quoted(lines, value, text):
    log.get_logger("x").info("m", v=value)
    assert lines()[0].partition(" v=")[2] == text


def test_secrets_stay_inside(lines):
    log.get_logger("x").info(
        "login at https://a:hunter2@b", password="hunter2", bearer_token="hunter2", api_key=b"hunter2", tokens=5
    )
    assert "hunter2" not in lines()[0]
    assert "password=<secret>" in lines()[0]
    assert "tokens=5" in lines()[0]


def test_long_values_are_cut(lines):
    log.get_logger("x").info("m", body="a" * 100_000)
    assert len(lines()[0]) < 9000
    assert "(100000 characters)" in lines()[0]


def test_levels_and_bound_keys(lines):
    log.configure(level="warn", stream=log._output.stream)
    logger = log.get_logger("scrape").bind(pool="node")
    logger.debug("no")
    logger.info("no")
    logger.warn("yes", pool="own", msg="kept")
    logger.error("yes")
    assert not logger.is_enabled("info")
    assert len(lines()) == 2
    assert lines()[0].endswith("msg=yes pool=node pool_=own msg_=kept")


def test_json(lines):
    log.configure(format="json", stream=log._output.stream, clock=lambda: 0)
    log.get_logger("x").error("m", n=1, f=float("nan"), s="two\nlines", e=ValueError("bad"))
    assert json.loads(lines()[0]) == {
        "ts": "1970-01-01T00:00:00.000Z",
        "level": "error",
        "component": "x",
        "msg": "m",
        "n": 1,
        "f": "nan",
        "s": "two\nlines",
        "e": "bad",
    }


def test_exceptions_show_their_stack_in_one_line(lines):
    try:
        raise RuntimeError("broken")
    except RuntimeError:
        log.get_logger("x").exception("failed")
    assert len(lines()) == 1
    assert "err=broken" in lines()[0]
    assert "test_log.py" in lines()[0]


def test_bad_settings():
    with pytest.raises(ValueError, match="unrecognized log level 'loud'"):
        log.configure(level="loud")
    with pytest.raises(ValueError, match="unrecognized log format 'xml'"):
        log.configure(format="xml")


def test_a_closed_stream_stops_nobody():
    stream = io.StringIO()
    stream.close()
    log.configure(stream=stream)
    try:
        log.get_logger("x").info("m")
    finally:
        log.configure()


def test_libraries_write_through_us(lines):
    root = logging.getLogger()
    before = root.handlers, root.level
    try:
        log.capture_stdlib()
        logging.getLogger("aiohttp.server").error("bad %s", "request")
        logging.getLogger("aiohttp.server").error("bad %d", "format")
    finally:
        root.handlers, root.level = before
    assert lines()[0].endswith('level=error component=aiohttp.server msg="bad request"')
    assert lines()[1].endswith('msg="bad %d"')
