"""Own metrics as protobuf's JSON."""

from __future__ import annotations

import orjson

from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.web.prometheus.family_json import family_json


def test_numbers_beyond_64_bits_are_numbers() -> None:
    registry = Registry()
    registry.gauge("limit_bytes", "Of memory.").set(1 << 70)
    (family,) = registry.collect()
    told = orjson.loads(orjson.dumps(family_json(family)))
    assert told["metric"] == [{"label": [], "gauge": {"value": float(1 << 70)}}]
