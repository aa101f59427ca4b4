// Lines that the agent's `pack` stage wrote, taken apart again; and escape sequences of terminals, taken out of lines.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "line_json.hpp"

namespace line_fields {

// Texts that are written one after the other.
struct Written {
    std::string data;
    std::vector<int64_t> offsets{0};

    void end() { offsets.push_back(int64_t(data.size())); }
};

class PackedLines {
   public:
    explicit PackedLines(Columns& columns) : columns_(columns) {}

    // Puts a line's labels into its row and writes its `_entry`; a line without one has no labels and stays as it is.
    // False where the line is no JSON object.
    bool line(std::string_view text, int64_t row, Written& out) {
        found_.clear();
        packed_ = false;
        const bool ok = text.empty() || members(text);
        if (ok && packed_) {
            for (auto& [name, value] : found_)
                if (Column* column = columns_.find(name)) column->set(row, value);
            out.data.append(entry_);
        } else {
            out.data.append(text);
        }
        out.end();
        return ok;
    }

   private:
    bool members(std::string_view text) {
        const char *p = skip_space(text.data(), text.data() + text.size()), *end = text.data() + text.size();
        bool odd;
        if (p == end || *p != '{') return false;
        p = skip_space(p + 1, end);
        while (p < end) {
            if (*p == '}') return true;
            Value key, value;
            if (*p != '"' || !read_value(p, end, key, odd)) return false;
            if (key.escaped) {
                if (!unescape(key.text, Escapes::JSON, scratch_)) return false;
                key.text = scratch_;
            }
            p = skip_space(p, end);
            if (p == end || *p++ != ':') return false;
            p = skip_space(p, end);
            if (!read_value(p, end, value, odd)) return false;
            if (value.kind == Kind::STRING) add(key.text, value);
            p = skip_space(p, end);
            if (p == end) return false;
            if (*p == ',') {
                p = skip_space(p + 1, end);
            } else if (*p != '}') {
                return false;
            }
        }
        return false;
    }

    void add(std::string_view key, const Value& value) {
        const bool is_entry = key == "_entry";
        std::string name;
        if (!is_entry) append_clean(name, key);
        std::string text(value.text);
        if (value.escaped && !unescape(value.text, Escapes::JSON, text)) text.clear();
        if (is_entry) {
            packed_ = true;
            entry_ = std::move(text);
        } else {
            found_.emplace_back(std::move(name), std::move(text));
        }
    }

    Columns& columns_;
    std::vector<std::pair<std::string, std::string>> found_;
    std::string entry_, scratch_;
    bool packed_ = false;
};

// --- colours ---------------------------------------------------------------------------------------------------------

inline bool ends_colour(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'P') || c == 'R' || c == 'Z' || c == 'c' ||
           (c >= 'f' && c <= 'n') || c == 't' || c == 'q' || c == 'r' || c == 'y' || c == '=' || c == '>' ||
           c == '<' || c == '~';
}

// Behind the escape sequence whose introducer (ESC, or U+009B) ends at p; null where there is none.
inline const char* colour_end(const char* p, const char* end) {
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    while (p < end && *p && std::strchr("[]()#;?", *p)) p++;
    const char* q = p;  // text that a bell ends, as of a window's title
    while (q < end && (digit(*q) || (*q >= 'a' && *q <= 'z') || (*q >= 'A' && *q <= 'Z') || *q == ';')) q++;
    if (q < end && *q == '\a') return q + 1;
    q = p;  // numbers between semicolons, each of up to four digits, and a final byte
    const auto number = [&] {
        for (int i = 0; i < 4 && q < end && digit(*q); i++) q++;
    };
    number();
    if (q > p) {
        while (q < end && *q == ';') {
            q++;
            number();
        }
    }
    if (q < end && ends_colour(*q)) return q + 1;
    while (q > p && q[-1] == ';') q--;  // A digit can be the final byte too.
    return q > p ? q : nullptr;
}

// Writes a line without escape sequences.
inline void decolorize(std::string_view line, Written& out) {
    const char *p = line.data(), *end = p + line.size(), *kept = p;
    while (p < end) {
        size_t introducer = 0;
        if (*p == '\x1b') introducer = 1;
        if (end - p > 1 && p[0] == '\xc2' && p[1] == '\x9b') introducer = 2;
        const char* stop = introducer ? colour_end(p + introducer, end) : nullptr;
        if (!stop) {
            p++;
            continue;
        }
        out.data.append(kept, size_t(p - kept));
        p = kept = stop;
    }
    out.data.append(kept, size_t(end - kept));
    out.end();
}

}  // namespace line_fields
