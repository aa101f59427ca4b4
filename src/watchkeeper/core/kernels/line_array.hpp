// What all parts of a line block are built on: arrays with little slack, a hash, and reading of bytes that may lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>

#include "varint.hpp"

namespace line_block {

// A vector of plain values that takes 16 bytes when empty and grows by a quarter once it is large: an open block has
// thousands of them, and doubling would waste a third of its memory.
template <class T>
class Array {
   public:
    Array() = default;
    Array(Array&& other) noexcept : at_(other.at_), n_(other.n_), room_(other.room_) { other.forget(); }
    Array& operator=(Array&& other) noexcept {
        if (this != &other) {
            std::free(at_);
            at_ = other.at_, n_ = other.n_, room_ = other.room_;
            other.forget();
        }
        return *this;
    }
    Array(const Array&) = delete;
    Array& operator=(const Array&) = delete;
    ~Array() { std::free(at_); }

    T* data() { return at_; }
    const T* data() const { return at_; }
    size_t size() const { return n_; }
    bool empty() const { return n_ == 0; }
    size_t size_bytes() const { return size_t(room_) * sizeof(T); }
    T& operator[](size_t i) { return at_[i]; }
    const T& operator[](size_t i) const { return at_[i]; }
    T& back() { return at_[n_ - 1]; }

    void push(T value) {
        if (n_ == room_) grow(size_t(n_) + 1);
        at_[n_++] = value;
    }
    void append(const T* from, size_t n) {
        if (n == 0) return;
        if (room_ - n_ < n) grow(size_t(n_) + n);
        std::memcpy(static_cast<void*>(at_ + n_), from, n * sizeof(T));
        n_ += uint32_t(n);
    }
    void reserve(size_t n) {
        if (n > room_) exactly(n);
    }
    // New values are not set.
    void resize(size_t n) {
        if (n > room_) exactly(n);
        n_ = uint32_t(n);
    }
    void assign(size_t n, T value) {
        resize(n);
        for (size_t i = 0; i < n; i++) at_[i] = value;
    }
    void clear() { n_ = 0; }
    void free() {
        std::free(at_);
        forget();
    }

   private:
    void forget() { at_ = nullptr, n_ = room_ = 0; }
    void grow(size_t need) {
        size_t more = size_t(room_) * sizeof(T) < 4096 ? room_ / 2 : room_ / 4;
        size_t room = room_ + more + 8 / sizeof(T) + 1;
        exactly(room > need ? room : need);
    }
    void exactly(size_t room) {
        if (room > 0xFFFFFFFFu) throw std::length_error("a block holds at most 4 GiB of one kind");
        void* at = std::realloc(static_cast<void*>(at_), room * sizeof(T));
        if (!at) throw std::bad_alloc();
        at_ = static_cast<T*>(at);
        room_ = uint32_t(room);
    }

    T* at_ = nullptr;
    uint32_t n_ = 0, room_ = 0;
};

// A piece of text that lives elsewhere.
struct Span {
    const char* at;
    size_t size;
};

inline uint64_t load64(const char* p) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    return word;
}
inline uint32_t load32(const char* p) {
    uint32_t word;
    std::memcpy(&word, p, 4);
    return word;
}

inline uint64_t mix(uint64_t a, uint64_t b) {
    __uint128_t product = __uint128_t(a) * b;
    return uint64_t(product) ^ uint64_t(product >> 64);
}

// A hash that is stored in filters: it must never change. See docs/formats/log-block.md.
inline uint64_t hash_bytes(const char* p, size_t n, uint64_t seed = 0) {
    const uint64_t k0 = 0x9E3779B97F4A7C15ull, k1 = 0xC2B2AE3D27D4EB4Full;
    uint64_t h = seed ^ (n * k0);
    while (n > 8) {
        h = mix(h ^ load64(p), k1);
        p += 8;
        n -= 8;
    }
    uint64_t last = 0;
    std::memcpy(&last, p, n);
    return mix(mix(h ^ last, k1) ^ k0, k1);
}

// Bytes that were written by someone else: every read is checked.
class Reader {
   public:
    Reader(const char* data, size_t size) : p_(data), end_(data + size) {}
    size_t left() const { return size_t(end_ - p_); }
    uint8_t byte() {
        if (p_ == end_) bad();
        return uint8_t(*p_++);
    }
    uint64_t number() {
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            uint8_t b = byte();
            value |= uint64_t(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        bad();
    }
    // A number that must not be above `most`.
    uint64_t number(uint64_t most) {
        uint64_t value = number();
        if (value > most) bad();
        return value;
    }
    int64_t signed_number() { return int64_t(varint::unzigzag(number())); }
    Span bytes(uint64_t n) {
        if (n > left()) bad();
        Span out{p_, size_t(n)};
        p_ += n;
        return out;
    }
    Span text() { return bytes(number()); }
    [[noreturn]] static void bad() { throw std::invalid_argument("not a block of log lines, or a damaged one"); }

   private:
    const char* p_;
    const char* end_;
};

inline void put_text(std::string& out, const char* p, size_t n) {
    varint::put_varint(out, n);
    out.append(p, n);
}
inline void put_text(std::string& out, const std::string& text) { put_text(out, text.data(), text.size()); }

}  // namespace line_block
