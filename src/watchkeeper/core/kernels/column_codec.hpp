// Columns of 64-bit cells to bytes and back; docs/formats/block.md draws the layout.
//
// A column is float64 (its bits are kept exactly) or int64. Each is modelled as `scale` (how a cell becomes an integer)
// and `predictor` (what is subtracted); the residuals' bytes stand in planes across all columns, so that a general
// compressor finds runs of the same kind of byte.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "float_bits.hpp"
#include "varint.hpp"

namespace column_codec {

using namespace float_bits;
using namespace varint;

constexpr uint8_t VERSION = 1;
constexpr uint64_t MAX_COLUMNS = 1 << 16;
constexpr uint64_t MAX_LENGTH = 1 << 24;  // Cells of one column: a hostile constant column must not fill the memory.

enum Predictor : uint8_t { CONSTANT = 0, DELTA = 1, DELTA2 = 2, LINEAR = 3, XOR = 4 };
constexpr uint8_t HAS_RUNS = 8;
constexpr uint8_t MAX_DECIMALS = 22;  // 10^22 is the last power of ten that float64 holds exactly.
constexpr uint8_t SCALE_INT64 = 254;
constexpr uint8_t SCALE_BITS = 255;

constexpr double POW10[MAX_DECIMALS + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                            1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr double EXACT = 9007199254740992.0;  // 2^53

constexpr uint64_t NEGATIVE_ZERO = 0x8000000000000000ull;
constexpr uint64_t EXPONENT = 0x7FF0000000000000ull;
constexpr int N_KNOWN = 6;
constexpr uint64_t KNOWN[N_KNOWN] = {MISSING_BITS, STALE_BITS, NORMAL_NAN_BITS, EXPONENT, EXPONENT | NEGATIVE_ZERO,
                                     NEGATIVE_ZERO};

inline bool is_special(uint64_t bits) { return (bits & EXPONENT) == EXPONENT || bits == NEGATIVE_ZERO; }
inline int bit_length(uint64_t v) { return v ? 64 - __builtin_clzll(v) : 0; }
inline void put_fixed(std::string& out, uint64_t v) {
  for (int i = 0; i < 8; i++) out.push_back(char(v >> (8 * i)));
}

// What the directory says of one column.
struct Column {
  uint8_t predictor = CONSTANT, has_runs = 0, scale = 0, width = 0, shift = 0;
  uint64_t length = 0, first = 0, second = 0;
  uint64_t residuals = 0;  // How many, from the predictor and the length.
  uint64_t runs_at = 0;    // Where the column's runs begin in the raw bytes.
  uint64_t plane_at[8] = {};
};

inline uint64_t residual_count(uint8_t predictor, uint64_t length) {
  switch (predictor) {
    case CONSTANT: return 0;
    case DELTA2: return length > 2 ? length - 2 : 0;
    default: return length ? length - 1 : 0;
  }
}

class Encoder {
 public:
  // Takes one column; `ints` says whether the cells are int64 or the bits of float64.
  void add(const uint64_t* cells, uint64_t n, bool ints) {
    Column column;
    column.length = n;
    base_.assign(cells, cells + n);
    if (!ints) take_runs(column);
    model(column, ints);
    predictors_.push_back(char(column.predictor | (column.has_runs ? HAS_RUNS : 0)));
    scales_.push_back(char(column.scale));
    widths_.push_back(char(column.width));
    shifts_.push_back(char(column.shift));
    put_varint(lengths_, zigzag(n - last_length_));
    last_length_ = n;
    if (column.scale == SCALE_BITS) put_fixed(firsts_, column.first);
    else put_varint(firsts_, zigzag(column.first));
    if (column.predictor == DELTA2 || column.predictor == LINEAR) put_varint(firsts_, zigzag(column.second));
    // Split so that no loop carries the plane number: the compiler turns each into a narrow copy.
    for (int p = 0; p < column.width; p++) {
      size_t at = planes_[p].size();
      planes_[p].resize(at + residuals_.size());
      char* to = &planes_[p][at];
      for (size_t i = 0; i < residuals_.size(); i++) to[i] = char(residuals_[i] >> (8 * p));
    }
    n_++;
  }

  std::string finish() const {
    std::string out;
    out.push_back(char(VERSION));
    put_varint(out, n_);
    for (const std::string* part : {&predictors_, &scales_, &widths_, &shifts_, &lengths_, &firsts_, &runs_}) out += *part;
    for (const std::string& plane : planes_) out += plane;
    return out;
  }

 private:
  uint64_t n_ = 0, last_length_ = 0;
  std::string predictors_, scales_, widths_, shifts_, lengths_, firsts_, runs_, planes_[8];
  std::vector<uint64_t> base_, ints_, residuals_, trial_;

  // Moves NaN, infinities, -0.0 and missing cells of a column into runs and puts their neighbour in their place.
  void take_runs(Column& column) {
    const size_t n = base_.size();
    bool any = false, same = true;
    for (size_t i = 0; i < n; i++) {
      any |= is_special(base_[i]);
      same &= base_[i] == base_[0];
    }
    if (!any || same) return;
    column.has_runs = 1;
    size_t ordinary = 0;
    while (ordinary < n && is_special(base_[ordinary])) ordinary++;
    uint64_t filler = ordinary < n ? base_[ordinary] : 0;
    std::string runs;
    uint64_t count = 0;
    size_t end = 0;
    for (size_t i = 0; i < n;) {
      if (!is_special(base_[i])) {
        filler = base_[i++];
        continue;
      }
      const uint64_t bits = base_[i];
      size_t hi = i;
      while (hi < n && base_[hi] == bits) base_[hi++] = filler;
      put_varint(runs, i - end);
      put_varint(runs, hi - i);
      int code = 0;
      while (code < N_KNOWN && KNOWN[code] != bits) code++;
      runs.push_back(char(code));
      if (code == N_KNOWN) put_fixed(runs, bits);
      count++;
      end = i = hi;
    }
    put_varint(runs_, count);
    runs_ += runs;
  }

  static bool exact(double v, int k, uint64_t& out) {
    const double scaled = v * POW10[k];
    if (!(std::fabs(scaled) < EXACT)) return false;
    const double rounded = std::nearbyint(scaled);
    if (bits_of(rounded / POW10[k]) != bits_of(v)) return false;
    out = uint64_t(int64_t(rounded));
    return true;
  }

  // Fills ints_ with cells times 10^k where that loses nothing; the k, or -1.
  int decimals() {
    const size_t n = base_.size();
    ints_.resize(n);
    int k = 0;
    size_t unsure = 0;  // Cells before this one were scaled by a smaller k.
    for (size_t i = 0; i < n; i++) {
      const double v = from_bits(base_[i]);
      while (!exact(v, k, ints_[i])) {
        if (++k > MAX_DECIMALS || !(std::fabs(v * POW10[k]) < EXACT)) return -1;
        unsure = i;
      }
    }
    for (size_t i = 0; i < unsure; i++)
      if (!exact(from_bits(base_[i]), k, ints_[i])) return -1;
    // A rounded zero would come back as +0.0, and -0.0 is a run: nothing else can differ.
    return k;
  }

  struct Trial {
    uint8_t predictor = DELTA, shift = 0;
    uint64_t second = 0, cost = ~0ull;
  };

  // The residuals before zigzag; they wrap around in 64 bits, and so does the decoder.
  static void predict(const std::vector<uint64_t>& v, uint8_t predictor, uint64_t second, std::vector<uint64_t>& out) {
    const size_t n = v.size();
    out.resize(residual_count(predictor, n));
    switch (predictor) {
      case DELTA:
        for (size_t i = 1; i < n; i++) out[i - 1] = v[i] - v[i - 1];
        break;
      case DELTA2:
        for (size_t i = 2; i < n; i++) out[i - 2] = v[i] - 2 * v[i - 1] + v[i - 2];
        break;
      case LINEAR:
        for (size_t i = 1; i < n; i++) out[i - 1] = v[i] - v[0] - uint64_t(i) * second;
        break;
      case XOR:
        for (size_t i = 1; i < n; i++) out[i - 1] = v[i] ^ v[i - 1];
        break;
    }
  }

  void attempt(const std::vector<uint64_t>& v, uint8_t predictor, Trial& best) {
    Trial trial;
    trial.predictor = predictor;
    const size_t n = v.size();
    if (predictor == DELTA2) {
      if (n < 3) return;
      trial.second = v[1] - v[0];
    } else if (predictor == LINEAR) {
      const double slope = double(int64_t(v[n - 1] - v[0])) / double(n - 1);
      trial.second = uint64_t(int64_t(std::nearbyint(std::clamp(slope, -9e18, 9e18))));
    }
    predict(v, predictor, trial.second, trial_);
    uint64_t all = 0, cost = 0;
    for (uint64_t residual : trial_) {
      all |= residual;
      cost += bit_length(predictor == XOR ? residual : zigzag(residual));
    }
    trial.shift = all ? __builtin_ctzll(all) : 0;
    if (trial.shift) {
      cost = 0;
      for (uint64_t residual : trial_) {
        if (predictor == XOR) cost += bit_length(residual >> trial.shift);
        else cost += bit_length(zigzag(uint64_t(int64_t(residual) >> trial.shift)));
      }
    }
    // A second number in the directory and a harder sequence must earn their place.
    trial.cost = cost + (predictor == DELTA || predictor == XOR ? 0 : 16);
    if (trial.cost < best.cost) best = trial;
  }

  void model(Column& column, bool ints) {
    const size_t n = base_.size();
    residuals_.clear();
    if (n == 0) {
      column.scale = ints ? SCALE_INT64 : 0;
      return;
    }
    bool same = true;
    for (size_t i = 1; i < n; i++) same &= base_[i] == base_[0];
    if (same) {
      base_.resize(1);
      if (ints) {
        column.scale = SCALE_INT64;
        column.first = base_[0];
        return;
      }
      const int k = is_special(base_[0]) ? -1 : decimals();
      column.scale = k < 0 ? SCALE_BITS : uint8_t(k);
      column.first = k < 0 ? base_[0] : ints_[0];
      return;
    }
    Trial best;
    const std::vector<uint64_t>* chosen = &base_;
    if (ints) {
      column.scale = SCALE_INT64;
      attempt(base_, DELTA, best);
      attempt(base_, DELTA2, best);
      attempt(base_, LINEAR, best);
    } else {
      const int k = decimals();
      column.scale = k < 0 ? SCALE_BITS : uint8_t(k);
      if (k >= 0) {
        chosen = &ints_;
        attempt(ints_, DELTA, best);
        if (best.cost > n) {  // Mostly zeros already: nothing to gain.
          attempt(ints_, DELTA2, best);
          attempt(ints_, LINEAR, best);
        }
      }
      if (k < 0 || best.cost > 24 * n) {
        const uint64_t before = best.cost;
        attempt(base_, XOR, best);
        attempt(base_, DELTA, best);
        if (best.cost < before) {
          column.scale = SCALE_BITS;
          chosen = &base_;
        }
      }
    }
    column.predictor = best.predictor;
    column.shift = best.shift;
    column.first = (*chosen)[0];
    column.second = best.second;
    predict(*chosen, best.predictor, best.second, residuals_);
    uint64_t all = 0;
    for (uint64_t& residual : residuals_) {
      residual = best.predictor == XOR ? residual >> best.shift : zigzag(uint64_t(int64_t(residual) >> best.shift));
      all |= residual;
    }
    column.width = uint8_t((bit_length(all) + 7) / 8);
  }
};

// Reads raw bytes; every method says false, and leaves `error` set, where they are not what an Encoder wrote.
class Decoder {
 public:
  std::vector<Column> columns;
  const char* error = nullptr;

  bool open(const uint8_t* data, uint64_t size) {
    data_ = data;
    size_ = size;
    uint64_t at = 0, n = 0;
    if (size < 1 || data[at++] != VERSION) return fail("not a column group of a known version");
    if (!varint(at, n) || n > MAX_COLUMNS || size - at < 4 * n) return fail("bad column count");
    columns.assign(n, Column());
    for (uint64_t i = 0; i < n; i++) {
      Column& c = columns[i];
      c.predictor = data[at + i] & 7;
      c.has_runs = (data[at + i] & HAS_RUNS) != 0;
      c.scale = data[at + n + i];
      c.width = data[at + 2 * n + i];
      c.shift = data[at + 3 * n + i];
      if (data[at + i] > (XOR | HAS_RUNS) || c.predictor > XOR || c.width > 8 || c.shift > 63 ||
          (c.scale > MAX_DECIMALS && c.scale < SCALE_INT64))
        return fail("bad column class");
    }
    at += 4 * n;
    uint64_t length = 0;
    for (Column& c : columns) {
      uint64_t step = 0;
      if (!varint(at, step)) return fail("bad column length");
      length += unzigzag(step);
      if (length > MAX_LENGTH) return fail("bad column length");
      c.length = length;
      c.residuals = c.width ? residual_count(c.predictor, length) : 0;
      if (c.predictor == CONSTANT && c.width) return fail("bad column class");
    }
    for (Column& c : columns) {
      if (c.scale == SCALE_BITS) {
        if (!fixed(at, c.first)) return fail("bad first value");
      } else {
        if (!varint(at, c.first)) return fail("bad first value");
        c.first = unzigzag(c.first);
      }
      if (c.predictor == DELTA2 || c.predictor == LINEAR) {
        if (!varint(at, c.second)) return fail("bad slope");
        c.second = unzigzag(c.second);
      }
    }
    for (Column& c : columns) {
      if (!c.has_runs) continue;
      c.runs_at = at;
      if (!runs(c, at, 0, 0, nullptr)) return fail("bad runs");
    }
    for (int p = 0; p < 8; p++)
      for (Column& c : columns) {
        if (c.width <= p) continue;
        if (size - at < c.residuals) return fail("planes are cut short");
        c.plane_at[p] = at;
        at += c.residuals;
      }
    if (at != size) return fail("bytes after the last plane");
    return true;
  }

  // Writes cells [lo, hi) of one column to `out`; the caller has checked column, lo and hi.
  void decode(const Column& c, uint64_t lo, uint64_t hi, uint64_t* out) {
    if (lo >= hi) return;
    if (c.predictor == CONSTANT) {
      std::fill(out, out + (hi - lo), c.scale <= MAX_DECIMALS ? scaled(c.first, c.scale) : c.first);
    } else {
      work_.resize(hi);
      uint64_t* v = work_.data();
      integers(c, hi, v);
      if (c.scale <= MAX_DECIMALS) {
        const double divisor = POW10[c.scale];
        if (c.scale == 0)
          for (uint64_t i = lo; i < hi; i++) out[i - lo] = bits_of(double(int64_t(v[i])));
        else
          for (uint64_t i = lo; i < hi; i++) out[i - lo] = bits_of(double(int64_t(v[i])) / divisor);
      } else {
        std::memcpy(out, v + lo, (hi - lo) * 8);
      }
    }
    if (c.has_runs) {
      uint64_t at = c.runs_at;
      runs(c, at, lo, hi, out);
    }
  }

 private:
  const uint8_t* data_ = nullptr;
  uint64_t size_ = 0;
  std::vector<uint64_t> work_;

  bool fail(const char* message) {
    error = message;
    return false;
  }
  bool varint(uint64_t& at, uint64_t& out) const {
    uint64_t v = 0;
    for (int shift = 0; shift < 64 && at < size_; shift += 7) {
      const uint8_t byte = data_[at++];
      v |= uint64_t(byte & 0x7F) << shift;
      if (byte < 0x80) {
        out = v;
        return shift < 63 || byte < 2;
      }
    }
    return false;
  }
  bool fixed(uint64_t& at, uint64_t& out) const {
    if (size_ - at < 8) return false;
    out = 0;
    for (int i = 0; i < 8; i++) out |= uint64_t(data_[at + i]) << (8 * i);
    at += 8;
    return true;
  }
  static uint64_t scaled(uint64_t v, uint8_t k) { return bits_of(double(int64_t(v)) / POW10[k]); }

  // Walks a column's runs, checking them; with `out`, writes those inside [lo, hi).
  bool runs(const Column& c, uint64_t& at, uint64_t lo, uint64_t hi, uint64_t* out) const {
    uint64_t count = 0, end = 0;
    if (!varint(at, count)) return false;
    for (uint64_t r = 0; r < count; r++) {
      uint64_t gap = 0, length = 0, bits = 0;
      if (!varint(at, gap) || !varint(at, length) || at >= size_) return false;
      if (length == 0 || gap > c.length - end || length > c.length - end - gap) return false;
      const uint8_t code = data_[at++];
      if (code > N_KNOWN) return false;
      if (code < N_KNOWN) bits = KNOWN[code];
      else if (!fixed(at, bits)) return false;
      const uint64_t begin = end + gap;
      end = begin + length;
      if (out) {
        const uint64_t from = std::max(begin, lo), to = std::min(end, hi);
        if (from < to) std::fill(out + (from - lo), out + (to - lo), bits);
      }
    }
    return true;
  }

  // Cells [0, hi) before scaling.
  void integers(const Column& c, uint64_t hi, uint64_t* v) const {
    const uint64_t skipped = c.predictor == DELTA2 ? 2 : 1;
    const uint64_t m = hi > skipped ? hi - skipped : 0;
    v[0] = c.first;
    if (hi > 1 && c.predictor == DELTA2) v[1] = c.first + c.second;
    uint64_t* r = v + skipped;
    if (c.width == 0) {
      std::fill(r, r + m, 0);
    } else {
      const uint8_t* low = data_ + c.plane_at[0];
      for (uint64_t i = 0; i < m; i++) r[i] = low[i];
      for (int p = 1; p < c.width; p++) {
        const uint8_t* plane = data_ + c.plane_at[p];
        for (uint64_t i = 0; i < m; i++) r[i] |= uint64_t(plane[i]) << (8 * p);
      }
      if (c.predictor == XOR)
        for (uint64_t i = 0; i < m; i++) r[i] <<= c.shift;
      else
        for (uint64_t i = 0; i < m; i++) r[i] = unzigzag(r[i]) << c.shift;
    }
    switch (c.predictor) {
      case DELTA:
        for (uint64_t i = 0; i < m; i++) r[i] += r[i - 1];
        break;
      case DELTA2: {
        uint64_t step = c.second;
        for (uint64_t i = 0; i < m; i++) {
          step += r[i];
          r[i] = r[i - 1] + step;
        }
        break;
      }
      case LINEAR:
        for (uint64_t i = 0; i < m; i++) r[i] += c.first + (i + 1) * c.second;
        break;
      case XOR:
        for (uint64_t i = 0; i < m; i++) r[i] ^= r[i - 1];
        break;
    }
  }
};

}  // namespace column_codec
