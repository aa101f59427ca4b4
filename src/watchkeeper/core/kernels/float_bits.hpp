// A float64 and its bits; three NaNs are told apart by them. The same names as in core/model/stale.py.
#pragma once

#include <cstdint>
#include <cstring>

namespace float_bits {

constexpr uint64_t MISSING_BITS = 0x7FF00000000000A5ull;  // No sample here.
constexpr uint64_t STALE_BITS = 0x7FF0000000000002ull;
constexpr uint64_t NORMAL_NAN_BITS = 0x7FF8000000000001ull;

inline uint64_t bits_of(double value) {
    uint64_t bits;
    std::memcpy(&bits, &value, 8);
    return bits;
}

inline double from_bits(uint64_t bits) {
    double value;
    std::memcpy(&value, &bits, 8);
    return value;
}

}  // namespace float_bits
