"""What a question asks for: flags, matchers of labels, a receiver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aiohttp import web

from watchkeeper.alerts.matchers import MatcherError, parse_matcher
from watchkeeper.alerts.status import Wanted
from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.labels import EMPTY
from watchkeeper.core.model.matcher import Matcher
from watchkeeper.core.model.regex import RegexError, regex
from watchkeeper.web.alertmanager.backend import Backend
from watchkeeper.web.alertmanager.errors import refused

# What upstream reads as true; everything else is false.
TRUE: Final = frozenset({"true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"})

STATES: Final = ("active", "silenced", "inhibited", "unprocessed", "muted")


def flag(request: web.Request, name: str) -> bool:
    """A truth value; true where it is not given."""
    text = request.query.get(name)
    return True if not text else text.lower() in TRUE


def wanted(backend: Backend, request: web.Request) -> Wanted:
    """Which alerts, and groups of them, a request asks for. Raises ApiError."""
    filters, receiver = matchers(backend, request, "filter"), receiver_test(backend, request)
    return Wanted(filters, receiver, **{name: flag(request, name) for name in STATES})


def matchers(backend: Backend, request: web.Request, name: str) -> list[Matcher]:
    """All matchers of a parameter that may stand several times. Raises ApiError."""
    found: list[Matcher] = []
    for text in request.query.getall(name, ()):
        try:
            found.append(parse_matcher(text, backend.settings.mode))
        except MatcherError as error:
            raise refused(400, str(error)) from None
    return found


def receiver_test(backend: Backend, request: web.Request) -> Callable[[str], bool] | None:
    """Whether a receiver of this name was asked for; None where all are. Raises ApiError.

    `receiver_matchers` compare a receiver's labels, and its name as the label `receiver`.
    """
    tests: list[Callable[[str], bool]] = []
    if text := request.query.get("receiver"):
        try:
            tests.append(regex(text).matches)
        except (RegexError, UnicodeError):
            problem = regex_problem(f"^(?:{text})$")
            raise refused(400, f"failed to parse receiver param: {problem}") from None
    if compared := matchers(backend, request, "receiver_matchers"):
        known = backend.receivers()

        def labelled(name: str) -> bool:
            labels = known.get(name, EMPTY).with_(receiver=name)
            return all(matcher.matches(labels.get(matcher.name)) for matcher in compared)

        tests.append(labelled)
    if not tests:
        return None
    return lambda name: all(test(name) for test in tests)
