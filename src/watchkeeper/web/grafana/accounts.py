"""Service accounts, their tokens, and the API keys that there were before them."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from watchkeeper.dashboards.accounts import Account, Token
from watchkeeper.dashboards.errors import Refused
from watchkeeper.dashboards.roles import Role, role_of
from watchkeeper.web.grafana.answers import answer, message, time_text
from watchkeeper.web.grafana.ask import Ask
from watchkeeper.web.grafana.backend import Backend

PER_PAGE: Final = 1000


async def search(backend: Backend, ask: Ask) -> web.Response:
    """GET /serviceaccounts/search: a page of them."""
    per_page, page = ask.limit(PER_PAGE, 5000, "perpage"), ask.page()

    def work() -> Any:
        found = backend.state.accounts.all(ask.text("query"))
        shown = [_json(account) for account in found[(page - 1) * per_page : page * per_page]]
        return {"totalCount": len(found), "serviceAccounts": shown, "page": page, "perPage": per_page}

    return answer(await backend.run(work))


async def create(backend: Backend, ask: Ask) -> web.Response:
    """POST /serviceaccounts: a new one."""
    fields = await ask.fields()
    role = role_of(fields.text("role", "Viewer"))
    made = await backend.run(
        lambda: backend.state.accounts.create(
            fields.text("name"), role, backend.now_ms(), is_disabled=fields.flag("isDisabled")
        )
    )
    return answer(_json(made), 201)


async def get(backend: Backend, ask: Ask) -> web.Response:
    """GET /serviceaccounts/:id: one of them."""
    number = ask.number_part("id")
    return answer(await backend.run(lambda: _json(backend.state.accounts.get(number))))


async def update(backend: Backend, ask: Ask) -> web.Response:
    """PATCH /serviceaccounts/:id: name, role, and whether it may log in."""
    number = ask.number_part("id")
    fields = await ask.fields()

    def work() -> Any:
        old = backend.state.accounts.get(number)
        role = role_of(fields.text("role", old.role.label))
        made = backend.state.accounts.change(
            number, fields.text("name", old.name), role, fields.flag("isDisabled", old.is_disabled), backend.now_ms()
        )
        return {
            "id": made.id, "uid": made.uid, "name": made.name, "message": "Service account updated",
            "serviceaccount": _json(made),
        }  # fmt: skip

    return answer(await backend.run(work))


async def delete(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /serviceaccounts/:id: takes one away with its tokens."""
    number = ask.number_part("id")
    await backend.run(lambda: backend.state.accounts.delete(number))
    return message("Service account deleted")


async def tokens(backend: Backend, ask: Ask) -> web.Response:
    """GET /serviceaccounts/:id/tokens: those of one account."""
    number = ask.number_part("id")

    def work() -> Any:
        return [_token_json(token, backend.now_ms()) for token in backend.state.accounts.tokens(number)]

    return answer(await backend.run(work))


async def add_token(backend: Backend, ask: Ask) -> web.Response:
    """POST /serviceaccounts/:id/tokens: a new one; its key is told once."""
    number = ask.number_part("id")
    fields = await ask.fields()
    lifetime_s = fields.number("secondsToLive")
    token, key = await backend.run(
        lambda: backend.state.accounts.add_token(number, fields.text("name"), lifetime_s, backend.now_ms())
    )
    return answer({"id": token.id, "name": token.name, "key": key})


async def delete_token(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /serviceaccounts/:id/tokens/:token: takes one away."""
    number, token = ask.number_part("id"), ask.number_part("token")
    await backend.run(lambda: backend.state.accounts.delete_token(number, token))
    return message("Service account token deleted")


async def keys(backend: Backend, _: Ask) -> web.Response:
    """GET /auth/keys: API keys of older tools."""

    def work() -> Any:
        found = []
        for account in backend.state.accounts.all(keys=True):
            for token in backend.state.accounts.tokens(account.id):
                shown: dict[str, Any] = {"id": account.id, "name": account.name, "role": account.role.label}
                if token.expires_ms:
                    shown["expiration"] = time_text(token.expires_ms)
                found.append(shown)
        return found

    return answer(await backend.run(work))


async def add_key(backend: Backend, ask: Ask) -> web.Response:
    """POST /auth/keys: a new one; it is told once."""
    fields = await ask.fields()
    role = role_of(fields.text("role", "Viewer"))
    name, lifetime_s = fields.text("name"), fields.number("secondsToLive")
    if role is Role.NONE:
        raise Refused("an API key needs the role Viewer, Editor or Admin")

    def work() -> Any:
        with backend.state.database.change():
            account = backend.state.accounts.create(name, role, backend.now_ms(), is_key=True)
            _, key = backend.state.accounts.add_token(account.id, name, lifetime_s, backend.now_ms())
        return {"id": account.id, "name": account.name, "key": key}

    return answer(await backend.run(work))


async def delete_key(backend: Backend, ask: Ask) -> web.Response:
    """DELETE /auth/keys/:id: takes one away."""
    number = ask.number_part("id")
    await backend.run(lambda: backend.state.accounts.delete(number))
    return message("API key deleted")


def _json(account: Account) -> dict[str, Any]:
    return {
        "id": account.id, "uid": account.uid, "name": account.name, "login": account.login, "orgId": 1,
        "isDisabled": account.is_disabled, "isExternal": False, "role": account.role.label,
        "tokens": account.n_tokens, "avatarUrl": "", "createdAt": time_text(account.created_ms),
        "updatedAt": time_text(account.updated_ms), "accessControl": {}, "teams": [],
    }  # fmt: skip


def _token_json(token: Token, now_ms: int) -> dict[str, Any]:
    left_s = (token.expires_ms - now_ms) / 1000 if token.expires_ms else 0
    return {
        "id": token.id, "name": token.name, "created": time_text(token.created_ms),
        "lastUsedAt": time_text(token.used_ms) if token.used_ms else None,
        "expiration": time_text(token.expires_ms) if token.expires_ms else None,
        "secondsUntilExpiration": max(0, left_s), "hasExpired": bool(token.expires_ms) and left_s <= 0,
        "isRevoked": False,
    }  # fmt: skip
