"""Lets the browser that draws a picture see what the one who asked for it may see, for a minute."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import Final

from aiohttp import web

from watchkeeper.dashboards.roles import Identity, Role
from watchkeeper.web.grafana.targets import safe_target

COOKIE: Final = "watchkeeper_render"
LIFETIME_S: Final = 120.0
MAX_KEYS: Final = 100


class RenderKeys:
    """Keys in memory; each may only look."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[Identity, float]] = {}

    def add(self, identity: Identity) -> str:
        """A key for somebody."""
        now_s = time.monotonic()
        self._keys = {key: kept for key, kept in self._keys.items() if kept[1] > now_s}
        if len(self._keys) >= MAX_KEYS:
            del self._keys[next(iter(self._keys))]
        key = secrets.token_urlsafe(24)
        sees_as = identity.role if identity.sees_as is None else identity.sees_as
        seen = replace(identity, role=min(identity.role, Role.VIEWER), sees_as=sees_as, is_admin=False)
        self._keys[key] = seen, now_s + LIFETIME_S
        return key

    def identity(self, key: str) -> Identity | None:
        """Whose key it is; None where it is none any more."""
        kept = self._keys.get(key)
        return kept[0] if kept is not None and kept[1] > time.monotonic() else None

    def enter(self, request: web.Request, prefix: str) -> web.Response:
        """Puts the key into a cookie, and leads on."""
        key = request.query.get("key", "")
        if self.identity(key) is None:
            return web.Response(status=404, text="404 page not found\n")
        to = safe_target(request.query.get("to", ""))
        response = web.Response(status=302, headers={"Location": f"{prefix}/{to}"})
        response.set_cookie(COOKIE, key, path=prefix or "/", httponly=True, samesite="Strict", max_age=int(LIFETIME_S))
        return response
