"""What browsers may do with our pages."""

from __future__ import annotations

import re
from typing import Final

# Scripts only from our files. Styles stand in elements too: charts and editors set them, and text panels have them.
_SOURCES: Final = (
    "default-src 'self'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:",
    "font-src 'self' data:", "connect-src 'self'", "worker-src 'self' blob:", "frame-src 'self'", "object-src 'none'",
    "base-uri 'self'", "form-action 'self'",
)  # fmt: skip
COMMON: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def is_trustworthy(secure: bool, host: str) -> bool:
    """Whether browsers take a page's origin for a safe one: over TLS, or from the machine itself."""
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    return (
        secure
        or name in ("localhost", "[::1]")
        or name.endswith(".localhost")
        or re.fullmatch(r"127(\.\d+){3}", name) is not None
    )


def page_headers(*, may_embed: bool, is_trusted: bool) -> dict[str, str]:
    """Headers of a page.

    may_embed    lets other sites show it in a frame
    is_trusted   what `is_trustworthy` says; from other origins a browser refuses the opener's policy, and says so
    """
    ancestors = "frame-ancestors *" if may_embed else "frame-ancestors 'self'"
    headers = {
        **COMMON,
        "Content-Security-Policy": "; ".join((*_SOURCES, ancestors)),
        "Cache-Control": "private, no-cache",
    }
    if is_trusted:
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if not may_embed:
        headers["X-Frame-Options"] = "SAMEORIGIN"
    return headers
