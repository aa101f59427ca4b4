"""A listening port of this process."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

SHUTDOWN_S = 5.0  # How long answers under way may take once the server stops.


@dataclass(frozen=True, slots=True)
class Listener:
    """One port that answers."""

    url: str
    _runner: web.AppRunner

    async def close(self) -> None:
        """Answers what is under way, then stops."""
        await self._runner.cleanup()


async def listen(app: web.Application, host: str, port: int) -> Listener:
    """Raises OSError where the port can't be had."""
    # A handler is told when its client goes away, so that its query can be given up.
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=512)
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    shown = f"[{host}]" if ":" in host else host
    return Listener(f"http://{shown}:{port}", runner)
