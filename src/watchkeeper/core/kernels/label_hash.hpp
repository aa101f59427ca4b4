// A 64-bit hash of label sets: of each text, then of (name, value) pairs in name order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace label_hash {

constexpr uint64_t K1 = 0x9E3779B97F4A7C15ull, K2 = 0xC6A4A7935BD1E995ull, EMPTY = 0x8445D61A4E774912ull;

inline uint64_t spread(uint64_t v) {
  v *= K2;
  v ^= v >> 47;
  return v * K1;
}

// Eight bytes at a time, little endian, the last ones padded with zeros; the length is the seed.
inline uint64_t of_text(const unsigned char* text, size_t size) {
  uint64_t hash = spread(size + K1);
  while (size >= 8) {
    uint64_t word = 0;
    std::memcpy(&word, text, 8);
    hash = (hash ^ spread(word)) * K2;
    text += 8;
    size -= 8;
  }
  if (size) {
    uint64_t word = 0;
    std::memcpy(&word, text, size);
    hash = (hash ^ spread(word)) * K2;
  }
  return spread(hash ^ (hash >> 29));
}

inline uint64_t with_pair(uint64_t hash, uint64_t name, uint64_t value) {
  hash = (hash ^ spread(name + K1 * (value ^ (value >> 31)))) * K2;
  return hash ^ (hash >> 32);
}

// Canonical bytes: name 0xff value 0xff for each label. A broken tail counts as it stands.
inline uint64_t of_canonical(const unsigned char* bytes, size_t size) {
  uint64_t hash = EMPTY;
  const unsigned char* end = bytes + size;
  while (bytes < end) {
    const auto* sep = static_cast<const unsigned char*>(std::memchr(bytes, 0xFF, end - bytes));
    const unsigned char* name_end = sep ? sep : end;
    const unsigned char* value = sep ? sep + 1 : end;
    sep = value < end ? static_cast<const unsigned char*>(std::memchr(value, 0xFF, end - value)) : nullptr;
    const unsigned char* value_end = sep ? sep : end;
    hash = with_pair(hash, of_text(bytes, name_end - bytes), of_text(value, value_end - value));
    bytes = sep ? sep + 1 : end;
  }
  return hash;
}

}  // namespace label_hash
