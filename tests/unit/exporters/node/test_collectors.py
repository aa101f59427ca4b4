"""The turns that single collectors take: falling counters, mounts, hostile files."""

import os
import threading
from contextlib import suppress
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchkeeper.exporters.node.collectors import cpu, filesystem, meminfo, textfile
from watchkeeper.exporters.node.host import Filters, Host, read_text
from watchkeeper.exporters.node.registry import COLLECTORS, NodeExporter, choose


def series(families, name):
    family = next(family for family in families if family.name == name)
    return {labels: value for _, _, labels, value in family.samples}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_cpu_time_never_falls_a_little(tmp_path):
    host = Host(str(tmp_path), str(tmp_path))

    def idle_and_iowait(idle, iowait):
        write(tmp_path / "stat", f"cpu 0 0\ncpu0 1 0 1 {idle} {iowait} 0 0 0 0 0\nintr 5\n")
        found = series(cpu.collect(host), "node_cpu_seconds_total")
        return found["0", "idle"], found["0", "iowait"]

    assert idle_and_iowait(1000, 50) == (10.0, 0.5)
    assert idle_and_iowait(999, 40) == (10.0, 0.5)
    assert idle_and_iowait(1100, 60) == (11.0, 0.6)
    assert idle_and_iowait(100, 5) == (1.0, 0.05)  # The CPU was taken out and put back: a true reset.


@pytest.mark.parametrize(
    ("text", "numbers"), [("", []), ("0", [0]), ("0-3,8", [0, 1, 2, 3, 8]), ("\n", []), ("2,4-5\n", [2, 4, 5])]
)
def test_cpu_list(text, numbers):
    assert cpu.cpu_list(text) == numbers


MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
26 1 8:1 / / ro,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
27 1 8:2 / /with\\040space rw - xfs /dev/sdb\\0401 ro
28 1 8:2 / /with\\040space rw - xfs /dev/sdb\\0401 ro
29 1 0:50 / /gone rw - ext4 /dev/gone rw
30 1 0:51 / /far rw - nfs4 server:/x rw
31 1 0:52 / /var/lib/docker/overlay2/x rw - ext4 /dev/sdc rw
"""


@pytest.fixture
def mounted(tmp_path, monkeypatch):
    write(tmp_path / "1" / "mountinfo", MOUNTS)
    release = threading.Event()

    def statvfs(path):
        if path == "/gone":
            raise FileNotFoundError(2, "No such file or directory")
        if path == "/far":
            release.wait(5)
        return SimpleNamespace(f_blocks=100, f_bfree=50, f_bavail=40, f_frsize=4096, f_files=10, f_ffree=5)

    monkeypatch.setattr(filesystem, "os", SimpleNamespace(statvfs=statvfs, statvfs_result=os.statvfs_result))
    monkeypatch.setattr(filesystem, "_PATIENCE_S", 0.05)
    yield Host(str(tmp_path)), release
    release.set()


def test_filesystems(mounted):
    host, release = mounted
    families = filesystem.collect(host)
    root, space = ("/dev/sda1", "", "ext4", "/"), ("/dev/sdb 1", "", "xfs", "/with space")
    gone = ("/dev/gone", "no such file or directory", "ext4", "/gone")
    stuck = ("server:/x", "mountpoint timeout", "nfs4", "/far")
    assert series(families, "node_filesystem_size_bytes") == {root: 409_600, space: 409_600}
    assert series(families, "node_filesystem_avail_bytes")[root] == 40 * 4096
    assert series(families, "node_filesystem_device_error") == {root: 0, space: 0, gone: 1, stuck: 1}
    assert series(families, "node_filesystem_readonly") == {root: 1, space: 1, gone: 0, stuck: 0}
    assert series(families, "node_filesystem_mount_info")["/dev/sda1", "8", "1", "/"] == 1
    n_threads = threading.active_count()
    filesystem.collect(host)
    assert threading.active_count() == n_threads  # A mount that hangs is not asked again.
    release.set()
    for thread in host.memory["stuck mounts"].values():
        thread.join(5)
    healthy = series(filesystem.collect(host), "node_filesystem_device_error")
    assert healthy["server:/x", "", "nfs4", "/far"] == 0


def test_mount_points_of_the_host_seen_from_a_container():
    assert filesystem._below_root("/host/root", "/host/root/var") == "/var"
    assert filesystem._below_root("/host/root", "/host/root") == "/"
    assert filesystem._below_root("/host/root", "/host/rootless") == "/host/rootless"
    assert filesystem._below_root("/", "/var") == "/var"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 1 1700000000000\n", "line 1: contains unsupported client timestamps"),
        ("a 1\nb x\n", "line 2: not a number: 'x'"),
        ("# TYPE a speed\n", "line 1: unknown metric type 'speed'"),
        ('a{b="c} 1\n', "line 1: not a label"),
        ("a{b=c} 1\n", "line 1: not a label"),
        ("{} 1\n", "line 1: not a sample"),
    ],
)
def test_textfile_errors(text, message):
    with pytest.raises(ValueError, match=message):
        textfile.parse(text, "x.prom")


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet='ab_{}=",\\ \n#TYPEHELP0.e+-\t\x00é'))
def test_textfile_takes_any_text(text):
    with suppress(ValueError):
        textfile.parse(text, "x.prom")


def test_two_textfiles_share_a_family(tmp_path):
    write(tmp_path / "a.prom", 'x{f="a"} 1\n')
    write(tmp_path / "b.prom", 'x{f="b"} 2\n')
    write(tmp_path / "ignored.txt", "y 1\n")
    families = textfile.collect(Host(textfile_directory=str(tmp_path)))
    assert series(families, "x") == {("a",): 1, ("b",): 2}
    assert series(families, "node_textfile_scrape_error") == {(): False}
    assert len(series(families, "node_textfile_mtime_seconds")) == 2


def test_a_missing_textfile_directory_is_reported(tmp_path, capsys):
    families = textfile.collect(Host(textfile_directory=str(tmp_path)))
    assert series(families, "node_textfile_scrape_error") == {(): False}


def test_filters_match_anywhere_and_empty_matches_nothing():
    host = Host(filters=Filters())
    exclude = host.chooser(host.filters.diskstats_device_exclude)
    assert exclude("loop0")
    assert exclude("sda1")
    assert exclude("nvme0n1p2")
    assert exclude("zram0")
    assert not exclude("nvme0n1")
    assert not exclude("sda")
    assert not host.chooser("")("anything")


def test_large_files_are_read_whole(tmp_path):
    write(tmp_path / "large", "x" * 300_000)
    assert len(read_text(str(tmp_path / "large"))) == 300_000


def test_choose():
    assert choose() == tuple(COLLECTORS)
    assert choose(["cpu"], defaults=False) == ("cpu",)
    assert "cpu" not in choose(disable=["cpu"])
    assert choose(["cpu"], ["cpu"], defaults=False) == ()
    with pytest.raises(ValueError, match="missing collector: nonsense"):
        choose(["nonsense"])


def test_one_broken_collector_costs_itself(tmp_path, capsys):
    write(tmp_path / "meminfo", "MemTotal: many kB\n")
    write(tmp_path / "loadavg", "1 2 3 4/5 6\n")
    exporter = NodeExporter(Host(str(tmp_path)), ["meminfo", "loadavg"])
    page = exporter.scrape().decode()
    assert 'node_scrape_collector_success{collector="meminfo"} 0' in page
    assert 'node_scrape_collector_success{collector="loadavg"} 1' in page
    assert "node_load1 1" in page
    assert "collector failed" in capsys.readouterr().err
    with pytest.raises(ValueError, match="disabled collector: cpu"):
        exporter.scrape(["cpu"])
    with pytest.raises(ValueError, match="missing collector: nonsense"):
        exporter.scrape(["nonsense"])
    with pytest.raises(ValueError):
        meminfo.collect(exporter.host)
