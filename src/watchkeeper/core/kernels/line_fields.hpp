// Fields of many lines at once; see `line_fields.pyi` for what each function gives.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "line_json.hpp"
#include "line_level.hpp"
#include "line_logfmt.hpp"
#include "line_paths.hpp"
#include "line_values.hpp"

namespace line_fields {

struct Lines {
    const char* data;
    const int64_t* offsets;
    int64_t n;

    std::string_view operator[](int64_t i) const { return {data + offsets[i], size_t(offsets[i + 1] - offsets[i])}; }
};

inline void json(const Lines& lines, Columns& columns, uint8_t* mask) {
    JsonFields fields(columns);
    for (int64_t i = 0; i < lines.n; i++) mask[i] = !fields.line(lines[i], i);
}

inline void logfmt(const Lines& lines, Columns& columns, bool strict, bool keep_empty, uint8_t* mask) {
    LogfmtFields fields(columns, strict, keep_empty);
    for (int64_t i = 0; i < lines.n; i++) mask[i] = !fields.line(lines[i], i);
}

inline void json_paths(const Lines& lines, JsonPaths& paths, uint8_t* mask) {
    for (int64_t i = 0; i < lines.n; i++) mask[i] = !paths.line(lines[i], i);
}

inline void levels(const Lines& lines, LevelFields& fields, uint8_t* out) {
    for (int64_t i = 0; i < lines.n; i++) out[i] = fields.of(lines[i]);
}

inline void code(const Lines& lines, Values& values, int32_t* codes) {
    for (int64_t i = 0; i < lines.n; i++) codes[i] = values.code(lines[i]);
}

// The captures between literals. A capture whose closing literal is missing takes the rest, and those behind it nothing.
inline void pattern(const Lines& lines, const std::vector<std::string>& literals,
                    const std::vector<Column*>& captures) {
    for (int64_t i = 0; i < lines.n; i++) {
        std::string_view rest = lines[i];
        if (rest.empty() || rest.substr(0, literals[0].size()) != literals[0]) continue;
        rest.remove_prefix(literals[0].size());
        for (size_t k = 0; k < captures.size(); k++) {
            const std::string& literal = literals[k + 1];
            const void* found = literal.empty() ? nullptr
                                : literal.size() == 1
                                    ? std::memchr(rest.data(), uint8_t(literal[0]), rest.size())
                                    : memmem(rest.data(), rest.size(), literal.data(), literal.size());
            const size_t n = found ? size_t(static_cast<const char*>(found) - rest.data()) : rest.size();
            if (captures[k]) captures[k]->set(i, rest.substr(0, n));
            if (!found) break;
            rest.remove_prefix(n + literal.size());
        }
    }
}

}  // namespace line_fields
