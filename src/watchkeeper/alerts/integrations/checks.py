"""What the sections of receivers check and fill in alike."""

from __future__ import annotations

from watchkeeper.alerts.config.global_ import GlobalConfig
from watchkeeper.alerts.config.kinds import SecretUrl
from watchkeeper.alerts.templates.kind import warn_of_template
from watchkeeper.core.config.decode import Place, SectionPlace
from watchkeeper.core.config.secret import Secret
from watchkeeper.core.http.config import HTTPClientConfig


def at_most_one(at: SectionPlace, value: str, file: str) -> None:
    """Report a value that is given beside the file that holds it."""
    if at.given(value) and at.given(file):
        at.report(file, f"at most one of {value} & {file} must be configured", involves=(value,))


def exactly_one(at: SectionPlace, value: str, file: str) -> None:
    """Report two, or none."""
    at_most_one(at, value, file)
    if not at.given(value) and not at.given(file):
        at.report("", f"one of {value} or {file} must be configured", involves=(value, file))


def http_config_of(given: HTTPClientConfig | None, at: SectionPlace) -> HTTPClientConfig:
    """A receiver's own HTTP settings, or those that all share."""
    return given if given is not None else at.load.shared(GlobalConfig).http_config


class SecretTemplateUrl(SecretUrl):
    """A secret URL, or a template that gives one."""

    def read(self, at: Place) -> Secret:
        text = at.scalar("a URL")
        if "{{" not in text:
            return super().read(at)
        warn_of_template(at, text)
        return Secret(text)
