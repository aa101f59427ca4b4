"""RE2's errors in the words of Go's regexp package, which clients know."""

from __future__ import annotations

from typing import Final

from watchkeeper.core.model.regex import RegexError, compile_re2

_WORDS: Final = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "unexpected )": "unexpected )",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
    "invalid escape sequence": "invalid escape sequence",
    "invalid character class range": "invalid character class range",
    "trailing \\": "trailing backslash at end of expression",
}


def regex_problem(expression: str) -> str:
    """What is wrong with an expression that RE2 refuses: ``error parsing regexp: missing closing ]: `[a` ``."""
    try:
        compile_re2(expression)
    except UnicodeError:
        return f"error parsing regexp: invalid UTF-8: {expression!r}"
    except RegexError as error:
        reason = str(error)
        for words, go_words in _WORDS.items():
            if reason.startswith(words):
                place = reason[len(words) :].removeprefix(": ")
                return f"error parsing regexp: {go_words}: `{place}`"
        return f"error parsing regexp: {reason}"
    return "error parsing regexp: expression too large"
