// Names of labels from the keys that stand in lines: `[^a-zA-Z0-9_]` becomes `_`, and no name begins with a digit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace line_fields {

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

inline bool is_space(uint32_t c) {
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

inline std::string_view trim_space(std::string_view text) {
    const char *p = text.data(), *end = p + text.size();
    uint32_t code;
    while (p < end) {
        size_t n = next_rune(p, end, code);
        if (!is_space(code)) break;
        p += n;
    }
    while (p < end) {
        const char* last = end - 1;
        while (last > p && (uint8_t(*last) & 0xC0) == 0x80 && end - last < 4) last--;
        if (last + next_rune(last, end, code) != end) break;
        if (!is_space(code)) break;
        end = last;
    }
    return {p, size_t(end - p)};
}

inline bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Appends a key to a name. A character of several bytes becomes one `_`.
inline void append_clean(std::string& name, std::string_view key) {
    key = trim_space(key);
    if (key.empty()) return;
    if (name.empty() && key[0] >= '0' && key[0] <= '9') name.push_back('_');
    uint32_t code;
    for (const char *p = key.data(), *end = p + key.size(); p < end;) {
        size_t n = next_rune(p, end, code);
        name.push_back(n == 1 && is_name_char(*p) ? *p : '_');
        p += n;
    }
}

}  // namespace line_fields
