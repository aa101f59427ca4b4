// Rows of one source as bytes: the cells that differ from the row before, whole numbers as variable-length differences.
// The layout is drawn in docs/formats/wal.md. And the joining of pieces of series that lie in several places.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

#include "float_bits.hpp"
#include "varint.hpp"

namespace watchkeeper::rows {

using float_bits::MISSING_BITS;
using float_bits::bits_of;
using float_bits::from_bits;

constexpr size_t kHeader = 9;        // u8 kind, u32 columns, u32 sequence
constexpr uint32_t kMaxColumns = 1u << 26;

// Whether a float is a whole number that int64 arithmetic restores bit by bit (so not -0.0).
inline bool whole(double v, int64_t& out) {
    if (!(v > -9007199254740992.0 && v < 9007199254740992.0)) return false;
    out = static_cast<int64_t>(v);
    return bits_of(static_cast<double>(out)) == bits_of(v);
}

constexpr size_t kGroup = 64;  // Cells between two entries of a row's table of places.
enum Kind : uint8_t { kKey = 1, kWide = 2 };

inline size_t places(size_t columns) { return columns ? (columns - 1) / kGroup : 0; }

inline void encode(const double* prev, size_t n_prev, const double* row, size_t n, bool key, uint32_t sequence,
                   std::string& out) {
    const size_t bitmap = (n + 7) / 8, n_places = places(n);
    out.resize(kHeader + bitmap + n_places * 4 + n * 10);  // The most that n cells may need; cut at the end.
    uint8_t* base = reinterpret_cast<uint8_t*>(out.data());
    const uint32_t columns = static_cast<uint32_t>(n);
    std::memcpy(base + 1, &columns, 4);
    std::memcpy(base + 5, &sequence, 4);
    uint8_t* map = base + kHeader;
    std::memset(map, 0, bitmap);
    uint8_t* const table = map + bitmap;
    uint8_t* const cells = table + n_places * 4;
    uint8_t* p = cells;
    for (size_t i = 0; i < n; ++i) {
        if (i && i % kGroup == 0) {
            const uint32_t place = static_cast<uint32_t>(p - cells);
            std::memcpy(table + (i / kGroup - 1) * 4, &place, 4);
        }
        const double old = key ? 0.0 : i < n_prev ? prev[i] : from_bits(MISSING_BITS);
        if (bits_of(old) == bits_of(row[i])) continue;
        map[i >> 3] |= static_cast<uint8_t>(1u << (i & 7));
        int64_t now = 0, before = 0;
        if (whole(row[i], now)) {
            if (!whole(old, before)) before = 0;
            const int64_t d = now - before;
            if (d) {
                uint64_t z = varint::zigzag(static_cast<uint64_t>(d));
                while (z >= 0x80) {
                    *p++ = static_cast<uint8_t>(z | 0x80);
                    z >>= 7;
                }
                *p++ = static_cast<uint8_t>(z);
                continue;
            }
        }
        *p++ = 0;  // No difference starts with a zero byte, as none is zero.
        std::memcpy(p, &row[i], 8);
        p += 8;
    }
    const size_t size = static_cast<size_t>(p - cells);
    const bool wide = size > 0xFFFF;
    base[0] = static_cast<uint8_t>((key ? kKey : 0) | (wide ? kWide : 0));
    if (!wide && n_places) {
        for (size_t g = 0; g < n_places; ++g) {
            uint32_t place;
            std::memcpy(&place, table + g * 4, 4);
            const uint16_t narrow = static_cast<uint16_t>(place);
            std::memcpy(table + g * 2, &narrow, 2);
        }
        std::memmove(table + n_places * 2, cells, size);
    }
    out.resize(kHeader + bitmap + n_places * (wide ? 4 : 2) + size);
}

struct Header {
    bool key = false;
    uint32_t columns = 0;
    uint32_t sequence = 0;
};

// A row whose parts have been found; `cells` to `end` are the cells that differ.
struct Row {
    Header head;
    const uint8_t* map = nullptr;
    const uint8_t* table = nullptr;
    const uint8_t* cells = nullptr;
    const uint8_t* end = nullptr;
    bool wide = false;

    size_t place(size_t group) const {
        if (!group) return 0;
        if (wide) {
            uint32_t at;
            std::memcpy(&at, table + (group - 1) * 4, 4);
            return at;
        }
        uint16_t at;
        std::memcpy(&at, table + (group - 1) * 2, 2);
        return at;
    }
    // The bitmap of 64 cells.
    uint64_t word(size_t group) const {
        const size_t bytes = (head.columns + 7) / 8, at = group * 8;
        uint64_t w = 0;
        std::memcpy(&w, map + at, bytes - at < 8 ? bytes - at : 8);
        return w;
    }
};

inline bool open_row(const uint8_t* p, size_t size, Row& out) {
    if (size < kHeader || p[0] > (kKey | kWide)) return false;
    out.head.key = p[0] & kKey;
    out.wide = p[0] & kWide;
    std::memcpy(&out.head.columns, p + 1, 4);
    std::memcpy(&out.head.sequence, p + 5, 4);
    if (out.head.columns > kMaxColumns) return false;
    const size_t bitmap = (static_cast<size_t>(out.head.columns) + 7) / 8;
    const size_t table = places(out.head.columns) * (out.wide ? 4 : 2);
    if (size - kHeader < bitmap + table) return false;
    out.map = p + kHeader;
    out.table = out.map + bitmap;
    out.cells = out.table + table;
    out.end = p + size;
    return true;
}

inline bool read_header(const uint8_t* p, size_t size, Header& out) {
    Row row;
    if (!open_row(p, size, row)) return false;
    out = row.head;
    return true;
}

// Reads one cell that differs, and turns the value before into the one now; null at bytes that are no cell.
inline const uint8_t* read_cell(const uint8_t* q, const uint8_t* end, double& value) {
    if (q >= end) return nullptr;
    if (*q == 0) {
        if (end - q < 9) return nullptr;
        std::memcpy(&value, q + 1, 8);
        return q + 9;
    }
    uint64_t z = 0;
    int shift = 0;
    while (true) {
        if (q >= end || shift > 63) return nullptr;
        const uint8_t byte = *q++;
        z |= static_cast<uint64_t>(byte & 0x7f) << shift;
        if (!(byte & 0x80)) break;
        shift += 7;
    }
    const uint64_t d = (z >> 1) ^ (~(z & 1) + 1);
    int64_t before = 0;
    if (!whole(value, before)) before = 0;
    value = static_cast<double>(static_cast<int64_t>(static_cast<uint64_t>(before) + d));
    return q;
}

inline const uint8_t* skip_cell(const uint8_t* q, const uint8_t* end) {
    if (q >= end) return nullptr;
    if (*q == 0) return end - q < 9 ? nullptr : q + 9;
    for (int i = 0; i < 10 && q < end; ++i)
        if (!(*q++ & 0x80)) return q;
    return nullptr;
}

// Turns the row before (as long as the new one or longer, MISSING beyond what it had) into this row.
inline bool apply(const uint8_t* p, size_t size, double* row, size_t room) {
    Row in;
    if (!open_row(p, size, in) || in.head.columns > room) return false;
    const size_t n = in.head.columns;
    const uint8_t* q = in.cells;
    if (in.head.key) std::memset(row, 0, n * sizeof(double));
    for (size_t group = 0; group * kGroup < n; ++group) {
        if (in.place(group) != static_cast<size_t>(q - in.cells)) return false;
        for (uint64_t set = in.word(group); set; set &= set - 1) {
            const size_t i = group * kGroup + static_cast<size_t>(__builtin_ctzll(set));
            if (i >= n || !(q = read_cell(q, in.end, row[i]))) return false;
        }
    }
    return q == in.end;
}

// Writes columns (ascending, none twice) of rows [skip, n_rows) to out[out_at[c]...]; the first row is a key row.
// Only the groups of cells that hold a wanted column are looked at.
inline bool gather(const uint8_t* const* bodies, const size_t* sizes, size_t n_rows, const int32_t* columns,
                   size_t n_columns, double* out, const int64_t* out_at, size_t skip) {
    std::vector<double> now(n_columns, from_bits(MISSING_BITS));
    for (size_t t = 0; t < n_rows; ++t) {
        // Rows lie anywhere in memory, and waiting for them is most of the work.
        if (t + 2 < n_rows)
            for (size_t at = 0; at < sizes[t + 2] && at < 512; at += 64) __builtin_prefetch(bodies[t + 2] + at);
        Row in;
        if (!open_row(bodies[t], sizes[t], in) || (t == 0 && !in.head.key)) return false;
        const size_t n = in.head.columns;
        for (size_t c = 0; c < n_columns;) {
            const size_t group = static_cast<size_t>(columns[c]) / kGroup;
            if (group * kGroup >= n) break;
            size_t stop = c;
            uint64_t wanted = 0;
            for (; stop < n_columns && static_cast<size_t>(columns[stop]) / kGroup == group; ++stop)
                wanted |= 1ull << (columns[stop] % kGroup);
            if (in.head.key)
                for (size_t k = c; k < stop; ++k) now[k] = static_cast<size_t>(columns[k]) < n ? 0.0 : now[k];
            const uint64_t set = in.word(group);
            if (set & wanted) {
                const size_t place = in.place(group);
                if (place > static_cast<size_t>(in.end - in.cells)) return false;
                const uint8_t* q = in.cells + place;
                size_t k = c;
                // Up to the last wanted cell that differs.
                const int last = 63 - __builtin_clzll(set & wanted);
                for (uint64_t left = set & (last == 63 ? ~0ull : (1ull << (last + 1)) - 1); left && q; left &= left - 1) {
                    const int bit = __builtin_ctzll(left);
                    if (!(wanted >> bit & 1)) {
                        q = skip_cell(q, in.end);
                        continue;
                    }
                    while (columns[k] % static_cast<int32_t>(kGroup) != bit) ++k;
                    q = read_cell(q, in.end, now[k]);
                }
                if (!q) return false;
            }
            c = stop;
        }
        if (t >= skip)
            for (size_t c = 0; c < n_columns; ++c)
                out[out_at[c] + static_cast<int64_t>(t - skip)] =
                    static_cast<size_t>(columns[c]) < n ? now[c] : from_bits(MISSING_BITS);
    }
    return true;
}

// Joins the pieces of series. Piece k belongs to series piece_series[k] (ascending), has n[k] cells, and of two cells of
// the same time the earlier piece's counts. Series of one piece stay where they are; others are written to `times` and
// `values` (numbered from `base_times`/`base_values` on), those that follow the same axes sharing one.
class Join {
  public:
    std::vector<int64_t> times, starts;
    std::vector<double> values;

    void run(const int32_t* piece_series, const int64_t* time_lo, const int64_t* value_lo, const int64_t* n,
             size_t n_pieces, const int64_t* src_times, const double* src_values, const int64_t* src_starts,
             int64_t base_times, int64_t base_values, int64_t* out_time_lo, int64_t* out_value_lo,
             int64_t* out_value_hi) {
        std::unordered_map<std::string, int64_t> axes;
        std::vector<size_t> order;
        std::string key;
        for (size_t lo = 0; lo < n_pieces;) {
            size_t hi = lo + 1;
            while (hi < n_pieces && piece_series[hi] == piece_series[lo]) ++hi;
            const int32_t s = piece_series[lo];
            if (hi == lo + 1) {
                out_time_lo[s] = time_lo[lo];
                out_value_lo[s] = value_lo[lo];
                out_value_hi[s] = value_lo[lo] + n[lo];
                lo = hi;
                continue;
            }
            order.clear();
            for (size_t k = lo; k < hi; ++k)
                if (n[k]) order.push_back(k);
            std::stable_sort(order.begin(), order.end(),
                             [&](size_t a, size_t b) { return src_times[time_lo[a]] < src_times[time_lo[b]]; });
            bool apart = true;
            for (size_t k = 1; k < order.size() && apart; ++k)
                apart = src_times[time_lo[order[k - 1]] + n[order[k - 1]] - 1] < src_times[time_lo[order[k]]];
            out_value_lo[s] = base_values + static_cast<int64_t>(values.size());
            if (apart) {
                key.clear();
                for (const size_t k : order) {
                    key.append(reinterpret_cast<const char*>(&time_lo[k]), 8);
                    key.append(reinterpret_cast<const char*>(&n[k]), 8);
                }
                const auto [place, is_new] = axes.try_emplace(key, base_times + static_cast<int64_t>(times.size()));
                out_time_lo[s] = place->second;
                for (const size_t k : order) {
                    if (is_new) times.insert(times.end(), src_times + time_lo[k], src_times + time_lo[k] + n[k]);
                    append(src_values, src_starts, value_lo[k], n[k]);
                }
            } else {
                out_time_lo[s] = base_times + static_cast<int64_t>(times.size());
                merge(lo, hi, time_lo, value_lo, n, src_times, src_values, src_starts);
            }
            out_value_hi[s] = base_values + static_cast<int64_t>(values.size());
            lo = hi;
        }
    }

  private:
    void append(const double* src_values, const int64_t* src_starts, int64_t lo, int64_t n) {
        values.insert(values.end(), src_values + lo, src_values + lo + n);
        if (src_starts) starts.insert(starts.end(), src_starts + lo, src_starts + lo + n);
    }
    void merge(size_t lo, size_t hi, const int64_t* time_lo, const int64_t* value_lo, const int64_t* n,
               const int64_t* src_times, const double* src_values, const int64_t* src_starts) {
        std::vector<int64_t> at(hi - lo, 0);
        const auto skip = [&](size_t k) {
            while (at[k - lo] < n[k] && bits_of(src_values[value_lo[k] + at[k - lo]]) == MISSING_BITS) ++at[k - lo];
        };
        for (size_t k = lo; k < hi; ++k) skip(k);
        while (true) {
            size_t best = hi;
            for (size_t k = lo; k < hi; ++k)
                if (at[k - lo] < n[k] &&
                    (best == hi || src_times[time_lo[k] + at[k - lo]] < src_times[time_lo[best] + at[best - lo]]))
                    best = k;
            if (best == hi) break;
            const int64_t t = src_times[time_lo[best] + at[best - lo]];
            times.push_back(t);
            append(src_values, src_starts, value_lo[best] + at[best - lo], 1);
            for (size_t k = lo; k < hi; ++k)
                if (at[k - lo] < n[k] && src_times[time_lo[k] + at[k - lo]] == t) {
                    ++at[k - lo];
                    skip(k);
                }
        }
    }
};

}  // namespace watchkeeper::rows
