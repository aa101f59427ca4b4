// UTF-8 as Unicode defines it: no surrogates, nothing longer than needed, nothing above U+10FFFF.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace utf8 {

// The size in bytes of the character at p; 1 for bytes that are no UTF-8. `code` is U+FFFD then.
inline size_t next_rune(const char* p, const char* end, uint32_t& code) {
    const uint8_t c = uint8_t(*p);
    code = c;
    if (c < 0x80) return 1;
    code = 0xFFFD;
    size_t more;
    uint8_t lo = 0x80, hi = 0xBF;
    if (c >= 0xC2 && c <= 0xDF) {
        more = 1;
    } else if (c >= 0xE0 && c <= 0xEF) {
        more = 2;
        if (c == 0xE0) lo = 0xA0;
        if (c == 0xED) hi = 0x9F;
    } else if (c >= 0xF0 && c <= 0xF4) {
        more = 3;
        if (c == 0xF0) lo = 0x90;
        if (c == 0xF4) hi = 0x8F;
    } else {
        return 1;
    }
    if (size_t(end - p) <= more || uint8_t(p[1]) < lo || uint8_t(p[1]) > hi) return 1;
    uint32_t value = c & (0x3F >> more);
    for (size_t i = 1; i <= more; i++) {
        if ((uint8_t(p[i]) & 0xC0) != 0x80) return 1;
        value = value << 6 | (uint8_t(p[i]) & 0x3F);
    }
    code = value;
    return more + 1;
}

inline bool valid_utf8(std::string_view text) {
    const char *p = text.data(), *end = p + text.size();
    while (p < end) {
        if (end - p >= 8) {
            uint64_t word;
            std::memcpy(&word, p, 8);
            if (!(word & 0x8080808080808080ull)) {
                p += 8;
                continue;
            }
        }
        if (uint8_t(*p) < 0x80) {
            p++;
            continue;
        }
        uint32_t code;
        const size_t size = next_rune(p, end, code);
        if (size == 1) return false;
        p += size;
    }
    return true;
}

}  // namespace utf8
