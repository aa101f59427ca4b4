"""Seeded Kubernetes-like logs: 200 streams of 20 applications; JSON 60 %, logfmt 25 %, plain text 15 % of the bytes.

Half of the JSON lines carry random ids. Each application writes one shape of line, as real ones do, and its ten pods
write it at the same pace. The same seed gives the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

LEVELS = ("debug", "info", "info", "info", "info", "info", "info", "info", "warn", "error")
METHODS = ("GET", "GET", "GET", "POST", "PUT", "DELETE")
STATUSES = (200,) * 14 + (201, 204, 301, 304, 400, 401, 404, 404, 500, 503)
PATHS = ("/api/v1/users/{}", "/api/v1/orders/{}", "/api/v1/carts/{}/items", "/healthz", "/metrics", "/login")
WORDS = ("connection", "accepted", "cache", "refreshed", "worker", "finished", "retrying", "upstream", "closed", "idle")
AGENTS = ("Mozilla/5.0 (X11; Linux x86_64) Firefox/149.0", "curl/8.9.1", "kube-probe/1.33", "Go-http-client/2.0")
CLASSES = ("com.acme.orders.OrderService", "com.acme.pay.PaymentGateway", "org.spring.web.DispatcherServlet")
NODES = 10
PODS = 10
STEP_NS = 40_000_000  # Between two lines of one stream.

Line = Callable[[random.Random, int], str]


def _stamp(ts_ns: int) -> str:
    moment = datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ts_ns // 1_000_000 % 1000:03d}Z"


def _uuid(rng: random.Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _path(rng: random.Random) -> str:
    return rng.choice(PATHS).format(rng.randrange(100_000))


def _json_request(rng: random.Random, ts_ns: int) -> str:
    return (
        f'{{"ts":"{_stamp(ts_ns)}","level":"{rng.choice(LEVELS)}","msg":"request completed","method":'
        f'"{rng.choice(METHODS)}","path":"{_path(rng)}","status":{rng.choice(STATUSES)},"duration_ms":'
        f'{rng.expovariate(0.05):.3f},"bytes":{rng.randrange(50_000)},"request_id":"{_uuid(rng)}",'
        f'"trace_id":"{rng.getrandbits(128):032x}"}}'
    )


def _json_worker(rng: random.Random, ts_ns: int) -> str:
    return (
        f'{{"time":"{_stamp(ts_ns)}","level":"{rng.choice(LEVELS)}","logger":"worker.{rng.randrange(8)}","message":'
        f'"job {rng.randrange(100_000)} {rng.choice(WORDS)} after {rng.randrange(3000)} ms","queue":"q-'
        f'{rng.randrange(16)}","attempt":{rng.randrange(1, 4)},"status":{rng.choice(STATUSES)},"duration_ms":'
        f'{rng.expovariate(0.02):.3f},"ok":{"true" if rng.random() < 0.9 else "false"}}}'
    )


def _logfmt(rng: random.Random, ts_ns: int) -> str:
    return (
        f"ts={_stamp(ts_ns)} level={rng.choice(LEVELS)} component=shard-{rng.randrange(12)} caller="
        f'main.go:{rng.randrange(10, 400)} msg="{rng.choice(WORDS)} {rng.choice(WORDS)}" peer=10.{rng.randrange(4)}.'
        f"{rng.randrange(256)}.{rng.randrange(256)}:{rng.randrange(30_000, 60_000)} "
        f"duration={rng.random() * 900:.2f}ms status={rng.choice(STATUSES)}"
    )


def _nginx(rng: random.Random, ts_ns: int) -> str:
    moment = datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC)
    return (
        f"10.{rng.randrange(4)}.{rng.randrange(256)}.{rng.randrange(256)} - - [{moment:%d/%b/%Y:%H:%M:%S +0000}] "
        f'"{rng.choice(METHODS)} {_path(rng)} HTTP/1.1" {rng.choice(STATUSES)} {rng.randrange(30_000)} "-" '
        f'"{rng.choice(AGENTS)}" {rng.random():.3f}'
    )


def _java(rng: random.Random, ts_ns: int) -> str:
    level = rng.choice(LEVELS).upper()
    return (
        f"{_stamp(ts_ns)} {level:5} [http-nio-8080-exec-{rng.randrange(1, 33)}] {rng.choice(CLASSES)} : "
        f"{rng.choice(WORDS)} {rng.choice(WORDS)} id={rng.randrange(1_000_000)} took {rng.randrange(2000)} ms"
    )


# Twenty applications: 12 write JSON (six with random ids), 5 logfmt, 3 plain text; all lines are about equally long.
SHAPES: tuple[Line, ...] = (_json_request, _json_worker) * 6 + (_logfmt,) * 5 + (_nginx, _java, _nginx)


@dataclass(slots=True)
class Stream:
    """One pod's stream: how to write it, and all that it wrote, for the limits that are measured beside it."""

    app: str
    pod: str
    node: int
    line: Line
    labels: str = ""
    written: list[str] = field(default_factory=list)


def streams() -> list[Stream]:
    """The 200 streams, in their order."""
    out = []
    for number, line in enumerate(SHAPES):
        for pod in range(PODS):
            app, name = f"app-{number:02d}", f"app-{number:02d}-7d9f{pod:04x}"
            labels = (
                f'{{app="{app}", container="main", job="shop/{app}", namespace="shop", node="node-{pod % NODES}", '
                f'pod="{name}"}}'
            )
            out.append(Stream(app, name, pod % NODES, line, labels))
    return out


Push = list[tuple[Stream, list[tuple[int, str]]]]


def pushes(size_bytes: int, start_ns: int, seed: int = 1, lines_each: int = 250) -> Iterator[Push]:
    """Pushes of about 1 MB, one node's 20 streams each, until so many bytes of lines are written."""
    rng = random.Random(seed)
    all_streams = streams()
    by_node = [[stream for stream in all_streams if stream.node == node] for node in range(NODES)]
    written = n_pushes = 0
    while written < size_bytes:
        base_ns = start_ns + (n_pushes // NODES) * lines_each * STEP_NS
        push: Push = []
        for stream in by_node[n_pushes % NODES]:
            entries = []
            for i in range(lines_each):
                ts_ns = base_ns + i * STEP_NS + rng.randrange(STEP_NS)
                text = stream.line(rng, ts_ns)
                written += len(text)
                entries.append((ts_ns, text))
            push.append((stream, entries))
        n_pushes += 1
        yield push
