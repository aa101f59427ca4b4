"""One remote's HTTP side: a request is sent, and the answer says what is to be done next."""

from __future__ import annotations

import email.utils
import enum
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp

from watchkeeper.core.http.client import HTTPClient, describe, read_limited
from watchkeeper.core.http.credentials import CredentialError
from watchkeeper.metrics.remote.config import WRITE_V2, RemoteWriteConfig

MAX_ANSWER_BYTES: Final = 256 << 10
SHOWN_CHARS: Final = 512
_VERSIONS: Final = {False: "0.1.0", True: "2.0.0"}


class Verdict(enum.Enum):
    """What became of a request."""

    SENT = "sent"
    RETRY = "retry"  # The receiver may take it later.
    REFUSED = "refused"  # The receiver will never take it.


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict, its reason, how long the receiver asks to wait, and the status where there was an answer.

    written   what the receiver says it took of each kind, although it refused the rest (protocol 2.0)
    """

    verdict: Verdict
    reason: str = ""
    wait_s: float = 0.0
    status: int = 0
    written: Mapping[str, int] = field(default_factory=dict)


class Sender:
    """Sends bodies to one remote. Needs a running event loop; close it there."""

    def __init__(self, config: RemoteWriteConfig, user_agent: str) -> None:
        self._url = config.url.reveal()
        self._timeout = aiohttp.ClientTimeout(total=config.remote_timeout_ms / 1000)
        self._retry_429 = config.queue_config.retry_on_http_429
        self._client = HTTPClient(config.http_client, user_agent=user_agent)
        is_v2 = config.protobuf_message == WRITE_V2
        self._headers = {
            **config.headers,
            "Content-Encoding": "snappy",
            "Content-Type": f"application/x-protobuf;proto={WRITE_V2}" if is_v2 else "application/x-protobuf",
            "X-Prometheus-Remote-Write-Version": _VERSIONS[is_v2],
        }

    async def send(self, body: bytes, attempt: int) -> Outcome:
        """Sends one compressed request; never raises but for cancellation.

        attempt   0 for the first time; the receiver is told of later ones
        """
        headers = {**self._headers, "Retry-Attempt": str(attempt)} if attempt else self._headers
        try:
            async with self._client.request(
                "POST", self._url, headers=headers, data=body, timeout=self._timeout
            ) as response:
                text = await read_limited(response, MAX_ANSWER_BYTES)
                return self._judge(response, text)
        except (CredentialError, TimeoutError, aiohttp.ClientError, OSError) as error:
            return Outcome(Verdict.RETRY, str(error) if isinstance(error, CredentialError) else describe(error))

    def _judge(self, response: aiohttp.ClientResponse, text: bytes) -> Outcome:
        status = response.status
        if status // 100 == 2:
            return Outcome(Verdict.SENT, status=status)
        shown = "".join(char if char.isprintable() else " " for char in text.decode("utf-8", "replace"))
        reason = f"server returned HTTP status {status}: {shown[:SHOWN_CHARS].strip()}"
        if status // 100 == 5 or (status == 429 and self._retry_429):
            return Outcome(Verdict.RETRY, reason, retry_after_s(response.headers.get("Retry-After", "")), status)
        return Outcome(Verdict.REFUSED, reason, status=status, written=_written(response.headers))

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()


def _written(headers: Mapping[str, str]) -> dict[str, int]:
    counts = {}
    for kind in ("samples", "histograms", "exemplars"):
        text = headers.get(f"X-Prometheus-Remote-Write-{kind.capitalize()}-Written", "")
        if text.isascii() and text.isdigit():
            counts[kind] = int(text[:18])
    return counts


def retry_after_s(header: str) -> float:
    """The seconds that a Retry-After header asks for; 0 where it says nothing of use."""
    try:
        return min(max(0.0, float(int(header))), 3600.0)
    except ValueError:
        pass
    try:
        at = email.utils.parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    return min(max(0.0, at.timestamp() - time.time()), 3600.0)
