"""Runs stages of YAML over lines, as a job does."""

from __future__ import annotations

from typing import Any

from watchkeeper.app.agent_matcher import row_test
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.agent.config.promtail_yml import parse_promtail_yml
from watchkeeper.logs.agent.entries import Entries, text_of
from watchkeeper.logs.agent.pipeline import Pipeline
from watchkeeper.logs.agent.stages.stage import StageContext

NOW_NS = 1_700_000_000_000_000_000


class Bench:
    """A pipeline with a clock that the test moves."""

    def __init__(self, stages: str) -> None:
        text = f"scrape_configs: [{{job_name: a, static_configs: [], pipeline_stages: {stages}}}]"
        settings = parse_promtail_yml(text).scrape_configs[0].pipeline_stages
        self.now_ns = NOW_NS
        self.registry = Registry()
        context = StageContext(self.registry, "a", row_test, lambda: self.now_ns)
        self.pipeline = Pipeline(settings, context)

    def run(self, *lines: str | bytes, at: list[int] | None = None, **labels: str) -> list[dict[str, Any]]:
        """What becomes of lines of one label set."""
        raw = [line.encode() if isinstance(line, str) else line for line in lines]
        times = [self.now_ns + i for i in range(len(raw))]
        entries = Entries.of(labels or {"job": "a"}, raw, times, origin="file", at=at)
        return self.seen(self.pipeline.run(entries))

    def seen(self, batches: list[Entries]) -> list[dict[str, Any]]:
        """Entries as plain data."""
        out = []
        for entries in batches:
            names = dict.fromkeys([*entries.initial, *entries.extracted])
            for row, line in enumerate(entries.lines):
                extracted = {name: text_of((entries.column(name) or [None] * len(entries))[row]) for name in names}
                out.append(
                    {
                        "line": line.decode("utf-8", "backslashreplace"),
                        "labels": entries.sets[entries.set_of[row]],
                        "time_ns": entries.times_ns[row],
                        "extracted": {name: text for name, text in extracted.items() if text is not None},
                        "metadata": dict(entries.metadata[row]) if entries.metadata else {},
                    }
                )
        return out

    def dropped(self) -> dict[str, float]:
        """Lines dropped by reason."""
        family = next(one for one in self.registry.collect() if one.name == "logentry_dropped_lines_total")
        return {values[0]: value for _, _, values, value in family.samples}

    def exposition(self) -> str:
        """All metrics."""
        return self.registry.exposition().decode()
