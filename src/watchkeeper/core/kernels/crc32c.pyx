"""CRC-32 with Castagnoli's polynomial, as Prometheus's formats use it."""

from libc.stdint cimport uint8_t, uint32_t

cdef uint32_t[8][256] TABLES


cdef void fill() noexcept:
    cdef uint32_t crc
    cdef int i, bit, table
    for i in range(256):
        crc = i
        for bit in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        TABLES[0][i] = crc
    for i in range(256):
        for table in range(1, 8):
            TABLES[table][i] = (TABLES[table - 1][i] >> 8) ^ TABLES[0][TABLES[table - 1][i] & 0xFF]


fill()


def crc32c(const uint8_t[::1] data, uint32_t crc=0):
    cdef Py_ssize_t i = 0, n = data.shape[0]
    crc = ~crc
    with nogil:
        while n - i >= 8:
            crc = crc ^ (data[i] | <uint32_t>data[i + 1] << 8 | <uint32_t>data[i + 2] << 16 | <uint32_t>data[i + 3] << 24)
            crc = (
                TABLES[7][crc & 0xFF] ^ TABLES[6][(crc >> 8) & 0xFF] ^ TABLES[5][(crc >> 16) & 0xFF]
                ^ TABLES[4][crc >> 24] ^ TABLES[3][data[i + 4]] ^ TABLES[2][data[i + 5]]
                ^ TABLES[1][data[i + 6]] ^ TABLES[0][data[i + 7]]
            )
            i += 8
        while i < n:
            crc = (crc >> 8) ^ TABLES[0][(crc ^ data[i]) & 0xFF]
            i += 1
    return ~crc & 0xFFFFFFFF
