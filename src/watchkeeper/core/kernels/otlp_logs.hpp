// OpenTelemetry's logs (`ExportLogsServiceRequest`), taken apart into places: what is to become of an attribute is
// decided once for each key, by the caller.
//
//     Request   1 repeated ResourceLogs {1 Resource {1 attributes}, 2 repeated ScopeLogs}
//     ScopeLogs 1 Scope {1 name, 2 version, 3 attributes, 4 dropped_attributes_count}, 2 repeated LogRecord
//     LogRecord 1 time (fixed64), 2 severity_number, 3 severity_text, 5 body, 6 attributes, 7 dropped_attributes_count,
//               8 flags (fixed32), 9 trace_id, 10 span_id, 11 observed_time (fixed64), 12 event_name
//     KeyValue  1 key, 2 AnyValue {1 string, 2 bool, 3 int, 4 double, 5 array, 6 kvlist, 7 bytes}
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "line_values.hpp"
#include "log_push.hpp"
#include "protobuf_reader.hpp"

namespace otlp_logs {

using log_push::Span;

enum Section : uint8_t { RESOURCE, SCOPE, RECORD, FIXED };  // FIXED: a field of its message, not an attribute


struct Decoded {
    line_fields::Values keys;  // distinct names of pairs
    std::string extra;         // texts that do not stand in the message; their places are behind the message's end
    // of each pair:
    std::vector<int32_t> key;
    std::vector<uint8_t> section, nested;  // nested: the place is that of an AnyValue that holds an array or a map
    std::vector<int64_t> value_at, value_end;
    // pairs of each resource, scope and record, and where scopes and records belong:
    std::vector<int64_t> resource_lo, resource_hi, scope_lo, scope_hi, record_lo, record_hi;
    std::vector<int64_t> scope_resource, record_scope;
    // of each record:
    std::vector<int64_t> times, line_at, line_end;  // time 0 where the record has none
    std::vector<uint8_t> line_nested;
    const char* error = nullptr;
};

class Decoder {
   public:
    Decoder(std::string_view message, Decoded& out) : base_(message.data()), size_(int64_t(message.size())), out_(out) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        std::string_view inner;
        while (reader.next(field, wire)) {
            if (field != 1) {
                reader.skip(wire);
            } else if (text(reader, wire, inner) && !resource_logs(inner)) {
                return;
            }
        }
        fail(reader.error);
    }

   private:
    bool fail(const char* error) {
        if (!out_.error) out_.error = error;
        return out_.error == nullptr;
    }

    static bool text(protobuf::Reader& reader, uint32_t wire, std::string_view& out) {
        return reader.need(wire, protobuf::BYTES) && reader.bytes(out);
    }

    static bool fixed(protobuf::Reader& reader, uint32_t wire, uint64_t& out) {
        const size_t n = wire == protobuf::FIXED64 ? 8 : 4;
        if (wire != protobuf::FIXED64 && wire != protobuf::FIXED32) return reader.fail("wrong wire type");
        if (size_t(reader.end - reader.p) < n) return reader.fail("truncated field");
        out = 0;
        std::memcpy(&out, reader.p, n);
        reader.p += n;
        return true;
    }

    static bool number(protobuf::Reader& reader, uint32_t wire, uint64_t& out) {
        return reader.need(wire, protobuf::VARINT) && reader.varint(out);
    }

    Span span(std::string_view view) const { return {view.data() - base_, view.data() + view.size() - base_}; }

    Span written(std::string_view text) {
        const int64_t at = size_ + int64_t(out_.extra.size());
        out_.extra.append(text);
        return {at, at + int64_t(text.size())};
    }

    template <typename Number>
    Span written_number(Number value) {
        char buffer[32];
        return written({buffer, size_t(std::to_chars(buffer, buffer + sizeof buffer, value).ptr - buffer)});
    }

    // As Go writes a float in JSON.
    Span written_double(double value) {
        if (std::isnan(value)) return written("NaN");
        if (std::isinf(value)) return written(value > 0 ? "+Inf" : "-Inf");
        char buffer[400];
        const double size = std::fabs(value);
        if (size != 0 && (size < 1e-6 || size >= 1e21)) {
            char* end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
            if (end - buffer > 4 && end[-4] == 'e' && end[-3] == '-' && end[-2] == '0') {
                end[-2] = end[-1];
                end--;
            }
            return written({buffer, size_t(end - buffer)});
        }
        char* end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed).ptr;
        return written({buffer, size_t(end - buffer)});
    }

    Span written_base64(std::string_view bytes) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        std::string text;
        for (size_t i = 0; i < bytes.size(); i += 3) {
            uint32_t three = 0;
            const size_t n = std::min<size_t>(3, bytes.size() - i);
            for (size_t k = 0; k < 3; k++) three = three << 8 | (k < n ? uint8_t(bytes[i + k]) : 0);
            for (size_t k = 0; k < 4; k++) text.push_back(k <= n ? digits[three >> (18 - 6 * k) & 63] : '=');
        }
        return written(text);
    }

    Span written_hex(std::string_view bytes) {
        std::string text;
        for (char c : bytes) {
            text.push_back("0123456789abcdef"[uint8_t(c) >> 4]);
            text.push_back("0123456789abcdef"[uint8_t(c) & 15]);
        }
        return written(text);
    }

    void put(std::string_view key, Section section, Span value, bool nested = false) {
        out_.key.push_back(out_.keys.code(key));
        out_.section.push_back(section);
        out_.nested.push_back(nested);
        out_.value_at.push_back(value.at);
        out_.value_end.push_back(value.end);
    }

    int64_t n_pairs() const { return int64_t(out_.key.size()); }

    // A value as text; an array or map is left as the place of its message.
    bool any_value(std::string_view message, Span& value, bool& nested) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        std::string_view inner;
        uint64_t bits;
        double real;
        value = {};
        nested = false;
        while (reader.next(field, wire)) {
            switch (field) {
                case 1:
                    if (text(reader, wire, inner)) value = span(inner);
                    nested = false;
                    break;
                case 2:
                    if (number(reader, wire, bits)) value = written(bits ? "true" : "false");
                    nested = false;
                    break;
                case 3:
                    if (number(reader, wire, bits)) value = written_number(int64_t(bits));
                    nested = false;
                    break;
                case 4:
                    if (reader.need(wire, protobuf::FIXED64) && reader.number(real)) value = written_double(real);
                    nested = false;
                    break;
                case 5:
                case 6:
                    if (text(reader, wire, inner)) value = span(message);
                    nested = true;
                    break;
                case 7:
                    if (text(reader, wire, inner)) value = written_base64(inner);
                    nested = false;
                    break;
                default: reader.skip(wire);
            }
        }
        return fail(reader.error);
    }

    bool attribute(std::string_view message, Section section) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        std::string_view inner, key;
        Span value;
        bool nested = false;
        while (reader.next(field, wire)) {
            if (field == 1) {
                text(reader, wire, key);
            } else if (field == 2) {
                if (text(reader, wire, inner) && !any_value(inner, value, nested)) return false;
            } else {
                reader.skip(wire);
            }
        }
        put(key, section, value, nested);
        return fail(reader.error);
    }

    bool resource_logs(std::string_view message) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        std::string_view inner;
        const size_t number = out_.resource_lo.size();
        out_.resource_lo.push_back(n_pairs());
        out_.resource_hi.push_back(n_pairs());
        while (reader.next(field, wire)) {
            if (field == 1) {
                if (!text(reader, wire, inner)) break;
                out_.resource_lo[number] = n_pairs();
                if (!attributes_of(inner, 1, RESOURCE)) return false;
                out_.resource_hi[number] = n_pairs();
            } else if (field == 2) {
                if (text(reader, wire, inner) && !scope_logs(inner, int64_t(number))) return false;
            } else {
                reader.skip(wire);
            }
        }
        return fail(reader.error);
    }

    bool attributes_of(std::string_view message, uint32_t wanted, Section section) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        std::string_view inner;
        while (reader.next(field, wire)) {
            if (field != wanted) {
                reader.skip(wire);
            } else if (text(reader, wire, inner) && !attribute(inner, section)) {
                return false;
            }
        }
        return fail(reader.error);
    }

    bool scope_logs(std::string_view message, int64_t resource) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        std::string_view inner;
        const size_t number = out_.scope_lo.size();
        out_.scope_resource.push_back(resource);
        out_.scope_lo.push_back(n_pairs());
        out_.scope_hi.push_back(n_pairs());
        while (reader.next(field, wire)) {
            if (field == 1) {
                if (!text(reader, wire, inner)) break;
                out_.scope_lo[number] = n_pairs();
                if (!scope(inner)) return false;
                out_.scope_hi[number] = n_pairs();
            } else if (field == 2) {
                if (text(reader, wire, inner) && !record(inner, int64_t(number))) return false;
            } else {
                reader.skip(wire);
            }
        }
        return fail(reader.error);
    }

    bool scope(std::string_view message) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        std::string_view inner, name, version;
        uint64_t dropped = 0;
        while (reader.next(field, wire)) {
            switch (field) {
                case 1: text(reader, wire, name); break;
                case 2: text(reader, wire, version); break;
                case 3:
                    if (text(reader, wire, inner) && !attribute(inner, SCOPE)) return false;
                    break;
                case 4: number(reader, wire, dropped); break;
                default: reader.skip(wire);
            }
        }
        if (!name.empty()) put("scope_name", FIXED, span(name));
        if (!version.empty()) put("scope_version", FIXED, span(version));
        if (uint32_t(dropped)) put("scope_dropped_attributes_count", FIXED, written_number(uint32_t(dropped)));
        return fail(reader.error);
    }

    bool record(std::string_view message, int64_t scope) {
        protobuf::Reader reader(message);
        uint32_t field, wire;
        std::string_view inner, severity_text, trace_id, span_id, event_name;
        uint64_t time = 0, observed = 0, severity = 0, dropped = 0, flags = 0;
        Span line;
        bool line_nested = false;
        out_.record_scope.push_back(scope);
        out_.record_lo.push_back(n_pairs());
        while (reader.next(field, wire)) {
            switch (field) {
                case 1: fixed(reader, wire, time); break;
                case 2: number(reader, wire, severity); break;
                case 3: text(reader, wire, severity_text); break;
                case 5:
                    if (text(reader, wire, inner) && !any_value(inner, line, line_nested)) return false;
                    break;
                case 6:
                    if (text(reader, wire, inner) && !attribute(inner, RECORD)) return false;
                    break;
                case 7: number(reader, wire, dropped); break;
                case 8: fixed(reader, wire, flags); break;
                case 9: text(reader, wire, trace_id); break;
                case 10: text(reader, wire, span_id); break;
                case 11: fixed(reader, wire, observed); break;
                case 12: text(reader, wire, event_name); break;
                default: reader.skip(wire);
            }
        }
        if (!trace_id.empty() && trace_id.size() != 16) return fail("invalid length for TraceID");
        if (!span_id.empty() && span_id.size() != 8) return fail("invalid length for SpanID");
        if (time && observed) put("observed_timestamp", FIXED, written_number(int64_t(observed)));
        if (int32_t(severity)) put("severity_number", FIXED, written_number(int32_t(severity)));
        if (!severity_text.empty()) put("severity_text", FIXED, span(severity_text));
        if (uint32_t(dropped)) put("dropped_attributes_count", FIXED, written_number(uint32_t(dropped)));
        if (uint32_t(flags)) put("flags", FIXED, written_number(uint32_t(flags)));
        if (any_bit(trace_id)) put("trace_id", FIXED, written_hex(trace_id));
        if (any_bit(span_id)) put("span_id", FIXED, written_hex(span_id));
        if (!event_name.empty()) put("event_name", FIXED, span(event_name));
        out_.record_hi.push_back(n_pairs());
        out_.times.push_back(int64_t(time ? time : observed));
        out_.line_at.push_back(line.at);
        out_.line_end.push_back(line.end);
        out_.line_nested.push_back(line_nested);
        return fail(reader.error);
    }

    static bool any_bit(std::string_view id) {
        for (char c : id)
            if (c) return true;
        return false;
    }

    const char* base_;
    int64_t size_;
    Decoded& out_;
};

inline void decode(std::string_view message, Decoded& out) { Decoder(message, out); }

}  // namespace otlp_logs
