"""The web configuration file: users, headers, TLS and client certificates, on every route; reading it again."""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import bcrypt
import pytest
import uvloop
from aiohttp import web

from watchkeeper.app.listen import Limits, Listener, Security, listen
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.web.access.config import RateLimit, load_web_config
from watchkeeper.web.access.gate import Access, Bucket
from watchkeeper.web.access.tls import is_allowed_peer, server_context

HASH = bcrypt.hashpw(b"secret", bcrypt.gensalt(4)).decode()
OLD_STYLE = HASH.replace("$2b$", "$2y$")


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def serve(access: Access, **limits: float) -> Listener:
    app = web.Application(middlewares=[access.middleware])
    app.on_response_prepare.append(access.add_headers)

    async def hello(_: web.Request) -> web.Response:
        return web.Response(text="hello")

    app.router.add_get("/", hello)
    return await listen(app, "127.0.0.1", free_port(), limits=Limits(**limits), security=Security(access.context))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA, and certificates of it for a server and a client."""
    made = tmp_path_factory.mktemp("certificates")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=made, check=True, capture_output=True)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=a test CA")
    for name, alternative in (("server", "IP:127.0.0.1"), ("client", "DNS:client.example")):
        openssl(
            "req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}",
            "-CA", "ca.pem", "-CAkey", "ca.key", "-addext", f"subjectAltName={alternative}",
            "-addext", "basicConstraints=critical,CA:FALSE",
        )  # fmt: skip
    return made


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as made:
        yield made


def client_context(certificates: Path, *, with_certificate: bool = False) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificates / "ca.pem"))
    if with_certificate:
        context.load_cert_chain(certificates / "client.pem", certificates / "client.key")
    return context


async def test_users(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    file = tmp_path / "web.yml"
    file.write_text(f"basic_auth_users:\n  alice: {HASH}\n  bob: {OLD_STYLE}\n")
    access = Access(file)
    listener = await serve(access)
    for auth, status in (
        ("", 401),
        ("alice:secret", 200),
        ("alice:secret", 200),
        ("bob:secret", 200),
        ("alice:wrong", 401),
        ("nobody:secret", 401),
        ("alice:" + "secret" + "x" * 100, 401),
    ):
        sent = {"Authorization": "Basic " + base64.b64encode(auth.encode()).decode()} if auth else {}
        async with session.get(listener.url, headers=sent) as response:
            assert response.status == status
            if status == 401:
                assert response.headers["WWW-Authenticate"] == "Basic"
                assert await response.text() == "Unauthorized\n"
    for header in ("Bearer x", "Basic", "Basic %%%", "Basic YWxpY2U=", "Basic " + "A" * 4000):
        async with session.get(listener.url, headers={"Authorization": header}) as response:
            assert response.status == 401
    # A path that no route takes is behind the gate too.
    async with session.get(f"{listener.url}/nothing") as response:
        assert response.status == 401
    await listener.close()
    access.close()


async def test_headers_and_a_change_of_the_file(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    file = tmp_path / "web.yml"
    file.write_text("http_server_config:\n  headers:\n    X-Frame-Options: deny\n    X-XSS-Protection: ''\n")
    access = Access(file)
    listener = await serve(access)

    async def answered() -> tuple[int, str | None]:
        async with session.get(listener.url) as response:
            assert "X-XSS-Protection" not in response.headers
            return response.status, response.headers.get("X-Frame-Options")

    assert await answered() == (200, "deny")
    file.write_text(f"basic_auth_users: {{alice: '{HASH}'}}\n")
    assert await answered() == (401, None)
    file.write_text("basic_auth_user: {}\n")  # Can't be used: the old one stays.
    assert await answered() == (401, None)
    file.write_text("{}")
    assert await answered() == (200, None)
    os.unlink(file)
    assert await answered() == (200, None)
    await listener.close()


async def test_tls(tmp_path: Path, certificates: Path, session: aiohttp.ClientSession) -> None:
    file = certificates / "web-tls.yml"
    file.write_text("tls_server_config: {cert_file: server.pem, key_file: server.key, min_version: TLS13}\n")
    access = Access(file)
    listener = await serve(access)
    assert listener.url.startswith("https://")
    async with session.get(listener.url, ssl=client_context(certificates)) as response:
        assert await response.text() == "hello"
    old = client_context(certificates)
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(aiohttp.ClientError):
        await session.get(listener.url, ssl=old)
    with pytest.raises(aiohttp.ClientError):
        await session.get(listener.url.replace("https", "http"))
    async with session.get(listener.url, ssl=client_context(certificates)) as response:
        assert response.status == 200
    await listener.close()


async def test_client_certificates(certificates: Path, session: aiohttp.ClientSession) -> None:
    common = "cert_file: server.pem, key_file: server.key, client_ca_file: ca.pem"
    for kind, without in (("RequireAndVerifyClientCert", False), ("VerifyClientCertIfGiven", True)):
        file = certificates / "web-clients.yml"
        file.write_text(f"tls_server_config: {{{common}, client_auth_type: {kind}}}\n")
        listener = await serve(Access(file))
        async with session.get(listener.url, ssl=client_context(certificates, with_certificate=True)) as response:
            assert response.status == 200
        try:
            async with aiohttp.ClientSession() as other, other.get(listener.url, ssl=client_context(certificates)):
                admitted = True
        except aiohttp.ClientError:
            admitted = False
        assert admitted is without
        await listener.close()


async def test_only_named_clients_come_in(certificates: Path) -> None:
    file = certificates / "web-names.yml"
    common = "cert_file: server.pem, key_file: server.key, client_ca_file: ca.pem"
    file.write_text(f"tls_server_config: {{{common}, client_auth_type: RequireAndVerifyClientCert}}\n")
    access = Access(file)
    for allowed, admitted in ((("client.example",), True), (("other.example",), False)):
        app = web.Application()
        security = Security(access.context, lambda peer, names=allowed: is_allowed_peer(peer, names))
        listener = await listen(app, "127.0.0.1", free_port(), security=security)
        context = client_context(certificates, with_certificate=True)
        try:
            async with aiohttp.ClientSession() as session, session.get(listener.url, ssl=context) as response:
                came_in = response.status == 404
        except (aiohttp.ClientError, OSError):
            came_in = False
        assert came_in is admitted
        await listener.close()


def test_only_named_clients_come_in_on_the_servers_loop(certificates: Path) -> None:
    uvloop.run(test_only_named_clients_come_in(certificates))


BAD = [
    ("basic_auth_users: {alice: secret}", 'the password of "alice" is not a bcrypt hash'),
    ("basic_auth_user: {}", 'unknown key "basic_auth_user"; did you mean "basic_auth_users"?'),
    ("http_server_config: {headers: {X-Other: a}}", 'header "X-Other" can not be set'),
    ("http_server_config: {headers: {X-Frame-Options: never}}", "expected deny or sameorigin"),
    ("tls_server_config: {cert_file: server.pem}", "missing one of key or key_file"),
    ("tls_server_config: {key_file: server.key}", "missing one of cert or cert_file"),
    ("tls_server_config: {cert_file: absent.pem, key_file: server.key}", "does not exist"),
    (
        "tls_server_config: {cert_file: server.pem, key_file: server.key, client_ca_file: ca.pem}",
        "Client CA's have been configured without a Client Auth Policy",
    ),
    (
        "tls_server_config: {cert_file: server.pem, key_file: server.key, client_auth_type: RequireAnyClientCert}",
        "not supported by watchkeeper",
    ),
    (
        "tls_server_config: {cert_file: server.pem, key_file: server.key, client_auth_type: VerifyClientCertIfGiven}",
        "a client CA is needed",
    ),
    (
        "tls_server_config: {cert_file: server.pem, key_file: server.key, client_allowed_sans: [a]}",
        "needs client_auth_type RequireAndVerifyClientCert",
    ),
    (
        "tls_server_config: {cert_file: server.pem, key_file: server.key, min_version: TLS13, max_version: TLS12}",
        "lower than min_version",
    ),
]


@pytest.mark.parametrize(("text", "message"), BAD, ids=[message for _, message in BAD])
def test_files_that_can_not_be_used(certificates: Path, text: str, message: str) -> None:
    file = certificates / "web-bad.yml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_web_config(file)
    assert message in str(caught.value)
    assert "web-bad.yml:1:" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_key_that_does_not_fit(certificates: Path) -> None:
    file = certificates / "web-key.yml"
    file.write_text("tls_server_config: {cert_file: server.pem, key_file: client.key}\n")
    loaded = load_web_config(file)
    assert loaded.tls_server_config is not None
    with pytest.raises(ConfigError, match="tls_server_config: unable to use it"):
        server_context(loaded.tls_server_config, str(file))


def test_inline_certificates_suites_and_curves(certificates: Path) -> None:
    file = certificates / "web-inline.yml"
    texts = {
        key: "|\n" + "".join(f"    {line}\n" for line in (certificates / name).read_text().splitlines())
        for key, name in (("cert", "server.pem"), ("key", "server.key"))
    }
    file.write_text(
        "tls_server_config:\n"
        + "".join(f"  {key}: {text}" for key, text in texts.items())
        + "  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n"
        + "  curve_preferences: [CurveP384]\n"
    )
    loaded = load_web_config(file)
    assert loaded.tls_server_config is not None
    context = server_context(loaded.tls_server_config, str(file))
    assert "ECDHE-ECDSA-AES256-GCM-SHA384" in {suite["name"] for suite in context.get_ciphers()}
    assert "PRIVATE" not in repr(loaded)


def test_the_bucket() -> None:
    bucket = Bucket(RateLimit(interval_ms=1000, burst=2))
    assert [bucket.take(100.0) for _ in range(3)] == [True, True, False]
    assert bucket.take(100.9) is False
    assert bucket.take(101.0) is True
    assert all(Bucket(RateLimit()).take(0.0) for _ in range(100))


async def test_connections_above_the_limit_wait() -> None:
    app, begun, go_on = web.Application(), asyncio.Semaphore(0), asyncio.Event()

    async def slow(_: web.Request) -> web.Response:
        begun.release()
        await go_on.wait()
        return web.Response(text="hello")

    app.router.add_get("/", slow)
    listener = await listen(app, "127.0.0.1", free_port(), limits=Limits(max_connections=2))
    port = int(listener.url.rpartition(":")[2])
    open_ones = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    for _, writer in open_ones:
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(10):
        await begun.acquire()
        await begun.acquire()
    with pytest.raises(TimeoutError):  # The third has not come in.
        await asyncio.wait_for(begun.acquire(), 0.2)
    go_on.set()
    for reader, writer in open_ones:
        assert (await asyncio.wait_for(reader.read(), 10)).endswith(b"hello")
        writer.close()
    await listener.close()


async def test_idle_connections_stay_while_nobody_else_comes(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text("{}")
    listener = await serve(Access(file), max_connections=1)
    port = int(listener.url.rpartition(":")[2])
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(2):
        writer.write(request)
        assert (await asyncio.wait_for(reader.readuntil(b"hello"), 10)).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.2)
    # Idle, it makes room for one that comes.
    second = await asyncio.open_connection("127.0.0.1", port)
    second[1].write(request)
    assert (await asyncio.wait_for(second[0].readuntil(b"hello"), 10)).startswith(b"HTTP/1.1 200")
    writer.close()
    second[1].close()
    await listener.close()


async def test_a_silent_connection_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "web.yml"
    file.write_text("{}")
    listener = await serve(Access(file), read_timeout_s=0.2)
    port = int(listener.url.rpartition(":")[2])
    for first in (b"", b"GET / HTTP/1.1\r\nHos"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(first)
        try:
            rest = await asyncio.wait_for(reader.read(), 10)
        except ConnectionResetError:
            rest = b""
        assert rest == b""
        writer.close()
    await listener.close()
