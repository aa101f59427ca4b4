"""Delete requests: heeded at once, carried out when they can't be cancelled any more, kept over restarts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.logs.store.stores import APP, CONFIG, DATABASE, T0, Stores, row
from watchkeeper.core.kernels.line_block import Block
from watchkeeper.core.kernels.texts import Rows
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.logs.interface import DeleteRequest, KeepRows
from watchkeeper.logs.store.limits import Limits
from watchkeeper.logs.store.options import DAY_NS, HOUR_NS

SHOP = Matcher("app", MatchType.EQUAL, "shop")
SECRET = '{app="shop"} |= "secret"'


def without_secrets(block: Block, rows: Rows, labels: Labels) -> Any:
    return np.array([b"secret" not in line for line in block.lines(rows)], np.bool_)


def keep_of(query: str) -> KeepRows | None:
    return without_secrets if "secret" in query else None


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path / "logs", make_keep=keep_of)
    for labels in (APP, DATABASE):
        made.push(labels, row(1, "plain"), row(2, "a secret", user="7"), row(3, "more"), row(4, "last secret"))
    yield made
    made.store.close()


def request(stores: Stores, query: str, start: float = 0, end: float = 100) -> DeleteRequest:
    made = DeleteRequest("", query, (SHOP,), T0 + int(start * 1e9), T0 + int(end * 1e9), keep_of(query), stores.now_ns)
    stores.store.add_delete("t", made)
    return stores.store.list_deletes("t")[-1]


@pytest.mark.parametrize("flushed", [True, False])
def test_lines_go_at_once_and_for_good_after_a_day(stores: Stores, flushed: bool) -> None:
    if flushed:
        stores.store.flush()
    made = request(stores, SECRET)
    assert (made.status, len(made.id)) == ("received", 8)
    assert stores.lines(SHOP) == [b"plain", b"more"]
    assert len(stores.lines()) == 6
    stores.kill()
    assert stores.lines(SHOP) == [b"plain", b"more"]
    stores.store.tick()
    assert stores.store.list_deletes("t")[0].status == "received"
    stores.now_ns += 25 * HOUR_NS
    stores.store.tick()
    assert stores.store.list_deletes("t")[0].status == "processed"
    assert stores.lines(SHOP) == [b"plain", b"more"]
    assert len(stores.lines()) == 6
    assert b"last secret" not in b"".join(
        line for slice_ in stores.store.querier("t").select([SHOP], 0, T0 * 2) for line in slice_.load()[0].lines(
            np.arange(slice_.load()[0].n_rows, dtype=np.int32)
        )
    )  # fmt: skip
    assert stores.metric("loki_compactor_deleted_lines") == 2
    assert stores.metric("loki_compactor_pending_delete_requests_count") == 0
    stores.kill()
    assert len(stores.lines()) == 6


def test_a_request_holds_its_start_and_its_end(stores: Stores) -> None:
    request(stores, '{app="shop"}', 2, 3)
    expected = [b"plain", b"last secret"]
    assert stores.lines(SHOP) == expected
    stores.now_ns += 25 * HOUR_NS
    stores.store.tick()
    assert stores.lines(SHOP) == expected


def test_whole_streams_go_and_do_not_come_back_from_the_log(stores: Stores) -> None:
    request(stores, '{app="shop"}')
    stores.now_ns += 25 * HOUR_NS
    stores.store.tick()
    for _ in range(3):
        assert stores.lines(SHOP) == []
        assert len(stores.lines()) == 4
        assert [stream.text for stream in stores.store.querier("t").streams([], 0, T0 * 2)] == [str(DATABASE)]
        stores.kill()


def test_another_tenant_keeps_its_lines(stores: Stores) -> None:
    stores.push(APP, row(1, "theirs"), tenant="other")
    request(stores, '{app="shop"}')
    stores.now_ns += 25 * HOUR_NS
    stores.store.tick()
    assert stores.lines(tenant="other") == [b"theirs"]
    assert stores.store.list_deletes("other") == []


def test_a_cancelled_request_gives_its_lines_back(stores: Stores) -> None:
    made = request(stores, SECRET)
    assert stores.store.cancel_delete("t", made.id)
    assert not stores.store.cancel_delete("t", made.id)
    assert len(stores.lines(SHOP)) == 4
    stores.reopen()
    assert stores.store.list_deletes("t") == []


def test_what_is_done_can_not_be_cancelled(stores: Stores) -> None:
    made = request(stores, SECRET)
    stores.now_ns += 25 * HOUR_NS
    stores.store.tick()
    assert not stores.store.cancel_delete("t", made.id)
    stores.now_ns += 31 * DAY_NS
    request(stores, SECRET)
    stores.now_ns += 25 * HOUR_NS
    stores.store.tick()
    assert [one.status for one in stores.store.list_deletes("t")] == ["processed"]


@pytest.mark.parametrize(("mode", "n_lines"), [("disabled", 4), ("filter-only", 2)])
def test_the_deletion_mode_of_a_tenant_counts(stores: Stores, mode: str, n_lines: int) -> None:
    stores.reopen(limits=Limits(deletion_mode=mode, reject_old_samples=False))
    request(stores, SECRET)
    assert len(stores.lines(SHOP)) == n_lines
    stores.now_ns += 25 * HOUR_NS
    stores.store.tick()
    assert stores.store.list_deletes("t")[0].status == "received"
    assert len(stores.lines(SHOP)) == n_lines


def test_a_request_whose_filter_is_not_known_deletes_nothing(stores: Stores) -> None:
    request(stores, SECRET)
    stores.reopen(make_keep=None)
    assert len(stores.lines(SHOP)) == 4


def test_a_damaged_file_of_requests_is_set_aside(stores: Stores) -> None:
    request(stores, SECRET)
    stores.store.close()
    path = stores.path / "deletes.json"
    path.write_bytes(path.read_bytes().replace(b"received", b"processed"))
    stores.open()
    assert stores.store.list_deletes("t") == []
    assert path.with_name("deletes.json.corrupt").exists()
    assert stores.metric("watchkeeper_logs_corruptions_total") == 1


def test_two_alike_get_ids_of_their_own(stores: Stores) -> None:
    assert request(stores, SECRET).id != request(stores, SECRET).id


def test_retention_must_not_be_on_for_requests_to_be_kept(tmp_path: Path) -> None:
    stores = Stores(tmp_path / "logs", config="auth_enabled: false", make_keep=keep_of)
    assert stores.config != CONFIG
    stores.push(APP, row(1, "a secret"), row(2, "x"))
    request(stores, SECRET)
    assert stores.lines() == [b"x"]
    stores.store.close()
