"""Every good file is taken and dumps to itself; every bad file is refused with exactly the problems it names."""

from pathlib import Path

import pytest

from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.logs.agent.config.promtail_yml import load_promtail_yml, parse_promtail_yml

HERE = Path(__file__).parent


def names(kind):
    return sorted(path.name for path in HERE.glob(f"promtail-*.{kind}.yml"))


@pytest.mark.parametrize("name", names("bad"))
def test_bad_file_is_refused_with_all_its_problems(name, monkeypatch):
    monkeypatch.chdir(HERE)
    lines = Path(name).read_text().splitlines()
    expected = [line.removeprefix("# error: ") for line in lines if line.startswith("# error: ")]
    with pytest.raises(ConfigError) as caught:
        load_promtail_yml(Path(name))
    assert [str(problem).removeprefix(f"{name}:") for problem in caught.value.problems] == expected
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize("name", names("good"))
def test_good_file_dumps_to_itself(name, monkeypatch):
    monkeypatch.chdir(HERE)
    config = load_promtail_yml(Path(name))
    text = dump(config)
    assert "hunter" not in text
    assert "hunter" not in repr(config)
    assert dump(parse_promtail_yml(text)) == text
