"""How long the label values may be that a query makes."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.model.errors import LimitExceeded

MAX_VALUE_LENGTH: Final = 4 << 20  # Characters of what label_replace and label_join make.


def check_value_length(length: int, function: str) -> None:
    """Nested calls multiply lengths: without a limit a short query makes values of gigabytes. Raises LimitExceeded."""
    if length > MAX_VALUE_LENGTH:
        raise LimitExceeded(
            f"{function}() would make a label value longer than {MAX_VALUE_LENGTH} characters", "label value length"
        )
