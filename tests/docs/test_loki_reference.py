"""docs/config/loki.md is written from the tables that read the file."""

import os
import re
from pathlib import Path

from watchkeeper.core.config.docs import reference
from watchkeeper.core.config.schema import table_of
from watchkeeper.logs.store.config import LokiConfig
from watchkeeper.logs.store.limits import WITHOUT_EFFECT, Limits

REFERENCE = Path(__file__).parents[2] / "docs" / "config" / "loki.md"
HEAD = """# Loki's configuration

Every key that is read of a Loki configuration file (`--loki-config`), from the tables in the code (`make golden`
writes this page anew). `watchkeeper check loki FILE` says what is wrong with a file, and where.

- An empty default is nothing, an empty list, or a section of defaults; a limit of 0 is none.
- Durations are written `1h30m`, `1.5s`, `2w`; sizes `256KB`, `1.5MiB`, or a number of bytes; both in steps of 1024.
- Keys that are not listed are warnings and change nothing. A row with a text in place of a type is a key that was
  removed or stands elsewhere, and says what to use.
- “Accepted, without effect” are blocks about parts that one process does not need: rings, gRPC clients, remote caches.
- With `--config.expand-env`, `${VAR}` and `${VAR:default}` stand for the environment's.
- Three keys are watchkeeper's own: `storage_config.cache_size` (how much of a bucket's segments is kept on the local
  disk), `compactor.retention_size` (the oldest segments go when all are larger) and `limits_config.out_of_order_cutoff`
  (how far an entry may be behind its stream's newest; by default any order within retention is taken).
- Limits of single tenants stand in the file that `runtime_config.file` names, below `overrides`: `<tenant>`: keys of
  `limits_config`. It is looked at every `runtime_config.period`.

"""
FOOT = "\n## Limits without effect\n\nOf `limits_config`, these are accepted and change nothing: {}.\n"
READ_BY_PROPERTIES = {
    "ingestion_rate_mb",
    "ingestion_burst_size_mb",
    "max_streams_per_user",
    "max_global_streams_per_user",
}
ROOT = Path(__file__).parents[2]


def test_the_reference_of_loki_yaml_is_up_to_date() -> None:
    text = HEAD + reference(LokiConfig) + FOOT.format(", ".join(f"`{key}`" for key in WITHOUT_EFFECT))
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        REFERENCE.write_text(text)
    assert REFERENCE.read_text() == text
    assert "| `max_line_size` | size | `256KB` |" in text
    links = set(re.findall(r"\(#([^)]+)\)", text))
    titles = re.findall(r"^## (.*)$", text, re.M)
    assert links <= {title.replace(" ", "-") for title in titles}
    assert len(titles) == len(set(titles))


def test_limits_that_are_said_to_have_no_effect_are_those_that_nothing_reads() -> None:
    paths = (ROOT / "src" / "watchkeeper").rglob("*.py")
    sources = [path for path in paths if not re.search(r"/store/(limits|config)", str(path))]
    words = set(re.findall(r"\w+", " ".join(path.read_text() for path in sources)))
    unread = [item.key for item in table_of(Limits).settings if item.field not in words | READ_BY_PROPERTIES]
    assert list(WITHOUT_EFFECT) == unread, (
        "bring WITHOUT_EFFECT in logs/store/limits.py up to date, and run make golden"
    )
