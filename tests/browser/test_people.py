"""What is done for others: users, tokens, permissions, annotations, snapshots, playlists, data sources; and what a
viewer sees of it. The first test signs in, those after it go on as the administrator."""

from __future__ import annotations

import base64

import pytest

from tests.browser.chromium import Chromium
from tests.browser.stack import ADMIN, PASSWORD, Stack

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def board(lines: Stack, signed_in: Chromium) -> str:
    """The uid of a dashboard with one chart."""
    uid: str = signed_in.do("people.board", url=lines.url, title="One chart")
    return uid


def test_token(lines: Stack, signed_in: Chromium) -> None:
    key = signed_in.do("people.token", url=lines.url, name="robot")
    assert lines.request("/api/search", Authorization=f"Bearer {key}")[0] == 200
    signed_in.do("people.revoke")
    assert lines.request("/api/search", Authorization=f"Bearer {key}")[0] == 401


def test_annotations(lines: Stack, signed_in: Chromium, board: str) -> None:
    signed_in.do("people.annotate", url=lines.url, uid=board)


def test_snapshot(lines: Stack, signed_in: Chromium, board: str) -> None:
    signed_in.do("people.snapshot", url=lines.url, uid=board)


def test_playlist(lines: Stack, signed_in: Chromium, board: str) -> None:
    assert board
    signed_in.do("people.playlist", url=lines.url, title="One chart")


def test_data_sources(lines: Stack, signed_in: Chromium) -> None:
    signed_in.do("people.sources", url=lines.url)


def test_import(lines: Stack, signed_in: Chromium) -> None:
    signed_in.do("people.importing", url=lines.url)


def test_library(lines: Stack, signed_in: Chromium) -> None:
    signed_in.do("people.library", url=lines.url)


def test_roles(lines: Stack, signed_in: Chromium, board: str) -> None:
    known = {"login": "henry", "password": "seven hills of rome"}
    number = signed_in.do("people.roles", url=lines.url, uid=board, **known)
    body = b'{"role": "Admin"}'
    name = base64.b64encode(f"{ADMIN}:{PASSWORD}".encode()).decode()
    status = lines.request(f"/api/org/users/{number}", body, "PATCH", Authorization=f"Basic {name}")[0]
    assert status == 200
    signed_in.do("people.boss", url=lines.url, login=known["login"])
    signed_in.do("people.signIn", url=lines.url, user=ADMIN, password=PASSWORD)


def test_narrow(lines: Stack, signed_in: Chromium) -> None:
    paths = ["/org", "/org/users", "/org/teams", "/org/serviceaccounts", "/connections/datasources", "/playlists"]
    paths += ["/library-panels"]
    signed_in.do("people.narrow", url=lines.url, paths=[*paths, "/dashboards", "/profile"])


def test_a_viewer_sees_what_is_opened_to_them(lines: Stack, signed_in: Chromium, board: str) -> None:
    password = signed_in.do("people.users", url=lines.url, login="grace")
    signed_in.do("people.browse", url=lines.url, login="grace")
    signed_in.do("people.signIn", url=lines.url, user="grace", password=password)
    signed_in.do("people.viewer", url=lines.url, uid=board)
    signed_in.do("people.password", url=lines.url, old=password, fresh="a password of my own")
    signed_in.do("people.signIn", url=lines.url, user=ADMIN, password=PASSWORD)
