"""A thread that reads all files of all jobs: finds them, looks at them, hands their lines on, and lets them go."""

from __future__ import annotations

import os
import resource
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from typing import Final

from watchkeeper.core.telemetry.log import get_logger
from watchkeeper.logs.agent.files import globs
from watchkeeper.logs.agent.files.compressed import line_chunks
from watchkeeper.logs.agent.files.decoding import Lines, starts
from watchkeeper.logs.agent.files.tail import FileTail
from watchkeeper.logs.agent.files.target import FileTarget, Followed
from watchkeeper.logs.agent.files.watcher import Watcher
from watchkeeper.logs.agent.positions import Positions
from watchkeeper.logs.agent.telemetry import AgentMetrics

log = get_logger("agent")

HOT_POLL_S: Final = 0.01
STEP_BYTES: Final = 1 << 20  # Of one file before the next has its turn.
EVENT_PAUSE_S: Final = 0.004
SYNC_THROTTLE_S: Final = 0.25
MAX_OPEN: Final = 4096
QUIET_S: Final = 60.0


class Follower:
    """Owns its thread and all that is open. `replace` may be called from any thread."""

    def __init__(
        self,
        positions: Positions,
        metrics: AgentMetrics,
        *,
        is_full: Callable[[], bool],
        poll_s: float = 0.25,
        sync_s: float = 10.0,
        max_open: int | None = None,
        ignored: Sequence[str] = (),
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        """
        is_full   whether nothing can be handed on at the moment
        max_open  files that are open at a time; half of what the process may have if not given
        ignored   files that are never followed, such as those that the agent writes
        on_tick   called at every look, for what is due in pipelines
        """
        self._positions = positions
        self._metrics = metrics
        self._is_full = is_full
        self._poll_s = poll_s
        self._sync_s = sync_s
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        self._max_open = max_open or min(MAX_OPEN, max(16, (soft if soft > 0 else 1024) // 2))
        self._ignored = frozenset(os.path.realpath(path) for path in ignored)
        self._on_tick = on_tick
        self._lock = threading.Lock()
        self._targets: list[FileTarget] = []
        self._next: list[FileTarget] | None = None
        self._watcher = Watcher()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="agent-files", daemon=True)
        self._told_s: dict[str, float] = {}
        self._n_followed = 0
        self._n_opened = 0  # Since descriptors were counted.
        self._hot: set[Followed] = set()
        self._folders: dict[str, set[Followed]] = {}  # Files by where they stand.
        self.has_synced = False

    # --- from other threads ----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begins to look."""
        self._thread.start()

    def replace(self, targets: Sequence[FileTarget]) -> None:
        """Follow exactly these; a target that is as before goes on with its files."""
        with self._lock:
            self._next = list(targets)
        self._watcher.wake()

    def stop(self) -> None:
        """Ends the thread; what was read is handed on."""
        self._stopping.set()
        self._watcher.wake()
        if self._thread.is_alive():
            self._thread.join(10.0)
        self._watcher.close()

    @property
    def n_targets(self) -> int:
        """How many targets there are."""
        return len(self._targets)

    @property
    def n_files(self) -> int:
        """How many files are followed."""
        return self._n_followed

    def status(self) -> list[tuple[FileTarget, dict[str, int]]]:
        """Each target with its files and how far they have been read."""
        out: list[tuple[FileTarget, dict[str, int]]] = []
        for target in list(self._targets):
            files = {}
            for path, one in list(target.followed.items()):
                files[path] = one.tail.current.offset if one.tail is not None else one.n_lines
            out.append((target, files))
        return out

    # --- the thread ------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        next_look_s = next_sync_s = 0.0
        synced_s = woken_s = 0.0
        wants_sync = False
        while not self._stopping.is_set():
            now_s = time.monotonic()
            changed = self._watcher.wait(min(next_look_s, self._hot_s(now_s)) - now_s)
            if changed and time.monotonic() - woken_s < EVENT_PAUSE_S:
                # A log that is opened and closed for each line must not have a look for each line.
                time.sleep(EVENT_PAUSE_S)
                changed |= self._watcher.wait(0)
            now_s = woken_s = time.monotonic()
            try:
                if self._take_next() or now_s >= next_sync_s or (wants_sync and now_s - synced_s >= SYNC_THROTTLE_S):
                    self._sync(now_s)
                    synced_s, next_sync_s, wants_sync = now_s, now_s + self._sync_s, False
                if now_s >= next_look_s:
                    work = [one for target in self._targets for one in target.followed.values()]
                    next_look_s = now_s + self._poll_s
                    self._on_tick()
                else:
                    work = self._touched(changed, now_s)
                wants_sync = wants_sync or self._has_news(changed)
                more = [self._work(one, now_s, changed) for one in work]
                if any(more):
                    next_look_s = now_s
            except Exception:
                log.exception("the files could not be looked at")
                next_look_s = time.monotonic() + self._poll_s
        for target in self._targets:
            for one in target.followed.values():
                if one.tail is not None:
                    one.tail.close()

    def _hot_s(self, now_s: float) -> float:
        """When the next look at files that rotate often is due."""
        self._hot = {one for one in self._hot if one.tail is not None and one.tail.is_hot(now_s)}
        return now_s + HOT_POLL_S if self._hot else float("inf")

    def _touched(self, changed: set[str], now_s: float) -> list[Followed]:
        """Files of which something has happened to their name or beside it, and those that rotate often."""
        if not changed:
            return list(self._hot)
        near = {
            one
            for path in changed
            for one in self._folders.get(os.path.dirname(path), ())
            if one.tail is not None and path.startswith(one.real_stem)
        }
        return list(self._hot | near)

    def _has_news(self, changed: set[str]) -> bool:
        """Whether a file appeared that some target may want."""
        if not changed:
            return False
        known = {path for target in self._targets for path in target.followed}
        new = changed - known
        return any(globs.matcher(target.pattern)(path) for target in self._targets for path in new)

    def _take_next(self) -> bool:
        with self._lock:
            new, self._next = self._next, None
        if new is None:
            return False
        old = {target.key: target for target in self._targets}
        targets = []
        for target in new:
            same = old.pop(target.key, None)
            if same is not None:
                same.job = target.job
                target = same
            targets.append(target)
        for gone in old.values():
            for one in list(gone.followed.values()):
                self._let_go(one, removed=False)
        self._targets = targets
        return True

    def _sync(self, now_s: float) -> None:
        """Finds the files that there are."""
        directories: set[str] = set()
        for target in self._targets:
            wanted = self._wanted(target)
            for path in wanted - target.followed.keys():
                self._follow(target, path, now_s)
            for path in target.followed.keys() - wanted:
                one = target.followed[path]
                if one.tail is None or not os.path.exists(path):
                    continue  # It ends by itself, once it is read.
                self._let_go(one, removed=False)
            directories |= globs.directories(target.pattern)
            directories |= {os.path.dirname(os.path.realpath(path)) for path in target.followed}
        self._watcher.watch(directories)
        self._count()
        self.has_synced = True

    def _wanted(self, target: FileTarget) -> set[str]:
        is_excluded = globs.matcher(target.exclude)
        return {
            os.path.abspath(path)
            for path in globs.find(target.pattern)
            if not is_excluded(path) and (not self._ignored or os.path.realpath(path) not in self._ignored)
        }

    def _is_followed(self, path: str) -> bool:
        return any(path in target.followed for target in self._targets)

    def _follow(self, target: FileTarget, path: str, now_s: float) -> None:
        labels = {**target.labels, "filename": path}
        lines = Lines(target.encoding)
        offset = self._positions.offset(path)
        if target.compressed:
            if not target.since_s:
                target.since_s = now_s
            one = Followed(target, path, labels, lines, None, None, offset)
            target.followed[path] = one
            return
        try:
            tail = FileTail(
                path,
                offset,
                newline=lines.newline,
                beginning=self._positions.beginning(path),
                is_followed=self._is_followed,
            )
        except OSError as error:
            self._complain(path, "a file can't be followed", error)
            return
        one = Followed(target, path, labels, lines, tail)
        target.followed[path] = one
        self._folders.setdefault(one.real_folder, set()).add(one)
        self._opened()
        # A file that says nothing is followed all the same.
        self._metrics.read_bytes.labels(path).set(tail.current.offset)
        self._metrics.file_bytes.labels(path).set(tail.current.size())
        log.info("tail routine: started", path=path, offset=tail.current.offset)

    def _work(self, one: Followed, now_s: float, changed: set[str]) -> bool:
        """Reads what there is; whether there is more."""
        if self._stopping.is_set():
            return False
        try:
            if one.is_compressed:
                return self._read_compressed(one, now_s)
            return self._read(one, now_s, beside=one.is_near(changed))
        except OSError as error:
            self._complain(one.path, "a file can't be read", error)
            return False

    def _read(self, one: Followed, now_s: float, *, beside: bool) -> bool:
        tail = one.tail
        assert tail is not None
        has_news = tail.look(now_s, beside=beside)
        if tail.is_hot(now_s):
            self._hot.add(one)
        if not has_news:
            return False
        if self._is_full() or one.target.job.pipeline.is_full:
            return False
        before = tail.current
        one.used_s = now_s
        if not before.is_open:
            self._opened()
        n_bytes = 0
        chunks = tail.read(now_s, STEP_BYTES)
        for chunk in chunks:
            n_bytes += len(chunk.data)
            self._hand_on(one, chunk.data, chunk.start, chunk.end)
        if tail.current is not before:
            # The path has another file: what was noted of the old one says nothing about it.
            self._move(one)
        if tail.n_lost:
            self._metrics.rotated_lost.labels(one.path).inc(tail.n_lost)
            tail.n_lost = 0
        if tail.is_gone(now_s):
            self._let_go(one, removed=True)
            return False
        if chunks:
            self._metrics.read_bytes.labels(one.path).set(tail.current.offset)
            self._metrics.file_bytes.labels(one.path).set(max(tail.current.end, tail.current.offset))
        return n_bytes >= STEP_BYTES

    def _move(self, one: Followed) -> None:
        assert one.tail is not None
        now = one.tail.current
        one.target.job.handle(one.labels, [], key=one.path, position=str(now.offset), beginning=now.head.hex())

    def _hand_on(self, one: Followed, data: bytes, start: int, end: int | None) -> None:
        lines = one.lines.split(data)
        job = one.target.job
        at = starts(lines, start) if job.pipeline.holds else None
        beginning = one.tail.current.head.hex() if one.tail is not None else None
        position = None if end is None else str(end)
        job.handle(one.labels, lines, key=one.path, position=position, beginning=beginning, at=at)
        self._metrics.read_lines.labels(one.path).inc(len(lines))

    def _read_compressed(self, one: Followed, now_s: float) -> bool:
        target = one.target
        if one.n_lines < 0 or now_s - target.since_s < target.delay_s or self._is_full() or target.job.pipeline.is_full:
            return False
        try:
            if one.pieces is None:
                one.pieces, one.n_lines, one.skip = line_chunks(one.path, target.compressed), 0, one.n_lines
            piece = next(one.pieces, None)
        except (OSError, EOFError, zlib.error) as error:
            self._complain(one.path, "a compressed file is damaged; the rest of it is not read", error)
            piece = None
        if piece is None:
            log.info("a compressed file is read", path=one.path, lines=one.n_lines)
            one.pieces, one.n_lines = None, -1
            return False
        lines = one.lines.split(piece)
        first = one.n_lines
        one.n_lines += len(lines)
        lines = lines[max(0, one.skip - first) :]
        if lines:
            target.job.handle(one.labels, lines, key=one.path, position=str(one.n_lines))
            self._metrics.read_lines.labels(one.path).inc(len(lines))
        return True

    def _let_go(self, one: Followed, *, removed: bool) -> None:
        self._hot.discard(one)
        self._folders.get(one.real_folder, set()).discard(one)
        if one.tail is not None:
            one.tail.close()
        one.target.followed.pop(one.path, None)
        if removed:
            self._positions.remove(one.path)
        for metric in (self._metrics.read_bytes, self._metrics.file_bytes, self._metrics.read_lines):
            metric.remove(one.path)
        log.info(
            "tail routine: tail channel closed, stopping tailer", path=one.path, reason="removed" if removed else ""
        )
        self._count()

    def _count(self) -> None:
        self._n_followed = sum(len(target.followed) for target in self._targets)
        self._metrics.files_active.set(self._n_followed)

    def _opened(self) -> None:
        self._n_opened += 1
        if self._n_opened > self._max_open // 8:
            self._n_opened = 0
            self._keep_budget()

    def _keep_budget(self) -> None:
        """Gives descriptors of files back that have been quiet, where there are more than may be open."""
        tails = [one for target in self._targets for one in target.followed.values() if one.tail is not None]
        if len(tails) <= self._max_open:
            return
        n_open = sum(one.tail.n_open for one in tails if one.tail is not None)
        for one in sorted(tails, key=lambda one: one.used_s):
            if n_open <= self._max_open:
                break
            if one.tail is not None and one.tail.current.is_open:
                one.tail.release()
                n_open -= 1

    def _complain(self, path: str, what: str, error: Exception) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s.get(path, -QUIET_S) >= QUIET_S:
            if len(self._told_s) > 10_000:
                self._told_s.clear()
            self._told_s[path] = now_s
            log.warn(what, path=path, error=getattr(error, "strerror", None) or error)
