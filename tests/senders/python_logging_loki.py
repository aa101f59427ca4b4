"""Sends three lines through python-logging-loki to the URL given."""

import logging
import sys

import logging_loki

handler = logging_loki.LokiHandler(url=f"{sys.argv[1]}/loki/api/v1/push", tags={"job": "python"}, version="1")
logger = logging.getLogger("shop")
logger.addHandler(handler)
logger.setLevel(logging.DEBUG)
logger.info("first line of python", extra={"tags": {"user": "7"}})
logger.warning("second line of python")
logger.error("third line of python")
