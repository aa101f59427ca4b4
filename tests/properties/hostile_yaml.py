"""Damaged configurations, and what must hold of whatever is read from them."""

from hypothesis import strategies as st

from watchkeeper.core.model.errors import ConfigError

SNIPPETS = [
    "",
    "~",
    "[]",
    "{}",
    "-1",
    "0s",
    "1e9",
    "*job",
    "&x",
    "<<: *x",
    "- ",
    ": ",
    "'",
    '"',
    "|\n",
    "!!int ",
    "${X:y}",
    "\t",
    "\x00",
    "é",
    "://",
    "@",
    "%",
]

changes = st.lists(
    st.tuples(st.integers(0, 20_000), st.integers(0, 30), st.one_of(st.sampled_from(SNIPPETS), st.text(max_size=5))),
    min_size=1,
    max_size=3,
)
noise = st.text(st.sampled_from("ab:- \n[]{}&*<|>'\"!%#?,~01$"), max_size=60)


def damaged(text, changes):
    for at, n_removed, snippet in changes:
        at %= len(text) + 1
        text = text[:at] + snippet + text[at + n_removed :]
    return text


def outcome(parse, text):
    """The configuration and no text, or None and the text of a ConfigError; all places lie in the file."""
    config, shown = None, ""
    try:
        config = parse(text)
        notes = getattr(config, "warnings", [])
    except ConfigError as error:
        notes, shown = error.problems, str(error)
    n_lines = text.count("\n") + 2
    assert all(1 <= note.line <= n_lines and note.column >= 1 for note in notes)
    return config, shown
