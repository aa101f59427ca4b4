from urllib.parse import urlsplit

import pytest

from watchkeeper.core.http.proxy import is_excluded


@pytest.mark.parametrize(
    ("url", "excluded", "expected"),
    [
        ("http://localhost/", "", True),
        ("http://127.0.0.2:8/", "", True),
        ("http://[::1]/", "", True),
        ("http://example.com/", "", False),
        ("http://example.com/", "*", True),
        ("http://example.com/", "a, example.com", True),
        ("http://sub.example.com/", "example.com", True),
        ("http://badexample.com/", "example.com", False),
        ("http://example.com/", ".example.com", False),
        ("http://sub.example.com/", "*.example.com", True),
        ("http://example.com:8080/", "example.com:8080", True),
        ("http://example.com/", "example.com:8080", False),
        ("https://example.com/", "example.com:443", True),
        ("http://10.1.2.3/", "10.0.0.0/8", True),
        ("http://11.1.2.3/", "10.0.0.0/8,x/y", False),
        ("http://10.1.2.3/", "10.1.2.3", True),
        ("http://[fd00::1]/", "fd00::/8", True),
    ],
)
def test_no_proxy(url, excluded, expected):
    assert is_excluded(urlsplit(url), excluded) is expected
