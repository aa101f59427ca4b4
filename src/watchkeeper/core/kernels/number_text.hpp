// Numbers as Go's strconv prints them, and query results as JSON. See number_text.pyi.
#pragma once
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace wk {

inline bool put_special(std::string& out, double x) {
    if (std::isnan(x)) {
        out += "NaN";
    } else if (std::isinf(x)) {
        out += x > 0 ? "+Inf" : "-Inf";
    } else {
        return false;
    }
    return true;
}

// The shortest digits that read back as |x|, and the place of the point: 0.digits × 10^point.
struct Digits {
    char text[40];
    int count = 0;
    int point = 0;
};

inline Digits shortest_digits(double x, int precision = -1) {
    Digits d;
    char buffer[64];
    const auto r = precision < 0 ? std::to_chars(buffer, buffer + 64, std::fabs(x), std::chars_format::scientific)
                                 : std::to_chars(buffer, buffer + 64, std::fabs(x), std::chars_format::scientific,
                                                 precision - 1);
    const char* e = static_cast<const char*>(std::memchr(buffer, 'e', r.ptr - buffer));
    for (const char* p = buffer; p < e; ++p)
        if (*p != '.') d.text[d.count++] = *p;
    int exponent = 0;
    std::from_chars(e[1] == '+' ? e + 2 : e + 1, r.ptr, exponent);
    d.point = exponent + 1;
    return d;
}

inline void put_fixed(std::string& out, const Digits& d) {
    if (d.point <= 0) {
        out += "0.";
        out.append(static_cast<size_t>(-d.point), '0');
        out.append(d.text, d.count);
    } else if (d.count <= d.point) {
        out.append(d.text, d.count);
        out.append(static_cast<size_t>(d.point - d.count), '0');
    } else {
        out.append(d.text, d.point);
        out += '.';
        out.append(d.text + d.point, d.count - d.point);
    }
}

inline void put_exponent(std::string& out, const Digits& d) {
    out += d.text[0];
    if (d.count > 1) {
        out += '.';
        out.append(d.text + 1, d.count - 1);
    }
    int exponent = d.point - 1;
    out += 'e';
    out += exponent < 0 ? '-' : '+';
    if (exponent < 0) exponent = -exponent;
    if (exponent < 10) out += '0';
    char buffer[8];
    out.append(buffer, std::to_chars(buffer, buffer + 8, exponent).ptr - buffer);
}

// The HTTP API's form: 'f', and 'e' for the very small and the very large.
inline void put_float(std::string& out, double x) {
    // Counters and most gauges are whole numbers: no digits to search for.
    if (x > -1e15 && x < 1e15) {
        const int64_t whole = static_cast<int64_t>(x);
        if (static_cast<double>(whole) == x && !(whole == 0 && std::signbit(x))) {
            char buffer[24];
            out.append(buffer, std::to_chars(buffer, buffer + 24, whole).ptr - buffer);
            return;
        }
    }
    if (put_special(out, x)) return;
    if (std::signbit(x)) out += '-';
    const double a = std::fabs(x);
    if (a == 0) {
        out += '0';
        return;
    }
    const Digits d = shortest_digits(x);
    if (a < 1e-6 || a >= 1e21) {
        put_exponent(out, d);
    } else {
        put_fixed(out, d);
    }
}

// Always 'f': strconv.FormatFloat(x, 'f', -1, 64).
inline void put_plain(std::string& out, double x) {
    if (put_special(out, x)) return;
    if (std::signbit(x)) out += '-';
    if (x == 0) {
        out += '0';
        return;
    }
    put_fixed(out, shortest_digits(x));
}

// Go's %g, or %.<precision>g.
inline void put_general(std::string& out, double x, int precision) {
    if (put_special(out, x)) return;
    if (std::signbit(x)) out += '-';
    if (x == 0) {
        out += '0';
        return;
    }
    Digits d = shortest_digits(x, precision);
    while (d.count > 1 && d.text[d.count - 1] == '0') --d.count;
    const int limit = precision < 0 ? 6 : precision;  // Go decides by 6 for the shortest form.
    if (d.point - 1 < -4 || d.point - 1 >= limit) {
        put_exponent(out, d);
    } else {
        put_fixed(out, d);
    }
}

inline void put_time(std::string& out, int64_t time_ms) {
    uint64_t t = static_cast<uint64_t>(time_ms);
    if (time_ms < 0) {
        out += '-';
        t = 0 - t;
    }
    char buffer[24];
    out.append(buffer, std::to_chars(buffer, buffer + 24, t / 1000).ptr - buffer);
    const uint64_t fraction = t % 1000;
    if (fraction) {
        out += '.';
        out += static_cast<char>('0' + fraction / 100);
        out += static_cast<char>('0' + fraction / 10 % 10);
        out += static_cast<char>('0' + fraction % 10);
    }
}

// A JSON string of UTF-8 text. Quotes, backslashes and control characters are escaped, nothing else.
inline void put_quoted(std::string& out, const char* text, size_t n) {
    static const char hex[] = "0123456789abcdef";
    out += '"';
    size_t from = 0;
    for (size_t i = 0; i < n; ++i) {
        const unsigned char c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text + from, i - from);
        from = i + 1;
        out += '\\';
        switch (c) {
            case '"':
            case '\\':
                out += static_cast<char>(c);
                break;
            case '\n':
                out += 'n';
                break;
            case '\r':
                out += 'r';
                break;
            case '\t':
                out += 't';
                break;
            default:
                out += "u00";
                out += hex[c >> 4];
                out += hex[c & 15];
        }
    }
    out.append(text + from, n - from);
    out += '"';
}

struct ResultView {
    const int32_t* codes;
    int64_t n_labels;
    const char* texts;  // every label value as JSON, one after the other
    const int64_t* text_at;
    const double* values;
    const uint8_t* present;
    const int64_t* times;
    int64_t n_series, n_steps;
    bool single;  // "value": one pair, not "values"
};

inline void put_result(std::string& out, const ResultView& r, const std::vector<std::string_view>& names,
                       const std::vector<std::string_view>& more) {
    std::vector<std::string> stamps(static_cast<size_t>(r.n_steps));
    for (int64_t k = 0; k < r.n_steps; ++k) {
        stamps[k] = "[";
        put_time(stamps[k], r.times[k]);
        stamps[k] += ",\"";
    }
    out += '[';
    for (int64_t i = 0; i < r.n_series; ++i) {
        if (i) out += ',';
        out += "{\"metric\":{";
        bool first = true;
        for (int64_t c = 0; c < r.n_labels; ++c) {
            const int32_t code = r.codes[i * r.n_labels + c];
            if (!code) continue;
            if (!first) out += ',';
            first = false;
            out += names[c];
            out.append(r.texts + r.text_at[code], r.text_at[code + 1] - r.text_at[code]);
        }
        out += '}';
        const double* v = r.values + i * r.n_steps;
        const uint8_t* p = r.present + i * r.n_steps;
        bool any = false;
        for (int64_t k = 0; k < r.n_steps; ++k) {
            if (!p[k]) continue;
            out += any ? "," : r.single ? ",\"value\":" : ",\"values\":[";
            any = true;
            out += stamps[k];
            put_float(out, v[k]);
            out += "\"]";
        }
        if (any && !r.single) out += ']';
        if (!more.empty() && !more[i].empty()) {
            out += ',';
            out += more[i];
        }
        out += '}';
    }
    out += ']';
}

}  // namespace wk
