"""docs/config/promtail.md is written from the tables that read the file, and has every stage."""

import os
import re
from pathlib import Path

from watchkeeper.core.config.docs import reference
from watchkeeper.core.config.kinds import MapOf, Nested
from watchkeeper.logs.agent.config.promtail_yml import PromtailConfig
from watchkeeper.logs.agent.stages.table import STAGES, stage_module

REFERENCE = Path(__file__).parents[2] / "docs" / "config" / "promtail.md"
HEAD = """# The agent's configuration

Every key that is read of Promtail's YAML (`watchkeeper agent --config.file`, `watchkeeper up --promtail-config`), from
the tables in the code (`make golden` writes this page anew). `watchkeeper check promtail FILE` says what is wrong with
a file, and where; `watchkeeper agent --inspect --stdin --config.file FILE` shows what each stage makes of lines.

- An empty default is nothing, an empty list, or a section of defaults; a limit of 0 is none.
- Durations are written `1h30m`, `1.5s`, `250ms`; sizes as a number of bytes, or `64KB`, in steps of 1024.
- Keys that are not listed are errors. A row with a text in place of a type is a key that is refused, and says what to
  use instead.
- Flags may be written with one dash, as Promtail's are.
- With `--config.expand-env`, `${VAR}` and `${VAR:-default}` stand for the environment's; a backslash must be doubled.
- What can't be sent is kept on the disk: in `wal.dir`, or in `agent-spool` beside the positions, up to `--spool-limit`.
  Batches are then tried until the server takes them; `backoff_config.max_retries` ends tries only where nothing can be
  kept. When the spool is full, files are read no further until there is room.
- The positions file is Promtail's. What was sent since it was written is known from the spool, so that a kill repeats
  one batch at most.
- Without clients inside of `watchkeeper up`, entries go to the log store of the process.

"""
STAGES_HEAD = """
# Stages

One mapping with one key each, below `pipeline_stages`.

"""


def stages_reference() -> str:
    out = ""
    for name, module in STAGES.items():
        loaded = stage_module(name)
        if name != module:
            continue
        kind = loaded.KIND
        says = " ".join(loaded.__doc__.split())
        out += f"## `{name}`\n\n{says.partition(': ')[2][:1].upper()}{says.partition(': ')[2][1:]}\n\n"
        if isinstance(kind, MapOf) and isinstance(kind.item, Nested):
            out += "A map of names to sections:\n\n" + reference(kind.item.cls).replace("## ", "### ")
        elif isinstance(kind, Nested):
            tables = reference(kind.cls).replace("## ", "### ").partition("\n\n")[2]
            out += tables if tables.count("\n| ") > 1 else "No keys: write `{}`.\n"
        elif isinstance(kind, MapOf):
            out += "A map of text to text; an empty value is the name itself, where a source is meant.\n"
        else:
            out += "A list of text.\n"
        out += "\n"
    return out.rstrip() + "\n"


def test_the_reference_of_promtail_yaml_is_up_to_date() -> None:
    blocks = reference(PromtailConfig)
    text = HEAD + blocks + STAGES_HEAD + stages_reference()
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        REFERENCE.write_text(text)
    assert REFERENCE.read_text() == text
    assert "| `batchwait` | duration | `1s` |" in text
    assert "| `max_partial_lines` | integer | `100` |" in text
    links = set(re.findall(r"\(#([^)]+)\)", text))
    titles = re.findall(r"^###? `?([^`\n]*)`?$", text, re.M)
    assert links <= {title.replace(" ", "-") for title in titles}
