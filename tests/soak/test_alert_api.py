"""The API of alerts under fuzz with seeds of its own: requests of its document, and bodies of anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.openapi import from_dict

from tests.processes.alert_server import alert_server
from tests.processes.running import started
from tests.processes.test_alert_api_fuzz import CHECKS, CONFIG, alerts, anything, assert_told, dumped, silences
from tests.soak.rounds import rounds
from watchkeeper.web.alertmanager.routes import ROUTES, description

pytestmark = pytest.mark.process

MANY = settings(
    max_examples=50, deadline=None, database=None, phases=(Phase.generate, Phase.shrink),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def drawn(number: int, strategy: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
    """Examples of a strategy from a seed, each checked."""

    @seed(number)
    @MANY
    @given(example=strategy)
    def run(example: Any) -> None:
        check(example)

    run()


def test_alert_api(tmp_path: Path) -> None:
    server = alert_server(tmp_path / "server", "--silences.max-silences", "5000", config=CONFIG)
    document = from_dict(description())
    operations = [document[route.path][route.method] for route in ROUTES]

    def ask(case: schemathesis.Case) -> None:
        case.validate_response(case.call(base_url=f"{server.url}/api/v2"), checks=CHECKS)

    def post(path: str) -> Callable[[Any], None]:
        def check(example: Any) -> None:
            body = example if isinstance(example, bytes) else dumped(example)
            assert_told(*server.request(f"/api/v2/{path}", body, "POST", Content_Type="application/json")[:2])

        return check

    def run(number: int) -> None:
        operation = operations[number % len(operations)]
        for mode in GenerationMode:
            if mode is GenerationMode.POSITIVE or operation.body or operation.query or operation.path_parameters:
                drawn(number, operation.as_strategy(generation_mode=mode), ask)
        drawn(number, st.lists(alerts, max_size=3) | anything | st.binary(max_size=40), post("alerts"))
        drawn(number, silences | anything | st.binary(max_size=40), post("silences"))

    with started(server):
        rounds("alert api", run)
        assert server.request("/-/healthy")[0] == 200
        assert server.stop() == 0
        assert "Traceback" not in server.log.read_text()
