// Which words the lines of a block hold, in about eight bits for each that differs. See docs/formats/log-block.md.
#pragma once

#include <vector>

#include "line_shredder.hpp"

namespace line_block {

constexpr size_t kGram = 8;         // bytes of a sample of a long word
constexpr size_t kLongWord = 32;    // words from this size are found by samples
constexpr size_t kFilterBlock = 32;

inline bool is_word_byte(char c) { return byte_classes()[uint8_t(c)] & kWordByte; }

// Numbers and times would fill the filter and are rarely asked for: only long ones count.
inline bool is_indexed(const char* p, size_t n, bool after_point) {
    if (n < 3) return false;
    if (!is_digit(p[0])) return true;
    if (n < 6) return false;
    size_t i = 1;
    while (i < n && is_digit(p[i])) i++;
    return !((i == n && after_point) || (i + 1 == n && p[i] == 'Z'));
}

inline bool are_hex(const char* p, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!(is_digit(p[i]) || (p[i] >= 'a' && p[i] <= 'f') || (p[i] >= 'A' && p[i] <= 'F'))) return false;
    return true;
}

constexpr size_t kUuid = 36;

// Whether a UUID stands here; what is before and behind it does not matter.
inline bool is_uuid(const char* p, size_t n) {
    return n >= kUuid && p[8] == '-' && p[13] == '-' && p[18] == '-' && p[23] == '-' && are_hex(p, 8) &&
           are_hex(p + 9, 4) && are_hex(p + 14, 4) && are_hex(p + 19, 4) && are_hex(p + 24, 12);
}

// Samples of a long word such that each 32 bytes of it hold one: whoever asks for 32 bytes knows one that must be there.
template <class Sink>
void each_sample(const char* p, size_t n, Sink&& sink) {
    constexpr size_t window = kLongWord - kGram + 1;
    const size_t grams = n - kGram + 1;
    uint64_t least = 0;
    size_t at = 0;
    bool known = false;
    for (size_t first = 0; first + window <= grams; first++) {
        size_t from = first + window - 1;
        if (!known || at < first) {
            from = first;
            least = ~0ull;
            at = kLongWord + n;
        }
        size_t before = at;
        for (size_t i = from; i < first + window; i++) {
            uint64_t hash = mix(load64(p + i) ^ 0x9E3779B97F4A7C15ull, 0xC2B2AE3D27D4EB4Full);
            if (hash < least || at > n) least = hash, at = i;
        }
        if (!known || at != before) sink(least);
        known = true;
    }
}

// The hashes that stand for a text which begins and ends between words.
template <class Sink>
void each_word(const char* p, size_t n, Sink&& sink) {
    size_t i = 0;
    size_t skip_until = 0;  // words of a UUID do not count on their own
    while (i < n) {
        if (!is_word_byte(p[i])) {
            i++;
            continue;
        }
        const size_t from = i;
        while (i < n && is_word_byte(p[i])) i++;
        const size_t size = i - from;
        bool whole_uuid = false;
        if (size >= 8 && i < n && p[i] == '-' && is_uuid(p + i - 8, n - (i - 8))) {
            sink(hash_bytes(p + i - 8, kUuid));
            size_t end = i - 8 + kUuid;
            // All five parts are words of their own here.
            whole_uuid = size == 8 && (end == n || !is_word_byte(p[end]));
            if (whole_uuid) {
                i = end;
                continue;
            }
        }
        if (size >= kLongWord)
            each_sample(p + from, size, sink);
        else if (from >= skip_until && is_indexed(p + from, size, from > 0 && p[from - 1] == '.'))
            sink(hash_bytes(p + from, size));
    }
}

// The hashes that each line must have which holds this needle.
template <class Sink>
void each_needed(const char* p, size_t n, Sink&& sink) {
    for (size_t i = 0; i + kUuid <= n; i++)
        if (p[i + 8] == '-' && is_uuid(p + i, n - i)) sink(hash_bytes(p + i, kUuid));
    size_t i = 0;
    while (i < n) {
        if (!is_word_byte(p[i])) {
            i++;
            continue;
        }
        const size_t from = i;
        while (i < n && is_word_byte(p[i])) i++;
        const size_t size = i - from;
        if (size >= kLongWord) {
            each_sample(p + from, size, sink);
            continue;
        }
        if (from == 0 || i == n) continue;
        // Words that may be parts of a UUID are not there on their own.
        if (are_hex(p + from, size)) {
            bool dash_before = p[from - 1] == '-', dash_behind = p[i] == '-';
            if ((size == 8 && dash_behind) || (size == 12 && dash_before) || (size == 4 && dash_before && dash_behind))
                continue;
        }
        if (is_indexed(p + from, size, p[from - 1] == '.')) sink(hash_bytes(p + from, size));
    }
}

// A set of hashes that differ.
class HashSet {
   public:
    void add(uint64_t hash) {
        if (n_ * 2 >= table_.size()) grow();
        enter(hash);
    }
    size_t size() const { return n_; }
    template <class Sink>
    void each(Sink&& sink) const {
        for (uint64_t hash : table_)
            if (hash) sink(hash);
    }

   private:
    void enter(uint64_t hash) {
        if (hash == 0) hash = 1;
        const size_t mask = table_.size() - 1;
        size_t at = hash & mask;
        while (table_[at]) {
            if (table_[at] == hash) return;
            at = (at + 1) & mask;
        }
        table_[at] = hash;
        n_++;
    }
    void grow() {
        std::vector<uint64_t> old(table_.empty() ? 256 : table_.size() * 2, 0);
        old.swap(table_);
        n_ = 0;
        for (uint64_t hash : old)
            if (hash) enter(hash);
    }
    std::vector<uint64_t> table_;
    size_t n_ = 0;
};

// Each hash sets eight bits, one in each 32-bit word of one block of the filter.
struct FilterPlace {
    size_t block;
    uint32_t bits[8];
    FilterPlace(uint64_t hash, size_t n_blocks) {
        static const uint32_t salts[8] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du,
                                          0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};
        block = size_t((hash >> 32) * n_blocks >> 32);
        for (int i = 0; i < 8; i++) bits[i] = 1u << ((uint32_t(hash) * salts[i]) >> 27);
    }
};

inline std::string make_filter(const HashSet& words) {
    const size_t n_blocks = (words.size() + kFilterBlock - 1) / kFilterBlock;
    std::string out(n_blocks * kFilterBlock, '\0');
    words.each([&](uint64_t hash) {
        FilterPlace place(hash, n_blocks);
        char* at = &out[place.block * kFilterBlock];
        for (int i = 0; i < 8; i++) {
            uint32_t word = load32(at + 4 * i) | place.bits[i];
            std::memcpy(at + 4 * i, &word, 4);
        }
    });
    return out;
}

// False where a line with this hash is surely not in the filter's block. A filter of another size than whole blocks says
// nothing; an empty one is that of a block without words.
inline bool may_hold(const char* filter, size_t size, uint64_t hash) {
    if (size % kFilterBlock) return true;
    if (size == 0) return false;
    if (hash == 0) hash = 1;
    FilterPlace place(hash, size / kFilterBlock);
    const char* at = filter + place.block * kFilterBlock;
    for (int i = 0; i < 8; i++)
        if (!(load32(at + 4 * i) & place.bits[i])) return false;
    return true;
}

}  // namespace line_block
