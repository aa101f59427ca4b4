// Delimited io.prometheus.client.MetricFamily messages: samples, and the numbers of their series.
//
// A series is known by a key: the family's name, the label messages as they stand, which part of a summary or
// histogram it is, and its bound. The k-th sample of a body is first compared with the k-th series of the last body;
// only where that fails its key is looked up. Nothing of the layout changes before the whole body is accepted.
#pragma once

#include "exposition.hpp"
#include "protobuf_reader.hpp"
#include "varint.hpp"

namespace exposition {

struct Reader : protobuf::Reader {
    using protobuf::Reader::Reader;

    // A double; every NaN is the same one.
    bool number(double& out) {
        if (!protobuf::Reader::number(out)) return false;
        if (std::isnan(out)) out = from_bits(NORMAL_NAN_BITS);
        return true;
    }
};

// google.protobuf.Timestamp in milliseconds.
inline bool read_timestamp(std::string_view bytes, int64_t& ms, const char*& error) {
    Reader r(bytes);
    uint32_t field, wire;
    uint64_t value, seconds = 0, nanos = 0;
    while (r.next(field, wire)) {
        if (field == 1 || field == 2) {
            if (r.need(wire, 0) && r.varint(value)) (field == 1 ? seconds : nanos) = value;
        } else {
            r.skip(wire);
        }
    }
    int64_t s = static_cast<int64_t>(seconds);
    if (!r.error && (s > 9000000000000000 || s < -9000000000000000)) r.error = "timestamp out of range";
    if (r.error) {
        error = r.error;
        return false;
    }
    ms = s * 1000 + static_cast<int32_t>(nanos) / 1000000;
    return true;
}

struct Span {
    int32_t offset;
    uint32_t length;
};

struct Side {
    std::vector<Span> spans;
    std::vector<int64_t> deltas;
    std::vector<double> counts;
    void clear() {
        spans.clear();
        deltas.clear();
        counts.clear();
    }
};

struct Bucket {
    double bound = 0;
    double count = 0;
    std::string_view exemplar;
};

struct HistogramMessage {
    double count = 0, sum = 0, zero_threshold = 0;
    double count_float = 0, zero_count_float = 0, zero_count = 0;
    int64_t schema = 0;
    int64_t created = 0;
    Side positive, negative;
    std::vector<Bucket> buckets;
    std::vector<std::string_view> exemplars;

    void clear() {
        count = sum = zero_threshold = count_float = zero_count_float = zero_count = 0;
        schema = created = 0;
        positive.clear();
        negative.clear();
        buckets.clear();
        exemplars.clear();
    }
    bool is_native() const {
        return !positive.spans.empty() || !negative.spans.empty() || zero_threshold > 0 || zero_count > 0 ||
               zero_count_float > 0;
    }
    bool is_float() const { return count_float > 0 || zero_count_float > 0; }
};

// What is kept of a native histogram until it becomes a value: absolute counts.
struct Native {
    int32_t series;
    int64_t time;
    int64_t created;
    int32_t schema;
    double count, sum, zero_threshold, zero_count;
    bool is_float, is_gauge;
    std::vector<Span> positive_spans, negative_spans;
    std::vector<double> positive, negative;
};

enum ProtoType : int { P_COUNTER, P_GAUGE, P_SUMMARY, P_UNTYPED, P_HISTOGRAM, P_GAUGE_HISTOGRAM };
enum Part : char { WHOLE, COUNT, SUM, BUCKET, QUANTILE, NATIVE };

struct Family {
    std::string_view name, help, unit;
    int32_t type = P_COUNTER;
    size_t n_metrics = 0;
};

struct ProtoExemplar {
    int32_t series;
    std::string_view message;
};

struct ProtoOutcome {
    std::vector<int32_t> all;   // Series of all samples, histograms too, in order.
    std::vector<int32_t> rows;  // Series of the float samples.
    std::vector<double> values;
    std::vector<int64_t> times, created;  // As long as `values`; NO_TIME and 0 where there is none.
    std::vector<Native> natives;
    std::vector<int32_t> new_series, gone;
    std::vector<ProtoExemplar> exemplars;
    std::vector<Family> families;
    size_t duplicates = 0;
    bool has_times = false, has_created = false, families_changed = false, diverged = false, repeated = false;
    std::string error;

    void clear() {
        all.clear();
        rows.clear();
        values.clear();
        times.clear();
        created.clear();
        natives.clear();
        new_series.clear();
        gone.clear();
        exemplars.clear();
        families.clear();
        duplicates = 0;
        has_times = has_created = families_changed = diverged = repeated = false;
        error.clear();
    }
};

// The parts of a key; see make_key.
struct Key {
    std::string_view name, labels;
    Part part;
    double bound;
};

inline Key split_key(std::string_view text) {
    Key key;
    uint32_t n;
    std::memcpy(&n, text.data(), 4);
    key.name = text.substr(4, n);
    key.labels = text.substr(4 + n, text.size() - 4 - n - 9);
    key.part = static_cast<Part>(text[text.size() - 9]);
    std::memcpy(&key.bound, text.data() + text.size() - 8, 8);
    return key;
}

// Name and value of each label message in `labels`, which holds them as fields of a Metric.
inline bool read_labels(std::string_view labels, std::vector<Pair>& pairs, const char*& error) {
    pairs.clear();
    Reader r(labels);
    uint32_t field, wire;
    std::string_view message;
    while (r.next(field, wire)) {
        if (field != 1) {
            r.skip(wire);
            continue;
        }
        if (!r.need(wire, 2) || !r.bytes(message)) break;
        Reader l(message);
        Pair pair{std::string_view("", 0), std::string_view("", 0)};
        while (l.next(field, wire)) {
            if (field != 1 && field != 2)
                l.skip(wire);
            else if (l.need(wire, 2))
                l.bytes(field == 1 ? pair.name : pair.value);
        }
        if (l.error) {
            error = l.error;
            return false;
        }
        pairs.push_back(pair);
    }
    error = r.error;
    return !r.error;
}

class ProtoLayout {
  public:
    ProtoLayout(uint64_t seed, bool native_histograms, bool always_classic)
        : seed_(seed), native_(native_histograms), always_classic_(always_classic) {}

    size_t n_series() const { return entries_.size(); }
    size_t n_gone() const {
        size_t n = 0;
        for (const Entry& entry : entries_) n += entry.gone_since != 0;
        return n;
    }
    const std::vector<int32_t>& index() const { return index_; }
    std::string_view key(size_t number) const {
        return std::string_view(arena_).substr(entries_[number].offset, entries_[number].length);
    }
    size_t size_bytes() const {
        return sizeof *this + entries_.capacity() * sizeof(Entry) + table_.capacity() * 4 + arena_.capacity() +
               (order_.capacity() + index_.capacity()) * 4 + exemplars_.capacity() * 8;
    }
    void clear() { *this = ProtoLayout(seed_, native_, always_classic_); }

    bool scan(const char* body, size_t size, ProtoOutcome& out) {
        out.clear();
        stamp_++;
        const size_t known = entries_.size(), arena = arena_.size();
        position_ = 0;
        timed_.clear();
        uint64_t meta = seed_;
        Reader r(body, size);
        size_t n = 0;
        std::string_view message;
        while (r.p != r.end) {
            n++;
            if (!r.bytes(message)) {
                out.error = r.error;
                break;
            }
            if (!scan_family(message, out, meta)) break;
        }
        if (!out.error.empty() || arena_.size() > 0xFFFFFFFFull) {
            if (out.error.empty()) out.error = "labels of more than 4 GiB";
            out.error = "metric family " + std::to_string(n) + ": " + out.error;
            entries_.resize(known);
            arena_.resize(arena);
            rebuild_table();
            return false;
        }
        scans_++;
        if (position_ != order_.size()) out.diverged = true;
        if (out.diverged) take_order(known, out);
        out.repeated = index_known_ && out.rows == index_;
        if (!out.repeated) {
            index_ = out.rows;
            index_known_ = true;
        }
        out.families_changed = scans_ == 1 || meta != meta_;
        meta_ = meta;
        take_exemplars(out);
        return true;
    }

    bool compact(uint32_t absent_for, std::vector<int32_t>& renumbered) {
        renumbered.assign(entries_.size(), -1);
        std::string packed;
        std::vector<Entry> kept;
        std::vector<uint64_t> exemplars;
        for (size_t i = 0; i < entries_.size(); i++) {
            Entry entry = entries_[i];
            if (entry.gone_since && scans_ - entry.gone_since >= absent_for) continue;
            std::string_view text = key(i);
            entry.offset = static_cast<uint32_t>(packed.size());
            packed.append(text);
            renumbered[i] = static_cast<int32_t>(kept.size());
            kept.push_back(entry);
            if (!exemplars_.empty()) exemplars.push_back(exemplars_[i]);
        }
        if (kept.size() == entries_.size()) return false;
        kept.shrink_to_fit();
        packed.shrink_to_fit();
        entries_.swap(kept);
        arena_.swap(packed);
        exemplars_.swap(exemplars);
        for (int32_t& number : order_) number = renumbered[static_cast<size_t>(number)];
        rebuild_table();
        index_.clear();
        index_known_ = false;
        return true;
    }

  private:
    struct Entry {
        uint32_t hash, offset, length;
        uint32_t gone_since = 0;  // The first scan that lacked it, or 0.
        uint32_t stamp = 0;       // The last scan (refused ones counted) that had it.
        uint32_t place = 0;       // In `order_`.
    };
    uint64_t seed_;
    bool native_, always_classic_;
    uint32_t scans_ = 0, stamp_ = 0;
    size_t position_ = 0;
    std::vector<Entry> entries_;
    std::vector<int32_t> table_;
    std::string arena_;
    std::vector<int32_t> order_, index_;
    bool index_known_ = false;
    uint64_t meta_ = 0;
    std::vector<uint64_t> exemplars_;
    std::string key_;  // Of the metric at hand, without part and bound.
    HistogramMessage histogram_;
    std::unordered_set<std::string> timed_;

    void rebuild_table() {
        size_t capacity = 16;
        while (capacity < (entries_.size() + 1) * 3) capacity *= 2;
        std::vector<int32_t>(capacity, 0).swap(table_);
        for (size_t i = 0; i < entries_.size(); i++) {
            size_t slot = entries_[i].hash & (capacity - 1);
            while (table_[slot]) slot = (slot + 1) & (capacity - 1);
            table_[slot] = static_cast<int32_t>(i + 1);
        }
    }

    // The number of the series `key_` and this part; negative where its labels are not valid.
    int32_t find(Part part, double bound, ProtoOutcome& out) {
        const size_t bare = key_.size();
        key_.push_back(static_cast<char>(part));
        key_.append(reinterpret_cast<const char*>(&bound), 8);
        int32_t number = -1;
        if (position_ < order_.size() && key(static_cast<size_t>(order_[position_])) == key_) {
            number = order_[position_++];
        } else {
            number = look_up(out);
        }
        key_.resize(bare);
        if (number >= 0) out.all.push_back(number);
        return number;
    }

    int32_t look_up(ProtoOutcome& out) {
        out.diverged = true;
        uint32_t hash = static_cast<uint32_t>(hash_text(key_, seed_));
        if (table_.size() < (entries_.size() + 1) * 2) rebuild_table();
        size_t mask = table_.size() - 1, slot = hash & mask;
        for (; table_[slot]; slot = (slot + 1) & mask) {
            size_t number = static_cast<size_t>(table_[slot] - 1);
            if (entries_[number].hash != hash || key(number) != key_) continue;
            if (entries_[number].place < order_.size() && order_[entries_[number].place] == static_cast<int32_t>(number))
                position_ = entries_[number].place + 1;
            return static_cast<int32_t>(number);
        }
        if (!check_labels(out)) return -1;
        table_[slot] = static_cast<int32_t>(entries_.size() + 1);
        Entry entry;
        entry.hash = hash;
        entry.offset = static_cast<uint32_t>(arena_.size());
        entry.length = static_cast<uint32_t>(key_.size());
        entry.place = 0xFFFFFFFFu;
        arena_.append(key_);
        out.new_series.push_back(static_cast<int32_t>(entries_.size()));
        entries_.push_back(entry);
        return out.new_series.back();
    }

    bool check_labels(ProtoOutcome& out) {
        Key key = split_key(key_);
        std::vector<Pair> pairs;
        const char* error = nullptr;
        if (!read_labels(key.labels, pairs, error)) {
            out.error = error;
            return false;
        }
        std::unordered_set<std::string_view> seen{"__name__"};
        if (key.part == BUCKET) seen.insert("le");
        if (key.part == QUANTILE) seen.insert("quantile");
        for (const Pair& pair : pairs) {
            if (pair.name.empty() || !valid_utf8(pair.name)) {
                out.error = "metric " + shown(key.name) + ": invalid label name " + shown(pair.name);
            } else if (!valid_utf8(pair.value)) {
                out.error = "metric " + shown(key.name) + ": invalid UTF-8 label value: " + shown(pair.value);
            } else if (!seen.insert(pair.name).second) {
                out.error = "metric " + shown(key.name) + ": label name " + shown(pair.name) + " is not unique";
            } else {
                continue;
            }
            return false;
        }
        return true;
    }

    // Whether this is the first sample of its series with this time.
    bool is_first(int32_t number, int64_t time, ProtoOutcome& out) {
        Entry& entry = entries_[static_cast<size_t>(number)];
        bool seen = entry.stamp == stamp_;
        entry.stamp = stamp_;
        bool again = seen && time == NO_TIME;
        if (time != NO_TIME) {
            std::string key(reinterpret_cast<const char*>(&number), 4);
            key.append(reinterpret_cast<const char*>(&time), 8);
            if (!timed_.insert(std::move(key)).second) again = true;
        }
        out.duplicates += again;
        return !again;
    }

    bool add(Part part, double bound, double value, int64_t time, int64_t created, std::string_view exemplar,
             ProtoOutcome& out) {
        int32_t number = find(part, bound, out);
        if (number < 0) return false;
        if (!is_first(number, time, out)) return true;
        out.rows.push_back(number);
        out.values.push_back(std::isnan(value) ? from_bits(NORMAL_NAN_BITS) : value);
        out.times.push_back(time);
        out.created.push_back(created);
        out.has_times |= time != NO_TIME;
        out.has_created |= created != 0;
        if (exemplar.data()) out.exemplars.push_back({number, exemplar});
        return true;
    }

    bool scan_family(std::string_view message, ProtoOutcome& out, uint64_t& meta) {
        Family family;
        Reader r(message);
        uint32_t field, wire;
        uint64_t value;
        while (r.next(field, wire)) {
            switch (field) {
                case 1:
                    if (r.need(wire, 2)) r.bytes(family.name);
                    break;
                case 2:
                    if (r.need(wire, 2)) r.bytes(family.help);
                    break;
                case 3:
                    if (r.need(wire, 0) && r.varint(value))
                        family.type = value > P_GAUGE_HISTOGRAM ? 99 : static_cast<int32_t>(value);
                    break;
                case 4:
                    family.n_metrics++;
                    if (r.need(wire, 2)) r.skip(wire);
                    break;
                case 5:
                    if (r.need(wire, 2)) r.bytes(family.unit);
                    break;
                default:
                    r.skip(wire);
            }
        }
        if (r.error) return refuse(out, r.error);
        if (!family.n_metrics) return true;
        if (!check_family(family, out)) return false;
        for (std::string_view text : {family.name, family.help, family.unit}) meta = hash_text(text, meta);
        meta = mix(meta ^ static_cast<uint64_t>(family.type), 0x9E3779B97F4A7C15ull);
        out.families.push_back(family);
        Reader again(message);
        std::string_view metric;
        while (again.next(field, wire)) {
            if (field != 4) {
                again.skip(wire);
            } else if (again.bytes(metric) && !scan_metric(family, metric, out)) {
                return false;
            }
        }
        return true;
    }

    bool refuse(ProtoOutcome& out, std::string why) {
        out.error = std::move(why);
        return false;
    }

    bool check_family(const Family& family, ProtoOutcome& out) {
        if (family.name.empty() || !valid_utf8(family.name))
            return refuse(out, "invalid metric name: " + shown(family.name));
        if (!valid_utf8(family.help))
            return refuse(out, "invalid help for metric " + shown(family.name) + ": " + shown(family.help));
        if (family.type > P_GAUGE_HISTOGRAM)
            return refuse(out, "unknown metric type for metric " + shown(family.name));
        if (family.unit.empty()) return true;
        std::string_view m = family.name, u = family.unit;
        const char* what = "metric";
        if (family.type == P_COUNTER && m.size() >= 6 && m.substr(m.size() - 6) == "_total") {
            m = m.substr(0, m.size() - 6);
            what = "counter";
        }
        if (m.size() < u.size() + 1 || m.substr(m.size() - u.size()) != u || m[m.size() - u.size() - 1] != '_')
            return refuse(out, "unit " + shown(u) + " not a suffix of " + what + " " + shown(family.name));
        return true;
    }

    bool scan_metric(const Family& family, std::string_view message, ProtoOutcome& out) {
        key_.clear();
        uint32_t n = static_cast<uint32_t>(family.name.size());
        key_.append(reinterpret_cast<const char*>(&n), 4);
        key_.append(family.name);
        // Which field of Metric holds the values of each type.
        static const uint32_t holders[] = {3, 2, 4, 5, 7, 7};
        const uint32_t holder = holders[family.type];
        std::string_view content("", 0), skipped;
        int64_t time = NO_TIME;
        Reader r(message);
        uint32_t field, wire;
        uint64_t value;
        for (const uint8_t* start = r.p; r.next(field, wire); start = r.p) {
            if (field == 1) {
                if (r.need(wire, 2) && r.bytes(skipped))
                    key_.append(reinterpret_cast<const char*>(start), static_cast<size_t>(r.p - start));
            } else if (field == 6) {
                if (r.need(wire, 0) && r.varint(value) && value) time = static_cast<int64_t>(value);
            } else if (field == holder) {
                if (r.need(wire, 2)) r.bytes(content);
            } else {
                r.skip(wire);
            }
        }
        if (r.error) return refuse(out, r.error);
        switch (family.type) {
            case P_COUNTER:
            case P_GAUGE:
            case P_UNTYPED:
                return scan_single(content, time, family.type == P_COUNTER, out);
            case P_SUMMARY:
                return scan_summary(content, time, out);
            default:
                return scan_histogram(family, content, time, out);
        }
    }

    bool scan_single(std::string_view message, int64_t time, bool is_counter, ProtoOutcome& out) {
        Reader r(message);
        uint32_t field, wire;
        double value = 0;
        int64_t created = 0;
        std::string_view exemplar, stamp;
        while (r.next(field, wire)) {
            if (field == 1) {
                if (r.need(wire, 1)) r.number(value);
            } else if (is_counter && field == 2) {
                if (r.need(wire, 2)) r.bytes(exemplar);
            } else if (is_counter && field == 3) {
                if (r.need(wire, 2) && r.bytes(stamp)) read_timestamp(stamp, created, r.error);
            } else {
                r.skip(wire);
            }
        }
        if (r.error || !check_exemplar(exemplar, r.error)) return refuse(out, r.error);
        return add(WHOLE, 0, value, time, created, exemplar, out);
    }

    bool scan_summary(std::string_view message, int64_t time, ProtoOutcome& out) {
        Reader r(message);
        uint32_t field, wire;
        uint64_t count = 0;
        double sum = 0;
        int64_t created = 0;
        std::vector<std::pair<double, double>> quantiles;
        std::string_view part;
        while (r.next(field, wire)) {
            if (field == 1) {
                if (r.need(wire, 0)) r.varint(count);
            } else if (field == 2) {
                if (r.need(wire, 1)) r.number(sum);
            } else if (field == 3) {
                if (!r.need(wire, 2) || !r.bytes(part)) break;
                Reader q(part);
                double quantile = 0, value = 0;
                while (q.next(field, wire)) {
                    if ((field == 1 || field == 2) && q.need(wire, 1))
                        q.number(field == 1 ? quantile : value);
                    else
                        q.skip(wire);
                }
                if (q.error) return refuse(out, q.error);
                quantiles.emplace_back(quantile, value);
            } else if (field == 4) {
                if (r.need(wire, 2) && r.bytes(part)) read_timestamp(part, created, r.error);
            } else {
                r.skip(wire);
            }
        }
        if (r.error) return refuse(out, r.error);
        if (!add(COUNT, 0, static_cast<double>(count), time, created, {}, out)) return false;
        if (!add(SUM, 0, sum, time, created, {}, out)) return false;
        for (auto [quantile, value] : quantiles)
            if (!add(QUANTILE, quantile, value, time, created, {}, out)) return false;
        return true;
    }

    static bool check_exemplar(std::string_view message, const char*& error) {
        if (!message.data()) return true;
        std::vector<Pair> pairs;
        Reader r(message);
        uint32_t field, wire;
        int64_t ms;
        std::string_view stamp;
        while (r.next(field, wire)) {
            if (field == 3) {
                if (r.need(wire, 2) && r.bytes(stamp)) read_timestamp(stamp, ms, r.error);
            } else if (field == 2 && wire != 1) {
                r.fail("wrong wire type");
            } else {
                r.skip(wire);
            }
        }
        if (!r.error && read_labels(message, pairs, r.error))
            for (const Pair& pair : pairs)
                if (!valid_utf8(pair.name) || !valid_utf8(pair.value)) r.error = "exemplar with invalid UTF-8";
        error = r.error;
        return !r.error;
    }

    static bool read_bucket(std::string_view message, Bucket& bucket, const char*& error) {
        Reader r(message);
        uint32_t field, wire;
        uint64_t count = 0;
        double count_float = 0;
        while (r.next(field, wire)) {
            if (field == 1) {
                if (r.need(wire, 0)) r.varint(count);
            } else if (field == 2) {
                if (r.need(wire, 1)) r.number(bucket.bound);
            } else if (field == 3) {
                if (r.need(wire, 2)) r.bytes(bucket.exemplar);
            } else if (field == 4) {
                if (r.need(wire, 1)) r.number(count_float);
            } else {
                r.skip(wire);
            }
        }
        bucket.count = count_float != 0 ? count_float : static_cast<double>(count);
        error = r.error;
        return !r.error && check_exemplar(bucket.exemplar, error);
    }

    static bool read_span(std::string_view message, std::vector<Span>& spans, const char*& error) {
        Reader r(message);
        uint32_t field, wire;
        uint64_t offset = 0, length = 0;
        while (r.next(field, wire)) {
            if ((field == 1 || field == 2) && r.need(wire, 0))
                r.varint(field == 1 ? offset : length);
            else
                r.skip(wire);
        }
        const auto gap = static_cast<int64_t>(varint::unzigzag(offset));
        if (!r.error && (gap != static_cast<int32_t>(gap) || length > 0xFFFFFFFFull))
            r.error = "histogram span out of range";
        spans.push_back({static_cast<int32_t>(gap), static_cast<uint32_t>(length)});
        error = r.error;
        return !r.error;
    }

    // A repeated number, packed or not.
    template <typename Read>
    static void read_repeated(Reader& r, uint32_t wire, uint32_t single, Read read) {
        if (wire == single) {
            read(r);
            return;
        }
        std::string_view packed;
        if (!r.need(wire, 2) || !r.bytes(packed)) return;
        Reader inner(packed);
        while (inner.p != inner.end) read(inner);
        if (inner.error) r.fail(inner.error);
    }

    bool read_histogram(std::string_view message, HistogramMessage& h, const char*& error) {
        h.clear();
        Reader r(message);
        uint32_t field, wire;
        uint64_t value;
        double number;
        std::string_view part;
        while (r.next(field, wire)) {
            Side& side = field >= 12 ? h.positive : h.negative;
            switch (field) {
                case 1:
                    if (r.need(wire, 0) && r.varint(value)) h.count = static_cast<double>(value);
                    break;
                case 2:
                    if (r.need(wire, 1)) r.number(h.sum);
                    break;
                case 3:
                    if (r.need(wire, 2) && r.bytes(part)) {
                        h.buckets.emplace_back();
                        read_bucket(part, h.buckets.back(), r.error);
                    }
                    break;
                case 4:
                    if (r.need(wire, 1)) r.number(h.count_float);
                    break;
                case 5:
                    if (r.need(wire, 0) && r.varint(value)) h.schema = varint::unzigzag(value);
                    break;
                case 6:
                    if (r.need(wire, 1)) r.number(h.zero_threshold);
                    break;
                case 7:
                    if (r.need(wire, 0) && r.varint(value)) h.zero_count = static_cast<double>(value);
                    break;
                case 8:
                    if (r.need(wire, 1)) r.number(h.zero_count_float);
                    break;
                case 9:
                case 12:
                    if (r.need(wire, 2) && r.bytes(part)) read_span(part, side.spans, r.error);
                    break;
                case 10:
                case 13:
                    read_repeated(r, wire, 0, [&](Reader& in) {
                        if (in.varint(value)) side.deltas.push_back(varint::unzigzag(value));
                    });
                    break;
                case 11:
                case 14:
                    read_repeated(r, wire, 1, [&](Reader& in) {
                        if (in.number(number)) side.counts.push_back(number);
                    });
                    break;
                case 15:
                    if (r.need(wire, 2) && r.bytes(part)) read_timestamp(part, h.created, r.error);
                    break;
                case 16:
                    if (r.need(wire, 2) && r.bytes(part) && check_exemplar(part, r.error)) h.exemplars.push_back(part);
                    break;
                default:
                    r.skip(wire);
            }
            if (r.error) break;
        }
        error = r.error;
        return !error;
    }

    bool scan_histogram(const Family& family, std::string_view message, int64_t time, ProtoOutcome& out) {
        HistogramMessage& h = histogram_;
        const char* error = nullptr;
        if (!read_histogram(message, h, error)) return refuse(out, error);
        if (native_ && h.is_native()) {
            if (!add_native(family, h, time, out)) return false;
            if (!always_classic_ || h.buckets.empty()) return true;
        }
        const double count = h.count_float != 0 ? h.count_float : h.count;
        if (!add(COUNT, 0, count, time, h.created, {}, out)) return false;
        if (!add(SUM, 0, h.sum, time, h.created, {}, out)) return false;
        for (const Bucket& bucket : h.buckets) {
            if (!add(BUCKET, bucket.bound, bucket.count, time, h.created, bucket.exemplar, out)) return false;
            if (std::isinf(bucket.bound) && bucket.bound > 0) return true;
        }
        return add(BUCKET, HUGE_VAL, count, time, h.created, {}, out);
    }

    // Spans without their empty ones, and absolute counts.
    static bool take_side(const Side& side, bool is_float, std::vector<Span>& spans, std::vector<double>& counts,
                          const char*& error) {
        uint64_t wanted = 0;
        int64_t carried = 0;
        bool first = true;
        for (const Span& span : side.spans) {
            if (!first && span.offset < 0) {
                error = "histogram has a span whose offset is negative";
                return false;
            }
            first = false;
            carried += span.offset;
            wanted += span.length;
            if (!span.length) continue;
            if (carried != static_cast<int32_t>(carried)) {
                error = "histogram span out of range";
                return false;
            }
            spans.push_back({static_cast<int32_t>(carried), span.length});
            carried = 0;
        }
        if (wanted != (is_float ? side.counts.size() : side.deltas.size())) {
            error = "histogram spans specify different number of buckets than provided";
            return false;
        }
        if (is_float) {
            counts = side.counts;
        } else {
            uint64_t count = 0;  // Wraps where the sender lies, and is then refused as negative.
            for (int64_t delta : side.deltas) {
                count += static_cast<uint64_t>(delta);
                counts.push_back(static_cast<double>(static_cast<int64_t>(count)));
            }
        }
        for (double count : counts)
            if (!(count >= 0)) {
                error = "histogram has a bucket whose observation count is negative";
                return false;
            }
        return true;
    }

    bool add_native(const Family& family, const HistogramMessage& h, int64_t time, ProtoOutcome& out) {
        int32_t number = find(NATIVE, 0, out);
        if (number < 0) return false;
        Native native;
        native.series = number;
        native.time = time;
        native.created = h.created;
        native.schema = static_cast<int32_t>(h.schema);
        native.is_float = h.is_float();
        native.is_gauge = family.type == P_GAUGE_HISTOGRAM;
        native.count = native.is_float ? h.count_float : h.count;
        native.zero_count = native.is_float ? h.zero_count_float : h.zero_count;
        native.sum = h.sum;
        native.zero_threshold = h.zero_threshold;
        const char* error = nullptr;
        if (h.schema < -4 || h.schema > 8)
            return refuse(out, "metric " + shown(family.name) + ": histogram has an invalid schema " +
                                   std::to_string(h.schema));
        if (!take_side(h.positive, native.is_float, native.positive_spans, native.positive, error) ||
            !take_side(h.negative, native.is_float, native.negative_spans, native.negative, error))
            return refuse(out, "metric " + shown(family.name) + ": " + error);
        if (!is_first(number, time, out)) return true;
        out.natives.push_back(std::move(native));
        // Exemplars without a time are of no use beside a native histogram; upstream drops them too.
        if (!h.exemplars.empty()) {
            for (std::string_view exemplar : h.exemplars) out.exemplars.push_back({number, exemplar});
        } else {
            for (const Bucket& bucket : h.buckets)
                if (bucket.exemplar.data()) out.exemplars.push_back({number, bucket.exemplar});
        }
        return true;
    }

    void take_order(size_t known, ProtoOutcome& out) {
        for (size_t number = 0; number < known; number++) {
            Entry& entry = entries_[number];
            if (entry.stamp == stamp_) {
                entry.gone_since = 0;
            } else if (!entry.gone_since) {
                entry.gone_since = scans_;
                out.gone.push_back(static_cast<int32_t>(number));
            }
        }
        order_ = out.all;
        for (size_t at = order_.size(); at-- > 0;)
            entries_[static_cast<size_t>(order_[at])].place = static_cast<uint32_t>(at);
    }

    // Only exemplars of series that have others than the last time.
    void take_exemplars(ProtoOutcome& out) {
        if (out.exemplars.empty() && exemplars_.empty()) return;
        exemplars_.resize(entries_.size(), 0);
        size_t kept = 0;
        for (size_t i = 0; i < out.exemplars.size();) {
            const int32_t series = out.exemplars[i].series;
            uint64_t hash = seed_;
            size_t j = i;
            for (; j < out.exemplars.size() && out.exemplars[j].series == series; j++)
                hash = hash_text(out.exemplars[j].message, hash);
            hash |= 1;
            uint64_t& last = exemplars_[static_cast<size_t>(series)];
            if (last != hash) {
                last = hash;
                for (size_t k = i; k < j; k++) out.exemplars[kept++] = out.exemplars[k];
            }
            i = j;
        }
        out.exemplars.resize(kept);
    }
};

struct ExemplarMessage {
    double value = 0;
    int64_t time = NO_TIME;
};

// Of a message that was checked before.
inline ExemplarMessage read_exemplar(std::string_view message) {
    ExemplarMessage exemplar;
    Reader r(message);
    uint32_t field, wire;
    std::string_view stamp;
    while (r.next(field, wire)) {
        if (field == 2)
            r.number(exemplar.value);
        else if (field != 3)
            r.skip(wire);
        else if (r.bytes(stamp))
            read_timestamp(stamp, exemplar.time, r.error);
    }
    return exemplar;
}

inline ProtoOutcome& proto_outcome_of_thread() {
    static thread_local ProtoOutcome outcome;
    return outcome;
}

}  // namespace exposition
