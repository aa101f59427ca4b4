"""Fingerprints: the kernel and its slow twin agree."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.oracle.fingerprint import of_labels
from watchkeeper.alerts.fingerprint import fingerprint, fingerprint_text
from watchkeeper.core.model.labels import EMPTY, Labels

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.dictionaries(TEXT, TEXT.filter(bool), max_size=6))
def test_kernel_is_the_slow_twin(labels: dict[str, str]) -> None:
    assert fingerprint(Labels.of(labels)) == of_labels(list(labels.items()))


def test_known_fingerprints() -> None:
    assert fingerprint_text(EMPTY) == "cbf29ce484222325"
    assert fingerprint_text(Labels.of(alertname="x")) == "d240efc3896bf266"
