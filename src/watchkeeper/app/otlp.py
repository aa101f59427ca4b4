"""The block `otlp` of prometheus.yml, as the receiver wants it."""

from __future__ import annotations

from watchkeeper.app.prometheus_yml import OTLPConfig
from watchkeeper.metrics.remote.otlp import OtlpSettings
from watchkeeper.metrics.remote.otlp_names import Namer


def otlp_settings(config: OTLPConfig, lookback_ms: int) -> OtlpSettings:
    """The settings in force."""
    strategy = config.translation_strategy
    return OtlpSettings(
        namer=Namer(
            escapes=strategy.startswith("UnderscoreEscaping"),
            adds_suffixes=strategy.endswith("WithSuffixes"),
            key_prefix=config.label_name_underscore_sanitization,
            keeps_underscores=config.label_name_preserve_multiple_underscores,
        ),
        promote_all=config.promote_all_resource_attributes,
        promoted=frozenset(config.promote_resource_attributes),
        ignored=frozenset(config.ignore_resource_attributes),
        keep_identifying=config.keep_identifying_resource_attributes,
        custom_buckets=config.convert_histograms_to_nhcb,
        promote_scope=config.promote_scope_metadata,
        lookback_ms=lookback_ms,
    )
