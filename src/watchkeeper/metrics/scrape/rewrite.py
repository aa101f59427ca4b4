"""From the labels that a target exposes to the labels of a stored series.

Source of the rules: Prometheus scrape/target.go and scrape.go (honor_labels, `exported_`, metric_relabel_configs).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from watchkeeper.core.model.errors import TargetError
from watchkeeper.core.model.labels import METRIC_NAME, Labels, is_legacy_name, quote
from watchkeeper.core.relabel import Relabeler
from watchkeeper.metrics.scrape.limits import Limits

_EXPORTED: Final = "exported_"


class SeriesRewriter:
    """Target labels, metric relabelling and label limits of one target, applied to one new series at a time."""

    __slots__ = ("_honor_labels", "_legacy_names", "_limits", "_relabeler", "_target_labels")

    def __init__(
        self,
        target_labels: Labels,
        *,
        honor_labels: bool = False,
        relabeler: Relabeler | None = None,
        limits: Limits | None = None,
        legacy_names: bool = False,
    ) -> None:
        self._target_labels = target_labels.pairs
        self._honor_labels = honor_labels
        self._relabeler = relabeler
        self._limits = limits if limits is not None and limits.has_label_limits else None
        self._legacy_names = legacy_names

    @property
    def may_drop(self) -> bool:
        """Whether a series can be lost on the way."""
        return bool(self._relabeler)

    def rewrite(self, exposed: Sequence[tuple[str, str]]) -> Labels | None:
        """The stored labels of an exposed series, or None where relabelling drops it.

        Raises TargetError where the series makes the whole scrape invalid: a label twice, a limit, no name left.
        """
        labels = dict(exposed)
        if len(labels) < len(exposed):
            raise TargetError(f"label name {quote(_first_repeated(exposed))} is not unique: invalid sample")
        if self._honor_labels:
            for pair in self._target_labels:
                # An exposed label with an empty value counts as present: the Pushgateway's way to say "no instance".
                labels.setdefault(*pair)
        else:
            self._add_target_labels(labels)
        if self._relabeler:
            labels = {name: value for name, value in labels.items() if value}
            if not self._relabeler.apply(labels):
                return None
        stored = Labels(labels.items())
        if not labels.get(METRIC_NAME):
            raise TargetError("missing metric name (__name__ label)")
        if self._legacy_names and not all(
            is_legacy_name(value, colon=True) if name == METRIC_NAME else is_legacy_name(name) for name, value in stored
        ):
            raise TargetError(f"invalid metric name or label names: {stored}")
        if self._limits is not None:
            self._limits.check_labels(stored)
        return stored

    def _add_target_labels(self, labels: dict[str, str]) -> None:
        conflicts: list[tuple[str, str]] = []
        for name, value in self._target_labels:
            exposed = labels.get(name)
            if exposed:
                conflicts.append((name, exposed))
            labels[name] = value
        # Shorter names first, so that the outcome does not depend on the order of the target's labels.
        for name, value in sorted(conflicts, key=lambda pair: len(pair[0])):
            moved = _EXPORTED + name
            while labels.get(moved):
                moved = _EXPORTED + moved
            labels[moved] = value


def _first_repeated(exposed: Sequence[tuple[str, str]]) -> str:
    seen: set[str] = set()
    for name, _ in exposed:
        if name in seen:
            return name
        seen.add(name)
    return ""
