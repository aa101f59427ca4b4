"""How a configuration's keys hold templates."""

from __future__ import annotations

from watchkeeper.alerts.templates.templates import check_template
from watchkeeper.core.config.decode import Place
from watchkeeper.core.config.kinds import Text
from watchkeeper.core.template.errors import TemplateError


class TemplateText(Text):
    """A template. One that can't be parsed is warned of where it stands: upstream finds out when it sends."""

    label = "template"

    def read(self, at: Place) -> str:
        text = super().read(at)
        warn_of_template(at, text)
        return text


def warn_of_template(at: Place, text: str) -> None:
    """Warn at a place where a text is no template."""
    if "{{" not in text:
        return
    try:
        check_template(text)
    except TemplateError as error:
        at.warn(f"not a valid template: {error.problem} (line {error.line} of it)")
