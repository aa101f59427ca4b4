// Text expositions: one line after the other, each compared with the same line of the target's last body.
//
// A `Layout` knows the last body, where its lines are and which series each belongs to. While the new body goes on as
// the old one did, equal stretches are found 16 bytes at a time and only changed values are parsed. A line that differs
// is parsed in full and its series looked up by its text; scanning goes on after that series' old line. Nothing of
// the layout changes before the whole body is accepted.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "float_bits.hpp"
#include "utf8.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace exposition {

using float_bits::NORMAL_NAN_BITS;
using float_bits::from_bits;
using utf8::valid_utf8;

constexpr int64_t NO_TIME = std::numeric_limits<int64_t>::min();
constexpr size_t MAX_BODY = 0x3FFFFFFF;  // Offsets are 32 bits, and two of them are flags.

enum Type : int { UNKNOWN, COUNTER, GAUGE, HISTOGRAM, GAUGEHISTOGRAM, SUMMARY, INFO, STATESET };

// What a line is when it is not a sample: kept, negative, where a sample has its series number.
enum Kind : int32_t { BLANK = -1, COMMENT = -2, HELP = -3, UNIT = -4, END = -5, TYPE = -16 /* and below: - Type */ };

struct Line {
    uint32_t offset;
    uint32_t length;  // With its line feed, where it has one.
    uint32_t value;   // Where the value begins, from `offset`; with flags.
    int32_t series;   // Or a Kind.
    double number;    // The sample's value.
};

// Flags in `Line::value`.
constexpr uint32_t UNPREDICTABLE = 0x80000000u;  // Has more than a value (a time, an exemplar), or no line feed.
constexpr uint32_t ADJOINS = 0x40000000u;  // The value follows a bare name at once: more of it could be name next time.
constexpr uint32_t OFFSET = 0x3FFFFFFFu;

struct Error {
    std::string message;
    size_t offset = 0;
};

// --- numbers -------------------------------------------------------------------------------------------------------

inline const double* powers_of_ten() {
    static const double table[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    return table;
}

inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

inline bool equals_lower(std::string_view text, const char* lower) {
    size_t n = std::strlen(lower);
    if (text.size() != n) return false;
    for (size_t i = 0; i < n; i++)
        if ((text[i] | 0x20) != lower[i]) return false;
    return true;
}

enum class Number { OK, SYNTAX, RANGE, UNSUPPORTED };

// The whole of `text` as Go's ParseFloat reads it, without hexadecimal digits and underscores (Prometheus refuses both).
inline Number parse_number_slow(std::string_view text, double& out) {
    for (char c : text)
        if (c == 'p' || c == 'P' || c == '_') return Number::UNSUPPORTED;
    std::string_view rest = text;
    bool negative = false, has_sign = false;
    if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
        negative = rest[0] == '-';
        has_sign = true;
        rest.remove_prefix(1);
    }
    if (rest.empty()) return Number::SYNTAX;
    if (equals_lower(rest, "inf") || equals_lower(rest, "infinity")) {
        out = negative ? -HUGE_VAL : HUGE_VAL;
        return Number::OK;
    }
    if (!has_sign && equals_lower(rest, "nan")) {
        out = from_bits(NORMAL_NAN_BITS);
        return Number::OK;
    }
    // The syntax is checked here, because from_chars stops where it no longer understands.
    size_t i = 0, digits = 0;
    int64_t magnitude = 0;  // Of the first digit that is not 0, as a power of ten.
    bool seen_point = false, seen_nonzero = false;
    for (; i < rest.size(); i++) {
        char c = rest[i];
        if (c == '.') {
            if (seen_point) return Number::SYNTAX;
            seen_point = true;
        } else if (is_digit(c)) {
            digits++;
            if (c != '0') seen_nonzero = true;
            if (!seen_point && seen_nonzero) magnitude++;
            if (seen_point && !seen_nonzero) magnitude--;
        } else {
            break;
        }
    }
    if (!digits) return Number::SYNTAX;
    if (i < rest.size()) {
        if ((rest[i] | 0x20) != 'e') return Number::SYNTAX;
        i++;
        bool exponent_negative = false;
        if (i < rest.size() && (rest[i] == '+' || rest[i] == '-')) exponent_negative = rest[i++] == '-';
        if (i == rest.size()) return Number::SYNTAX;
        int64_t exponent = 0;
        for (; i < rest.size(); i++) {
            if (!is_digit(rest[i])) return Number::SYNTAX;
            if (exponent < 1000000000000) exponent = exponent * 10 + (rest[i] - '0');
        }
        magnitude += exponent_negative ? -exponent : exponent;
    }
    double value = 0;
    auto result = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (result.ec == std::errc::result_out_of_range || (result.ec == std::errc() && std::isinf(value))) {
        if (seen_nonzero && magnitude > 0) return Number::RANGE;
        value = 0;
    } else if (result.ec != std::errc()) {
        return Number::SYNTAX;
    }
    out = negative ? -value : value;
    return Number::OK;
}

// A short decimal at `p`, exactly; null where it is not one. Returns where it ends.
inline const char* parse_short_decimal(const char* p, const char* end, double& out) {
    bool negative = false;
    if (p < end && *p == '-') {
        negative = true;
        p++;
    }
    const char* first = p;
    uint64_t mantissa = 0;
    while (p < end && is_digit(*p)) mantissa = mantissa * 10 + static_cast<uint64_t>(*p++ - '0');
    std::ptrdiff_t digits = p - first;
    int scale = 0;
    if (p < end && *p == '.') {
        const char* point = ++p;
        while (p < end && is_digit(*p)) mantissa = mantissa * 10 + static_cast<uint64_t>(*p++ - '0');
        scale = static_cast<int>(p - point);
        digits += scale;
    }
    if (digits == 0 || digits > 19) return nullptr;
    if (p < end && (*p | 0x20) == 'e') {
        const char* q = p + 1;
        bool exponent_negative = false;
        if (q < end && (*q == '+' || *q == '-')) exponent_negative = *q++ == '-';
        const char* exponent_first = q;
        int exponent = 0;
        while (q < end && is_digit(*q) && q - exponent_first < 4) exponent = exponent * 10 + (*q++ - '0');
        if (q == exponent_first) return nullptr;
        scale -= exponent_negative ? -exponent : exponent;
        p = q;
    }
    // Both factors are exact, so the one rounding gives the nearest double (Clinger's fast path).
    if (mantissa > (1ull << 53) || scale > 22 || scale < -22) return nullptr;
    double value = static_cast<double>(mantissa);
    if (scale > 0)
        value /= powers_of_ten()[scale];
    else if (scale < 0)
        value *= powers_of_ten()[-scale];
    out = negative ? -value : value;
    return p;
}

// Go's strconv 'g' with the shortest digits, and ".0" where neither a point nor an exponent is in it.
inline std::string format_open_metrics(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    if (value == 0) return "0.0";
    char buffer[40];
    auto result = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
    std::string text(buffer, result.ptr);
    size_t e = text.find('e');
    int exponent = std::atoi(text.c_str() + e + 1);
    std::string digits;
    for (size_t i = 0; i < e; i++)
        if (is_digit(text[i])) digits.push_back(text[i]);
    if (exponent < -4 || exponent >= 6) return text;
    std::string out = value < 0 ? "-" : "";
    if (exponent < 0) {
        out += "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
    } else if (digits.size() <= static_cast<size_t>(exponent) + 1) {
        out += digits + std::string(static_cast<size_t>(exponent) + 1 - digits.size(), '0') + ".0";
    } else {
        out += digits.substr(0, static_cast<size_t>(exponent) + 1) + "." + digits.substr(static_cast<size_t>(exponent) + 1);
    }
    return out;
}

// --- text ----------------------------------------------------------------------------------------------------------

inline uint64_t mix(uint64_t a, uint64_t b) {
    unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Seeded, so that a target can't choose texts that collide.
inline uint64_t hash_text(std::string_view text, uint64_t seed) {
    const char* p = text.data();
    size_t n = text.size();
    uint64_t state = seed ^ (n * 0x9E3779B97F4A7C15ull);
    uint64_t a = 0, b = 0;
    while (n >= 16) {
        std::memcpy(&a, p, 8);
        std::memcpy(&b, p + 8, 8);
        state = mix(a ^ state ^ 0xA0761D6478BD642Full, b ^ seed ^ 0xE7037ED1A0B428DBull);
        p += 16;
        n -= 16;
    }
    a = b = 0;
    if (n) std::memcpy(&a, p, n < 8 ? n : 8);
    if (n > 8) std::memcpy(&b, p + 8, n - 8);
    state = mix(a ^ state ^ 0x8EBC6AF09C88C6E3ull, b ^ seed ^ 0x589965CC75374CC3ull);
    return mix(state, seed ^ 0x1D8E4E27C47D124Full);
}

// How many bytes are equal from the start, at most n.
inline size_t equal_bytes(const char* a, const char* b, size_t n) {
    size_t i = 0;
#if defined(__SSE2__)
    for (; i + 16 <= n; i += 16) {
        __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i));
        __m128i y = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i));
        unsigned different = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(x, y))) ^ 0xFFFFu;
        if (different) return i + static_cast<size_t>(__builtin_ctz(different));
    }
#endif
    for (; i + 8 <= n; i += 8)
        if (std::memcmp(a + i, b + i, 8) != 0) break;
    for (; i < n && a[i] == b[i]; i++) {
    }
    return i;
}

// Where the string that begins behind a quote ends: at its closing quote, or at `end` where there is none (or, with
// `one_line`, at a line feed; or behind a backslash, which can't escape a line feed).
inline const char* closing_quote(const char* p, const char* end, bool one_line, bool& has_high) {
    has_high = false;
    for (;;) {
#if defined(__SSE2__)
        while (end - p >= 16) {
            __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
            __m128i special = _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('"')),
                                           _mm_or_si128(_mm_cmpeq_epi8(x, _mm_set1_epi8('\\')),
                                                        _mm_cmpeq_epi8(x, _mm_set1_epi8('\n'))));
            unsigned high = static_cast<unsigned>(_mm_movemask_epi8(x));
            unsigned stop = static_cast<unsigned>(_mm_movemask_epi8(special));
            if (stop) {
                unsigned at = static_cast<unsigned>(__builtin_ctz(stop));
                if (high & ((1u << at) - 1)) has_high = true;
                p += at;
                break;
            }
            if (high) has_high = true;
            p += 16;
        }
#endif
        while (p < end && *p != '"' && *p != '\\' && *p != '\n') {
            if (static_cast<unsigned char>(*p) & 0x80) has_high = true;
            p++;
        }
        if (p >= end) return end;
        if (*p == '"') return p;
        if (*p == '\n') {
            if (one_line) return end;
            p++;
            continue;
        }
        if (end - p < 2 || p[1] == '\n') return end;
        if (static_cast<unsigned char>(p[1]) & 0x80) has_high = true;
        p += 2;
    }
}

inline bool is_name_start(char c, bool colon) {
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (colon && c == ':');
}

struct NameTable {
    bool in[256] = {};
    explicit NameTable(bool colon) {
        for (int c = 0; c < 256; c++)
            in[c] = is_name_start(static_cast<char>(c), colon) || (c >= '0' && c <= '9');
        for (int c = 128; c < 256; c++) in[c] = false;
    }
};
inline const NameTable& name_table(bool colon) {
    static const NameTable with_colon(true), without(false);
    return colon ? with_colon : without;
}

// A label (or the metric's name, where `value` is null): texts without their quotes, escapes still in them.
struct Pair {
    std::string_view name;
    std::string_view value;
};

struct Series {
    std::string_view text;    // name{labels}, as it stands.
    std::string_view metric;  // Without quotes.
    std::vector<Pair> pairs;
    const char* value = nullptr;  // Where to go on.
};

inline std::string shown(std::string_view text) {
    // Long input is cut, so that an error doesn't hold the body.
    constexpr size_t LIMIT = 200;
    std::string out = "\"";
    for (size_t i = 0; i < text.size() && i < LIMIT; i++) {
        unsigned char c = static_cast<unsigned char>(text[i]);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += static_cast<char>(c);
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c < 0x20 || c >= 0x7F) {
            const char* hex = "0123456789abcdef";
            out += "\\x";
            out += hex[c >> 4];
            out += hex[c & 15];
        } else {
            out += static_cast<char>(c);
        }
    }
    if (text.size() > LIMIT) out += "…";
    return out + "\"";
}

// With the three escapes that the formats know; any other backslash stands for itself, as upstream takes it.
inline std::string unescape(std::string_view text, bool quotes) {
    std::string out;
    out.reserve(text.size());
    for (size_t i = 0; i < text.size(); i++) {
        char c = text[i];
        if (c == '\\' && i + 1 < text.size()) {
            char next = text[i + 1];
            if (next == '\\' || next == 'n' || (next == '"' && quotes)) {
                c = next == 'n' ? '\n' : next;
                i++;
            }
        }
        out.push_back(c);
    }
    return out;
}

// The grammar of both text formats over one body. Methods that return false have set `error`.
class Grammar {
  public:
    Grammar(const char* body, size_t size, bool open_metrics)
        : begin(body), end(body + size), strict(open_metrics) {}

    const char* const begin;
    const char* const end;
    const bool strict;
    Error error;

    bool fail(const char* line, const char* at, const char* expected) {
        std::string token = at >= end ? "\"\" (\"EOF\")"
                            : *at == '\n' ? "\"\\n\" (\"LINEBREAK\")"
                                          : shown(std::string_view(at, 1)) + " (\"INVALID\")";
        size_t to = static_cast<size_t>(std::min(end, at + 1) - line);
        return refuse(at, std::string(expected) + ", got " + token + " while parsing: " + shown({line, to}));
    }

    bool refuse(const char* at, std::string message) {
        error.message = std::move(message);
        error.offset = static_cast<size_t>(std::min(at, end) - begin);
        return false;
    }

    const char* skip_blanks(const char* p) const {
        if (strict) return p;
        while (p < end && (*p == ' ' || *p == '\t')) p++;
        return p;
    }

    // The labels behind an opening brace. In an exemplar a name alone is not a metric's name.
    bool parse_labels(const char* line, const char*& p, Series* series, std::vector<Pair>& pairs, bool is_exemplar) {
        const NameTable& names = name_table(false);
        for (;;) {
            p = skip_blanks(p);
            if (p < end && *p == '}') {
                p++;
                return true;
            }
            std::string_view name;
            bool quoted = false;
            if (p < end && *p == '"') {
                bool has_high;
                const char* close = closing_quote(p + 1, end, is_exemplar, has_high);
                if (close == end) return refuse(p, "unterminated quoted name while parsing: " + rest_of_line(line));
                name = {p + 1, static_cast<size_t>(close - p - 1)};
                if (has_high && !valid_utf8(name)) return refuse(p, "invalid UTF-8 name: " + shown(name));
                quoted = true;
                p = close + 1;
            } else if (p < end && is_name_start(*p, false)) {
                const char* first = p;
                while (p < end && names.in[static_cast<unsigned char>(*p)]) p++;
                name = {first, static_cast<size_t>(p - first)};
            } else {
                return fail(line, p, "expected label name");
            }
            const char* after_name = p;
            p = skip_blanks(p);
            if (quoted && !is_exemplar && p < end && (*p == ',' || *p == '}')) {
                if (series->metric.data())
                    return refuse(p, "metric name already set while parsing: " + shown({line, size_t(p + 1 - line)}));
                if (name.empty()) return refuse(p, "metric name not set while parsing: " + rest_of_line(line));
                series->metric = name;
                if (*p++ == '}') return true;
                continue;
            }
            if (p >= end || *p != '=') return fail(line, p, "expected equal");
            if (name.empty()) return refuse(after_name, "empty label name while parsing: " + rest_of_line(line));
            p = skip_blanks(p + 1);
            if (p >= end || *p != '"') return fail(line, p, "expected label value");
            bool has_high;
            const char* close = closing_quote(p + 1, end, strict, has_high);
            if (close == end) return refuse(p, "unterminated label value while parsing: " + rest_of_line(line));
            std::string_view value{p + 1, static_cast<size_t>(close - p - 1)};
            if (has_high && !valid_utf8(value))
                return refuse(p, "invalid UTF-8 label value: " + shown({p, size_t(close + 1 - p)}));
            pairs.push_back({name, value});
            p = skip_blanks(close + 1);
            if (p < end && *p == ',')
                p++;
            else if (strict && (p >= end || *p != '}'))
                return fail(line, p, "expected comma or brace close");
        }
    }

    bool check_unique(const char* line, const std::vector<Pair>& pairs, bool is_exemplar) {
        auto twice = [&](std::string_view name) {
            return refuse(line, "label name " + shown(name) + " is not unique while parsing: " + rest_of_line(line));
        };
        if (!is_exemplar)
            for (const Pair& pair : pairs)
                if (pair.name == "__name__")
                    return twice(pair.name);
        if (pairs.size() <= 16) {
            for (size_t i = 1; i < pairs.size(); i++)
                for (size_t j = 0; j < i; j++)
                    if (pairs[i].name == pairs[j].name) return twice(pairs[i].name);
        } else {
            std::unordered_set<std::string_view> seen;
            for (const Pair& pair : pairs)
                if (!seen.insert(pair.name).second) return twice(pair.name);
        }
        return true;
    }

    // What stands before a sample's value. `p` is at the first byte that is not blank.
    bool parse_series(const char* line, const char* p, Series& series) {
        series.pairs.clear();
        series.metric = {};
        const char* first = p;
        if (is_name_start(*p, true)) {
            const NameTable& names = name_table(true);
            while (p < end && names.in[static_cast<unsigned char>(*p)]) p++;
            series.metric = {first, static_cast<size_t>(p - first)};
        } else if (*p != '{') {
            return fail(line, p, "expected a valid start token");
        }
        const char* close = p;
        p = skip_blanks(p);
        if (p < end && *p == '{') {
            p++;
            if (!parse_labels(line, p, &series, series.pairs, false)) return false;
            close = p;
            if (!series.metric.data())
                return refuse(line, "metric name not set while parsing: " + shown({line, size_t(p - line)}));
            if (!check_unique(line, series.pairs, false)) return false;
        }
        series.text = {first, static_cast<size_t>(close - first)};
        if (strict) {
            if (p >= end || *p != ' ' || end - p < 2 || p[1] == ' ' || p[1] == '\n')
                return fail(line, p, "expected value after metric");
            series.value = p + 1;
            return true;
        }
        p = skip_blanks(p);
        if (p >= end || *p == '\n' || *p == '{') return fail(line, p, "expected value after metric");
        series.value = p;
        return true;
    }

    struct Tail {
        double value;
        int64_t time = NO_TIME;
        std::string_view exemplar;  // From the brace to the last character; empty where there is none.
        bool plain = true;          // Nothing but a value and a line feed.
        const char* next = nullptr;
    };

    bool parse_float(const char* line, std::string_view text, double& out) {
        switch (parse_number_slow(text, out)) {
            case Number::OK:
                return true;
            case Number::UNSUPPORTED:
                return refuse(line, "unsupported character in float while parsing: " + rest_of_line(line));
            case Number::RANGE:
                return refuse(line, "strconv.ParseFloat: parsing " + shown(text) +
                                        ": value out of range while parsing: " + rest_of_line(line));
            default:
                return refuse(line, "strconv.ParseFloat: parsing " + shown(text) +
                                        ": invalid syntax while parsing: " + rest_of_line(line));
        }
    }

    const char* token_end(const char* p) const {
        while (p < end && *p != ' ' && *p != '\n' && (strict || (*p != '\t' && *p != '{'))) p++;
        return p;
    }

    // From the value to the line feed. The value's first character is neither blank nor a line feed nor a brace.
    bool parse_tail(const char* line, const char* p, Tail& tail) {
        const char* after = parse_short_decimal(p, end, tail.value);
        if (after && after < end && *after == '\n') {
            tail.next = after + 1;
            return true;
        }
        after = token_end(p);
        if (!parse_float(line, {p, static_cast<size_t>(after - p)}, tail.value)) return false;
        p = skip_blanks(after);
        if (p < end && *p == '\n') {
            tail.next = p + 1;
            return true;
        }
        tail.plain = false;
        return strict ? parse_strict_end(line, p, tail) : parse_time(line, p, tail);
    }

    bool parse_time(const char* line, const char* p, Tail& tail) {
        tail.next = end;
        if (p >= end) return true;
        if (!is_digit(*p)) return fail(line, p, "expected timestamp or new record");
        const char* first = p;
        while (p < end && is_digit(*p)) p++;
        auto result = std::from_chars(first, p, tail.time);
        if (result.ec != std::errc())
            return refuse(first, "strconv.ParseInt: parsing " + shown({first, size_t(p - first)}) +
                                     ": value out of range while parsing: " + rest_of_line(line));
        p = skip_blanks(p);
        if (p < end && *p != '\n') return fail(line, p, "expected next entry after timestamp");
        if (p < end) tail.next = p + 1;
        return true;
    }

    bool parse_seconds(const char* line, std::string_view text, const char* what, int64_t& out) {
        double seconds;
        if (!parse_float(line, text, seconds)) return false;
        double ms = seconds * 1000;
        if (!(std::fabs(ms) < 9.2e18)) return refuse(line, std::string("invalid ") + what + " " + std::string(text));
        out = static_cast<int64_t>(ms);
        return true;
    }

    bool parse_strict_end(const char* line, const char* p, Tail& tail) {
        if (p >= end) return refuse(end, "data does not end with # EOF");
        bool has_exemplar = end - p >= 4 && std::memcmp(p, " # {", 4) == 0;
        if (!has_exemplar) {
            if (*p != ' ' || end - p < 2 || p[1] == ' ' || p[1] == '\n')
                return fail(line, p, "expected timestamp or new record");
            const char* first = p + 1;
            p = token_end(first);
            if (!parse_seconds(line, {first, size_t(p - first)}, "timestamp", tail.time)) return false;
            if (p >= end) return refuse(end, "data does not end with # EOF");
            has_exemplar = end - p >= 4 && std::memcmp(p, " # {", 4) == 0;
            if (!has_exemplar) {
                if (*p != '\n') return fail(line, p, "expected next entry after timestamp");
                tail.next = p + 1;
                return true;
            }
        }
        const char* first = p + 3;
        std::vector<Pair> pairs;
        double value;
        int64_t time;
        if (!parse_exemplar(line, first, pairs, value, time, p)) return false;
        tail.exemplar = {first, static_cast<size_t>(p - first)};
        tail.next = p + 1;
        return true;
    }

    // `p` is at the brace; `next` will be at the line feed.
    bool parse_exemplar(const char* line, const char* p, std::vector<Pair>& pairs, double& value, int64_t& time,
                        const char*& next) {
        time = NO_TIME;
        p++;
        if (!parse_labels(line, p, nullptr, pairs, true)) return false;
        if (!check_unique(line, pairs, true)) return false;
        if (end - p < 2 || *p != ' ' || p[1] == ' ' || p[1] == '\n')
            return fail(line, p, "expected value after exemplar labels");
        const char* first = p + 1;
        p = token_end(first);
        if (!parse_float(line, {first, size_t(p - first)}, value)) return false;
        if (p >= end) return refuse(end, "data does not end with # EOF");
        if (*p == ' ') {
            if (end - p < 2 || p[1] == ' ' || p[1] == '\n') return fail(line, p, "expected timestamp or comment");
            first = p + 1;
            p = token_end(first);
            if (!parse_seconds(line, {first, size_t(p - first)}, "exemplar timestamp", time)) return false;
            if (p >= end) return refuse(end, "data does not end with # EOF");
            if (*p != '\n') return fail(line, p, "expected next entry after exemplar timestamp");
        }
        next = p;
        return true;
    }

    struct Comment {
        int32_t kind = COMMENT;
        std::string_view metric;  // Without quotes, escapes still in it.
        std::string_view text;
        const char* next = nullptr;
    };

    // A line that begins with a hash sign at `p`.
    bool parse_comment(const char* line, const char* p, Comment& comment) {
        const char* feed = static_cast<const char*>(std::memchr(p, '\n', static_cast<size_t>(end - p)));
        const char* last = feed ? feed : end;  // One behind the text.
        comment.next = feed ? feed + 1 : end;
        p++;
        const char* word = p;
        while (word < last && (*word == ' ' || (!strict && *word == '\t'))) {
            word++;
            if (strict) break;
        }
        std::string_view rest(word, static_cast<size_t>(last - word));
        if (strict && rest.substr(0, 3) == "EOF" && word > p) {
            comment.kind = END;
            const char* after = word + 3;
            if (after < end && *after == '\n') after++;
            if (after != end) return refuse(after, "unexpected data after # EOF");
            comment.next = end;
            return true;
        }
        const char* expected = nullptr;
        if (word > p && rest.size() > 4 && (rest[4] == ' ' || (!strict && rest[4] == '\t'))) {
            std::string_view four = rest.substr(0, 4);
            if (four == "HELP") {
                comment.kind = HELP;
                expected = "expected metric name after HELP";
            } else if (four == "TYPE") {
                comment.kind = TYPE;
                expected = "expected metric name after TYPE";
            } else if (strict && four == "UNIT") {
                comment.kind = UNIT;
                expected = "expected metric name after UNIT";
            }
        }
        if (!expected) {
            if (strict) return fail(line, line, "expected a valid start token");
            return true;
        }
        p = word + 5;
        while (!strict && p < last && (*p == ' ' || *p == '\t')) p++;
        if (p < last && *p == '"') {
            bool has_high;
            const char* close = closing_quote(p + 1, end, false, has_high);
            if (close == end) return fail(line, p, expected);
            comment.metric = {p + 1, static_cast<size_t>(close - p - 1)};
            if (has_high && !valid_utf8(comment.metric))
                return refuse(p, "invalid UTF-8 name: " + shown(comment.metric));
            p = close + 1;
            if (p > last) {  // The name itself had a line feed.
                feed = static_cast<const char*>(std::memchr(p, '\n', static_cast<size_t>(end - p)));
                last = feed ? feed : end;
                comment.next = feed ? feed + 1 : end;
            }
        } else if (p < last && is_name_start(*p, true)) {
            const char* first = p;
            const NameTable& names = name_table(true);
            while (p < last && names.in[static_cast<unsigned char>(*p)]) p++;
            comment.metric = {first, static_cast<size_t>(p - first)};
        } else {
            return fail(line, p, expected);
        }
        if (strict && (p >= last || *p != ' ' || !feed))
            return refuse(p, "expected text in " + std::string(word, 4));
        // Only the first character is a separator, whatever it is: upstream takes it so.
        if (p < last) p++;
        comment.text = {p, static_cast<size_t>(last - p)};
        if (comment.kind == TYPE) return parse_type(line, comment);
        if (comment.kind == HELP && !valid_utf8(comment.text))
            return refuse(line, "help text " + shown(comment.text) + " is not a valid utf8 string");
        if (comment.kind == UNIT && !comment.text.empty()) {
            std::string_view m = comment.metric, u = comment.text;
            if (m.size() < u.size() + 1 || m.substr(m.size() - u.size()) != u || m[m.size() - u.size() - 1] != '_')
                return refuse(line, "unit " + shown(u) + " not a suffix of metric " + shown(m));
        }
        return true;
    }

    bool parse_type(const char* line, Comment& comment) {
        static const struct {
            const char* word;
            Type type;
            int formats;  // 1 text, 2 OpenMetrics
        } types[] = {{"counter", COUNTER, 3}, {"gauge", GAUGE, 3},           {"histogram", HISTOGRAM, 3},
                     {"summary", SUMMARY, 3}, {"untyped", UNKNOWN, 1},       {"unknown", UNKNOWN, 2},
                     {"info", INFO, 2},       {"stateset", STATESET, 2},     {"gaugehistogram", GAUGEHISTOGRAM, 2}};
        for (const auto& type : types)
            if (comment.text == type.word && (type.formats & (strict ? 2 : 1))) {
                comment.kind = TYPE - type.type;
                return true;
            }
        return refuse(line, "invalid metric type " + shown(comment.text));
    }

    std::string rest_of_line(const char* line) const {
        size_t n = static_cast<size_t>(end - line);
        const void* feed = std::memchr(line, '\n', n);
        return shown({line, feed ? static_cast<size_t>(static_cast<const char*>(feed) - line) : n});
    }
};

}  // namespace exposition
