// Captures of regular expressions that need no looking back: from a given start each byte leaves one way to go on, so
// a match is one walk. `logs/lines/regexp_program.py` says which expressions are such, and makes their programs.
//
// Lines must be UTF-8. From starts that fail the walk may begin again and again; a line on which it takes too many
// steps is given up, for RE2 to do.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "line_values.hpp"

namespace line_fields {

struct CaptureProgram {
    enum Kind : uint8_t { BYTE, RUNE, OPTIONAL, PLUS, STAR, OPEN, CLOSE, END };
    struct Op {
        Kind kind;
        uint8_t arg;  // a set, or a group
    };

    std::vector<Op> ops;
    const uint8_t* sets;  // 256 bytes each
    bool anchored;        // to the begin of the line
    size_t n_groups;
};

class Captures {
   public:
    enum Found : uint8_t { NO_MATCH, MATCH, GIVEN_UP };

    explicit Captures(const CaptureProgram& program)
        : program_(program), at_(program.n_groups), end_(program.n_groups) {
        if (program.ops.empty() || program.anchored) return;
        const auto op = first();
        skips_run_ = op.kind == CaptureProgram::PLUS;
        if (op.kind != CaptureProgram::BYTE) return;
        for (int c = 0; c < 256; c++)
            if (in(op.arg, char(c))) first_byte_ = first_byte_ == -1 ? c : -2;
    }

    std::string_view group(size_t g) const { return {at_[g], size_t(end_[g] - at_[g])}; }

    Found find(std::string_view line) {
        const char *p = line.data(), *end = p + line.size();
        steps_left_ = int64_t(line.size()) * 8 + 4096;
        while (true) {
            if (first_byte_ >= 0) {
                p = static_cast<const char*>(std::memchr(p, first_byte_, size_t(end - p)));
                if (!p) return NO_MATCH;
            }
            if (run(p, end)) return MATCH;
            if (steps_left_ < 0) return GIVEN_UP;
            if (program_.anchored || p == end) return NO_MATCH;
            // All starts within a run of the first set's bytes end at the same place, and fail alike.
            if (skips_run_ && in(first().arg, *p)) p = first_end_;
            if (p == end) return NO_MATCH;
            do p++;
            while (p < end && (uint8_t(*p) & 0xC0) == 0x80);
        }
    }

   private:
    bool in(uint8_t set, char c) const { return program_.sets[size_t(set) * 256 + uint8_t(c)]; }

    const CaptureProgram::Op& first() const {
        size_t i = 0;
        while (i + 1 < program_.ops.size() && program_.ops[i].kind == CaptureProgram::OPEN) i++;
        return program_.ops[i];
    }

    static const char* behind_rune(const char* p, const char* end) {
        p++;
        while (p < end && (uint8_t(*p) & 0xC0) == 0x80) p++;
        return p;
    }

    bool run(const char* p, const char* end) {
        const char* start = p;
        bool is_first = true;
        for (const auto& op : program_.ops) {
            const char* before = p;
            switch (op.kind) {
                case CaptureProgram::BYTE:
                    if (p == end || !in(op.arg, *p)) return stop(start, p);
                    p++;
                    break;
                case CaptureProgram::RUNE:
                    if (p == end || !in(op.arg, *p)) return stop(start, p);
                    p = behind_rune(p, end);
                    break;
                case CaptureProgram::OPTIONAL:
                    if (p < end && in(op.arg, *p)) p = behind_rune(p, end);
                    break;
                case CaptureProgram::PLUS:
                case CaptureProgram::STAR:
                    while (p < end && in(op.arg, *p)) p++;
                    if (is_first) first_end_ = p;
                    if (op.kind == CaptureProgram::PLUS && p == before) return stop(start, p);
                    break;
                case CaptureProgram::OPEN: at_[op.arg] = p; break;
                case CaptureProgram::CLOSE: end_[op.arg] = p; break;
                case CaptureProgram::END:
                    if (p != end) return stop(start, p);
                    break;
            }
            is_first = is_first && op.kind == CaptureProgram::OPEN;
        }
        return true;
    }

    bool stop(const char* start, const char* p) {
        steps_left_ -= p - start + 1;
        return false;
    }

    const CaptureProgram& program_;
    std::vector<const char*> at_, end_;
    const char* first_end_ = nullptr;
    bool skips_run_ = false;
    int first_byte_ = -1;  // the only byte that a match can begin with, if there is one
    int64_t steps_left_ = 0;
};

}  // namespace line_fields
