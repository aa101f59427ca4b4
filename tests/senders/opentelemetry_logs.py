"""Sends three records through OpenTelemetry's SDK (OTLP over HTTP, protobuf) to the URL given."""

import logging
import sys
import warnings

warnings.simplefilter("ignore")

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter  # noqa: E402
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler  # noqa: E402
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor  # noqa: E402
from opentelemetry.sdk.resources import Resource  # noqa: E402

provider = LoggerProvider(
    resource=Resource.create({"service.name": "shop", "k8s.namespace.name": "demo", "host.id": "h-1"})
)
exporter = OTLPLogExporter(endpoint=f"{sys.argv[1]}/otlp/v1/logs")
provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
logger = logging.getLogger("shop")
logger.addHandler(LoggingHandler(logger_provider=provider))
logger.setLevel(logging.DEBUG)
logger.info("first line of otel", extra={"user": 7})
logger.warning("second line of otel")
logger.error("third line of otel")
provider.shutdown()
