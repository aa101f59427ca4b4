"""Which texts match, by RE2 itself, one by one."""

from __future__ import annotations

from collections.abc import Iterable

import re2


def search(expression: str, texts: Iterable[bytes]) -> list[bool]:
    """Whether RE2 finds the expression in each text."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 64 << 20
    compiled = re2.compile(expression, options)
    return [compiled.search(text) is not None for text in texts]
