"""A panel as a picture, drawn by a headless Chromium where one is installed."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.web.errors import ApiError

NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "headless_shell")
NONE: Final = (
    "no renderer: install Chromium on this machine, or name it by --dashboards.renderer; then panels become pictures"
)
MAX_SIDE: Final = 3000
MIN_SIDE: Final = 50
MAX_SCALE: Final = 3
DEFAULT_TIMEOUT_S: Final = 30.0
MAX_TIMEOUT_S: Final = 90.0
SETTLE_MS: Final = 8000  # Of the page's own clock, which stands still while it waits for answers.
MAX_WAITING: Final = 8
MAX_PICTURE_BYTES: Final = 32 << 20
_ZONE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,60}")

log = get_logger("dashboards")


@dataclass(frozen=True, slots=True)
class Size:
    """In CSS pixels; `scale` is how many dots one has."""

    width: int = 1000
    height: int = 500
    scale: float = 1.0


def size_of(query: Mapping[str, str]) -> Size:
    """As a request says it, within bounds. Raises ApiError."""
    found = []
    for name, default, least, most in (
        ("width", 1000, MIN_SIDE, MAX_SIDE),
        ("height", 500, MIN_SIDE, MAX_SIDE),
        ("scale", 1, 1, MAX_SCALE),
    ):
        text = query.get(name, "") or str(default)
        try:
            value = float(text) if len(text) < 20 else -1
        except ValueError:
            value = -1
        if not least <= value <= most:
            raise ApiError(400, "bad_data", f"{name} is a number from {least} to {most}")
        found.append(value)
    return Size(int(found[0]), int(found[1]), found[2])


class Camera:
    """Takes one picture at a time; a browser needs much more memory than the rest of the server."""

    def __init__(self, renderer: str = "") -> None:
        """renderer   the program; an empty text to look for one, `none` for none"""
        self._renderer = renderer
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    def program(self) -> str | None:
        """Which browser there is."""
        if self._renderer == "none":
            return None
        if self._renderer:
            return shutil.which(self._renderer)
        return next((found for name in NAMES if (found := shutil.which(name))), None)

    async def picture(
        self, url: str | Callable[[], str], size: Size, *, zone: str = "", timeout_s: float = DEFAULT_TIMEOUT_S
    ) -> bytes:  # fmt: skip
        """The PNG of a page. Raises ApiError where there is no browser, too many wait, or it takes too long.

        url   of the page; where it is to be made when its turn comes, what makes it
        """
        program = self.program()
        if program is None:
            raise ApiError(501, "not_implemented", NONE)
        if self._waiting >= MAX_WAITING:
            raise ApiError(503, "busy", f"{MAX_WAITING} pictures are being drawn or wait already; try again later")
        if zone and not _ZONE.fullmatch(zone):
            raise ApiError(400, "bad_data", "tz is the name of a time zone")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._taken(
                    program, url if isinstance(url, str) else url(), size, zone, min(timeout_s, MAX_TIMEOUT_S)
                )
        finally:
            self._waiting -= 1

    async def _taken(self, program: str, url: str, size: Size, zone: str, timeout_s: float) -> bytes:
        with tempfile.TemporaryDirectory(prefix="watchkeeper-picture-", ignore_cleanup_errors=True) as folder:
            target = Path(folder) / "picture.png"
            process = await asyncio.create_subprocess_exec(
                program,
                *_flags(folder, target, size),
                url,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                env={**os.environ, "HOME": folder, **({"TZ": zone} if zone else {})},
                start_new_session=True,
            )
            try:
                async with asyncio.timeout(timeout_s):
                    await process.wait()
            except TimeoutError:
                raise ApiError(504, "timeout", f"the picture was not ready within {timeout_s:g} s") from None
            finally:
                # Its helpers too, whatever ended it.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                with suppress(ProcessLookupError):
                    await process.wait()
            try:
                if target.stat().st_size > MAX_PICTURE_BYTES:
                    raise ApiError(500, "unavailable", "the picture is too large")
                return target.read_bytes()
            except OSError:
                log.warn("no picture was drawn", program=program, status=process.returncode)
                raise ApiError(500, "unavailable", f"{Path(program).name} drew no picture; its status is "
                               f"{process.returncode}") from None  # fmt: skip


def _flags(folder: str, target: Path, size: Size) -> list[str]:
    flags = [
        "--headless", "--disable-gpu", "--hide-scrollbars", "--mute-audio", "--no-first-run", "--disable-extensions",
        "--disable-background-networking", "--disable-sync", "--disable-component-update", "--disable-default-apps",
        "--disable-dev-shm-usage", f"--user-data-dir={folder}/profile", f"--screenshot={target}",
        f"--window-size={size.width},{size.height}", f"--force-device-scale-factor={size.scale:g}",
        f"--virtual-time-budget={SETTLE_MS}", "--run-all-compositor-stages-before-draw",
    ]  # fmt: skip
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium's sandbox refuses to run for root.
    return flags
