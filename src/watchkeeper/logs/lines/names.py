"""Names of labels that are found in lines."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Final

EXTRACTED: Final = "_extracted"  # Behind a name that the stream or its structured metadata has already.
_OTHER: Final = re.compile("[^a-zA-Z0-9_]")
_SPACE: Final = " \t\n\v\f\r\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def clean_name(key: str) -> str:
    """A key as the name of a label: `[^a-zA-Z0-9_]` becomes `_`, and a leading digit gets one before it.

    Space around the key is left out; a key of nothing else becomes the empty name, which no label has.
    """
    name = _OTHER.sub("_", key.strip(_SPACE))
    return "_" + name if name[:1].isdigit() else name


def extracted_name(name: str, taken: Container[str]) -> str:
    """The name of a label found in a line, where the names in `taken` stand for something else."""
    return name + EXTRACTED if name in taken else name
