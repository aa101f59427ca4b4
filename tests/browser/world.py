"""A small cluster's worth of series and lines for dashboards: what was recorded, and what their own queries ask for.

The queries say which metrics they want, with which labels, and what some of these must be; the rest is taken from one
table of things that belong together, so that a pod has the same namespace and node in every metric and joins find their
partners.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import zstandard

from watchkeeper.core.model.errors import WatchkeeperError
from watchkeeper.core.model.matcher import Matcher, MatchType
from watchkeeper.core.wire import protobuf as pb
from watchkeeper.core.wire.snappy import compress
from watchkeeper.metrics.promql import ast
from watchkeeper.metrics.promql.parser import parse

STEP_MS: Final = 30_000
SPAN_MS: Final = 59 * 60_000
MOST_SERIES: Final = 24  # Of one metric; buckets come on top.
REQUEST_SERIES: Final = 2000

Labels = dict[str, str]
Key = tuple[tuple[str, str], ...]
Values = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

# What belongs together, first what variables choose first: they take the lowest value each. A label that is in no line
# has the value `<label>-a`.
PODS: Final = (
    ("default", "api-0", "api", "api", "node-1", "10.0.0.1"),
    ("default", "api-1", "api", "api", "node-2", "10.0.0.2"),
    ("monitoring", "loki-write-0", "loki", "write", "node-1", "10.0.0.1"),
    ("monitoring", "vmagent-0", "vmagent", "vmagent", "node-2", "10.0.0.2"),
)
CLUSTERED: Final = ("cnpg_",)  # What has clusters of its own names them; one Kubernetes has no label for its cluster.
JOB: Final = "world"  # After the jobs that were recorded.
BUCKETS: Final = ("0.005", "0.05", "0.5", "1", "5", "+Inf")
PARTS: Final = frozenset(("le", "quantile"))
QUANTILES: Final = ("0.5", "0.9", "0.99")
COUNTERS: Final = re.compile(r"_(total|count|sum|bucket)$")
ONES: Final = re.compile(r"(^|_)(up|info|owner|status|phase|ready|condition|healthy|created|state|labels|version)($|_)")
MOMENTS: Final = re.compile(r"_(time|timestamp|at|start_time)(_seconds)?$")


def thing(pod: tuple[str, ...]) -> Labels:
    """The labels that one container may have."""
    namespace, name, app, container, node, ip = pod
    return {
        **dict.fromkeys(("namespace", "exported_namespace", "kubernetes_namespace"), namespace),
        **dict.fromkeys(("pod", "exported_pod", "kubernetes_pod_name", "name"), name),
        **dict.fromkeys(("workload", "deployment", "statefulset", "daemonset", "app", "service"), app),
        **dict.fromkeys(("replicaset", "owner_name", "created_by_name"), f"{app}-5d9f7c4b6d"),
        **dict.fromkeys(("owner_kind", "created_by_kind"), "ReplicaSet"),
        **dict.fromkeys(("node", "nodename", "host", "hostname"), node),
        **dict.fromkeys(("host_ip", "pod_ip"), ip),
        **dict.fromkeys(("version", "short_version"), "1.2.3"),
        **dict.fromkeys(("code", "status", "status_code"), "200"),
        **dict.fromkeys(("method", "verb"), "GET"),
        **dict.fromkeys(("path", "handler"), "/api"),
        **dict.fromkeys(("device", "interface"), "eth0"),
        "container": container,
        "instance": f"{ip}:9100",
        "workload_type": "deployment",
        "cluster": "",
        "job": JOB,
        "uid": f"uid-{name}",
        "id": f"/kubepods/{name}",
        "image": f"{app}:1.0",
        "url": "http://a/",
        "state": "ok",
        "persistentvolumeclaim": f"data-{name}",
        "mountpoint": "/",
        "fstype": "ext4",
        "cpu": "0",
        "mode": "idle",
        "resource": "pods",
        "phase": "Running",
        "condition": "Ready",
        "unit": "byte",
    }


@dataclass
class Wanted:
    """What the queries say of one metric: names of labels, matchers of each selector, metrics it is reckoned with."""

    labels: set[str] = field(default_factory=set)
    selectors: list[tuple[Matcher, ...]] = field(default_factory=list)
    partners: set[str] = field(default_factory=set)
    rated: bool = False
    compared: bool = False


def plain(expr: str) -> str:
    """The query with what a dashboard would put in for its variables, as far as it takes to read it."""
    text = re.sub(r"\$\{?__(rate_interval|interval|range|auto)(_s|_ms)?\}?", lambda m: "300" if m[2] else "5m", expr)
    text = re.sub(r"\[[^\]\"]*\$[^\]]*\]", "[5m]", text)
    text = re.sub(r"\boffset\s+\$\{?\w+\}?", "offset 5m", text)
    out, at = [], 0
    for quoted in re.finditer(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`', text):
        out += [re.sub(r"\$\{?\w+(?::\w+)?\}?", "5", text[at : quoted.start()]), quoted[0]]
        at = quoted.end()
    text = "".join((*out, re.sub(r"\$\{?\w+(?::\w+)?\}?", "5", text[at:])))
    # In a place for labels it is one.
    return re.sub(r"\b(by|on|without|ignoring)(\s*)\(\s*5\s*\)", r"\1\2(namespace)", text)


def read(expr: str, wanted: dict[str, Wanted]) -> None:
    """Notes what a query asks for. Of a language that is not quite PromQL only selectors with braces are seen."""
    text = plain(expr)
    try:
        tree: ast.Expr = parse(text)
    except (WatchkeeperError, ValueError):
        for name, inner in re.findall(r"([a-zA-Z_:][\w:]*)\s*\{([^{}]*)\}", text):
            try:
                _note(parse(f"{name}{{{inner}}}"), wanted, set(), rated=bool(COUNTERS.search(name)), compared=False)
            except (WatchkeeperError, ValueError):
                continue
        return
    _note(tree, wanted, set(), rated=False, compared=False)


def _note(expr: ast.Expr, wanted: dict[str, Wanted], labels: set[str], *, rated: bool, compared: bool) -> None:
    match expr:
        case ast.VectorSelector(matchers=matchers):
            names = [
                one.value
                for one in matchers
                if one.name == "__name__" and one.type in (MatchType.EQUAL, MatchType.REGEX)
            ]
            for name in names:
                for one in re.split(r"\|", name.strip("()")):
                    if re.fullmatch(r"[a-zA-Z_:][\w:]*", one):
                        found = wanted.setdefault(one, Wanted())
                        found.labels |= labels | {each.name for each in matchers if each.name != "__name__"}
                        found.selectors.append(tuple(each for each in matchers if each.name != "__name__"))
                        found.rated |= rated
                        found.compared |= compared
            return
        case ast.Aggregation(grouping=grouping, without=False):
            labels = labels | set(grouping)
        case ast.Call(name=name, args=args):
            rated = rated or name in ("rate", "irate", "increase", "resets")
            if name == "histogram_quantile":
                labels = labels | {"le"}
            if name in ("label_replace", "label_join"):
                texts = [arg.value for arg in args if isinstance(arg, ast.StringLiteral)]
                labels = labels | {one for one in texts[2:3] if re.fullmatch(r"\w+", one)}
        case ast.Binary(op=op, lhs=lhs, rhs=rhs, matching=matching):
            compared = compared or op is ast.BinaryOp.EQL
            if matching is not None and matching.on:
                labels = labels | set(matching.labels) | set(matching.include)
            if matching is not None and not matching.on:
                names = [*_whole(lhs), *_whole(rhs)]
                for name in names:
                    wanted.setdefault(name, Wanted()).partners.update(names)
    for child in ast.children(expr):
        _note(child, wanted, labels, rated=rated, compared=compared)


VARIABLE: Final = re.compile(r"\$(?:\{(\w+)(?:[:.][^}]*)?\}|(\w+))|\[\[(\w+)\]\]")


def settled(matcher: Matcher, usual: Labels) -> Matcher | None:
    """The matcher with what the world has for its variables; None where it is nothing but a variable."""
    if VARIABLE.fullmatch(matcher.value.strip("()")):
        return None
    pattern = matcher.type in (MatchType.REGEX, MatchType.NOT_REGEX)

    def value(found: re.Match[str]) -> str:
        return usual.get(found[1] or found[2] or found[3], ".*" if pattern else "a")

    try:
        return Matcher(matcher.name, matcher.type, VARIABLE.sub(value, matcher.value))
    except WatchkeeperError:
        return None


def _whole(expr: ast.Expr) -> Iterator[str]:
    """Names of the metrics that keep all their labels in an expression."""
    if isinstance(expr, ast.VectorSelector):
        yield expr.name
    elif not isinstance(expr, ast.Aggregation):
        for child in ast.children(expr):
            yield from _whole(child)


def value_for(matchers: list[Matcher], usual: str) -> str | None:
    """A value of a label that all matchers take: the usual one if they do. None where none was found."""
    candidates = [usual]
    for each in matchers:
        if each.type is MatchType.EQUAL:
            candidates.append(each.value)
        elif each.type is MatchType.REGEX:
            candidates += _examples(each.value)
    for value in [*candidates, f"{usual}-other", "x"]:
        if all(each.matches(value) for each in matchers):
            return value
    return None


def _examples(pattern: str) -> list[str]:
    """Texts that a simple pattern may take: each alternative with the first choice of every group."""
    text = re.sub(r"\(\?[:i]+", "(", pattern).strip("^$")
    made = []
    for _ in range(8):
        if not (group := re.search(r"\(([^()]*)\)[*+?]?", text)):
            break
        text = text[: group.start()] + group[1].split("|")[0] + text[group.end() :]
    for part in (text, *text.split("|"), *pattern.strip("^$()").split("|")):
        plain_part = re.sub(r"\\d\+?|\[0-9\][*+]?|\[\w-\w\][*+]?", "1", part)
        made.append(re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)(\.|\[[^\]]*\])[*+?]?", "x", plain_part)))
        made.append(re.sub(r"\\(.)", r"\1", re.sub(r"\.[*+?]", "", plain_part)))
    return made


def series(name: str, found: Wanted, job: str, cluster: str, have: Sequence[Labels] = ()) -> list[Labels]:
    """The label sets of a metric: for each selector those of the world that fit it, without what `have` has."""
    made: dict[Key, Labels] = {}
    names = found.labels - PARTS
    for matchers in dict.fromkeys(found.selectors):
        for pod in PODS:
            usual = {**thing(pod), "job": "kube-state-metrics" if name.startswith("kube_") else job, "cluster": cluster}
            own = [one for each in matchers if (one := settled(each, usual)) is not None]
            # Where the query leaves the job open, it asks for that of its own dashboard.
            told = any(each.name == "job" for each in own)
            if told and any(all(each.matches(labels.get(each.name, "")) for each in own) for labels in have):
                break
            by_label: dict[str, list[Matcher]] = {}
            for each in own:
                by_label.setdefault(each.name, []).append(each)
            labels: Labels = {}
            for label in sorted(names):
                value = value_for(by_label.get(label, []), usual.get(label, f"{label}-a"))
                if value:
                    labels[label] = value
            if len(made) < MOST_SERIES:
                made.setdefault(tuple(labels.items()), {"__name__": name, **labels})
    told = list(made.values())
    if name.endswith("_bucket") or "le" in found.labels:
        return [{**labels, "le": le} for labels in told for le in BUCKETS]
    if "quantile" in found.labels:
        return [{**labels, "quantile": quantile} for labels in told for quantile in QUANTILES]
    return told


def job_of(wanted: dict[str, Wanted]) -> str:
    """What one dashboard's variables will say the job is: the first that its queries insist on."""
    usual = thing(PODS[0])
    for found in wanted.values():
        for matchers in found.selectors:
            if own := [one for each in matchers if each.name == "job" and (one := settled(each, usual)) is not None]:
                return value_for(own, JOB) or JOB
    return JOB


def values(name: str, labels: Labels, found: Wanted, place: int, times_ms: Times) -> Values:
    """Something that moves, in the way that the name and the queries let expect."""
    seconds = (times_ms - times_ms[0]) / 1000
    if (found.rated and ":" not in name) or COUNTERS.search(name):
        share = (1 + BUCKETS.index(labels["le"])) / len(BUCKETS) if labels.get("le") in BUCKETS else 1.0
        rate = (2 + place % 5) * share
        return np.floor(1000 * share + rate * (seconds + 40 * (1 - np.cos(seconds / 300))))
    if MOMENTS.search(name):
        return np.full(len(seconds), times_ms[0] / 1000 - 86_400.0)
    if found.compared or ONES.search(name):
        return np.ones(len(seconds))
    return 40 + 5 * (place % 7) + 10 * np.sin(seconds / 400 + place)


def expressions(board: Any) -> Iterator[str]:
    """All texts below `expr`, `query` and `definition`, of panels and variables, and what a label_values asks for."""
    if isinstance(board, dict):
        for key, value in board.items():
            if key in ("expr", "query", "definition") and isinstance(value, str):
                named = re.findall(r'(\w+)="', str(board.get("regex", "")).replace("\\b", "")) if key != "expr" else []
                yield from _asked(f"sum by ({', '.join(named)}) ({value})" if named else value)
            else:
                yield from expressions(value)
    elif isinstance(board, list):
        for item in board:
            yield from expressions(item)


def _asked(text: str) -> Iterator[str]:
    form = re.fullmatch(r"\s*(label_values|query_result|label_names|metrics)\s*\((.*)\)\s*;?\s*", text, re.DOTALL)
    if form is None:
        yield text
        return
    inner, _, label = form[2].rpartition(",") if form[1] == "label_values" else (form[2], "", "")
    if inner.strip():
        yield f"sum by ({label.strip()}) ({inner})" if label.strip() else inner


def wanted_by(board: Any) -> dict[str, Wanted]:
    """What a dashboard's queries for metrics ask for, by the metric's name."""
    wanted: dict[str, Wanted] = {}
    for expr in dict.fromkeys(expressions(board)):
        read(expr, wanted)
    return wanted


def requests(boards: Iterable[Any], now_ms: int, recorded: dict[Key, Values]) -> Iterator[bytes]:
    """Bodies of remote writes: the recorded series, and those the dashboards want and the recording lacks."""
    times_ms = np.arange(now_ms - SPAN_MS, now_ms, STEP_MS, dtype=np.int64)[: SPAN_MS // STEP_MS]
    have: dict[str, list[Labels]] = {}
    body: list[bytes] = []
    for key, column in recorded.items():
        labels = dict(key)
        have.setdefault(labels["__name__"], []).append(labels)
        body.append(_series(labels, times_ms, column))
    written: set[Key] = set()
    boards = list(boards)
    every = [wanted_by(board) for board in boards]
    # A metric has the same labels whoever asks for it, or it would be there twice.
    labels_of: dict[str, set[str]] = {}
    for wanted in every:
        for name, found in wanted.items():
            labels_of.setdefault(name, set()).update(found.labels)
    # What stands on both sides of an operator has the same labels too.
    for wanted in every * 2:
        for name, found in wanted.items():
            for partner in found.partners & labels_of.keys():
                own, other = labels_of[name], labels_of[partner]
                labels_of[name], labels_of[partner] = own | (other - PARTS), other | (own - PARTS)
    for wanted in every:
        job = job_of(wanted)
        for name, found in wanted.items():
            found.labels = labels_of[name]
            cluster = "api" if name.startswith(CLUSTERED) else ""
            for place, labels in enumerate(series(name, found, job, cluster, have.get(name, ()))):
                key = tuple(sorted(labels.items()))
                if key in recorded or key in written:
                    continue
                written.add(key)
                body.append(_series(labels, times_ms, values(name, labels, found, place, times_ms)))
    for at in range(0, len(body), REQUEST_SERIES):
        yield compress(b"".join(body[at : at + REQUEST_SERIES]))


def _series(labels: Labels, times_ms: Times, column: Values) -> bytes:
    head = b"".join(
        pb.put_bytes(1, pb.put_text(1, name) + pb.put_text(2, labels[name])) for name in sorted(labels) if labels[name]
    )
    return pb.put_bytes(1, head + _samples(times_ms, column))


def _samples(times_ms: Times, column: Values) -> bytes:
    """Sample messages of the same length each: a double, and a time of six bytes."""
    rows = np.zeros((len(times_ms), 18), np.uint8)
    rows[:, :3] = (0x12, 16, 0x09)  # Field 2 of 16 bytes; in it field 1, a double, and field 2, a number.
    rows[:, 3:11] = np.ascontiguousarray(column, "<f8").view(np.uint8).reshape(-1, 8)
    rows[:, 11] = 0x10
    for at in range(6):
        rows[:, 12 + at] = (times_ms >> (7 * at)) & 0x7F | (0x80 if at < 5 else 0)
    kept = rows[~np.isnan(column)]
    return kept.tobytes()


def scrapes(path: Path, *instances: Labels) -> dict[Key, Values]:
    """Each series of a recording with its values, NaN where a scrape lacks it, once for each of `instances`."""
    text = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read().decode()
    found: dict[str, Values] = {}
    for at, scrape in enumerate(re.split(r"(?m)^#@ \d+\n", text)[1 : SPAN_MS // STEP_MS + 1]):
        for line in scrape.splitlines():
            if line and line[0] != "#":
                head, _, value = line.rpartition(" ")
                found.setdefault(head, np.full(SPAN_MS // STEP_MS, np.nan))[at : at + 1] = float(value)
    made: dict[Key, Values] = {}
    for head, column in found.items():
        name, _, inner = head.partition("{")
        own = {
            label: re.sub(r"\\(.)", r"\1", value) for label, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', inner)
        }
        for place, instance in enumerate(instances):
            made[tuple(sorted({**own, **instance, "__name__": name}.items()))] = column * (1 + place / 8)
    return made


LEVELS: Final = ("debug", "info", "warn", "error")
MATCHERS: Final = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)')


def log_streams(boards: Iterable[Any], now_ms: int) -> list[dict[str, Any]]:
    """Streams of a push: for each selector of lines in the dashboards those of the world that fit it, of all levels."""
    made: dict[Key, dict[str, Any]] = {}
    for expr in dict.fromkeys(expr for board in boards for expr in expressions(board)):
        for selector in re.findall(r"(?<![\w:$])\{([^{}]*=[^{}]*)\}", expr):
            for pod in PODS:
                labels = _stream(selector, {**thing(pod), "app": pod[2]})
                key = tuple(sorted(labels.items()))
                if labels and key not in made:
                    made[key] = {"stream": labels, "values": [_line(at, now_ms, pod) for at in range(LINES)]}
    return list(made.values())


LINES: Final = 24


def _stream(selector: str, usual: Labels) -> Labels:
    by_label: dict[str, list[Matcher]] = {}
    for name, operator, quoted, bare in MATCHERS.findall(selector):
        by_label.setdefault(name, [])
        try:
            one = settled(Matcher(name, MatchType(operator), quoted.replace("\\\\", "\\") or bare), usual)
        except (WatchkeeperError, ValueError):
            continue
        if one is not None:
            by_label[name].append(one)
    found = {name: value_for(matchers, usual.get(name, f"{name}-a")) for name, matchers in by_label.items()}
    return {name: value for name, value in found.items() if value}


def _line(at: int, now_ms: int, pod: tuple[str, ...]) -> list[str]:
    time_ns = (now_ms - (LINES - at) * 140_000) * 1_000_000
    level = LEVELS[at % len(LEVELS)]
    return [
        str(time_ns),
        f'level={level} ts={at} user=u{at % 3} caller=main.go:{at} msg="{level} number {at} of {pod[1]}" status=200',
    ]
