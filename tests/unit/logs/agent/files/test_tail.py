"""Following one path, step by step with a clock of the test."""

import os
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.logs.agent.files import generation
from watchkeeper.logs.agent.files.tail import FileTail

MB = 1 << 20


class Tail:
    """A tail with a clock; `more` gives the new lines."""

    def __init__(self, path, offset=0, **options):
        self.tail = FileTail(str(path), offset, **options)
        self.now_s = 100.0

    def more(self, *, beside=True, wait_s=0.0):
        self.now_s += wait_s
        out = []
        for _ in range(4):
            if self.tail.look(self.now_s, beside=beside):
                for chunk in self.tail.read(self.now_s, MB):
                    out += chunk.data.split(b"\n")
                    self.end = chunk.end
        return [line.decode() for line in out]


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "app.log"
    path.write_bytes(b"")
    return path


def write(path, text):
    with open(path, "ab") as file:
        file.write(text.encode())


def test_lines_as_they_come(log):
    write(log, "one\ntwo\n")
    tail = Tail(log)
    assert tail.more() == ["one", "two"]
    assert tail.end == 8
    assert tail.more() == []
    write(log, "par")
    assert tail.more() == []
    write(log, "tial\n\nlast\n")
    assert tail.more() == ["partial", "", "last"]
    write(log, "\n")
    assert tail.more() == [""]
    tail.tail.close()


def test_from_a_position_and_one_beyond_the_end(log):
    write(log, "one\ntwo\n")
    assert Tail(log, 4).more() == ["two"]
    assert Tail(log, 8).more() == []
    assert Tail(log, 9).more() == ["one", "two"]


def test_rename_and_create(log):
    tail = Tail(log)
    write(log, "one\n")
    assert tail.more() == ["one"]
    write(log, "two\nthr")
    log.rename(log.with_name("app.log.1"))
    assert tail.more() == ["two"]
    write(log, "four\n")
    write(log.with_name("app.log.1"), "ee\n")
    assert tail.more() == ["three", "four"]
    # The writer goes on with the old file for a while.
    write(log.with_name("app.log.1"), "late\n")
    assert tail.more() == ["late"]
    assert tail.more(wait_s=60) == []
    assert tail.tail.n_open == 1


def test_an_old_file_ends_its_last_line(log):
    tail = Tail(log)
    write(log, "no end")
    assert tail.more() == []
    log.rename(log.with_name("app.log.1"))
    write(log, "new\n")
    assert tail.more() == ["new"]
    assert tail.more(wait_s=60) == ["no end"]


def test_files_that_came_and_went_between_two_looks(log):
    write(log.with_name("app.log.9"), "old, from before\n")
    write(log.with_name("app2.log"), "another log\n")
    tail = Tail(log)
    write(log, "a\n")
    assert tail.more() == ["a"]
    for i in range(5):
        write(log, f"{i}\n")
        for number in range(6, 0, -1):
            if log.with_name(f"app.log.{number}").exists():
                log.with_name(f"app.log.{number}").rename(log.with_name(f"app.log.{number + 1}"))
        log.rename(log.with_name("app.log.1"))
        os.utime(log.with_name("app.log.1"), ns=(i * 10**9 + 10**18, i * 10**9 + 10**18))
    write(log, "now\n")
    assert tail.more() == ["0", "1", "2", "3", "4", "now"]
    assert tail.more(wait_s=1) == []


def test_copy_and_truncate(log):
    tail = Tail(log)
    write(log, "one\ntwo\n")
    assert tail.more() == ["one", "two"]
    write(log, "three\nfo")
    shutil.copyfile(log, log.with_name("app.log.1"))
    os.truncate(log, 0)
    write(log, "five\n")
    assert tail.more() == ["three", "five"]
    write(log, "six\n")
    assert tail.more(wait_s=60) == ["fo", "six"]


def test_a_copy_that_is_not_cut_yet_is_not_read_twice(log):
    tail = Tail(log)
    write(log, "one\ntwo\n")
    shutil.copyfile(log, log.with_name("app.log.1"))
    assert tail.more() == ["one", "two"]
    os.truncate(log, 0)
    assert tail.more() == []
    write(log, "three\n")
    assert tail.more() == ["three"]


def test_cut_before_anything_was_read(log):
    tail = Tail(log)
    write(log, "one\n")
    shutil.copyfile(log, log.with_name("app.log.1"))
    os.truncate(log, 0)
    write(log, "2\n")
    assert tail.more() == ["one", "2"]


def test_cut_and_grown_beyond_where_it_was(log):
    tail = Tail(log)
    write(log, "one\n")
    assert tail.more() == ["one"]
    os.truncate(log, 0)
    write(log, "another beginning\n")
    assert tail.more() == ["another beginning"]


def test_cut_without_a_copy_keeps_the_line_begun(log):
    tail = Tail(log)
    write(log, "one\nbegun")
    assert tail.more() == ["one"]
    os.truncate(log, 0)
    write(log, "two\n")
    assert tail.more() == ["begun", "two"]


def test_removed_and_made_again(log):
    tail = Tail(log)
    write(log, "one\nrest")
    log.unlink()
    assert tail.more() == ["one"]
    assert not tail.tail.is_gone(tail.now_s)
    write(log, "new\n")
    assert tail.more() == ["new"]
    log.unlink()
    assert tail.more() == []
    tail.now_s += 10
    assert tail.more(wait_s=10) == ["rest"]
    assert tail.tail.is_gone(tail.now_s)


@pytest.mark.parametrize("how", ["rename", "copytruncate"])
def test_rotated_while_nobody_looked(log, how):
    write(log.with_name("app.log.7"), "long ago\n")
    os.utime(log.with_name("app.log.7"), ns=(1, 1))
    write(log, "one\ntwo\n")
    for i, text in enumerate(("three\n", "four\n", "five\n")):
        write(log, text)
        old = log.with_name(f"app.log.{3 - i}")
        if how == "rename":
            log.rename(old)
        else:
            shutil.copyfile(log, old)
            os.truncate(log, 0)
        os.utime(old, ns=(10**18 + i, 10**18 + i))
    write(log, "six\n")
    tail = Tail(log, 8, beginning=b"one\ntwo\n")
    assert tail.more() == ["three", "four", "five", "six"]
    assert tail.more(wait_s=60) == []


def test_a_position_of_a_file_that_is_no_more(log):
    write(log, "another file\n")
    assert Tail(log, 4, beginning=b"one\n").more() == ["another file"]
    assert Tail(log, 8, beginning=b"another ").more() == ["file"]


def test_a_descriptor_that_was_given_back(log):
    tail = Tail(log)
    write(log, "one\n")
    assert tail.more() == ["one"]
    tail.tail.release()
    assert tail.tail.n_open == 0
    write(log, "two\n")
    assert tail.more() == ["two"]
    tail.tail.release()
    write(log, "three\n")
    log.rename(log.with_name("app.log.1"))
    write(log, "four\n")
    assert tail.more() == ["three", "four"]


def test_a_line_without_an_end_is_taken_as_it_is_then(log, monkeypatch):
    monkeypatch.setattr(generation, "MAX_LINE_BYTES", 1000)
    monkeypatch.setattr(generation, "READ_BYTES", 400)
    tail = Tail(log)
    write(log, "x" * 2500 + "\nend\n")
    assert [len(line) for line in tail.more()] == [1200, 1200, 100, 3]


def test_wide_characters(log):
    tail = Tail(log, newline="\n".encode("utf-16-le"))
    # U+0A0A holds two bytes that look like newlines.
    log.write_bytes("a\u0a0ab\nsecond\npart".encode("utf-16-le"))
    [chunk] = [one for _ in range(1) if tail.tail.look(1.0) for one in tail.tail.read(1.0, MB)]
    assert chunk.data.decode("utf-16-le") == "a\u0a0ab\nsecond"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["write", "part", "rename", "copytruncate", "look"]), min_size=1, max_size=25))
def test_nothing_is_lost_and_nothing_comes_twice(tmp_path_factory, steps):
    log = tmp_path_factory.mktemp("logs") / "app.log"
    log.write_bytes(b"")
    tail = Tail(log)
    expected, got, number, part = [], [], 0, ""
    for i, step in enumerate(steps):
        match step:
            case "write":
                line = f"{part}line {number}"
                write(log, line.removeprefix(part) + "\n")
                expected.append(line)
                number, part = number + 1, ""
            case "part":
                if not part:
                    part = f"begun {number} "
                    write(log, part)
            case "rename" | "copytruncate":
                if part:
                    write(log, "\n")
                    expected.append(part)
                    part = ""
                old = log.with_name(f"app.log.{i}")
                if step == "rename":
                    log.rename(old)
                    write(log, "")
                else:
                    shutil.copyfile(log, old)
                    os.truncate(log, 0)
                os.utime(old, ns=(10**18 + i, 10**18 + i))
            case _:
                got += tail.more()
    got += tail.more(wait_s=1)
    got += tail.more(wait_s=60)
    assert sorted(got) == sorted(expected)
    tail.tail.close()
