"""Log lines on stderr: logfmt (`ts=… level=info component=tsdb msg="…" key=value`) or JSON, one line per event.

Secrets stay inside: a key that names one (`password`, `bearer_token`, …) shows `<secret>`, and so does the password
in a URL, wherever it stands.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TextIO

LEVELS: Final = {"debug": 0, "info": 1, "warn": 2, "error": 3}
FORMATS: Final = ("logfmt", "json")
SECRET: Final = "<secret>"
MAX_VALUE_CHARS: Final = 8192  # A value that quotes a scrape body or a query must not fill the disk.

_SECRET_KEY: Final = re.compile(
    r"passw|secret|token|credential|authorization|api_?key|private_?key|cookie", re.IGNORECASE
)
_URL_PASSWORD: Final = re.compile(r"(://[^\s/?#:@]*):[^\s/?#]*@")
_PLAIN: Final = re.compile(r"[^\x00-\x20\"=\x7f\ufffd\x80-\x9f\u2028\u2029]+").fullmatch


class _Output:
    """Where lines go; one for the process, set once by its composition root."""

    __slots__ = ("clock", "is_json", "lock", "stream", "threshold")

    def __init__(self) -> None:
        self.threshold = LEVELS["info"]
        self.is_json = False
        self.stream: TextIO | None = None
        self.clock: Callable[[], float] = time.time
        self.lock = threading.Lock()

    def write(self, line: str) -> None:
        # Where nobody reads any more, a server goes on without its log.
        with self.lock, suppress(OSError, ValueError, AttributeError):
            # One write for each line, so that lines of several processes do not mix.
            (self.stream or sys.stderr).write(line + "\n")


_output: Final = _Output()


def configure(
    level: str = "info",
    format: str = "logfmt",
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Set what is written and how, for the whole process; `stream` None is whatever `sys.stderr` is at the time.

    level    debug, info, warn or error
    format   logfmt or json
    clock    seconds since 1970
    raises   ValueError for an unknown level or format
    """
    if level not in LEVELS:
        raise ValueError(f"unrecognized log level {level!r}: one of {', '.join(LEVELS)}")
    if format not in FORMATS:
        raise ValueError(f"unrecognized log format {format!r}: one of {', '.join(FORMATS)}")
    _output.threshold = LEVELS[level]
    _output.is_json = format == "json"
    _output.stream = stream
    _output.clock = clock


def get_level() -> str:
    """The lowest level that is written."""
    return next(level for level, number in LEVELS.items() if number == _output.threshold)


def set_level(level: str) -> None:
    """From now on, write this level and those above it. Raises ValueError for an unknown one."""
    if level not in LEVELS:
        raise ValueError(f"unrecognized log level {level!r}: one of {', '.join(LEVELS)}")
    _output.threshold = LEVELS[level]


class Logger:
    """Writes events of one component; `bind` gives a logger whose lines carry more keys."""

    __slots__ = ("_bound", "_component")

    def __init__(self, component: str, bound: dict[str, Any] | None = None) -> None:
        self._component = component
        self._bound = bound or {}

    def bind(self, **fields: Any) -> Logger:
        """A logger of the same component whose every line has these keys first."""
        return Logger(self._component, {**self._bound, **fields})

    def is_enabled(self, level: str) -> bool:
        """Whether lines of this level are written, for callers with costly values."""
        return LEVELS[level] >= _output.threshold

    def debug(self, msg: str, /, **fields: Any) -> None:
        """Something only a person who looks for a fault wants to see."""
        if _output.threshold <= 0:
            self._write("debug", msg, fields)

    def info(self, msg: str, /, **fields: Any) -> None:
        """Something that happened as it should."""
        if _output.threshold <= 1:
            self._write("info", msg, fields)

    def warn(self, msg: str, /, **fields: Any) -> None:
        """Something went wrong and was dealt with."""
        if _output.threshold <= 2:
            self._write("warn", msg, fields)

    warning = warn

    def error(self, msg: str, /, **fields: Any) -> None:
        """Something went wrong, and somebody will miss something."""
        self._write("error", msg, fields)

    def exception(self, msg: str, /, **fields: Any) -> None:
        """An error that is a fault of this program: the exception being handled is added, with its stack."""
        error = sys.exc_info()[1]
        if error is not None:
            stack = "".join(traceback.format_exception(error))
            fields = {"err": error, **fields, "stack": stack}
        self._write("error", msg, fields)

    def _write(self, level: str, msg: str, fields: dict[str, Any]) -> None:
        now = datetime.fromtimestamp(_output.clock(), UTC)
        event: dict[str, Any] = {
            "ts": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z",
            "level": level,
            "component": self._component,
            "msg": msg,
        }
        for key, value in (*self._bound.items(), *fields.items()):
            hidden = bool(value) and not isinstance(value, (int, float)) and _SECRET_KEY.search(key)
            event[key if key not in event else key + "_"] = SECRET if hidden else value
        if _output.is_json:
            values = {key: _json_value(value) for key, value in event.items()}
            _output.write(json.dumps(values, ensure_ascii=False, separators=(",", ":")))
        else:
            _output.write(" ".join([f"{key}={quote_value(_text(value))}" for key, value in event.items()]))


def get_logger(component: str) -> Logger:
    """A logger for one part of the program, such as `tsdb` or `scrape manager`."""
    return Logger(component)


def quote_value(text: str) -> str:
    """A logfmt value: as it is where it holds no space, quote, `=` or control character, else a quoted string."""
    return text if _PLAIN(text) else json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _text(value: Any) -> str:
    if value is True or value is False:
        text = "true" if value else "false"
    elif value is None:
        text = "null"
    elif isinstance(value, BaseException):
        text = str(value) or type(value).__name__
    elif isinstance(value, (bytes, bytearray)):
        text = bytes(value).decode("utf-8", "replace")
    else:
        text = str(value)
    if len(text) > MAX_VALUE_CHARS:
        text = f"{text[:MAX_VALUE_CHARS]}… ({len(text)} characters)"
    if "://" in text and "@" in text:
        text = _URL_PASSWORD.sub(rf"\1:{SECRET}@", text)
    # A lone surrogate (from a file name) can't be encoded on the way out.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _json_value(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and abs(value) < float("inf")):
        return value
    return _text(value)


class _Bridge(logging.Handler):
    """Takes what libraries log with the standard `logging` and writes it as lines of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= 40 else "warn" if record.levelno >= 30 else "info"
        level = "debug" if record.levelno < 20 else level
        if LEVELS[level] < _output.threshold:
            return
        try:
            message = record.getMessage()
        except Exception:  # A library's bad format string is no reason to lose the line.
            message = str(record.msg)
        fields: dict[str, Any] = {}
        if record.exc_info and record.exc_info[1] is not None:
            stack = "".join(traceback.format_exception(record.exc_info[1]))
            fields = {"err": record.exc_info[1], "stack": stack}
        Logger(record.name)._write(level, message, fields)


def capture_stdlib() -> None:
    """Send what libraries log (aiohttp, asyncio, …) through this module, from warnings upwards; call once in `app`."""
    root = logging.getLogger()
    root.handlers = [_Bridge()]
    root.setLevel(logging.DEBUG if _output.threshold == 0 else logging.WARNING)
