// Where a line's values stand: of a JSON object, of key=value pairs, or the words of plain text.
#pragma once

#include <vector>

#include "line_layout.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace line_block {

enum Kind : uint8_t { kPlain = 0, kJson = 1, kLogfmt = 2, kWhole = 3 };

// Of a byte: what it may be part of.
enum ByteClass : uint8_t {
    kWordByte = 1,    // of a word as filters know them: [A-Za-z0-9_] and from 0x80
    kTokenByte = 2,   // of a token of plain text: words and .:+-
    kKeyByte = 4,     // of a key or bare value of logfmt
    kDigitByte = 8,
    kStringByte = 16  // of a JSON string, as itself
};

inline const uint8_t* byte_classes() {
    struct Table {
        uint8_t of[256];
        Table() {
            for (int c = 0; c < 256; c++) {
                bool digit = c >= '0' && c <= '9';
                bool word = digit || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c >= 0x80;
                uint8_t v = 0;
                if (word) v |= kWordByte | kTokenByte;
                if (c == '.' || c == ':' || c == '+' || c == '-') v |= kTokenByte;
                if (c > ' ' && c != '=' && c != '"' && c != 0x7F) v |= kKeyByte;
                if (digit) v |= kDigitByte;
                if (c >= ' ' && c != '"' && c != '\\') v |= kStringByte;
                of[c] = v;
            }
        }
    };
    static const Table table;
    return table.of;
}

// Begin and end of each value of a line, in order.
class Places {
   public:
    size_t size() const { return n_ / 2; }
    uint32_t lo(size_t i) const { return at_[2 * i]; }
    uint32_t hi(size_t i) const { return at_[2 * i + 1]; }
    void clear() { n_ = 0; }
    void shrink(size_t size) { n_ = 2 * size; }
    void add(size_t lo, size_t hi) {
        if (n_ == at_.size()) at_.resize(2 * n_ + 16);
        at_[n_] = uint32_t(lo);
        at_[n_ + 1] = uint32_t(hi);
        n_ += 2;
    }

   private:
    std::vector<uint32_t> at_;
    size_t n_ = 0;
};

constexpr size_t kMostValues = 250;  // of one line; lines with more are kept whole
constexpr size_t kMostDepth = 32;

// The end of the run of bytes that stand for themselves in a JSON string.
inline const char* string_run(const char* p, const char* end) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), last_control = _mm_set1_epi8(0x1F);
    while (end - p >= 16) {
        __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        __m128i stop = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, slash)),
                                    _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block));
        unsigned mask = unsigned(_mm_movemask_epi8(stop));
        if (mask) return p + __builtin_ctz(mask);
        p += 16;
    }
#endif
    const uint8_t* classes = byte_classes();
    while (p < end && classes[uint8_t(*p)] & kStringByte) p++;
    return p;
}

// One valid JSON object, as RFC 8259 has it (UTF-8 is not checked): its scalars are the places, strings without quotes.
class JsonShredder {
   public:
    bool shred(const char* line, size_t n, Places& out) {
        line_ = p_ = line;
        end_ = line + n;
        const char* limit = end_;
        size_t depth = 0;
        bool is_object[kMostDepth];
        // The grammar as a loop: `value` is wanted, then what follows a value.
        skip_space();
        if (p_ == limit || *p_ != '{') return false;
        bool want_value = true;
        while (true) {
            if (want_value) {
                if (p_ == limit) return false;
                char c = *p_;
                if (c == '"') {
                    size_t from = size_t(p_ + 1 - line_);
                    if (!string()) return false;
                    out.add(from, size_t(p_ - 1 - line_));
                } else if (c == '{') {
                    p_++;
                    if (depth == kMostDepth) return false;
                    is_object[depth++] = true;
                    skip_space();
                    if (p_ < limit && *p_ == '}') {
                        p_++;
                        depth--;
                    } else {
                        if (!key()) return false;
                        continue;
                    }
                } else if (c == '[') {
                    p_++;
                    if (depth == kMostDepth) return false;
                    is_object[depth++] = false;
                    skip_space();
                    if (p_ < limit && *p_ == ']') {
                        p_++;
                        depth--;
                    } else {
                        continue;
                    }
                } else {
                    size_t from = size_t(p_ - line_);
                    if (!scalar(c)) return false;
                    out.add(from, size_t(p_ - line_));
                }
                if (out.size() > kMostValues) return false;
                want_value = false;
            }
            if (p_ < limit && uint8_t(*p_) <= ' ') skip_space();
            if (depth == 0) return p_ == limit;
            if (p_ == limit) return false;
            char c = *p_++;
            if (c == ',') {
                skip_space();
                if (is_object[depth - 1] && !key()) return false;
                want_value = true;
            } else if (c == (is_object[depth - 1] ? '}' : ']')) {
                depth--;
            } else {
                return false;
            }
        }
    }

   private:
    void skip_space() {
        while (p_ < end_ && (*p_ == ' ' || *p_ == '\t' || *p_ == '\n' || *p_ == '\r')) p_++;
    }
    // A string with its quotes.
    bool string() {
        if (p_ == end_ || *p_ != '"') return false;
        p_++;
        while (true) {
            p_ = string_run(p_, end_);
            if (p_ == end_) return false;
            if (*p_ == '"') {
                p_++;
                return true;
            }
            if (*p_ != '\\' || end_ - p_ < 2) return false;
            char c = p_[1];
            p_ += 2;
            if (c == 'u') {
                if (end_ - p_ < 4) return false;
                for (int i = 0; i < 4; i++, p_++) {
                    char h = *p_;
                    if (!(is_digit(h) || (h >= 'a' && h <= 'f') || (h >= 'A' && h <= 'F'))) return false;
                }
            } else if (!(c == '"' || c == '\\' || c == '/' || c == 'b' || c == 'f' || c == 'n' || c == 'r' ||
                         c == 't')) {
                return false;
            }
        }
    }
    // A key and its colon, up to the value.
    bool key() {
        if (!string()) return false;
        if (p_ < end_ && *p_ != ':') skip_space();
        if (p_ == end_ || *p_ != ':') return false;
        p_++;
        if (p_ < end_ && uint8_t(*p_) <= ' ') skip_space();
        return true;
    }
    bool scalar(char c) {
        if (c == '-' || is_digit(c)) return number();
        const char* word = c == 't' ? "true" : c == 'f' ? "false" : c == 'n' ? "null" : nullptr;
        if (!word) return false;
        size_t n = c == 'f' ? 5 : 4;
        if (size_t(end_ - p_) < n || std::memcmp(p_, word, n) != 0) return false;
        p_ += n;
        return true;
    }
    bool digits() {
        const char* from = p_;
        while (p_ < end_ && is_digit(*p_)) p_++;
        return p_ > from;
    }
    bool number() {
        if (*p_ == '-') p_++;
        const char* from = p_;
        if (!digits() || (*from == '0' && p_ - from > 1)) return false;
        if (p_ < end_ && *p_ == '.') {
            p_++;
            if (!digits()) return false;
        }
        if (p_ < end_ && (*p_ == 'e' || *p_ == 'E')) {
            p_++;
            if (p_ < end_ && (*p_ == '+' || *p_ == '-')) p_++;
            if (!digits()) return false;
        }
        return true;
    }

    const char* line_ = nullptr;
    const char* p_ = nullptr;
    const char* end_ = nullptr;
};

// key=value pairs parted by blanks, nothing else: values are bare or in double quotes, where backslash escapes.
inline bool shred_logfmt(const char* line, size_t n, Places& out) {
    const uint8_t* classes = byte_classes();
    const char* p = line;
    const char* end = line + n;
    while (true) {
        while (p < end && *p == ' ') p++;
        if (p == end) return out.size() > 0;
        const char* key = p;
        while (p < end && classes[uint8_t(*p)] & kKeyByte && uint8_t(*p) < 0x80) p++;
        if (p == key || p == end || *p != '=') return false;
        p++;
        const char* from = p;
        if (p < end && *p == '"') {
            from = ++p;
            while (true) {
                p = string_run(p, end);
                if (p == end || uint8_t(*p) < ' ') return false;
                if (*p == '"') break;
                if (end - p < 2 || uint8_t(p[1]) < ' ') return false;
                p += 2;
            }
            out.add(size_t(from - line), size_t(p - line));
            p++;
        } else {
            while (p < end && classes[uint8_t(*p)] & kKeyByte) p++;
            out.add(size_t(from - line), size_t(p - line));
        }
        if (out.size() > kMostValues || (p < end && *p != ' ')) return false;
    }
}

// The tokens of plain text, without punctuation at their end: those that hold a digit, or `every` one. Dates and times
// of day are one token. False where there are too many.
inline bool shred_plain(const char* line, size_t lo, size_t hi, bool every, size_t most, Places& out) {
    const uint8_t* classes = byte_classes();
    size_t i = lo;
    while (i < hi) {
        uint8_t c = classes[uint8_t(line[i])];
        if (!(c & kTokenByte)) {
            i++;
            continue;
        }
        const size_t from = i;
        uint8_t any = 0;
        if (c & kDigitByte && hi - i >= 19) {
            bool clf;
            size_t size = time_size(line + i, hi - i, clf);
            i += size;
            any = size ? kDigitByte : 0;
            if (clf && i + 6 <= hi && line[i] == ' ' && (line[i + 1] == '+' || line[i + 1] == '-')) i += 6;
            if (size && !clf && i + 1 < hi && line[i] == ',' && is_digit(line[i + 1])) i += 2;
        }
        while (i < hi && (c = classes[uint8_t(line[i])]) & kTokenByte) any |= c, i++;
        size_t to = i;
        while (to > from && !(classes[uint8_t(line[to - 1])] & kWordByte)) to--;
        if (to > from && (every || any & kDigitByte)) {
            if (out.size() == most) return false;
            out.add(from, to);
        }
    }
    return true;
}

}  // namespace line_block
