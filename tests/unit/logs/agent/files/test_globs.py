"""Paths with wildcards."""

import os

import pytest

from watchkeeper.logs.agent.files.globs import directories, expand_braces, find, matcher


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a", ["a"]),
        ("a{b,c}d", ["abd", "acd"]),
        ("{a,b{c,d}}/{e,f}", ["a/e", "a/f", "bc/e", "bc/f", "bd/e", "bd/f"]),
        ("a{b", ["a{b"]),
        ("a}b", ["a}b"]),
        ("{a}", ["a"]),
        ("{,x}y", ["y", "xy"]),
        (r"\{a,b}", [r"\{a,b}"]),
    ],
)
def test_braces(pattern, expected):
    assert expand_braces(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "path", "does"),
    [
        ("/var/*.log", "/var/a.log", True),
        ("/var/*.log", "/var/x/a.log", False),
        ("/var/**/*.log", "/var/a.log", True),
        ("/var/**/*.log", "/var/x/y/a.log", True),
        ("/var/**", "/var/x/y", True),
        ("/var/?.log", "/var/ab.log", False),
        ("/var/[a-c].log", "/var/b.log", True),
        ("/var/[!a-c].log", "/var/b.log", False),
        ("/var/{a,b}.log", "/var/b.log", True),
        ("*.gz", "/var/b.gz", False),
        ("/a.b", "/aXb", False),
        ("", "", False),
    ],
)
def test_matcher(pattern, path, does):
    assert bool(matcher(pattern)(path)) is does


@pytest.fixture
def tree(tmp_path):
    for name in ("a.log", "b.log", "c.txt", "x/d.log", "x/y/e.log", "z/.hidden.log", "pods/ns_pod_1/app/0.log"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (tmp_path / "link.log").symlink_to(tmp_path / "x" / "d.log")
    (tmp_path / "linked").symlink_to(tmp_path / "x")
    (tmp_path / "x" / "loop").symlink_to(tmp_path)
    (tmp_path / "broken.log").symlink_to(tmp_path / "nothing")
    (tmp_path / "dir.log").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.log", ["a.log", "b.log", "link.log"]),
        ("{a,c}.*", ["a.log", "c.txt"]),
        ("*/*.log", ["linked/d.log", "x/d.log", "z/.hidden.log"]),
        (
            "**/*.log",
            ["a.log", "b.log", "link.log", "pods/ns_pod_1/app/0.log", "x/d.log", "x/y/e.log", "z/.hidden.log"],
        ),
        ("x/**", ["x/d.log", "x/y/e.log"]),
        ("pods/*_1/app/*.log", ["pods/ns_pod_1/app/0.log"]),
        ("x/d.log", ["x/d.log"]),
        ("nothing/*", []),
        ("a.log/*", []),
    ],
)
def test_find(tree, pattern, expected):
    assert find(f"{tree}/{pattern}") == [f"{tree}/{name}" for name in expected]


def test_find_from_the_working_directory(tree, monkeypatch):
    monkeypatch.chdir(tree)
    assert find("*.txt") == ["c.txt"]
    assert find("./x/*.log") == ["x/d.log"]


def test_directories(tree):
    assert directories(f"{tree}/*/*.log") >= {f"{tree}/x", f"{tree}/z"}
    assert directories(f"{tree}/**/*.log") == {str(tree)}
    assert directories("/nonexistent/x/*.log") == set() or not os.path.exists("/nonexistent")
