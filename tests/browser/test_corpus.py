"""Dashboards of all ages and makers over data that fits them: every panel is there, asks, and draws or says why not.

What our engine refuses is no fault of ours where Debian's Prometheus, over the same samples, refuses the very same
query; what it finds nothing for, only where that finds nothing either.
"""

from __future__ import annotations

import json
import re
import shutil
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.browser.chromium import Chromium, missing
from tests.browser.corpus import SCRAPES, corpus_boards, fixture_boards, kubernetes_boards
from tests.browser.expected import Expected, expected
from tests.browser.stack import Stack
from tests.browser.world import MATCHERS, log_streams, requests, scrapes
from tests.processes.running import Exporter, Process, free_port, started
from watchkeeper.core.model.matcher import Matcher, MatchType

pytestmark = pytest.mark.process

FIXTURES: Final = fixture_boards()
CORPUS: Final = corpus_boards()
KUBERNETES: Final = kubernetes_boards()
NOT_THERE: Final = "the dashboards of others are not beside the repository: ../shared/corpus/dashboards"
CONFIG: Final = "global: {scrape_interval: 30s}\n"

# How many values the variables have that panels of our fixtures repeat for.
FIXTURE_VALUES: Final = {"mode": 2, "side": 3}
# What a dashboard may be told of as a whole, and a panel of its own: nothing of these is about what is not known here.
BOARD_NOTICES: Final = re.compile(r'^".*" repeats for (\d+ values of )?\$\w+')
PANEL_NOTICES: Final = re.compile(
    r"^(PromQL (info|warning): .*"
    r'|datasource ".*" is not known here: (the default one, ".*", is asked|there is no default one to ask))$',
    re.DOTALL,
)
FOREIGN: Final = re.compile(r'there is no data source of type "[\w-]+" here$')
NONSENSE: Final = re.compile(r"\bundefined\b|\[object Object\]|TypeError|\bnull\b")
# Of the panels of others' dashboards that ask, so many find something in what a world of 60 minutes has for them.
LEAST_SHARE: Final = 0.8


@dataclass
class Counts:
    """Of all dashboards together."""

    panels: int = 0
    queries: int = 0
    asking: int = 0
    data: int = 0
    placeholders: int = 0
    refused: int = 0
    empty: list[str] = field(default_factory=list)


@dataclass
class Site:
    """The stack that is looked at, and a Prometheus with the same samples, None where there is none to ask."""

    stack: Stack
    judge: Process | None
    counts: Counts = field(default_factory=Counts)

    def judged(self, sent: dict[str, Any]) -> tuple[int, str]:
        """Status and body of the judge's answer to what a page sent."""
        assert self.judge is not None
        path = re.sub(r"^.*?/api/v1/", "/api/v1/", sent["path"])
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        status, body, _ = self.judge.request(path, sent["parameters"].encode(), "POST", **form)
        return status, body.decode()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """With samples and lines of the last hour."""
    if reason := missing():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("corpus")
    boards = {**FIXTURES, **CORPUS}
    exporter = Exporter(b"")
    stack = Stack(folder / "stack", exporter, boards)
    (folder / "stack/prometheus.yml").write_text(CONFIG)
    judge = prometheus(folder) if shutil.which("prometheus") else None
    with started(*[one for one in (stack, judge) if one is not None]):
        now_ms = int(time.time() * 1000)
        every = (*boards.values(), *KUBERNETES.values())
        for body in requests(every, now_ms, recorded()):
            for one in (stack.metrics, judge):
                if one is not None:
                    headers = {"Content_Encoding": "snappy", "Content_Type": "application/x-protobuf"}
                    status, answer, _ = one.request("/api/v1/write", body, "POST", **headers)
                    assert status < 300, answer
        stack.post(f"{stack.logs.url}/loki/api/v1/push", {"streams": log_streams(every, now_ms)})
        yield Site(stack, judge)
    exporter.close()


def prometheus(folder: Path) -> Process:
    """Debian's, for remote writes alone."""
    port = free_port()
    (folder / "judge.yml").write_text("global: {}\n")
    command = ["prometheus", f"--config.file={folder}/judge.yml", f"--storage.tsdb.path={folder}/judge"]
    command += ["--web.enable-remote-write-receiver", f"--web.listen-address=127.0.0.1:{port}"]
    return Process(command, port, "/-/ready", folder / "judge.log")


def recorded() -> dict[Any, Any]:
    """What real exporters said, where the recordings are beside the repository."""
    if not SCRAPES.is_dir():
        return {}
    where = {"namespace": "monitoring"}
    nodes = [{"job": "node-exporter", "instance": f"10.0.0.{at}:9100", "node": f"node-{at}", **where} for at in (1, 2)]
    own = {"job": "prometheus", "instance": "10.0.0.1:9100", "pod": "prometheus-0", "container": "prometheus", **where}
    return {
        **scrapes(SCRAPES / "node_exporter.txt.zst", *nodes),
        **scrapes(SCRAPES / "prometheus.txt.zst", own),
        **scrapes(SCRAPES / "victoria_metrics.txt.zst", {"job": "victoriametrics", "instance": "10.0.0.1:9100"}),
    }


def look(site: Site, chromium: Chromium, uid: str) -> dict[str, Any]:
    seen: dict[str, Any] = chromium.do("boards.look", timeout_s=150, settleMs=60_000, url=f"{site.stack.url}/d/{uid}/x")
    return seen


def faults_of(wanted: Expected, seen: dict[str, Any], site: Site) -> list[str]:
    """All that is wrong with what was seen of a dashboard."""
    panels = seen["panels"]
    first = {re.sub(r"(-clone-\d+)+$", "", panel["key"]): panel["type"] for panel in panels}
    found: list[str] = []
    if (types := Counter(first.values())) != wanted.types:
        found.append(f"panels: {dict(types)}, not {dict(wanted.types)}")
    if len(panels) > len(first) and not wanted.repeated:
        found.append(f"{len(panels) - len(first)} copies of panels that don't repeat")
    rows = len(seen["rows"])
    if rows < wanted.rows or (rows > wanted.rows and not wanted.repeated):
        found.append(f"{rows} rows, not {wanted.rows}")
    placeholders = Counter(panel["placeholder"] for panel in panels if panel["placeholder"])
    if placeholders != wanted.placeholders:
        found.append(f"placeholders: {dict(placeholders)}, not {dict(wanted.placeholders)}")
    if bool(seen["queries"]) != wanted.asks:
        found.append(f"{seen['queries']} queries")
    found += [f"notice: {text}" for text in seen["notices"] if not BOARD_NOTICES.match(text)]
    reasons = [one["reason"] for one in seen["refused"]]
    found += [f"refused: {reason}" for one in seen["refused"] if (reason := ours(one, site))]
    foreign = 0
    for panel in panels:
        where = f"{panel['title'] or panel['key']}: "
        if panel["state"] == "waiting" or not panel["drawn"]:
            found.append(f"{where}it is not drawn: {panel['state']}")
        foreign += bool(FOREIGN.search(panel["fault"]))
        for line in filter(None, panel["fault"].splitlines()):
            if not FOREIGN.search(line) and not any(reason in panel["fault"] for reason in reasons):
                found.append(where + line)
        found += [f"{where}notice: {text}" for text in panel["notices"] if not PANEL_NOTICES.match(text)]
        if NONSENSE.search(panel["text"]):
            found.append(where + panel["text"])
    if foreign != wanted.foreign:
        found.append(f"{foreign} panels ask data sources that are not here, not {wanted.foreign}")
    return found + missed(seen, site)


def ours(refused: dict[str, Any], site: Site) -> str:
    """Why it is a fault of ours that this was refused; an empty text where it is none."""
    query = urllib.parse.parse_qs(refused["parameters"]).get("query", [""])[0]
    if "/loki/" in refused["path"]:
        return "" if asks_everything(query) else f"{refused['reason']}: {query}"
    if site.judge is None:
        pytest.skip(f"prometheus is not installed to say whether it refuses too: {query}")
    status, answer = site.judged(refused)
    return "" if status in (400, 422) else f"{refused['reason']}: {query}; Prometheus: {status} {answer[:200]}"


def asks_everything(query: str) -> bool:
    """Whether a log query has a selector that fits streams without any label: those Loki refuses."""
    selectors = re.findall(r"\{([^{}]*=[^{}]*)\}", query)
    return any(
        all(Matcher(name, MatchType(operator), quoted or bare).matches("") for name, operator, quoted, bare in matchers)
        for matchers in map(MATCHERS.findall, selectors)
    )


def missed(seen: dict[str, Any], site: Site) -> list[str]:
    """Queries that our engine finds nothing for and Prometheus does."""
    if site.judge is None:
        return []
    found = []
    for sent in {one["parameters"]: one for one in seen["empty"] if "/loki/" not in one["path"]}.values():
        status, answer = site.judged(sent)
        if status != 200 or '"result":[]' not in answer:
            query = urllib.parse.parse_qs(sent["parameters"])["query"][0]
            found.append(f"nothing found for {query}; Prometheus: {status} {answer[:300]}")
    return found


def draws(panel: dict[str, Any]) -> bool:
    """Whether it found something to show."""
    return panel["state"] == "data" and not panel["noData"]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("uid", FIXTURES)
def test_own_fixtures(site: Site, chromium: Chromium, uid: str) -> None:
    wanted = expected(FIXTURES[uid])
    seen = look(site, chromium, uid)
    assert faults_of(wanted, seen, site) == []
    copies = sum(FIXTURE_VALUES[name] - 1 for name in wanted.repeated)
    assert len(seen["panels"]) == wanted.types.total() + copies
    # All of them have data, and all that ask show it.
    quiet = ("text", "alertlist", "dashlist")
    empty = [panel["title"] for panel in seen["panels"] if panel["type"] not in quiet and not draws(panel)]
    assert len(empty) == wanted.foreign, empty


@pytest.mark.timeout(180)
@pytest.mark.parametrize("uid", KUBERNETES)
def test_kubernetes(site: Site, chromium: Chromium, uid: str) -> None:
    seen = look(site, chromium, uid)
    assert faults_of(expected(KUBERNETES[uid]), seen, site) == []
    assert [panel["title"] for panel in seen["panels"] if panel["type"] != "text" and not draws(panel)] == []


@pytest.mark.timeout(180)
@pytest.mark.parametrize("uid", CORPUS or [pytest.param("", marks=pytest.mark.skip(NOT_THERE))])
def test_corpus(site: Site, chromium: Chromium, uid: str) -> None:
    wanted = expected(CORPUS[uid])
    seen = look(site, chromium, uid)
    counts = site.counts
    counts.panels += len(seen["panels"])
    counts.queries += seen["queries"]
    counts.placeholders += wanted.placeholders.total()
    counts.refused += len(seen["refused"])
    for panel in seen["panels"]:
        if panel["type"] not in ("text", "alertlist", "dashlist") and not FOREIGN.search(panel["fault"]):
            counts.asking += 1
            counts.data += draws(panel)
            if not draws(panel):
                counts.empty.append(f"{uid}: {panel['title'] or panel['key']}: {panel['fault'] or panel['text']}")
    assert faults_of(wanted, seen, site) == []


def test_most_panels_draw(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the dashboards that were looked at before."""
    counts = site.counts
    if not counts.panels:
        pytest.skip("no dashboard of the corpus was looked at")
    shown = {**vars(counts), "empty": len(counts.empty)}
    with capsys.disabled():
        print(f"\n{json.dumps(shown)}")
    assert counts.data >= LEAST_SHARE * counts.asking, counts.empty
