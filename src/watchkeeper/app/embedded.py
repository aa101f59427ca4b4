"""The configuration that `up` runs on without a file: this process, the host it runs on, and rules for both."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Final

from watchkeeper import rules
from watchkeeper.app.options import Options

BUILTIN_RULES: Final = Path(rules.__file__).parent / "builtin" / "*.yml"


def prometheus_yml(options: Options) -> str:
    """prometheus.yml for a machine that has none. Raises ConfigError where the web configuration can't be used."""
    from watchkeeper.web.access.config import load_web_config

    host = "127.0.0.1" if options.listen in ("0.0.0.0", "::", "") else options.listen
    own = [f"    metrics_path: {options.prefix}/metrics"] if options.prefix else []
    if options.web_config_file is not None and load_web_config(options.web_config_file).tls_server_config:
        # This process, on this machine: the name in its certificate is for others.
        own += ["    scheme: https", "    tls_config: {insecure_skip_verify: true}"]
    jobs = [("watchkeeper", f"{host}:{options.metrics_port}")]
    if "node" in options.only:
        jobs.append(("node", f"{host}:{options.node_port}"))
    out = ["global:", "  scrape_interval: 5s", "  evaluation_interval: 5s"]
    out += [f"rule_files: [{json.dumps(str(BUILTIN_RULES))}]", "scrape_configs:"]
    for job, address in jobs:
        out += [
            f"  - job_name: {job}",
            *(own if job == "watchkeeper" else []),
            "    static_configs:",
            f"      - targets: ['{address}']",
            f"        labels: {{node: '{socket.gethostname()}'}}",
        ]
    return "\n".join(out) + "\n"


ALERTMANAGER_YML: Final = """\
route:
  receiver: none
  group_by: [alertname, job]
receivers:
  - name: none
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity=~"warning|info"]
    equal: [alertname, job, instance]
  - source_matchers: [severity="warning"]
    target_matchers: [severity="info"]
    equal: [alertname, job, instance]
"""
"""alertmanager.yml for a machine that has none: alerts are grouped and shown, and nobody is told."""
