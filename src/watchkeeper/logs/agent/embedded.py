"""The configuration that an agent runs on without a file: this machine's logs."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import yaml

PATTERNS = ("/var/log/**/*.log", "/var/log/{syslog,messages,secure,cron,maillog,dmesg}")
JOURNALS = ("/var/log/journal", "/run/log/journal")


def has_journal() -> bool:
    """Whether there is a journal that can be read."""
    return shutil.which("journalctl") is not None and any(
        os.path.isdir(path) and os.access(path, os.R_OK | os.X_OK) for path in JOURNALS
    )


def embedded_yml(directory: Path, *, http_port: int = 9080) -> str:
    """promtail.yaml for a machine that has none.

    directory   where the positions are kept
    http_port   where the agent answers, if it runs alone
    """
    host = socket.gethostname()
    jobs: list[dict[str, object]] = [
        {
            "job_name": "varlogs",
            "static_configs": [
                {
                    "labels": {
                        "job": "varlogs",
                        "host": host,
                        "__path__": pattern,
                        "__path_exclude__": "/var/log/journal/**",
                    }
                }
                for pattern in PATTERNS
            ],
        }
    ]
    if has_journal():
        jobs.append(
            {
                "job_name": "systemd-journal",
                "journal": {"max_age": "12h", "labels": {"job": "systemd-journal", "host": host}},
                "relabel_configs": [
                    {"source_labels": ["__journal__systemd_unit"], "target_label": "unit"},
                    {"source_labels": ["__journal_priority_keyword"], "target_label": "level"},
                ],
            }
        )
    config = {
        "server": {"http_listen_address": "127.0.0.1", "http_listen_port": http_port},
        "positions": {"filename": str(directory / "positions.yaml")},
        "scrape_configs": jobs,
    }
    text: str = yaml.safe_dump(config, sort_keys=False)
    return text
