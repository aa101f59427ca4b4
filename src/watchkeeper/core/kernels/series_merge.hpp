// Merges the samples of series that several parts hold: times ascending, of equal times the later part's value.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <unordered_map>
#include <vector>

namespace series_merge {

constexpr uint64_t MISSING = 0x7FF00000000000A5ull;

struct Part {
  const int64_t *times, *value_lo, *value_hi, *time_lo, *starts;  // `starts` may be null.
  const uint64_t* values;
  int64_t n_times, n_values, n_rows;
};

class Merger {
 public:
  std::vector<Part> parts;
  int64_t n_times = 0, n_values = 0;

  // Takes all series; false where a range leaves its part. Series k has members [offsets[k], offsets[k + 1]).
  bool plan(const int32_t* part, const int64_t* row, int64_t n_members, const int64_t* offsets, int64_t n) {
    part_ = part;
    row_ = row;
    offsets_ = offsets;
    shape_of_.resize(n);
    std::string key;
    for (int64_t k = 0; k < n; k++) {
      if (offsets[k] < 0 || offsets[k] > offsets[k + 1] || offsets[k + 1] > n_members) return false;
      key.clear();
      for (int64_t m = offsets[k]; m < offsets[k + 1]; m++) {
        if (part[m] < 0 || size_t(part[m]) >= parts.size()) return false;
        const Part& p = parts[part[m]];
        const int64_t r = row[m];
        if (r < 0 || r >= p.n_rows) return false;
        const int64_t length = p.value_hi[r] - p.value_lo[r];
        if (p.value_lo[r] < 0 || length < 0 || p.value_hi[r] > p.n_values) return false;
        if (p.time_lo[r] < 0 || p.time_lo[r] > p.n_times - length) return false;
        const int64_t fields[3] = {part[m], length ? p.time_lo[r] : 0, length};
        key.append(reinterpret_cast<const char*>(fields), sizeof fields);
      }
      const auto found = shapes_by_key_.find(key);
      if (found != shapes_by_key_.end()) {
        shape_of_[k] = found->second;
      } else {
        shape_of_[k] = shapes_.size();
        shapes_by_key_.emplace(key, shapes_.size());
        shapes_.push_back(shape_for(offsets[k], offsets[k + 1]));
      }
      n_values += shapes_[shape_of_[k]].length;
    }
    return true;
  }

  // Fills arrays of n_times, n_values and n; `starts` may be null.
  void fill(int64_t* times, uint64_t* values, int64_t* starts, int64_t* value_lo, int64_t* value_hi, int64_t* time_lo) const {
    for (const Shape& shape : shapes_) fill_axis(shape, times + shape.time_lo);
    int64_t at = 0;
    for (size_t k = 0; k < shape_of_.size(); k++) {
      const Shape& shape = shapes_[shape_of_[k]];
      value_lo[k] = at;
      value_hi[k] = at + shape.length;
      time_lo[k] = shape.time_lo;
      if (shape.in_order) join(k, values + at, starts ? starts + at : nullptr);
      else scatter(k, shape, values + at, starts ? starts + at : nullptr);
      at += shape.length;
    }
  }

 private:
  // What series with the same ranges of the same axes share: their merged axis, and where each member's cells go.
  struct Shape {
    int64_t member_lo, member_hi, time_lo = 0, length = 0;
    bool in_order = true;
    std::vector<int64_t> axis;
    std::vector<int32_t> places;
  };

  const int32_t* part_ = nullptr;
  const int64_t *row_ = nullptr, *offsets_ = nullptr;
  std::vector<Shape> shapes_;
  std::vector<size_t> shape_of_;
  std::unordered_map<std::string, size_t> shapes_by_key_;

  int64_t length_of(int64_t m) const {
    const Part& p = parts[part_[m]];
    return p.value_hi[row_[m]] - p.value_lo[row_[m]];
  }
  const int64_t* times_of(int64_t m) const { return parts[part_[m]].times + parts[part_[m]].time_lo[row_[m]]; }

  Shape shape_for(int64_t lo, int64_t hi) {
    Shape shape;
    shape.member_lo = lo;
    shape.member_hi = hi;
    shape.time_lo = n_times;
    int64_t total = 0, last = 0;
    for (int64_t m = lo; m < hi; m++) {
      const int64_t n = length_of(m);
      if (!n) continue;
      const int64_t* t = times_of(m);
      if (total && t[0] <= last) shape.in_order = false;
      total += n;
      last = t[n - 1];
    }
    shape.length = total;
    if (!shape.in_order) {
      shape.axis.reserve(total);
      for (int64_t m = lo; m < hi; m++) shape.axis.insert(shape.axis.end(), times_of(m), times_of(m) + length_of(m));
      std::sort(shape.axis.begin(), shape.axis.end());
      shape.axis.erase(std::unique(shape.axis.begin(), shape.axis.end()), shape.axis.end());
      shape.length = int64_t(shape.axis.size());
      shape.places.reserve(total);
      for (int64_t m = lo; m < hi; m++) {
        const int64_t* t = times_of(m);
        const int64_t n = length_of(m);
        for (int64_t i = 0; i < n; i++)
          shape.places.push_back(int32_t(std::lower_bound(shape.axis.begin(), shape.axis.end(), t[i]) - shape.axis.begin()));
      }
    }
    n_times += shape.length;
    return shape;
  }

  void fill_axis(const Shape& shape, int64_t* out) const {
    if (!shape.in_order) {
      std::copy(shape.axis.begin(), shape.axis.end(), out);
      return;
    }
    for (int64_t m = shape.member_lo; m < shape.member_hi; m++) out = std::copy_n(times_of(m), length_of(m), out);
  }

  void join(size_t k, uint64_t* values, int64_t* starts) const {
    for (int64_t m = offsets_[k]; m < offsets_[k + 1]; m++) {
      const Part& p = parts[part_[m]];
      const int64_t lo = p.value_lo[row_[m]], n = length_of(m);
      values = std::copy_n(p.values + lo, n, values);
      if (!starts) continue;
      if (p.starts) std::copy_n(p.starts + lo, n, starts);
      else std::fill_n(starts, n, 0);
      starts += n;
    }
  }

  void scatter(size_t k, const Shape& shape, uint64_t* values, int64_t* starts) const {
    std::fill_n(values, shape.length, MISSING);
    if (starts) std::fill_n(starts, shape.length, 0);
    const int32_t* place = shape.places.data();
    for (int64_t m = offsets_[k]; m < offsets_[k + 1]; m++) {
      const Part& p = parts[part_[m]];
      const int64_t lo = p.value_lo[row_[m]], n = length_of(m);
      for (int64_t i = 0; i < n; i++, place++) {
        if (p.values[lo + i] == MISSING) continue;  // No sample does not hide another part's sample.
        values[*place] = p.values[lo + i];
        if (starts) starts[*place] = p.starts ? p.starts[lo + i] : 0;
      }
    }
  }
};

}  // namespace series_merge
