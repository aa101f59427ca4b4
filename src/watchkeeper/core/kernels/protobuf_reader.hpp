// The protobuf wire format, one message at a time, over bytes that may be hostile.
//
//     Reader r(message);
//     while (r.next(field, wire)) ...;   // each field must be read or skipped
//     if (r.error) ...;                  // after a failure there are no more fields
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace protobuf {

enum Wire : uint32_t { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

struct Reader {
    const uint8_t* p;
    const uint8_t* end;
    const char* error = nullptr;

    Reader(const void* data, size_t size) : p(static_cast<const uint8_t*>(data)), end(p + size) {}
    explicit Reader(std::string_view bytes) : Reader(bytes.data(), bytes.size()) {}

    bool fail(const char* why) {
        if (!error) error = why;
        p = end;
        return false;
    }

    bool varint(uint64_t& out) {
        out = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (p == end) return fail("truncated varint");
            uint64_t byte = *p++;
            out |= (byte & 0x7F) << shift;
            if (byte < 0x80) return true;
        }
        return fail("varint of more than 10 bytes");
    }

    bool number(double& out) {
        if (end - p < 8) return fail("truncated double");
        std::memcpy(&out, p, 8);
        p += 8;
        return true;
    }

    bool bytes(std::string_view& out) {
        uint64_t n;
        if (!varint(n)) return false;
        if (n > static_cast<uint64_t>(end - p)) return fail("truncated field");
        out = {reinterpret_cast<const char*>(p), static_cast<size_t>(n)};
        p += n;
        return true;
    }

    bool next(uint32_t& field, uint32_t& wire) {
        if (p == end) return false;
        uint64_t tag;
        if (!varint(tag)) return false;
        if (tag >> 32 || tag < 8) return fail("bad field number");
        field = static_cast<uint32_t>(tag >> 3);
        wire = static_cast<uint32_t>(tag & 7);
        return true;
    }

    bool skip(uint32_t wire) {
        uint64_t value;
        std::string_view view;
        switch (wire) {
            case 0:
                return varint(value);
            case 1:
            case 5: {
                std::ptrdiff_t n = wire == 1 ? 8 : 4;
                if (end - p < n) return fail("truncated field");
                p += n;
                return true;
            }
            case 2:
                return bytes(view);
            default:
                return fail("unknown wire type");
        }
    }

    bool need(uint32_t wire, uint32_t wanted) { return wire == wanted || fail("wrong wire type"); }
};

}  // namespace protobuf
