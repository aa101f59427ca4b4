// What a block gives to whoever reads it: lines, their sizes, and the columns that these need.
#pragma once

#include "line_search.hpp"
#include "line_answer.hpp"

namespace line_block {

inline void lines(const Block& b, const int32_t* rows, size_t n, std::string& out, int64_t* offsets) {
    offsets[0] = 0;
    for (size_t i = 0; i < n; i++) {
        b.line(size_t(rows[i]), out);
        offsets[i + 1] = int64_t(out.size());
    }
}

inline void line_lengths(const Block& b, const int32_t* rows, size_t n, int64_t* out) {
    for (size_t i = 0; i < n; i++) out[i] = int64_t(b.line_length(size_t(rows[i])));
}

// The packs that must be loaded before the lines of these rows are known.
inline void missing_for_lines(const Sealed& s, const int32_t* rows, size_t n, std::vector<uint32_t>& out) {
    std::vector<uint8_t> seen(s.block.skeletons.size(), 0);
    for (size_t i = 0; i < n; i++) {
        const uint32_t number = s.block.skeleton_of[size_t(rows[i])];
        if (seen[number]) continue;
        seen[number] = 1;
        for (const Part& part : s.block.skeletons[number]->parts)
            if (part.column != kNone) s.missing(part.column, out);
    }
}

inline void missing_for_all(const Sealed& s, std::vector<uint32_t>& out) {
    s.missing_rows(out);
    for (size_t i = 0; i < s.block.columns.size(); i++) s.missing(uint32_t(i), out);
}

// False where a row is not in the block.
inline bool are_rows(const Block& b, const int32_t* rows, size_t n) {
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++) most = std::max(most, uint32_t(rows[i]));
    return n == 0 || most < b.n_rows;
}

// Where the values of rows are in a slot's column; false where a row has another skeleton.
inline bool slot_rows(const Block& b, uint32_t slot, const int32_t* rows, size_t n, uint32_t* out) {
    const Slot& s = b.slots[slot];
    const Array<uint32_t>& index = s.of_group ? b.in_group : b.in_skeleton;
    uint32_t differs = 0;
    for (size_t i = 0; i < n; i++) {
        differs |= b.skeleton_of[size_t(rows[i])] ^ s.skeleton;
        out[i] = index[size_t(rows[i])];
    }
    return !differs;
}
inline bool shape_rows(const Block& b, uint32_t shape, const int32_t* rows, size_t n, uint32_t* out) {
    uint32_t differs = 0;
    for (size_t i = 0; i < n; i++) {
        differs |= b.shape_at(size_t(rows[i])) ^ shape;
        out[i] = b.in_shape_at(size_t(rows[i]));
    }
    return !differs;
}
inline void coded_at(const Column& c, const uint32_t* at, size_t n, int32_t* codes, Answer& out) {
    coded(c, n, [=](size_t i) { return size_t(at[i]); }, codes, out);
}
inline void numbers_at(const Column& c, const uint32_t* at, size_t n, double* out) {
    numbers(c, n, [=](size_t i) { return size_t(at[i]); }, out);
}

inline void tokens(const char* needle, size_t n, std::vector<uint64_t>& out) {
    each_needed(needle, n, [&](uint64_t hash) {
        if (std::find(out.begin(), out.end(), hash) == out.end()) out.push_back(hash);
    });
}

// Appends rows that were checked; how many were added.
struct Batch {
    const char* data;
    const int64_t *line_at, *line_end, *times;
    const int64_t *pair_lo, *name_at, *name_end, *value_at, *value_end;  // null where there is no metadata
    const uint8_t* levels;                                               // may be null
    size_t n;
};
constexpr const char* kLevels[] = {"", "unknown", "trace", "debug", "info", "warn", "error", "critical", "fatal"};
constexpr size_t kNLevels = sizeof kLevels / sizeof kLevels[0];

inline size_t append(Block& b, const Batch& batch, bool dedupe) {
    Pairs pairs;
    size_t added = 0;
    for (size_t i = 0; i < batch.n; i++) {
        const char* line = batch.data + batch.line_at[i];
        const size_t size = size_t(batch.line_end[i] - batch.line_at[i]);
        size_t sent = size;
        pairs.clear();
        if (batch.pair_lo)
            for (int64_t k = batch.pair_lo[i]; k < batch.pair_lo[i + 1]; k++) {
                Span name{batch.data + batch.name_at[k], size_t(batch.name_end[k] - batch.name_at[k])};
                Span value{batch.data + batch.value_at[k], size_t(batch.value_end[k] - batch.value_at[k])};
                sent += name.size + value.size;
                pairs.add(name, value);
            }
        if (batch.levels && batch.levels[i]) {
            const char* level = kLevels[batch.levels[i]];
            pairs.add(Span{"detected_level", 14}, Span{level, std::strlen(level)});
        }
        added += b.append(line, size, batch.times[i], pairs, dedupe, sent);
    }
    return added;
}

}  // namespace line_block
