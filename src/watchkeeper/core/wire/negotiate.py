"""Which format a target is asked for, and which one its answer is in: Accept and Content-Type.

Source of the texts and weights: Prometheus scrape/scrape.go and model/textparse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from watchkeeper.core.model.errors import WireError
from watchkeeper.core.model.labels import quote
from watchkeeper.core.wire.exposition import Format

_ACCEPT: Final[dict[str, str]] = {
    "PrometheusProto": "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    "PrometheusText0.0.4": "text/plain;version=0.0.4",
    "PrometheusText1.0.0": "text/plain;version=1.0.0{escaping}",
    "OpenMetricsText0.0.1": "application/openmetrics-text;version=0.0.1",
    "OpenMetricsText1.0.0": "application/openmetrics-text;version=1.0.0{escaping}",
}

PROTOCOLS: Final[tuple[str, ...]] = tuple(_ACCEPT)
"""The values that `scrape_protocols` and `fallback_scrape_protocol` may have."""

DEFAULT_PROTOCOLS: Final = (
    "OpenMetricsText1.0.0",
    "OpenMetricsText0.0.1",
    "PrometheusText1.0.0",
    "PrometheusText0.0.4",
)
"""What is asked for where `scrape_protocols` is not set."""

NATIVE_HISTOGRAM_PROTOCOLS: Final = ("PrometheusProto", *DEFAULT_PROTOCOLS)
"""What is asked for where it is not set and native histograms are scraped."""

_FORMATS: Final[dict[str, Format]] = {
    "PrometheusProto": Format.PROTOBUF,
    "PrometheusText0.0.4": Format.TEXT,
    "PrometheusText1.0.0": Format.TEXT,
    "OpenMetricsText0.0.1": Format.OPENMETRICS,
    "OpenMetricsText1.0.0": Format.OPENMETRICS,
}

_BY_MEDIA_TYPE: Final = {format_.value: format_ for format_ in Format}
_TOKEN: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_MEDIA_TYPE: Final = re.compile(
    rf'\s*({_TOKEN}(?:/{_TOKEN})?)\s*((?:;\s*{_TOKEN}\s*=\s*(?:{_TOKEN}|"(?:[^"\\]|\\.)*")\s*)*);?\s*'
)


def accept_header(protocols: Sequence[str], escaping: str = "allow-utf-8") -> str:
    """The Accept header for scrape protocols in order of preference.

    escaping  how a target may write names beyond the legacy characters: allow-utf-8, underscores, dots or values
    """
    parts: list[str] = []
    weight = len(PROTOCOLS) + 1
    for protocol in protocols:
        parts.append(_ACCEPT[protocol].format(escaping=f";escaping={escaping}") + f";q=0.{weight}")
        weight -= 1
    parts.append(f"*/*;q=0.{weight}")
    return ",".join(parts)


def choose_format(content_type: str | None, fallback_protocol: str = "") -> tuple[Format, str]:
    """The format of an answer, and a warning where the fallback had to be used (otherwise the empty string).

    content_type       the header's value, None or empty where there is none
    fallback_protocol  `fallback_scrape_protocol` of the scrape config, empty where not set
    raises WireError where the content type is missing or unknown and there is no fallback
    """
    fallback = _FORMATS[fallback_protocol].value if fallback_protocol else ""
    if not content_type:
        if not fallback:
            raise WireError(
                "non-compliant scrape target sending blank Content-Type and no fallback_scrape_protocol specified "
                "for target"
            )
        return Format(fallback), (
            f'non-compliant scrape target sending blank Content-Type, using fallback_scrape_protocol "{fallback}"'
        )
    media_type = _media_type(content_type)
    if media_type is None:
        if not fallback:
            raise WireError(
                f"cannot parse Content-Type {quote(content_type)} and no fallback_scrape_protocol for target"
            )
        return Format(fallback), (
            f'could not parse received Content-Type {quote(content_type)}, using fallback_scrape_protocol "{fallback}"'
        )
    if media_type in _BY_MEDIA_TYPE:
        return _BY_MEDIA_TYPE[media_type], ""
    if not fallback:
        raise WireError(
            f"received unsupported Content-Type {quote(content_type)} and no fallback_scrape_protocol specified "
            "for target"
        )
    return Format(fallback), (
        f'received unsupported Content-Type {quote(content_type)}, using fallback_scrape_protocol "{fallback}"'
    )


def _media_type(content_type: str) -> str | None:
    """The media type in lower case, or None where the header is malformed."""
    match = _MEDIA_TYPE.fullmatch(content_type)
    return match[1].lower() if match else None
