"""A log store that was written once can still be read, and the same pushes write the same log: the formats are pinned.

Where these bytes change on purpose, the version in the magic of segments or of the log goes up, and
docs/formats/log-segment.md or log-wal.md says what is new.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.oracle.log_store import batch_of, read
from tests.unit.logs.store.stores import APP, DATABASE, T0, Stores, row
from watchkeeper.core.model.labels import Labels
from watchkeeper.logs.store.segment_footer import MAGIC

GOLDEN = Path(__file__).parent / "log_store"
VERSION = MAGIC[-1:].decode()
STORED = GOLDEN / f"version_{VERSION}"
ANSWER = GOLDEN / "answer.json"
ODD = Labels.of(app='quo"ted\n', service_name="ü")


def write(directory: Path) -> None:
    """Two segments, one of them with a block that a merge made, and a log with records of each type."""
    stores = Stores(directory)
    store = stores.store
    store._segments.log_id = 1234567890
    for part in range(2):
        stores.push(APP, *(row(part * 10 + i, f'{{"level":"info","n":{i},"id":"{i:08x}"}}') for i in range(5)))
        stores.push(DATABASE, row(part, b"\xff\x00 raw", user="7"), row(part + 0.5, "", user="8", zone="x"))
        store.flush()
    store.compact()
    stores.push(ODD, row(1, "level=warn msg=odd"), tenant="other")
    store.flush()
    batch = batch_of([(APP, [row(50, "in the log alone")]), (ODD, [row(51, "error: odd", a="1")])], with_body=True)
    store.push("t", batch)
    stores.push(DATABASE, row(52, "without a body", k="v"))
    store.close()


def answer(directory: Path) -> dict[str, dict[str, list[list[object]]]]:
    """All rows of all tenants."""
    stores = Stores(directory)
    found = {
        tenant: {
            text: [[time_ns, line.decode("latin-1"), [list(pair) for pair in pairs]] for time_ns, line, pairs in rows]
            for text, rows in read(stores.store.querier(tenant), []).items()
        }
        for tenant in stores.store.tenants()
    }
    stores.store.close()
    return found


@pytest.fixture(scope="module", autouse=True)
def golden(tmp_path_factory: pytest.TempPathFactory) -> None:
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        directory = tmp_path_factory.mktemp("golden") / "logs"
        write(directory)
        shutil.rmtree(GOLDEN, ignore_errors=True)
        shutil.copytree(directory, STORED, ignore=shutil.ignore_patterns("lock", "cache"))
        ANSWER.write_text(json.dumps(answer(directory), indent=1, ensure_ascii=False) + "\n")


def test_what_was_written_once_is_read(tmp_path: Path) -> None:
    for stored in sorted(GOLDEN.glob("version_*")):
        directory = tmp_path / stored.name
        shutil.copytree(stored, directory)
        assert answer(directory) == json.loads(ANSWER.read_text())


def test_the_same_pushes_write_the_same_log(tmp_path: Path) -> None:
    write(tmp_path / "logs")
    logs = sorted((STORED / "wal").iterdir())
    assert logs
    for log in logs:
        assert (tmp_path / "logs" / "wal" / log.name).read_bytes() == log.read_bytes()


def test_the_manifest_says_the_same(tmp_path: Path) -> None:
    write(tmp_path / "logs")
    fresh, stored = ((path / "manifest.json").read_bytes() for path in (tmp_path / "logs", STORED))
    segments = [json.loads(data.split(b"\n")[0])["segments"] for data in (fresh, stored)]
    for segment in (*segments[0], *segments[1]):
        del segment["size_bytes"]  # How well blocks pack is not the format's matter.
    assert segments[0] == segments[1]
    assert min(segment["min_ns"] for segment in segments[0]) == T0
