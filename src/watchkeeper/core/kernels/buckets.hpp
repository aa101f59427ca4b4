// Quantiles and fractions of classic histograms, for each group of bucket series at each step. See buckets.pyi.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace wk {

constexpr double BUCKET_INF = std::numeric_limits<double>::infinity();
constexpr double BUCKET_NAN = std::numeric_limits<double>::quiet_NaN();
constexpr double TOLERANCE = 1e-12;  // Relative differences below this are rounding, not a broken histogram.
constexpr double MIN_NORMAL = 2.2250738585072014e-308;

struct Bucket {
    double bound, count;
};

struct Forced {
    double count, first, last, low, high, diff;
};

struct BucketGroups {
    const double* values;
    const uint8_t* present;
    const double* bounds;  // upper bound of each row
    const int64_t* order;  // rows by group, then bound
    const int64_t* at;     // group g: order[at[g]:at[g + 1]]
    int64_t steps;
};

inline bool almost_equal(double a, double b) {
    if (a == b) return true;
    const double sum = std::fabs(a) + std::fabs(b), diff = std::fabs(a - b);
    if (a == 0 || b == 0 || sum < MIN_NORMAL) return diff < TOLERANCE * MIN_NORMAL;
    return diff / std::min(sum, std::numeric_limits<double>::max()) < TOLERANCE;
}

// The buckets of one group at one step, equal bounds added up, counts made to rise.
inline bool collect(const BucketGroups& b, int64_t g, int64_t k, std::vector<Bucket>& out, Forced* forced) {
    out.clear();
    for (int64_t r = b.at[g]; r < b.at[g + 1]; ++r) {
        const int64_t row = b.order[r];
        if (!b.present[row * b.steps + k]) continue;
        const double count = b.values[row * b.steps + k];
        if (!out.empty() && out.back().bound == b.bounds[row]) {
            out.back().count += count;
        } else {
            out.push_back({b.bounds[row], count});
        }
    }
    if (out.empty()) return false;
    double previous = out[0].count;
    bool fixed = false;
    for (size_t i = 1; i < out.size(); ++i) {
        const double current = out[i].count;
        if (current == previous) continue;
        if (almost_equal(previous, current)) {
            out[i].count = previous;
        } else if (current < previous) {
            out[i].count = previous;
            if (forced) {
                forced->low = std::min(forced->low, out[i].bound);
                forced->high = std::max(forced->high, out[i].bound);
                forced->diff = std::max(forced->diff, previous - current);
            }
            fixed = true;
        } else {
            previous = current;
        }
    }
    if (fixed && forced) {
        if (forced->count == 0) forced->first = static_cast<double>(k);
        forced->last = static_cast<double>(k);
        forced->count += 1;
    }
    return true;
}

inline double bucket_quantile(double q, const std::vector<Bucket>& b) {
    if (std::isnan(q)) return BUCKET_NAN;
    if (q < 0) return -BUCKET_INF;
    if (q > 1) return BUCKET_INF;
    const size_t n = b.size();
    if (!(b[n - 1].bound == BUCKET_INF) || n < 2) return BUCKET_NAN;
    const double total = b[n - 1].count;
    if (total == 0 || std::isnan(total)) return BUCKET_NAN;
    double rank = q * total;
    size_t i = 0;
    while (i < n - 1 && !(b[i].count >= rank)) ++i;
    if (i == n - 1) return b[n - 2].bound;
    if (i == 0 && b[0].bound <= 0) return b[0].bound;
    double start = 0, count = b[i].count;
    if (i > 0) {
        start = b[i - 1].bound;
        count -= b[i - 1].count;
        rank -= b[i - 1].count;
    }
    return start + (b[i].bound - start) * (rank / count);
}

inline double bucket_fraction(double lower, double upper, const std::vector<Bucket>& b) {
    const size_t n = b.size();
    if (!(b[n - 1].bound == BUCKET_INF)) return BUCKET_NAN;
    const double total = b[n - 1].count;
    if (total == 0 || std::isnan(total) || std::isnan(lower) || std::isnan(upper)) return BUCKET_NAN;
    if (lower >= upper) return 0;
    double rank = 0, lower_rank = 0, upper_rank = 0;
    bool lower_set = false, upper_set = false;
    for (size_t i = 0; i < n && !(lower_set && upper_set); ++i) {
        // A first bucket with a positive bound begins at 0, as in the quantile.
        const double from = i > 0 ? b[i - 1].bound : b[0].bound > 0 ? 0 : -BUCKET_INF;
        const double to = b[i].bound;
        const auto inside = [&](double x) {
            if (std::isinf(from)) return b[i].count;
            if (std::isinf(to)) return rank;
            return rank + (b[i].count - rank) * (x - from) / (to - from);
        };
        if (!lower_set && from >= lower) lower_rank = rank, lower_set = true;
        if (!upper_set && from >= upper) upper_rank = rank, upper_set = true;
        if (!lower_set && from < lower && to > lower) lower_rank = inside(lower), lower_set = true;
        if (!upper_set && from < upper && to > upper) upper_rank = inside(upper), upper_set = true;
        rank = b[i].count;
    }
    if (!lower_set || lower_rank > total) lower_rank = total;
    if (!upper_set || upper_rank > total) upper_rank = total;
    return (upper_rank - lower_rank) / total;
}

// With `upper` null a quantile of `lower`, else a fraction.
inline void reduce_buckets(const BucketGroups& b, int64_t n_groups, const double* lower, const double* upper,
                           double* out, uint8_t* here, Forced* forced) {
    std::vector<Bucket> buckets;
    for (int64_t g = 0; g < n_groups; ++g) {
        forced[g] = {0, 0, 0, BUCKET_INF, -BUCKET_INF, 0};
        for (int64_t k = 0; k < b.steps; ++k) {
            const bool any = collect(b, g, k, buckets, upper ? nullptr : &forced[g]);
            here[g * b.steps + k] = any;
            out[g * b.steps + k] = !any ? 0 : upper ? bucket_fraction(lower[k], upper[k], buckets) : bucket_quantile(lower[k], buckets);
        }
    }
}

}  // namespace wk
