"""The folder that the build of the pages wrote: its files, and index.html as a page needs it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import orjson

BUILT: Final = Path(__file__).parent / "built"
INDEX: Final = "index.html"
PACKED: Final = (".br", ".gz")
_BASE: Final = re.compile(r'<base href="[^"]*"\s*/?>')
# What ends a script element, or starts what a parser treats otherwise, can't stand in one.
_ESCAPED: Final = ((b"<", b"\\u003c"), (b">", b"\\u003e"), (b"&", b"\\u0026"), ("\u2028".encode(), b"\\u2028"),
                   ("\u2029".encode(), b"\\u2029"))  # fmt: skip


class Built:
    """Looks at the folder anew when its index has changed; a build may come while the server runs."""

    def __init__(self, folder: Path = BUILT) -> None:
        self._folder = folder
        self._state: tuple[int, int] | None = None
        self._index = ""
        self._files: dict[str, Path] = {}

    @property
    def is_there(self) -> bool:
        """Whether there are pages to serve."""
        self._look()
        return self._state is not None

    def file(self, name: str) -> Path | None:
        """A file of the build by its path in it; None for what is none, or only the packed form of one."""
        self._look()
        return self._files.get(name)

    def page(self, prefix: str, bootstrap: dict[str, Any]) -> bytes:
        """index.html for pages below `prefix`, with what they start with in it.

        A block of data is no script to a browser, so that it needs no exception from the policy.
        """
        self._look()
        data = orjson.dumps(bootstrap)
        for char, shown in _ESCAPED:
            data = data.replace(char, shown)
        block = b'<script type="application/json" id="bootstrap">' + data + b"</script>"
        text = _BASE.sub(lambda _: f'<base href="{prefix}/">', self._index, count=1)
        before, at, after = text.partition("</head>")
        return before.encode() + block + at.encode() + after.encode()

    def _look(self) -> None:
        index = self._folder / INDEX
        try:
            found = index.stat()
            state = found.st_mtime_ns, found.st_ino
            if state == self._state:
                return
            text = index.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            self._state, self._index, self._files = None, "", {}
            return
        files = {
            path.relative_to(self._folder).as_posix(): path
            for path in self._folder.rglob("*")
            if path.is_file() and path.suffix not in PACKED and path != index
        }
        self._state, self._index, self._files = state, text, files
