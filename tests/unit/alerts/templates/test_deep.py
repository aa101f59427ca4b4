from __future__ import annotations

import pytest

from watchkeeper.alerts.templates.deep import expanded


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("text", "text"),
        ("host: down", "host: down"),
        ("12", 12),
        ("1.5", 1.5),
        ("007", "007"),
        ("true", True),
        ("yes", "yes"),
        ("null", None),
        ("", None),
        ('[1, {"a": "{{ x }}"}]', [1, {"a": "{{ x }}"}]),
        ("{not json}", "{not json}"),
        ('"quoted"', '"quoted"'),
        (5, 5),
        (None, None),
        ({"a": ["1", {"b": "x"}], 3: "y"}, {"a": [1, {"b": "x"}], "3": "y"}),
        (("1", "b"), [1, "b"]),
    ],
)
def test_values(given, expected):
    assert expanded(given, str) == expected


def test_keys_and_texts_are_templates():
    assert expanded({"a": "b", "c": ["d"]}, str.upper) == {"A": "B", "C": ["D"]}
