"""Where in an HTML document a text ends: in an element, a tag, an attribute, a URL, a style, a script.

Contexts are those of Go's html/template.
"""

from __future__ import annotations

import enum
import functools
import re
from dataclasses import dataclass, replace
from typing import Final


class Place(enum.Enum):
    """What a text ends inside of."""

    TEXT = enum.auto()
    TAG = enum.auto()  # After an element's name, between attributes.
    NAME = enum.auto()  # An attribute's name.
    AFTER_NAME = enum.auto()
    BEFORE_VALUE = enum.auto()  # After `=`.
    VALUE = enum.auto()
    COMMENT = enum.auto()


class Content(enum.Enum):
    """What a text, or an attribute's value, is written in."""

    PLAIN = enum.auto()
    URL = enum.auto()
    STYLE = enum.auto()
    SCRIPT = enum.auto()


class UrlPart(enum.Enum):
    """How far a URL has come."""

    START = enum.auto()
    PATH = enum.auto()
    QUERY = enum.auto()


@dataclass(frozen=True, slots=True)
class Context:
    """Where a text ends.

    element    lower case, of those whose content is no HTML (title, textarea, style, script); inside of its tag too
    closes     whether the tag is an end tag
    attribute  what the attribute's value is written in; its name while that is being read
    quote      of the value: `"`, `'`, or empty
    url        how far the value's URL has come
    string     the quote of the string of a script that is open
    """

    place: Place = Place.TEXT
    element: str = ""
    name: str = ""
    content: Content = Content.PLAIN
    quote: str = ""
    url: UrlPart = UrlPart.START
    string: str = ""


_RAW_ELEMENTS: Final = {
    "script": Content.SCRIPT,
    "style": Content.STYLE,
    "title": Content.PLAIN,
    "textarea": Content.PLAIN,
}
# fmt: off
_URL_ATTRIBUTES: Final = frozenset((
    "action", "archive", "background", "cite", "classid", "codebase", "data", "formaction", "href", "icon", "longdesc",
    "manifest", "poster", "profile", "src", "srcset", "usemap", "xmlns",
))
# fmt: on
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]*)")
_SPACE: Final = " \t\n\f\r"
_NAME_END: Final = re.compile(r"[\s=>/]")
_UNQUOTED_END: Final = re.compile(r"[\s>]")


@functools.lru_cache(maxsize=4096)
def advance(context: Context, text: str) -> tuple[Context, str]:
    """Where the template's own text ends that begins in a context, and the text as it is written: without comments."""
    out: list[str] = []
    pos = 0
    while pos < len(text):
        context, pos = _STEPS[context.place](context, text, pos, out)
    return context, "".join(out)


# --- steps: each takes a context, the text and a position, and gives the next of both -----------------------------


def _in_text(context: Context, text: str, pos: int, out: list[str]) -> tuple[Context, int]:
    if context.element:
        return _in_raw_text(context, text, pos, out)
    at = text.find("<", pos)
    if at < 0:
        out.append(text[pos:])
        return context, len(text)
    out.append(text[pos:at])
    if text.startswith("<!--", at):
        return Context(Place.COMMENT), at + 4
    tag = _TAG.match(text, at)
    if tag is not None:
        out.append(tag.group())
        name = tag[2].lower()
        element = name if name in _RAW_ELEMENTS and not tag[1] else ""
        return Context(Place.TAG, element), tag.end()
    # A `<` that begins nothing could begin something together with a value.
    out.append("<" if text[at + 1 : at + 2] in ("!", "?") else "&lt;")
    return context, at + 1


def _in_raw_text(context: Context, text: str, pos: int, out: list[str]) -> tuple[Context, int]:
    end = re.compile(rf"</{context.element}(?=[\s/>]|\Z)", re.IGNORECASE).search(text, pos)
    stop = end.start() if end else len(text)
    inner = text[pos:stop]
    if context.content is Content.SCRIPT:
        context = replace(context, string=_open_string(context.string, inner))
    out.append(inner)
    if end is None:
        return context, len(text)
    out.append(end.group())
    return Context(Place.TAG), end.end()


def _in_tag(context: Context, text: str, pos: int, out: list[str]) -> tuple[Context, int]:
    char = text[pos]
    if char == ">":
        out.append(char)
        return Context(Place.TEXT, context.element, content=_RAW_ELEMENTS.get(context.element, Content.PLAIN)), pos + 1
    if char in _SPACE or char == "/":
        out.append(char)
        return context, pos + 1
    return replace(context, place=Place.NAME, name=""), pos


def _in_name(context: Context, text: str, pos: int, out: list[str]) -> tuple[Context, int]:
    end = _NAME_END.search(text, pos)
    stop = end.start() if end else len(text)
    # A name may begin with `=`, to which browsers agree.
    stop = max(stop, pos + 1) if not context.name and text[pos] == "=" else stop
    out.append(text[pos:stop])
    context = replace(context, name=context.name + text[pos:stop].lower())
    return (replace(context, place=Place.AFTER_NAME), stop) if end else (context, stop)


def _after_name(context: Context, text: str, pos: int, out: list[str]) -> tuple[Context, int]:
    char = text[pos]
    if char in _SPACE:
        out.append(char)
        return context, pos + 1
    if char != "=":
        return Context(Place.TAG, context.element), pos
    out.append(char)
    return replace(context, place=Place.BEFORE_VALUE, content=content_of(context.name)), pos + 1


def _before_value(context: Context, text: str, pos: int, out: list[str]) -> tuple[Context, int]:
    char = text[pos]
    if char in _SPACE:
        out.append(char)
        return context, pos + 1
    if char == ">":
        return Context(Place.TAG, context.element), pos
    context = replace(context, place=Place.VALUE, quote=char if char in "\"'" else "", url=UrlPart.START)
    if context.quote:
        out.append(char)
        pos += 1
    return context, pos


def _in_value(context: Context, text: str, pos: int, out: list[str]) -> tuple[Context, int]:
    if context.quote:
        found = text.find(context.quote, pos)
        stop = found if found >= 0 else len(text)
    else:
        end = _UNQUOTED_END.search(text, pos)
        stop = end.start() if end else len(text)
    inner = text[pos:stop]
    out.append(inner)
    if stop < len(text):
        out.append(context.quote)
        return Context(Place.TAG, context.element), stop + len(context.quote)
    if context.content is Content.SCRIPT:
        context = replace(context, string=_open_string(context.string, inner))
    elif context.content is Content.URL and inner.strip():
        is_query = context.url is UrlPart.QUERY or "?" in inner or "#" in inner
        context = replace(context, url=UrlPart.QUERY if is_query else UrlPart.PATH)
    return context, stop


def _in_comment(context: Context, text: str, pos: int, out: list[str]) -> tuple[Context, int]:
    end = text.find("-->", pos)
    return (context, len(text)) if end < 0 else (Context(), end + 3)


_STEPS: Final = {
    Place.TEXT: _in_text,
    Place.TAG: _in_tag,
    Place.NAME: _in_name,
    Place.AFTER_NAME: _after_name,
    Place.BEFORE_VALUE: _before_value,
    Place.VALUE: _in_value,
    Place.COMMENT: _in_comment,
}


def content_of(name: str) -> Content:
    """What the values of an attribute are written in."""
    name = name.removeprefix("data-")
    prefix, colon, rest = name.partition(":")
    if colon:
        if prefix == "xmlns":
            return Content.URL
        name = rest
    if name.startswith("on"):
        return Content.SCRIPT
    if name == "style":
        return Content.STYLE
    if name in _URL_ATTRIBUTES or any(word in name for word in ("src", "uri", "url")):
        return Content.URL
    return Content.PLAIN


def _open_string(string: str, text: str) -> str:
    """The quote of the string that is open behind a script's text."""
    escaped = False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif string:
            string = "" if char == string else string
        elif char in "\"'`":
            string = char
    return string
