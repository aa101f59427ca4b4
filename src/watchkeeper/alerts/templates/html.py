"""A template executed into HTML: what it prints is escaped for the place where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from watchkeeper.alerts.templates.functions import SafeHtml, SafeUrl
from watchkeeper.alerts.templates.html_context import Context, advance
from watchkeeper.alerts.templates.html_escape import escape
from watchkeeper.alerts.templates.timed import TimedExecution
from watchkeeper.core.template.builtins import BUILTINS
from watchkeeper.core.template.evaluate import Evaluation
from watchkeeper.core.template.values import ANY, Function


class HtmlExecution(TimedExecution):
    """One execution. The context follows the template's own text along the way that is taken."""

    def run(self, data: Any) -> str:
        """The HTML. Raises TemplateError."""
        self.given = {**ESCAPERS, **self.given}
        self._context = Context()
        self._prints = False
        return super().run(data)

    def _print(self, value: Any) -> None:
        # None prints as nothing: `<no value>` would look like a tag.
        self._prints = True
        super()._print("" if value is None else value)

    def _write(self, text: str) -> None:
        """Of the template's own text, or, while a value is printed, of that."""
        if self._prints:
            self._prints = False
            text, self._context = escape(self._context, text)
        else:
            self._context, text = advance(self._context, text)
        Evaluation._write(self, text)


def _html(*values: object) -> SafeHtml:
    """`html` at a pipeline's end: escaped once, not again by the context."""
    return SafeHtml(BUILTINS["html"].call(*values))


def _urlquery(*values: object) -> SafeUrl:
    return SafeUrl(BUILTINS["urlquery"].call(*values))


ESCAPERS: Final[Mapping[str, Function]] = {
    "html": Function(_html, (), ANY),
    "urlquery": Function(_urlquery, (), ANY),
}
"""What templates call to escape for themselves."""
