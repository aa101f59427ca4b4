"""Data sources behind TLS: whose authority, which name, and a certificate of our own."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.unit.web.grafana.conftest import MATRIX, Site


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of `store.example` that is its own authority, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=store.example", "-addext", "subjectAltName=DNS:store.example"]  # fmt: skip
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key


@pytest.fixture
async def store(pair: tuple[Path, Path]) -> AsyncIterator[str]:
    """A server that wants to see a certificate of whoever comes; its URL."""

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"status": "success", "data": MATRIX})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(pair[0]))
    context.load_cert_chain(*map(str, pair))
    context.verify_mode = ssl.CERT_REQUIRED
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    yield f"https://127.0.0.1:{server.port}"
    await server.close()


async def health(site: Site, url: str, settings: dict[str, Any], secrets: dict[str, str]) -> tuple[int, str]:
    body = {"name": "Far", "uid": "far", "type": "prometheus", "access": "proxy", "url": url, "jsonData": settings,
            "secureJsonData": secrets}  # fmt: skip
    await site.ask("DELETE", "/api/datasources/uid/far", by="admin")
    assert (await site.ask("POST", "/api/datasources", body, by="admin"))[0] == 200
    status, said = await site.ask("GET", "/api/datasources/uid/far/health", by="admin")
    return status, said["message"]


async def test_both_sides_show_who_they_are(site: Site, store: str, pair: tuple[Path, Path]) -> None:
    certificate, key = (path.read_text() for path in pair)
    own = {"tlsAuth": True, "tlsAuthWithCACert": True, "serverName": "store.example"}
    secrets = {"tlsCACert": certificate, "tlsClientCert": certificate, "tlsClientKey": key}
    assert (await health(site, store, own, secrets))[0] == 200
    # Whoever it is.
    assert (await health(site, store, {"tlsAuth": True, "tlsSkipVerify": True}, secrets))[0] == 200
    for settings, missing in (
        ({**own, "serverName": "other.example"}, ""), ({**own, "tlsAuthWithCACert": False}, ""),
        ({**own, "tlsAuth": False}, ""), (own, "tlsClientKey"), ({}, ""),
    ):  # fmt: skip
        left = {name: value for name, value in secrets.items() if name != missing}
        status, said = await health(site, store, settings, left)
        assert (status, "can't be reached" in said, key in said) == (400, True, False), settings


async def test_certificates_that_are_none(site: Site, store: str, pair: tuple[Path, Path]) -> None:
    certificate, key = (path.read_text() for path in pair)
    for secrets in (
        {"tlsCACert": "x"}, {"tlsClientCert": "x", "tlsClientKey": key},
        {"tlsClientCert": certificate, "tlsClientKey": "x"},
    ):  # fmt: skip
        settings = {"tlsAuth": True, "tlsAuthWithCACert": True}
        status, said = await health(site, store, settings, secrets)
        assert (status, said.startswith("Far: its certificates can't be used"), key in said) == (400, True, False)
