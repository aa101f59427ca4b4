"""What `watchkeeper alerts` and `watchkeeper silence` ask a server, and how its texts are shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import click

from watchkeeper.alerts.matchers import MatcherError, parse_matcher
from watchkeeper.cli.client import ApiError, exchange, not_the_api
from watchkeeper.cli.moments import parse_span_s
from watchkeeper.cli.result import printable
from watchkeeper.core.model.labels import label_name, quote
from watchkeeper.core.model.matcher import Matcher, MatchType

API = "/api/v2"


@dataclass(frozen=True, slots=True)
class Server:
    """A server of Alertmanager's API."""

    url: str
    timeout_s: float

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The document of a GET. Raises ApiError and ClientError; so do the others."""
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        return self._ask("GET", path + query)

    def post(self, path: str, document: Any) -> Any:
        """The document that answers a POST."""
        return self._ask("POST", path, json.dumps(document).encode())

    def delete(self, path: str) -> None:
        """A DELETE that went well."""
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        said = exchange(self.url, method, API + path, self.timeout_s, body=body, headers=headers)
        try:
            document = json.loads(said.body) if said.body else None
        except ValueError:
            if said.status == 503 and said.content_type == "text/plain":
                raise ApiError("503", said.body.decode("utf-8", "replace").strip()) from None
            raise not_the_api(said, "Alertmanager") from None
        if said.status == 200:
            return document
        match document:
            case str():
                raise ApiError(str(said.status), document)
            case {"message": str(message)}:
                raise ApiError(str(said.status), message)
            case None if said.status == 404:
                raise ApiError("404", "not found")
        raise not_the_api(said, "Alertmanager")


def server_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--url` and `--timeout`; `server_of` makes a Server of them."""
    for option in (
        click.option("--timeout", metavar="DURATION", default="30s", show_default=True, help="How long to wait."),
        click.option(
            "--url",
            default="http://127.0.0.1:9093",
            envvar="WATCHKEEPER_ALERTS_URL",
            show_default=True,
            show_envvar=True,
            help="The server to ask.",
        ),
    ):
        command = option(command)
    return command


def server_of(url: str, timeout: str) -> Server:
    """Raises a usage error where the timeout is none."""
    try:
        return Server(url, parse_span_s(timeout))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--timeout") from None


def read_matchers(texts: Sequence[str]) -> list[Matcher]:
    """Matchers as typed; a first word without an operator is an alertname. Raises a usage error."""
    found = []
    for place, text in enumerate(texts):
        if place == 0 and text and not any(sign in text for sign in "=~!"):
            found.append(Matcher("alertname", MatchType.EQUAL, text))
            continue
        try:
            found.append(parse_matcher(text))
        except MatcherError as error:
            wanted = "write it as severity=critical or 'job=~shop.*'"
            raise click.BadParameter(f"{text!r}: {error}; {wanted}", param_hint="MATCHER") from None
    return found


def labels_text(labels: Mapping[str, str], without: Iterable[str] = ()) -> str:
    """`job=shop severity="very bad"`: quoted where it must be, and nothing in it moves a cursor."""
    left_out = frozenset(without)
    return " ".join(
        f"{label_name(name)}={_word(value)}" for name, value in sorted(labels.items()) if name not in left_out
    )


def matcher_words(matchers: Iterable[Mapping[str, Any]]) -> str:
    """The matchers of a silence's JSON as they would be typed."""
    signs = {(True, False): "=", (False, False): "!=", (True, True): "=~", (False, True): "!~"}
    return " ".join(
        f"{label_name(one['name'])}{signs[bool(one.get('isEqual', True)), bool(one['isRegex'])]}{_word(one['value'])}"
        for one in matchers
    )


def _word(text: str) -> str:
    plain = text and text.isprintable() and not any(char in text for char in " \"'`{},=~!\\")
    return text if plain else quote(text)


def moment_s(text: str) -> float:
    """Seconds since 1970 of a time in JSON."""
    return datetime.fromisoformat(text).timestamp()


def time_text(text: str) -> str:
    """A time in JSON in the local zone, to the second."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def rfc3339(seconds: float) -> str:
    """A time as the API takes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def span_text(seconds: float) -> str:
    """`45s`, `12m5s`, `3h`, `2d4h`: two units at most."""
    left = max(0, round(seconds))
    parts: list[tuple[int, str]] = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s")):
        if left >= size or parts:
            parts.append((left // size, unit))
            left %= size
    return "".join(f"{count}{unit}" for count, unit in parts[:2] if count) or "0s"


def plain_text(text: str) -> str:
    """One line that can't move a terminal's cursor."""
    return printable(" ".join(text.split()))
