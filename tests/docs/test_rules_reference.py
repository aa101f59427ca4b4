"""docs/config/rules.md is written from the tables that read rule files and their unit tests, and has every function."""

import os
import re
from pathlib import Path

from watchkeeper.core.config.docs import reference
from watchkeeper.rules.files.lint import LINTS
from watchkeeper.rules.files.rule_file import RuleFile, RulerFile
from watchkeeper.rules.template_functions import FUNCTIONS
from watchkeeper.rules.testlang.unit_file import UnitTestFile

REFERENCE = Path(__file__).parents[2] / "docs" / "config" / "rules.md"
HEAD = """# Rule files and their unit tests

Every key that is read of the files that `rule_files` names, of Loki's ruler files, and of unit tests, from the tables
in the code (`make golden` writes this page anew). `watchkeeper check rules FILE` says what is wrong with a file, and
where; `watchkeeper test rules FILE` runs unit tests.

- Durations are written `1h30m`. An empty default is nothing, an empty list or map; a limit of 0 is none.
- Keys that are not listed are errors, or warnings with `--ignore-unknown-fields`. Of several documents in one file only
  the first counts. A group without `interval` has the global `evaluation_interval`, without `query_offset` the global
  `rule_query_offset`.
- A group's labels are given to all its rules, whose own labels hide them; a label with an empty value takes that label
  away from the sample.
- A rule has `record` or `alert`. `for`, `keep_firing_for` and `annotations` are of alerts alone.
- What is checked: names, expressions with their types, durations, and all templates of labels and annotations. An
  expression that gives neither an instant vector nor a scalar is refused, as it could never be evaluated.

"""
TEMPLATES = """
# Templates

Labels and annotations of alerts are Go templates over `$labels`, `$value`, `$externalLabels` and `$externalURL` (also
`.Labels`, `.Value`, `.ExternalLabels`, `.ExternalURL`). A label that is not there is an empty text. Where a template
fails, `<error expanding template: …>` stands in place of the text. Beside Go's own functions there are:

{}.

A template may use 200,000 steps, write 4,000,000 characters, ask 1,000 queries with 200,000 samples in all, and call
`tmpl` 100 times; what would use more is an error. All texts of one rule may take 10 s in one evaluation, and a query
that several of them ask is asked once. Where time runs out, the annotations that are left say so, and labels are not
changed: the rule is in error.

# Checks beside errors

`--lint` names what `watchkeeper check rules` and `watchkeeper check config` look for, `--lint-fatal` makes a finding
the exit status 3:

- `duplicate-rules` (always, unless `--lint none`): two rules of a file with one name and the same labels.
- `bool-comparison`: an alert whose expression compares with `bool`, so that it always fires.
- `template-labels`: a text uses a label that the expression's aggregation takes away, so that it is always empty.

"""
TESTS = """# Unit tests

The files are those of `promtool test rules`. Rules are evaluated every `evaluation_interval` from the start to the
latest `eval_time`, each time after the input of that time; groups in the order of `group_eval_order`, then of the
files. An alert is looked at as of the last evaluation not after its `eval_time`; only firing ones count. Numbers must
be equal, or neighbours with `fuzzy_compare`; `.nan` is equal to itself. What differs is shown line by line, `-` what
was expected and `+` what came.

Values of `input_series`: `1 2 3`, `1+2x3` (1 3 5 7), `5-1x2`, `4x2` (4 4 4), `_` and `_x3` (no sample), `stale`,
`{{schema:0 count:3 sum:4 buckets:[1 2]}}`.

"""


def sections(*files: type) -> str:
    """The tables of several files, each section once."""
    seen: dict[str, str] = {}
    for file in files:
        for part in re.split(r"(?m)^(?=## )", reference(file)):
            seen.setdefault(part.partition("\n")[0], part.strip())
    return "\n\n".join(filter(None, seen.values())) + "\n"


def test_the_reference_of_rules_is_up_to_date() -> None:
    functions = ", ".join(f"`{name}`" for name in FUNCTIONS)
    text = HEAD + sections(RuleFile, RulerFile) + TEMPLATES.format(functions) + TESTS + sections(UnitTestFile)
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        REFERENCE.write_text(text)
    assert REFERENCE.read_text() == text
    assert "| `keep_firing_for` | duration |" in text
    links = set(re.findall(r"\(#([^)]+)\)", text))
    titles = re.findall(r"^#{1,2} (.*)$", text, re.M)
    assert links <= {title.replace(" ", "-") for title in titles}
    assert len(titles) == len(set(titles))


def test_every_lint_is_explained() -> None:
    assert re.findall(r"^- `([a-z-]+)`", TEMPLATES, re.M) == list(LINTS)
