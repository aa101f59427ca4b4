// Whole numbers in few bytes: seven bits each, lowest first, and signed ones with their sign last (zigzag).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace varint {

inline uint64_t zigzag(uint64_t value) { return (value << 1) ^ (0 - (value >> 63)); }
inline uint64_t unzigzag(uint64_t value) { return (value >> 1) ^ (0 - (value & 1)); }

inline void put_varint(std::string& out, uint64_t value) {
    while (value >= 0x80) {
        out.push_back(char(value | 0x80));
        value >>= 7;
    }
    out.push_back(char(value));
}

inline size_t varint_size(uint64_t value) {
    size_t size = 1;
    while (value >= 0x80) {
        value >>= 7;
        ++size;
    }
    return size;
}

}  // namespace varint
