"""What templates of stages may call: Promtail's functions, and those of sprig that log pipelines use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from watchkeeper.core.template.template import Template
from watchkeeper.core.template.values import Function, function
from watchkeeper.logs.agent.stages.template_sprig import SPRIG
from watchkeeper.logs.lines.template_functions import FUNCTIONS as SHARED


def _hash(salt: str, text: str) -> str:
    return hashlib.sha3_256(f"{salt}{text}".encode("utf-8", "surrogateescape")).hexdigest()


def _sha2_hash(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}{text}".encode("utf-8", "surrogateescape")).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()


def _no_space(text: str) -> str:
    return "".join(text.split())


def _squote(text: str) -> str:
    return f"'{text}'"


def _quote(text: str) -> str:
    from watchkeeper.core.model.labels import quote

    return quote(text)


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value), None)


def _ternary(yes: Any, no: Any, test: bool) -> Any:
    return yes if test else no


def _empty(value: Any) -> bool:
    return not value


def _to_string(value: Any) -> str:
    return "<nil>" if value is None else str(value)


def _cat(*values: Any) -> str:
    return " ".join(str(value) for value in values if value is not None)


def _atoi(text: str) -> int:
    return int(text) if text.lstrip("+-").isdecimal() else 0


_OWN: Final[Mapping[str, Callable[..., Any]]] = {
    "Hash": _hash,
    "Sha2Hash": _sha2_hash,
    "sha256sum": _sha256,
    "sha1sum": _sha1,
    "nospace": _no_space,
    "quote": _quote,
    "squote": _squote,
    "coalesce": _coalesce,
    "ternary": _ternary,
    "empty": _empty,
    "toString": _to_string,
    "cat": _cat,
    "atoi": _atoi,
}

FUNCTIONS: Final[Mapping[str, Function]] = {
    **SHARED,
    **{name: function(call) for name, call in {**SPRIG, **_OWN}.items()},
}


def compiled(text: str) -> Template:
    """The template of a text. Raises TemplateError."""
    return Template.parse(text, FUNCTIONS, name="pipeline_template", missing_key="default")
