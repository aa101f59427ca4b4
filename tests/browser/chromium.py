"""A person before the pages: Debian's Chromium, driven by a Node script that stays for all tests."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ROOT / "ui"
BUILT: Final = ROOT / "src/watchkeeper/web/ui/built"
NODE: Final = Path(sys.executable).with_name("node")
STEP_S: Final = 90.0


def missing() -> str:
    """What these tests need and this machine has not; an empty text where all is there."""
    if _chromium() is None:
        return "chromium is not installed"
    if not NODE.exists() or not (PACKAGES / "node_modules/playwright-core").is_dir():
        return "ui/node_modules is not there: make setup"
    if not (BUILT / "index.html").exists():
        return "the pages are not built: make setup"
    return ""


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Chromium:
    """One browser with one page; `do` runs a step of steps/ in it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "node.log"
        command = [NODE, Path(__file__).with_name("driver.mjs"), PACKAGES, _chromium(), folder / "profile", folder]
        environment = {**os.environ, "NO_COLOR": "1"}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                text=True, env=environment,
            )  # fmt: skip
        self._answers: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._answer(60.0)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put(None)

    def _answer(self, timeout_s: float) -> dict[str, Any]:
        try:
            line = self._answers.get(timeout=timeout_s)
        except queue.Empty:
            raise AssertionError(f"the browser did not answer within {timeout_s} s") from None
        if line is None:
            raise AssertionError(f"the browser is gone:\n{self._log.read_text()[-3000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def do(self, step: str, timeout_s: float = STEP_S, **args: Any) -> Any:
        """What the step gives back. Fails with what it says, and with anything that the browser complained of."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"step": step, "args": args}) + "\n")
        self._process.stdin.flush()
        answer = self._answer(timeout_s)
        if answer["ok"]:
            return answer["value"]
        told = [answer.get("error", ""), *(f"  {fault}" for fault in answer["faults"][:20])]
        raise AssertionError(
            f"{step} failed; picture: {answer.get('picture')}\n" + "\n".join(line for line in told if line)
        )

    def close(self) -> None:
        """Closes the browser and waits until it is gone."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
