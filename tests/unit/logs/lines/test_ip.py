"""Addresses in lines and labels."""

from __future__ import annotations

import pytest

from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.lines.ip import IpError, IpMatcher

LINES = [
    b"client 10.0.0.5:443 connected",
    b"client 10.0.1.5 connected",
    b"from 2001:db8::17 port 80",
    b"sentence ends with 10.0.0.5.",
    b"version 1.2.3",
    b"\xff 10.0.0.5",
    b"",
]


@pytest.mark.parametrize(
    ("pattern", "rows"),
    [
        ("10.0.0.5", [0, 5]),
        ("10.0.0.0/16", [0, 1, 5]),
        ("10.0.0.9/24", [0, 5]),
        ("10.0.0.6-10.0.1.5", [1]),
        ("10.0.0.5 - 10.0.0.5", [0, 5]),
        ("2001:db8::/32", [2]),
        ("2001:db8::17", [2]),
        ("::-ffff::", [2]),
        ("0.0.0.0/0", [0, 1, 5]),
    ],
)
def test_lines_that_hold_an_address(pattern: str, rows: list[int]) -> None:
    matcher = IpMatcher(pattern)
    assert matcher.in_lines(Texts.of(LINES)).nonzero()[0].tolist() == rows
    assert [i for i, line in enumerate(LINES) if matcher.in_text(line.decode("utf-8", "surrogateescape"))] == rows


@pytest.mark.parametrize(
    "pattern", ["", "x", "10.0.0", "10.0.0.1/33", "10.0.0.2-10.0.0.1", "10.0.0.1-::1", "fe80::1%eth0", "010.0.0.1"]
)
def test_other_patterns_are_refused(pattern: str) -> None:
    with pytest.raises(IpError) as error:
        IpMatcher(pattern)
    assert str(error.value) == f'ip: invalid pattern: "{pattern}"'
