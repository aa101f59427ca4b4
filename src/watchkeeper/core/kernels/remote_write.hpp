// Remote-write requests, both versions, read in one pass: label sets into one canonical buffer, samples into columns.
// Source of field numbers: Prometheus prompb/remote.proto, prompb/types.proto, io/prometheus/write/v2/types.proto.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace remote_write {

using std::string_view;

struct Reader {
    const uint8_t* at;
    const uint8_t* end;
    bool ok = true;

    explicit Reader(string_view bytes)
        : at(reinterpret_cast<const uint8_t*>(bytes.data())), end(at + bytes.size()) {}

    bool more() const { return ok && at < end; }

    uint64_t varint() {
        uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at >= end) break;
            const uint8_t byte = *at++;
            value |= uint64_t(byte & 0x7F) << shift;
            if (byte < 0x80) return value;
        }
        ok = false;
        return 0;
    }

    uint64_t fixed64() {
        uint64_t value = 0;
        if (end - at < 8) {
            ok = false;
            return 0;
        }
        std::memcpy(&value, at, 8);
        at += 8;
        return value;
    }

    string_view bytes() {
        const uint64_t size = varint();
        if (!ok || size > uint64_t(end - at)) {
            ok = false;
            return {};
        }
        const string_view view(reinterpret_cast<const char*>(at), size);
        at += size;
        return view;
    }

    // Steps over a field that is not known here.
    void skip(unsigned wire_type) {
        switch (wire_type) {
            case 0: varint(); break;
            case 1: fixed64(); break;
            case 2: bytes(); break;
            case 5:
                if (end - at < 4) ok = false;
                else at += 4;
                break;
            default: ok = false;
        }
    }
};

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

inline bool valid_utf8(string_view text) {
    const auto* at = reinterpret_cast<const uint8_t*>(text.data());
    const auto* end = at + text.size();
    while (at < end) {
        if (end - at >= 8) {
            uint64_t word;
            std::memcpy(&word, at, 8);
            if (!(word & 0x8080808080808080ULL)) {
                at += 8;
                continue;
            }
        }
        const uint8_t lead = *at;
        if (lead < 0x80) {
            ++at;
            continue;
        }
        const int more = lead >= 0xC2 && lead <= 0xDF ? 1 : lead >= 0xE0 && lead <= 0xEF ? 2 : lead >= 0xF0 && lead <= 0xF4 ? 3 : 0;
        if (!more || end - at <= more) return false;
        for (int i = 1; i <= more; ++i)
            if ((at[i] & 0xC0) != 0x80) return false;
        if ((lead == 0xE0 && at[1] < 0xA0) || (lead == 0xED && at[1] > 0x9F) || (lead == 0xF0 && at[1] < 0x90) ||
            (lead == 0xF4 && at[1] > 0x8F))
            return false;
        at += more + 1;
    }
    return true;
}

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
    string_view name, value;
    while (in.more()) {
        const uint64_t tag = in.varint();
        if (tag == (1 << 3 | 2)) name = in.bytes();
        else if (tag == (2 << 3 | 2)) value = in.bytes();
        else in.skip(tag & 7);
    }
    pairs.emplace_back(name, value);
    return in.ok;
}

inline bool read_sample(string_view message, int32_t series, Decoded& out) {
    Reader in(message);
    double value = 0;
    int64_t time = 0, start = 0;
    while (in.more()) {
        const uint64_t tag = in.varint();
        if (tag == (1 << 3 | 1)) {
            const uint64_t bits = in.fixed64();
            std::memcpy(&value, &bits, 8);
        } else if (tag == (2 << 3 | 0)) time = int64_t(in.varint());
        else if (tag == (3 << 3 | 0)) start = int64_t(in.varint());
        else in.skip(tag & 7);
    }
    out.series.push_back(series);
    out.times.push_back(time);
    out.values.push_back(value);
    out.starts.push_back(start);
    out.any_start |= start != 0;
    return in.ok;
}

inline void other(Decoded& out, Kind kind, int32_t series, string_view whole, string_view part) {
    out.others.push_back({kind, series, part.data() - whole.data(), int64_t(part.data() - whole.data() + part.size())});
}

// prometheus.WriteRequest.
inline bool decode_v1(string_view whole, Decoded& out) {
    Reader in(whole);
    Pairs pairs;
    while (in.more()) {
        const uint64_t tag = in.varint();
        if (tag == (3 << 3 | 2)) {
            other(out, METADATA, -1, whole, in.bytes());
            continue;
        }
        if (tag != (1 << 3 | 2)) {
            in.skip(tag & 7);
            continue;
        }
        Reader row(in.bytes());
        if (!in.ok) return false;
        const auto series = int32_t(out.valid.size());
        pairs.clear();
        while (row.more()) {
            const uint64_t field = row.varint();
            if (field == (1 << 3 | 2)) {
                if (!read_label(row.bytes(), pairs)) return false;
            } else if (field == (2 << 3 | 2)) {
                if (!read_sample(row.bytes(), series, out)) return false;
            } else if (field == (3 << 3 | 2)) other(out, EXEMPLAR, series, whole, row.bytes());
            else if (field == (4 << 3 | 2)) other(out, HISTOGRAM, series, whole, row.bytes());
            else row.skip(field & 7);
        }
        if (!row.ok) return false;
        append_labels(out, pairs);
    }
    return in.ok;
}

// io.prometheus.write.v2.Request. Symbols may follow the series on the wire, so they are gathered first.
inline bool decode_v2(string_view whole, Decoded& out) {
    std::vector<string_view> symbols, rows;
    Reader in(whole);
    while (in.more()) {
        const uint64_t tag = in.varint();
        if (tag == (4 << 3 | 2)) symbols.push_back(in.bytes());
        else if (tag == (5 << 3 | 2)) rows.push_back(in.bytes());
        else in.skip(tag & 7);
    }
    if (!in.ok) return false;
    for (const auto& symbol : symbols)
        out.symbols.emplace_back(symbol.data() - whole.data(), symbol.data() - whole.data() + symbol.size());
    Pairs pairs;
    std::vector<uint64_t> refs;
    for (const auto& bytes : rows) {
        Reader row(bytes);
        const auto series = int32_t(out.valid.size());
        const size_t first = out.times.size();
        refs.clear();
        int64_t created = 0;
        while (row.more()) {
            const uint64_t field = row.varint();
            if (field == (1 << 3 | 2)) {
                Reader packed(row.bytes());
                while (packed.more()) refs.push_back(packed.varint());
                if (!packed.ok) return false;
            } else if (field == (1 << 3 | 0)) refs.push_back(row.varint());
            else if (field == (2 << 3 | 2)) {
                if (!read_sample(row.bytes(), series, out)) return false;
            } else if (field == (3 << 3 | 2)) other(out, HISTOGRAM, series, whole, row.bytes());
            else if (field == (4 << 3 | 2)) other(out, EXEMPLAR, series, whole, row.bytes());
            else if (field == (5 << 3 | 2)) other(out, METADATA, series, whole, row.bytes());
            else if (field == (6 << 3 | 0)) created = int64_t(row.varint());
            else row.skip(field & 7);
        }
        if (!row.ok || refs.size() % 2) return false;
        pairs.clear();
        for (size_t i = 0; i < refs.size(); i += 2) {
            if (refs[i] >= symbols.size() || refs[i + 1] >= symbols.size()) return false;
            pairs.emplace_back(symbols[refs[i]], symbols[refs[i + 1]]);
        }
        if (created)
            for (size_t i = first; i < out.starts.size(); ++i)
                if (!out.starts[i]) {
                    out.starts[i] = created;
                    out.any_start = true;
                }
        append_labels(out, pairs);
    }
    return true;
}

inline void put_varint(std::string& out, uint64_t value) {
    while (value > 0x7F) {
        out.push_back(char(value & 0x7F | 0x80));
        value >>= 7;
    }
    out.push_back(char(value));
}

inline size_t varint_size(uint64_t value) {
    size_t size = 1;
    while (value > 0x7F) {
        value >>= 7;
        ++size;
    }
    return size;
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
