"""Bodies of requests."""

from __future__ import annotations

from dataclasses import replace

import orjson

from tests.unit.rules.send.alertmanager_double import alert
from watchkeeper.core.model.labels import Labels
from watchkeeper.rules.send.payload import encode_alerts, time_text


def test_a_whole_alert() -> None:
    one = replace(alert("Down", job="node"), annotations=Labels.of(summary="gone"), generator_url="http://here/graph?g")
    assert orjson.loads(encode_alerts([one])) == [
        {
            "labels": {"alertname": "Down", "job": "node"},
            "annotations": {"summary": "gone"},
            "startsAt": "1970-01-01T00:00:01.000Z",
            "endsAt": "1970-01-01T00:00:05.000Z",
            "generatorURL": "http://here/graph?g",
        }
    ]


def test_without_an_end_the_receiver_decides() -> None:
    [row] = orjson.loads(encode_alerts([replace(alert("Down"), ends_ns=0)]))
    assert "endsAt" not in row


def test_times_have_milliseconds_and_are_cut() -> None:
    assert time_text(1_700_000_000_123_999_999) == "2023-11-14T22:13:20.123Z"
    assert time_text(-1) == "1969-12-31T23:59:59.999Z"
    assert time_text(-62_135_596_800_000_000_000) == "0001-01-01T00:00:00.000Z"


def test_half_a_surrogate_pair_does_not_cost_the_batch() -> None:
    odd = replace(alert("Odd"), annotations=Labels.of(text="a\ud800b"))
    rows = orjson.loads(encode_alerts([odd, alert("Next")]))
    assert [row["labels"]["alertname"] for row in rows] == ["Odd", "Next"]
    assert rows[0]["annotations"] == {"text": "a?b"}
