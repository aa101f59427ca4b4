"""textfile: metrics that scripts of the machine leave in files `*.prom`."""

from __future__ import annotations

import glob
import os
import re
from typing import Final

from watchkeeper.core.telemetry.family import Family
from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.exporters.node.host import Host, read_text

log = get_logger("node exporter")

_SAMPLE: Final = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(.*)\})?\s*(\S+)(?:\s+(-?[0-9]+))?\s*")
_LABEL: Final = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPE: Final = re.compile(r"\\(.)")
_PARTS: Final = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
_TYPES: Final = ("counter", "gauge", "histogram", "summary", "untyped")


def collect(host: Host) -> list[Family]:
    """What the files say, when they were written, and whether one could not be read."""
    mtime = Family("node_textfile_mtime_seconds", "gauge", "Unixtime mtime of textfiles successfully read.", ("file",))
    families: dict[str, Family] = {}
    is_broken = False
    for directory in sorted(glob.glob(host.textfile_directory)) if host.textfile_directory else []:
        try:
            names = sorted(name for name in os.listdir(directory) if name.endswith(".prom"))
        except OSError as error:
            log.error("failed to read textfile collector directory", path=directory, err=error)
            is_broken = True
            continue
        for name in names:
            path = os.path.join(directory, name)
            try:
                changed_s = os.stat(path).st_mtime
                for family in parse(read_text(path), path):
                    known = families.setdefault(family.name, family)
                    if known is not family:
                        known.samples.extend(family.samples)
            except (OSError, ValueError) as error:
                log.error("failed to collect textfile data", file=path, err=error)
                is_broken = True
                continue
            mtime.add(changed_s, path)
    scrape_error = Family(
        "node_textfile_scrape_error", "gauge", "1 if there was an error opening or reading a file, 0 otherwise"
    )
    scrape_error.add(is_broken)
    return [*families.values(), mtime, scrape_error]


def parse(text: str, path: str) -> list[Family]:
    """The families of one file. Raises ValueError with the line where the text is wrong; timestamps are refused."""
    helps: dict[str, str] = {}
    types: dict[str, str] = {}
    families: dict[str, Family] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(None, 3)
        if not words:
            continue
        if words[0].startswith("#"):
            if len(words) > 2 and words[1] == "TYPE":
                type_ = (words[3] if len(words) > 3 else "").strip()
                if type_ not in _TYPES:
                    raise ValueError(f"line {number}: unknown metric type {type_!r}")
                types[words[2]] = type_
            elif len(words) > 2 and words[1] == "HELP":
                helps[words[2]] = (words[3] if len(words) > 3 else "").replace("\\n", "\n").replace("\\\\", "\\")
            continue
        match = _SAMPLE.fullmatch(line.strip())
        if match is None:
            raise ValueError(f"line {number}: not a sample: {line[:100]!r}")
        name, labels, value, timestamp = match.groups()
        if timestamp is not None:
            raise ValueError(f"line {number}: contains unsupported client timestamps")
        base = next(
            (
                name.removesuffix(part)
                for type_, parts in _PARTS.items()
                for part in parts
                if name.endswith(part) and types.get(name.removesuffix(part)) == type_
            ),
            name,
        )
        if base not in families:
            help_ = helps.get(base, f"Metric read from {path}")
            families[base] = Family(base, types.get(base, "untyped"), help_)
        pairs = _labels(labels or "", number)
        names, values = tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
        try:
            families[base].samples.append((name[len(base) :], names, values, float(value)))
        except ValueError:
            raise ValueError(f"line {number}: not a number: {value!r}") from None
    return list(families.values())


def _labels(text: str, number: int) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _LABEL.match(text, at)
        if match is None:
            raise ValueError(f"line {number}: not a label: {text[at : at + 100]!r}")
        value = _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], match[2])
        pairs.append((match[1], value))
        at = match.end()
    return pairs
