import pytest

from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.model.selector import SelectorError, parse_matchers


def test_matchers():
    assert parse_matchers('{a="b", c!~`d.*` ,"e f"!=\'g\', h=~"\\n",}') == (
        Matcher("a", MatchType.EQUAL, "b"),
        Matcher("c", MatchType.NOT_REGEX, "d.*"),
        Matcher("e f", MatchType.NOT_EQUAL, "g"),
        Matcher("h", MatchType.REGEX, "\n"),
    )
    assert parse_matchers(" { } ") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: parse error: unexpected end of input, a selector starts with {"),
        ("app", '1:1: parse error: unexpected "a", a selector starts with {'),
        ("{a}", '1:3: parse error: unexpected "}", expected one of =, !=, =~, !~'),
        ("{a=b}", '1:4: parse error: unexpected "b", expected a quoted string'),
        ('{a="b"', "1:7: parse error: unexpected end of input, expected , or }"),
        ('{a="b"\n c="d"}', '2:2: parse error: unexpected "c", expected , or }'),
        ('{a="b"} |= "x"', '1:9: parse error: unexpected "|" after the selector'),
        ('{1="2"}', '1:2: parse error: unexpected "1", expected the name of a label'),
        ('{a="b}', "1:4: parse error: unterminated quoted string"),
        ('{a="\\xff"}', "1:4: parse error: invalid UTF-8"),
    ],
)
def test_errors_say_where(text, message):
    with pytest.raises(SelectorError) as caught:
        parse_matchers(text)
    assert str(caught.value) == message


def test_expressions_are_checked():
    with pytest.raises(SelectorError, match="1:3: parse error: not a valid regular expression"):
        parse_matchers('{a=~"("}')
