import asyncio
import socket
import struct
from contextlib import asynccontextmanager

import pytest

from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.discovery.config import DNSSDConfig
from watchkeeper.discovery.dns import DNSDiscoverer, Resolver, search_list
from watchkeeper.discovery.refresh import RefreshError
from watchkeeper.discovery.telemetry import DiscoveryMetrics

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "AAAA": 28, "SRV": 33}


def name_bytes(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.rstrip(".").split(".")) + b"\0"


def data_bytes(kind, value):
    match kind:
        case "A":
            return socket.inet_aton(value)
        case "AAAA":
            return socket.inet_pton(socket.AF_INET6, value)
        case "SRV":
            return struct.pack(">HHH", 1, 2, value[1]) + name_bytes(value[0])
        case "MX":
            return struct.pack(">H", 10) + name_bytes(value)
        case _:
            return name_bytes(value)


class Answers(asyncio.DatagramProtocol):
    """A name server of a few records; names under `broken.` fail, all others do not exist."""

    def __init__(self, records):
        self.records = records

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += 1 + data[at]
        name = ".".join(labels).lower()
        kind = next((word for word, code in TYPES.items() if code == struct.unpack_from(">H", data, at + 1)[0]), "")
        found = self.records.get((name, kind), [])
        known = any(name == other for other, _ in self.records)
        status = 2 if name.endswith("broken") else 0 if known else 3
        answers = b""
        for value in found:
            raw_kind, raw = value if isinstance(value, tuple) and value[0] in TYPES else (kind, value)
            body = data_bytes(raw_kind, raw)
            answers += b"\xc0\x0c" + struct.pack(">HHIH", TYPES[raw_kind], 1, 60, len(body)) + body
        head = data[:2] + struct.pack(">HHHHH", 0x8180 | status, 1, len(found), 0, 0)
        self.transport.sendto(head + data[12 : at + 5] + answers, addr)


RECORDS = {
    ("a.test", "A"): ["10.0.0.1", "10.0.0.2"],
    ("a.test", "AAAA"): ["fd00::1"],
    ("_x._tcp.test", "SRV"): [("host1.test", 9100), ("host2.test", 9200)],
    ("test", "MX"): ["mail.test"],
    ("test", "NS"): ["ns.test"],
    ("svc.ns.cluster", "A"): ["10.1.0.1"],
    ("alias.test", "A"): [("CNAME", "a.test"), ("A", "10.0.0.1")],
    ("none.test", "MX"): ["m.test"],
}


@asynccontextmanager
async def resolving():
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Answers(RECORDS), ("127.0.0.1", 0))
    resolver = Resolver([f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"])
    try:
        yield resolver.query
    finally:
        await resolver.close()
        transport.close()


def discoverer(text, resolv_conf, registry=None):
    config = decode(DNSSDConfig, text, Load("p.yml"))
    return DNSDiscoverer(config, DiscoveryMetrics(registry or Registry()), job="j", resolv_conf=resolv_conf)


@pytest.fixture
def resolv_conf(tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_text("search ns.cluster cluster\noptions ndots:2 timeout:1\n")
    return path


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        (
            "{names: [a.test], type: A, port: 80}",
            [{"__address__": "10.0.0.1:80"}, {"__address__": "10.0.0.2:80"}],
        ),
        ("{names: [a.test], type: AAAA, port: 80}", [{"__address__": "[fd00::1]:80"}]),
        (
            "{names: [_x._tcp.test]}",
            [
                {
                    "__address__": "host1.test:9100",
                    "__meta_dns_srv_record_target": "host1.test.",
                    "__meta_dns_srv_record_port": "9100",
                },
                {
                    "__address__": "host2.test:9200",
                    "__meta_dns_srv_record_target": "host2.test.",
                    "__meta_dns_srv_record_port": "9200",
                },
            ],
        ),
        (
            "{names: [test], type: MX, port: 25}",
            [{"__address__": "mail.test:25", "__meta_dns_mx_record_target": "mail.test."}],
        ),
        (
            "{names: [test], type: NS, port: 53}",
            [{"__address__": "ns.test:53", "__meta_dns_ns_record_target": "ns.test."}],
        ),
        ("{names: [svc], type: A, port: 1}", [{"__address__": "10.1.0.1:1"}]),
        ("{names: [alias.test], type: A, port: 1}", [{"__address__": "10.0.0.1:1"}]),
        ("{names: [nothing.test], type: A, port: 1}", []),
        ("{names: [none.test], type: A, port: 1}", []),
    ],
)
async def test_records_become_targets(text, targets, resolv_conf):
    async with resolving() as query:
        (group,) = await discoverer(text, resolv_conf).refresh(query)
    name = text.split("[")[1].split("]")[0]
    assert group.source == name
    assert [dict(target) for target in group.targets] == [{**target, "__meta_dns_name": name} for target in targets]


async def test_servers_that_fail(resolv_conf, capsys):
    registry = Registry()
    async with resolving() as query:
        text = "{names: [x.broken, a.test], type: A, port: 1}"
        groups = await discoverer(text, resolv_conf, registry).refresh(query)
        assert [group.source for group in groups] == ["a.test"]
        assert 'could not resolve \\"x.broken.\\"' in capsys.readouterr().err
        with pytest.raises(RefreshError, match="could not resolve"):
            await discoverer("{names: [x.broken], type: A, port: 1}", resolv_conf, registry).refresh(query)
    assert b"prometheus_sd_dns_lookup_failures_total 2\n" in registry.exposition()


@pytest.mark.parametrize(
    ("name", "conf", "expected"),
    [
        ("a.", "search x", ["a."]),
        ("a", "", ["a."]),
        ("a", "search x y\n", ["a.x.", "a.y.", "a."]),
        ("a.b", "search x\n", ["a.b.", "a.b.x."]),
        ("a.b", "nameserver 1.1.1.1\nsearch x. # c\noptions ndots:5 rotate\n", ["a.b.x.", "a.b."]),
        ("a", "domain x\noptions ndots:oops\n", ["a.x.", "a."]),
    ],
)
def test_search_list(name, conf, expected):
    assert search_list(name, conf) == expected
