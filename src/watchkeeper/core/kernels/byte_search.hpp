// Where a few bytes, or a literal, stand in a buffer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace byte_search {

// The first of up to three byte values; `end` where there is none.
inline const uint8_t* find_any(const uint8_t* p, const uint8_t* end, const uint8_t* bytes, unsigned n) {
    if (n == 0) return end;
    const uint8_t a = bytes[0], b = bytes[n > 1 ? 1 : 0], c = bytes[n > 2 ? 2 : 0];
#if defined(__SSE2__)
    const __m128i va = _mm_set1_epi8(char(a)), vb = _mm_set1_epi8(char(b)), vc = _mm_set1_epi8(char(c));
    for (; end - p >= 16; p += 16) {
        __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, va), _mm_cmpeq_epi8(block, vb)),
                                   _mm_cmpeq_epi8(block, vc));
        unsigned mask = unsigned(_mm_movemask_epi8(hit));
        if (mask) return p + __builtin_ctz(mask);
    }
#endif
    while (p < end && *p != a && *p != b && *p != c) p++;
    return p;
}

// How common a byte is in logs, by rank: a search looks for the rarest bytes of its needle first.
inline unsigned commonness(uint8_t b) {
    static const char order[] = " e\"0t1a2on,:srid345l6789.cumpgf-/=hbTvy_wk[]Z{}x()SEIRqCjAOPNDLzMU+GFVBHWKXYJQ'%@;#?*&<>|$!~^`\\";
    const char* at = b ? static_cast<const char*>(std::memchr(order, b, sizeof order - 1)) : nullptr;
    return at ? 200 - unsigned(at - order) : (b >= 0x80 ? 90 : 10);
}

// Finds one literal: two of its bytes, rare ones if it has any, are looked for in 16 places at once.
class Finder {
   public:
    explicit Finder(std::string needle) : needle_(std::move(needle)) {
        const size_t n = std::min<size_t>(needle_.size(), 250);
        for (size_t i = 1; i < n; i++)
            if (rank(i) < rank(first_)) first_ = i;
        second_ = first_ == 0 && n > 1 ? 1 : 0;
        for (size_t i = 0; i < n; i++)
            if (i != first_ && needle_[i] != needle_[first_] &&
                (second_ == first_ || needle_[second_] == needle_[first_] || rank(i) < rank(second_)))
                second_ = i;
    }
    const std::string& needle() const { return needle_; }

    // The first place of the needle, null where there is none.
    const uint8_t* find(const uint8_t* p, const uint8_t* end) const {
        const size_t n = needle_.size();
        if (size_t(end - p) < n) return nullptr;
        if (n == 0) return p;
        if (n == 1) return static_cast<const uint8_t*>(std::memchr(p, uint8_t(needle_[0]), size_t(end - p)));
        const char* want = needle_.data();
#if defined(__SSE2__)
        const uint8_t* last = end - n;  // the last place where it may begin
        const __m128i va = _mm_set1_epi8(want[first_]), vb = _mm_set1_epi8(want[second_]);
        const uint8_t* pa = p + first_;
        const uint8_t* pb = p + second_;
        for (; last - p >= 31; p += 32, pa += 32, pb += 32) {
            __m128i x = _mm_and_si128(_mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pa)), va),
                                      _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pb)), vb));
            __m128i y = _mm_and_si128(_mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pa + 16)), va),
                                      _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pb + 16)), vb));
            uint32_t mask = uint32_t(_mm_movemask_epi8(x)) | uint32_t(_mm_movemask_epi8(y)) << 16;
            while (mask) {
                unsigned i = unsigned(__builtin_ctz(mask));
                if (std::memcmp(p + i, want, n) == 0) return p + i;
                mask &= mask - 1;
            }
        }
#endif
        return static_cast<const uint8_t*>(memmem(p, size_t(end - p), want, n));
    }

   private:
    unsigned rank(size_t i) const { return commonness(uint8_t(needle_[i])); }

    std::string needle_;
    size_t first_ = 0, second_ = 0;
};

}  // namespace byte_search
