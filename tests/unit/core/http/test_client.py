import asyncio
import base64
import ssl
import subprocess
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web

from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.http.client import HTTPClient, describe, read_limited
from watchkeeper.core.http.config import HTTPClientConfig
from watchkeeper.core.http.credentials import CredentialError


def config(text, base=None):
    return decode(HTTPClientConfig, text, Load("http.yml", base_dir=base))


@asynccontextmanager
async def server(handler, context=None):
    runner = web.AppRunner(web.Application())
    runner.app.router.add_route("*", "/{path:.*}", handler)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if context else 'http'}://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def client(text, base=None, **more):
    made = HTTPClient(config(text, base), **more)
    try:
        yield made
    finally:
        await made.close()


async def echo(request):
    return web.json_response({"headers": [list(pair) for pair in request.headers.items()], "path": request.path_qs})


async def headers_seen(text, base=None, **more):
    async with server(echo) as url, client(text, base, **more) as made, made.request("GET", url) as response:
        return (await response.json())["headers"]


async def test_authorization_headers(tmp_path):
    (tmp_path / "password").write_text("p:1\n")
    basic = "Basic " + base64.b64encode(b"u:p:1").decode()
    for text, expected in (
        ("basic_auth: {username: u, password_file: password}", basic),
        ("authorization: {credentials: t}", "Bearer t"),
        ("authorization: {type: Token, credentials: t}", "Token t"),
        ("bearer_token: t", "Bearer t"),
        ("bearer_token_file: password", "Bearer p:1"),
    ):
        assert ["Authorization", expected] in await headers_seen(text, tmp_path)


async def test_credential_files_are_read_again_when_they_change(tmp_path):
    file = tmp_path / "token"
    file.write_text("one")
    async with client("bearer_token_file: token", tmp_path) as made:
        assert (await made.options("http://x"))["headers"]["Authorization"] == "Bearer one"
        file.write_text("three")
        assert (await made.options("http://x"))["headers"]["Authorization"] == "Bearer three"
        file.unlink()
        with pytest.raises(CredentialError, match="unable to read credentials file .*token: No such file"):
            await made.options("http://x")


async def test_configured_headers_and_agent(tmp_path):
    (tmp_path / "h").write_text("c\n")
    text = "http_headers: {X-A: {values: [a], secrets: [b], files: [h]}, User-Agents: {values: [x]}}"
    seen = await headers_seen(text, tmp_path, user_agent="me/1")
    assert [value for name, value in seen if name == "X-A"] == ["a", "b", "c"]
    assert ["User-Agent", "me/1"] in seen


async def test_redirects_are_followed_or_not():
    async def handler(request):
        if request.path == "/old":
            raise web.HTTPFound("/new")
        return web.Response(text="new")

    async with server(handler) as url:
        async with client("follow_redirects: false") as made, made.request("GET", f"{url}/old") as response:
            assert response.status == 302
        async with client("{}") as made, made.request("GET", f"{url}/old") as response:
            assert await response.text() == "new"


async def test_proxy_gets_the_request():
    async with server(echo) as url:
        async with (
            client(f"proxy_url: {url.replace('//', '//u:p@')}") as made,
            made.request("GET", "http://nowhere.invalid/page") as response,
        ):
            seen = await response.json()
        environ = {"HTTP_PROXY": url.removeprefix("http://"), "NO_PROXY": "other.invalid"}
        async with client("proxy_from_environment: true", environ=environ) as made:
            async with made.request("GET", "http://nowhere.invalid/page") as response:
                assert response.status == 200
            assert "proxy" not in await made.options("http://a.other.invalid/")
            assert "proxy" not in await made.options(url)
    assert ["Proxy-Authorization", "Basic " + base64.b64encode(b"u:p").decode()] in seen["headers"]


async def test_proxy_gets_the_connect_headers():
    seen = []

    async def proxy(reader, writer):
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    listening = await asyncio.start_server(proxy, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, client(f"proxy_url: http://127.0.0.1:{port}\nproxy_connect_header: {{X-P: [a]}}") as made:
        with pytest.raises(aiohttp.ClientHttpProxyError) as caught:
            await text_of(made, "https://nowhere.invalid/page")
    assert seen[0].startswith(b"CONNECT nowhere.invalid:443 ")
    assert b"X-P: a" in seen[0]
    assert describe(caught.value) == "status 403 No"


class TokenServer:
    def __init__(self, answer=None, status=200, style="header"):
        self.answer = answer or {"access_token": "t1", "token_type": "bearer", "expires_in": 60}
        self.status = status
        self.style = style
        self.forms = []

    async def handle(self, request):
        form = {name: values[0] for name, values in parse_qs(await request.text()).items()}
        basic = request.headers.get("Authorization") == "Basic " + base64.b64encode(b"id:hunter2").decode()
        self.forms.append(form)
        if not (basic if self.style == "header" else form.get("client_secret") == "hunter2"):
            return web.json_response({"error": "invalid_client"}, status=401)
        return web.json_response(self.answer, status=self.status)


OAUTH = "oauth2: {client_id: id, client_secret: hunter2, token_url: '%s/t', scopes: [a, b], endpoint_params: {x: y}}"


@pytest.mark.parametrize("style", ["header", "body"])
async def test_oauth2_token_is_kept_until_it_ends(style):
    tokens = TokenServer(style=style)
    now = 0.0
    async with server(tokens.handle) as url, client(OAUTH % url, clock=lambda: now) as made:
        found = await asyncio.gather(*(made.options("http://x") for _ in range(5)))
        assert {options["headers"]["Authorization"] for options in found} == {"Bearer t1"}
        asked = len(tokens.forms)
        assert asked == (1 if style == "header" else 2)
        assert tokens.forms[0]["scope"] == "a b"
        assert tokens.forms[0]["x"] == "y"
        now = 49.0
        await made.options("http://x")
        assert len(tokens.forms) == asked
        now = 51.0
        tokens.answer = {"access_token": "t2", "expires_in": 60}
        assert (await made.options("http://x"))["headers"]["Authorization"] == "Bearer t2"
        assert len(tokens.forms) == asked + 1


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        (TokenServer({"error": "no", "error_description": "bad hunter2"}, 403), "status 403: no: bad <secret>"),
        (TokenServer({"token": "x"}), "has no access_token"),
        (TokenServer({"error": "unauthorized"}, 500), "status 500: unauthorized"),
    ],
)
async def test_oauth2_errors_are_clear_and_hold_no_secret(tokens, words):
    async with server(tokens.handle) as url, client(OAUTH % url) as made:
        with pytest.raises(CredentialError) as caught:
            await made.options("http://x")
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


async def test_oauth2_server_that_is_not_there():
    async with client(OAUTH % "http://u:hunter3@127.0.0.1:1") as made:
        with pytest.raises(CredentialError, match="connection to 127.0.0.1:1 failed") as caught:
            await made.options("http://x")
    assert "hunter" not in str(caught.value)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=example.test", "-addext", "subjectAltName=DNS:example.test",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@asynccontextmanager
async def tls_server(folder):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.load_verify_locations(folder / "cert.pem")
    context.verify_mode = ssl.CERT_OPTIONAL

    async def handler(request):
        peer = request.transport.get_extra_info("peercert")
        return web.Response(text="known" if peer else "unknown")

    async with server(handler, context) as url:
        yield url


async def text_of(made, url):
    async with made.request("GET", url) as response:
        return await response.text()


async def test_tls(certificates):
    cert, key = ((certificates / name).read_text() for name in ("cert.pem", "key.pem"))
    inline = "\n".join(f"    {line}" for line in cert.splitlines())
    inline_key = "\n".join(f"    {line}" for line in key.splitlines())
    files = "tls_config: {ca_file: cert.pem, server_name: example.test, cert_file: cert.pem, key_file: key.pem}"
    texts = (
        f"tls_config:\n  server_name: example.test\n  ca: |\n{inline}\n  cert: |\n{inline}\n  key: |\n{inline_key}\n"
    )
    async with tls_server(certificates) as url:
        for text, expected in (
            (files, "known"),
            (texts, "known"),
            ("tls_config: {insecure_skip_verify: true}", "unknown"),
            ("tls_config: {ca_file: cert.pem, server_name: example.test, min_version: TLS13}", "unknown"),
        ):
            async with client(text, certificates) as made:
                assert await text_of(made, url) == expected
        async with client("{}") as made:
            with pytest.raises(aiohttp.ClientConnectorCertificateError) as caught:
                await text_of(made, url)
            assert "is not accepted" in describe(caught.value)
        async with client("tls_config: {ca_file: cert.pem, server_name: other.test}", certificates) as made:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await text_of(made, url)


async def test_tls_files_that_are_wrong(tmp_path, certificates):
    (tmp_path / "bad.pem").write_text("hunter2")
    for text, words in (
        ("tls_config: {ca_file: bad.pem}", "unable to use CA certificate .*bad.pem"),
        ("tls_config: {ca_file: gone.pem}", "gone.pem: No such file"),
        ("tls_config: {cert_file: bad.pem, key_file: bad.pem}", "unable to use client certificate .*bad.pem"),
    ):
        async with client(text, tmp_path) as made:
            with pytest.raises(CredentialError, match=words) as caught:
                await made.options("https://x")
            assert "hunter2" not in str(caught.value)


async def test_limited_read():
    async def handler(request):
        return web.Response(body=b"x" * 1000)

    async with server(handler) as url, client("{}") as made:
        async with made.request("GET", url) as response:
            assert len(await read_limited(response, 1000)) == 1000
        async with made.request("GET", url) as response:
            with pytest.raises(aiohttp.ClientPayloadError, match="larger than 999 bytes"):
                await read_limited(response, 999)
