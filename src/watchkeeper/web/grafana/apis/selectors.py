"""labelSelector and fieldSelector of lists, as Kubernetes writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from watchkeeper.web.errors import bad_data

Labels = Mapping[str, str]
Fits = Callable[[Labels], bool]

MAX_TERMS: Final = 100
_KEY: Final = r"[A-Za-z0-9](?:[\w./-]*[A-Za-z0-9])?"
_TERM: Final = re.compile(
    rf"\s*(?:(?P<no>!)\s*(?P<absent>{_KEY})"
    rf"|(?P<key>{_KEY})\s*(?:(?P<sign>==|=|!=)\s*(?P<value>[\w.:/-]*)|(?P<word>\bin\b|\bnotin\b)\s*\((?P<set>[^()]*)\))?)"
    r"\s*(?P<end>,|$)"
)
# Of a resource, all that can be asked for.
FIELDS: Final = ("metadata.name", "metadata.namespace")


def label_selector(text: str) -> Fits:
    """Whether labels fit: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a`, `!a`, with commas for "and". Raises
    ApiError."""
    terms = _terms(text, "labelSelector")
    return lambda labels: all(term(labels) for term in terms)


def field_selector(text: str) -> Fits:
    """As for labels, of a resource's name and namespace by `=`, `==` and `!=` alone. Raises ApiError."""
    for found in _parsed(text, "fieldSelector"):
        key = found["key"] or found["absent"]
        if found["sign"] is None:
            raise bad_data(f"fieldSelector: {found[0].strip(' ,')}: fields are compared with = or !=")
        if key not in FIELDS:
            raise bad_data(f"field label not supported: {key}; choose from {', '.join(FIELDS)}")
    terms = _terms(text, "fieldSelector")
    return lambda fields: all(term(fields) for term in terms)


def _terms(text: str, what: str) -> list[Fits]:
    return [_term(found) for found in _parsed(text, what)]


def _parsed(text: str, what: str) -> list[re.Match[str]]:
    found: list[re.Match[str]] = []
    at = 0
    while at < len(text) or (found and found[-1]["end"] == ","):
        match = _TERM.match(text, at)
        if match is None or len(found) >= MAX_TERMS:
            raise bad_data(f"unable to parse {what}: {text[at : at + 60]!r} is no requirement such as name=value")
        found.append(match)
        at = match.end()
    return found


def _term(found: re.Match[str]) -> Fits:
    key, value = found["key"], found["value"]
    if found["no"]:
        absent = found["absent"]
        return lambda labels: absent not in labels
    if found["word"]:
        values = frozenset(item.strip() for item in found["set"].split(","))
        is_in = found["word"] == "in"
        return lambda labels: (key in labels and labels[key] in values) if is_in else labels.get(key) not in values
    match found["sign"]:
        case "=" | "==":
            return lambda labels: labels.get(key) == value
        case "!=":
            return lambda labels: labels.get(key) != value
        case _:
            return lambda labels: key in labels
