"""Logging in and out: by form, by JSON, by the link of a first start."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web

from watchkeeper.dashboards.roles import Identity, Kind, Role
from watchkeeper.dashboards.sessions import LIFETIME_MS
from watchkeeper.web.errors import ApiError, to_grafana
from watchkeeper.web.form import parse_form
from watchkeeper.web.grafana.access import COOKIE, CROSS_SITE, Gatekeeper
from watchkeeper.web.grafana.answers import message
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.cross_site import is_cross_site
from watchkeeper.web.grafana.first_admin import GONE, PATH, FirstAdmin
from watchkeeper.web.grafana.login_page import first_page, login_page
from watchkeeper.web.grafana.targets import safe_target

FORM_COOKIE: Final = "watchkeeper_form"
JSON: Final = "application/json"
View = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
STALE_FORM: Final = "this form was open for too long; please try again"
# The form's own answer may lead elsewhere; nothing else on these pages may do anything.
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
MAX_FORM_BYTES: Final = 64 << 10


class Login:
    """The endpoints; all of them are for everybody."""

    def __init__(self, backend: Backend, gatekeeper: Gatekeeper, first: FirstAdmin, view: View | None = None) -> None:
        self._view = view
        self._backend = backend
        self._gatekeeper = gatekeeper
        self._first = first

    async def page(self, request: web.Request) -> web.StreamResponse:
        """GET /login: the form; or on, for those who are logged in already."""
        if self._view is not None and (shown := await self._view(request)) is not None:
            return shown
        to = safe_target(request.query.get("redirectTo", "") or request.query.get("redirect", ""))
        try:
            identity = await self._gatekeeper.identity(request)
        except ApiError:
            identity = None
        if identity is not None and identity.by_cookie:
            return self._away(to)
        return self._form(request, to=to)

    async def login(self, request: web.Request) -> web.Response:
        """POST /login: by JSON (`user`, `password`) or by the form."""
        if is_cross_site(request, self._backend.settings.root_url):
            return message(CROSS_SITE, 403)
        if request.content_type == JSON:
            fields = await Ask(request, _NOBODY).fields()
            identity = await self._gatekeeper.login(request, fields.text("user"), fields.text("password"))
            response = message("Logged in", redirectUrl=self._path("/"))
            return await self._begun(request, identity, response)
        form = await _form(request)
        to = safe_target(form.get("redirectTo", ""))
        if not _is_ours(request, form):
            return self._form(request, to=to, error=STALE_FORM, status=400)
        try:
            identity = await self._gatekeeper.login(request, form.get("user", ""), form.get("password", ""))
        except ApiError as error:
            return self._form(request, to=to, error=error.message, status=error.status)
        return await self._begun(request, identity, self._away(to))

    async def logout(self, request: web.Request) -> web.Response:
        """GET POST /logout: ends the session."""
        backend = self._backend
        if is_cross_site(request, backend.settings.root_url):
            return message(CROSS_SITE, 403)
        identity = await self._gatekeeper.identity(request)
        if identity.by_cookie:
            await backend.run(lambda: backend.state.sessions.end(identity.session_id, identity.id))
        response = message("Logged out") if request.content_type == JSON else self._away("login")
        response.del_cookie(COOKIE, path=self._cookie_path)
        return response

    async def first_page(self, request: web.Request) -> web.Response:
        """GET /login/first: asks for the administrator's name and password."""
        link = request.query.get("token", "")
        if not self._first.is_right(link):
            return _html(login_page(self._title, self._path("/login"), "", to="", error=GONE, note=""), 404)
        return self._first_form(request, link)

    async def first(self, request: web.Request) -> web.Response:
        """POST /login/first: makes the administrator, and logs them in."""
        backend = self._backend
        if is_cross_site(request, backend.settings.root_url):
            return message(CROSS_SITE, 403)
        form = await _form(request)
        link = form.get("token", "")
        if not _is_ours(request, form):
            return self._first_form(request, link, error=STALE_FORM, status=400)
        try:
            user = await backend.run(
                lambda: self._first.use(link, form.get("user", ""), form.get("password", ""), backend.now_ms())
            )
        except Exception as error:
            told = to_grafana(error)
            if told.type == "internal":
                raise
            return self._first_form(request, link, error=told.message, status=told.status)
        return await self._begun(request, user.identity(), self._away(""))

    @property
    def _title(self) -> str:
        return self._backend.settings.page_title

    @property
    def _cookie_path(self) -> str:
        return self._backend.settings.route_prefix or "/"

    def _path(self, path: str) -> str:
        return f"{self._backend.settings.route_prefix}{path}"

    def _away(self, to: str) -> web.Response:
        return web.Response(status=302, headers={"Location": self._path(f"/{to}")})

    def _form(self, request: web.Request, *, to: str, error: str = "", status: int = 200) -> web.Response:
        token = secrets.token_urlsafe(18)
        note = ""
        if self._backend.settings.anonymous_role > Role.NONE:
            note = f"<a href='{self._path('/')}'>Go on without</a>"
        page = login_page(self._title, self._path("/login"), token, to=f"/{to}", error=error, note=note)
        return self._with_form_cookie(request, _html(page, status), token)

    def _first_form(self, request: web.Request, link: str, *, error: str = "", status: int = 200) -> web.Response:
        token = secrets.token_urlsafe(18)
        page = first_page(self._title, self._path(PATH), token, link=link, error=error)
        return self._with_form_cookie(request, _html(page, status), token)

    def _with_form_cookie(self, request: web.Request, response: web.Response, token: str) -> web.Response:
        response.set_cookie(
            FORM_COOKIE, token, path=self._cookie_path, httponly=True, samesite="Strict", max_age=3600,
            secure=self._is_secure(request),
        )  # fmt: skip
        return response

    async def _begun(self, request: web.Request, identity: Identity, response: web.Response) -> web.Response:
        backend = self._backend
        agent = request.headers.get(hdrs.USER_AGENT, "").encode("utf-8", "replace").decode()
        token = await backend.run(
            lambda: backend.state.sessions.start(identity.id, request.remote or "", agent, backend.now_ms())
        )
        response.set_cookie(
            COOKIE, token, path=self._cookie_path, httponly=True, samesite="Lax", max_age=LIFETIME_MS // 1000,
            secure=self._is_secure(request),
        )  # fmt: skip
        response.del_cookie(FORM_COOKIE, path=self._cookie_path)
        return response

    def _is_secure(self, request: web.Request) -> bool:
        return request.secure or self._backend.settings.root_url.startswith("https:")


_NOBODY: Final = Identity(Kind.ANONYMOUS, 0, "", "", Role.NONE)


async def _form(request: web.Request) -> dict[str, str]:
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    try:
        return dict(parse_form(await request.content.read(MAX_FORM_BYTES)))
    except web.RequestPayloadError:
        request.content.feed_eof()  # Nobody reads on.
        return {}


def _is_ours(request: web.Request, form: dict[str, str]) -> bool:
    """The form holds what its page's cookie holds, which no other site can read or set."""
    kept, sent = request.cookies.get(FORM_COOKIE, ""), form.get("csrf", "")
    return bool(kept) and hmac.compare_digest(kept.encode("utf-8", "replace"), sent.encode("utf-8", "replace"))


def _html(text: str, status: int = 200) -> web.Response:
    headers = {
        "Content-Security-Policy": POLICY,
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)
