// The series of a head: interned symbols, interned (name, value) pairs with their postings, and series as runs of
// pair numbers in flat vectors. No object is made for a series. Nothing here is thread-safe: callers hold the GIL.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <new>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "float_bits.hpp"

namespace watchkeeper {

using float_bits::MISSING_BITS;
using float_bits::STALE_BITS;
using float_bits::bits_of;
using float_bits::from_bits;

inline uint64_t fold(uint64_t a, uint64_t b) {
    const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

inline uint64_t hash_bytes(const char* p, size_t n, uint64_t seed) {
    constexpr uint64_t k0 = 0x9E3779B97F4A7C15ull, k1 = 0xD6E8FEB86659FD93ull;
    uint64_t h = seed ^ (n * k0);
    while (n >= 8) {
        uint64_t w;
        std::memcpy(&w, p, 8);
        h = fold(h ^ w, k1);
        p += 8;
        n -= 8;
    }
    uint64_t w = 0;
    std::memcpy(&w, p, n);
    return fold(fold(h ^ w, k0), k1 ^ seed);
}

// A growing ascending list of refs; one ref needs no memory of its own.
class Postings {
  public:
    Postings() = default;
    Postings(Postings&& other) noexcept : n_(other.n_), cap_(other.cap_), sorted_(other.sorted_), u_(other.u_) {
        other.n_ = other.cap_ = 0;
    }
    Postings& operator=(Postings&& other) noexcept {
        if (this != &other) {
            release();
            n_ = other.n_, cap_ = other.cap_, sorted_ = other.sorted_, u_ = other.u_;
            other.n_ = other.cap_ = 0;
        }
        return *this;
    }
    Postings(const Postings&) = delete;
    Postings& operator=(const Postings&) = delete;
    ~Postings() { release(); }

    void add(uint32_t ref) {
        if (n_ == 0 && cap_ == 0) {
            u_.one = ref;
            n_ = 1;
            return;
        }
        if (cap_ == 0 || n_ == cap_) {
            const uint32_t cap = cap_ ? cap_ + cap_ / 2 + 2 : 4;
            auto* bigger = static_cast<uint32_t*>(std::malloc(cap * sizeof(uint32_t)));
            if (!bigger) throw std::bad_alloc();
            std::memcpy(bigger, data(), n_ * sizeof(uint32_t));
            release();
            u_.many = bigger;
            cap_ = cap;
        }
        if (ref < u_.many[n_ - 1]) sorted_ = false;
        u_.many[n_++] = ref;
    }
    size_t size() const { return n_; }
    // Refs of freed slots are used again, so a list may be out of order until it is first read.
    const uint32_t* sorted() {
        if (!sorted_) {
            std::sort(u_.many, u_.many + n_);
            sorted_ = true;
        }
        return data();
    }
    size_t memory() const { return sizeof(*this) + cap_ * sizeof(uint32_t); }

  private:
    const uint32_t* data() const { return cap_ ? u_.many : &u_.one; }
    void release() {
        if (cap_) std::free(u_.many);
    }
    uint32_t n_ = 0;
    uint32_t cap_ = 0;  // 0: the only ref is in `one`.
    bool sorted_ = true;
    union {
        uint32_t one;
        uint32_t* many;
    } u_ = {0};
};

// Open addressing over numbers that are kept elsewhere; 0 marks an empty place, so numbers are stored plus one.
class NumberTable {
  public:
    void clear() {
        slots_.clear();
        used_ = 0;
    }
    void reserve(size_t n) {
        size_t want = 16;
        while (want < n * 2) want *= 2;
        slots_.assign(want, 0);
        used_ = 0;
    }
    template <class Equal>
    int64_t find(uint64_t hash, Equal equal) const {
        if (slots_.empty()) return -1;
        const size_t mask = slots_.size() - 1;
        for (size_t i = hash & mask; slots_[i]; i = (i + 1) & mask)
            if (equal(slots_[i] - 1)) return slots_[i] - 1;
        return -1;
    }
    template <class HashOf>
    void insert(uint64_t hash, uint32_t number, HashOf hash_of) {
        if ((used_ + 1) * 4 > slots_.size() * 3) {
            std::vector<uint32_t> old;
            old.swap(slots_);
            slots_.assign(old.empty() ? 16 : old.size() * 2, 0);
            for (uint32_t s : old)
                if (s) place(hash_of(s - 1), s);
        }
        place(hash, number + 1);
        ++used_;
    }
    size_t memory() const { return slots_.size() * sizeof(uint32_t); }

  private:
    void place(uint64_t hash, uint32_t stored) {
        const size_t mask = slots_.size() - 1;
        size_t i = hash & mask;
        while (slots_[i]) i = (i + 1) & mask;
        slots_[i] = stored;
    }
    std::vector<uint32_t> slots_;
    size_t used_ = 0;
};

struct Pair {
    uint32_t name;
    uint32_t value;
    Postings postings;
};

constexpr int64_t kNoTime = INT64_MIN;
constexpr uint32_t kMaxGap = 1u << 22;  // A ref this far beyond the table is not one that this program wrote.

template <class T>
inline void put(std::string& out, T value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}
template <class T>
inline bool take(const char*& p, const char* end, T& value) {
    if (static_cast<size_t>(end - p) < sizeof(T)) return false;
    std::memcpy(&value, p, sizeof(T));
    p += sizeof(T);
    return true;
}

class SeriesTable {
  public:
    SeriesTable() : seed_((static_cast<uint64_t>(std::random_device{}()) << 32) | std::random_device{}()) { reset(); }

    void reset() {
        symbol_bytes_.clear();
        symbol_end_.assign(1, 0);  // Symbol 0 is the empty string.
        symbol_table_.clear();
        pairs_.clear();
        pair_table_.clear();
        pairs_of_name_.clear();
        hash_.clear();
        pair_lo_.clear();
        pair_n_.clear();
        live_.clear();
        last_time_.clear();
        last_value_.clear();
        series_pairs_.clear();
        series_table_.clear();
        free_.clear();
        quarantine_.clear();
        n_live_ = 0;
    }

    // --- sizes
    size_t n_slots() const { return live_.size(); }
    size_t n_live() const { return n_live_; }
    size_t n_symbols() const { return symbol_end_.size(); }
    size_t n_pairs() const { return pairs_.size(); }
    size_t symbol_bytes() const { return symbol_bytes_.size(); }
    size_t memory() const {
        size_t total = symbol_bytes_.capacity() + symbol_end_.capacity() * 8 + symbol_table_.memory() +
                       pair_table_.memory() + series_table_.memory() + hash_.capacity() * 8 + pair_lo_.capacity() * 4 +
                       pair_n_.capacity() * 2 + live_.capacity() + last_time_.capacity() * 8 +
                       last_value_.capacity() * 8 + series_pairs_.capacity() * 4 +
                       (pairs_.capacity() - pairs_.size()) * sizeof(Pair);
        for (const Pair& pair : pairs_) total += pair.postings.memory() + 8;
        return total;
    }

    // --- finding and adding
    // The ref of a label set in canonical bytes (name 0xff value 0xff ..., in name order), or -1.
    int64_t find(std::string_view canonical) const {
        const uint64_t hash = hash_bytes(canonical.data(), canonical.size(), seed_);
        return series_table_.find(hash, [&](uint32_t ref) { return hash_[ref] == hash && equals(ref, canonical); });
    }

    // Refs for n label sets; new ones get a slot that is free now, and their definitions are written to `record`, whose
    // `apply` makes them exist. Nothing is changed here, so that the record can be made durable in between.
    // Returns the number of new ones, or -1 where bytes are not canonical.
    int64_t plan(const char* bytes, const int64_t* offsets, size_t n, uint32_t* refs, std::string& record) const {
        std::unordered_map<std::string_view, uint32_t> fresh;
        size_t next_free = free_.size();
        uint32_t next_slot = static_cast<uint32_t>(live_.size());
        record.clear();
        std::vector<std::pair<std::string_view, std::string_view>> parts;
        for (size_t i = 0; i < n; ++i) {
            const std::string_view canonical(bytes + offsets[i], static_cast<size_t>(offsets[i + 1] - offsets[i]));
            const int64_t known = find(canonical);
            if (known >= 0) {
                refs[i] = static_cast<uint32_t>(known);
                continue;
            }
            auto [place, is_new] = fresh.try_emplace(canonical, 0);
            if (is_new) {
                if (!split(canonical, parts)) return -1;
                place->second = next_free ? free_[--next_free] : next_slot++;
                put<uint32_t>(record, place->second);
                put<uint32_t>(record, static_cast<uint32_t>(canonical.size()));
                record.append(canonical);
            }
            refs[i] = place->second;
        }
        return static_cast<int64_t>(fresh.size());
    }

    // Adds the series of a record that `plan` made. Returns how many are new, or -1 for bytes that are no such record
    // (series before the fault are added).
    int64_t apply(const char* p, size_t size) {
        const char* end = p + size;
        int64_t added = 0;
        while (p < end) {
            uint32_t ref, length;
            if (!take(p, end, ref) || !take(p, end, length) || static_cast<size_t>(end - p) < length) return -1;
            const int status = add(ref, std::string_view(p, length));
            if (status < 0) return -1;
            added += status;
            p += length;
        }
        release_used();
        return added;
    }

    // --- reading
    std::string_view symbol(uint32_t id) const {
        const uint64_t lo = id ? symbol_end_[id - 1] : 0;
        return std::string_view(symbol_bytes_.data() + lo, symbol_end_[id] - lo);
    }
    int64_t find_symbol(std::string_view text) const {
        if (text.empty()) return 0;
        return symbol_table_.find(hash_bytes(text.data(), text.size(), seed_),
                                  [&](uint32_t id) { return symbol(id) == text; });
    }
    int64_t find_pair(std::string_view name, std::string_view value) const {
        const int64_t n = find_symbol(name), v = find_symbol(value);
        if (n < 0 || v < 0) return -1;
        return find_pair_id(static_cast<uint32_t>(n), static_cast<uint32_t>(v));
    }
    const std::vector<uint32_t>* pairs_of(std::string_view name) const {
        const int64_t id = find_symbol(name);
        if (id < 0) return nullptr;
        const auto place = pairs_of_name_.find(static_cast<uint32_t>(id));
        return place == pairs_of_name_.end() ? nullptr : &place->second;
    }
    void all_names(std::vector<uint32_t>& out) const {
        out.clear();
        for (const auto& entry : pairs_of_name_) out.push_back(entry.first);
    }
    Pair& pair(uint32_t id) { return pairs_[id]; }
    bool is_live(uint32_t ref) const { return ref < live_.size() && live_[ref]; }

    void all(std::vector<uint32_t>& out) const {
        out.clear();
        out.reserve(n_live_);
        for (size_t ref = 0; ref < live_.size(); ++ref)
            if (live_[ref]) out.push_back(static_cast<uint32_t>(ref));
    }

    // The sorted union of the postings of some pairs.
    void unite(const uint32_t* pair_ids, size_t n, std::vector<uint32_t>& out) {
        out.clear();
        if (n == 1) {
            Postings& postings = pairs_[pair_ids[0]].postings;
            out.assign(postings.sorted(), postings.sorted() + postings.size());
            return;
        }
        size_t total = 0;
        for (size_t i = 0; i < n; ++i) total += pairs_[pair_ids[i]].postings.size();
        if (total * 16 > live_.size()) {  // Dense: a bit for each slot is cheaper than sorting.
            std::vector<uint8_t> mark(live_.size());
            for (size_t i = 0; i < n; ++i) {
                Postings& postings = pairs_[pair_ids[i]].postings;
                const uint32_t* refs = postings.sorted();
                for (size_t k = 0; k < postings.size(); ++k) mark[refs[k]] = 1;
            }
            out.reserve(total);
            for (size_t ref = 0; ref < mark.size(); ++ref)
                if (mark[ref]) out.push_back(static_cast<uint32_t>(ref));
            return;
        }
        out.reserve(total);
        for (size_t i = 0; i < n; ++i) {
            Postings& postings = pairs_[pair_ids[i]].postings;
            out.insert(out.end(), postings.sorted(), postings.sorted() + postings.size());
        }
        std::sort(out.begin(), out.end());
        out.erase(std::unique(out.begin(), out.end()), out.end());
    }

    // The name symbols that any of the series has, in byte order of the names.
    void names_of(const uint32_t* refs, size_t n, std::vector<uint32_t>& out) const {
        std::vector<uint8_t> seen(n_symbols());
        out.clear();
        for (size_t i = 0; i < n; ++i) {
            if (!is_live(refs[i])) continue;
            for (uint32_t k = 0; k < pair_n_[refs[i]]; ++k) {
                const uint32_t name = pairs_[series_pairs_[pair_lo_[refs[i]] + k]].name;
                if (!seen[name]) {
                    seen[name] = 1;
                    out.push_back(name);
                }
            }
        }
        std::sort(out.begin(), out.end(), [&](uint32_t a, uint32_t b) { return symbol(a) < symbol(b); });
    }

    // Codes (n, n_names) of the series' values; `used` gets the symbol of each code, code 0 the empty string.
    void codes_of(const uint32_t* refs, size_t n, const std::vector<uint32_t>& names, int32_t* codes,
                  std::vector<uint32_t>& used) const {
        std::vector<int32_t> column(n_symbols(), -1), code(n_symbols(), 0);
        for (size_t c = 0; c < names.size(); ++c) column[names[c]] = static_cast<int32_t>(c);
        used.assign(1, 0);
        for (size_t i = 0; i < n; ++i) {
            int32_t* row = codes + i * names.size();
            std::memset(row, 0, names.size() * sizeof(int32_t));
            if (!is_live(refs[i])) continue;
            for (uint32_t k = 0; k < pair_n_[refs[i]]; ++k) {
                const Pair& pair = pairs_[series_pairs_[pair_lo_[refs[i]] + k]];
                const int32_t c = column[pair.name];
                if (c < 0) continue;
                if (!code[pair.value]) {
                    code[pair.value] = static_cast<int32_t>(used.size());
                    used.push_back(pair.value);
                }
                row[c] = code[pair.value];
            }
        }
    }

    void canonical_of(uint32_t ref, std::string& out) const {
        out.clear();
        if (!is_live(ref)) return;
        for (uint32_t k = 0; k < pair_n_[ref]; ++k) {
            const Pair& pair = pairs_[series_pairs_[pair_lo_[ref] + k]];
            out.append(symbol(pair.name));
            out.push_back('\xff');
            out.append(symbol(pair.value));
            out.push_back('\xff');
        }
    }

    // --- the newest sample of each series
    int64_t* last_time() { return last_time_.data(); }
    double* last_value() { return last_value_.data(); }

    // Takes one row: cells of series that have a sample at `time` or later become MISSING. Returns the cells kept.
    int64_t admit_row(const uint32_t* refs, double* row, size_t n, int64_t time, int64_t& refused) {
        int64_t kept = 0;
        refused = 0;
        const size_t slots = live_.size();
        for (size_t i = 0; i < n; ++i) {
            if (bits_of(row[i]) == MISSING_BITS) continue;
            const uint32_t ref = refs[i];
            if (ref >= slots || last_time_[ref] >= time) {
                // The same sample again is no fault: it is here already.
                if (ref >= slots || last_time_[ref] > time || bits_of(last_value_[ref]) != bits_of(row[i])) ++refused;
                row[i] = from_bits(MISSING_BITS);
                continue;
            }
            ++kept;
        }
        return kept;
    }
    void commit_row(const uint32_t* refs, const double* row, size_t n, int64_t time) {
        const size_t slots = live_.size();
        for (size_t i = 0; i < n; ++i) {
            if (bits_of(row[i]) == MISSING_BITS || refs[i] >= slots) continue;
            if (last_time_[refs[i]] < time) {
                last_time_[refs[i]] = time;
                last_value_[refs[i]] = row[i];
            }
        }
    }

    // What becomes of samples in their order: status as in metrics/interface.Status, kind 0 refused, 1 in order,
    // 2 out of order, 3 here already. Updates the newest samples; `undo` gets what they were, newest change last.
    struct Undo {
        uint32_t ref;
        int64_t time;
        double value;
    };
    void admit_samples(const uint32_t* refs, const int64_t* times, const double* values, size_t n, int64_t min_valid,
                       int64_t ooo_min, bool ooo, uint8_t* status, uint8_t* kind, std::vector<Undo>& undo) {
        undo.clear();
        for (size_t i = 0; i < n; ++i) {
            const uint32_t ref = refs[i];
            const int64_t t = times[i];
            status[i] = kind[i] = 0;
            if (ref >= live_.size()) {
                status[i] = 4;
                continue;
            }
            const int64_t last = last_time_[ref];
            if (t >= min_valid) {
                if (last == kNoTime || t > last) {
                    undo.push_back({ref, last, last_value_[ref]});
                    last_time_[ref] = t;
                    last_value_[ref] = values[i];
                    kind[i] = 1;
                    continue;
                }
                if (t == last) {
                    const uint64_t known = bits_of(last_value_[ref]);
                    if (known == bits_of(values[i]) || known == MISSING_BITS)
                        kind[i] = 3;
                    else
                        status[i] = 2;
                    continue;
                }
            }
            if (ooo) {
                if (t >= ooo_min)
                    kind[i] = 2;
                else
                    status[i] = 3;
            } else {
                status[i] = t < min_valid ? 4 : 1;
            }
        }
    }
    void restore(const std::vector<Undo>& undo) {
        for (size_t i = undo.size(); i-- > 0;) {
            last_time_[undo[i].ref] = undo[i].time;
            last_value_[undo[i].ref] = undo[i].value;
        }
    }

    // --- removal
    // Forgets the series whose flag is 0 and packs what is left. Their slots stay unused until `release_slots`.
    size_t keep_only(const uint8_t* flags, size_t n) {
        size_t removed = 0;
        SeriesTable fresh;
        fresh.seed_ = seed_;
        const size_t slots = live_.size();
        fresh.grow(slots);
        std::vector<uint32_t> symbol_map(n_symbols(), UINT32_MAX);
        std::vector<uint32_t> pair_map(pairs_.size(), UINT32_MAX);
        symbol_map[0] = 0;
        const auto symbol_id = [&](uint32_t old) {
            if (symbol_map[old] == UINT32_MAX) symbol_map[old] = fresh.intern_symbol(symbol(old));
            return symbol_map[old];
        };
        for (uint32_t ref = 0; ref < slots; ++ref) {
            if (!live_[ref]) continue;
            if (ref >= n || !flags[ref]) {
                ++removed;
                quarantine_.push_back(ref);
                continue;
            }
            fresh.pair_lo_[ref] = static_cast<uint32_t>(fresh.series_pairs_.size());
            fresh.pair_n_[ref] = pair_n_[ref];
            for (uint32_t k = 0; k < pair_n_[ref]; ++k) {
                const uint32_t old = series_pairs_[pair_lo_[ref] + k];
                if (pair_map[old] == UINT32_MAX)
                    pair_map[old] = fresh.intern_pair(symbol_id(pairs_[old].name), symbol_id(pairs_[old].value));
                fresh.series_pairs_.push_back(pair_map[old]);
                fresh.pairs_[pair_map[old]].postings.add(ref);
            }
            fresh.hash_[ref] = hash_[ref];
            fresh.live_[ref] = 1;
            fresh.last_time_[ref] = last_time_[ref];
            fresh.last_value_[ref] = last_value_[ref];
            fresh.index_series(ref);
            ++fresh.n_live_;
        }
        fresh.free_.swap(free_);
        fresh.quarantine_.swap(quarantine_);
        swap(fresh);
        return removed;
    }
    void release_slots() {
        free_.insert(free_.end(), quarantine_.begin(), quarantine_.end());
        quarantine_.clear();
        std::sort(free_.begin(), free_.end(), std::greater<uint32_t>());
    }
    // After a replay: every slot that no definition filled may be used.
    void free_unused() {
        free_.clear();
        quarantine_.clear();
        for (size_t ref = live_.size(); ref-- > 0;)
            if (!live_[ref]) free_.push_back(static_cast<uint32_t>(ref));
    }

    // --- the whole table as bytes, for a checkpoint
    // u32 n_symbols, u32 lengths, bytes; u32 n_pairs, (name, value); u32 n_series, (ref, n, pair ids).
    void dump(std::string& out) const {
        out.clear();
        put<uint32_t>(out, static_cast<uint32_t>(n_symbols() - 1));
        for (uint32_t id = 1; id < n_symbols(); ++id) put<uint32_t>(out, static_cast<uint32_t>(symbol(id).size()));
        out.append(symbol_bytes_.data(), symbol_bytes_.size());
        put<uint32_t>(out, static_cast<uint32_t>(pairs_.size()));
        for (const Pair& pair : pairs_) {
            put<uint32_t>(out, pair.name);
            put<uint32_t>(out, pair.value);
        }
        put<uint32_t>(out, static_cast<uint32_t>(n_live_));
        for (uint32_t ref = 0; ref < live_.size(); ++ref) {
            if (!live_[ref]) continue;
            put<uint32_t>(out, ref);
            put<uint32_t>(out, pair_n_[ref]);
            for (uint32_t k = 0; k < pair_n_[ref]; ++k) put<uint32_t>(out, series_pairs_[pair_lo_[ref] + k]);
        }
    }
    // Replaces everything by a dump. Returns the number of series, or -1 for bytes that are no dump.
    int64_t load(const char* p, size_t size) {
        const char* end = p + size;
        reset();
        uint32_t n = 0;
        if (!take(p, end, n) || static_cast<size_t>(end - p) / 4 < n) return -1;
        const char* lengths = p;
        p += static_cast<size_t>(n) * 4;
        std::vector<uint32_t> symbol_ids{0};
        symbol_ids.reserve(n + 1);
        symbol_table_.reserve(n);
        for (uint32_t i = 0; i < n; ++i) {
            uint32_t length;
            std::memcpy(&length, lengths + static_cast<size_t>(i) * 4, 4);
            if (static_cast<size_t>(end - p) < length || !length) return -1;
            symbol_ids.push_back(intern_symbol(std::string_view(p, length)));
            p += length;
        }
        if (!take(p, end, n) || static_cast<size_t>(end - p) / 8 < n) return -1;
        std::vector<uint32_t> pair_ids;
        pair_ids.reserve(n);
        pair_table_.reserve(n);
        pairs_.reserve(n);
        for (uint32_t i = 0; i < n; ++i) {
            uint32_t name = 0, value = 0;
            take(p, end, name);
            take(p, end, value);
            if (name >= symbol_ids.size() || value >= symbol_ids.size()) return -1;
            pair_ids.push_back(intern_pair(symbol_ids[name], symbol_ids[value]));
        }
        if (!take(p, end, n) || static_cast<size_t>(end - p) / 8 < n) return -1;
        series_table_.reserve(n);
        std::string canonical;
        for (uint32_t i = 0; i < n; ++i) {
            uint32_t ref, count;
            if (!take(p, end, ref) || !take(p, end, count) || static_cast<size_t>(end - p) / 4 < count) return -1;
            if (ref > live_.size() + kMaxGap || count > UINT16_MAX || is_live(ref)) return -1;
            grow(ref + 1);
            pair_lo_[ref] = static_cast<uint32_t>(series_pairs_.size());
            pair_n_[ref] = static_cast<uint16_t>(count);
            live_[ref] = 1;
            ++n_live_;
            for (uint32_t k = 0; k < count; ++k) {
                uint32_t id = 0;
                take(p, end, id);
                if (id >= pair_ids.size()) {
                    reset();
                    return -1;
                }
                series_pairs_.push_back(pair_ids[id]);
                pairs_[pair_ids[id]].postings.add(ref);
            }
            canonical_of(ref, canonical);
            hash_[ref] = hash_bytes(canonical.data(), canonical.size(), seed_);
            index_series(ref);
        }
        return static_cast<int64_t>(n);
    }

  private:
    bool equals(uint32_t ref, std::string_view canonical) const {
        const char* p = canonical.data();
        const char* end = p + canonical.size();
        for (uint32_t k = 0; k < pair_n_[ref]; ++k) {
            const Pair& pair = pairs_[series_pairs_[pair_lo_[ref] + k]];
            for (const uint32_t id : {pair.name, pair.value}) {
                const std::string_view text = symbol(id);
                if (static_cast<size_t>(end - p) < text.size() + 1 || std::memcmp(p, text.data(), text.size()) != 0 ||
                    p[text.size()] != '\xff')
                    return false;
                p += text.size() + 1;
            }
        }
        return p == end;
    }

    // The (name, value) views of canonical bytes; false where names do not ascend, or a value is empty or open.
    static bool split(std::string_view canonical, std::vector<std::pair<std::string_view, std::string_view>>& out) {
        const char* p = canonical.data();
        const char* end = p + canonical.size();
        out.clear();
        while (p < end) {
            const char* name_end = static_cast<const char*>(std::memchr(p, 0xff, end - p));
            if (!name_end || name_end == p || name_end + 1 == end) return false;
            const char* value = name_end + 1;
            const char* value_end = static_cast<const char*>(std::memchr(value, 0xff, end - value));
            if (!value_end || value_end == value) return false;
            const std::string_view name(p, name_end - p);
            if (!out.empty() && !(out.back().first < name)) return false;
            out.emplace_back(name, std::string_view(value, value_end - value));
            p = value_end + 1;
        }
        return out.size() <= UINT16_MAX;
    }

    // 1 added, 0 here already, -1 refused.
    int add(uint32_t ref, std::string_view canonical) {
        if (ref > live_.size() + kMaxGap) return -1;
        const int64_t known = find(canonical);
        if (known >= 0) return known == ref ? 0 : -1;
        if (is_live(ref)) return -1;
        if (!split(canonical, scratch_)) return -1;
        grow(ref + 1);
        pair_lo_[ref] = static_cast<uint32_t>(series_pairs_.size());
        pair_n_[ref] = static_cast<uint16_t>(scratch_.size());
        for (const auto& [name, value] : scratch_) {
            const uint32_t name_id = intern_symbol(name);
            const uint32_t id = intern_pair(name_id, intern_symbol(value));
            series_pairs_.push_back(id);
            pairs_[id].postings.add(ref);
        }
        hash_[ref] = hash_bytes(canonical.data(), canonical.size(), seed_);
        live_[ref] = 1;
        last_time_[ref] = kNoTime;
        last_value_[ref] = from_bits(MISSING_BITS);
        index_series(ref);
        ++n_live_;
        return 1;
    }
    void grow(size_t slots) {
        if (slots <= live_.size()) return;
        if (slots > live_.capacity()) {  // A quarter at a time: at 100,000 series a doubling would cost megabytes.
            const size_t cap = std::max(slots, live_.size() + live_.size() / 4 + 64);
            hash_.reserve(cap), pair_lo_.reserve(cap), pair_n_.reserve(cap), live_.reserve(cap);
            last_time_.reserve(cap), last_value_.reserve(cap);
        }
        hash_.resize(slots), pair_lo_.resize(slots), pair_n_.resize(slots), live_.resize(slots);
        last_time_.resize(slots, kNoTime);
        last_value_.resize(slots, from_bits(MISSING_BITS));
    }
    void release_used() {
        while (!free_.empty() && live_[free_.back()]) free_.pop_back();
    }
    uint32_t intern_symbol(std::string_view text) {
        if (text.empty()) return 0;
        const uint64_t hash = hash_bytes(text.data(), text.size(), seed_);
        const int64_t known = symbol_table_.find(hash, [&](uint32_t id) { return symbol(id) == text; });
        if (known >= 0) return static_cast<uint32_t>(known);
        symbol_bytes_.insert(symbol_bytes_.end(), text.begin(), text.end());
        symbol_end_.push_back(symbol_bytes_.size());
        const uint32_t id = static_cast<uint32_t>(symbol_end_.size() - 1);
        symbol_table_.insert(hash, id, [&](uint32_t other) {
            const std::string_view known_text = symbol(other);
            return hash_bytes(known_text.data(), known_text.size(), seed_);
        });
        return id;
    }
    uint64_t pair_hash(uint32_t name, uint32_t value) const {
        return fold(((static_cast<uint64_t>(name) << 32) | value) ^ seed_, 0xD6E8FEB86659FD93ull);
    }
    int64_t find_pair_id(uint32_t name, uint32_t value) const {
        return pair_table_.find(pair_hash(name, value), [&](uint32_t id) {
            return pairs_[id].name == name && pairs_[id].value == value;
        });
    }
    uint32_t intern_pair(uint32_t name, uint32_t value) {
        const int64_t known = find_pair_id(name, value);
        if (known >= 0) return static_cast<uint32_t>(known);
        const uint32_t id = static_cast<uint32_t>(pairs_.size());
        pairs_.push_back(Pair{name, value, Postings()});
        pair_table_.insert(pair_hash(name, value), id,
                           [&](uint32_t other) { return pair_hash(pairs_[other].name, pairs_[other].value); });
        pairs_of_name_[name].push_back(id);
        return id;
    }
    void index_series(uint32_t ref) {
        series_table_.insert(hash_[ref], ref, [&](uint32_t other) { return hash_[other]; });
    }
    void swap(SeriesTable& other) {
        std::swap(symbol_bytes_, other.symbol_bytes_);
        std::swap(symbol_end_, other.symbol_end_);
        std::swap(symbol_table_, other.symbol_table_);
        std::swap(pairs_, other.pairs_);
        std::swap(pair_table_, other.pair_table_);
        std::swap(pairs_of_name_, other.pairs_of_name_);
        std::swap(hash_, other.hash_);
        std::swap(pair_lo_, other.pair_lo_);
        std::swap(pair_n_, other.pair_n_);
        std::swap(live_, other.live_);
        std::swap(last_time_, other.last_time_);
        std::swap(last_value_, other.last_value_);
        std::swap(series_pairs_, other.series_pairs_);
        std::swap(series_table_, other.series_table_);
        std::swap(free_, other.free_);
        std::swap(quarantine_, other.quarantine_);
        std::swap(n_live_, other.n_live_);
    }

    uint64_t seed_;
    std::vector<char> symbol_bytes_;
    std::vector<uint64_t> symbol_end_;
    NumberTable symbol_table_;
    std::vector<Pair> pairs_;
    NumberTable pair_table_;
    std::unordered_map<uint32_t, std::vector<uint32_t>> pairs_of_name_;
    std::vector<uint64_t> hash_;
    std::vector<uint32_t> pair_lo_;
    std::vector<uint16_t> pair_n_;
    std::vector<uint8_t> live_;
    std::vector<int64_t> last_time_;
    std::vector<double> last_value_;
    std::vector<uint32_t> series_pairs_;
    NumberTable series_table_;
    std::vector<uint32_t> free_;        // Descending, so that the lowest slot is taken first.
    std::vector<uint32_t> quarantine_;  // Freed, but a reader may still hold their refs.
    std::vector<std::pair<std::string_view, std::string_view>> scratch_;
    size_t n_live_ = 0;
};

// --- sorted refs

inline void intersect(const uint32_t* a, size_t n, const uint32_t* b, size_t m, std::vector<uint32_t>& out) {
    out.clear();
    if (n > m) {
        std::swap(a, b);
        std::swap(n, m);
    }
    if (m > n * 32) {
        const uint32_t* lo = b;
        for (size_t i = 0; i < n; ++i) {
            lo = std::lower_bound(lo, b + m, a[i]);
            if (lo == b + m) break;
            if (*lo == a[i]) out.push_back(a[i]);
        }
        return;
    }
    std::set_intersection(a, a + n, b, b + m, std::back_inserter(out));
}

inline void subtract(const uint32_t* a, size_t n, const uint32_t* b, size_t m, std::vector<uint32_t>& out) {
    out.clear();
    std::set_difference(a, a + n, b, b + m, std::back_inserter(out));
}

}  // namespace watchkeeper
