"""Whether a page of another site sent a request."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web

SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))
OURS: Final = ("same-origin", "none")


def is_cross_site(request: web.Request, root_url: str) -> bool:
    """By what browsers say of themselves; what no browser sent is from no site.

    root_url   what links to this server begin with, where a proxy hides its name from it
    """
    site = request.headers.get("Sec-Fetch-Site", "").strip().lower()
    origin = request.headers.get(hdrs.ORIGIN, "")
    if site:
        return site not in OURS
    if not origin:
        return False
    try:
        host = urlsplit(origin).netloc
        ours = {request.host.lower(), urlsplit(root_url).netloc.lower()}
    except ValueError:
        return True
    return not host or host.lower() not in ours
