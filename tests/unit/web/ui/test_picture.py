"""Panels as pictures: sizes, a browser that is missing, slow or broken, and how many wait."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from watchkeeper.dashboards.roles import Identity, Kind, Role
from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.render_keys import RenderKeys
from watchkeeper.web.ui.picture import MAX_WAITING, Camera, Size, size_of


def browser(folder: Path, script: str) -> str:
    path = folder / "browser"
    path.write_text(
        f"#!/bin/sh\nfor one; do case $one in --screenshot=*) out=${{one#*=}};; esac; last=$one; done\n{script}\n"
    )
    path.chmod(0o755)
    return str(path)


async def test_a_picture(tmp_path: Path) -> None:
    camera = Camera(browser(tmp_path, 'echo "$TZ $last $*" > "$out"'))
    said = (await camera.picture("http://x/d-solo/a", Size(300, 200, 2), zone="Europe/Berlin")).decode()
    assert said.startswith("Europe/Berlin http://x/d-solo/a ")
    assert "--window-size=300,200 --force-device-scale-factor=2" in said
    assert ("--no-sandbox" in said) is (os.geteuid() == 0)


async def test_no_browser() -> None:
    for renderer in ("none", "/nowhere/chromium"):
        with pytest.raises(ApiError, match="no renderer: install Chromium") as found:
            await Camera(renderer).picture("http://x", Size())
        assert found.value.status == 501


async def test_one_that_draws_nothing(tmp_path: Path) -> None:
    with pytest.raises(ApiError, match="browser drew no picture; its status is 3"):
        await Camera(browser(tmp_path, "exit 3")).picture("http://x", Size())


async def test_one_that_takes_too_long_is_ended_with_its_helpers(tmp_path: Path) -> None:
    camera = Camera(browser(tmp_path, f"sleep 60 & echo $! > {tmp_path}/helper; wait"))
    with pytest.raises(ApiError, match=r"not ready within 0\.5 s") as found:
        await camera.picture("http://x", Size(), timeout_s=0.5)
    assert found.value.status == 504
    helper = int((tmp_path / "helper").read_text())
    for _ in range(100):
        # Until init has reaped it, it is still listed, as a zombie.
        try:
            state = Path(f"/proc/{helper}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            break
        if state == "Z":
            break
        await asyncio.sleep(0.02)
    else:
        pytest.fail("the helper still runs")


async def test_many_wait_and_more_are_told_so(tmp_path: Path) -> None:
    camera = Camera(browser(tmp_path, "sleep 0.05; echo x > $out"))
    asked = [asyncio.create_task(camera.picture("http://x", Size())) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(ApiError, match="try again later"):
        await camera.picture("http://x", Size())
    assert await asyncio.gather(*asked) == [b"x\n"] * MAX_WAITING
    with pytest.raises(ApiError, match="name of a time zone"):
        await camera.picture("http://x", Size(), zone="../etc/passwd;")


@pytest.mark.parametrize(
    "query", [{"width": "0"}, {"height": "9999"}, {"width": "x"}, {"scale": "9"}, {"width": "nan"}]
)
def test_sizes_that_are_none(query: dict[str, str]) -> None:
    with pytest.raises(ApiError, match="is a number from"):
        size_of(query)


def test_sizes() -> None:
    assert size_of({"width": "640", "height": "", "scale": "1.5"}) == Size(640, 500, 1.5)


def test_keys_only_look() -> None:
    keys = RenderKeys()
    admin = Identity(Kind.USER, 1, "admin", "Admin", Role.ADMIN, is_admin=True, by_cookie=True)
    made = [keys.add(admin) for _ in range(150)]
    seen = keys.identity(made[-1])
    assert seen is not None
    assert (seen.role, seen.is_admin) == (Role.VIEWER, False)
    assert keys.identity(made[0]) is None
    assert keys.identity("") is None
