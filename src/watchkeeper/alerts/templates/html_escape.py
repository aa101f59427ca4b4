"""How a value is written in HTML, by the context where it stands.

Results are those of Go's html/template: no value can leave its place. Two things are stricter: a value in a style is
never part of a string or a URL there, and in a script all but letters and digits are escaped.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Final

from watchkeeper.alerts.templates.functions import SafeHtml, SafeUrl
from watchkeeper.alerts.templates.html_context import Content, Context, Place, UrlPart, content_of
from watchkeeper.core.template.values import to_bytes

REFUSED: Final = "ZgotmplZ"  # Upstream's word for a value that can't stand where the template puts it.

_HTML: Final = {
    "\0": "\ufffd",
    '"': "&#34;",
    "&": "&amp;",
    "'": "&#39;",
    "+": "&#43;",
    "<": "&lt;",
    ">": "&gt;",
}
_HTML_FORM: Final = re.compile("[\0\"&'+<>]")
_ENTITY_KEPT_FORM: Final = re.compile("[\0\"'+<>]")
_UNQUOTED_FORM: Final = re.compile("[\0-\x20\"&'+<=>`]")
_TAGS: Final = re.compile(r"<!--.*?(?:-->|\Z)|</?[A-Za-z][^>]*(?:>|\Z)", re.DOTALL)
_SAFE_SCHEMES: Final = frozenset(("http", "https", "mailto"))
_IN_URL_FORM: Final = re.compile(rb"[^A-Za-z0-9!#$&*+,/:;=?@\[\]%._~-]|%(?![0-9a-fA-F]{2})")
_IN_QUERY_FORM: Final = re.compile(rb"[^A-Za-z0-9._~-]")
_STYLE_REFUSED: Final = re.compile("[\0\"'()/;@\\[\\\\\\]`{}<>]")
_SAFE_NAME: Final = re.compile(r"[A-Za-z0-9-]+")


def escape(context: Context, value: str) -> tuple[str, Context]:
    """A value as it is written in a context, and the context behind it."""
    match context.place:
        case Place.COMMENT:
            return "", context
        case Place.TAG | Place.NAME | Place.AFTER_NAME:
            text = value if _SAFE_NAME.fullmatch(value) and content_of(value.lower()) is Content.PLAIN else REFUSED
            return text, replace(context, place=Place.NAME, name=f"{context.name}{text.lower()}")
        case Place.BEFORE_VALUE:
            context = replace(context, place=Place.VALUE, quote="", url=UrlPart.START)
    if context.place is Place.VALUE:
        return _attribute_value(context, value), _behind_value(context)
    if context.content is Content.STYLE:
        return _style(value), context
    if context.content is Content.SCRIPT:
        return _script(value, context.string), context
    if context.element:
        return _kept_entities(value) if isinstance(value, SafeHtml) else escape_html(value), context
    return value if isinstance(value, SafeHtml) else escape_html(value), context


def escape_html(text: str) -> str:
    """A text as an element's content."""
    return _HTML_FORM.sub(lambda found: _HTML[found.group()], text)


def _kept_entities(text: str) -> str:
    """HTML as text: with its entities as they are."""
    return _ENTITY_KEPT_FORM.sub(lambda found: _HTML[found.group()], text)


def _behind_value(context: Context) -> Context:
    if context.content is Content.URL and context.url is UrlPart.START:
        return replace(context, url=UrlPart.PATH)
    return context


def _attribute_value(context: Context, value: str) -> str:
    match context.content:
        case Content.URL:
            text = _url(context.url, value)
        case Content.STYLE:
            text = _style(value)
        case Content.SCRIPT:
            text = _script(value, context.string)
        case _:
            if isinstance(value, SafeHtml) and context.quote:
                return _kept_entities(_TAGS.sub("", value))
            text = str(value)
    if context.quote:
        return escape_html(text)
    return _UNQUOTED_FORM.sub(_unquoted, text) or REFUSED


def _unquoted(found: re.Match[str]) -> str:
    char = found.group()
    return _HTML.get(char) or f"&#{ord(char)};"


def _url(part: UrlPart, value: str) -> str:
    if part is UrlPart.QUERY:
        return normalized_url(value) if isinstance(value, SafeUrl) else _percent(_IN_QUERY_FORM, value)
    if part is UrlPart.START and not isinstance(value, SafeUrl) and not _is_safe_url(value):
        return f"#{REFUSED}"
    return normalized_url(value)


def _is_safe_url(url: str) -> bool:
    """Whether a link may go there: a relative one, or one of http, https and mailto."""
    scheme, colon, _ = url.partition(":")
    return not colon or "/" in scheme or scheme.lower() in _SAFE_SCHEMES


def normalized_url(url: str) -> str:
    """The URL with what can't stand in one as `%20`; what is escaped already stays."""
    return _percent(_IN_URL_FORM, url)


def _percent(form: re.Pattern[bytes], text: str) -> str:
    return form.sub(lambda found: b"%%%02x" % found.group()[0], to_bytes(text)).decode()


def _style(value: str) -> str:
    lowered = value.lower()
    if _STYLE_REFUSED.search(value) or "--" in value or "expression" in lowered or "mozbinding" in lowered:
        return REFUSED
    return str(value)


def _script(value: str, string: str) -> str:
    inner = "".join(char if char.isascii() and char.isalnum() else _unicode_escape(char) for char in value)
    return inner if string else f'"{inner}"'


def _unicode_escape(char: str) -> str:
    return json.dumps(char)[1:-1] if ord(char) > 0x7E else f"\\u{ord(char):04x}"
