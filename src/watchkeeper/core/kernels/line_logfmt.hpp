// Fields of logfmt lines: `key=value key="quoted \"value\"" key`, with Loki's idea of what is malformed.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "line_escapes.hpp"
#include "line_names.hpp"
#include "line_values.hpp"
#include "utf8.hpp"

namespace line_fields {

// Bytes that end a key or a value, by what they mean.
struct LogfmtBytes {
    uint8_t ends[256] = {};
    constexpr LogfmtBytes() {
        for (int c = 0; c <= ' '; c++) ends[c] = 1;
        ends[int('=')] = 2;
        ends[int('"')] = 3;
    }
};
inline constexpr LogfmtBytes LOGFMT_BYTES;

// The next byte that ends a key or value.
inline const char* logfmt_stop(const char* p, const char* end) {
#if defined(__SSE2__)
    const __m128i space = _mm_set1_epi8(' '), equal = _mm_set1_epi8('='), quote = _mm_set1_epi8('"');
    for (; end - p >= 16; p += 16) {
        const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, space), block);
        const __m128i hit =
            _mm_or_si128(low, _mm_or_si128(_mm_cmpeq_epi8(block, equal), _mm_cmpeq_epi8(block, quote)));
        const unsigned mask = unsigned(_mm_movemask_epi8(hit));
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    while (p < end && !LOGFMT_BYTES.ends[uint8_t(*p)]) p++;
    return p;
}

// Reads one pair after the other.
class LogfmtReader {
   public:
    std::string_view key, value;  // of the pair that was read last; valid until the next

    LogfmtReader(std::string_view line, std::string& scratch)
        : p_(line.data()), end_(p_ + line.size()), scratch_(scratch) {}

    bool at_end() const { return p_ == end_; }
    bool failed() const { return failed_; }

    // Whether there was a pair; false also at the end. What is malformed is skipped, and `failed` tells of it.
    bool next() {
        key = value = {};
        while (p_ < end_ && uint8_t(*p_) <= ' ') p_++;
        if (p_ == end_) return false;
        const char* start = p_;
        p_ = logfmt_stop(p_, end_);
        const char stop = p_ < end_ ? *p_ : ' ';
        if (stop == '"') return skip();
        key = {start, size_t(p_ - start)};
        if (stop != '=') return readable(key) || fail();
        if (key.empty() || !readable(key)) return skip();
        if (++p_ == end_ || uint8_t(*p_) <= ' ') return true;
        if (*p_ == '"') return quoted();
        start = p_;
        p_ = logfmt_stop(p_, end_);
        if (p_ < end_ && uint8_t(*p_) > ' ') return skip();
        value = {start, size_t(p_ - start)};
        return true;
    }

   private:
    bool fail() {
        failed_ = true;
        return false;
    }

    bool skip() {
        while (p_ < end_ && uint8_t(*p_) > ' ') p_++;
        return fail();
    }

    bool quoted() {
        bool escaped;
        const char* start = p_ + 1;
        const char* stop = string_end(start, end_, escaped);
        if (!stop) {
            p_ = end_;
            return fail();
        }
        p_ = stop + 1;
        value = {start, size_t(stop - start)};
        if (!escaped) return true;
        if (!unescape(value, Escapes::LOGFMT, scratch_)) return fail();
        value = scratch_;
        return true;
    }

    // A key must be UTF-8 without U+FFFD.
    static bool readable(std::string_view key) {
        for (char c : key)
            if (uint8_t(c) >= 0x80) return utf8::valid_utf8(key) && key.find("\xEF\xBF\xBD") == key.npos;
        return true;
    }

    const char* p_;
    const char* end_;
    std::string& scratch_;
    bool failed_ = false;
};

class LogfmtFields {
   public:
    LogfmtFields(Columns& columns, bool strict, bool keep_empty)
        : columns_(columns), strict_(strict), keep_empty_(keep_empty) {}

    // Puts a line's fields into its row; false where it is malformed, which is told only if `strict`.
    bool line(std::string_view text, int64_t row) {
        LogfmtReader reader(text, scratch_);
        Key* before = nullptr;
        while (!reader.at_end()) {
            if (!reader.next()) {
                if (strict_ && reader.failed()) return false;
                continue;
            }
            Key* found = key(before, reader.key);
            before = found;
            if (found->column && (keep_empty_ || !reader.value.empty())) found->column->set(row, reader.value);
        }
        return true;
    }

   private:
    struct Key {
        std::string raw;
        Column* column;
        Key* next = nullptr;
    };

    Key* key(Key* before, std::string_view raw) {
        Key*& guess = before ? before->next : first_;
        if (guess && guess->raw == raw) return guess;
        auto found = keys_.find(raw);
        if (found == keys_.end()) {
            auto made = std::make_unique<Key>();
            made->raw = std::string(raw);
            std::string name;
            append_clean(name, raw);
            made->column = columns_.find(name);
            std::string_view stored = made->raw;
            found = keys_.emplace(stored, std::move(made)).first;
        }
        return guess = found->second.get();
    }

    Columns& columns_;
    bool strict_, keep_empty_;
    std::unordered_map<std::string_view, std::unique_ptr<Key>> keys_;
    Key* first_ = nullptr;
    std::string scratch_;
};

}  // namespace line_fields
