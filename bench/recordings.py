"""What the simulated targets say: recorded scrapes where they are at hand, seeded synthetic ones elsewhere."""

from __future__ import annotations

import random
from pathlib import Path

import zstandard

RECORDED = Path(__file__).parent.parent.parent / "shared" / "corpus" / "scrapes"
FRAMES = 300


def recorded(name: str) -> list[bytes]:
    """The bodies of one recording, one a second."""
    with (RECORDED / f"{name}.txt.zst").open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file).read()
    return [frame.partition(b"\n")[2] for frame in text.split(b"#@ ")[1:]]


def merged(first: bytes, second: bytes) -> bytes:
    """One body with the families of both; of a family that both have, the first one's."""
    seen = {line.split(b" ")[2] for line in first.splitlines() if line.startswith(b"# TYPE ")}
    out, keep = [first], True
    for line in second.splitlines(keepends=True):
        if line.startswith(b"# "):
            keep = line.split(b" ")[2] not in seen
        else:
            keep = keep and line.split(b"{")[0].split(b" ")[0] not in seen
        if keep:
            out.append(line)
    return b"".join(out)


def synthetic(seed: int) -> list[bytes]:
    """About 1,000 series: 7 of 10 constant, most of the others counters of whole numbers."""
    rng = random.Random(seed)
    values = [float(rng.randrange(10**6)) for _ in range(1000)]
    frames = []
    for _ in range(FRAMES):
        lines = []
        for i, value in enumerate(values):
            if i % 25 == 0:
                kind = "counter" if i % 50 else "gauge"
                lines.append(f"# HELP bench_family_{i // 25} Synthetic.\n# TYPE bench_family_{i // 25} {kind}\n")
            lines.append(f'bench_family_{i // 25}{{part="{i % 25}",mode="m{i % 7}"}} {value:.17g}\n')
            if i % 10 >= 7:
                values[i] = value + (rng.randrange(100) if i % 10 < 9 else rng.random())
        frames.append("".join(lines).encode())
    return frames


def bodies() -> tuple[list[list[bytes]], str]:
    """Recordings to replay, and where they come from."""
    if not RECORDED.is_dir():
        return [synthetic(seed) for seed in range(3)], "seeded synthetic scrapes (no recorded ones here)"
    node, prometheus, victoria = (recorded(name) for name in ("node_exporter", "prometheus", "victoria_metrics"))
    return [
        victoria,
        [merged(*pair) for pair in zip(node, prometheus, strict=True)],
        [merged(*pair) for pair in zip(node, victoria, strict=True)],
    ], "recorded scrapes of node_exporter, Prometheus and VictoriaMetrics"
