"""What a process does right now, under the paths where Go programs show it."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
import traceback

from aiohttp import web

from watchkeeper.web.prometheus.backend import Backend

INDEX = """/debug/pprof/ of watchkeeper

goroutine  the stack of every thread and every asyncio task: /debug/pprof/goroutine?debug=2
cmdline    the command line

The other profiles of Go programs (allocs, block, heap, mutex, profile, threadcreate, trace) do not exist here.
Take a profile from outside instead, with a sampling profiler for Python such as py-spy.
"""
OF_GO = frozenset({"allocs", "block", "heap", "mutex", "profile", "symbol", "threadcreate", "trace"})


async def profile(_: Backend, request: web.Request) -> web.Response:
    """GET /debug/pprof/<name>: text; 501 for profiles that only Go has, 404 for others."""
    name = request.match_info["name"]
    if name == "":
        return web.Response(text=INDEX)
    if name == "cmdline":
        return web.Response(text="\0".join(sys.argv))
    if name == "goroutine":
        return web.Response(text=stacks())
    if name in OF_GO:
        return web.Response(status=501, text=f"profile {name!r} exists in Go programs only\n\n{INDEX}")
    return web.Response(status=404, text="Unknown profile\n")


def stacks() -> str:
    """The stacks of all threads, then of all tasks of the running loop."""
    out = io.StringIO()
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        out.write(f"thread {ident} [{names.get(ident, 'unknown')}]:\n")
        traceback.print_stack(frame, file=out)
        out.write("\n")
    for task in asyncio.all_tasks():
        out.write(f"task {task.get_name()}:\n")
        task.print_stack(file=out)
        out.write("\n")
    return out.getvalue()
