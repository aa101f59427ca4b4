// Names of labels from the keys that stand in lines: `[^a-zA-Z0-9_]` becomes `_`, and no name begins with a digit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "utf8.hpp"

namespace line_fields {

using utf8::next_rune;

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
