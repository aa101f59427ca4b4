"""Who sends a request: a session's cookie, a token, a name and password, or nobody in particular."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from aiohttp import hdrs, web

from watchkeeper.dashboards.accounts import PREFIX
from watchkeeper.dashboards.roles import Identity, Kind, Role
from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.backend import Backend
from watchkeeper.web.grafana.cross_site import SAFE_METHODS, is_cross_site
from watchkeeper.web.grafana.render_keys import COOKIE as RENDER_COOKIE
from watchkeeper.web.grafana.render_keys import RenderKeys
from watchkeeper.web.grafana.who import BY_ROLE, TOLD, Who, who_is

COOKIE: Final = "watchkeeper_session"
UNAUTHORIZED: Final = "Unauthorized"
WRONG_PASSWORD: Final = "Invalid username or password"
WRONG_TOKEN: Final = "Invalid API key"
TOO_MANY: Final = "too many wrong passwords for this user or from this address; try again in some minutes"
CROSS_SITE: Final = "origin not allowed"


class Gatekeeper:
    """Tells who asks, and whether they may."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        settings = backend.settings
        self._anonymous = Identity(Kind.ANONYMOUS, 0, "", "Anonymous", settings.anonymous_role)
        self.limit = backend.limit
        self.renders = RenderKeys()

    async def identity(self, request: web.Request) -> Identity:
        """Who asks. Raises ApiError with status 401 or 429 where they are not who they say."""
        scheme, _, value = request.headers.get(hdrs.AUTHORIZATION, "").strip().partition(" ")
        match scheme.lower():
            case "bearer":
                return await self._by_token(value.strip())
            case "basic":
                found = await self._by_password(request, value.strip())
                if found is not None:
                    return found
        token = request.cookies.get(COOKIE, "")
        if token:
            backend = self._backend
            known = await backend.run(lambda: backend.state.sessions.identity(token, backend.now_ms()))
            if isinstance(known, Identity):
                return known
        key = request.cookies.get(RENDER_COOKIE, "")
        return (self.renders.identity(key) if key else None) or self._anonymous

    async def admit(self, request: web.Request, who: Who) -> Identity:
        """Who asks, where they are that much, and no other site asks in their name. Raises ApiError with status 401,
        403 or 429."""
        identity = await self.identity(request)
        if who_is(identity) < who:
            raise refusal(identity, who)
        # A browser sends cookies and remembered passwords by itself; a token only who knows it.
        is_browser = identity.kind is not Kind.ACCOUNT
        is_change = request.method not in SAFE_METHODS
        if is_browser and is_change and is_cross_site(request, self._backend.settings.root_url):
            raise ApiError(403, "forbidden", CROSS_SITE)
        return identity

    async def login(self, request: web.Request, login: str, password: str) -> Identity:
        """Who it is. Raises ApiError with status 401 or 429."""
        address = request.remote or ""
        backend = self._backend
        if not self.limit.may_try(login, address, backend.now_ms()):
            raise ApiError(429, "rate_limited", TOO_MANY)
        user = await backend.run(lambda: backend.state.users.login(login, password))
        if user is None:
            self.limit.failed(login, address, backend.now_ms())
            raise ApiError(401, "unauthorized", WRONG_PASSWORD)
        self.limit.succeeded(login, address)
        identity: Identity = user.identity()
        return identity

    async def _by_token(self, text: str) -> Identity:
        backend = self._backend
        found = None
        if text.startswith(PREFIX) and len(text) < 200:
            found = await backend.run(lambda: backend.state.accounts.identity(text, backend.now_ms()))
        if not isinstance(found, Identity):
            raise ApiError(401, "unauthorized", WRONG_TOKEN)
        return found

    async def _by_password(self, request: web.Request, encoded: str) -> Identity | None:
        """None where something before us asked for it, and it is none of ours."""
        try:
            text = base64.b64decode(encoded, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            text = ""
        login, colon, password = text.partition(":")
        try:
            if not colon:
                raise ApiError(401, "unauthorized", "Invalid Basic Auth Header")
            if login == "api_key":
                return await self._by_token(password)
            return await self.login(request, login, password)
        except ApiError:
            if self._backend.settings.has_outer_users:
                return None
            raise


def refusal(identity: Identity, needed: Who | Role) -> ApiError:
    """To somebody who may not."""
    if identity.kind is Kind.ANONYMOUS:
        return ApiError(401, "unauthorized", UNAUTHORIZED)
    told = TOLD[BY_ROLE[needed] if isinstance(needed, Role) else needed]
    return ApiError(403, "forbidden", f"You'll need additional permissions to perform this action: {told}")
