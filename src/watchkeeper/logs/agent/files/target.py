"""What is followed: a pattern with its labels, and each file that it names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from watchkeeper.logs.agent.entries import LabelSet
from watchkeeper.logs.agent.files.decoding import Lines
from watchkeeper.logs.agent.files.tail import FileTail
from watchkeeper.logs.agent.sources.job import Job


@dataclass(eq=False)
class FileTarget:
    """Files to follow: a pattern with the labels that their lines get."""

    job: Job
    labels: LabelSet
    pattern: str
    exclude: str = ""
    encoding: str = ""
    compressed: str = ""
    delay_s: float = 0.0
    since_s: float = 0.0
    followed: dict[str, Followed] = field(default_factory=dict)

    @property
    def key(self) -> tuple[object, ...]:
        """What makes it the same target after a new discovery."""
        labels = tuple(sorted(self.labels.items()))
        return self.job.name, labels, self.pattern, self.exclude, self.encoding, self.compressed


@dataclass(eq=False)
class Followed:
    """One file of one target."""

    target: FileTarget
    path: str
    labels: LabelSet
    lines: Lines
    tail: FileTail | None
    pieces: Iterator[bytes] | None = None
    n_lines: int = 0  # Of a compressed file: how many are handed on; -1 once it is read.
    skip: int = 0  # How many of them an earlier process has handed on.
    used_s: float = 0.0
    real_folder: str = ""  # Where the file stands that the path leads to: there it is rotated.
    real_stem: str = ""

    def __post_init__(self) -> None:
        folder, name = os.path.split(os.path.realpath(self.path))
        self.real_folder, self.real_stem = folder, os.path.join(folder, name.partition(".")[0])

    @property
    def is_compressed(self) -> bool:
        """Whether it is read once and not followed."""
        return bool(self.target.compressed)

    def is_near(self, changed: set[str]) -> bool:
        """Whether some changed name is the file's own, or one that begins as it does."""
        return any(other.startswith(self.real_stem) for other in changed)
