"""What a sender left out of an alert, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

from watchkeeper.alerts.interface import Alert
from watchkeeper.core.model.labels import quote


def completed(alert: Alert, now_ns: int, resolve_timeout_ns: int) -> Alert:
    """The alert as it is stored: heard of now, with a start, and with an end to come where its sender gave none."""
    starts_ns = alert.starts_ns or alert.ends_ns or now_ns
    if alert.ends_ns:
        return replace(alert, starts_ns=starts_ns, updated_ns=now_ns)
    return replace(
        alert, starts_ns=starts_ns, ends_ns=now_ns + resolve_timeout_ns, updated_ns=now_ns, is_timeout=True
    )  # fmt: skip


def problem_of(alert: Alert) -> str:
    """Why a completed alert can't be stored, in upstream's words; empty where it can."""
    if alert.ends_ns < alert.starts_ns:
        return "start time must be before end time"
    if not alert.labels.pairs:
        return "at least one label pair required"
    for what, labels in (("label set", alert.labels), ("annotations", alert.annotations)):
        pairs = labels.pairs
        # One look at all texts together: names are sorted, so an empty one would be the first.
        if not pairs or (pairs[0][0] and _is_utf8("".join(chain.from_iterable(pairs)))):
            continue
        for name, value in pairs:
            if not name or not _is_utf8(name):
                return f"invalid {what}: invalid name {quote(name)}"
            if not _is_utf8(value):
                return f"invalid {what}: invalid value {quote(value)}"
    return ""


def _is_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
