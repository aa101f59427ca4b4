from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import hashlib
import hmac
import re
import ssl
import subprocess
from contextlib import asynccontextmanager

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.unit.alerts.integrations.hook_double import KEY_HASH, NOW_NS, alert, config, notice, notifier
from watchkeeper.alerts.interface import NotifyError
from watchkeeper.alerts.templates.templates import Templates
from watchkeeper.core.model.errors import ConfigError

PLAIN = "{to: ops@example.com, from: wk@example.com, smarthost: 'localhost:PORT', require_tls: false"


class Mailbox:
    """A handler of aiosmtpd that keeps what comes; `refusals` are its answers by command."""

    def __init__(self, **refusals):
        self.envelopes = []
        self.refusals = refusals
        self.logins = []
        self.hellos = []
        self.was_tls = []

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.hellos.append(hostname)
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if "MAIL" in self.refusals:
            return self.refusals["MAIL"]
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if "DATA" in self.refusals:
            return self.refusals["DATA"]
        self.envelopes.append(envelope)
        self.was_tls.append(session.ssl is not None)
        return "250 taken"

    def authenticate(self, server, session, envelope, mechanism, data):
        if isinstance(data, LoginPassword):
            self.logins.append((mechanism, data.login.decode(), data.password.decode()))
            return AuthResult(success=data.password == b"s3cret", handled=False)
        return AuthResult(success=False, handled=False)

    def mail(self):
        [envelope] = self.envelopes
        return email.message_from_bytes(envelope.original_content, policy=email.policy.default)


@asynccontextmanager
async def mail_server(mailbox, implicit=None, **options):
    """A server; gives its port."""
    loop = asyncio.get_running_loop()
    factory = lambda: SMTP(mailbox, hostname="mail.example.test", loop=loop, timeout=20, **options)  # noqa: E731
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=implicit)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def talking_server(talk):
    """A server of one's own words: `talk(reader, writer)`."""

    async def serve(reader, writer):
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def server_tls(certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    return context


async def send(port, yaml, *, told=None, shared="", base_dir=None, templates=None):
    text = yaml.replace("PORT", str(port))
    async with notifier("email", text, shared.replace("PORT", str(port)), base_dir, templates) as mail:
        await mail.notify(told or notice())


async def failure(port, yaml, **more):
    with pytest.raises(NotifyError) as caught:
        await send(port, yaml, **more)
    return caught.value


async def test_default_mail():
    box = Mailbox()
    async with mail_server(box) as port:
        await send(port, PLAIN + "}", told=notice(alert(alertname="Down", instance="Größe <b>a</b>")))
    [envelope] = box.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("wk@example.com", ["ops@example.com"])
    assert box.hellos == ["localhost"]
    mail = box.mail()
    assert mail["Subject"] == "[FIRING:1] Down (Größe <b>a</b>)"
    assert (mail["To"], mail["From"]) == ("ops@example.com", "wk@example.com")
    assert mail["Date"] == "Sat, 28 Nov 2026 10:00:00 +0000"
    assert mail["Message-Id"].startswith(f"<{NOW_NS}.")
    assert mail["MIME-Version"] == "1.0"
    assert mail.get_content_type() == "multipart/alternative"
    text, html = mail.iter_parts()
    assert [part.get_content_type() for part in (text, html)] == ["text/plain", "text/html"]
    assert [part["Content-Transfer-Encoding"] for part in (text, html)] == ["quoted-printable"] * 2
    assert "- a is down\r\n" in text.get_content()
    assert "instance=Größe <b>a</b>" in text.get_content()
    assert "&lt;b&gt;a&lt;/b&gt;" in html.get_content()
    assert "<b>a</b>" not in html.get_content()
    assert 'href="http://alerts.example.com/#/alerts?receiver=ops"' in html.get_content()
    assert max(map(len, envelope.original_content.splitlines())) <= 78


async def test_mail_with_everything():
    yaml = """{
      to: 'Ops <{{ .Receiver }}@example.com>, "B, C" <b@example.com>',
      from: 'Wäch <wk@example.com>', smarthost: 'localhost:PORT', hello: me.example.test, require_tls: false,
      html: '<p>{{ .CommonLabels.instance }}</p>', text: "one\\n.dot\\n..two {{ .Status }}\\nlast",
      headers: {subject: '{{ .Status }}: {{ .CommonLabels.instance }}', X-Prio: '1', message-id: <my@id>,
                content-type: text/evil, To: team}
    }"""
    box = Mailbox()
    async with mail_server(box) as port:
        await send(port, yaml, told=notice(alert(instance="ä\r\nBcc: evil@example.com")))
    [envelope] = box.envelopes
    assert envelope.rcpt_tos == ["ops@example.com", "b@example.com"]
    assert box.hellos == ["me.example.test"]
    mail = box.mail()
    assert mail["Subject"] == "firing: ä Bcc: evil@example.com"
    assert "Bcc" not in mail
    assert [mail[name] for name in ("X-Prio", "Message-Id", "To", "From")] == [
        "1",
        "<my@id>",
        "team",
        "Wäch <wk@example.com>",
    ]
    text, html = (part.get_content().replace("\r\n", "\n") for part in mail.iter_parts())
    assert text == "one\n.dot\n..two firing\nlast\n"
    assert html == "<p>ä\nBcc: evil@example.com</p>\n"


async def test_one_body_alone():
    box = Mailbox()
    async with mail_server(box) as port:
        await send(port, PLAIN + ", html: '', text: only}")
    assert [part.get_content() for part in box.mail().iter_parts()] == ["only\r\n"]


async def test_threads():
    box = Mailbox()
    async with mail_server(box) as port:
        for day in ("daily", "none"):
            await send(port, PLAIN + ", threading: {enabled: true, thread_by_date: " + day + "}}")
    mails = [email.message_from_bytes(envelope.original_content) for envelope in box.envelopes]
    roots = [f"<alert-{KEY_HASH[:16]}-2026-11-28@alertmanager>", f"<alert-{KEY_HASH[:16]}-@alertmanager>"]
    assert [mail["References"] for mail in mails] == roots
    assert [mail["In-Reply-To"] for mail in mails] == roots


async def test_gaps_are_filled_from_global(tmp_path):
    (tmp_path / "pw").write_text("s3cret\n")
    shared = """{smtp_from: wk@example.com, smtp_smarthost: 'localhost:PORT', smtp_hello: x.test,
                 smtp_require_tls: false, smtp_auth_username: me, smtp_auth_password_file: pw}"""
    box = Mailbox()
    options = {"authenticator": box.authenticate, "auth_require_tls": False}
    async with mail_server(box, **options) as port:
        await send(port, "to: ops@example.com", shared=shared, base_dir=tmp_path)
    assert box.hellos == ["x.test"]
    assert box.logins == [("LOGIN", "me", "s3cret")]
    assert len(box.envelopes) == 1


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_logins(mechanism):
    box = Mailbox()
    others = {"PLAIN": ["LOGIN"], "LOGIN": ["PLAIN"]}[mechanism]
    options = {"authenticator": box.authenticate, "auth_require_tls": False, "auth_exclude_mechanism": others}
    async with mail_server(box, **options) as port:
        await send(port, PLAIN + ", auth_username: me, auth_password: s3cret}")
    assert box.logins == [(mechanism, "me", "s3cret")]
    assert len(box.envelopes) == 1


async def test_cram_md5():
    said = []

    async def talk(reader, writer):
        async def ask(line):
            writer.write(line)
            said.append((await reader.readline()).decode().strip())

        await ask(b"220 hi\r\n")
        await ask(b"250-hi\r\n250 AUTH XOAUTH2 CRAM-MD5\r\n")
        await ask(b"334 " + base64.b64encode(b"<1.2@x>") + b"\r\n")
        for _ in range(3):
            await ask(b"235 ok\r\n" if len(said) == 3 else b"250 ok\r\n")
        writer.write(b"354 go\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 taken\r\n")
        await reader.readline()

    async with talking_server(talk) as port:
        await send(port, PLAIN + ", auth_username: me, auth_secret: s3cret}")
    digest = hmac.new(b"s3cret", b"<1.2@x>", hashlib.md5).hexdigest()
    assert said[1] == "AUTH CRAM-MD5"
    assert base64.b64decode(said[2]) == f"me {digest}".encode()
    assert said[3:] == ["MAIL FROM:<wk@example.com>", "RCPT TO:<ops@example.com>", "DATA"]


async def test_a_refused_login_shows_no_password():
    box = Mailbox()
    options = {"authenticator": box.authenticate, "auth_require_tls": False}
    async with mail_server(box, **options) as port:
        error = await failure(port, PLAIN + ", auth_username: me, auth_password: wr0ng}")
    assert str(error) == f"localhost:{port}: AUTH LOGIN: 535 5.7.8 Authentication credentials invalid"
    assert (error.is_retryable, error.cause) == (False, "clientError")
    assert not box.envelopes


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("before", [0, 297])
async def test_a_server_that_repeats_the_login_shows_no_password(mechanism, before):
    """As it was sent, and plain; also where an error would be cut in the middle of it."""

    async def talk(reader, writer):
        writer.write(b"220 hello\r\n")
        said = [(await reader.readline()).strip()]
        writer.write(b"250-echo\r\n250 AUTH " + mechanism.encode() + b"\r\n")
        while said[-1].split()[0] != b"QUIT":
            said.append((await reader.readline()).strip())
            if len(said) == (2 if mechanism == "PLAIN" else 4):
                break
            writer.write(b"334 go on\r\n")
        writer.write(b"535 " + b"x" * before + said[-1] + b" hush-password\r\n")
        await writer.drain()

    async with talking_server(talk) as port:
        error = await failure(port, PLAIN + ", auth_username: me, auth_password: hush-password}")
    assert "535" in str(error)
    shown = re.sub(r"<secret>", "", str(error))
    assert "hush" not in shown
    for login in (base64.b64encode(b"hush-password"), base64.b64encode(b"\0me\0hush-password")):
        assert login.decode()[:8] not in shown
    assert len(str(error)) < 700


async def test_no_way_to_log_in():
    box = Mailbox()
    options = {"authenticator": box.authenticate, "auth_require_tls": False}
    async with mail_server(box, **options) as port:
        error = await failure(port, PLAIN + ", auth_username: me, auth_secret: x}")
    assert "missing password for PLAIN auth mechanism" in str(error)


async def test_starttls(certificates, server_tls):
    box = Mailbox()
    options = {"authenticator": box.authenticate, "tls_context": server_tls, "require_starttls": True}
    yaml = f"""{{to: ops@example.com, from: wk@example.com, smarthost: 'localhost:PORT',
               tls_config: {{ca_file: {certificates}/cert.pem}}, auth_username: me, auth_password: s3cret}}"""
    async with mail_server(box, **options) as port:
        await send(port, yaml)
    assert box.was_tls == [True]
    assert box.hellos == ["localhost", "localhost"]
    assert box.logins == [("LOGIN", "me", "s3cret")]


async def test_starttls_with_a_certificate_that_nobody_knows(server_tls):
    box = Mailbox()
    async with mail_server(box, tls_context=server_tls) as port:
        error = await failure(port, "{to: a@b, from: c@d, smarthost: 'localhost:PORT'}")
        assert "TLS certificate is not accepted: self-signed certificate" in str(error)
        await send(port, "{to: a@b, from: c@d, smarthost: 'localhost:PORT', tls_config: {insecure_skip_verify: true}}")
    assert len(box.envelopes) == 1


async def test_starttls_is_required_and_not_offered():
    box = Mailbox()
    async with mail_server(box) as port:
        error = await failure(port, "{to: a@b, from: c@d, smarthost: 'localhost:PORT'}")
    assert "'require_tls' is true (default) but the server does not offer STARTTLS" in str(error)
    assert error.is_retryable
    assert not box.envelopes


async def test_implicit_tls(certificates, server_tls):
    box = Mailbox()
    yaml = f"""{{to: a@b, from: c@d, smarthost: 'localhost:PORT', force_implicit_tls: true,
               tls_config: {{ca_file: {certificates}/cert.pem}}}}"""
    async with mail_server(box, implicit=server_tls) as port:
        await send(port, yaml)
    assert len(box.envelopes) == 1


async def test_text_before_encryption_is_not_believed():
    async def talk(reader, writer):
        writer.write(b"220 hi\r\n")
        await reader.readline()
        writer.write(b"250-hi\r\n250 STARTTLS\r\n")
        await reader.readline()
        writer.write(b"220 go\r\n250-hi\r\n250 AUTH PLAIN\r\n")
        await reader.readline()

    async with talking_server(talk) as port:
        error = await failure(port, "{to: a@b, from: c@d, smarthost: 'localhost:PORT'}")
    assert "after its answer to STARTTLS" in str(error)


@pytest.mark.parametrize(
    ("refusals", "is_retryable", "message"),
    [
        ({"MAIL": "550 not you"}, False, "MAIL: 550 not you"),
        ({"MAIL": "421-busy\r\n421 come back"}, True, "MAIL: 421 busy come back"),
        ({"ops@example.com": "550 no such user"}, False, "RCPT ops@example.com: 550 no such user"),
        ({"ops@example.com": "450 grey"}, True, "RCPT ops@example.com: 450 grey"),
        ({"DATA": "554 spam"}, False, "message: 554 spam"),
        ({"DATA": "452 full"}, True, "message: 452 full"),
    ],
)
async def test_refusals(refusals, is_retryable, message):
    box = Mailbox(**refusals)
    async with mail_server(box) as port:
        error = await failure(port, PLAIN + "}")
    assert str(error) == f"localhost:{port}: {message}"
    assert error.is_retryable is is_retryable
    assert not box.envelopes


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (b"554 go away\r\n", "greeting: 554 go away"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "not a reply of SMTP: 'HTTP/1.1 200 OK'"),
        (b"", "the server closed the connection"),
        (b"220-" + b"x" * 200_000, "a reply is longer than 65536 bytes"),
        (b"220-x\r\n" * 20_000, "a reply is longer than 65536 bytes"),
    ],
)
async def test_servers_that_are_none(words, message):
    async def talk(reader, writer):
        writer.write(words)
        await writer.drain()

    async with talking_server(talk) as port:
        error = await failure(port, PLAIN + "}")
    assert str(error) == f"localhost:{port}: {message}"


async def test_a_server_that_hangs(monkeypatch):
    monkeypatch.setattr("watchkeeper.alerts.integrations.email.SESSION_TIMEOUT_S", 0.1)

    async def talk(reader, writer):
        writer.write(b"220 hi\r\n")
        while await reader.readline():
            writer.write(b"250-still\r\n")  # Never the last line.

    async with talking_server(talk) as port:
        error = await failure(port, PLAIN + "}")
    assert (error.is_retryable, error.cause) == (True, "contextDeadlineExceeded")


async def test_a_server_that_hangs_after_the_mail_does_not_undo_it(monkeypatch):
    monkeypatch.setattr("watchkeeper.alerts.integrations.smtp.QUIT_TIMEOUT_S", 0.05)
    taken = []

    async def talk(reader, writer):
        for answer in (b"220 hi", b"250 hi", b"250 ok", b"250 ok", b"354 go"):
            writer.write(answer + b"\r\n")
            await reader.readline()
        taken.append(await reader.readuntil(b"\r\n.\r\n"))
        writer.write(b"250 taken\r\n")
        await reader.read()

    async with talking_server(talk) as port:
        await send(port, PLAIN + "}")
    assert len(taken) == 1


async def test_no_more_than_so_many_connections():
    running = peak = 0
    full = asyncio.Event()

    async def talk(reader, writer):
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        if running == 8:
            full.set()
        writer.write(b"220 hi\r\n")
        await reader.readline()
        await full.wait()
        await asyncio.sleep(0.01)
        running -= 1
        writer.write(b"421 busy\r\n")
        await reader.readline()
        writer.write(b"421 busy\r\n")

    async with talking_server(talk) as port, notifier("email", PLAIN.replace("PORT", str(port)) + "}") as mail:
        results = await asyncio.gather(*(mail.notify(notice()) for _ in range(40)), return_exceptions=True)
    assert [str(result) for result in results] == [f"localhost:{port}: HELO: 421 busy"] * 40
    assert peak == 8


async def test_the_callers_deadline_ends_it():
    async def talk(reader, writer):
        await reader.read()

    async with talking_server(talk) as port:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(send(port, PLAIN + "}"), 0.1)


async def test_nobody_listens():
    error = await failure(1, PLAIN + "}")
    assert "localhost:1: " in str(error)
    assert error.is_retryable


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("to: '{{ .CommonLabels.missing }}'", "parse 'to' addresses: not mail addresses: \"\""),
        ("to: 'a@b> RCPT TO:<c@d'", "parse 'to' addresses"),
        ("from: 'a@b, c@d'", "must be exactly one 'from' address (got: 2)"),
        ("headers: {X: '{{ nil }}'}", "headers.X: template: :1:"),
        ("html: '{{ template \"no\" . }}'", 'html: template: :1:12: executing "" at <{{template "no" .}}>'),
    ],
)
async def test_templates_that_give_no_mail(given, message):
    yaml = "{to: a@b, from: c@d, smarthost: 'localhost:1'}"
    key = given.partition(":")[0]
    yaml = "{" + ", ".join([one for one in yaml[1:-1].split(", ") if not one.startswith(key)] + [given]) + "}"
    error = await failure(1, yaml)
    assert str(error).startswith(message)
    assert not error.is_retryable


async def test_addresses_that_are_not_ascii():
    box = Mailbox()
    yaml = "{to: 'ü@example.com', from: wk@example.com, smarthost: 'localhost:PORT', require_tls: false}"
    async with mail_server(box, enable_SMTPUTF8=True) as port:
        await send(port, yaml)
    assert box.envelopes[0].rcpt_tos == ["ü@example.com"]
    async with mail_server(Mailbox()) as port:
        error = await failure(port, yaml)
    assert "does not offer SMTPUTF8" in str(error)
    assert not error.is_retryable


async def test_a_storm_fits_into_a_mail():
    alerts = [alert(alertname="Down", instance=f"{i}:1") for i in range(10_000)]
    box = Mailbox()
    async with mail_server(box, data_size_limit=None) as port:
        await send(port, PLAIN + "}", told=notice(*alerts))
    text, html = box.mail().iter_parts()
    assert "10000 alerts in all" in text.get_content()
    assert "The first 100 of 10000 alerts." in html.get_content()
    assert len(box.envelopes[0].original_content) < 1 << 20


async def test_own_definitions_take_the_place_of_the_default_ones():
    templates = Templates([("my.tmpl", '{{ define "email.default.subject" }}mine: {{ .Status }}{{ end }}')])
    box = Mailbox()
    async with mail_server(box) as port:
        await send(port, PLAIN + "}", templates=templates)
    assert box.mail()["Subject"] == "mine: firing"


GOOD = "to: a@b, from: c@d, smarthost: 'x:25'"


@pytest.mark.parametrize(
    ("yaml", "problem"),
    [
        ("{from: c@d, smarthost: 'x:25'}", "missing to address in email config"),
        ("{to: a@b, smarthost: 'x:25'}", "no global SMTP from set"),
        ("{to: a@b, from: c@d}", "no global SMTP smarthost set"),
        ("{to: a@b, from: c@d, smarthost: x}", "missing port in address"),
        (f"{{{GOOD}, auth_password: x, auth_password_file: y}}", "at most one of auth_password & auth_password_file"),
        (f"{{{GOOD}, headers: {{a-b: x, A-B: y}}}}", 'duplicate header "A-B" in email config'),
        (f"{{{GOOD}, headers: {{'a b': x}}}}", "is not a valid header name"),
        (f"{{{GOOD}, threading: {{enabled: true}}}}", "threading.thread_by_date must be either 'none' or 'daily'"),
        (
            f"{{{GOOD}, threading: {{enabled: true, thread_by_date: none}}, headers: {{references: x}}}}",
            "threading.enabled conflicts with custom References header",
        ),
        (f"{{{GOOD}, http_config: {{}}}}", 'unknown key "http_config"'),
    ],
)
def test_configuration_errors(yaml, problem):
    with pytest.raises(ConfigError) as caught:
        config("email", yaml)
    assert problem in str(caught.value)


def test_defaults():
    section = config("email", f"{{{GOOD}}}")
    assert not section.send_resolved
    assert section.require_tls
    assert section.force_implicit_tls is None
    assert "email.default.text" in section.text
    assert config("email", f"{{{GOOD}, html: x}}").text == ""
