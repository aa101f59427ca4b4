"""The pages name only what exists: commands, flags, links; and the reference of prometheus.yml is up to date."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click
import pytest

from watchkeeper.app.prometheus_yml import PrometheusConfig
from watchkeeper.cli.main import watchkeeper
from watchkeeper.cli.upstream_flags import without_ignored
from watchkeeper.core.config.docs import reference

ROOT = Path(__file__).parents[2]
PAGES = [
    page
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").rglob("*.md"))
    if "node_modules" not in page.parts
]
REFERENCE = ROOT / "docs" / "config" / "prometheus.md"
HEAD = """# prometheus.yml

Every key that is read, from the tables in the code (`make golden` writes this page anew). An empty default is nothing,
an empty list, or a section of defaults; a limit of 0 is none; a zero that `global` has too is what `global` says.
Durations are written `1h30m`, sizes `10MB`.

"""
NAMES = [
    word for page in PAGES for word in re.findall(r"`(?:\.venv/bin/)?watchkeeper ([a-z][^`]*)`", page.read_text())
] + re.findall(r"^(?:\$ )?(?:\.venv/bin/)?watchkeeper ([a-z].*)$", (ROOT / "README.md").read_text(), re.M)


NAMES = [line.replace(word, one) for line in NAMES for word in line.split()[1:2] or [""] for one in word.split("|")]


def command_of(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and the rest of them."""
    command: click.Command = watchkeeper
    while isinstance(command, click.Group) and words:
        inner = command.get_command(click.Context(command), words[0])
        assert inner is not None, f"no command {words[0]}"
        command, words = inner, words[1:]
    return command, words


def flags_of(command: click.Command) -> set[str]:
    return {flag for parameter in command.params for flag in (*parameter.opts, *parameter.secondary_opts)}


@pytest.mark.parametrize("line", sorted(set(NAMES)))
def test_commands_exist(line: str) -> None:
    command, words = command_of(line.split())
    flags = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert flags <= flags_of(command)


def test_flags_of_up_in_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text()
    flags = set(re.findall(r"`(--[a-z][a-z.-]+)", text))
    assert flags
    known = flags_of(command_of(["up"])[0])
    assert not [flag for flag in flags - known if without_ignored([flag])[0]]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not re.match(r"[a-z]+:|#", target):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_the_reference_of_prometheus_yml_is_up_to_date() -> None:
    text = HEAD + reference(PrometheusConfig)
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        REFERENCE.parent.mkdir(exist_ok=True)
        REFERENCE.write_text(text)
    assert REFERENCE.read_text() == text
    assert "| `scrape_interval` | duration | `1m` |" in text
    links = set(re.findall(r"\(#([^)]+)\)", text))
    titles = re.findall(r"^## (.*)$", text, re.M)
    assert links <= {title.replace(" ", "-") for title in titles}
    assert len(titles) == len(set(titles))
