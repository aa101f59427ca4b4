// The level of a log line: from a field of it where it is JSON or logfmt, else from the first level word in it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "line_escapes.hpp"
#include "line_json.hpp"
#include "line_logfmt.hpp"

namespace line_fields {

enum Level : uint8_t { NONE, UNKNOWN, TRACE, DEBUG, INFO, WARN, ERROR, CRITICAL, FATAL };

inline bool same_letters(std::string_view text, const char* lower) {
    for (char c : text) {
        const char l = *lower++;
        if (!l || (c != l && (c < 'A' || c > 'Z' || char(c | 0x20) != l))) return false;
    }
    return !*lower;
}

// The level that a field's value names; NONE for any other text.
inline Level level_of(std::string_view v) {
    if (v.empty() || v.size() > 11) return NONE;
    switch (v[0] | 0x20) {
        case 't': return same_letters(v, "trace") || same_letters(v, "trc") ? TRACE : NONE;
        case 'd': return same_letters(v, "debug") || same_letters(v, "dbg") ? DEBUG : NONE;
        case 'i':
            return same_letters(v, "info") || same_letters(v, "inf") || same_letters(v, "information") ? INFO : NONE;
        case 'w': return same_letters(v, "warn") || same_letters(v, "wrn") || same_letters(v, "warning") ? WARN : NONE;
        case 'e': return same_letters(v, "error") || same_letters(v, "err") ? ERROR : NONE;
        case 'c': return same_letters(v, "critical") ? CRITICAL : NONE;
        case 'f': return same_letters(v, "fatal") ? FATAL : NONE;
        default: return NONE;
    }
}

// --- words in a line -------------------------------------------------------------------------------------------------

struct LevelBounds {
    bool left[256] = {}, right[256] = {};
    LevelBounds() {
        for (const char* c = " \t\n[({\"'=|"; *c; c++) left[uint8_t(*c)] = right[uint8_t(*c)] = true;
        for (const char* c = "]):,!"; *c; c++) right[uint8_t(*c)] = true;
    }
};
inline const LevelBounds LEVEL_BOUNDS;

inline bool word_at(const char* p, const char* end, const char* lower, size_t n) {
    if (size_t(end - p) < n) return false;
    for (size_t i = 0; i < n; i++)
        if ((p[i] | 0x20) != lower[i]) return false;
    return p + n == end || LEVEL_BOUNDS.right[uint8_t(p[n])];
}

// The level whose word begins at p and is bounded to the right.
inline Level level_word(const char* p, const char* end) {
    if (end - p < 3) return NONE;
    switch (uint16_t(uint8_t(p[0] | 0x20)) << 8 | uint8_t(p[1] | 0x20)) {
        case 't' << 8 | 'r': return word_at(p, end, "trace", 5) ? TRACE : NONE;
        case 'd' << 8 | 'e': return word_at(p, end, "debug", 5) ? DEBUG : NONE;
        case 'i' << 8 | 'n': return word_at(p, end, "info", 4) ? INFO : NONE;
        case 'w' << 8 | 'a': return word_at(p, end, "warn", 4) || word_at(p, end, "warning", 7) ? WARN : NONE;
        case 'e' << 8 | 'r': return word_at(p, end, "error", 5) || word_at(p, end, "err", 3) ? ERROR : NONE;
        case 'c' << 8 | 'r': return word_at(p, end, "critical", 8) ? CRITICAL : NONE;
        case 'f' << 8 | 'a': return word_at(p, end, "fatal", 5) ? FATAL : NONE;
        default: return NONE;
    }
}

// The level of the first bounded level word; UNKNOWN where there is none.
inline Level level_in(std::string_view line) {
    const char *start = line.data(), *p = start, *end = p + line.size();
    bool bounded = true;  // whether a word may begin at p
#if defined(__SSE2__)
    const auto all = [](char c) { return _mm_set1_epi8(c); };
    const __m128i low = all(0x20), space = all(' '), tab = all('\t'), line_feed = all('\n'), square = all('['),
                  round = all('('), curly = all('{'), quote = all('"'), single = all('\''), equal = all('='),
                  pipe = all('|'), t = all('t'), d = all('d'), i = all('i'), w = all('w'), e = all('e'), c = all('c'),
                  f = all('f');
    const auto is = [](__m128i a, __m128i b) { return _mm_cmpeq_epi8(a, b); };
    const auto either = [](__m128i a, __m128i b) { return _mm_or_si128(a, b); };
    for (; end - p >= 16; p += 16) {
        const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const __m128i y = either(x, low);
        const __m128i bounds =
            either(either(either(is(x, space), is(x, tab)), either(is(x, line_feed), is(x, square))),
                   either(either(either(is(x, round), is(x, curly)), either(is(x, quote), is(x, single))),
                          either(is(x, equal), is(x, pipe))));
        const __m128i letters = either(either(either(is(y, t), is(y, d)), either(is(y, i), is(y, w))),
                                       either(either(is(y, e), is(y, c)), is(y, f)));
        const unsigned left = unsigned(_mm_movemask_epi8(bounds));
        unsigned starts = (left << 1 | unsigned(bounded)) & unsigned(_mm_movemask_epi8(letters));
        bounded = left >> 15 & 1;
        for (; starts; starts &= starts - 1)
            if (Level level = level_word(p + __builtin_ctz(starts), end)) return level;
    }
#endif
    for (; p < end; p++) {
        if (bounded)
            if (Level level = level_word(p, end)) return level;
        bounded = LEVEL_BOUNDS.left[uint8_t(*p)];
    }
    return UNKNOWN;
}

// --- fields ----------------------------------------------------------------------------------------------------------

// Names of fields that hold a level, the more trusted ones first.
class LevelFields {
   public:
    // json_depth: in how many objects around it a field of JSON counts; 0 for any number.
    LevelFields(std::vector<std::string> names, int json_depth)
        : names_(std::move(names)), json_depth_(json_depth > 0 ? std::min(json_depth, MAX_DEPTH) : MAX_DEPTH) {
        for (const std::string& name : names_) {
            if (name.empty()) continue;
            first_[uint8_t(name[0])] = true;
            folded_[uint8_t(name[0])] = folded_[uint8_t(name[0] ^ 0x20)] = true;
            max_size_ = std::max(max_size_, name.size());
        }
    }

    Level of(std::string_view line) {
        const char *p = line.data(), *end = p + line.size();
        while (p < end && is_blank(*p)) p++;
        while (end > p && is_blank(end[-1])) end--;
        Level found = NONE;
        if (p < end && *p == '{' && end[-1] == '}') {
            found = in_json(line);
        } else if (std::memchr(line.data(), '=', line.size())) {
            found = in_logfmt(line);
        }
        return found ? found : level_in(line);
    }

   private:
    static bool is_blank(char c) { return c == ' ' || (c >= 9 && c <= 13); }

    // The value of the first string field with a level's name.
    Level in_json(std::string_view line) {
        const char *p = skip_space(line.data(), line.data() + line.size()), *end = line.data() + line.size();
        std::string_view value;
        if (*p != '{') return NONE;
        return object(p, end, 0, value) == FOUND ? level_of(value) : NONE;
    }

    enum Walked { DONE, FOUND, BROKEN };

    Walked object(const char*& p, const char* end, int depth, std::string_view& found) {
        bool odd;
        p = skip_space(p + 1, end);
        while (p < end) {
            if (*p == '}') {
                p++;
                return DONE;
            }
            if (*p++ != '"') return BROKEN;
            bool escaped;
            const char* stop = string_end(p, end, escaped);
            if (!stop) return BROKEN;
            std::string_view key(p, size_t(stop - p));
            p = skip_space(stop + 1, end);
            if (p == end || *p++ != ':') return BROKEN;
            p = skip_space(p, end);
            if (p < end && *p == '{' && depth + 1 < json_depth_) {
                Walked walked = object(p, end, depth + 1, found);
                if (walked != DONE) return walked;
            } else {
                Value value;
                if (!read_value(p, end, value, odd)) return BROKEN;
                if (value.kind == Kind::STRING && is_wanted(key, escaped)) {
                    found = value.text;
                    return FOUND;
                }
            }
            p = skip_space(p, end);
            if (p == end) return BROKEN;
            if (*p == ',') {
                p = skip_space(p + 1, end);
            } else if (*p != '}') {
                return BROKEN;
            }
        }
        return BROKEN;
    }

    bool is_wanted(std::string_view key, bool escaped) {
        if (escaped) {
            if (!unescape(key, Escapes::JSON, scratch_)) return false;
            key = scratch_;
        }
        if (key.empty() || key.size() > max_size_ || !first_[uint8_t(key[0])]) return false;
        for (const std::string& name : names_)
            if (name == key) return true;
        return false;
    }

    // The value of the most trusted name, whatever the case of its letters; up to the first malformed pair.
    Level in_logfmt(std::string_view line) {
        LogfmtReader reader(line, scratch_);
        size_t best = names_.size();
        best_.clear();
        while (!reader.at_end() && reader.next()) {
            const std::string_view key = reader.key;
            if (key.size() > max_size_ || !folded_[uint8_t(key[0])]) continue;
            for (size_t i = 0; i < best; i++) {
                if (!same_folded(key, names_[i])) continue;
                best = i;
                best_.assign(reader.value);
                break;
            }
            if (best == 0) break;
        }
        return best < names_.size() ? level_of(best_) : NONE;
    }

    static bool same_folded(std::string_view a, std::string_view b) {
        if (a.size() != b.size()) return false;
        for (size_t i = 0; i < a.size(); i++) {
            const char l = a[i] | 0x20;
            if (a[i] != b[i] && (l != (b[i] | 0x20) || l < 'a' || l > 'z')) return false;
        }
        return true;
    }

    std::vector<std::string> names_;
    int json_depth_;
    bool first_[256] = {}, folded_[256] = {};
    size_t max_size_ = 0;
    std::string scratch_, best_;
};

}  // namespace line_fields
