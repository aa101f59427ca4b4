// Fields of lines that are JSON objects, found in one walk.
//
// The walk is as lenient as Loki's: what stands behind the closing brace does not matter, arrays are skipped without a
// look inside, `{"a":1,}` is an object. A nested object must be closed before any of its fields counts; where a line
// is broken inside of one, or brackets do not pair up, it is walked again in slices, slowly (`Slices`).
//
// Keys are predicted: the same program writes the same keys in the same order, so the key that followed last time is
// compared first, and only another one is looked up.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "line_escapes.hpp"
#include "line_names.hpp"
#include "line_values.hpp"

namespace line_fields {

constexpr int MAX_DEPTH = 128;  // of nested objects; a line with more is broken

inline const char* skip_space(const char* p, const char* end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
    return p;
}

// The end of a number, boolean or null.
inline const char* token_end(const char* p, const char* end, bool& odd) {
    for (; p < end; p++) {
        switch (*p) {
            case ' ':
            case '\n':
            case '\r':
            case '\t':
            case ',':
            case '}':
            case ']': return p;
            case '{':
            case '"': odd = true; break;
            default: break;
        }
    }
    return p;
}

// Behind the bracket that closes the one at p; null where none does. Only this kind of bracket is counted.
inline const char* block_end(const char* p, const char* end, char open, char close, bool& odd) {
    int level = 0, other = 0;
    const char other_open = open == '[' ? '{' : '[', other_close = open == '[' ? '}' : ']';
    bool escaped;
    for (; p < end; p++) {
        const char c = *p;
        if (c == '"') {
            p = string_end(p + 1, end, escaped);
            if (!p) return nullptr;
        } else if (c == open) {
            level++;
        } else if (c == close) {
            if (--level == 0) {
                if (other) odd = true;
                return p + 1;
            }
        } else if (c == other_open) {
            other++;
        } else if (c == other_close && --other < 0) {
            odd = true;
        }
    }
    return nullptr;
}

enum class Kind { STRING, NUMBER, BOOLEAN, NUL, OBJECT, ARRAY };

struct Value {
    Kind kind;
    bool escaped = false;
    std::string_view text;  // of a string without its quotes
};

// The kind of a number, boolean or null; false for any other word.
inline bool word_kind(std::string_view word, Kind& kind) {
    if (word.empty()) return false;
    const char c = word[0];
    if (c == '-' || (c >= '0' && c <= '9')) {
        kind = Kind::NUMBER;
    } else if (word == "true" || word == "false") {
        kind = Kind::BOOLEAN;
    } else if (word == "null") {
        kind = Kind::NUL;
    } else {
        return false;
    }
    return true;
}

// The value at p, which it moves behind it; false where there is none. Objects and arrays are skipped.
inline bool read_value(const char*& p, const char* end, Value& value, bool& odd) {
    if (p == end) return false;
    const char* start = p;
    const char* stop;
    switch (*p) {
        case '"':
            stop = string_end(p + 1, end, value.escaped);
            if (!stop) return false;
            value.kind = Kind::STRING;
            value.text = {p + 1, size_t(stop - p - 1)};
            p = stop + 1;
            return true;
        case '[':
        case '{':
            value.kind = *p == '[' ? Kind::ARRAY : Kind::OBJECT;
            stop = value.kind == Kind::ARRAY ? block_end(p, end, '[', ']', odd) : block_end(p, end, '{', '}', odd);
            if (!stop) return false;
            break;
        default:
            stop = token_end(p, end, odd);
            if (!word_kind({start, size_t(stop - start)}, value.kind)) return false;
    }
    value.text = {start, size_t(stop - start)};
    p = stop;
    return true;
}

// Keys that were met at one place of a structure, and which came after which.
struct Place {
    struct Key {
        std::string raw;   // as it stands between the quotes
        std::string name;  // cleaned, behind those of the objects around it
        Column* column;    // null where it is not wanted
        std::unique_ptr<Place> inside;
        Key* next = nullptr;
    };

    std::string prefix;
    std::unordered_map<std::string_view, std::unique_ptr<Key>> keys;
    Key* first = nullptr;
};

class JsonFields {
   public:
    explicit JsonFields(Columns& columns) : columns_(columns) {}

    // Puts a line's fields into its row; false where the line is broken. What stood before the break counts.
    bool line(std::string_view text, int64_t row) {
        row_ = row;
        odd_ = false;
        touched_.clear();
        const char *p = skip_space(text.data(), text.data() + text.size()), *end = text.data() + text.size();
        if (p == end || *p != '{') return false;
        bool broken_inside = false;
        const bool ok = object(root_, p, end, 0, broken_inside);
        if (!odd_ && (ok || !broken_inside)) return ok;
        for (Column* column : touched_) column->unset(row);
        touched_.clear();
        p = skip_space(text.data(), end);
        return slices(root_, p, end, 0);
    }

   private:
    // The key at p, which stands behind its opening quote; moves behind the closing one. Null where none does.
    Place::Key* key(Place& place, Place::Key* before, const char*& p, const char* end) {
        Place::Key* guess = before ? before->next : place.first;
        if (guess) {
            const size_t n = guess->raw.size();
            if (size_t(end - p) > n && p[n] == '"' && std::memcmp(p, guess->raw.data(), n) == 0) {
                p += n + 1;
                return guess;
            }
        }
        bool escaped;
        const char* stop = string_end(p, end, escaped);
        if (!stop) return nullptr;
        std::string_view raw(p, size_t(stop - p));
        auto found = place.keys.find(raw);
        Place::Key* key = found != place.keys.end() ? found->second.get() : add(place, raw, escaped);
        (before ? before->next : place.first) = key;
        p = stop + 1;
        return key;
    }

    // Null where the key's escapes are none.
    Place::Key* add(Place& place, std::string_view raw, bool escaped) {
        std::string_view clean = raw;
        if (escaped) {
            if (!unescape(raw, Escapes::JSON, scratch_)) return nullptr;
            clean = scratch_;
        }
        auto made = std::make_unique<Place::Key>();
        made->raw = std::string(raw);
        std::string name = place.prefix;
        if (!name.empty()) name.push_back('_');
        append_clean(name, clean);
        made->column = columns_.find(name);
        made->name = std::move(name);
        std::string_view stored = made->raw;
        return place.keys.emplace(stored, std::move(made)).first->second.get();
    }

    static Place& inside(Place::Key& key) {
        if (!key.inside) {
            key.inside = std::make_unique<Place>();
            key.inside->prefix = key.name;
        }
        return *key.inside;
    }

    void set(Column* column, const Value& value) {
        if (!column || column->last_row == row_) return;
        std::string_view text = value.text;
        if (value.escaped) text = unescape(value.text, Escapes::JSON, scratch_) ? std::string_view(scratch_) : "";
        if (column->set(row_, text)) touched_.push_back(column);
    }

    // The object at p, which it moves behind it. `broken_inside` tells that it broke below the outermost object.
    bool object(Place& place, const char*& p, const char* end, int depth, bool& broken_inside) {
        Place::Key* before = nullptr;
        p = skip_space(p + 1, end);
        while (true) {
            if (p == end) break;
            if (*p == '}') {
                p++;
                return true;
            }
            if (*p++ != '"') break;
            Place::Key* found = key(place, before, p, end);
            if (!found) break;
            before = found;
            p = skip_space(p, end);
            if (p == end || *p++ != ':') break;
            p = skip_space(p, end);
            if (p < end && *p == '{') {
                if (depth + 1 == MAX_DEPTH || !object(inside(*found), p, end, depth + 1, broken_inside)) {
                    broken_inside = true;
                    return false;
                }
            } else {
                Value value;
                if (!read_value(p, end, value, odd_here(depth))) break;
                if (value.kind < Kind::NUL) set(found->column, value);
            }
            p = skip_space(p, end);
            if (p == end) break;
            if (*p == ',') {
                p = skip_space(p + 1, end);
            } else if (*p != '}') {
                break;
            }
        }
        return false;
    }

    bool& odd_here(int depth) { return depth ? odd_ : ignored_; }

    // The same by the book: the end of each nested object is found by counting braces, then its inside is walked.
    bool slices(Place& place, const char* p, const char* end, int depth) {
        Place::Key* before = nullptr;
        if (p == end || *p != '{') return false;
        p = skip_space(p + 1, end);
        while (true) {
            if (p == end) return false;
            if (*p == '}') return true;
            if (*p++ != '"') return false;
            Place::Key* found = key(place, before, p, end);
            if (!found) return false;
            before = found;
            p = skip_space(p, end);
            if (p == end || *p++ != ':') return false;
            p = skip_space(p, end);
            Value value;
            if (!read_value(p, end, value, ignored_)) return false;
            if (value.kind == Kind::OBJECT) {
                const char* start = value.text.data();
                if (depth + 1 == MAX_DEPTH || !slices(inside(*found), start, start + value.text.size(), depth + 1))
                    return false;
            } else if (value.kind < Kind::NUL) {
                set(found->column, value);
            }
            p = skip_space(p, end);
            if (p == end) return false;
            if (*p == ',') {
                p = skip_space(p + 1, end);
            } else if (*p != '}') {
                return false;
            }
        }
    }

    Columns& columns_;
    Place root_;
    std::vector<Column*> touched_;  // columns that this row has set
    std::string scratch_;
    int64_t row_ = 0;
    bool odd_ = false;  // brackets inside of a nested object do not pair up
    bool ignored_ = false;
};

}  // namespace line_fields
