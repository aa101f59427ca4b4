// Pushes of log entries, as Loki's protobuf has them: a message to places in its own bytes, and arrays to a message.
//
//     PushRequest  1 repeated Stream
//     Stream       1 labels (string)   2 repeated Entry   3 hash
//     Entry        1 Timestamp {1 seconds, 2 nanos}   2 line   3 repeated Pair {1 name, 2 value}
//
// A field that stands twice counts by its last value, as protobuf has it. Lines are never copied on the way in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protobuf_reader.hpp"
#include "varint.hpp"

namespace log_push {

constexpr int64_t SECOND_NS = 1000000000;
constexpr int64_t MIN_SECONDS = -62135596800;  // 0001-01-01, protobuf's first time
constexpr int64_t MAX_SECONDS = 253402300800;  // 10000-01-01, behind its last

struct Span {
    int64_t at = 0;
    int64_t end = 0;
};

struct Decoded {
    std::vector<Span> labels;       // of each stream
    std::vector<int64_t> entry_lo;  // n_streams + 1
    std::vector<int64_t> times;     // of each entry, as all below
    std::vector<int64_t> line_at, line_end;
    std::vector<int64_t> pair_lo;  // n + 1
    std::vector<int64_t> name_at, name_end, value_at, value_end;
    const char* error = nullptr;
};

// Nanoseconds since the epoch; a time that int64 can't hold becomes the nearest that it can.
inline int64_t nanoseconds(int64_t seconds, int64_t nanos) {
    constexpr int64_t last = std::numeric_limits<int64_t>::max() / SECOND_NS;
    if (seconds >= last) return std::numeric_limits<int64_t>::max();
    if (seconds <= -last) return std::numeric_limits<int64_t>::min();
    return seconds * SECOND_NS + nanos;
}

class Decoder {
   public:
    Decoder(std::string_view message, Decoded& out) : base_(message.data()), out_(out) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        std::string_view inner;
        out_.entry_lo.push_back(0);
        out_.pair_lo.push_back(0);
        while (reader.next(field, wire)) {
            if (field != 1) {
                reader.skip(wire);
            } else if (reader.need(wire, protobuf::BYTES) && reader.bytes(inner) && !stream(inner)) {
                return;
            }
        }
        out_.error = reader.error;
    }

   private:
    bool fail(const char* error) {
        out_.error = error;
        return error == nullptr;
    }

    Span span(std::string_view view) const { return {view.data() - base_, view.data() + view.size() - base_}; }

    bool stream(std::string_view message) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        std::string_view inner;
        Span labels;
        while (reader.next(field, wire)) {
            if (field == 2) {
                if (reader.need(wire, protobuf::BYTES) && reader.bytes(inner) && !entry(inner)) return false;
            } else if (field == 1) {
                if (reader.need(wire, protobuf::BYTES) && reader.bytes(inner)) labels = span(inner);
            } else {
                reader.skip(wire);
            }
        }
        out_.labels.push_back(labels);
        out_.entry_lo.push_back(int64_t(out_.times.size()));
        return fail(reader.error);
    }

    bool entry(std::string_view message) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        std::string_view inner;
        Span line;
        int64_t time = 0;
        while (reader.next(field, wire)) {
            if (field == 2) {
                if (reader.need(wire, protobuf::BYTES) && reader.bytes(inner)) line = span(inner);
            } else if (field == 1) {
                if (reader.need(wire, protobuf::BYTES) && reader.bytes(inner) && !timestamp(inner, time)) return false;
            } else if (field == 3) {
                if (reader.need(wire, protobuf::BYTES) && reader.bytes(inner) && !pair(inner)) return false;
            } else {
                reader.skip(wire);
            }
        }
        out_.times.push_back(time);
        out_.line_at.push_back(line.at);
        out_.line_end.push_back(line.end);
        out_.pair_lo.push_back(int64_t(out_.name_at.size()));
        return fail(reader.error);
    }

    bool timestamp(std::string_view message, int64_t& time) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        uint64_t seconds = 0, nanos = 0;
        while (reader.next(field, wire)) {
            if (field == 1) {
                if (reader.need(wire, protobuf::VARINT)) reader.varint(seconds);
            } else if (field == 2) {
                if (reader.need(wire, protobuf::VARINT)) reader.varint(nanos);
            } else {
                reader.skip(wire);
            }
        }
        const int64_t s = int64_t(seconds), ns = int32_t(uint32_t(nanos));
        if (s < MIN_SECONDS || s >= MAX_SECONDS) return fail("timestamp: seconds out of range");
        if (ns < 0 || ns >= SECOND_NS) return fail("timestamp: nanos not in range [0, 1e9)");
        time = nanoseconds(s, ns);
        return fail(reader.error);
    }

    bool pair(std::string_view message) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        std::string_view inner;
        Span name, value;
        while (reader.next(field, wire)) {
            if (field == 1) {
                if (reader.need(wire, protobuf::BYTES) && reader.bytes(inner)) name = span(inner);
            } else if (field == 2) {
                if (reader.need(wire, protobuf::BYTES) && reader.bytes(inner)) value = span(inner);
            } else {
                reader.skip(wire);
            }
        }
        out_.name_at.push_back(name.at);
        out_.name_end.push_back(name.end);
        out_.value_at.push_back(value.at);
        out_.value_end.push_back(value.end);
        return fail(reader.error);
    }

    const char* base_;
    Decoded& out_;
};

inline void decode(std::string_view message, Decoded& out) { Decoder(message, out); }

// --- encoding --------------------------------------------------------------------------------------------------------

struct Pairs {
    const int64_t *lo = nullptr, *name_at = nullptr, *name_end = nullptr, *value_at = nullptr, *value_end = nullptr;
};

struct Entries {
    const char* data;
    const int64_t *times, *line_at, *line_end;
    Pairs pairs;  // `lo` is null where no entry has any
};

inline size_t bytes_size(size_t n) { return 1 + varint::varint_size(n) + n; }

// Writes into room that was made before; every size is known by then.
struct Writer {
    char* p;

    void varint(uint64_t value) {
        for (; value >= 0x80; value >>= 7) *p++ = char(value | 0x80);
        *p++ = char(value);
    }

    void head(char tag, size_t n) {
        *p++ = tag;
        varint(n);
    }

    void bytes(char tag, const char* at, size_t n) {
        head(tag, n);
        std::memcpy(p, at, n);
        p += n;
    }
};

inline std::pair<int64_t, int64_t> whole_seconds(int64_t time) {
    int64_t seconds = time / SECOND_NS, nanos = time % SECOND_NS;
    return nanos < 0 ? std::pair<int64_t, int64_t>(seconds - 1, nanos + SECOND_NS)
                     : std::pair<int64_t, int64_t>(seconds, nanos);
}

inline size_t timestamp_size(int64_t time) {
    auto [seconds, nanos] = whole_seconds(time);
    return (seconds ? 1 + varint::varint_size(uint64_t(seconds)) : 0) +
           (nanos ? 1 + varint::varint_size(uint64_t(nanos)) : 0);
}

inline size_t pair_size(const Pairs& pairs, int64_t p) {
    return bytes_size(size_t(pairs.name_end[p] - pairs.name_at[p])) +
           bytes_size(size_t(pairs.value_end[p] - pairs.value_at[p]));
}

inline size_t entry_size(const Entries& entries, int64_t i) {
    size_t n = bytes_size(timestamp_size(entries.times[i])) +
               bytes_size(size_t(entries.line_end[i] - entries.line_at[i]));
    if (entries.pairs.lo)
        for (int64_t p = entries.pairs.lo[i]; p < entries.pairs.lo[i + 1]; p++)
            n += bytes_size(pair_size(entries.pairs, p));
    return n;
}

inline void put_entry(Writer& out, const Entries& entries, int64_t i) {
    out.head(0x0A, timestamp_size(entries.times[i]));
    auto [seconds, nanos] = whole_seconds(entries.times[i]);
    if (seconds) out.head(0x08, uint64_t(seconds));
    if (nanos) out.head(0x10, uint64_t(nanos));
    out.bytes(0x12, entries.data + entries.line_at[i], size_t(entries.line_end[i] - entries.line_at[i]));
    const Pairs& pairs = entries.pairs;
    if (!pairs.lo) return;
    for (int64_t p = pairs.lo[i]; p < pairs.lo[i + 1]; p++) {
        out.head(0x1A, pair_size(pairs, p));
        out.bytes(0x0A, entries.data + pairs.name_at[p], size_t(pairs.name_end[p] - pairs.name_at[p]));
        out.bytes(0x12, entries.data + pairs.value_at[p], size_t(pairs.value_end[p] - pairs.value_at[p]));
    }
}

inline void put_stream(std::string& out, std::string_view labels, const Entries& entries, int64_t lo, int64_t hi) {
    size_t size = bytes_size(labels.size());
    std::vector<size_t> sizes(size_t(hi - lo));
    for (int64_t i = lo; i < hi; i++) size += bytes_size(sizes[size_t(i - lo)] = entry_size(entries, i));
    const size_t before = out.size(), after = before + bytes_size(size);
    if (after > out.capacity()) out.reserve(std::max(after, 2 * out.capacity()));
    out.resize(after);
    Writer writer{out.data() + before};
    writer.head(0x0A, size);
    writer.bytes(0x0A, labels.data(), labels.size());
    for (int64_t i = lo; i < hi; i++) {
        writer.head(0x12, sizes[size_t(i - lo)]);
        put_entry(writer, entries, i);
    }
}

}  // namespace log_push
