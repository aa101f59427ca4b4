// Reductions of each series' samples onto a grid of steps. See window.pyi for the contract.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "float_bits.hpp"

namespace wk {

using float_bits::MISSING_BITS;
using float_bits::STALE_BITS;
using float_bits::bits_of;

constexpr double NAN_ = std::numeric_limits<double>::quiet_NaN();

// Neumaier's compensated addition. An infinite sum drops the compensation, which would be NaN otherwise.
inline void kahan_add(double x, double& sum, double& c) {
    const double t = sum + x;
    if (std::isinf(t)) {
        c = 0;
    } else if (std::fabs(sum) >= std::fabs(x)) {
        c += (sum - t) + x;
    } else {
        c += (x - t) + sum;
    }
    sum = t;
}

struct SeriesView {
    const int64_t* times;
    const double* values;
    const int64_t* value_lo;
    const int64_t* value_hi;
    const int64_t* time_lo;
    const int64_t* starts;  // like values: when the counter of a sample began, 0 unknown; or null
};

struct GridView {
    int64_t start, step, n_steps;
    int64_t reach;      // lookback or range: a window is (t - reach, t]
    int64_t now, pace;  // the evaluation's own time at the first step, and from step to step
};

enum class Op : int {
    RATE, INCREASE, DELTA, IRATE, IDELTA, RESETS, CHANGES,
    SUM, AVG, MIN, MAX, COUNT, LAST, FIRST, PRESENT, STDDEV, STDVAR, QUANTILE, MAD,
    DERIV, PREDICT_LINEAR, SMOOTHING, TS_FIRST, TS_LAST, TS_MIN, TS_MAX,
};

// The newest sample of (t - reach, t] at each step; a stale marker there means absent.
inline void align(const SeriesView& s, int64_t lo, int64_t hi, const GridView& g, double* out, uint8_t* present,
                  double* stamps, int64_t* counted) {
    int64_t total = 0;
    for (int64_t i = lo; i < hi; ++i) {
        const int64_t n = s.value_hi[i] - s.value_lo[i];
        const int64_t* t = s.times + s.time_lo[i];
        const double* v = s.values + s.value_lo[i];
        double* row = out + i * g.n_steps;
        uint8_t* here = present + i * g.n_steps;
        int64_t j = 0, newest = -1;
        for (int64_t k = 0; k < g.n_steps; ++k) {
            const int64_t now = g.start + k * g.step;
            while (j < n && t[j] <= now) {
                if (bits_of(v[j]) != MISSING_BITS) newest = j;
                ++j;
            }
            if (newest >= 0 && t[newest] > now - g.reach && bits_of(v[newest]) != STALE_BITS) {
                row[k] = v[newest];
                here[k] = 1;
                if (stamps) stamps[i * g.n_steps + k] = static_cast<double>(t[newest]) / 1000.0;
                ++total;
            } else {
                row[k] = 0;
                here[k] = 0;
                if (stamps) stamps[i * g.n_steps + k] = 0;
            }
        }
    }
    *counted = total;
}

// Upstream's order puts NaN before every number.
inline bool nan_less(double a, double b) { return a < b || (std::isnan(a) && !std::isnan(b)); }

inline double quantile_of(std::vector<double>& x, double q) {
    if (x.empty() || std::isnan(q)) return NAN_;
    if (q < 0) return -std::numeric_limits<double>::infinity();
    if (q > 1) return std::numeric_limits<double>::infinity();
    const double n = static_cast<double>(x.size());
    const double rank = q * (n - 1);
    const double floor_rank = std::floor(rank);
    const double lower = std::max(0.0, floor_rank);
    const double upper = std::min(n - 1, lower + 1);
    const double weight = rank - floor_rank;
    const size_t lower_i = static_cast<size_t>(lower), upper_i = static_cast<size_t>(upper);
    std::nth_element(x.begin(), x.begin() + lower_i, x.end(), nan_less);
    const double a = x[lower_i];
    const double b = upper_i == lower_i ? a : *std::min_element(x.begin() + upper_i, x.end(), nan_less);
    return a * (1 - weight) + b * weight;
}

inline double variance_of(const double* v, int64_t n) {
    double count = 0, mean = 0, c_mean = 0, aux = 0, c_aux = 0;
    for (int64_t i = 0; i < n; ++i) {
        count += 1;
        const double d = v[i] - (mean + c_mean);
        kahan_add(d / count, mean, c_mean);
        kahan_add(d * (v[i] - (mean + c_mean)), aux, c_aux);
    }
    return (aux + c_aux) / count;
}

inline double average_of(const double* v, int64_t n) {
    double sum = v[0], count = 1, mean = 0, c = 0;
    bool incremental = false;
    for (int64_t i = 1; i < n; ++i) {
        count = static_cast<double>(i + 1);
        if (!incremental) {
            double next = sum, next_c = c;
            kahan_add(v[i], next, next_c);
            if (!std::isinf(next)) {
                sum = next;
                c = next_c;
                continue;
            }
            // The sum left the range of a double: go on with a running mean.
            incremental = true;
            mean = sum / (count - 1);
            c /= count - 1;
        }
        const double q = (count - 1) / count;
        mean *= q;
        c *= q;
        kahan_add(v[i] / count, mean, c);
    }
    return incremental ? mean + c : sum / count + c / count;
}

inline void regression(const int64_t* t, const double* v, int64_t n, int64_t origin, double& slope, double& intercept) {
    double sx = 0, cx = 0, sy = 0, cy = 0, sxy = 0, cxy = 0, sx2 = 0, cx2 = 0;
    bool constant = true;
    for (int64_t i = 0; i < n; ++i) {
        if (i > 0 && v[i] != v[0]) constant = false;
        const double x = static_cast<double>(t[i] - origin) / 1e3;
        kahan_add(x, sx, cx);
        kahan_add(v[i], sy, cy);
        kahan_add(x * v[i], sxy, cxy);
        kahan_add(x * x, sx2, cx2);
    }
    if (constant) {
        slope = std::isinf(v[0]) ? NAN_ : 0;
        intercept = std::isinf(v[0]) ? NAN_ : v[0];
        return;
    }
    const double count = static_cast<double>(n);
    sx += cx;
    sy += cy;
    sxy += cxy;
    sx2 += cx2;
    slope = (sxy - sx * sy / count) / (sx2 - sx * sx / count);
    intercept = sy / count - slope * sx / count;
}

// Whether a counter began anew between two samples, by what they say of their start. A start at the sample before is a
// reset only if that one had a proper start of its own (delta samples), not if it was the first of an unknown start.
inline bool started_anew(const int64_t* t, const int64_t* starts, int64_t j) {
    const int64_t start = starts[j];
    if (start == 0 || start >= t[j] || start < t[j - 1]) return false;
    return start > t[j - 1] || (starts[j - 1] != 0 && starts[j - 1] < t[j - 1]);
}

struct Scratch {
    std::vector<int64_t> times;
    std::vector<int64_t> starts;
    std::vector<double> values;
    std::vector<int64_t> drops;  // places whose value is below the one before
    std::vector<double> sorted;
};

inline bool extrapolated(const int64_t* t, const double* v, const int64_t* starts, int64_t lo, int64_t n, const std::vector<int64_t>& drops,
                         size_t drop_lo, size_t drop_hi, int64_t now, int64_t reach, bool counter, bool per_second,
                         double& out) {
    if (n < 1) return false;
    const int64_t first = lo, last = lo + n - 1;
    // A start inside of the window is a sample of zero there: nothing need be guessed on that side.
    const bool begins = starts && counter && starts[first] != 0 && starts[first] < t[first] && starts[first] > now - reach;
    if (n < 2 && !begins) return false;
    double result = v[last] - v[first];
    if (counter)
        for (size_t d = drop_lo; d < drop_hi; ++d) result += v[drops[d] - 1];
    double to_start = static_cast<double>(t[first] - (now - reach)) / 1000;
    double to_end = static_cast<double>(now - t[last]) / 1000;
    double sampled = static_cast<double>(t[last] - t[first]) / 1000;
    const double spacing = n > 1 ? sampled / static_cast<double>(n - 1) : 0;
    const double threshold = spacing * 1.1;
    if (begins) {
        result += v[first];
        sampled = static_cast<double>(t[last] - starts[first]) / 1000;
        to_start = 0;
    } else if (to_start >= threshold) to_start = spacing / 2;
    if (counter && !begins && result > 0 && v[first] >= 0) to_start = std::min(to_start, sampled * (v[first] / result));
    if (to_end >= threshold) to_end = spacing / 2;
    double factor = (sampled + to_start + to_end) / sampled;
    if (per_second) factor /= static_cast<double>(reach) / 1000;
    out = result * factor;
    return true;
}

template <Op op>
inline bool reduce(const int64_t* t, const double* v, const int64_t* starts, int64_t lo, int64_t n, Scratch& scratch, size_t drop_lo,
                   size_t drop_hi, int64_t now, int64_t eval_time, const GridView& g, double p1, double p2, double& out) {
    if (n == 0) return false;
    const double* w = v + lo;
    const int64_t* wt = t + lo;
    switch (op) {
        case Op::RATE:
            return extrapolated(t, v, starts, lo, n, scratch.drops, drop_lo, drop_hi, now, g.reach, true, true, out);
        case Op::INCREASE:
            return extrapolated(t, v, starts, lo, n, scratch.drops, drop_lo, drop_hi, now, g.reach, true, false, out);
        case Op::DELTA:
            return extrapolated(t, v, starts, lo, n, scratch.drops, drop_lo, drop_hi, now, g.reach, false, false, out);
        case Op::IRATE: {
            if (n < 2) return false;
            const double a = w[n - 2], b = w[n - 1];
            const bool reset = b < a || (starts && started_anew(t, starts, lo + n - 1));
            out = (reset ? b : b - a) / (static_cast<double>(wt[n - 1] - wt[n - 2]) / 1000);
            return true;
        }
        case Op::IDELTA:
            if (n < 2) return false;
            out = w[n - 1] - w[n - 2];
            return true;
        case Op::RESETS:
            out = static_cast<double>(drop_hi - drop_lo);
            return true;
        case Op::CHANGES: {
            int64_t count = 0;
            for (int64_t i = 1; i < n; ++i)
                if (w[i] != w[i - 1] && !(std::isnan(w[i]) && std::isnan(w[i - 1]))) ++count;
            out = static_cast<double>(count);
            return true;
        }
        case Op::SUM: {
            double sum = 0, c = 0;
            for (int64_t i = 0; i < n; ++i) kahan_add(w[i], sum, c);
            out = std::isinf(sum) ? sum : sum + c;
            return true;
        }
        case Op::AVG:
            out = average_of(w, n);
            return true;
        case Op::MIN:
        case Op::TS_MIN: {
            int64_t best = 0;
            for (int64_t i = 1; i < n; ++i)
                if (op == Op::MIN ? (w[i] < w[best] || std::isnan(w[best])) : (w[i] <= w[best] || std::isnan(w[best])))
                    best = i;
            out = op == Op::MIN ? w[best] : static_cast<double>(wt[best]) / 1000;
            return true;
        }
        case Op::MAX:
        case Op::TS_MAX: {
            int64_t best = 0;
            for (int64_t i = 1; i < n; ++i)
                if (op == Op::MAX ? (w[i] > w[best] || std::isnan(w[best])) : (w[i] >= w[best] || std::isnan(w[best])))
                    best = i;
            out = op == Op::MAX ? w[best] : static_cast<double>(wt[best]) / 1000;
            return true;
        }
        case Op::COUNT:
            out = static_cast<double>(n);
            return true;
        case Op::LAST:
            out = w[n - 1];
            return true;
        case Op::FIRST:
            out = w[0];
            return true;
        case Op::PRESENT:
            out = 1;
            return true;
        case Op::STDVAR:
            out = variance_of(w, n);
            return true;
        case Op::STDDEV:
            out = std::sqrt(variance_of(w, n));
            return true;
        case Op::QUANTILE:
            scratch.sorted.assign(w, w + n);
            out = quantile_of(scratch.sorted, p1);
            return true;
        case Op::MAD: {
            scratch.sorted.assign(w, w + n);
            const double median = quantile_of(scratch.sorted, 0.5);
            for (int64_t i = 0; i < n; ++i) scratch.sorted[i] = std::fabs(w[i] - median);
            out = quantile_of(scratch.sorted, 0.5);
            return true;
        }
        case Op::DERIV: {
            if (n < 2) return false;
            double slope, intercept;
            regression(wt, w, n, wt[0], slope, intercept);
            out = slope;
            return true;
        }
        case Op::PREDICT_LINEAR: {
            if (n < 2) return false;
            double slope, intercept;
            regression(wt, w, n, eval_time, slope, intercept);
            out = slope * p1 + intercept;
            return true;
        }
        case Op::SMOOTHING: {
            if (n < 2) return false;
            double older = 0, level = w[0], trend = w[1] - w[0];
            for (int64_t i = 1; i < n; ++i) {
                if (i > 1) trend = p2 * (level - older) + (1 - p2) * trend;
                const double next = p1 * w[i] + (1 - p1) * (level + trend);
                older = level;
                level = next;
            }
            out = level;
            return true;
        }
        case Op::TS_FIRST:
            out = static_cast<double>(wt[0]) / 1000;
            return true;
        case Op::TS_LAST:
            out = static_cast<double>(wt[n - 1]) / 1000;
            return true;
    }
    return false;
}

template <Op op>
void windows(const SeriesView& s, int64_t lo, int64_t hi, const GridView& g, const double* p1, const double* p2,
             double* out, uint8_t* present, int64_t* counted) {
    constexpr bool needs_drops = op == Op::RATE || op == Op::INCREASE || op == Op::RESETS;
    Scratch scratch;
    int64_t total = 0;
    for (int64_t i = lo; i < hi; ++i) {
        const int64_t n = s.value_hi[i] - s.value_lo[i];
        const int64_t* t = s.times + s.time_lo[i];
        const double* v = s.values + s.value_lo[i];
        const int64_t* starts = s.starts ? s.starts + s.value_lo[i] : nullptr;
        int64_t kept = 0;
        for (int64_t j = 0; j < n; ++j)
            kept += !(bits_of(v[j]) == MISSING_BITS || bits_of(v[j]) == STALE_BITS);
        if (kept != n) {
            // Cells without a sample would break up every window: work on a copy without them.
            scratch.times.resize(kept);
            scratch.values.resize(kept);
            if (starts) scratch.starts.resize(kept);
            int64_t to = 0;
            for (int64_t j = 0; j < n; ++j) {
                if (bits_of(v[j]) == MISSING_BITS || bits_of(v[j]) == STALE_BITS) continue;
                scratch.times[to] = t[j];
                if (starts) scratch.starts[to] = starts[j];
                scratch.values[to++] = v[j];
            }
            if (starts) starts = scratch.starts.data();
            t = scratch.times.data();
            v = scratch.values.data();
        }
        if (needs_drops) {
            scratch.drops.clear();
            for (int64_t j = 1; j < kept; ++j)
                if (v[j] < v[j - 1] || (starts && started_anew(t, starts, j))) scratch.drops.push_back(j);
        }
        int64_t from = 0, to = 0;
        size_t drop_lo = 0, drop_hi = 0;
        double* row = out + i * g.n_steps;
        uint8_t* here = present + i * g.n_steps;
        for (int64_t k = 0; k < g.n_steps; ++k) {
            const int64_t now = g.start + k * g.step;
            while (to < kept && t[to] <= now) ++to;
            while (from < to && t[from] <= now - g.reach) ++from;
            if (needs_drops) {
                while (drop_hi < scratch.drops.size() && scratch.drops[drop_hi] < to) ++drop_hi;
                // A drop counts where the sample before it is in the window too.
                while (drop_lo < drop_hi && scratch.drops[drop_lo] <= from) ++drop_lo;
            }
            double result = 0;
            const bool ok = reduce<op>(t, v, starts, from, to - from, scratch, drop_lo, drop_hi, now,
                                       g.now + k * g.pace, g, p1 ? p1[k] : 0,
                                       p2 ? p2[k] : 0, result);
            row[k] = ok ? result : 0;
            here[k] = ok;
            total += to - from;
        }
    }
    *counted = total;
}

// --- anchored and smoothed ranges ----------------------------------------------------------------------------------

enum class Extended : int { RATE, INCREASE, DELTA, CHANGES, RESETS, VALUE };

struct Point {
    int64_t t;
    double v;
};

// The value at time t on the line between two samples. A counter that fell between them began again at zero.
inline double between(Point a, Point b, int64_t t, bool counter) {
    if (counter && b.v < a.v) a.v = 0;
    return a.v + (b.v - a.v) * static_cast<double>(t - a.t) / static_cast<double>(b.t - a.t);
}

// One window of [lo, hi): the samples of the range and, within `reach`, of its neighbourhood.
inline bool reduce_extended(Extended op, bool smoothed, const int64_t* t, const double* v, int64_t lo, int64_t hi,
                            int64_t start, int64_t now, double& out) {
    if (lo >= hi) return false;
    int64_t last = hi - 1;
    const int64_t first = std::max(lo, static_cast<int64_t>(std::upper_bound(t + lo, t + last, start) - t) - 1);
    if (smoothed) last = std::lower_bound(t + lo, t + last, now) - t;
    if (t[last] <= start || t[first] > now) return false;
    if (op == Extended::CHANGES || op == Extended::RESETS) {
        int64_t count = 0;
        for (int64_t i = first + 1; i <= last; ++i)
            count += op == Extended::RESETS ? v[i] < v[i - 1]
                                            : v[i] != v[i - 1] && !(std::isnan(v[i]) && std::isnan(v[i - 1]));
        out = static_cast<double>(count);
        return true;
    }
    const bool counter = op != Extended::DELTA;
    double left = v[first], right = v[last];
    if (smoothed && t[first] < start) left = between({t[first], left}, {t[first + 1], v[first + 1]}, start, counter);
    if (smoothed && last > lo && t[last] > now) right = between({t[last - 1], v[last - 1]}, {t[last], right}, now, counter);
    out = right - left;
    if (counter) {
        double previous = left;
        const int64_t to = t[last] >= now ? last - 1 : last;
        for (int64_t i = t[first] <= start ? first + 1 : first; i <= to; ++i) {
            if (v[i] < previous) out += previous;
            previous = v[i];
        }
        if (right < previous) out += previous;
    }
    if (op == Extended::RATE) out /= static_cast<double>(now - start) / 1000;
    return true;
}

inline void extended(int op_number, bool smoothed, int64_t lookback, const SeriesView& s, int64_t lo, int64_t hi,
                     const GridView& g, double* out, uint8_t* present, int64_t* counted) {
    const Extended op = static_cast<Extended>(op_number);
    std::vector<int64_t> times;
    std::vector<double> values;
    int64_t total = 0;
    for (int64_t i = lo; i < hi; ++i) {
        const int64_t n = s.value_hi[i] - s.value_lo[i];
        times.clear();
        values.clear();
        for (int64_t j = 0; j < n; ++j) {
            const double x = s.values[s.value_lo[i] + j];
            if (bits_of(x) == MISSING_BITS || bits_of(x) == STALE_BITS) continue;
            times.push_back(s.times[s.time_lo[i] + j]);
            values.push_back(x);
        }
        const int64_t kept = static_cast<int64_t>(times.size());
        const int64_t* t = times.data();
        const double* v = values.data();
        int64_t from = 0, to = 0;
        for (int64_t k = 0; k < g.n_steps; ++k) {
            const int64_t now = g.start + k * g.step;
            const int64_t start = now - g.reach;
            while (to < kept && t[to] <= (smoothed ? now + lookback : now)) ++to;
            while (from < to && t[from] <= start - lookback) ++from;
            double result = 0;
            bool ok;
            if (op == Extended::VALUE) {
                // The last sample at or before now, moved towards the next one.
                const int64_t at = std::upper_bound(t + from, t + to, now) - t - 1;
                ok = at >= from && to > from;
                if (ok) result = at + 1 < to && t[at] < now ? between({t[at], v[at]}, {t[at + 1], v[at + 1]}, now, false) : v[at];
            } else {
                ok = reduce_extended(op, smoothed, t, v, from, to, start, now, result);
            }
            out[i * g.n_steps + k] = ok ? result : 0;
            present[i * g.n_steps + k] = ok;
            total += to - from;
        }
    }
    *counted = total;
}

inline void dispatch(int op, const SeriesView& s, int64_t lo, int64_t hi, const GridView& g, const double* p1,
                     const double* p2, double* out, uint8_t* present, int64_t* counted) {
#define WK_CASE(name) \
    case Op::name: \
        return windows<Op::name>(s, lo, hi, g, p1, p2, out, present, counted);
    switch (static_cast<Op>(op)) {
        WK_CASE(RATE) WK_CASE(INCREASE) WK_CASE(DELTA) WK_CASE(IRATE) WK_CASE(IDELTA) WK_CASE(RESETS) WK_CASE(CHANGES)
        WK_CASE(SUM) WK_CASE(AVG) WK_CASE(MIN) WK_CASE(MAX) WK_CASE(COUNT) WK_CASE(LAST) WK_CASE(FIRST)
        WK_CASE(PRESENT) WK_CASE(STDDEV) WK_CASE(STDVAR) WK_CASE(QUANTILE) WK_CASE(MAD) WK_CASE(DERIV)
        WK_CASE(PREDICT_LINEAR) WK_CASE(SMOOTHING) WK_CASE(TS_FIRST) WK_CASE(TS_LAST) WK_CASE(TS_MIN) WK_CASE(TS_MAX)
    }
#undef WK_CASE
}

}  // namespace wk
