// Texts that are really a number, a time, an address or hexadecimal digits: to an integer or bytes, and exactly back.
#pragma once

#include <charconv>
#include <string>

#include "line_array.hpp"

namespace line_block {

enum LayoutKind : uint8_t {
    kNumber = 1,   // prefix, canonical decimal number, suffix
    kTime = 2,     // date and time of day in UTC or with a constant zone
    kAddress = 3,  // IPv4, perhaps with a port
    kPattern = 4,  // constant length, digits always in the same places
    kHex = 5,      // prefix, then hexadecimal digits with dashes always in the same places
};
constexpr size_t kMostText = 256;  // bytes that a text with a layout can take
constexpr uint8_t kTrimmed = 255;  // a fraction without trailing zeros, or none

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }

inline const int64_t* powers_of_ten() {
    static const int64_t table[19] = {1,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      1000000000,
                                      10000000000,
                                      100000000000,
                                      1000000000000,
                                      10000000000000,
                                      100000000000000,
                                      1000000000000000,
                                      10000000000000000,
                                      100000000000000000,
                                      1000000000000000000};
    return table;
}

// Days since 1970-01-01 of the Gregorian calendar, and back.
inline int64_t days_of(int64_t y, unsigned m, unsigned d) {
    y -= m <= 2;
    const int64_t era = y / 400;
    const unsigned yoe = unsigned(y - era * 400);
    const unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    return era * 146097 + int64_t(yoe * 365 + yoe / 4 - yoe / 100 + doy) - 719468;
}
inline void date_of(int64_t days, unsigned& year, unsigned& month, unsigned& day) {
    days += 719468;
    const int64_t era = days / 146097;
    const unsigned doe = unsigned(days - era * 146097);
    const unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const unsigned mp = (5 * doy + 2) / 153;
    day = doy - (153 * mp + 2) / 5 + 1;
    month = mp < 10 ? mp + 3 : mp - 9;
    year = unsigned(yoe + era * 400 + (month <= 2));
}

inline const char* month_names() { return "JanFebMarAprMayJunJulAugSepOctNovDec"; }

// The size of a date and time that begins here, without fraction and zone; 0 if there is none. `clf` is as web servers
// write it, 24/Nov/2026:07:59:11.
inline size_t time_size(const char* p, size_t n, bool& clf) {
    if (n >= 20 && p[2] == '/' && p[6] == '/' && p[11] == ':' && p[14] == ':' && p[17] == ':' && is_digit(p[0]) &&
        is_digit(p[1]) && is_digit(p[7]) && is_digit(p[19])) {
        clf = true;
        return 20;
    }
    clf = false;
    if (n >= 19 && p[4] == '-' && p[7] == '-' && p[13] == ':' && p[16] == ':' && (p[10] == 'T' || p[10] == ' ') &&
        is_digit(p[0]) && is_digit(p[3]) && is_digit(p[5]) && is_digit(p[11]) && is_digit(p[18]))
        return 19;
    return 0;
}

// How the texts of one column are written. `read` gives false where a text is written otherwise.
struct Layout {
    uint8_t kind = 0;
    uint8_t digits = 0;     // kTime: of the fraction, or kTrimmed; kPattern, kHex: digits in all
    char mark = 0;          // kTime: before the fraction
    char middle = 0;        // kTime: between date and time, '/' for web servers' times
    bool upper = false;     // kHex
    bool port = false;      // kAddress
    std::string prefix, suffix;  // kPattern: `prefix` is the whole pattern, '0' for a digit; kHex: `suffix` likewise

    size_t hex_bytes() const { return (size_t(digits) + 1) / 2; }

    bool operator==(const Layout& o) const {
        return kind == o.kind && digits == o.digits && mark == o.mark && middle == o.middle && upper == o.upper &&
               port == o.port && prefix == o.prefix && suffix == o.suffix;
    }

    // The layout of this kind that the text has; false if it has none.
    bool guess(uint8_t of_kind, const char* p, size_t n) {
        *this = Layout();
        kind = of_kind;
        int64_t value;
        uint8_t decimals;
        char bytes[64];
        switch (of_kind) {
            case kNumber: return guess_number(p, n) && read(p, n, value, decimals);
            case kTime: return guess_time(p, n) && read(p, n, value, decimals);
            case kAddress:
                port = std::memchr(p, ':', n) != nullptr;
                return read(p, n, value, decimals);
            case kPattern: return guess_pattern(p, n) && read(p, n, value, decimals);
            case kHex: return guess_hex(p, n) && read_hex(p, n, bytes);
        }
        return false;
    }

    // The number behind the text. `decimals` is set for kNumber: the text's number is value / 10^decimals.
    bool read(const char* p, size_t n, int64_t& value, uint8_t& decimals) const {
        decimals = 0;
        switch (kind) {
            case kNumber: return read_number(p, n, value, decimals);
            case kTime: return read_time(p, n, value);
            case kAddress: return read_address(p, n, value);
            case kPattern: return read_pattern(p, n, value);
        }
        return false;
    }

    // What the integer stands for, into at least kMostText bytes; the size.
    size_t write(int64_t value, uint8_t decimals, char* to) const {
        char* p = to;
        if (kind == kNumber) {
            p = put_affix(p, prefix);
            p = put_number(p, value, decimals);
            return size_t(put_affix(p, suffix) - to);
        }
        if (kind == kTime) return size_t(put_affix(p + write_time(value, p), suffix) - to);
        if (kind == kAddress) return write_address(uint64_t(value), p);
        return write_pattern(uint64_t(value), p);
    }
    void write(int64_t value, uint8_t decimals, std::string& out) const {
        char text[kMostText];
        out.append(text, write(value, decimals, text));
    }

    bool read_hex(const char* p, size_t n, char* bytes) const {
        if (n != prefix.size() + suffix.size() || std::memcmp(p, prefix.data(), prefix.size()) != 0) return false;
        p += prefix.size();
        const int8_t* values = hex_values(upper);
        unsigned k = 0;
        for (size_t i = 0; i < suffix.size(); i++) {
            if (suffix[i] == '-') {
                if (p[i] != '-') return false;
                continue;
            }
            int v = values[uint8_t(p[i])];
            if (v < 0) return false;
            if (k % 2 == 0)
                bytes[k / 2] = char(v << 4);
            else
                bytes[k / 2] = char(bytes[k / 2] | v);
            k++;
        }
        return true;
    }
    size_t write_hex(const char* bytes, char* to) const {
        char* p = put_affix(to, prefix);
        const char* symbols = upper ? "0123456789ABCDEF" : "0123456789abcdef";
        const size_t n = suffix.size();
        const char* shape = suffix.data();
        unsigned k = 0;
        for (size_t i = 0; i < n;) {
            if (shape[i] == '-') {
                p[i++] = '-';
                continue;
            }
            const uint8_t b = uint8_t(bytes[k / 2]);
            if (k % 2 == 0 && i + 1 < n && shape[i + 1] != '-') {
                p[i] = symbols[b >> 4];
                p[i + 1] = symbols[b & 15];
                i += 2;
                k += 2;
            } else {
                p[i++] = symbols[k % 2 ? b & 15 : b >> 4];
                k++;
            }
        }
        return prefix.size() + n;
    }
    void write_hex(const char* bytes, std::string& out) const {
        char text[kMostText];
        out.append(text, write_hex(bytes, text));
    }

    void save(std::string& out) const {
        out.push_back(char(kind));
        out.push_back(char(digits));
        out.push_back(mark);
        out.push_back(middle);
        out.push_back(char(upper | port << 1));
        put_text(out, prefix);
        put_text(out, suffix);
    }
    void load(Reader& in) {
        kind = in.byte();
        digits = in.byte();
        mark = char(in.byte());
        middle = char(in.byte());
        uint8_t flags = in.byte();
        upper = flags & 1;
        port = flags & 2;
        Span text = in.text();
        prefix.assign(text.at, text.size);
        text = in.text();
        suffix.assign(text.at, text.size);
        bool good = kind >= kNumber && kind <= kHex && prefix.size() <= 96 && suffix.size() <= 96;
        size_t count = 0;
        if (kind == kTime) good = digits <= 9 || digits == kTrimmed;
        if (kind == kPattern) {
            for (char c : prefix) count += c == '0';
            good = prefix.size() <= kMostPattern && count == digits && count <= 18 && count > 0;
        }
        if (kind == kHex) {
            for (char c : suffix) count += c != '-';
            good = suffix.size() <= kMostHex && count == digits && count > 0;
        }
        if (!good) Reader::bad();
    }

   private:
    static constexpr size_t kMostAffix = 40, kMostPattern = 48, kMostHex = 80;

    static const int8_t* hex_values(bool upper) {
        struct Tables {
            int8_t of[2][256];
            Tables() {
                std::memset(of, -1, sizeof of);
                for (int i = 0; i < 10; i++) of[0]['0' + i] = of[1]['0' + i] = int8_t(i);
                for (int i = 0; i < 6; i++) of[0]['a' + i] = of[1]['A' + i] = int8_t(10 + i);
            }
        };
        static const Tables tables;
        return tables.of[upper];
    }

    bool guess_number(const char* p, size_t n) {
        size_t lo = 0;
        while (lo < n && !is_digit(p[lo])) lo++;
        if (lo == n || n > 96) return false;
        if (lo == 1 && p[0] == '-') lo = 0;
        size_t hi = lo + (p[lo] == '-');
        while (hi < n && is_digit(p[hi])) hi++;
        if (hi + 1 < n && p[hi] == '.' && is_digit(p[hi + 1])) {
            hi++;
            while (hi < n && is_digit(p[hi])) hi++;
        }
        for (size_t i = hi; i < n; i++)
            if (is_digit(p[i])) return false;
        prefix.assign(p, lo);
        suffix.assign(p + hi, n - hi);
        return prefix.size() <= kMostAffix && suffix.size() <= kMostAffix;
    }

    bool read_number(const char* p, size_t n, int64_t& value, uint8_t& decimals) const {
        const size_t affixes = prefix.size() + suffix.size();
        if (n <= affixes) return false;
        if (affixes) {
            if (std::memcmp(p, prefix.data(), prefix.size()) != 0) return false;
            if (std::memcmp(p + n - suffix.size(), suffix.data(), suffix.size()) != 0) return false;
            p += prefix.size();
            n -= affixes;
        }
        bool minus = prefix.empty() && *p == '-';
        if (minus) p++, n--;
        if (n == 0 || n > 19 || !is_digit(*p)) return false;
        uint64_t v = 0;
        size_t i = 0;
        for (; i < n && is_digit(p[i]); i++) v = v * 10 + uint64_t(p[i] - '0');
        if (i > 1 && p[0] == '0') return false;
        decimals = 0;
        if (i < n) {
            if (p[i] != '.' || i + 1 == n) return false;
            decimals = uint8_t(n - i - 1);
            for (i++; i < n; i++) {
                if (!is_digit(p[i])) return false;
                v = v * 10 + uint64_t(p[i] - '0');
            }
        } else if (n > 18) {
            return false;
        }
        if (minus && v == 0) return false;
        value = minus ? -int64_t(v) : int64_t(v);
        return true;
    }

    bool guess_time(const char* p, size_t n) {
        bool clf;
        size_t size = time_size(p, n, clf);
        if (!size || n > 48) return false;
        middle = clf ? '/' : p[10];
        size_t i = size;
        if (i + 1 < n && (p[i] == '.' || p[i] == ',') && is_digit(p[i + 1])) {
            mark = p[i++];
            while (i < n && is_digit(p[i])) i++;
            if (i - size - 1 > 9) return false;
            digits = uint8_t(i - size - 1);
        }
        suffix.assign(p + i, n - i);
        return true;
    }

    static bool two(const char* p, unsigned& out) {
        unsigned a = unsigned(p[0]) - '0', b = unsigned(p[1]) - '0';
        out = a * 10 + b;
        return a < 10 && b < 10;
    }

    bool read_time(const char* p, size_t n, int64_t& value) const {
        const size_t base = middle == '/' ? 20 : 19;
        if (n < base + suffix.size()) return false;
        unsigned century, year, month, day, hour, minute, second;
        const char* clock = p + (middle == '/' ? 12 : 11);
        if (middle == '/') {
            if (p[2] != '/' || p[6] != '/' || p[11] != ':') return false;
            month = 0;
            for (unsigned m = 0; m < 12; m++)
                if (std::memcmp(month_names() + 3 * m, p + 3, 3) == 0) month = m + 1;
            if (!two(p, day) || !two(p + 7, century) || !two(p + 9, year)) return false;
        } else {
            if (p[4] != '-' || p[7] != '-' || p[10] != middle) return false;
            if (!two(p, century) || !two(p + 2, year) || !two(p + 5, month) || !two(p + 8, day)) return false;
        }
        if (clock[2] != ':' || clock[5] != ':' || !two(clock, hour) || !two(clock + 3, minute) ||
            !two(clock + 6, second))
            return false;
        year += century * 100;
        if (year < 1970 || year > 2260 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
            return false;
        static const uint8_t last[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        if (day > last[month - 1] + unsigned(month == 2 && leap)) return false;
        p += base;
        n -= base;
        int64_t fraction = 0;
        unsigned k = digits;
        if (k == kTrimmed) {
            k = 9;
            unsigned have = 0;
            if (n > suffix.size()) {
                if (*p != mark) return false;
                have = unsigned(n - suffix.size() - 1);
                if (have < 1 || have > 9) return false;
                for (unsigned i = 0; i < have; i++) {
                    if (!is_digit(p[1 + i])) return false;
                    fraction = fraction * 10 + (p[1 + i] - '0');
                }
                if (p[have] == '0') return false;
                p += 1 + have;
                n -= 1 + have;
            }
            fraction *= powers_of_ten()[9 - have];
        } else if (k) {
            if (n != suffix.size() + 1 + k || *p != mark) return false;
            for (unsigned i = 0; i < k; i++) {
                if (!is_digit(p[1 + i])) return false;
                fraction = fraction * 10 + (p[1 + i] - '0');
            }
            p += 1 + k;
            n -= 1 + k;
        }
        if (n != suffix.size() || std::memcmp(p, suffix.data(), n) != 0) return false;
        int64_t seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
        value = seconds * powers_of_ten()[k] + fraction;
        return true;
    }

    bool read_address(const char* p, size_t n, int64_t& value) const {
        if (n < 7 || n > 21) return false;
        uint64_t v = 0;
        size_t i = 0;
        for (int part = 0; part < 4 + port; part++) {
            if (part) {
                if (i == n || p[i] != (part == 4 ? ':' : '.')) return false;
                i++;
            }
            size_t from = i;
            unsigned x = 0;
            while (i < n && is_digit(p[i]) && i - from < 5) x = x * 10 + unsigned(p[i++] - '0');
            if (i == from || (p[from] == '0' && i - from > 1) || x > (part == 4 ? 65535u : 255u)) return false;
            v = part == 4 ? v << 16 | x : v << 8 | x;
        }
        value = int64_t(v);
        return i == n;
    }

    bool guess_pattern(const char* p, size_t n) {
        if (n == 0 || n > kMostPattern) return false;
        prefix.assign(p, n);
        for (char& c : prefix)
            if (is_digit(c)) c = '0', digits++;
        return digits >= 1 && digits <= 18;
    }
    bool read_pattern(const char* p, size_t n, int64_t& value) const {
        if (n != prefix.size()) return false;
        int64_t v = 0;
        for (size_t i = 0; i < n; i++) {
            if (prefix[i] == '0') {
                if (!is_digit(p[i])) return false;
                v = v * 10 + (p[i] - '0');
            } else if (p[i] != prefix[i]) {
                return false;
            }
        }
        value = v;
        return true;
    }

    bool guess_hex(const char* p, size_t n) {
        bool lower = false;
        size_t lo = n;
        auto is_hex = [&](char c) {
            if (c >= 'a' && c <= 'f' && !upper) return lower = true;
            if (c >= 'A' && c <= 'F' && !lower) return upper = true;
            return is_digit(c) || c == '-';
        };
        while (lo > 0 && n - lo < kMostHex && is_hex(p[lo - 1])) lo--;
        if (lo > kMostAffix) return false;
        prefix.assign(p, lo);
        suffix.assign(p + lo, n - lo);
        for (char& c : suffix)
            if (c != '-') c = '0', digits++;
        return digits >= 6;
    }

    static size_t put(char* to, int64_t value) { return size_t(std::to_chars(to, to + 24, value).ptr - to); }
    static void put_two(char* to, unsigned value) {
        to[0] = char('0' + value / 10);
        to[1] = char('0' + value % 10);
    }
    static void put_digits(char* to, uint64_t value, unsigned n) {
        for (uint32_t small; n >= 2 && value < 0xFFFFFFFFu; n -= 2) {
            small = uint32_t(value);
            put_two(to + n - 2, small % 100);
            value = small / 100;
        }
        while (n > 0) {
            to[--n] = char('0' + value % 10);
            value /= 10;
        }
    }

    static char* put_affix(char* to, const std::string& text) {
        std::memcpy(to, text.data(), text.size());
        return to + text.size();
    }
    static char* put_number(char* to, int64_t value, unsigned decimals) {
        if (decimals == 0) return to + put(to, value);
        if (decimals > 18) decimals = 18;
        const uint64_t v = value < 0 ? 0 - uint64_t(value) : uint64_t(value);
        const uint64_t unit = uint64_t(powers_of_ten()[decimals]);
        if (value < 0) *to++ = '-';
        to = std::to_chars(to, to + 24, v / unit).ptr;
        *to++ = '.';
        put_digits(to, v % unit, decimals);
        return to + decimals;
    }
    size_t write_address(uint64_t v, char* text) const {
        const uint32_t ip = uint32_t(port ? v >> 16 : v);
        size_t n = 0;
        for (int shift = 24; shift >= 0; shift -= 8) {
            n += put(text + n, ip >> shift & 255);
            if (shift) text[n++] = '.';
        }
        if (!port) return n;
        text[n++] = ':';
        return n + put(text + n, int64_t(v & 65535));
    }
    size_t write_pattern(uint64_t v, char* text) const {
        for (size_t i = prefix.size(); i > 0; i--) {
            char c = prefix[i - 1];
            if (c == '0') {
                c = char('0' + v % 10);
                v /= 10;
            }
            text[i - 1] = c;
        }
        return prefix.size();
    }

    size_t write_time(int64_t value, char* text) const {
        unsigned k = digits == kTrimmed ? 9 : digits;
        int64_t unit = powers_of_ten()[k];
        int64_t seconds = value / unit, fraction = value % unit;
        // Only damaged blocks hold times before 1970 or far away: any text does for them.
        if (fraction < 0 || seconds < 0 || seconds > 253402300799) seconds = fraction = 0;
        unsigned year, month, day, rest = unsigned(seconds % 86400);
        date_of(seconds / 86400, year, month, day);
        size_t n;
        if (middle == '/') {
            put_two(text, day);
            text[2] = text[6] = '/';
            std::memcpy(text + 3, month_names() + 3 * (month - 1), 3);
            put_two(text + 7, year / 100);
            put_two(text + 9, year % 100);
            text[11] = ':';
            n = 12;
        } else {
            put_two(text, year / 100);
            put_two(text + 2, year % 100);
            text[4] = text[7] = '-';
            put_two(text + 5, month);
            put_two(text + 8, day);
            text[10] = middle;
            n = 11;
        }
        put_two(text + n, rest / 3600);
        text[n + 2] = text[n + 5] = ':';
        put_two(text + n + 3, rest / 60 % 60);
        put_two(text + n + 6, rest % 60);
        n += 8;
        if (digits == kTrimmed) {
            if (fraction) {
                text[n++] = mark;
                put_digits(text + n, uint64_t(fraction), 9);
                n += 9;
                while (text[n - 1] == '0') n--;
            }
        } else if (digits) {
            text[n++] = mark;
            put_digits(text + n, uint64_t(fraction), digits);
            n += digits;
        }
        return n;
    }
};

}  // namespace line_block
