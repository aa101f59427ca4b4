// Prometheus's XOR chunks of float samples, as remote read streams them and its blocks hold them.
// Source of the format: Prometheus tsdb/docs/format/chunks.md.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "float_bits.hpp"
#include "varint.hpp"

namespace xor_chunk {

using float_bits::bits_of;
using float_bits::from_bits;

struct BitWriter {
    std::string& out;
    int free_bits = 0;  // Of the last byte.

    void bits(uint64_t value, int count) {
        while (count > 0) {
            if (!free_bits) {
                out.push_back(0);
                free_bits = 8;
            }
            const int take = count < free_bits ? count : free_bits;
            const uint64_t part = (value >> (count - take)) & ((1ULL << take) - 1);
            out.back() = char(uint8_t(out.back()) | uint8_t(part << (free_bits - take)));
            free_bits -= take;
            count -= take;
        }
    }
    void byte(uint8_t value) { bits(value, 8); }
    void uvarint(uint64_t value) {
        while (value > 0x7F) {
            byte(uint8_t(value) | 0x80);
            value >>= 7;
        }
        byte(uint8_t(value));
    }
};

struct BitReader {
    const uint8_t* data;
    size_t size_bits;
    size_t at = 0;
    bool ok = true;

    uint64_t bits(int count) {
        if (size_bits - at < size_t(count)) {
            ok = false;
            at = size_bits;
            return 0;
        }
        uint64_t value = 0;
        while (count > 0) {
            const int left = 8 - int(at & 7);
            const int take = count < left ? count : left;
            const uint64_t part = (data[at >> 3] >> (left - take)) & ((1u << take) - 1);
            value = value << take | part;
            at += take;
            count -= take;
        }
        return value;
    }
    uint64_t uvarint() {
        uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            const uint64_t byte = bits(8);
            value |= (byte & 0x7F) << shift;
            if (!ok || byte < 0x80) return value;
        }
        ok = false;
        return 0;
    }
};

inline bool fits(int64_t value, int bits) {
    return -((1LL << (bits - 1)) - 1) <= value && value <= 1LL << (bits - 1);
}

// `count` samples, at most 65535, in ascending time.
inline std::string encode(const int64_t* times, const double* values, size_t count) {
    std::string out{char(count >> 8), char(count & 0xFF)};
    BitWriter to{out};
    uint64_t delta = 0;
    int leading = 0xFF, trailing = 0;
    for (size_t i = 0; i < count; ++i) {
        if (i == 0) {
            to.uvarint(varint::zigzag(uint64_t(times[0])));
            to.bits(bits_of(values[0]), 64);
            continue;
        }
        const uint64_t next = uint64_t(times[i]) - uint64_t(times[i - 1]);
        if (i == 1) to.uvarint(next);
        else {
            const int64_t change = int64_t(next - delta);
            if (change == 0) to.bits(0, 1);
            else if (fits(change, 14)) to.bits(0b10, 2), to.bits(uint64_t(change), 14);
            else if (fits(change, 17)) to.bits(0b110, 3), to.bits(uint64_t(change), 17);
            else if (fits(change, 20)) to.bits(0b1110, 4), to.bits(uint64_t(change), 20);
            else to.bits(0b1111, 4), to.bits(uint64_t(change), 64);
        }
        delta = next;
        const uint64_t x = bits_of(values[i]) ^ bits_of(values[i - 1]);
        if (!x) {
            to.bits(0, 1);
            continue;
        }
        to.bits(1, 1);
        int lead = __builtin_clzll(x);
        const int trail = __builtin_ctzll(x);
        if (lead > 31) lead = 31;
        if (leading != 0xFF && lead >= leading && trail >= trailing) {
            to.bits(0, 1);
            to.bits(x >> trailing, 64 - leading - trailing);
            continue;
        }
        leading = lead;
        trailing = trail;
        const int significant = 64 - lead - trail;
        to.bits(1, 1);
        to.bits(uint64_t(lead), 5);
        to.bits(uint64_t(significant) & 63, 6);
        to.bits(x >> trail, significant);
    }
    return out;
}

// False where the bytes are no chunk.
inline bool decode(const uint8_t* data, size_t size, std::vector<int64_t>& times, std::vector<double>& values) {
    if (size < 2) return false;
    const size_t count = size_t(data[0]) << 8 | data[1];
    BitReader from{data + 2, (size - 2) * 8};
    if (count > from.size_bits) return false;
    int64_t time = 0;
    uint64_t delta = 0, value = 0;
    int leading = 0, trailing = 0;
    for (size_t i = 0; i < count && from.ok; ++i) {
        if (i == 0) {
            time = int64_t(varint::unzigzag(from.uvarint()));
            value = from.bits(64);
        } else {
            if (i == 1) delta = from.uvarint();
            else {
                int width = 0;
                if (from.bits(1)) width = !from.bits(1) ? 14 : !from.bits(1) ? 17 : !from.bits(1) ? 20 : 64;
                if (width) {
                    uint64_t change = from.bits(width);
                    if (width < 64 && change > 1ULL << (width - 1)) change -= 1ULL << width;
                    delta += change;
                }
            }
            time = int64_t(uint64_t(time) + delta);
            if (from.bits(1)) {
                if (from.bits(1)) {
                    leading = int(from.bits(5));
                    int significant = int(from.bits(6));
                    if (!significant) significant = 64;
                    if (leading + significant > 64) return false;
                    trailing = 64 - leading - significant;
                }
                value ^= from.bits(64 - leading - trailing) << trailing;
            }
        }
        times.push_back(time);
        values.push_back(from_bits(value));
    }
    return from.ok;
}

}  // namespace xor_chunk
