"""What the status pages of both ports have in common."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --muted: #777; --good: #1f8a4c; --bad: #c8372d; --soft: #8881; }
@media (prefers-color-scheme: dark) { :root { --muted: #999; --good: #4cc27f; --bad: #ff7b70; } }
* { box-sizing: border-box; }
body { font: 14px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 1200px; padding: 1.2rem 1.5rem 4rem; }
header { display: flex; gap: .4rem 1.4rem; align-items: baseline; flex-wrap: wrap; }
h1 { font-size: 1.35rem; margin: 0; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
nav a { margin-right: .9rem; } a { color: inherit; text-underline-offset: 2px; }
table { border-collapse: collapse; width: 100%; } td, th { overflow-wrap: anywhere; }
th { text-align: left; font-weight: 600; color: var(--muted); }
th, td { padding: .34rem .8rem .34rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.muted { color: var(--muted); }
pre { background: var(--soft); padding: .8rem 1rem; border-radius: 6px; overflow: auto; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: .7rem; margin: 0; }
dt { color: var(--muted); } dd { margin: 0; font-size: 1.15rem; font-variant-numeric: tabular-nums; }
"""


def html_page(title: str, body: Iterable[str], style: str = "") -> str:
    """A whole page. `body` is HTML; `style` adds to that of all pages."""
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>{escape(title)}</title><style>{_STYLE}{style}</style></head><body>{''.join(body)}</body></html>"
    )


def fact(name: str, value: str) -> str:
    """One figure of a `<dl>`."""
    return f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"


def span_text(seconds: float, second_digits: int = 1) -> str:
    """A span of time in the unit that fits it: `1.5 h`; nothing below zero."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{max(0.0, seconds):.{second_digits}f} s"
