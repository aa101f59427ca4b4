// Fields of many lines at once; see `line_fields.pyi` for what each function gives.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "line_addresses.hpp"
#include "line_capture.hpp"
#include "line_json.hpp"
#include "line_level.hpp"
#include "line_logfmt.hpp"
#include "line_numbers.hpp"
#include "line_paths.hpp"
#include "line_unpack.hpp"
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

inline void levels_at(const char* data, const int64_t* at, const int64_t* end, int64_t n, LevelFields& fields,
                      uint8_t* out) {
    for (int64_t i = 0; i < n; i++) out[i] = fields.of({data + at[i], size_t(end[i] - at[i])});
}

inline void code(const Lines& lines, Values& values, int32_t* codes) {
    for (int64_t i = 0; i < lines.n; i++) codes[i] = values.code(lines[i]);
}

// One reader over all texts; what it does not read is 0.
template <typename Number, bool read(std::string_view, Number&)>
void numbers(const Lines& texts, Number* out, uint8_t* mask) {
    for (int64_t i = 0; i < texts.n; i++) {
        mask[i] = read(texts[i], out[i]);
        if (!mask[i]) out[i] = 0;
    }
}

inline void floats(const Lines& texts, double* out, uint8_t* mask) { numbers<double, read_float>(texts, out, mask); }
inline void sizes(const Lines& texts, double* out, uint8_t* mask) { numbers<double, read_size>(texts, out, mask); }
inline void durations(const Lines& texts, int64_t* out, uint8_t* mask) {
    numbers<int64_t, read_duration>(texts, out, mask);
}

inline void addresses(const Lines& lines, const AddressRange& range, uint8_t* mask) {
    for (int64_t i = 0; i < lines.n; i++) mask[i] = has_address(lines[i], range);
}

inline void unpack(const Lines& lines, Columns& columns, Written& out, uint8_t* mask) {
    PackedLines packed(columns);
    for (int64_t i = 0; i < lines.n; i++) mask[i] = !packed.line(lines[i], i, out);
}

inline void decolorize(const Lines& lines, Written& out) {
    for (int64_t i = 0; i < lines.n; i++) decolorize(lines[i], out);
}

// The first place of a text that is not empty; null where there is none.
inline const char* find_text(std::string_view in, const std::string& text) {
    return static_cast<const char*>(text.size() == 1 ? std::memchr(in.data(), uint8_t(text[0]), in.size())
                                                     : memmem(in.data(), in.size(), text.data(), text.size()));
}

inline bool is_like(std::string_view line, const std::vector<std::string>& parts) {
    const bool empty = parts.size() == 1 && parts[0].empty();
    if (line.empty() || empty) return line.empty() && empty;
    std::string_view rest = line;
    for (size_t k = 0; k < parts.size(); k++) {
        if (parts[k].empty()) continue;
        const char* found = find_text(rest, parts[k]);
        if (!found || (k && found == rest.data())) return false;
        rest.remove_prefix(size_t(found - rest.data()) + parts[k].size());
    }
    return parts.back().empty() != rest.empty();
}

inline void like(const Lines& lines, const std::vector<std::string>& parts, uint8_t* mask) {
    for (int64_t i = 0; i < lines.n; i++) mask[i] = is_like(lines[i], parts);
}

// Groups by number to columns; null captures nothing.
inline void captures(const Lines& lines, const CaptureProgram& program, const std::vector<Column*>& columns,
                     uint8_t* found) {
    Captures run(program);
    for (int64_t i = 0; i < lines.n; i++) {
        found[i] = run.find(lines[i]);
        if (found[i] != Captures::MATCH) continue;
        for (size_t g = 0; g < columns.size(); g++)
            if (columns[g]) columns[g]->set(i, run.group(g));
    }
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
            const char* found = literal.empty() ? nullptr : find_text(rest, literal);
            const size_t n = found ? size_t(found - rest.data()) : rest.size();
            if (captures[k]) captures[k]->set(i, rest.substr(0, n));
            if (!found) break;
            rest.remove_prefix(n + literal.size());
        }
    }
}

}  // namespace line_fields
