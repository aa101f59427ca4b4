"""Which texts `ip("…")` may hold: an address, a CIDR block, or a range `a-b` of one family."""

from __future__ import annotations

import ipaddress


def check_ip_pattern(pattern: str) -> bool:
    """Whether a text is an address, a block, or a range."""
    try:
        if "-" in pattern:
            low, high = (ipaddress.ip_address(part.strip()) for part in pattern.split("-", 1))
            return low.version == high.version and int(low) <= int(high)
        if "/" in pattern:
            ipaddress.ip_network(pattern, strict=False)
        else:
            ipaddress.ip_address(pattern)
    except ValueError:
        return False
    return True
