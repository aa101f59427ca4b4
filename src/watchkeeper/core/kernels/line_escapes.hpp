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

// The closing quote of a string whose text begins at p; null where there is none.
inline const char* string_end(const char* p, const char* end, bool& escaped) {
    escaped = false;
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const char* next = p;  // behind the last escape
    for (; end - p >= 16; p += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        unsigned mask =
            unsigned(_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, slash))));
        for (; mask; mask &= mask - 1) {
            const char* hit = p + __builtin_ctz(mask);
            if (hit < next) continue;
            if (*hit == '"') return hit;
            escaped = true;
            next = hit + 2;
        }
    }
    if (next > p) p = next;
#endif
    for (; p < end; p++) {
        if (*p == '"') return p;
        if (*p == '\\') {
            escaped = true;
            p++;
        }
    }
    return nullptr;
}

inline char* put_utf8(char* out, uint32_t c) {
    if (c < 0x80) {
        *out++ = char(c);
    } else if (c < 0x800) {
        *out++ = char(0xC0 | c >> 6);
        *out++ = char(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = char(0xE0 | c >> 12);
        *out++ = char(0x80 | (c >> 6 & 0x3F));
        *out++ = char(0x80 | (c & 0x3F));
    } else {
        *out++ = char(0xF0 | c >> 18);
        *out++ = char(0x80 | (c >> 12 & 0x3F));
        *out++ = char(0x80 | (c >> 6 & 0x3F));
        *out++ = char(0x80 | (c & 0x3F));
    }
    return out;
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
    LOGFMT,  // a lone surrogate is U+FFFD; `\'` is an escape; bytes below space are errors
};

// Writes what stands for the escape at p, behind its backslash; moves behind both. False where it is none.
inline bool put_escape(const char*& p, const char* end, Escapes kind, char*& out) {
    if (p == end) return false;
    switch (*p++) {
        case '"': *out++ = '"'; return true;
        case '\\': *out++ = '\\'; return true;
        case '/': *out++ = '/'; return true;
        case 'b': *out++ = '\b'; return true;
        case 'f': *out++ = '\f'; return true;
        case 'n': *out++ = '\n'; return true;
        case 'r': *out++ = '\r'; return true;
        case 't': *out++ = '\t'; return true;
        case '\'': *out++ = '\''; return kind == Escapes::LOGFMT;
        case 'u': break;
        default: return false;
    }
    uint32_t code, low;
    if (!hex4(p, end, code)) return false;
    p += 4;
    if (code >= 0xD800 && code < 0xE000) {
        if (code < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' && hex4(p + 2, end, low) && low >= 0xDC00 &&
            low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            p += 6;
        } else if (kind == Escapes::JSON) {
            return false;
        } else {
            code = 0xFFFD;
        }
    }
    out = put_utf8(out, code);
    return true;
}

// Appends `text` without its escapes to `to`; false where one of them is none.
inline bool append_unescaped(std::string_view text, Escapes kind, std::string& to) {
    const size_t before = to.size();
    to.resize(before + text.size());  // No escape is shorter than what it stands for.
    const char *p = text.data(), *end = p + text.size();
    char* out = to.data() + before;
    if (kind == Escapes::LOGFMT)
        for (const char* c = p; c < end; c++)
            if (uint8_t(*c) < ' ') return false;
    while (p < end) {
#if defined(__SSE2__)
        if (end - p >= 16) {
            const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
            const unsigned mask = unsigned(_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
            _mm_storeu_si128(reinterpret_cast<__m128i*>(out), block);
            if (!mask) {
                p += 16;
                out += 16;
                continue;
            }
            p += __builtin_ctz(mask);
            out += __builtin_ctz(mask);
        }
#endif
        if (*p != '\\') {
            *out++ = *p++;
        } else if (!put_escape(++p, end, kind, out)) {
            return false;
        }
    }
    to.resize(size_t(out - to.data()));
    return true;
}

// The same, to a text of its own.
inline bool unescape(std::string_view text, Escapes kind, std::string& out) {
    out.clear();
    return append_unescaped(text, kind, out);
}

}  // namespace line_fields
