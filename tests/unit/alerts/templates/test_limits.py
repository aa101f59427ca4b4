"""Templates that would never end, or fill the memory, fail soon."""

from __future__ import annotations

import time

import pytest

from tests.unit.alerts.integrations.hook_double import notice
from watchkeeper.alerts.interface import NotifyError
from watchkeeper.alerts.templates import timed
from watchkeeper.alerts.templates.templates import Templates

TEMPLATES = Templates()
DOUBLES = "{{ $x := list 1 }}{{ range 60 }}{{ $x = list $x $x }}{{ end }}"


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        (DOUBLES + "{{ toJson $x }}", "list or map is too large"),
        (DOUBLES + "{{ $x }}", "list or map is too large"),
        ("{{ $x := dict }}{{ range 60 }}{{ $x = dict 1 $x 2 $x }}{{ end }}{{ $x }}", "list or map is too large"),
        ('{{ $t := printf "%999999d" 1 }}{{ $x := list }}{{ range 99 }}{{ $x = append $x $t }}{{ end }}', "too large"),
        ("{{ range 2000000 }}{{ end }}", "exceeded maximum number of steps"),
        ('{{ $t := printf "%999999d" 1 }}{{ range 100 }}{{ $t }}{{ end }}', "exceeded maximum size of output"),
        ('{{ $t := printf "%999999d" 1 }}{{ range 9 }}{{ $t = printf "%s%s" $t $t }}{{ end }}', "text is too large"),
        ('{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}', "exceeded maximum template depth"),
    ],
)
@pytest.mark.parametrize("how", ["text", "html"])
def test_limits(template, problem, how):
    begun = time.monotonic()
    with pytest.raises(NotifyError, match=problem) as caught:
        getattr(TEMPLATES, how)(template, notice())
    assert not caught.value.is_retryable
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize("how", ["text", "html"])
def test_time_is_limited(how, monkeypatch):
    monkeypatch.setattr(timed, "MAX_TIME_S", 0.1)
    template = '{{ $t := printf "%999999d" 1 }}{{ range 100000 }}{{ $x := toUpper $t }}{{ end }}'
    with pytest.raises(NotifyError, match=r"exceeded maximum time of execution \(0.1 s\)"):
        getattr(TEMPLATES, how)(template, notice())
