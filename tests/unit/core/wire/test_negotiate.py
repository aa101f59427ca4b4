import pytest

from watchkeeper.core.model.errors import WireError
from watchkeeper.core.wire.exposition import Format
from watchkeeper.core.wire.negotiate import (
    DEFAULT_PROTOCOLS,
    NATIVE_HISTOGRAM_PROTOCOLS,
    PROTOCOLS,
    accept_header,
    choose_format,
)


def test_accept_header() -> None:
    assert accept_header(DEFAULT_PROTOCOLS) == (
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,"
        "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    )
    assert accept_header(NATIVE_HISTOGRAM_PROTOCOLS).startswith(
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
    )
    assert accept_header(["PrometheusText1.0.0"], "underscores") == (
        "text/plain;version=1.0.0;escaping=underscores;q=0.6,*/*;q=0.5"
    )


@pytest.mark.parametrize(
    ("content_type", "format_"),
    [
        ("text/plain; version=0.0.4; charset=utf-8", Format.TEXT),
        ("text/plain", Format.TEXT),
        ('TEXT/PLAIN; version="1.0.0";', Format.TEXT),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=values", Format.OPENMETRICS),
        (
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
            Format.PROTOBUF,
        ),
    ],
)
def test_known_content_types(content_type: str, format_: Format) -> None:
    assert choose_format(content_type) == (format_, "")
    assert choose_format(content_type, "PrometheusProto") == (format_, "")


@pytest.mark.parametrize(
    ("content_type", "error", "warning"),
    [
        (
            None,
            "non-compliant scrape target sending blank Content-Type "
            "and no fallback_scrape_protocol specified for target",
            'non-compliant scrape target sending blank Content-Type, using fallback_scrape_protocol "text/plain"',
        ),
        (
            "text/html",
            'received unsupported Content-Type "text/html" and no fallback_scrape_protocol specified for target',
            'received unsupported Content-Type "text/html", using fallback_scrape_protocol "text/plain"',
        ),
        (
            "text/plain; charset",
            'cannot parse Content-Type "text/plain; charset" and no fallback_scrape_protocol for target',
            'could not parse received Content-Type "text/plain; charset", using fallback_scrape_protocol "text/plain"',
        ),
    ],
)
def test_fallback(content_type: str | None, error: str, warning: str) -> None:
    with pytest.raises(WireError) as caught:
        choose_format(content_type)
    assert str(caught.value) == error
    assert choose_format(content_type, "PrometheusText0.0.4") == (Format.TEXT, warning)


def test_every_protocol_is_a_fallback() -> None:
    for protocol in PROTOCOLS:
        choose_format("", protocol)
