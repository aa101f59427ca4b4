// Texts as codes into distinct ones, and columns of them over rows.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace line_fields {

inline uint64_t load8(const char* p) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    return word;
}

inline uint64_t mix(uint64_t a, uint64_t b) {
    unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return uint64_t(product) ^ uint64_t(product >> 64);
}

inline uint64_t hash_bytes(std::string_view text) {
    constexpr uint64_t k0 = 0xa0761d6478bd642full, k1 = 0xe7037ed1a0b428dbull;
    const char* p = text.data();
    size_t n = text.size();
    uint64_t h = k0 ^ n;
    for (; n > 16; p += 16, n -= 16) h = mix(load8(p) ^ k1, load8(p + 8) ^ h);
    uint64_t a = 0, b = 0;
    if (n >= 8) {
        a = load8(p);
        b = load8(p + n - 8);
    } else if (n >= 4) {
        uint32_t lo, hi;
        std::memcpy(&lo, p, 4);
        std::memcpy(&hi, p + n - 4, 4);
        a = uint64_t(lo) << 32 | hi;
    } else if (n) {
        a = uint64_t(uint8_t(p[0])) << 16 | uint64_t(uint8_t(p[n / 2])) << 8 | uint8_t(p[n - 1]);
    }
    return mix(a ^ k1, b ^ h);
}

// Distinct texts in order of first appearance.
class Values {
   public:
    std::string data;
    std::vector<int64_t> offsets{0};

    size_t size() const { return hashes_.size(); }
    std::string_view text(size_t code) const {
        return {data.data() + offsets[code], size_t(offsets[code + 1] - offsets[code])};
    }

    // The code of a text, which is added where it is new. Neighbours are often alike, so the last one is tried first.
    int32_t code(std::string_view value) {
        if (last_ >= 0 && text(size_t(last_)) == value) return last_;
        if (hashes_.size() * 2 >= slots_.size()) grow();
        const uint64_t h = hash_bytes(value);
        const size_t mask = slots_.size() - 1;
        for (size_t i = h & mask;; i = (i + 1) & mask) {
            const int32_t found = slots_[i];
            if (found < 0) {
                slots_[i] = last_ = add(value, h);
                return last_;
            }
            if (hashes_[size_t(found)] == uint32_t(h >> 32) && text(size_t(found)) == value) return last_ = found;
        }
    }

   private:
    int32_t add(std::string_view value, uint64_t h) {
        data.append(value);
        offsets.push_back(int64_t(data.size()));
        hashes_.push_back(uint32_t(h >> 32));
        lows_.push_back(uint32_t(h));
        return int32_t(hashes_.size() - 1);
    }

    void grow() {
        const size_t n = slots_.empty() ? 16 : slots_.size() * 4;
        slots_.assign(n, -1);
        for (size_t code = 0; code < hashes_.size(); code++) {
            size_t i = lows_[code] & (n - 1);
            while (slots_[i] >= 0) i = (i + 1) & (n - 1);
            slots_[i] = int32_t(code);
        }
    }

    std::vector<int32_t> slots_;
    std::vector<uint32_t> hashes_, lows_;  // upper and lower half of each text's hash
    int32_t last_ = -1;
};

// One name's values over rows; -1 where a row has none.
struct Column {
    std::string name;
    std::vector<int32_t> codes;
    Values values;
    int64_t last_row = -1;
    bool used = false;

    // Sets a row's value, if it has none: the first one counts. Rows come in ascending order.
    bool set(int64_t row, std::string_view value) {
        if (last_row == row) return false;
        last_row = row;
        codes[size_t(row)] = values.code(value);
        used = true;
        return true;
    }

    void unset(int64_t row) {
        codes[size_t(row)] = -1;
        last_row = -1;
    }
};

// The columns of some rows by name: all that are met, or only those wanted.
class Columns {
   public:
    static constexpr int64_t MAX_CELLS = int64_t(1) << 26;  // 256 MiB of codes

    Columns(int64_t n_rows, const std::vector<std::string>* wanted) : n_rows_(n_rows), open_(wanted == nullptr) {
        if (wanted)
            for (const std::string& name : *wanted)
                if (!by_name_.count(name)) add(name);
    }

    // Null for a name that is not wanted, or empty.
    Column* find(const std::string& name) {
        auto found = by_name_.find(name);
        if (found != by_name_.end()) return found->second;
        return open_ && !name.empty() ? add(name) : nullptr;
    }

    std::vector<std::unique_ptr<Column>> all;

   private:
    Column* add(const std::string& name) {
        if (int64_t(all.size() + 1) * n_rows_ > MAX_CELLS) throw std::invalid_argument("too many names of fields in these lines");
        all.push_back(std::make_unique<Column>());
        all.back()->name = name;
        all.back()->codes.assign(size_t(n_rows_), -1);
        by_name_.emplace(name, all.back().get());
        return all.back().get();
    }

    int64_t n_rows_;
    bool open_;
    std::unordered_map<std::string, Column*> by_name_;
};

}  // namespace line_fields
