"""The table of commands: each loads, and help loads none of them."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from watchkeeper import __version__
from watchkeeper.cli.main import COMMANDS, watchkeeper


def test_version():
    assert CliRunner().invoke(watchkeeper, ["--version"]).stdout == f"watchkeeper {__version__}\n"


@pytest.mark.parametrize("name", ["query", "check", "node-exporter"])
def test_each_command_loads_and_explains_itself(name):
    command = watchkeeper.get_command(click.Context(watchkeeper), name)
    assert command is not None
    assert CliRunner().invoke(watchkeeper, [name, "--help"]).exit_code == 0


def test_help_lists_commands_in_the_order_of_the_table():
    text = CliRunner().invoke(watchkeeper, ["--help"]).stdout
    places = [text.index(f"\n  {name} ") for name in COMMANDS if f"\n  {name} " in text]
    assert len(places) >= 3
    assert places == sorted(places)


def test_an_unknown_command_is_refused():
    done = CliRunner().invoke(watchkeeper, ["nonsense"])
    assert done.exit_code == 2
    assert "No such command 'nonsense'" in done.stderr


def test_help_is_quick_because_it_imports_nothing_heavy():
    code = (
        "import sys\nfrom watchkeeper.cli.main import watchkeeper\n"
        "watchkeeper.main(['--help'], standalone_mode=False)\n"
        "heavy = {'rich', 'aiohttp', 'numpy', 'asyncio', 'yaml', 'watchkeeper.cli.query'} & set(sys.modules)\n"
        "sys.exit(','.join(heavy) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
