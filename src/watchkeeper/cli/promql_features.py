"""`--enable-feature` of the commands that read PromQL without a server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from watchkeeper.metrics.promql.parser import ParserOptions

KNOWN = {
    "promql-experimental-functions": "experimental_functions",
    "promql-extended-range-selectors": "extended_range_selectors",
    "promql-binop-fill-modifiers": "fill_modifiers",
}
WITHOUT_EFFECT = ("promql-delayed-name-removal", "promql-duration-expr", "promql-at-modifier", "promql-negative-offset")


def parser_options(features: Iterable[str]) -> ParserOptions:
    """What of PromQL is on; features may stand in one value with commas. Warns of those that nobody knows."""
    from watchkeeper.metrics.promql.parser import ParserOptions

    names = {name.strip() for value in features for name in value.split(",")} - {""}
    for name in sorted(names - KNOWN.keys() - set(WITHOUT_EFFECT)):
        click.echo(f"warning: unknown feature {name}", err=True)
    return ParserOptions(**{field: name in names for name, field in KNOWN.items()})
