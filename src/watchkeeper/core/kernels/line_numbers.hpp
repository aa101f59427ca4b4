// Numbers in field values: plain ones, durations as Go writes them, sizes in bytes.
//
// Only the common forms are read here, exactly as Go reads them; false sends the text to a slower and complete reader.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace line_fields {

// `[+-]?12.5e3`
inline bool read_float(std::string_view text, double& out) {
    const char *p = text.data(), *end = p + text.size();
    const bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    if (p == end || ((*p < '0' || *p > '9') && *p != '.')) return false;
    const auto read = std::from_chars(p, end, out);
    if (read.ec != std::errc() || read.ptr != end) return false;
    if (negative) out = -out;
    return true;
}

// The size of a duration's unit in nanoseconds, which it moves behind; 0 where there is none.
inline int64_t duration_unit(const char*& p, const char* end) {
    const auto next = [&](char c) { return end - p > 1 && p[1] == c; };
    int64_t size = 0;
    if (p == end) return 0;
    switch (*p) {
        case 'n': size = next('s') ? 1 : 0; p += 2; break;
        case 'u': size = next('s') ? 1000 : 0; p += 2; break;
        case '\xc2': size = end - p > 2 && p[1] == '\xb5' && p[2] == 's' ? 1000 : 0; p += 3; break;
        case '\xce': size = end - p > 2 && p[1] == '\xbc' && p[2] == 's' ? 1000 : 0; p += 3; break;
        case 'm':
            size = next('s') ? 1000000 : 60000000000;
            p += next('s') ? 2 : 1;
            break;
        case 's': size = 1000000000; p++; break;
        case 'h': size = 3600000000000; p++; break;
        default: return 0;
    }
    if (size && p < end && *p != '.' && (*p < '0' || *p > '9')) return 0;
    return size;
}

// `1h2m3.5s`, in nanoseconds.
inline bool read_duration(std::string_view text, int64_t& out) {
    const char *p = text.data(), *end = p + text.size();
    const bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) p++;
    out = 0;
    if (end - p == 1 && *p == '0') return true;
    if (p == end) return false;
    while (p < end) {
        int64_t whole = 0, fraction = 0;
        double scale = 1;
        const char* start = p;
        for (; p < end && *p >= '0' && *p <= '9'; p++) {
            if (p - start == 17) return false;
            whole = whole * 10 + (*p - '0');
        }
        bool digits = p > start;
        if (p < end && *p == '.') {
            start = ++p;
            for (; p < end && *p >= '0' && *p <= '9'; p++) {
                if (p - start == 17) return false;
                fraction = fraction * 10 + (*p - '0');
                scale *= 10;
            }
            digits |= p > start;
        }
        const int64_t unit = digits ? duration_unit(p, end) : 0;
        int64_t part;
        if (!unit || __builtin_mul_overflow(whole, unit, &part)) return false;
        if (fraction) part += int64_t(double(fraction) * (double(unit) / scale));
        if (__builtin_add_overflow(out, part, &out)) return false;
    }
    if (negative) out = -out;
    return true;
}

// `1.5MB`, `20 KiB`, `7`, in bytes.
inline bool read_size(std::string_view text, double& out) {
    const char *p = text.data(), *end = p + text.size(), *start = p;
    while (p < end && ((*p >= '0' && *p <= '9') || *p == '.')) p++;
    if (p == start || !read_float({start, size_t(p - start)}, out)) return false;
    while (p < end && *p == ' ') p++;
    double size = 1;
    if (p < end) {
        static const char letters[] = "kmgtpe";
        const char first = *p | 0x20;
        if (first == 'b') {
            p++;
        } else {
            int power = 0;
            while (letters[power] && letters[power] != first) power++;
            if (!letters[power]) return false;
            const bool binary = ++p < end && (*p | 0x20) == 'i';
            p += binary;
            if (p < end && (*p | 0x20) == 'b') p++;
            for (; power >= 0; power--) size *= binary ? 1024 : 1000;
        }
    }
    out *= size;
    if (p != end || out >= 18446744073709551616.0) return false;
    out = std::trunc(out);
    return true;
}

}  // namespace line_fields
