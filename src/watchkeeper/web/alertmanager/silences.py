"""Silences: which there are, new ones, and their end."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from aiohttp import web

from watchkeeper.alerts.interface import Silence
from watchkeeper.alerts.matchers import Mode, is_label_name
from watchkeeper.alerts.silences.silence import SilenceState, state_of
from watchkeeper.core.model.errors import NotFoundError, WatchkeeperError
from watchkeeper.core.model.go_regex_error import regex_problem
from watchkeeper.core.model.labels import quote
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.regex import RegexError
from watchkeeper.web.alertmanager.answer_json import answer, silence_json
from watchkeeper.web.alertmanager.backend import Backend, Settings
from watchkeeper.web.alertmanager.errors import TOO_FEW, WRONG_TYPE, bad_form, refused
from watchkeeper.web.alertmanager.filters import flag, matchers
from watchkeeper.web.alertmanager.json_body import Fields, parse_body, read_body
from watchkeeper.web.errors import ApiError

BODY = "silence"
MAX_SHOWN = 1000  # Characters of an expression that an error repeats.
RANKS = {SilenceState.ACTIVE: 0, SilenceState.PENDING: 1, SilenceState.EXPIRED: 2}


async def list_silences(backend: Backend, request: web.Request) -> web.Response:
    """GET /silences: the active first, by their end; then those to come, and those that were."""
    states = [state for state in RANKS if flag(request, state.value)]
    ask = partial(backend.alerts.silences.query, matchers(backend, request, "filter"), states=states)
    now_ns = backend.now_ns()
    return await backend.run(lambda: answer([silence_json(one, now_ns) for one in ordered(ask(), now_ns)]))


async def get_silence(backend: Backend, request: web.Request) -> web.Response:
    """GET /silence/{id}."""
    found = backend.alerts.silences.get(_id_of(request))
    if found is None:
        raise refused(404, "")
    return answer(silence_json(found, backend.now_ns()))


async def delete_silence(backend: Backend, request: web.Request) -> web.Response:
    """DELETE /silence/{id}: it ends now; one that has ended stays as it is."""
    id = _id_of(request)
    try:
        backend.alerts.silences.expire(id)
    except NotFoundError:
        raise refused(404, "") from None
    return web.Response()


async def post_silence(backend: Backend, request: web.Request) -> web.Response:
    """POST /silences: a new one, or another form of one; the answer says the id that it has now."""
    body = await read_body(request, BODY)
    silence = await backend.run(lambda: _silence(parse_body(body, BODY), backend.settings))
    now_ns = backend.now_ns()
    if silence.starts_ns >= silence.ends_ns:
        raise refused(400, "Failed to create silence: start time must be before end time")
    if silence.ends_ns < now_ns:
        raise refused(400, "Failed to create silence: end time can't be in the past")
    try:
        id = backend.alerts.silences.set(silence)
    except NotFoundError:
        raise refused(404, "silence not found") from None
    except WatchkeeperError as error:
        raise refused(400, str(error)) from None
    return answer({"silenceID": id})


def ordered(silences: Iterable[Silence], now_ns: int) -> list[Silence]:
    """As upstream shows them."""

    def place(silence: Silence) -> tuple[int, int, str]:
        state = state_of(silence, now_ns)
        match state:
            case SilenceState.ACTIVE:
                time_ns = silence.ends_ns
            case SilenceState.PENDING:
                time_ns = silence.starts_ns
            case SilenceState.EXPIRED:
                time_ns = -silence.ends_ns
        return RANKS[state], time_ns, silence.id

    return sorted(silences, key=place)


def _id_of(request: web.Request) -> str:
    """The id in the path. Raises ApiError where it is none."""
    text = request.match_info["id"]
    try:
        return str(UUID(text))
    except ValueError:
        raise bad_form(WRONG_TYPE, f"silenceID in path must be of type uuid: {quote(text)}") from None


def _silence(document: Any, settings: Settings) -> Silence:
    """Raises ApiError where the body has not the form of a silence."""
    fields = Fields(BODY, {} if document is None else document)
    comment, created_by, id = fields.text("comment"), fields.text("createdBy"), fields.text("id")
    starts_ns, ends_ns = fields.time_ns("startsAt"), fields.time_ns("endsAt")
    items = fields.items("matchers")
    for key in ("comment", "createdBy", "endsAt", "matchers"):
        fields.require(key)
    if not items:
        raise bad_form(TOO_FEW, "matchers in body should have at least 1 items")
    if settings.max_matchers and len(items) > settings.max_matchers:
        # Before each of them is looked at: there may be a million.
        told = f"{len(items)} (limit: {settings.max_matchers}, silences.max-matchers)"
        raise refused(400, f"silence exceeded maximum number of matchers: {told}")
    parts = [Fields(BODY, item, ("matchers", place)) for place, item in enumerate(items)]
    read = [_matcher_parts(part) for part in parts]
    fields.require("startsAt")
    made = tuple(_matcher(place, *part, settings.mode) for place, part in enumerate(read))
    if all(matcher.matches_empty for matcher in made):
        raise _invalid("at least one matcher must not match the empty string")
    return Silence(made, starts_ns or 0, ends_ns or 0, created_by or "", comment or "", id or "")


def _matcher_parts(fields: Fields) -> tuple[str, str, MatchType]:
    is_regex, is_equal = fields.flag("isRegex"), fields.flag("isEqual")
    name, value = fields.text("name"), fields.text("value")
    for key in ("isRegex", "name", "value"):
        fields.require(key)
    positive, negative = (MatchType.REGEX, MatchType.NOT_REGEX) if is_regex else (MatchType.EQUAL, MatchType.NOT_EQUAL)
    return name or "", value or "", negative if is_equal is False else positive


def _matcher(place: int, name: str, value: str, type: MatchType, mode: Mode) -> Matcher:
    if not is_label_name(name, mode):
        raise _invalid(f"invalid label matcher {place}: invalid label name {quote(name)}")
    try:
        return Matcher(name, type, value)
    except (RegexError, UnicodeError):
        shown = value if len(value) <= MAX_SHOWN else f"{value[:MAX_SHOWN]}…"
        problem = f"invalid regular expression {quote(shown)}: {regex_problem(value)}"
        raise _invalid(f"invalid label matcher {place}: {problem}") from None


def _invalid(problem: str) -> ApiError:
    return refused(400, f"silence invalid: {problem}")
