"""Whatever happens to folder, cache and bucket: each line that was brought up is served once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.logs.store.test_bucket import Store, Switched
from watchkeeper.core.objects.bucket import Bucket
from watchkeeper.core.objects.objects import ObjectError
from watchkeeper.core.objects.settings import FolderSettings
from watchkeeper.logs.store.bucket import DELETE_DELAY_S

steps = st.lists(
    st.sampled_from(
        ["write", "write", "merge", "sync", "sync", "fail", "restart", "lose folder", "lose cache", "lose list", "wait"]
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(steps, st.integers(1, 6))
def test_each_line_is_served_once(steps, fails_at):
    home = Path(tempfile.mkdtemp())
    try:
        run(home, steps, fails_at)
    finally:
        shutil.rmtree(home)


def run(home: Path, steps: list[str], fails_at: int) -> None:
    objects = Switched(Bucket(FolderSettings(directory=home / "bucket")))
    folder = home / "store"
    store = Store(folder, objects, cache_bytes=1500)
    n = 0
    # Each segment's text is the lines that it holds, so a merge's text is those of all.
    served: set[str] = set()
    in_bucket: list[set[str]] = [set()]  # What a new folder may find; several where a sync failed half way.
    n_merges = 0  # Since all of them were known to be in the bucket.
    for step in steps:
        match step:
            case "write":
                n += 1
                store.write(f"<{n}>")
                served = served | {f"<{n}>"}
            case "merge" if len(store.segments.current) > 1:
                store.merge("".join(sorted(served)))
                n_merges += 1
            case "sync":
                store.bucket.sync()
                in_bucket, n_merges = [served], 0
            case "fail":
                objects.asked.clear()
                objects.fails_at = fails_at
                try:
                    store.bucket.sync()
                except ObjectError:
                    in_bucket = [*in_bucket, served]
                else:
                    in_bucket, n_merges = [served], 0
                objects.fails_at = None
            case "restart":
                store.bucket.stop()
                store = Store(folder, objects, cache_bytes=1500)
            case "lose folder":
                shutil.rmtree(folder)
                store = Store(folder, objects, cache_bytes=1500)
                served = lines(store)
                assert served in in_bucket
                in_bucket, n_merges = [served], 0
            case "lose cache":
                store.bucket.stop()
                shutil.rmtree(folder / "cache")
                store = Store(folder, objects, cache_bytes=1500)
            case "lose list" if n_merges < 2:
                # A segment knows what it was merged from, and not what that was merged from.
                (folder / "manifest.json").unlink(missing_ok=True)
                store.bucket.stop()
                store = Store(folder, objects, cache_bytes=1500)
                in_bucket, n_merges = [served], 0
            case "wait":
                store.now_s += DELETE_DELAY_S
        assert lines(store) == served, step


def lines(store: Store) -> set[str]:
    """The lines of all segments; each once."""
    found = [f"<{line}" for text in store.lines() for line in text.split("<")[1:]]
    assert len(found) == len(set(found)), found
    return set(found)
