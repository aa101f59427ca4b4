"""Lines without colours."""

from __future__ import annotations

from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.lines.decolorize import decolorize


def test_escape_sequences_are_left_out() -> None:
    lines = Texts.of([b"\x1b[31mred\x1b[0m and \x1b[1;32mgreen\x1b[m", b"plain", b"\x1b]0;title\x07shell", b"\x1b"])
    assert list(decolorize(lines)) == [b"red and green", b"plain", b"shell", b"\x1b"]


def test_plain_lines_are_not_copied() -> None:
    lines = Texts.of([b"plain", b""])
    assert decolorize(lines) is lines
