// Values of one column for some rows: as codes into distinct texts, or as numbers.
#pragma once

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "line_column.hpp"

namespace line_block {

// Distinct texts end to end, and which of them each row has.
struct Answer {
    std::string text;
    std::vector<int64_t> ends;
};

template <class IndexOf>
void coded(const Column& c, size_t n, const IndexOf& index_of, int32_t* codes, Answer& out) {
    if (c.mode == kCodes) {
        for (size_t i = 0; i < n; i++) codes[i] = int32_t(c.code(index_of(i)));
        out.text.assign(c.dictionary.data.data() ? c.dictionary.data.data() : "", c.dictionary.data.size());
        for (size_t i = 0; i < c.dictionary.size(); i++) out.ends.push_back(c.dictionary.ends[i]);
        return;
    }
    size_t room = 64;
    while (room < n * 2) room *= 2;
    std::vector<int32_t> table(room, -1);
    const size_t mask = room - 1;
    // Values are told apart as they are kept, and written once for each that differs.
    if (c.mode == kTexts) {
        for (size_t i = 0; i < n; i++) {
            Span t = c.dictionary.text(index_of(i));
            size_t at = hash_bytes(t.at, t.size) & mask;
            for (; table[at] >= 0; at = (at + 1) & mask) {
                const size_t k = size_t(table[at]);
                const size_t lo = k ? size_t(out.ends[k - 1]) : 0;
                if (size_t(out.ends[k]) - lo == t.size && std::memcmp(out.text.data() + lo, t.at, t.size) == 0) break;
            }
            if (table[at] < 0) {
                table[at] = int32_t(out.ends.size());
                out.text.append(t.at, t.size);
                out.ends.push_back(int64_t(out.text.size()));
            }
            codes[i] = table[at];
        }
        return;
    }
    std::vector<uint32_t> firsts;
    const Typed& typed = *c.typed;
    const size_t hex = c.mode == kHexes ? typed.layout.hex_bytes() : 0;
    auto is_same = [&](size_t x, size_t y) {
        if (hex) return std::memcmp(typed.bytes.data() + x * hex, typed.bytes.data() + y * hex, hex) == 0;
        return typed.ints[x] == typed.ints[y] && typed.decimals_of(x) == typed.decimals_of(y);
    };
    for (size_t i = 0; i < n; i++) {
        const size_t k = index_of(i);
        const uint64_t hash = hex ? hash_bytes(typed.bytes.data() + k * hex, hex)
                                  : mix(uint64_t(typed.ints[k]) ^ 0x9E3779B97F4A7C15ull, 0xC2B2AE3D27D4EB4Full);
        size_t at = hash & mask;
        while (table[at] >= 0 && !is_same(firsts[size_t(table[at])], k)) at = (at + 1) & mask;
        if (table[at] < 0) {
            table[at] = int32_t(firsts.size());
            firsts.push_back(uint32_t(k));
        }
        codes[i] = table[at];
    }
    out.ends.resize(firsts.size());
    size_t size = 0;
    for (size_t i = 0; i < firsts.size(); i++) {
        if (out.text.size() < size + kMostText) out.text.resize(std::max(out.text.size() * 2, size_t(16 * kMostText)));
        size += c.write(firsts[i], &out.text[size]);
        out.ends[i] = int64_t(size);
    }
    out.text.resize(size);
}

inline bool is_plain_number(Span t) {
    size_t i = t.size && t.at[0] == '-' ? 1 : 0;
    const size_t from = i;
    while (i < t.size && is_digit(t.at[i])) i++;
    if (i == from) return false;
    if (i == t.size) return true;
    if (t.at[i] != '.') return false;
    const size_t point = i++;
    while (i < t.size && is_digit(t.at[i])) i++;
    return i == t.size && i > point + 1;
}

// Whether every value of the column is a plain decimal number; known without its body.
inline bool are_numbers(const Column& c) {
    if (c.mode == kCodes) {
        for (size_t i = 0; i < c.dictionary.size(); i++)
            if (!is_plain_number(c.dictionary.text(i)) || c.dictionary.text(i).size > 300) return false;
        return true;
    }
    return c.mode == kInts && c.typed->layout.kind == kNumber && c.typed->layout.prefix.empty() &&
           c.typed->layout.suffix.empty();
}

inline double to_double(const char* p, size_t n) {
    double value = 0;
    std::from_chars(p, p + n, value);
    return value;
}

template <class IndexOf>
void numbers(const Column& c, size_t n, const IndexOf& index_of, double* out) {
    if (c.mode == kCodes) {
        std::vector<double> table(c.dictionary.size());
        for (size_t i = 0; i < table.size(); i++) {
            Span t = c.dictionary.text(i);
            table[i] = to_double(t.at, t.size);
        }
        for (size_t i = 0; i < n; i++) out[i] = table[c.code(index_of(i))];
        return;
    }
    std::string scratch;
    for (size_t i = 0; i < n; i++) {
        const size_t k = index_of(i);
        const int64_t v = c.typed->ints[k];
        const unsigned decimals = c.typed->decimals_of(k);
        if (v < (1ll << 53) && v > -(1ll << 53)) {
            out[i] = double(v) / double(powers_of_ten()[decimals]);  // both exact, so the quotient is rounded once
        } else {
            scratch.clear();
            c.text(k, scratch);
            out[i] = to_double(scratch.data(), scratch.size());
        }
    }
}

}  // namespace line_block
