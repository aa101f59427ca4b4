"""Names of labels from keys."""

from __future__ import annotations

import pytest

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.texts import Texts
from watchkeeper.logs.lines.names import clean_name, extracted_name

KEYS = {
    "status": "status",
    "a.b-c": "a_b_c",
    "9lives": "_9lives",
    " spaced ": "spaced",
    "grün": "gr_n",
    "日本": "__",
    "\u2003wide\u00a0": "wide",
    "": "",
    "  ": "",
    "_": "_",
}


@pytest.mark.parametrize(("key", "name"), KEYS.items())
def test_keys_become_names(key: str, name: str) -> None:
    assert clean_name(key) == name


def test_the_kernel_cleans_alike() -> None:
    lines = Texts.of(f'{{"{key}":1}}'.encode() for key in KEYS)
    assert set(line_fields.json(lines, None)[0]) == {name for name in KEYS.values() if name}


def test_a_taken_name_is_told_apart() -> None:
    assert extracted_name("app", {"app"}) == "app_extracted"
    assert extracted_name("app", ()) == "app"
