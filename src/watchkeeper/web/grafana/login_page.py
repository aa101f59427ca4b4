"""The pages of logging in: plain forms, which need no scripts and no built pages."""

from __future__ import annotations

from html import escape
from typing import Final

from watchkeeper.web.html_page import html_page

STYLE: Final = """
body { max-width: 24rem; padding-top: 12vh; } form { display: grid; gap: .9rem; margin-top: 1.4rem; }
label { display: grid; gap: .25rem; color: var(--muted); }
input, button { font: inherit; padding: .55rem .7rem; border-radius: 6px; border: 1px solid var(--line); }
input { background: var(--soft); color: inherit; } button { cursor: pointer; font-weight: 600; }
.error { color: var(--bad); } :focus-visible { outline: 2px solid #4a90e2; outline-offset: 2px; }
"""


def login_page(title: str, action: str, token: str, *, to: str, error: str, note: str) -> str:
    """Name and password. `token` proves that the form is ours; `to` is where it leads."""
    body = [
        f"<main><h1>{escape(title)}</h1>",
        _error(error),
        f"<form method='post' action='{escape(action, quote=True)}'>",
        _hidden("csrf", token),
        _hidden("redirectTo", to),
        "<label>User or email<input name='user' autocomplete='username' autofocus required></label>",
        "<label>Password<input name='password' type='password' autocomplete='current-password' required></label>",
        "<button>Log in</button></form>",
        f"<p class='muted'>{note}</p></main>",
    ]
    return html_page(f"{title}: log in", body, STYLE)


def first_page(title: str, action: str, token: str, *, link: str, error: str) -> str:
    """Name and password of the first administrator."""
    body = [
        f"<main><h1>{escape(title)}</h1><p>Choose how the administrator logs in.</p>",
        _error(error),
        f"<form method='post' action='{escape(action, quote=True)}'>",
        _hidden("csrf", token),
        _hidden("token", link),
        "<label>User<input name='user' value='admin' autocomplete='username' required></label>",
        "<label>Password<input name='password' type='password' autocomplete='new-password' minlength='4' required "
        "autofocus></label><button>Begin</button></form></main>",
    ]
    return html_page(f"{title}: first login", body, STYLE)


def _hidden(name: str, value: str) -> str:
    return f"<input type='hidden' name='{name}' value='{escape(value, quote=True)}'>"


def _error(text: str) -> str:
    return f"<p class='error' role='alert'>{escape(text)}</p>" if text else ""
