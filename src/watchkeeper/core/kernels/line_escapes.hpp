// Escapes in quoted strings, undone.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace line_fields {

// The first quote or backslash; `end` where there is none.
inline const char* find_quote(const char* p, const char* end) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    for (; end - p >= 16; p += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const unsigned mask =
            unsigned(_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, slash))));
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    while (p < end && *p != '"' && *p != '\\') p++;
    return p;
}

// The closing quote of a string whose text begins at p; null where there is none.
inline const char* string_end(const char* p, const char* end, bool& escaped) {
    escaped = false;
    while ((p = find_quote(p, end)) < end) {
        if (*p == '"') return p;
        escaped = true;
        if ((p += 2) > end) return nullptr;
    }
    return nullptr;
}

inline void put_utf8(std::string& out, uint32_t c) {
    if (c < 0x80) {
        out.push_back(char(c));
    } else if (c < 0x800) {
        out.push_back(char(0xC0 | c >> 6));
        out.push_back(char(0x80 | (c & 0x3F)));
    } else if (c < 0x10000) {
        out.push_back(char(0xE0 | c >> 12));
        out.push_back(char(0x80 | (c >> 6 & 0x3F)));
        out.push_back(char(0x80 | (c & 0x3F)));
    } else {
        out.push_back(char(0xF0 | c >> 18));
        out.push_back(char(0x80 | (c >> 12 & 0x3F)));
        out.push_back(char(0x80 | (c >> 6 & 0x3F)));
        out.push_back(char(0x80 | (c & 0x3F)));
    }
}

// Four hexadecimal digits; false where there are none.
inline bool hex4(const char* p, const char* end, uint32_t& code) {
    if (end - p < 4) return false;
    code = 0;
    for (int i = 0; i < 4; i++) {
        const char c = p[i];
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return false;
        code = code << 4 | uint32_t(digit);
    }
    return true;
}

// What differs between the two that write escapes.
enum class Escapes {
    JSON,    // a lone surrogate is an error
    LOGFMT,  // a lone surrogate is U+FFFD; `\'` is an escape; bytes below space and bare quotes are errors
};

// Undoes the escapes of `text` into `out`; false where one of them is none.
inline bool unescape(std::string_view text, Escapes kind, std::string& out) {
    out.clear();
    const char *p = text.data(), *end = p + text.size();
    while (p < end) {
        const char* slash = static_cast<const char*>(std::memchr(p, '\\', size_t(end - p)));
        const char* stop = slash ? slash : end;
        if (kind == Escapes::LOGFMT)
            for (const char* c = p; c < stop; c++)
                if (uint8_t(*c) < ' ' || *c == '"') return false;
        out.append(p, size_t(stop - p));
        if (!slash) return true;
        p = slash + 1;
        if (p == end) return false;
        switch (*p++) {
            case '"': out.push_back('"'); break;
            case '\\': out.push_back('\\'); break;
            case '/': out.push_back('/'); break;
            case 'b': out.push_back('\b'); break;
            case 'f': out.push_back('\f'); break;
            case 'n': out.push_back('\n'); break;
            case 'r': out.push_back('\r'); break;
            case 't': out.push_back('\t'); break;
            case '\'':
                if (kind == Escapes::JSON) return false;
                out.push_back('\'');
                break;
            case 'u': {
                uint32_t code, low;
                if (!hex4(p, end, code)) return false;
                p += 4;
                if (code >= 0xD800 && code < 0xE000) {
                    if (code < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' && hex4(p + 2, end, low) &&
                        low >= 0xDC00 && low < 0xE000) {
                        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                        p += 6;
                    } else if (kind == Escapes::JSON) {
                        return false;
                    } else {
                        code = 0xFFFD;
                    }
                }
                put_utf8(out, code);
                break;
            }
            default: return false;
        }
    }
    return true;
}

}  // namespace line_fields
