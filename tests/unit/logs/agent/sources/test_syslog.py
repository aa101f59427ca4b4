"""Syslog: both formats, both framings, all three protocols."""

import asyncio
import ssl
import subprocess
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.logs.agent.sources.running import running, until, value
from watchkeeper.logs.agent.sources.syslog_message import Framing, SyslogError, parse_rfc3164, parse_rfc5424

NEW = (
    b'<165>1 2003-10-11T22:14:15.003Z host.example evntslog 12 ID47 [ex@32473 iut="3" t="a\\"b\\]c"][o k="v"] '
    b"\xef\xbb\xbfAn event"
)


def test_rfc5424():
    found = parse_rfc5424(NEW)
    assert (found.severity, found.facility) == ("notice", "local4")
    assert found.time_ns == 1065910455_003000000
    assert (found.hostname, found.app_name, found.proc_id, found.msg_id) == ("host.example", "evntslog", "12", "ID47")
    assert found.structured == {"ex@32473": {"iut": "3", "t": 'a"b]c'}, "o": {"k": "v"}}
    assert found.message == b"An event"
    bare = parse_rfc5424(b"<34>1 - - - - - -")
    assert (bare.time_ns, bare.hostname, bare.message, bare.structured) == (None, "", b"", {})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<999>1 - - - - - - x",
        b"<34>1 yesterday - - - - - x",
        b"<34>1 - - - - - x",
        b'<34>1 - - - - - [a b="c',
        b'<34>1 - - - - - [a b="c"',
        b"<34>1 - - - - - [a b] x",
    ],
)
def test_what_is_no_rfc5424(data):
    with pytest.raises(SyslogError):
        parse_rfc5424(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
            (1697062455, "mymachine", "su", "", b"'su root' failed"),
        ),
        (b"<13>Feb  5 17:32:18 10.0.0.99 app[42]: text: more", (1675618338, "10.0.0.99", "app", "42", b"text: more")),
        (b"<13>2023-02-05T17:32:18Z h plain words here", (1675618338, "h", "", "", b"plain words here")),
    ],
)
def test_rfc3164(data, expected):
    found = parse_rfc3164(data, datetime(2023, 11, 1, tzinfo=UTC))
    assert (found.time_ns // 10**9, found.hostname, found.app_name, found.proc_id, found.message) == expected


def test_the_year_of_rfc3164_at_its_turn():
    found = parse_rfc3164(b"<13>Dec 31 23:59:59 h a: x", datetime(2024, 1, 1, tzinfo=UTC))
    assert datetime.fromtimestamp(found.time_ns / 1e9, UTC).year == 2023


@given(st.lists(st.binary(min_size=1, max_size=50).filter(lambda one: b"\n" not in one), max_size=10), st.data())
def test_framing_of_any_cut(messages, data):
    stream = b""
    expected = []
    for message in messages:
        text = b"<1>" + message.rstrip(b"\r\n\0")
        counted = data.draw(st.booleans())
        stream += b"%d %s" % (len(text), text) if counted else text + b"\n"
        expected.append(text)
    framing = Framing(1000)
    found = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += framing.feed(stream[:cut])
        stream = stream[cut:]
    assert found == expected


def test_framing_refuses_and_skips():
    with pytest.raises(SyslogError, match="message too long"):
        Framing(10).feed(b"11 xxxxxxxxxxx")
    with pytest.raises(SyslogError):
        Framing(10).feed(b"1x2345678901234")
    framing = Framing(10)
    assert [one for one in framing.feed(b"<" + b"x" * 20 + b"\n<short\n<" + b"y" * 30) if one] == [b"<short"]
    assert [one for one in framing.feed(b"yy\n<end\n<last") if one] == [b"<end"]
    assert framing.n_too_long == 2
    assert framing.rest() == b"<last"


JOB = """
- job_name: s
  syslog: {listen_address: "127.0.0.1:0", labels: {job: syslog}, label_structured_data: true%s}
  relabel_configs:
    - {source_labels: [__syslog_message_hostname], target_label: host}
    - {source_labels: [__syslog_message_severity], target_label: level}
    - {source_labels: [__syslog_message_sd_ex_32473_iut], target_label: iut}
    - {source_labels: [__syslog_message_app_name], regex: drop, action: drop}
"""


async def test_tcp():
    async with running(JOB % ", use_incoming_timestamp: true") as (agent, collected):
        [source] = agent.sources["s"]
        reader, writer = await asyncio.open_connection(*source.address)
        writer.write(b"%d %s" % (len(NEW), NEW) + b"<34>1 - h drop - - - x\nbroken\n<34>1 - h a - - - last")
        writer.close()
        await until(lambda: len(collected.lines()) == 2)
        labels = {"job": "syslog", "host": "host.example", "level": "notice", "iut": "3"}
        assert collected.entries()[0] == (labels, 1065910455_003000000, "An event")
        assert collected.lines()[1] == "last"
        assert value(agent, "promtail_syslog_target_entries_total") == 2
        assert value(agent, "promtail_syslog_target_parsing_errors_total") == 1
        assert agent.is_ready
        reader.feed_eof()


async def test_udp_and_whole_messages():
    async with running(JOB % ", listen_protocol: udp, use_rfc5424_message: true") as (agent, collected):
        [source] = agent.sources["s"]
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=source.address
        )
        transport.sendto(NEW + b"\n")
        transport.sendto(b"<34>1 - - - - - -")
        await until(collected.lines)
        transport.close()
        assert collected.runs[0].lines == [NEW]
        await until(lambda: value(agent, "promtail_syslog_empty_messages_total") == 1)


async def test_tls(tmp_path):
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout key.pem -out cert.pem"
    subprocess.run(command.split(), check=True, capture_output=True, cwd=tmp_path)
    tls = f", tls_config: {{cert_file: {tmp_path}/cert.pem, key_file: {tmp_path}/key.pem}}"
    async with running(JOB % tls) as (agent, collected):
        [source] = agent.sources["s"]
        context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        _, writer = await asyncio.open_connection(*source.address, ssl=context, server_hostname="localhost")
        writer.write(NEW + b"\n")
        await until(collected.lines)
        writer.close()
        assert collected.lines() == ["An event"]


async def test_the_name_of_a_peer():
    rule = "    - {source_labels: [__syslog_connection_hostname], target_label: from}\n"
    async with running((JOB % "").rstrip() + "\n" + rule) as (agent, collected):
        [source] = agent.sources["s"]
        source._names["127.0.0.1"] = "sender.example"
        _, writer = await asyncio.open_connection(*source.address)
        writer.write(NEW + b"\n")
        await until(collected.lines)
        writer.close()
        assert collected.entries()[0][0]["from"] == "sender.example"


async def test_an_idle_connection_is_closed():
    async with running(JOB % ", idle_timeout: 50ms") as (agent, _):
        [source] = agent.sources["s"]
        reader, writer = await asyncio.open_connection(*source.address)
        assert await asyncio.wait_for(reader.read(), 2) == b""
        writer.close()
