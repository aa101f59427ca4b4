// Pushes of log entries as JSON, to places in the body; only strings with escapes are copied.
//
//     {"streams": [{"stream": {"app": "shop"}, "values": [["<ns>", "<line>", {"trace_id": "…"}]]}]}
//     {"streams": [{"labels": "{app=\"shop\"}", "entries": [{"ts": "<RFC 3339>", "line": "<line>"}]}]}   (legacy)
//
// Members with other names are skipped. Of a member that stands twice the last one counts.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "line_json.hpp"
#include "log_push.hpp"

namespace log_json {

using line_fields::Kind;
using line_fields::skip_space;
using line_fields::Value;
using log_push::Span;

// Why a body was refused; the texts are those of the library that Loki reads JSON with.
enum Error { NO_ERROR, NOT_JSON, NO_STRING, NO_OBJECT, NO_ARRAY, NO_NUMBER, OVERFLOWED, NO_ESCAPE, NO_TIME };

struct Decoded {
    std::vector<std::vector<std::pair<std::string, std::string>>> labels;  // of each stream
    std::vector<std::string> texts;                                        // of each stream, in the legacy form
    std::string extra;                                                     // behind the body: strings without escapes
    log_push::Decoded entries;
    Error error = NO_ERROR;
    std::string what;  // the text that is no time
};

// Days from 1970-01-01 to a day of the Gregorian calendar.
inline int64_t days_from_date(int64_t y, int64_t m, int64_t d) {
    y -= m <= 2;
    const int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
    const int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

// `2026-01-02T03:04:05.678Z` or with an offset, as nanoseconds.
inline bool read_time(std::string_view text, int64_t& time) {
    const char *p = text.data(), *end = p + text.size();
    const auto digits = [&](int n, int64_t& out) {
        out = 0;
        for (; n; n--, p++) {
            if (p == end || *p < '0' || *p > '9') return false;
            out = out * 10 + (*p - '0');
        }
        return true;
    };
    const auto one_of = [&](const char* wanted) {
        if (p == end || !*p || !std::strchr(wanted, *p)) return false;
        p++;
        return true;
    };
    int64_t y, mo, d, h, mi, s, nanos = 0, offset_h = 0, offset_m = 0;
    if (!digits(4, y) || !one_of("-") || !digits(2, mo) || !one_of("-") || !digits(2, d) || !one_of("Tt")) return false;
    if (!digits(2, h) || !one_of(":") || !digits(2, mi) || !one_of(":") || !digits(2, s)) return false;
    if (one_of(".,")) {
        const char* start = p;
        int64_t unit = log_push::SECOND_NS / 10;
        for (; p < end && *p >= '0' && *p <= '9'; p++, unit /= 10) nanos += (*p - '0') * unit;
        if (p == start) return false;
    }
    bool west = false;
    if (!one_of("Zz")) {
        west = p < end && *p == '-';
        if (!one_of("+-") || !digits(2, offset_h) || !one_of(":") || !digits(2, offset_m)) return false;
        if (offset_h > 24 || offset_m > 60) return false;
    }
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    if (p != end || mo < 1 || mo > 12 || d < 1 || d > lengths[mo - 1] + (leap && mo == 2) || h > 23 || mi > 59 || s > 59)
        return false;
    const int64_t offset = (offset_h * 60 + offset_m) * 60;
    const int64_t seconds = days_from_date(y, mo, d) * 86400 + (h * 60 + mi) * 60 + s - (west ? -offset : offset);
    time = log_push::nanoseconds(seconds, nanos);
    return true;
}

class Decoder {
   public:
    Decoder(std::string_view body, bool legacy, Decoded& out)
        : p_(body.data()), base_(p_), end_(p_ + body.size()), legacy_(legacy), out_(out), found_(out.entries) {
        start_over();
        p_ = skip_space(p_, end_);
        object([this](std::string_view name) {
            if (name != "streams") return skip();
            start_over();
            return null() || array([this](int) { return stream(); });
        });
    }

   private:
    bool fail(Error error) {
        if (!out_.error) out_.error = error;
        return false;
    }

    // Walks an object or array, and calls `member` at each value, which moves behind it.
    template <typename Member>
    bool object(Member member) {
        if (p_ == end_) return fail(NOT_JSON);
        if (*p_ != '{') return fail(NO_OBJECT);
        p_ = skip_space(p_ + 1, end_);
        std::string name;
        while (p_ < end_) {
            if (*p_ == '}') {
                p_++;
                return true;
            }
            Value key;
            if (*p_ != '"') return fail(NOT_JSON);
            if (!string(key)) return false;
            if (!plain(key, name)) return false;
            p_ = skip_space(p_, end_);
            if (p_ == end_ || *p_++ != ':') return fail(NOT_JSON);
            p_ = skip_space(p_, end_);
            if (!member(std::string_view(name)) || !after_member('}')) return false;
        }
        return fail(NOT_JSON);
    }

    template <typename Member>
    bool array(Member member) {
        if (p_ == end_) return fail(NOT_JSON);
        if (*p_ != '[') return fail(NO_ARRAY);
        p_ = skip_space(p_ + 1, end_);
        for (int i = 0; p_ < end_; i += i < 3) {
            if (*p_ == ']') {
                p_++;
                return true;
            }
            if (!member(i) || !after_member(']')) return false;
        }
        return fail(NOT_JSON);
    }

    bool after_member(char close) {
        p_ = skip_space(p_, end_);
        if (p_ == end_) return fail(NOT_JSON);
        if (*p_ == ',') {
            p_ = skip_space(p_ + 1, end_);
            return true;
        }
        return *p_ == close || fail(NOT_JSON);
    }

    bool skip() {
        Value value;
        bool odd;
        return line_fields::read_value(p_, end_, value, odd) || fail(NOT_JSON);
    }

    bool null() {
        if (end_ - p_ < 4 || std::memcmp(p_, "null", 4) != 0) return false;
        p_ += 4;
        return true;
    }

    bool string(Value& value) {
        if (p_ == end_) return fail(NOT_JSON);
        if (*p_ != '"') return fail(NO_STRING);
        const char* stop = line_fields::string_end(p_ + 1, end_, value.escaped);
        if (!stop) return fail(NO_STRING);
        value.text = {p_ + 1, size_t(stop - p_ - 1)};
        p_ = stop + 1;
        return true;
    }

    bool plain(const Value& value, std::string& out) {
        if (!value.escaped) {
            out.assign(value.text);
            return true;
        }
        return line_fields::unescape(value.text, line_fields::Escapes::JSON, out) || fail(NO_ESCAPE);
    }

    // The string at p, as a place.
    bool placed(Span& span) {
        Value value;
        if (!string(value)) return false;
        if (!value.escaped) {
            span = place_of(value.text);
            return true;
        }
        const int64_t size = end_ - base_;
        span.at = size + int64_t(out_.extra.size());
        if (!line_fields::append_unescaped(value.text, line_fields::Escapes::JSON, out_.extra)) return fail(NO_ESCAPE);
        span.end = size + int64_t(out_.extra.size());
        return true;
    }

    Span place_of(std::string_view text) const { return {text.data() - base_, text.data() + text.size() - base_}; }

    void start_over() {
        out_.labels.clear();
        out_.texts.clear();
        found_.entry_lo.assign(1, 0);
        found_.pair_lo.assign(1, 0);
        keep(0);
    }

    // Forgets all entries but the first n.
    void keep(size_t n) {
        for (auto* column : {&found_.times, &found_.line_at, &found_.line_end}) column->resize(n);
        found_.pair_lo.resize(n + 1);
        for (auto* column : {&found_.name_at, &found_.name_end, &found_.value_at, &found_.value_end})
            column->resize(size_t(found_.pair_lo[n]));
    }

    bool stream() {
        const size_t before = found_.times.size();
        out_.labels.emplace_back();
        out_.texts.emplace_back();
        const bool ok = object([&](std::string_view name) {
            if (name == (legacy_ ? "labels" : "stream")) return legacy_ ? text() : labels();
            if (name != (legacy_ ? "entries" : "values")) return skip();
            keep(before);
            return null() || array([this](int) { return legacy_ ? legacy_entry() : entry(); });
        });
        found_.entry_lo.push_back(int64_t(found_.times.size()));
        return ok;
    }

    bool text() {
        Value value;
        return string(value) && plain(value, out_.texts.back());
    }

    bool labels() {
        auto& pairs = out_.labels.back();
        pairs.clear();
        return object([&](std::string_view name) {
            Value value;
            pairs.emplace_back(name, "");
            return string(value) && plain(value, pairs.back().second);
        });
    }

    bool entry() {
        int64_t time = 0;
        Span line;
        const bool ok = array([&](int i) {
            if (i == 0) return timestamp(time);
            if (i == 1) return placed(line);
            return i == 2 ? metadata() : skip();
        });
        put(time, line);
        return ok;
    }

    bool legacy_entry() {
        int64_t time = 0;
        bool timed = false;
        Span line;
        const bool ok = object([&](std::string_view name) {
            if (name == "line") return placed(line);
            if (name != "ts") return skip();
            Value value;
            if (!string(value) || !plain(value, out_.what)) return false;
            timed = true;
            return read_time(out_.what, time) || fail(NO_TIME);
        });
        put(time, line);
        if (ok && !timed) out_.what.clear();
        return ok && (timed || fail(NO_TIME));
    }

    void put(int64_t time, Span line) {
        found_.times.push_back(time);
        found_.line_at.push_back(line.at);
        found_.line_end.push_back(line.end);
        found_.pair_lo.push_back(int64_t(found_.name_at.size()));
    }

    bool timestamp(int64_t& time) {
        Value value;
        if (!string(value)) return false;
        const char *p = value.text.data(), *end = p + value.text.size();
        const bool negative = p < end && *p == '-';
        p += negative;
        if (p == end) return fail(NO_NUMBER);
        time = 0;
        for (; p < end; p++) {
            if (*p < '0' || *p > '9') return fail(NO_NUMBER);
            const int64_t digit = *p - '0';
            if (__builtin_mul_overflow(time, int64_t(10), &time) ||
                __builtin_add_overflow(time, negative ? -digit : digit, &time))
                return fail(OVERFLOWED);
        }
        return true;
    }

    bool metadata() {
        if (p_ == end_ || *p_ != '{') return fail(NO_OBJECT);
        p_ = skip_space(p_ + 1, end_);
        while (p_ < end_) {
            if (*p_ == '}') {
                p_++;
                return true;
            }
            Span name, value;
            if (*p_ != '"') return fail(NOT_JSON);
            if (!placed(name)) return false;
            p_ = skip_space(p_, end_);
            if (p_ == end_ || *p_++ != ':') return fail(NOT_JSON);
            p_ = skip_space(p_, end_);
            if (!placed(value)) return false;
            found_.name_at.push_back(name.at);
            found_.name_end.push_back(name.end);
            found_.value_at.push_back(value.at);
            found_.value_end.push_back(value.end);
            if (!after_member('}')) return false;
        }
        return fail(NOT_JSON);
    }

    const char* p_;
    const char* base_;
    const char* end_;
    bool legacy_;
    Decoded& out_;
    log_push::Decoded& found_;
};

inline void decode(std::string_view body, bool legacy, Decoded& out) { Decoder(body, legacy, out); }

}  // namespace log_json
