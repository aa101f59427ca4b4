"""The positions file, and who is done with what."""

import pytest
import yaml

from watchkeeper.core.model.errors import ConfigError
from watchkeeper.logs.agent.positions import Mark, Positions
from watchkeeper.logs.agent.send.ledger import Ledger


def test_the_file_is_promtails(tmp_path):
    path = tmp_path / "sub" / "positions.yaml"
    positions = Positions(path)
    odd = '/var/lo"g/ä b: {x}.log'
    positions.commit(0, {"/var/log/a.log": Mark(1, "12"), odd: Mark(1, "3"), "journal-x": Mark(1, "s=1;i=2")})
    assert positions.save()
    text = path.read_text()
    assert text.startswith("positions:\n")
    assert '  /var/log/a.log: "12"\n' in text
    assert yaml.safe_load(text) == {"positions": {"/var/log/a.log": "12", odd: "3", "journal-x": "s=1;i=2"}}
    again = Positions(path)
    assert again.offset("/var/log/a.log") == 12
    assert again.offset("/other") == 0
    assert again.get("journal-x") == "s=1;i=2"
    assert again.offset("journal-x") == 0


def test_nothing_is_written_where_nothing_has_changed(tmp_path):
    path = tmp_path / "positions.yaml"
    assert Positions(path).save()
    assert not path.exists()
    positions = Positions(None)
    positions.commit(0, {"a": Mark(1, "1")})
    assert positions.save()


def test_a_damaged_file(tmp_path):
    path = tmp_path / "positions.yaml"
    path.write_text("positions: {a: [")
    with pytest.raises(ConfigError, match="positions.yaml:2:1:.*ignore_invalid_yaml"):
        Positions(path)
    assert Positions(path, ignore_invalid=True).snapshot() == {}
    path.write_text("- a\n")
    with pytest.raises(ConfigError):
        Positions(path)


def test_the_slowest_client_counts():
    positions = Positions(None, 2)
    positions.commit(0, {"f": Mark(1, "10")})
    assert positions.get("f") == ""
    positions.commit(1, {"f": Mark(2, "20")})
    assert positions.get("f") == "10"
    # A rotated file begins anew: the later mark has the smaller value.
    positions.commit(0, {"f": Mark(3, "0")})
    assert positions.get("f") == "20"
    positions.commit(1, {"f": Mark(3, "0")})
    assert positions.get("f") == "0"


def test_files_that_are_gone_are_forgotten(tmp_path):
    present = tmp_path / "here"
    present.write_text("")
    positions = Positions(tmp_path / "p.yaml")
    positions.commit(0, {str(present): Mark(1, "1"), "/gone": Mark(1, "1"), "cursor-x": Mark(1, "1")})
    positions.clean()
    assert set(positions.snapshot()) == {str(present), "cursor-x"}


def test_recovery_takes_what_all_clients_have():
    positions = Positions(None, 2)
    first, second = {"a": "5", "b": "7", "c": "x", "d": "y"}, {"a": "9", "c": "x", "d": "z"}
    positions.recover([{key: Mark(0, value) for key, value in one.items()} for one in (first, second)])
    assert positions.snapshot() == {"a": "5", "c": "x"}


def test_beginnings_stand_beside_the_file(tmp_path):
    path = tmp_path / "positions.yaml"
    positions = Positions(path)
    positions.commit(0, {"/a": Mark(1, "5", b"first".hex()), "journal-x": Mark(1, "c")})
    positions.save()
    assert "first" not in path.read_text()
    again = Positions(path)
    assert (again.beginning("/a"), again.beginning("/b")) == (b"first", b"")
    again.recover([{"/a": Mark(0, "2", b"second".hex())}])
    assert (again.offset("/a"), again.beginning("/a")) == (2, b"second")
    (tmp_path / "positions.yaml.beginnings").write_text("damaged")
    assert Positions(path).beginning("/a") == b""


def test_a_ledger_commits_in_order():
    ledger = Ledger()
    first = ledger.begin({"f": Mark(1, "1")})
    second = ledger.begin({"f": Mark(2, "2"), "g": Mark(2, "9")})
    third = ledger.begin({"f": Mark(3, "3")})
    for step in (first, second):
        ledger.hold(step)
    ledger.hold(second)
    ledger.close((first, second, third))
    assert ledger.done() == {}
    assert ledger.preview({second}) == {}
    ledger.close({second})
    assert ledger.preview({first}) == {"f": Mark(1, "1")}
    ledger.close({first})
    assert ledger.done() == {"f": Mark(1, "1")}
    assert ledger.preview({second}) == {"f": Mark(3, "3"), "g": Mark(2, "9")}
    ledger.close({second})
    assert ledger.done() == {"f": Mark(3, "3"), "g": Mark(2, "9")}
    assert ledger.n_open == 0
