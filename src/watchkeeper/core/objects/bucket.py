"""Objects in a bucket (S3-compatible, Google's, Azure's) or in a folder, over obstore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from watchkeeper.core.config.document import without_passwords
from watchkeeper.core.objects.objects import ObjectError, ObjectInfo, ObjectMissing
from watchkeeper.core.objects.open_store import open_store

if TYPE_CHECKING:
    from watchkeeper.core.objects.settings import ObjectSettings

MAX_MESSAGE: Final = 300  # The library's errors repeat themselves down to the socket.
NOT_PARTIAL: Final = "non-partial response"
PART_BYTES: Final = 8 << 20
UPLOADS: Final = 2  # Parts of one object that are on their way at once.


class Bucket:
    """An `Objects`. Nothing is connected before it is used; failed requests are made again as the settings say."""

    def __init__(self, settings: ObjectSettings) -> None:
        """Raises ObjectError where the settings can't be used."""
        import obstore  # 20 ms and a thread for each core: only for those who have a bucket.

        self._obstore = obstore
        self.reads_ranges = True  # Until the server is found to answer with whole objects, as rclone's does.
        try:
            self._store: Any = open_store(settings)
        except Exception as error:
            raise ObjectError(described(error), retryable=False) from None

    def put(self, key: str, data: bytes | Path) -> None:
        """See Objects. Large files go in parts. Raises ObjectError, OSError where the file can't be read."""
        if isinstance(data, Path):
            with data.open("rb"):
                pass  # A file that is not there must not look like an object that is not there.
        try:
            self._obstore.put(self._store, key, data, chunk_size=PART_BYTES, max_concurrency=UPLOADS)
        except Exception as error:
            raise translated(error, key) from None

    def get(self, key: str) -> bytes:
        """See Objects."""
        try:
            return self._obstore.get(self._store, key).bytes().to_bytes()
        except Exception as error:
            raise translated(error, key) from None

    def get_range(self, key: str, offset: int, size: int) -> bytes:
        """See Objects."""
        if size <= 0:
            return b""
        if self.reads_ranges:
            try:
                return self._obstore.get_range(self._store, key, start=offset, length=size).to_bytes()
            except Exception as error:
                if NOT_PARTIAL not in str(error):
                    raise translated(error, key) from None
                self.reads_ranges = False
        return self.get(key)[offset : offset + size]

    def delete(self, key: str) -> None:
        """See Objects."""
        try:
            self._obstore.delete(self._store, key)
        except FileNotFoundError:
            return
        except Exception as error:
            raise translated(error, key) from None

    def list(self, prefix: str = "") -> list[ObjectInfo]:
        """See Objects."""
        found: list[ObjectInfo] = []
        try:
            for page in self._obstore.list(self._store, prefix or None):
                found += [ObjectInfo(meta["path"], meta["size"]) for meta in page]
        except FileNotFoundError:
            return []
        except Exception as error:
            raise translated(error, prefix) from None
        return sorted(found, key=lambda info: info.key)

    def exists(self, key: str) -> bool:
        """See Objects."""
        try:
            self._obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        except Exception as error:
            raise translated(error, key) from None
        return True


def translated(error: Exception, key: str) -> ObjectError:
    """An error of the library as one of ours."""
    from obstore import exceptions

    if isinstance(error, FileNotFoundError):
        return ObjectMissing(key)
    lasting = (
        exceptions.PermissionDeniedError,
        exceptions.UnauthenticatedError,
        exceptions.InvalidPathError,
        exceptions.NotSupportedError,
        exceptions.UnknownConfigurationKeyError,
        ValueError,
    )
    return ObjectError(f"{key}: {described(error)}", retryable=not isinstance(error, lasting))


def described(error: Exception) -> str:
    """The first line of an error's text, shortened, without passwords."""
    lines = str(error).strip().splitlines()
    text = without_passwords(lines[0] if lines else type(error).__name__)
    return text if len(text) <= MAX_MESSAGE else f"{text[:MAX_MESSAGE]}…"
