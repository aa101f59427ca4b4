import pytest

from watchkeeper.core.config.env import expand_braced

ENVIRON = {"A": "one", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("${A}", "one"),
        ("x${A}y${A}", "xoneyone"),
        ("${B}", ""),
        ("${B:two}", "two"),
        ("${B:-two}", "two"),
        ("${A:-two}", "one"),
        ("${EMPTY:-two}", "two"),
        ("${EMPTY:two}", "two"),
        ("${EMPTY-two}", ""),
        ("${B-two}", "two"),
        ("${B:}", ""),
        ("${B:http://host:3100/x}", "http://host:3100/x"),
        ("$A $1 $", "$A $1 $"),
        ("$${A}", "${A}"),
        ("${not a name}", "${not a name}"),
    ],
)
def test_braces_are_expanded(text, expanded):
    assert expand_braced(text, ENVIRON) == expanded
