"""What this server can do, by category, as clients that adapt to it ask."""

from __future__ import annotations

from aiohttp import web

from watchkeeper.metrics.promql.ast import BinaryOp
from watchkeeper.metrics.promql.signatures import FUNCTIONS
from watchkeeper.rules.template_functions import FUNCTIONS as FUNCTIONS_OF_TEMPLATES
from watchkeeper.web.envelope import Reply
from watchkeeper.web.params import Params
from watchkeeper.web.prometheus.backend import Backend


async def features(backend: Backend, _: Params, __: web.Request) -> Reply:
    """GET /features: category, flag, whether it is on."""
    settings, parser = backend.settings, backend.engine.options.parser
    on = settings.features
    return Reply(
        {
            "api": {
                "admin": settings.enable_admin_api,
                "exclude_alerts": True,
                "label_values_match": True,
                "lifecycle": settings.enable_lifecycle,
                "otlp_write_receiver": settings.enable_otlp_receiver,
                "query_stats": True,
                "query_warnings": True,
                "remote_write_receiver": settings.enable_remote_write_receiver,
                "search": "search-api" in on,
                "search_fuzz_alg_jarowinkler": "search-api" in on,
                "search_fuzz_alg_subsequence": "search-api" in on,
                "time_range_labels": True,
                "time_range_series": True,
            },
            "otlp_receiver": {"delta_conversion": False, "native_delta_ingestion": False},
            "prometheus": {
                "agent_mode": False,
                "auto_reload_config": bool(backend.flags.get("config.auto-reload-interval", "0s") != "0s"),
                "exemplar_storage": True,
            },
            "promql": {
                "anchored": parser.extended_range_selectors,
                "at_modifier": True,
                "bool": True,
                "by": True,
                "delayed_name_removal": backend.engine.options.delayed_name_removal,
                "duration_expr": True,
                "fill": parser.fill_modifiers,
                "fill_left": parser.fill_modifiers,
                "fill_right": parser.fill_modifiers,
                "group_left": True,
                "group_right": True,
                "ignoring": True,
                "negative_offset": True,
                "offset": True,
                "on": True,
                "per_query_lookback_delta": True,
                "smoothed": parser.extended_range_selectors,
                "subqueries": True,
                "without": True,
            },
            "promql_functions": {
                name: parser.experimental_functions or not signature.experimental
                for name, signature in sorted(FUNCTIONS.items())
            },
            "promql_operators": {operator.value: True for operator in BinaryOp},
            "rules": {"concurrent_rule_eval": True},
            "scrape": {
                "extra_scrape_metrics": True,
                "start_timestamp_zero_ingestion": "created-timestamp-zero-ingestion" in on,
                "type_and_unit_labels": False,
            },
            "service_discovery_providers": {"dns": True, "file": True, "http": True, "static": True},
            "templating_functions": {name: True for name in sorted(FUNCTIONS_OF_TEMPLATES)},
            "tsdb": {"exemplars": True, "native_histograms": True, "out_of_order": True, "snapshots": True},
            "ui": {"ui_v2": False, "ui_v3": False},
        }
    )
