"""Whatever a service answers, a receiver is done or fails with a NotifyError that is short and shows no secret."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.alerts.integrations.service_double import EXTERNAL_URL, FIRING, RESOLVED
from tests.unit.alerts.integrations.test_all import HTTP, MINIMAL, config_of, section_of
from watchkeeper.alerts.integrations.table import INTEGRATIONS
from watchkeeper.alerts.interface import Notifier, NotifyError, Surroundings
from watchkeeper.alerts.templates.templates import Templates

# All that any of them looks for in an answer.
KEYS: Final = (
    "ok", "success", "error", "errors", "message", "description", "errcode", "errmsg", "access_token", "expires_in",
    "issues", "key", "fields", "status", "statusCategory", "transitions", "id", "name", "channel", "ts", "code",
    "status_code", "retry_after", "result", "errorMessages", "parameters", "incident_key",
)  # fmt: skip
TEXTS: Final = st.sampled_from(["", "ok", "done", "@SECRETS@", "x\x00\n@SECRETS@", "no_text", "é" * 2000])
VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
BODIES: Final = VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40)
ANSWERS: Final = st.lists(
    st.tuples(st.sampled_from([200, 200, 200, 201, 204, 302, 400, 403, 404, 422, 429, 500, 503]), BODIES),
    min_size=1,
    max_size=6,
)


class Content:
    def __init__(self, body: bytes) -> None:
        self._body = body

    async def iter_any(self) -> AsyncIterator[bytes]:
        yield self._body


class Response:
    def __init__(self, status: int, body: bytes) -> None:
        self.status = status
        self.content = Content(body)

    def close(self) -> None:
        pass


class Client:
    """Gives one answer after the other, the last again and again."""

    def __init__(self, answers: list[tuple[int, bytes]]) -> None:
        self._answers = answers
        self._n_asked = 0

    @asynccontextmanager
    async def request(self, method: str, url: str, **more: Any) -> AsyncIterator[Response]:
        answer = self._answers[min(self._n_asked, len(self._answers) - 1)]
        self._n_asked += 1
        yield Response(*answer)

    async def close(self) -> None:
        pass


TEMPLATES: Final = Templates(external_url=EXTERNAL_URL)


async def tell(kind: str, answers: list[tuple[int, bytes]]) -> None:
    secrets = " ".join(re.findall(r"hush-[a-z]+", MINIMAL[kind])).encode()
    client = Client([(status, body.replace(b"@SECRETS@", secrets)) for status, body in answers])
    surroundings = Surroundings(TEMPLATES, EXTERNAL_URL, lambda config: client)  # type: ignore[arg-type,return-value]
    module = sys.modules[section_of(kind).__module__]
    notifier: Notifier = module.NOTIFIER(config_of(kind, "http://127.0.0.1:9"), surroundings)
    for notice in (FIRING, RESOLVED):
        error = None
        try:
            await notifier.notify(notice)
        except NotifyError as caught:
            error = caught
        if error is not None:
            assert "hush" not in str(error)
            assert str(error).isprintable()
            assert len(str(error)) < 1500
            assert error.cause in ("clientError", "serverError", "other")
    await notifier.close()


@pytest.mark.parametrize("kind", HTTP)
@settings(max_examples=40, deadline=None)
@given(answers=ANSWERS)
def test_any_answers(kind: str, answers: list[tuple[int, bytes]]) -> None:
    asyncio.run(tell(kind, answers))


def test_all_that_speak_http_are_there() -> None:
    assert set(INTEGRATIONS) - set(HTTP) == {"email_configs", "apprise_configs"}
