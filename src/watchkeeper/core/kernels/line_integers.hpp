// Whole numbers of a column as planes of bytes: differences to something that can be known, less the least of them.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "line_array.hpp"

namespace line_block {

enum Predictor : uint8_t { kPlainly = 0, kFromLast = 1, kFromTime = 2 };

inline void put_fixed(std::string& out, uint64_t value, size_t n) {
    out.append(reinterpret_cast<const char*>(&value), n);
}

// What the integers of a column are made from: differences to something that can be known, less the least of them.
struct IntCode {
    uint8_t predictor = kPlainly;
    uint8_t width = 0;  // bytes of each
    int64_t base = 0;

    void save(std::string& out) const {
        out.push_back(char(predictor));
        out.push_back(char(width));
        varint::put_varint(out, varint::zigzag(uint64_t(base)));
    }
    void load(Reader& in) {
        predictor = in.byte();
        width = in.byte();
        base = in.signed_number();
        if (predictor > kFromTime || width > 8) Reader::bad();
    }
};

inline unsigned bytes_of(uint64_t value) { return value ? unsigned(71 - __builtin_clzll(value)) / 8 : 0; }

inline void put_planes(std::string& out, const uint64_t* values, size_t n, unsigned width) {
    size_t at = out.size();
    out.resize(at + n * width);
    for (unsigned k = 0; k < width; k++) {
        char* to = &out[at + size_t(k) * n];
        for (size_t i = 0; i < n; i++) to[i] = char(values[i] >> (8 * k));
    }
}

// `time_unit`: nanoseconds in one of the column's units, 0 where it holds no times.
template <class ValueOf, class TimeOf>
IntCode encode_ints(size_t n, const ValueOf& value_of, const TimeOf& time_of, int64_t time_unit, std::string& body) {
    IntCode best;
    uint64_t best_bits = ~0ull;
    std::vector<uint64_t> residuals(n), best_residuals;
    for (uint8_t predictor = kPlainly; predictor <= kFromTime; predictor++) {
        if (predictor == kFromTime && !time_unit) break;
        int64_t least = INT64_MAX, last = 0;
        for (size_t i = 0; i < n; i++) {
            int64_t v = value_of(i);
            uint64_t expected = 0;
            if (predictor == kFromLast) expected = uint64_t(last);
            if (predictor == kFromTime) expected = uint64_t(time_of(i) / time_unit);
            last = v;
            int64_t residual = int64_t(uint64_t(v) - expected);
            if (predictor == kFromLast && i == 0) residual = 0;  // the first stands in `base`'s place
            residuals[i] = uint64_t(residual);
            if (i || predictor != kFromLast) least = std::min(least, residual);
        }
        if (least == INT64_MAX) least = 0;
        uint64_t bits = predictor == kFromLast ? n / 8 : 0, all = 0;
        if (predictor == kFromLast && n) residuals[0] = uint64_t(least);
        for (size_t i = 0; i < n; i++) {
            residuals[i] -= uint64_t(least);
            all |= residuals[i];
            bits += 64 - unsigned(__builtin_clzll(residuals[i] | 1));
        }
        if (!all) bits = 0;
        if (bits < best_bits) {
            best_bits = bits;
            best.predictor = predictor;
            best.base = least;
            best.width = uint8_t(bytes_of(all));
            best_residuals.swap(residuals);
            residuals.resize(n);
        }
    }
    if (best.predictor == kFromLast && n) put_fixed(body, uint64_t(value_of(0)), 8);
    put_planes(body, best_residuals.data(), n, best.width);
    return best;
}

inline uint64_t int_body_bytes(const IntCode& code, uint64_t n) {
    return n * code.width + (code.predictor == kFromLast && n ? 8 : 0);
}

inline void add_plane(const uint8_t* from, size_t n, unsigned shift, uint32_t* to) {
    for (size_t i = 0; i < n; i++) to[i] |= uint32_t(from[i]) << shift;
}

template <class Sink, class TimeOf>
void decode_ints(const IntCode& code, size_t n, Reader& in, const TimeOf& time_of, int64_t time_unit, Sink&& sink) {
    int64_t last = 0;
    if (code.predictor == kFromLast && n) last = int64_t(load64(in.bytes(8).at) - uint64_t(code.base));
    const uint8_t* planes = reinterpret_cast<const uint8_t*>(in.bytes(uint64_t(n) * code.width).at);
    constexpr size_t kStep = 1024;
    uint64_t values[kStep];
    uint32_t low[kStep], high[kStep];
    for (size_t lo = 0; lo < n; lo += kStep) {
        const size_t m = std::min(kStep, n - lo);
        // Halves of 32 bits, which processors put together several at once.
        for (size_t i = 0; i < m; i++) low[i] = 0;
        for (unsigned k = 0; k < code.width && k < 4; k++) add_plane(planes + size_t(k) * n + lo, m, 8 * k, low);
        if (code.width > 4) {
            for (size_t i = 0; i < m; i++) high[i] = 0;
            for (unsigned k = 4; k < code.width; k++) add_plane(planes + size_t(k) * n + lo, m, 8 * (k - 4), high);
            for (size_t i = 0; i < m; i++) values[i] = uint64_t(code.base) + (uint64_t(high[i]) << 32 | low[i]);
        } else {
            for (size_t i = 0; i < m; i++) values[i] = uint64_t(code.base) + low[i];
        }
        if (code.predictor == kFromLast)
            for (size_t i = 0; i < m; i++) values[i] = uint64_t(last = int64_t(uint64_t(last) + values[i]));
        else if (code.predictor == kFromTime)
            for (size_t i = 0; i < m; i++) values[i] += uint64_t(time_of(lo + i) / time_unit);
        for (size_t i = 0; i < m; i++) sink(int64_t(values[i]));
    }
}

// Codes below `distinct`, in one or two planes; nothing where there is but one.
inline unsigned code_bytes(size_t distinct) { return distinct <= 1 ? 0 : distinct <= 256 ? 1 : distinct <= 65536 ? 2 : 4; }

}  // namespace line_block
