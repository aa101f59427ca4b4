"""IP addresses in lines and labels: `ip("10.0.0.0/8")`."""

from __future__ import annotations

import ipaddress

import numpy as np
import numpy.typing as npt

from watchkeeper.core.kernels import line_fields
from watchkeeper.core.kernels.texts import Texts

Mask = npt.NDArray[np.bool_]


class IpError(ValueError):
    """Text that is no address, block or range."""


class IpMatcher:
    """An address, a CIDR block, or a range `a-b`, of IPv4 or IPv6.

    A text matches where some address of the same family in it lies within. What looks like an address must be one as
    a whole: `10.0.0.1.` is none. An IPv4 address written as IPv6 (`::ffff:10.0.0.1`) is of IPv6.
    """

    __slots__ = ("_high", "_low", "pattern")

    def __init__(self, pattern: str) -> None:
        """Raises IpError with upstream's words: `ip: invalid pattern: "…"`."""
        self.pattern = pattern
        try:
            self._low, self._high = _bounds(pattern)
        except ValueError:
            raise IpError(f'ip: invalid pattern: "{pattern}"') from None

    def in_lines(self, lines: Texts) -> Mask:
        """Which lines hold such an address."""
        return line_fields.addresses(lines, self._low, self._high).view(np.bool_)

    def in_text(self, text: str) -> bool:
        """Whether one text holds such an address."""
        return bool(self.in_lines(Texts.of([text.encode("utf-8", "surrogateescape")]))[0])


def _bounds(pattern: str) -> tuple[bytes, bytes]:
    """The first and the last address, packed. Raises ValueError."""
    if "%" in pattern:  # A zone is no part of an address in a line.
        raise ValueError(pattern)
    if "-" in pattern:
        low, high = (ipaddress.ip_address(part.strip()) for part in pattern.split("-", 1))
        if low.version != high.version or int(low) > int(high):
            raise ValueError(pattern)
        return low.packed, high.packed
    network = ipaddress.ip_network(pattern, strict=False)
    return network[0].packed, network[-1].packed
