"""What templates of notifications see of a notice. Names of fields and methods are upstream's."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from watchkeeper.alerts.fingerprint import fingerprint_text
from watchkeeper.alerts.interface import Alert, Notice
from watchkeeper.core.model.gotime import LAYOUTS, ZERO_TIME, GoTime
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.template.values import Function, GoType, StringMap, expose, function

_FIRST_NAME: Final = "alertname"  # Stands before all other names, wherever names are in order.
_QUOTED_FORM: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and its value."""

    name: str
    value: str


class Pairs(tuple[Pair, ...]):
    """Names and values in order."""

    __slots__ = ()

    def names(self) -> list[str]:
        """The names alone."""
        return [pair.name for pair in self]

    def values(self) -> list[str]:
        """The values alone."""
        return [pair.value for pair in self]

    def __str__(self) -> str:
        """`alertname=Down, job=node`."""
        return ", ".join(f"{pair.name}={pair.value}" for pair in self)


class KV(StringMap):
    """Labels or annotations: a `map[string]string` with methods."""

    def sorted_pairs(self) -> Pairs:
        """In the order of names, alertname first."""
        return Pairs(Pair(name, self[name]) for name in sorted(self, key=lambda name: (name != _FIRST_NAME, name)))

    def without(self, names: Iterable[str]) -> KV:
        """A copy without these names."""
        unwanted = set(names)
        return KV((name, value) for name, value in self.items() if name not in unwanted)

    def __str__(self) -> str:
        return str(self.sorted_pairs())


@dataclass(frozen=True, slots=True)
class AlertData:
    """One alert. `ends_at` of one that fires is Go's zero time."""

    status: str
    labels: KV
    annotations: KV
    starts_at: GoTime
    ends_at: GoTime
    generator_url: str
    fingerprint: str

    def json_fields(self) -> dict[str, Any]:
        """What JSON shows, in its order; the values are as templates have them."""
        return {
            "status": self.status,
            "labels": self.labels,
            "annotations": self.annotations,
            "startsAt": json_time(self.starts_at),
            "endsAt": json_time(self.ends_at),
            "generatorURL": self.generator_url,
            "fingerprint": self.fingerprint,
        }


class AlertList(tuple[AlertData, ...]):
    """The alerts of a notice, in its order."""

    __slots__ = ()

    def firing(self) -> AlertList:
        """Those that fire."""
        return AlertList(alert for alert in self if alert.status == "firing")

    def resolved(self) -> AlertList:
        """Those that have ended."""
        return AlertList(alert for alert in self if alert.status == "resolved")


@dataclass(frozen=True, slots=True)
class Data:
    """What dot is in a template.

    receiver   with the characters escaped that mean something in a regular expression, as upstream has it
    """

    receiver: str
    status: str
    alerts: AlertList
    group_labels: KV
    common_labels: KV
    common_annotations: KV
    external_url: str
    notification_reason: str
    route_labels: KV = field(default_factory=KV)
    now: GoTime = ZERO_TIME

    def json_fields(self) -> dict[str, Any]:
        """What JSON shows, in its order; the values are as templates have them."""
        return {
            "receiver": self.receiver,
            "status": self.status,
            "alerts": self.alerts,
            "groupLabels": self.group_labels,
            "commonLabels": self.common_labels,
            "commonAnnotations": self.common_annotations,
            "externalURL": self.external_url,
            "notification_reason": self.notification_reason,
        }


@functools.lru_cache(maxsize=4096)
def json_time(moment: GoTime) -> str:
    """As JSON has times: `2026-11-28T10:00:00.5Z`. The alerts of a notice share most of theirs."""
    return moment.format(LAYOUTS["RFC3339Nano"])


def data_of(notice: Notice, external_url: str) -> Data:
    """What the templates for a notice see."""
    return Data(
        receiver=_QUOTED_FORM.sub(lambda found: f"\\{found.group()}", notice.receiver),
        status=notice.status,
        alerts=AlertList(_alert(alert, notice.now_ns) for alert in notice.alerts),
        group_labels=KV(notice.group_labels.pairs),
        common_labels=_common([alert.labels for alert in notice.alerts]),
        common_annotations=_common([alert.annotations for alert in notice.alerts]),
        external_url=external_url,
        notification_reason=notice.reason.value,
        route_labels=KV(notice.route_labels.pairs),
        now=GoTime(notice.now_ns),
    )


def _alert(alert: Alert, now_ns: int) -> AlertData:
    is_resolved = alert.is_resolved_at(now_ns)
    return AlertData(
        status="resolved" if is_resolved else "firing",
        labels=KV(alert.labels.pairs),
        annotations=KV(alert.annotations.pairs),
        starts_at=GoTime(alert.starts_ns) if alert.starts_ns else ZERO_TIME,
        # The end of one that still fires is a guess of its sender, which upstream does not show either.
        ends_at=GoTime(alert.ends_ns) if is_resolved else ZERO_TIME,
        generator_url=alert.generator_url,
        fingerprint=fingerprint_text(alert.labels),
    )


def _common(sets: Sequence[Labels]) -> KV:
    """The pairs that all have."""
    if not sets:
        return KV()
    common = set(sets[0].pairs)
    for labels in sets[1:]:
        if not common:
            break
        common.intersection_update(labels.pairs)
    return KV(sorted(common))


# --- how templates see them ----------------------------------------------------------------------------------------

# So that annotations can name types that are known; the methods follow.
expose(KV, GoType("template.KV", text=str, kind="map"))


def _remove(labels: KV, names: object) -> KV:
    return (
        labels.without(name for name in names if isinstance(name, str)) if isinstance(names, list | tuple) else labels
    )


expose(
    Pair,
    GoType("template.Pair", fields={"Name": lambda pair: pair.name, "Value": lambda pair: pair.value}),
)
expose(
    Pairs,
    GoType(
        "template.Pairs",
        methods={"Names": Function(Pairs.names, ()), "Values": Function(Pairs.values, ()), "String": Function(str, ())},
        text=str,
        kind="slice",
    ),
)
expose(
    KV,
    GoType(
        "template.KV",
        methods={
            "SortedPairs": Function(KV.sorted_pairs, ()),
            "Remove": function(_remove, method=True),
            "Names": Function(lambda labels: labels.sorted_pairs().names(), ()),
            "Values": Function(lambda labels: labels.sorted_pairs().values(), ()),
            "String": Function(str, ()),
        },
        text=str,
        kind="map",
    ),
)
expose(
    AlertData,
    GoType(
        "template.Alert",
        fields={
            "Status": lambda alert: alert.status,
            "Labels": lambda alert: alert.labels,
            "Annotations": lambda alert: alert.annotations,
            "StartsAt": lambda alert: alert.starts_at,
            "EndsAt": lambda alert: alert.ends_at,
            "GeneratorURL": lambda alert: alert.generator_url,
            "Fingerprint": lambda alert: alert.fingerprint,
        },
    ),
)
expose(
    AlertList,
    GoType(
        "template.Alerts",
        methods={"Firing": Function(AlertList.firing, ()), "Resolved": Function(AlertList.resolved, ())},
        kind="slice",
    ),
)
expose(
    Data,
    GoType(
        "*template.Data",
        fields={
            "Receiver": lambda data: data.receiver,
            "Status": lambda data: data.status,
            "Alerts": lambda data: data.alerts,
            "GroupLabels": lambda data: data.group_labels,
            "CommonLabels": lambda data: data.common_labels,
            "CommonAnnotations": lambda data: data.common_annotations,
            "ExternalURL": lambda data: data.external_url,
            "NotificationReason": lambda data: data.notification_reason,
            "RouteLabels": lambda data: data.route_labels,
        },
    ),
)
