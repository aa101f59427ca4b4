"""CRC-32 with Castagnoli's polynomial, as Prometheus's formats use it."""

def crc32c(data: bytes | memoryview, crc: int = 0) -> int:
    """The checksum of `data`, continued from `crc`."""
