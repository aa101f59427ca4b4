"""What this API needs of the rest of the program, handed in at construction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.dashboards.datasource import Datasource
from watchkeeper.dashboards.provisioning.watch import Provisioning
from watchkeeper.dashboards.roles import Role
from watchkeeper.dashboards.state import State
from watchkeeper.web.grafana.apis.journal import Journal
from watchkeeper.web.grafana.login_limit import LoginLimit
from watchkeeper.web.grafana.ways import Way
from watchkeeper.web.lifecycle import Lifecycle

MAX_BODY_BYTES: Final = 32 << 20  # A snapshot carries the data of all its panels.


@dataclass(frozen=True, slots=True)
class Settings:
    """What flags decide.

    root_url          what links to this server begin with, without a slash at the end; empty where nobody said so:
                      then it is what a request asked for
    anonymous_role    of those who have not logged in; NONE to have them log in
    has_outer_users   whether something before the API asks for a user already, so that a name that is not known here
                      is no mistake
    parts             of the process, for the pages
    metrics_file, alerts_file   of Prometheus' and Alertmanager's configuration; empty where they are embedded
    """

    route_prefix: str = ""
    root_url: str = ""
    page_title: str = "watchkeeper"
    anonymous_role: Role = Role.VIEWER
    allow_embedding: bool = False
    has_outer_users: bool = False
    parts: tuple[str, ...] = ()
    metrics_file: str = ""
    alerts_file: str = ""


@dataclass(slots=True)
class Backend:
    """Collaborators of the API.

    way   how a datasource is asked
    run   runs short synchronous work on a worker thread
    limit   how many wrong passwords there may be
    journals, watches   of resources: what has changed, by kind, and how many follow it
    builtin_alerts, builtin_rules   uids of what `grafana` stands for in the paths of alerts and rules
    """

    settings: Settings
    lifecycle: Lifecycle
    registry: Registry
    state: State
    provisioning: Provisioning
    way: Callable[[Datasource], Way]
    run: Callable[[Callable[[], Any]], Awaitable[Any]]
    now_ms: Callable[[], int]
    limit: LoginLimit = field(default_factory=LoginLimit)
    journals: dict[str, Journal] = field(default_factory=dict)
    watches: int = 0
    builtin_alerts: str = "alertmanager"
    builtin_rules: str = "prometheus"
