"""Every good rule file is taken and dumps to itself; every bad one is refused with exactly the problems it names."""

from pathlib import Path

import pytest

from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.config.dump import dump
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.rules.files.load import load_rule_files
from watchkeeper.rules.files.rule_file import Reading, RuleFile, RulerFile
from watchkeeper.rules.files.syntax import LogQLSyntax, PromQLSyntax

HERE = Path(__file__).parent


def names(kind):
    return sorted(path.name for path in HERE.glob(f"rules-*.{kind}.yml"))


def language(name):
    return LogQLSyntax() if name.startswith("rules-loki") else PromQLSyntax()


@pytest.mark.parametrize("name", names("bad"))
def test_bad_file_is_refused_with_all_its_problems(name, monkeypatch):
    """An expression's line and the mark below it stand after `# error:` too, each with its spaces."""
    monkeypatch.chdir(HERE)
    lines = Path(name).read_text().splitlines()
    expected = [line.removeprefix("# error: ") for line in lines if line.startswith("# error: ")]
    with pytest.raises(ConfigError) as caught:
        load_rule_files([name], language(name), ruler=name.startswith("rules-loki"))
    assert str(caught.value).replace(f"{name}:", "").splitlines() == expected


@pytest.mark.parametrize("name", names("good"))
def test_good_file_dumps_to_itself(name, monkeypatch):
    monkeypatch.chdir(HERE)
    is_loki = name.startswith("rules-loki")
    assert load_rule_files([name], language(name), ruler=is_loki) is not None
    section = RulerFile if is_loki else RuleFile

    def read(text):
        load = Load(name)
        load.share(Reading(language(name)))
        return decode(section, text, load)

    text = dump(read(Path(name).read_text()))
    assert dump(read(text)) == text
