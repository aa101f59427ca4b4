"""Where a form or a link may lead."""

from __future__ import annotations

from urllib.parse import urlsplit


def safe_target(text: str) -> str:
    """A path of ours without its first slash; an empty text where it leads anywhere else."""
    if not text.startswith("/") or text.startswith(("//", "/\\")) or any(char <= " " for char in text):
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    return "" if parts.scheme or parts.netloc or "\\" in text else text.lstrip("/")
