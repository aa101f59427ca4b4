"""The series that the server adds to each scrape: `up` and what the scrape cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from watchkeeper.core.model.labels import METRIC_NAME, Labels

NAMES: Final = (
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
)
EXTRA_NAMES: Final = ("scrape_timeout_seconds", "scrape_sample_limit", "scrape_body_size_bytes")
"""Only with `extra_scrape_metrics`."""


def report_labels(target_labels: Labels, *, extra: bool) -> list[Labels]:
    """The label sets of the report series, in the order of `ScrapeReport.values`."""
    names = NAMES + EXTRA_NAMES if extra else NAMES
    return [Labels(((METRIC_NAME, name), *target_labels)) for name in names]


@dataclass(slots=True)
class ScrapeReport:
    """What one scrape did.

    scraped        samples in the body
    post_relabel   samples left after metric relabelling, those that the store refused included
    added          series that the last successful scrape had not
    body_bytes     size of the decoded body; -1 where it was over its limit
    """

    up: bool = False
    duration_s: float = 0.0
    scraped: int = 0
    post_relabel: int = 0
    added: int = 0
    body_bytes: int = 0

    def values(self, *, timeout_s: float, sample_limit: int, extra: bool) -> list[float]:
        """One value for each of `report_labels`."""
        values = [float(self.up), self.duration_s, float(self.scraped), float(self.post_relabel), float(self.added)]
        if extra:
            values += [timeout_s, float(sample_limit), float(self.body_bytes)]
        return values
