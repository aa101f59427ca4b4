"""The twin of `core/kernels/pair_names`: one name after the other."""

from __future__ import annotations

import re
from collections.abc import Sequence


def find(names: Sequence[bytes], wanted: Sequence[bytes]) -> list[int]:
    """The index of each name among the wanted ones, -1 for none."""
    return [list(wanted).index(name) if name in wanted else -1 for name in names]


def improper(names: Sequence[bytes]) -> list[int]:
    """1 for each name that has to be changed."""
    return [int(not re.fullmatch(rb"(?:[a-zA-Z]|__)[a-zA-Z0-9_]*", name)) for name in names]
