"""What browsers may do with our pages."""

from __future__ import annotations

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
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def page_headers(*, may_embed: bool) -> dict[str, str]:
    """Headers of a page. `may_embed` lets other sites show it in a frame."""
    ancestors = "frame-ancestors *" if may_embed else "frame-ancestors 'self'"
    headers = {
        **COMMON,
        "Content-Security-Policy": "; ".join((*_SOURCES, ancestors)),
        "Cache-Control": "private, no-cache",
    }
    if not may_embed:
        headers["X-Frame-Options"] = "SAMEORIGIN"
    return headers
