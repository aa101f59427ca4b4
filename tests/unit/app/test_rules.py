"""Where links of alerts lead."""

from __future__ import annotations

import socket

import pytest

from watchkeeper.app.options import Options
from watchkeeper.app.rules import external_url

HERE = f"http://{socket.gethostname()}:9090"


@pytest.mark.parametrize(
    ("options", "url"),
    [
        (Options(), HERE),
        (Options(route_prefix="/prom/"), f"{HERE}/prom"),
        (Options(external_url="https://watch.example/"), "https://watch.example"),
        (Options(external_url="https://watch.example/prom", route_prefix="/"), "https://watch.example/prom"),
    ],
)
def test_the_external_url(options: Options, url: str) -> None:
    assert external_url(options) == url
