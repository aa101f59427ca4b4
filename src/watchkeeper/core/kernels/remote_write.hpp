// Remote-write requests, both versions, read in one pass: label sets into one canonical buffer, samples into columns.
// Source of field numbers: Prometheus prompb/remote.proto, prompb/types.proto, io/prometheus/write/v2/types.proto.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "protobuf_reader.hpp"
#include "utf8.hpp"
#include "varint.hpp"

namespace remote_write {

using protobuf::BYTES;
using protobuf::FIXED64;
using protobuf::Reader;
using protobuf::VARINT;
using std::string_view;
using utf8::valid_utf8;
using varint::put_varint;
using varint::varint_size;

// Kinds of messages that are left to Python: they are rare.
enum Kind : int32_t { EXEMPLAR = 0, HISTOGRAM = 1, METADATA = 2 };

struct Other {
    int32_t kind, series;
    int64_t lo, hi;
};

struct Decoded {
    std::string labels;
    std::vector<int64_t> offsets{0};
    std::vector<uint8_t> valid;
    std::vector<int32_t> series;
    std::vector<int64_t> times, starts;
    std::vector<double> values;
    std::vector<Other> others;
    std::vector<std::pair<int64_t, int64_t>> symbols;
    bool any_start = false;
};

using Pairs = std::vector<std::pair<string_view, string_view>>;

// Appends the canonical bytes of one set; false (and nothing appended) where the set can't name a series.
inline bool append_labels(Decoded& out, Pairs& pairs) {
    if (!std::is_sorted(pairs.begin(), pairs.end())) std::sort(pairs.begin(), pairs.end());
    bool named = false, ok = true;
    for (size_t i = 0; i < pairs.size() && ok; ++i) {
        const auto& [name, value] = pairs[i];
        ok = !name.empty() && (i == 0 || pairs[i - 1].first != name) && valid_utf8(name) && valid_utf8(value);
        named |= name == "__name__" && !value.empty();
    }
    ok = ok && named;
    if (ok)
        for (const auto& [name, value] : pairs)
            if (!value.empty()) {
                out.labels.append(name).push_back('\xff');
                out.labels.append(value).push_back('\xff');
            }
    out.offsets.push_back(int64_t(out.labels.size()));
    out.valid.push_back(ok);
    return ok;
}

inline bool read_label(string_view message, Pairs& pairs) {
    Reader in(message);
    uint32_t field, wire;
    string_view name, value;
    while (in.next(field, wire)) {
        if (field == 1 && wire == BYTES) in.bytes(name);
        else if (field == 2 && wire == BYTES) in.bytes(value);
        else in.skip(wire);
    }
    pairs.emplace_back(name, value);
    return !in.error;
}

inline bool read_sample(string_view message, int32_t series, Decoded& out) {
    Reader in(message);
    uint32_t field, wire;
    double value = 0;
    uint64_t time = 0, start = 0;
    while (in.next(field, wire)) {
        if (field == 1 && wire == FIXED64) in.number(value);
        else if (field == 2 && wire == VARINT) in.varint(time);
        else if (field == 3 && wire == VARINT) in.varint(start);
        else in.skip(wire);
    }
    out.series.push_back(series);
    out.times.push_back(int64_t(time));
    out.values.push_back(value);
    out.starts.push_back(int64_t(start));
    out.any_start |= start != 0;
    return !in.error;
}

inline void other(Decoded& out, Kind kind, int32_t series, string_view whole, string_view part) {
    out.others.push_back({kind, series, part.data() - whole.data(), int64_t(part.data() - whole.data() + part.size())});
}

// prometheus.WriteRequest.
inline bool decode_v1(string_view whole, Decoded& out) {
    Reader in(whole);
    uint32_t field, wire;
    string_view message, part;
    Pairs pairs;
    while (in.next(field, wire)) {
        if (wire != BYTES || (field != 1 && field != 3)) {
            in.skip(wire);
            continue;
        }
        if (!in.bytes(message)) return false;
        if (field == 3) {
            other(out, METADATA, -1, whole, message);
            continue;
        }
        Reader row(message);
        const auto series = int32_t(out.valid.size());
        pairs.clear();
        while (row.next(field, wire)) {
            if (wire != BYTES) {
                row.skip(wire);
                continue;
            }
            if (!row.bytes(part)) return false;
            if (field == 1) {
                if (!read_label(part, pairs)) return false;
            } else if (field == 2) {
                if (!read_sample(part, series, out)) return false;
            } else if (field == 3) other(out, EXEMPLAR, series, whole, part);
            else if (field == 4) other(out, HISTOGRAM, series, whole, part);
        }
        if (row.error) return false;
        append_labels(out, pairs);
    }
    return !in.error;
}

// io.prometheus.write.v2.Request. Symbols may follow the series on the wire, so they are gathered first.
inline bool decode_v2(string_view whole, Decoded& out) {
    std::vector<string_view> symbols, rows;
    Reader in(whole);
    uint32_t field, wire;
    string_view part;
    while (in.next(field, wire)) {
        if (wire != BYTES) {
            in.skip(wire);
            continue;
        }
        if (!in.bytes(part)) return false;
        if (field == 4) symbols.push_back(part);
        else if (field == 5) rows.push_back(part);
    }
    if (in.error) return false;
    for (const auto& symbol : symbols)
        out.symbols.emplace_back(symbol.data() - whole.data(), symbol.data() - whole.data() + symbol.size());
    Pairs pairs;
    std::vector<uint64_t> refs;
    for (const auto& bytes : rows) {
        Reader row(bytes);
        const auto series = int32_t(out.valid.size());
        const size_t first = out.times.size();
        refs.clear();
        uint64_t ref, created = 0;
        while (row.next(field, wire)) {
            if (wire == VARINT && (field == 1 || field == 6)) {
                if (!row.varint(field == 1 ? ref : created)) return false;
                if (field == 1) refs.push_back(ref);
                continue;
            }
            if (wire != BYTES) {
                row.skip(wire);
                continue;
            }
            if (!row.bytes(part)) return false;
            if (field == 1) {
                Reader packed(part);
                while (packed.p < packed.end && packed.varint(ref)) refs.push_back(ref);
                if (packed.error) return false;
            } else if (field == 2) {
                if (!read_sample(part, series, out)) return false;
            } else if (field == 3) other(out, HISTOGRAM, series, whole, part);
            else if (field == 4) other(out, EXEMPLAR, series, whole, part);
            else if (field == 5) other(out, METADATA, series, whole, part);
        }
        if (row.error || refs.size() % 2) return false;
        pairs.clear();
        for (size_t i = 0; i < refs.size(); i += 2) {
            if (refs[i] >= symbols.size() || refs[i + 1] >= symbols.size()) return false;
            pairs.emplace_back(symbols[refs[i]], symbols[refs[i + 1]]);
        }
        if (created)
            for (size_t i = first; i < out.starts.size(); ++i)
                if (!out.starts[i]) {
                    out.starts[i] = int64_t(created);
                    out.any_start = true;
                }
        append_labels(out, pairs);
    }
    return true;
}

// The TimeSeries messages of prometheus.WriteRequest for canonical label bytes; samples sorted by series.
inline void encode_v1(const char* labels, const int64_t* offsets, int64_t n_series, const int64_t* lo, const int64_t* times,
                      const double* values, std::string& out) {
    std::string row;
    for (int64_t i = 0; i < n_series; ++i) {
        row.clear();
        const char* at = labels + offsets[i];
        const char* end = labels + offsets[i + 1];
        while (at < end) {
            const char* name_end = static_cast<const char*>(std::memchr(at, '\xff', end - at));
            if (!name_end) break;
            const char* value_end = static_cast<const char*>(std::memchr(name_end + 1, '\xff', end - name_end - 1));
            if (!value_end) break;
            const size_t name = name_end - at, value = value_end - name_end - 1;
            row.push_back(1 << 3 | 2);
            put_varint(row, 2 + varint_size(name) + name + varint_size(value) + value);
            row.push_back(1 << 3 | 2);
            put_varint(row, name);
            row.append(at, name);
            row.push_back(2 << 3 | 2);
            put_varint(row, value);
            row.append(name_end + 1, value);
            at = value_end + 1;
        }
        for (int64_t j = lo[i]; j < lo[i + 1]; ++j) {
            row.push_back(2 << 3 | 2);
            put_varint(row, 10 + varint_size(uint64_t(times[j])));
            row.push_back(1 << 3 | 1);
            row.append(reinterpret_cast<const char*>(values + j), 8);
            row.push_back(2 << 3 | 0);
            put_varint(row, uint64_t(times[j]));
        }
        out.push_back(1 << 3 | 2);
        put_varint(out, row.size());
        out.append(row);
    }
}

}  // namespace remote_write
