"""What a query must hold to beyond its grammar."""

from __future__ import annotations

import pytest

from watchkeeper.logs.logql.ast import RangeOp
from watchkeeper.logs.logql.errors import LogQLParseError
from watchkeeper.logs.logql.parser import parse


def problem(text: str) -> str:
    with pytest.raises(LogQLParseError) as caught:
        parse(text)
    assert not caught.value.is_syntax
    return str(caught.value)


def window(op: RangeOp, *, unwrap: bool, grouping: str = "") -> str:
    param = "0.5," if op is RangeOp.QUANTILE_OVER_TIME else ""
    return f'{op.value}({param}{{a="x"}}{" | unwrap b" if unwrap else ""}[5m]){grouping}'


@pytest.mark.parametrize("op", list(RangeOp))
def test_which_take_lines_and_which_values(op: RangeOp) -> None:
    if op.takes_lines:
        parse(window(op, unwrap=False))
    else:
        assert problem(window(op, unwrap=False)) == f"parse error : invalid aggregation {op.value} without unwrap"
    if op.takes_values:
        parse(window(op, unwrap=True))
    else:
        assert problem(window(op, unwrap=True)) == f"parse error : invalid aggregation {op.value} with unwrap"


@pytest.mark.parametrize("op", list(RangeOp))
@pytest.mark.parametrize("grouping", [" by (b)", " without (b)", " by ()"])
def test_which_take_grouping(op: RangeOp, grouping: str) -> None:
    text = window(op, unwrap=op.takes_values, grouping=grouping)
    if op.takes_grouping:
        parse(text)
    else:
        assert problem(text) == f"parse error : grouping not allowed for {op.value} aggregation"


RATE = 'rate({a="x"}[5m])'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"topk({RATE})", "parameter required for operation topk"),
        (f"topk(0, {RATE})", "invalid parameter (must be greater than 0) topk(0"),
        (f"topk(1.5, {RATE})", "invalid parameter topk(1.5,"),
        (f"sum(2, {RATE})", "unsupported parameter for operation sum(2,"),
        (f"approx_topk by (a) (2, {RATE})", "grouping not allowed for approx_topk aggregation"),
        (f"sort({RATE}) by (a)", "sort and sort_desc doesn't allow grouping by "),
        (f"sort_desc by (a) ({RATE})", "sort and sort_desc doesn't allow grouping by "),
        ('quantile_over_time({a="x"} | unwrap b [5m])', "parameter required for operation quantile_over_time"),
        ('rate(2, {a="x"}[5m])', "parameter 2 not supported for operation rate"),
        (f'label_replace({RATE}, "a", "", "b", "(")', "invalid regex in label_replace: error parsing regexp: missing"),
        ('{a="x"} + 1', "unexpected type for left leg of binary operation (+): *syntax.MatchersExpr"),
        (f'{RATE} / {{a="x"}} |= "y"', "unexpected type for right leg of binary operation (/): *syntax.PipelineExpr"),
        (f"1 or {RATE}", "unexpected literal for left leg of logical/set binary operation (or): 1.000000"),
        (f"{RATE} unless 2", "unexpected literal for right leg of logical/set binary operation (unless): 2.000000"),
    ],
)
def test_texts(text: str, expected: str) -> None:
    assert problem(text).startswith(f"parse error : {expected}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{a="x"} | line_format "{{.b"',
            "stage '| line_format \"{{.b\"' : invalid line template: template: line:1: unclosed action",
        ),
        (
            'rate({a="x"} | label_format b=`{{ nope }}` [5m])',
            "stage '| label_format b=\"{{ nope }}\"' : invalid template for label 'b': "
            'template: label:1: function "nope" not defined',
        ),
    ],
)
def test_templates(text: str, expected: str) -> None:
    assert problem(text) == f"parse error : {expected}"


def test_good_templates() -> None:
    parse(
        '{a="x"} | line_format "{{ __line__ | ToUpper }} {{ __timestamp__ | date `2006` }}" | label_format b="{{.c}}"'
    )
