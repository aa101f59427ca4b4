"""What one configuration is made of while it is in force."""

from __future__ import annotations

from dataclasses import dataclass

from watchkeeper.alerts.dispatch import Dispatcher
from watchkeeper.alerts.inhibit import Inhibitor
from watchkeeper.alerts.interface import Notifier
from watchkeeper.alerts.pipeline import Pipeline


@dataclass(slots=True)
class Running:
    """The parts that a reload replaces; the store, silences and the notification log outlive them."""

    dispatcher: Dispatcher
    pipeline: Pipeline
    inhibitor: Inhibitor
    notifiers: list[Notifier]
    resolve_timeout_ns: int
