"""Alerts' `for` across a restart: how long each had waited is read from ALERTS_FOR_STATE.

Source: Prometheus rules/group.go, RestoreForState.
"""

from __future__ import annotations

import numpy as np

from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.core.model.labels import METRIC_NAME, Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.stale import missing_mask, stale_mask
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.metrics.interface import Budget, Querier
from watchkeeper.rules.alerting import ALERT_NAME, AlertingRule
from watchkeeper.rules.order import ALERTS_FOR_STATE
from watchkeeper.rules.settings import RuleOptions

log = get_logger("rule manager")


def restore_rule(rule: AlertingRule, querier: Querier, now_ms: int, options: RuleOptions, group: str) -> None:
    """Let the rule's alerts have begun when they did before the restart. A store that fails costs only that."""
    if not rule.restored and rule.loaded.for_ms >= options.grace_period_ms:
        try:
            before = _newest_states(rule.name, querier, now_ms - options.outage_tolerance_ms, now_ms)
            times_ms = {
                labels: restored_ms(*before[labels], rule.loaded.for_ms, options.grace_period_ms, now_ms)
                for labels in rule.active_since()
                if labels in before
            }
            rule.set_active_since(times_ms)
        except (WatchkeeperError, OSError) as error:
            # There is no second try: the alerts would then be asked of as they are written by ourselves.
            log.error("Failed to restore 'for' state", group=group, alert=rule.name, err=error)
        except Exception:  # A fault of ours must not end the group.
            log.exception("Failed to restore 'for' state for a reason of our own", group=group, alert=rule.name)
    rule.restored = True


def restored_ms(down_ms: int, active_ms: int, for_ms: int, grace_ms: int, now_ms: int) -> int:
    """When an alert is to have begun that was last written at `down_ms` and then had been active since `active_ms`.

    The time that the server was away does not count as waiting; an alert that has little left to wait waits a grace
    period, so that what it watches has a chance to be seen again; one that fired fires at once.
    """
    left_ms = for_ms - (down_ms - active_ms)
    if left_ms <= 0:
        return active_ms
    if left_ms < grace_ms:
        return now_ms + grace_ms - for_ms
    return active_ms + now_ms - down_ms


def _newest_states(alert: str, querier: Querier, start_ms: int, end_ms: int) -> dict[Labels, tuple[int, int]]:
    """By labels of an alert: when its state was last written, and what it says, in ms; without those that ended."""
    matchers = [
        Matcher(METRIC_NAME, MatchType.EQUAL, ALERTS_FOR_STATE),
        Matcher(ALERT_NAME, MatchType.EQUAL, alert),
    ]
    series = querier.select(matchers, start_ms, end_ms, Budget(), newest=True)
    is_sample, is_stale = ~missing_mask(series.values), stale_mask(series.values)
    out: dict[Labels, tuple[int, int]] = {}
    for i, labels in enumerate(series.labels):
        lo, hi, time_lo = int(series.value_lo[i]), int(series.value_hi[i]), int(series.time_lo[i])
        samples = np.flatnonzero(is_sample[lo:hi])
        if len(samples) and not is_stale[lo + samples[-1]]:
            newest = int(samples[-1])
            active_s = float(series.values[lo + newest])
            out[labels.drop([METRIC_NAME])] = int(series.times[time_lo + newest]), int(active_s) * 1000
    return out
