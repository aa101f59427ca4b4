"""Names in URLs."""

from __future__ import annotations

import pytest

from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.names import checked_uid, derived_uid, file_number, new_uid, slug_of


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Node Exporter Full", "node-exporter-full"),
        ("Kubernetes / Compute Resources / Pod", "kubernetes-compute-resources-pod"),
        ("Größe & Öl", "große-ol".replace("ß", "")),
        ("../../x", "x"),
        ("日本", "-"),
        ("a" * 300, "a" * 100),
    ],
)
def test_slugs(title: str, slug: str) -> None:
    assert slug_of(title) == slug


def test_uids() -> None:
    assert len({new_uid() for _ in range(100)}) == 100
    assert checked_uid(new_uid())
    assert derived_uid("a", "b") == derived_uid("a", "b") != derived_uid("ab", "")
    assert checked_uid(derived_uid("x")) == derived_uid("x")
    assert 1 << 30 <= file_number("x") < 1 << 31
    for wrong in ("", "a b", "ä", "a/b", "x" * 41):
        with pytest.raises(Refused):
            checked_uid(wrong)
