// IP addresses in log lines, found the way Loki finds them: a run of an address's characters must be one as a whole, so
// `10.0.0.1.` at the end of a sentence is none.
#pragma once

#include <arpa/inet.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace line_fields {

// Addresses from `low` to `high`, both of one family: 4 or 16 bytes in network order.
struct AddressRange {
    uint8_t low[16], high[16];
    size_t size;

    bool has(const uint8_t* address) const {
        return std::memcmp(low, address, size) <= 0 && std::memcmp(address, high, size) <= 0;
    }
};

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Whether a run of characters is an address in the range.
inline bool is_address(std::string_view run, bool of_v4, const AddressRange& range) {
    char text[INET6_ADDRSTRLEN];
    uint8_t address[16];
    const size_t size = of_v4 || run.find(':') == run.npos ? 4 : 16;
    if (run.size() >= sizeof text || size != range.size) return false;
    std::memcpy(text, run.data(), run.size());
    text[run.size()] = 0;
    return inet_pton(size == 4 ? AF_INET : AF_INET6, text, address) == 1 && range.has(address);
}

inline bool may_be_v4(const char* p, const char* end) {
    return end - p > 3 && is_digit(p[0]) && (p[1] == '.' || p[2] == '.' || p[3] == '.');
}

inline bool may_be_v6(const char* p, const char* end) {
    if (end - p <= 4) return false;
    if (p[0] == ':') return p[1] == ':' && is_hex(p[2]);
    for (int i = 0; i < 5; i++) {
        if (p[i] == ':') return i > 0;
        if (!is_hex(p[i])) return false;
    }
    return false;
}

// Whether a line holds an address of the range.
inline bool has_address(std::string_view line, const AddressRange& range) {
    const char *p = line.data(), *end = p + line.size();
    for (; p < end; p++) {
        const bool v4 = may_be_v4(p, end);
        if (!v4 && !may_be_v6(p, end)) continue;
        const char* start = p;
        while (p < end && (v4 ? is_digit(*p) || *p == '.' : is_hex(*p) || *p == ':' || *p == '.')) p++;
        if (is_address({start, size_t(p - start)}, v4, range)) return true;
    }
    return false;
}

}  // namespace line_fields
