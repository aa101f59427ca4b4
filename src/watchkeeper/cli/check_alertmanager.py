"""`watchkeeper check alertmanager`: what is wrong with Alertmanager's configuration files, and where alerts go."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from watchkeeper.cli.findings import counted, show_problems, without_files
from watchkeeper.core.model.errors import ConfigError, ConfigProblem

if TYPE_CHECKING:
    from watchkeeper.alerts.config.alertmanager_yml import AlertmanagerYml
    from watchkeeper.alerts.matchers import Mode
    from watchkeeper.core.model.labels import Labels

MODES = ("fallback", "classic-mode", "utf8-strict-mode")


class LabelSet(click.ParamType["Labels"]):
    """`severity=critical,team="data, base"`."""

    name = "labels"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Labels:
        """Labels of a list of pairs; of a name that stands twice the last counts."""
        from watchkeeper.alerts.matchers import MatcherError, parse_matchers
        from watchkeeper.core.model.labels import Labels
        from watchkeeper.core.model.matcher import MatchType

        try:
            matchers = parse_matchers(value)
        except MatcherError as error:
            self.fail(f"{value}: {error}", param, ctx)
        if any(matcher.type is not MatchType.EQUAL for matcher in matchers):
            self.fail("labels must be specified as key=value pairs", param, ctx)
        return Labels((matcher.name, matcher.value) for matcher in matchers)


@click.command("alertmanager")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--syntax-only", is_flag=True, help="Do not look for the files that the configuration names.")
@click.option(
    "--route",
    "label_sets",
    multiple=True,
    type=LabelSet(),
    help="Show where an alert of these labels goes, and why: 'alertname=X,severity=critical'. Repeatable.",
)
@click.option(
    "--verify-receivers", help="Fail where the alerts of --route go to other receivers, or in another order: 'a,b'."
)
@click.option("--tree", is_flag=True, help="Show the routing tree; with --route, what an alert takes has an arrow.")
@click.option("--matchers", type=click.Choice(MODES), default="fallback", help="The form of matchers.")
@click.option("--data.retention", "retention", default="120h", help="How long notifications are remembered.")
def check_alertmanager(
    files: tuple[Path, ...],
    syntax_only: bool,
    label_sets: tuple[Labels, ...],
    verify_receivers: str | None,
    tree: bool,
    matchers: str,
    retention: str,
) -> None:
    """Check Alertmanager's configuration files: problems and warnings of every FILE, each on its own line.

    The exit status is 1 where there is a problem, or where an alert goes elsewhere than --verify-receivers says.
    """
    from watchkeeper.alerts.config.alertmanager_yml import load_alertmanager_yml
    from watchkeeper.alerts.matchers import Mode

    if verify_receivers is not None and not label_sets:
        raise click.UsageError("--verify-receivers needs --route")
    retention_ns = _duration_ns(retention)
    mode: Mode = Mode(matchers)
    failed = False
    for path in files:
        try:
            config = load_alertmanager_yml(path, files_checked=not syntax_only, mode=mode)
        except ConfigError as error:
            failed = True
            show_problems(error.problems)
            continue
        _warn(config.warnings)
        for warning in config.warnings_for(retention_ns):
            click.echo(f"{path}: warning: {warning}", err=True)
        failed = not _check_templates(path, config, syntax_only) or failed
        click.echo(f"{path}: {_summary(config)}")
        failed = not _show_routes(path, config, label_sets, verify_receivers, tree) or failed
    if failed:
        raise SystemExit(1)


def _duration_ns(text: str) -> int:
    from watchkeeper.core.model.duration import DurationError, parse_duration_ms

    try:
        return parse_duration_ms(text) * 1_000_000
    except DurationError as error:
        raise click.BadParameter(str(error), param_hint="--data.retention") from None


def _check_templates(path: Path, config: AlertmanagerYml, syntax_only: bool) -> bool:
    """Whether all template files parse; prints what is wrong with them."""
    from watchkeeper.alerts.templates.templates import Templates
    from watchkeeper.alerts.templates.undefined import undefined_in

    if syntax_only:
        return True
    for pattern in without_files(config.templates):
        click.echo(f"{path}: warning: no template file matches {pattern}", err=True)
    try:
        templates = Templates(config.template_texts())
    except ConfigError as error:
        show_problems(error.problems)
        return False
    for receiver in config.receivers:
        for kind, index, section in receiver.integrations:
            for key, name in undefined_in(section, templates):
                where = f"{path}: warning: receiver {receiver.name}: {kind}_configs[{index}].{key}"
                click.echo(f'{where}: template "{name}" is not defined', err=True)
    return True


def _summary(config: AlertmanagerYml) -> str:
    from watchkeeper.alerts.route import RouteTree

    n_integrations = sum(len(receiver.integrations) for receiver in config.receivers)
    parts = [
        counted(sum(1 for _ in RouteTree.of(config.route).walk()), "route"),
        counted(len(config.inhibit_rules), "inhibit rule"),
        f"{counted(len(config.receivers), 'receiver')} with {counted(n_integrations, 'integration')}",
        counted(len(config.time_intervals), "time interval"),
        counted(len(config.template_paths), "template file"),
    ]
    return f"valid: {', '.join(parts)}"


def _show_routes(
    path: Path, config: AlertmanagerYml, label_sets: Sequence[Labels], wanted: str | None, tree: bool
) -> bool:
    """Whether every alert goes to the wanted receivers, if any are said; prints where each goes, and why."""
    from watchkeeper.alerts.route import RouteTree
    from watchkeeper.cli.route_report import tree_lines, why_lines

    routes = RouteTree.of(config.route)
    if tree and not label_sets:
        click.echo("\n".join(tree_lines(routes.root)))
    is_good = True
    now_ns = time.time_ns()
    for labels in label_sets:
        found = routes.match(labels)
        click.echo(f"\n{labels}")
        if tree:
            click.echo("\n".join(tree_lines(routes.root, found)))
        for route in found:
            click.echo("\n".join(why_lines(labels, route, config.intervals, now_ns)))
        receivers = ",".join(route.receiver for route in found)
        click.echo(f"receivers: {receivers}")
        if wanted is not None and receivers != wanted:
            is_good = False
            click.echo(f"{path}: {labels} goes to {receivers}, not to {wanted}", err=True)
    return is_good


def _warn(warnings: Sequence[ConfigProblem]) -> None:
    for warning in warnings:
        place = f"{warning.file}:{warning.line}:{warning.column}"
        where = f"{warning.path}: " if warning.path else ""
        click.echo(f"{place}: warning: {where}{warning.message}", err=True)
