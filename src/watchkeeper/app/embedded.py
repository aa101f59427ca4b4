"""The configuration that `up` runs on without a file: this process, and the host it runs on."""

from __future__ import annotations

import socket

from watchkeeper.app.options import Options


def prometheus_yml(options: Options) -> str:
    """prometheus.yml for a machine that has none."""
    host = "127.0.0.1" if options.listen in ("0.0.0.0", "::", "") else options.listen
    jobs = [("watchkeeper", f"{host}:{options.metrics_port}")]
    if "node" in options.only:
        jobs.append(("node", f"{host}:{options.node_port}"))
    out = ["global:", "  scrape_interval: 5s", "  evaluation_interval: 5s", "scrape_configs:"]
    for job, address in jobs:
        out += [
            f"  - job_name: {job}",
            "    static_configs:",
            f"      - targets: ['{address}']",
            f"        labels: {{node: '{socket.gethostname()}'}}",
        ]
    return "\n".join(out) + "\n"
