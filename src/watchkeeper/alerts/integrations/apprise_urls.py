"""URLs of services as apprise has them, with tags before them: `ops,night=tgram://token/chat`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from watchkeeper.alerts.integrations.post import secrets_of
from watchkeeper.core.config.decode import Place
from watchkeeper.core.config.kinds import SecretKind
from watchkeeper.core.config.schema import Invalid
from watchkeeper.core.config.secret import HIDDEN, Secret

_LINE: Final = re.compile(r"(?:([A-Za-z0-9_,: \t-]+)=)?\s*([A-Za-z0-9]{1,32}://\S.*)")
# What is no host's name may be a token: many services have theirs in this place.
_HOST: Final = re.compile(r"localhost|[0-9]{1,3}(\.[0-9]{1,3}){3}|[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,12}")
_MIN_SECRET: Final = 4


@dataclass(frozen=True, slots=True)
class ServiceUrl:
    """One service. The representation holds no secret.

    where   how an error calls it, `urls[0]` or `line 3 of urls_file`
    """

    where: str
    tags: tuple[str, ...]
    url: str

    def __repr__(self) -> str:
        return f"ServiceUrl({self.where}: {self.scheme}://)"

    @property
    def scheme(self) -> str:
        """What stands before `://`."""
        return self.url.partition("://")[0]

    @property
    def secrets(self) -> list[str]:
        """The parts that an error must not show."""
        found = set(secrets_of(self.url))
        rest = re.split(r"[/?#]", self.url.partition("://")[2], maxsplit=1)[0]
        host = re.sub(r":[0-9]{1,5}$", "", rest.rpartition("@")[2])
        if not _HOST.fullmatch(host):
            found.update([host, unquote(host), *re.split(r"[:,]", host)])
        return [text for text in found if len(text) >= _MIN_SECRET and not text.isspace()]


class ServiceUrlKind(SecretKind):
    """A service's URL, all of it a secret."""

    label = "secret URL"

    def read(self, at: Place) -> Secret:
        found = super().read(at)
        if found.reveal() != HIDDEN and parse_line(found.reveal(), "") is None:
            raise Invalid("not a service's URL, expected scheme://…, with tags before it as in ops=scheme://…")
        return found


def parse_line(text: str, where: str) -> ServiceUrl | None:
    """The service of a line; None for a line that has none."""
    found = _LINE.fullmatch(text.strip())
    if found is None:
        return None
    tags = tuple(tag for tag in re.split(r"[,\s]+", found[1] or "") if tag)
    return ServiceUrl(where, tags, found[2].strip())


def parse_lines(lines: Iterable[str]) -> tuple[list[ServiceUrl], list[str]]:
    """The services of a file's lines, and the places of lines that can't be read.

    Empty lines, and those that start with `#` or `;`, are comments.
    """
    services, bad = [], []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith(("#", ";")):
            continue
        where = f"line {number} of urls_file"
        service = parse_line(text, where)
        if service is None:
            bad.append(where)
        else:
            services.append(service)
    return services, bad
