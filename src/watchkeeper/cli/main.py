"""The command line. A command's module is imported when the command runs, so that help and start-up stay quick."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Final

import click

from watchkeeper import __version__
from watchkeeper.core.model.errors import WatchkeeperError


@dataclass(frozen=True, slots=True)
class _Entry:
    module: str
    attribute: str
    summary: str


COMMANDS: Final = {
    "up": _Entry("up", "up", "Start everything that makes sense on this machine."),
    "query": _Entry("query", "query", "Ask a running server a PromQL question."),
    "logs": _Entry("logs", "logs", "Show log lines of a running server, or follow them."),
    "alerts": _Entry("alerts", "alerts", "Show the alerts of a running server."),
    "silence": _Entry("silence", "silence", "Make, list and end silences of a running server."),
    "agent": _Entry("agent", "agent", "Read this machine's logs and send them, as Promtail does."),
    "check": _Entry("check", "check", "Say what is wrong with a file, and where."),
    "test": _Entry("test", "test", "Run data-driven tests of queries and rules."),
    "node-exporter": _Entry("node_exporter", "node_exporter", "Serve this machine's metrics, and nothing else."),
    "import": _Entry("tsdb", "import_", "Take over data of a Prometheus, or OpenMetrics text."),
    "export": _Entry("tsdb", "export", "Write stored samples as OpenMetrics text."),
}


class LazyGroup(click.Group):
    """A group whose commands stand in a table, with the line of help each shows, and load when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the table's order."""
        return [name for name, entry in COMMANDS.items() if find_spec(_module(entry)) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None where there is none."""
        entry = COMMANDS.get(cmd_name)
        if entry is None or find_spec(_module(entry)) is None:
            return None
        command: click.Command = getattr(import_module(_module(entry)), entry.attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in the help text, written without importing a single command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].summary) for name in self.list_commands(ctx)])


def _module(entry: _Entry) -> str:
    return f"watchkeeper.cli.{entry.module}"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, message="%(prog)s %(version)s")
def watchkeeper() -> None:
    """The whole Kubernetes monitoring stack as one program.

    \b
    watchkeeper up             starts it
    watchkeeper query 'up'     asks it
    watchkeeper logs '{job=~".+"}'
    """


def main() -> None:
    """Run the command line and exit: 0 when all went well, 1 for a failure, 2 for a command that makes no sense."""
    try:
        watchkeeper.main(prog_name="watchkeeper")
    except WatchkeeperError as error:
        click.echo(f"watchkeeper: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader, as `head` does, has seen enough. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


if __name__ == "__main__":
    main()
