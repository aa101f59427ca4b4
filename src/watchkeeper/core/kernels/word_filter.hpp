// Which words the lines of a block hold, in about ten bits for each that differs. See docs/formats/log-block.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "line_shredder.hpp"

namespace line_block {

constexpr size_t kGram = 8;         // bytes of a sample of a long word
constexpr size_t kLongWord = 32;    // words from this size are found by samples

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
    constexpr size_t window = kLongWord - kGram + 1, ring = 32;
    static_assert(window <= ring, "the window's hashes are kept in the ring");
    uint64_t hashes[ring];
    const size_t grams = n - kGram + 1;
    size_t at = 0;  // of the least hash of the window
    for (size_t i = 0; i < grams; i++) {
        const uint64_t hash = mix(load64(p + i) ^ 0x9E3779B97F4A7C15ull, 0xC2B2AE3D27D4EB4Full);
        hashes[i % ring] = hash;
        if (i == 0 || hash < hashes[at % ring]) {
            at = i;
            if (i + 1 >= window) sink(hash);
        } else if (i - at >= window) {
            at = i + 1 - window;
            for (size_t k = at + 1; k <= i; k++)
                if (hashes[k % ring] < hashes[at % ring]) at = k;
            sink(hashes[at % ring]);
        } else if (i + 1 == window) {
            sink(hashes[at % ring]);
        }
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

// A filter keeps one byte for each of about 1.25 places a hash: the bytes at a hash's three places, xored, are its
// fingerprint (a binary fuse filter, https://arxiv.org/abs/2201.01174). One hash in 256 that is not there seems to be.
struct FilterPlaces {
    size_t at[3];
    uint8_t fingerprint;
    // `n_segments`: those where the first place may be; two more follow.
    FilterPlaces(uint64_t hash, uint8_t seed, unsigned log_segment, size_t n_segments) {
        const uint64_t h = mix(hash ^ (uint64_t(seed) + 1) * 0x9E3779B97F4A7C15ull, 0xC2B2AE3D27D4EB4Full);
        const uint64_t mask = (uint64_t(1) << log_segment) - 1;
        const uint64_t first = uint64_t(__uint128_t(h) * (uint64_t(n_segments) << log_segment) >> 64);
        at[0] = size_t(first);
        at[1] = size_t((first + mask + 1) ^ (h >> 18 & mask));
        at[2] = size_t((first + 2 * (mask + 1)) ^ (h & mask));
        fingerprint = uint8_t(h ^ h >> 32);
    }
};
constexpr size_t kFilterHead = 2;  // seed, logarithm of the segment's size

// Empty for no words.
inline std::string make_filter(const HashSet& words) {
    std::vector<uint64_t> hashes;
    hashes.reserve(words.size());
    words.each([&](uint64_t hash) { hashes.push_back(hash); });
    const size_t n = hashes.size();
    if (n == 0) return std::string();
    const double log_n = std::log(double(n));
    const unsigned log_segment = unsigned(log_n / std::log(3.33) + 2.25);
    double factor = n > 1 ? std::max(1.125, 0.875 + 0.25 * std::log(1e6) / log_n) : 1.0;
    std::vector<uint8_t> count;
    std::vector<uint64_t> together;
    std::vector<std::pair<uint64_t, uint8_t>> order;  // a hash, and which of its places is its own
    std::vector<uint32_t> alone;
    for (unsigned seed = 0;; seed++) {
        if (seed && seed % 16 == 0) factor *= 1.1;  // does not happen, but must end
        const size_t wanted = (size_t(double(n) * factor) >> log_segment) + 1;
        const size_t n_segments = wanted > 3 ? wanted - 2 : 1;
        const size_t room = (n_segments + 2) << log_segment;
        count.assign(room, 0);
        together.assign(room, 0);
        bool crowded = false;
        for (uint64_t hash : hashes) {
            const FilterPlaces places(hash, uint8_t(seed), log_segment, n_segments);
            for (size_t at : places.at) {
                crowded |= ++count[at] == 255;
                together[at] ^= hash;
            }
        }
        if (crowded) continue;
        alone.clear();
        order.clear();
        for (size_t i = 0; i < room; i++)
            if (count[i] == 1) alone.push_back(uint32_t(i));
        while (!alone.empty()) {
            const uint32_t own = alone.back();
            alone.pop_back();
            if (count[own] != 1) continue;
            const uint64_t hash = together[own];
            const FilterPlaces places(hash, uint8_t(seed), log_segment, n_segments);
            uint8_t which = 0;
            for (uint8_t k = 0; k < 3; k++) {
                const size_t at = places.at[k];
                if (at == own) which = k;
                together[at] ^= hash;
                if (--count[at] == 1) alone.push_back(uint32_t(at));
            }
            order.emplace_back(hash, which);
        }
        if (order.size() < n) continue;
        std::string out(kFilterHead + room, '\0');
        out[0] = char(seed);
        out[1] = char(log_segment);
        char* bytes = &out[kFilterHead];
        for (size_t i = n; i > 0; i--) {
            const FilterPlaces places(order[i - 1].first, uint8_t(seed), log_segment, n_segments);
            bytes[places.at[order[i - 1].second]] = char(
                places.fingerprint ^ uint8_t(bytes[places.at[0]]) ^ uint8_t(bytes[places.at[1]]) ^
                uint8_t(bytes[places.at[2]]));
        }
        return out;
    }
}

// False where a line with this hash is surely not in the filter's block. Bytes that are no filter say nothing; an empty
// one is that of a block without words.
inline bool may_hold(const char* filter, size_t size, uint64_t hash) {
    if (size == 0) return false;
    if (size < kFilterHead + 3) return true;
    const unsigned log_segment = uint8_t(filter[1]);
    if (log_segment > 24) return true;
    const size_t segments = (size - kFilterHead) >> log_segment;
    if (segments < 3 || segments << log_segment != size - kFilterHead) return true;
    const FilterPlaces places(hash ? hash : 1, uint8_t(filter[0]), log_segment, segments - 2);
    const char* bytes = filter + kFilterHead;
    return (uint8_t(bytes[places.at[0]]) ^ uint8_t(bytes[places.at[1]]) ^ uint8_t(bytes[places.at[2]])) ==
           places.fingerprint;
}

}  // namespace line_block
