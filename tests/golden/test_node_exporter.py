"""A hand-written /proc, /sys and /etc, and the whole page that must come of it. `make golden` writes it anew."""

import os
import re
from pathlib import Path

import pytest

from watchkeeper.exporters.node.host import Host
from watchkeeper.exporters.node.registry import COLLECTORS, NodeExporter

GOLDEN = Path(__file__).parent / "node_exporter"
OF_THIS_MACHINE = {"timex", "time", "uname", "filesystem"}


@pytest.fixture
def host(tmp_path):
    """The machine of host.txt, unpacked."""
    for section in re.split(r"^=== ", (GOLDEN / "host.txt").read_text(), flags=re.MULTILINE)[1:]:
        name, _, text = section.partition("\n")
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Host(
        procfs=str(tmp_path / "proc"),
        sysfs=str(tmp_path / "sys"),
        rootfs=str(tmp_path / "root"),
        udev_data=str(tmp_path / "udev"),
        textfile_directory=str(tmp_path / "textfile"),
    )


def test_the_page_of_a_known_machine(host, tmp_path, capsys):
    exporter = NodeExporter(host, [name for name in COLLECTORS if name not in OF_THIS_MACHINE])
    page = exporter.scrape().decode()
    page = re.sub(
        r"^(node_scrape_collector_duration_seconds|node_exporter_build_info).*\n", "", page, flags=re.MULTILINE
    )
    page = re.sub(r"^(node_textfile_mtime_seconds.*) .*", r"\1 0", page, flags=re.MULTILINE).replace(str(tmp_path), "")
    golden = GOLDEN / "metrics.txt"
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        golden.write_text(page)
    assert page == golden.read_text()
    assert "line 1: not a sample" in capsys.readouterr().err


def test_a_machine_without_anything_costs_no_page(tmp_path):
    families = NodeExporter(Host(str(tmp_path), str(tmp_path), str(tmp_path), str(tmp_path))).collect()
    success = next(family for family in families if family.name == "node_scrape_collector_success")
    assert {labels[0] for _, _, labels, value in success.samples if value} >= {"time", "timex", "uname", "textfile"}
    assert ("", ("collector",), ("meminfo",), False) in success.samples
