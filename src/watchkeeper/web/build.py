"""What this program is, in the shape that upstream's clients read."""

from __future__ import annotations

# Clients choose their features by this number; it names the release of Prometheus whose API this one follows.
COMPATIBLE_VERSION = "3.14.0"


def build_info() -> dict[str, str]:
    """Version and origin, in the shape that clients detect a server's abilities by."""
    import platform

    from watchkeeper import __version__

    return {
        "version": COMPATIBLE_VERSION,
        "revision": f"watchkeeper-{__version__}",
        "branch": "main",
        "buildUser": "watchkeeper",
        "buildDate": "",
        "goVersion": f"python{platform.python_version()}",
    }
