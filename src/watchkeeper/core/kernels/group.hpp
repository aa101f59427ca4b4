// Groups of equal rows of codes, and reductions of a frame's rows into groups. See group.pyi.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "window.hpp"

namespace wk {

inline uint64_t mix(uint64_t h) {
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdULL;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53ULL;
    return h ^ (h >> 33);
}

// Numbers the distinct rows in order of first appearance; returns how many there are.
inline int64_t group_rows(const int32_t* codes, int64_t n, int64_t stride, const int64_t* columns, int64_t k,
                          int64_t* first, int64_t* group) {
    if (n == 0) return 0;
    size_t size = 16;
    while (size < static_cast<size_t>(n) * 2) size *= 2;
    std::vector<int64_t> slots(size, -1);
    std::vector<uint64_t> hashes;
    hashes.reserve(64);
    int64_t count = 0;
    for (int64_t i = 0; i < n; ++i) {
        const int32_t* row = codes + i * stride;
        uint64_t h = 0x9e3779b97f4a7c15ULL;
        for (int64_t c = 0; c < k; ++c) h = (h ^ static_cast<uint32_t>(row[columns[c]])) * 0x9fb21c651e98df25ULL, h ^= h >> 29;
        h = mix(h);
        size_t at = h & (size - 1);
        for (;; at = (at + 1) & (size - 1)) {
            const int64_t other = slots[at];
            if (other < 0) {
                slots[at] = count;
                hashes.push_back(h);
                first[count] = i;
                group[i] = count++;
                break;
            }
            if (hashes[other] != h) continue;
            const int32_t* there = codes + first[other] * stride;
            bool same = true;
            for (int64_t c = 0; c < k && same; ++c) same = row[columns[c]] == there[columns[c]];
            if (same) {
                group[i] = other;
                break;
            }
        }
    }
    return count;
}

enum class Fold : int { SUM, AVG, MIN, MAX, COUNT, STDVAR, STDDEV };

// One pass over the rows; `acc`, `extra`, `count` are (n_groups, n_steps), zeroed by the caller.
inline void fold(int fold_number, const double* values, const uint8_t* present, int64_t n, int64_t steps,
                 const int64_t* group, int64_t n_groups, int64_t k_lo, int64_t k_hi, double* acc, double* extra,
                 double* count) {
    const Fold op = static_cast<Fold>(fold_number);
    for (int64_t i = 0; i < n; ++i) {
        const double* v = values + i * steps;
        const uint8_t* p = present + i * steps;
        double* a = acc + group[i] * steps;
        double* e = extra + group[i] * steps;
        double* c = count + group[i] * steps;
        switch (op) {
            case Fold::SUM:
                for (int64_t k = k_lo; k < k_hi; ++k)
                    if (p[k]) {
                        kahan_add(v[k], a[k], e[k]);
                        c[k] += 1;
                    }
                break;
            case Fold::AVG:
                for (int64_t k = k_lo; k < k_hi; ++k)
                    if (p[k]) {
                        // A negative count says that the running mean has taken over from the sum.
                        if (c[k] >= 0) {
                            double sum = a[k], comp = e[k];
                            kahan_add(v[k], sum, comp);
                            if (!std::isinf(sum) || c[k] == 0) {
                                a[k] = sum;
                                e[k] = comp;
                                c[k] += 1;
                                continue;
                            }
                            a[k] /= c[k];
                            e[k] /= c[k];
                            c[k] = -c[k];
                        }
                        const double m = -c[k] + 1, q = (m - 1) / m;
                        a[k] *= q;
                        e[k] *= q;
                        kahan_add(v[k] / m, a[k], e[k]);
                        c[k] = -m;
                    }
                break;
            case Fold::MIN:
                for (int64_t k = k_lo; k < k_hi; ++k)
                    if (p[k]) {
                        if (c[k] == 0 || v[k] < a[k] || std::isnan(a[k])) a[k] = v[k];
                        c[k] += 1;
                    }
                break;
            case Fold::MAX:
                for (int64_t k = k_lo; k < k_hi; ++k)
                    if (p[k]) {
                        if (c[k] == 0 || v[k] > a[k] || std::isnan(a[k])) a[k] = v[k];
                        c[k] += 1;
                    }
                break;
            case Fold::COUNT:
                for (int64_t k = k_lo; k < k_hi; ++k) c[k] += p[k];
                break;
            case Fold::STDVAR:
            case Fold::STDDEV:
                for (int64_t k = k_lo; k < k_hi; ++k)
                    if (p[k]) {
                        c[k] += 1;
                        const double d = v[k] - e[k];
                        e[k] += d / c[k];
                        a[k] += d * (v[k] - e[k]);
                    }
                break;
        }
    }
    for (int64_t g = 0; g < n_groups; ++g) {
        double* a = acc + g * steps;
        double* e = extra + g * steps;
        double* c = count + g * steps;
        for (int64_t k = k_lo; k < k_hi; ++k) {
            switch (op) {
                case Fold::SUM:
                    if (!std::isinf(a[k])) a[k] += e[k];
                    break;
                case Fold::AVG:
                    if (c[k] < 0) {
                        c[k] = -c[k];
                        a[k] += e[k];
                    } else if (c[k] > 0) {
                        a[k] = a[k] / c[k] + e[k] / c[k];
                    }
                    break;
                case Fold::COUNT:
                    a[k] = c[k];
                    break;
                case Fold::STDVAR:
                    if (c[k] > 0) a[k] /= c[k];
                    break;
                case Fold::STDDEV:
                    if (c[k] > 0) a[k] = std::sqrt(a[k] / c[k]);
                    break;
                default:
                    break;
            }
        }
    }
}

// φ-quantile over the rows of each group, step by step. `order` lists the rows by group, `bounds` (n_groups + 1).
inline void group_quantile(const double* values, const uint8_t* present, int64_t steps, const int64_t* order,
                           const int64_t* bounds, int64_t n_groups, const double* phi, double* out, uint8_t* here) {
    std::vector<double> column;
    for (int64_t g = 0; g < n_groups; ++g)
        for (int64_t k = 0; k < steps; ++k) {
            column.clear();
            for (int64_t r = bounds[g]; r < bounds[g + 1]; ++r)
                if (present[order[r] * steps + k]) column.push_back(values[order[r] * steps + k]);
            here[g * steps + k] = !column.empty();
            out[g * steps + k] = column.empty() ? 0 : quantile_of(column, phi[k]);
        }
}

// Marks in `keep` the `limit[k]` largest (or smallest) rows of each group at each step; NaN is worse than any number,
// and of equals the earlier row stays.
inline void group_rank(const double* values, const uint8_t* present, int64_t steps, const int64_t* order,
                       const int64_t* bounds, int64_t n_groups, const int64_t* limit, bool largest, uint8_t* keep) {
    std::vector<int64_t> rows;
    for (int64_t g = 0; g < n_groups; ++g)
        for (int64_t k = 0; k < steps; ++k) {
            if (limit[k] <= 0) continue;
            rows.clear();
            for (int64_t r = bounds[g]; r < bounds[g + 1]; ++r)
                if (present[order[r] * steps + k]) rows.push_back(order[r]);
            const size_t wanted = std::min(rows.size(), static_cast<size_t>(limit[k]));
            if (wanted < rows.size()) {
                const auto better = [&](int64_t a, int64_t b) {
                    const double x = values[a * steps + k], y = values[b * steps + k];
                    if (std::isnan(x) || std::isnan(y)) {
                        if (std::isnan(x) && std::isnan(y)) return a < b;
                        return std::isnan(y);
                    }
                    if (x != y) return largest ? x > y : x < y;
                    return a < b;
                };
                std::nth_element(rows.begin(), rows.begin() + wanted, rows.end(), better);
            }
            for (size_t r = 0; r < wanted; ++r) keep[rows[r] * steps + k] = 1;
        }
}

}  // namespace wk
