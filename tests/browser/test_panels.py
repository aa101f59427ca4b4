"""Panels in a real browser, with data that no server sends, by mouse, keys and fingers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.browser.chromium import NODE, PACKAGES, Chromium
from tests.browser.stack import Stack

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def gallery(chromium: Chromium, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of the built gallery: all panels on one page."""
    folder = tmp_path_factory.mktemp("gallery")
    vite = PACKAGES / "node_modules/vite/bin/vite.js"
    config = Path("tests/gallery/vite.config.ts")
    command = [NODE, vite, "build", "-c", config, "--outDir", folder, "--logLevel", "warn"]
    subprocess.run(
        [str(part) for part in command], cwd=PACKAGES, check=True, timeout=120, env={**os.environ, "NO_COLOR": "1"}
    )
    return str(folder)


def test_odd_frames_break_no_panel(gallery: str, chromium: Chromium) -> None:
    assert chromium.do("panels.hostile", folder=gallery) > 100


def test_legend(gallery: str, chromium: Chromium) -> None:
    chromium.do("panels.legend", folder=gallery)


def test_tooltip_by_keys(gallery: str, chromium: Chromium) -> None:
    chromium.do("panels.tooltip", folder=gallery)


def test_touch(gallery: str, chromium: Chromium) -> None:
    chromium.do("panels.touch", folder=gallery)


def test_table(gallery: str, chromium: Chromium) -> None:
    chromium.do("panels.table", folder=gallery)


def test_lines_that_come_while_one_is_open(gallery: str, chromium: Chromium) -> None:
    chromium.do("panels.lines", folder=gallery)


def test_more_series_than_are_drawn(gallery: str, chromium: Chromium) -> None:
    chromium.do("panels.many", folder=gallery)


def test_lines_in_the_colours_of_their_terminals(gallery: str, chromium: Chromium) -> None:
    chromium.do("panels.colours", folder=gallery)


def test_rare_options(gallery: str, chromium: Chromium) -> None:
    chromium.do("panels.rare", folder=gallery)


def test_a_colour_chosen_in_the_legend(lines: Stack, chromium: Chromium) -> None:
    chromium.do("panels.recolor", url=lines.url)
