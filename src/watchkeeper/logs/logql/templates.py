"""Templates of `line_format` and `label_format`, parsed once, and what they look at."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from watchkeeper.core.template.columns import Part, compile_columns
from watchkeeper.core.template.template import Template
from watchkeeper.logs.lines.template_functions import FUNCTIONS, LINE, TIMESTAMP


@dataclass(frozen=True, slots=True)
class Compiled:
    """A template with what is known of it before it is executed.

    fields      the labels that it reads; None for all
    reads_line  whether it reads the line or its time
    parts       what it is a concatenation of, where it is one
    """

    template: Template
    fields: frozenset[str] | None
    reads_line: bool
    parts: tuple[Part, ...] | None


@functools.lru_cache(maxsize=512)
def compiled(text: str, name: str = "line") -> Compiled:
    """The template of a text, called `name` in its errors. Raises TemplateError."""
    template = Template.parse(text, FUNCTIONS, name=name)
    uses = template.fields()
    return Compiled(
        template,
        None if uses.whole else uses.fields,
        bool(uses.functions & {LINE, TIMESTAMP}),
        compile_columns(template),
    )
