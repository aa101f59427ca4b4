"""Every good file is taken with exactly the warnings it names, and dumps to itself; every bad file is refused with
exactly the problems it names."""

from pathlib import Path

import pytest

from watchkeeper.alerts.config.alertmanager_yml import load_alertmanager_yml, parse_alertmanager_yml
from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError

HERE = Path(__file__).parent


def names(kind):
    return sorted(path.name for path in HERE.glob(f"alertmanager-*.{kind}.yml"))


def expected(name, kind):
    lines = (HERE / name).read_text().splitlines()
    return [line.removeprefix(f"# {kind}: ") for line in lines if line.startswith(f"# {kind}: ")]


def shown(problems, name):
    return [str(problem).removeprefix(f"{name}:") for problem in problems]


@pytest.mark.parametrize("name", names("bad"))
def test_bad_file_is_refused_with_all_its_problems(name, monkeypatch):
    monkeypatch.chdir(HERE)
    with pytest.raises(ConfigError) as caught:
        load_alertmanager_yml(Path(name))
    assert shown(caught.value.problems, name) == expected(name, "error")
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize("name", names("good"))
def test_good_file_dumps_to_itself(name, monkeypatch):
    monkeypatch.chdir(HERE)
    config = load_alertmanager_yml(Path(name))
    assert shown(config.warnings, name) == expected(name, "warning")
    text = dump(config)
    assert "hunter" not in text
    assert "hunter" not in repr(config)
    again = parse_alertmanager_yml(text)
    assert dump(again) == text
