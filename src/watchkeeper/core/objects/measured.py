"""Objects whose requests are counted and timed, under upstream's names."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from watchkeeper.core.objects.bucket import Bucket
from watchkeeper.core.objects.objects import ObjectError, ObjectInfo, ObjectMissing, Objects
from watchkeeper.core.objects.settings import AzureSettings, GcsSettings, ObjectSettings, S3Settings
from watchkeeper.core.telemetry.metrics import Registry

T = TypeVar("T")

_BUCKETS: Final = (0.005, 0.02, 0.08, 0.32, 1.28, 5.12, 20.48)
# Of each operation: the name in loki_objstore_…, and in loki_s3_request_….
_NAMES: Final = {
    "put": ("upload", "S3.PutObject"),
    "get": ("get", "S3.GetObject"),
    "get_range": ("get_range", "S3.GetObject"),
    "delete": ("delete", "S3.DeleteObject"),
    "list": ("iter", "S3.List"),
    "exists": ("exists", "S3.HeadObject"),
}


class MeasuredObjects:
    """An `Objects` in front of another."""

    def __init__(self, objects: Objects, settings: ObjectSettings, registry: Registry) -> None:
        self._objects = objects
        self._bucket = getattr(settings, "bucket", getattr(settings, "container", "filesystem"))
        objstore = "loki_objstore_bucket_"
        labels = ("bucket", "operation")
        self._operations = registry.counter(objstore + "operations_total", "Requests to the object store.", labels)
        self._failures = registry.counter(
            objstore + "operation_failures_total", "Requests to the object store that failed.", labels
        )
        self._durations = registry.histogram(
            objstore + "operation_duration_seconds", "How long requests to the object store took.", _BUCKETS, labels
        )
        names = {S3Settings: "loki_s3", GcsSettings: "loki_gcs", AzureSettings: "loki_azure_blob"}
        name = names.get(type(settings))
        self._requests = (
            registry.histogram(
                f"{name}_request_duration_seconds",
                "How long requests to the object store took.",
                _BUCKETS,
                ("operation", "status_code"),
            )
            if name is not None
            else None
        )
        self._is_s3 = isinstance(settings, S3Settings)
        for operation, _ in _NAMES.values():
            self._operations.labels(self._bucket, operation)
            self._failures.labels(self._bucket, operation)

    def put(self, key: str, data: bytes | Path) -> None:
        """See Objects."""
        self._timed("put", lambda: self._objects.put(key, data))

    def get(self, key: str) -> bytes:
        """See Objects."""
        return self._timed("get", lambda: self._objects.get(key))

    def get_range(self, key: str, offset: int, size: int) -> bytes:
        """See Objects."""
        return self._timed("get_range", lambda: self._objects.get_range(key, offset, size))

    def delete(self, key: str) -> None:
        """See Objects."""
        self._timed("delete", lambda: self._objects.delete(key))

    def list(self, prefix: str = "") -> list[ObjectInfo]:
        """See Objects."""
        return self._timed("list", lambda: self._objects.list(prefix))

    def exists(self, key: str) -> bool:
        """See Objects."""
        return self._timed("exists", lambda: self._objects.exists(key))

    @property
    def reads_ranges(self) -> bool:
        """See Objects."""
        return self._objects.reads_ranges

    def _timed(self, operation: str, work: Callable[[], T]) -> T:
        name, request = _NAMES[operation]
        began = time.perf_counter()
        status = "200"
        try:
            return work()
        except ObjectMissing:
            status = "404"
            raise
        except ObjectError as error:
            status = "500" if error.retryable else "403"
            raise
        finally:
            took_s = time.perf_counter() - began
            self._operations.labels(self._bucket, name).inc()
            if status not in ("200", "404"):
                self._failures.labels(self._bucket, name).inc()
            self._durations.labels(self._bucket, name).observe(took_s)
            if self._requests is not None:
                self._requests.labels(request if self._is_s3 else request.removeprefix("S3."), status).observe(took_s)


def open_objects(settings: ObjectSettings, registry: Registry) -> Objects:
    """The objects that settings describe, measured. Raises ObjectError where the settings can't be used."""
    return MeasuredObjects(Bucket(settings), settings, registry)
