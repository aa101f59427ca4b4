"""Trees to texts."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from watchkeeper.logs.logql.parser import parse
from watchkeeper.logs.logql.printer import format_query, pretty

LINES = [
    ('{a="x",b!~`y`}', '{a="x", b!~"y"}'),
    ('{a="x"}|="e" or "f"!~"g"', '{a="x"} |= "e" or "f" !~ "g"'),
    ('{a="x"} |= "\\xff\\n"', '{a="x"} |= "\\xff\\n"'),
    ('{a="x"} != ip("10.0.0.0/8")', '{a="x"} != ip("10.0.0.0/8")'),
    ('{a="x"}|json b,c="d[0]"|logfmt --keep-empty --strict e', '{a="x"} | json b="b",c="d[0]" | logfmt --strict --keep-empty e="e"'),
    ('{a="x"}|regexp "(?P<b>.)"|pattern "<b> "|unpack|decolorize', '{a="x"} | regexp "(?P<b>.)" | pattern "<b> " | unpack | decolorize'),
    ('{a="x"}|line_format "{{.b}}"|label_format b=c,d="{{.e}}"', '{a="x"} | line_format "{{.b}}" | label_format b=c,d="{{.e}}"'),
    ('{a="x"}|drop b,c="d"|keep e', '{a="x"} | drop b,c="d" | keep e'),
    ('{a="x"}|b>=500 and c="d" or e<20MB', '{a="x"} | ( ( b>=500 , c="d" ) or e<20MB )'),
    ('{a="x"}|b>1m30s,c==2KiB|d<1.5KB|e=-1e300', None),
    ('{a="x"}|b=0.5|c!=ip("::1")', '{a="x"} | b==0.5 | c!=ip("::1")'),
    ('{a="x"}|b>90s|c>1500us|d>0s|e<-2h', '{a="x"} | b>1m30s | c>1.5ms | d>0s | e<-2h0m0s'),
    ('{a="x"}|b=2048B|c=2.5kB|d=12.5kB|e=1GiB', '{a="x"} | b==2048B | c==2.5kB | d==12500B | e==1073741824B'),
    ('rate({a="x"}[5m] offset 90s)', 'rate({a="x"}[5m] offset 1m30s)'),
    ('rate({a="x"}[1d] | json)', 'rate({a="x"} | json[1d])'),
    ('sum_over_time({a="x"}|unwrap bytes(b)|c="d"[90s])', 'sum_over_time({a="x"} | unwrap bytes(b) | c="d"[1m30s])'),
    ('quantile_over_time(0.99,{a="x"}|unwrap b[1m]) by (c,d)', 'quantile_over_time(0.99,{a="x"} | unwrap b[1m]) by (c,d)'),
    ('sum(rate({a="x"}[5m])) by (b,c)', 'sum by (b,c)(rate({a="x"}[5m]))'),
    ('topk(3,rate({a="x"}[5m])) without ()', 'topk without ()(3,rate({a="x"}[5m]))'),
    ("vector(1)+vector(2)*3", "(vector(1) + (vector(2) * 3))"),
    ("vector(1)>bool on(a)group_left vector(2)", "(vector(1) > bool on (a) group_left () vector(2))"),
    ("vector(1)*ignoring(a,b)group_right(c)vector(2)", "(vector(1) * ignoring (a,b) group_right (c) vector(2))"),
    ('label_replace(vector(1),"a","$1","b","(.*)")', 'label_replace(vector(1),"a","$1","b","(.*)")'),
    ("1e21", "1e+21"),
    ("1000000", "1e+06"),
    ("0.00001", "1e-05"),
    ("-0.5", "-0.5"),
    ("1/0", "(0 / 0)"),
    ("2^5000", "(2 ^ 1024)"),
    ("-1*2^5000", "(-2 ^ 1025)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line"), LINES)
def test_one_line(text: str, line: str | None) -> None:
    printed = format_query(parse(text))
    if line is not None:
        assert printed == line
    assert format_query(parse(printed)) == printed


PRETTY = [
    ('{a="x"}|="y"', '{a="x"} |= "y"'),
    (
        '{cluster="production", namespace="shop"} |= "error" or "failed" != "timeout" | json | status >= 500 | line_format "{{.msg}}"',
        """
{cluster="production", namespace="shop"}
  |= "error" or "failed"
  != "timeout"
  | json
  | status>=500
  | line_format "{{.msg}}"
""",
    ),
    (
        'sum by (namespace, pod) (rate({cluster="production", namespace="shop"} |= "error" | json | status >= 500 | level="warn" [5m] offset 1h))',
        """
sum by (namespace, pod)(
  rate(
    {cluster="production", namespace="shop"} |= "error" | json | status>=500 | level="warn" [5m] offset 1h
  )
)
""",
    ),
    (
        'quantile_over_time(0.99, {cluster="production", namespace="shop"} | json | unwrap duration(took) | __error__="" [5m]) by (namespace)',
        """
quantile_over_time(
  0.99,
  {cluster="production", namespace="shop"} | json
    | unwrap duration(took)
    | __error__="" [5m]
) by (namespace)
""",
    ),
    (
        'topk(5, sum by (pod) (rate({cluster="production", namespace="shop"} |= "error" [5m])) / sum by (pod) (rate({cluster="production"}[5m])))',
        """
topk(
  5,
    sum by (pod)(rate({cluster="production", namespace="shop"} |= "error"[5m]))
  /
    sum by (pod)(rate({cluster="production"}[5m]))
)
""",
    ),
    (
        'label_replace(sum by (container_name) (rate({cluster="production", namespace="shop"}[5m])), "app", "$1", "container_name", "(.*)-.*")',
        """
label_replace(
  sum by (container_name)(rate({cluster="production", namespace="shop"}[5m])),
  "app",
  "$1",
  "container_name",
  "(.*)-.*"
)
""",
    ),
    (
        '(count_over_time({cluster="production", namespace="a"}[5m]) + count_over_time({cluster="production", namespace="b"}[5m])) * on (pod) group_left (zone) vector(2)',
        """
  (
      count_over_time({cluster="production", namespace="a"}[5m])
    +
      count_over_time({cluster="production", namespace="b"}[5m])
  )
* on (pod) group_left (zone)
  vector(2)
""",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "layout"), PRETTY)
def test_layout(text: str, layout: str) -> None:
    printed = pretty(parse(text))
    assert printed == layout.strip("\n")
    assert parse(printed) == parse(text)
