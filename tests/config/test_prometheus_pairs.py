"""Every good file is taken and dumps to itself; every bad file is refused with exactly the problems it names."""

from pathlib import Path

import pytest

from watchkeeper.app.prometheus_yml import load_prometheus_yml, parse_prometheus_yml
from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError

HERE = Path(__file__).parent
ENVIRON = {"CLUSTER": "eu", "ZONE": "one", "5": "$5"}  # The last lets a dumped `$5` stay.


def names(kind):
    """Files of prometheus.yml; other programs' have their own tests."""
    found = sorted(path.name for path in HERE.glob(f"*.{kind}.yml"))
    return [name for name in found if not name.startswith(("alertmanager-", "loki-", "promtail-", "rules-"))]


@pytest.mark.parametrize("name", names("bad"))
def test_bad_file_is_refused_with_all_its_problems(name, monkeypatch):
    monkeypatch.chdir(HERE)
    text = Path(name).read_text()
    expected = [line.removeprefix("# error: ") for line in text.splitlines() if line.startswith("# error: ")]
    with pytest.raises(ConfigError) as caught:
        load_prometheus_yml(Path(name))
    assert [str(problem).removeprefix(f"{name}:") for problem in caught.value.problems] == expected
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize("name", names("good"))
def test_good_file_dumps_to_itself(name):
    config = load_prometheus_yml(HERE / name, environ=ENVIRON)
    text = dump(config)
    assert "hunter" not in text
    assert "hunter" not in repr(config)
    assert dump(parse_prometheus_yml(text, environ=ENVIRON)) == text
