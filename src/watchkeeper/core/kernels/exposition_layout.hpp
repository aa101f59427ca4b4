// What is remembered of one target's last body, and the scan that uses it; see exposition.hpp.
#pragma once

#include "exposition.hpp"

namespace exposition {

struct Found {
    int32_t series;
    uint32_t line;
    int32_t type;
};

struct FoundExemplar {
    int32_t series;
    uint32_t line;
    uint32_t offset;
    uint32_t length;
};

// What a scan found. Kept from scan to scan of one thread, so that nothing is allocated in the steady state.
struct Outcome {
    std::vector<Line> lines;
    std::vector<double> values;
    std::vector<int64_t> times;  // As long as `lines` where `has_times`, and then as long as `values`.
    std::vector<int32_t> rows;
    std::vector<uint8_t> seen;
    std::vector<Found> created;
    std::vector<int32_t> gone;
    std::vector<FoundExemplar> exemplars;
    size_t duplicates = 0;
    bool comments_changed = false;
    bool diverged = false;
    bool repeated = false;
    Series series;
    Error error;

    static constexpr size_t KEEP = 1 << 16;  // Lines; what a huge body needed more is given back.

    void trim() {
        if (lines.capacity() > KEEP || values.capacity() > KEEP) *this = Outcome();
    }

    void clear() {
        trim();
        lines.clear();
        values.clear();
        times.clear();
        rows.clear();
        created.clear();
        gone.clear();
        exemplars.clear();
        duplicates = 0;
        comments_changed = diverged = repeated = has_times = false;
        error = Error();
    }

    bool has_times = false;
};

class Layout {
  public:
    Layout(bool open_metrics, uint64_t seed) : strict_(open_metrics), seed_(seed) {}

    size_t n_series() const { return entries_.size(); }
    const std::vector<int32_t>& index() const { return index_; }

    size_t size_bytes() const {
        return sizeof *this + lines_.capacity() * sizeof(Line) +
               entries_.capacity() * sizeof(Entry) + table_.capacity() * 4 + arena_.capacity() +
               exemplars_.capacity() * 8 + index_.capacity() * 4 + body_size_;
    }

    void clear() { *this = Layout(strict_, seed_); }

    // Whether the body was accepted; if not, `out.error` says why and nothing has changed.
    bool scan(const char* body, size_t size, Outcome& out) {
        out.clear();
        if (size > MAX_BODY) {
            out.error.message = "a body of " + std::to_string(size) + " bytes is more than " +
                                std::to_string(MAX_BODY) + " bytes";
            return false;
        }
        size_t known = entries_.size();
        Grammar grammar(body, size, strict_);
        if (!scan_lines(grammar, out) || (out.comments_changed && strict_ && !check_types(grammar, out))) {
            out.error = std::move(grammar.error);
            if (entries_.size() > known) {
                entries_.resize(known);
                rebuild_table();
            }
            return false;
        }
        scans_++;
        if (out.diverged) take_rows(known, out);
        take_samples(out);
        take_exemplars(body, out);
        if (out.lines.size() > Outcome::KEEP)
            lines_.swap(out.lines);
        else
            lines_.assign(out.lines.begin(), out.lines.end());
        if (lines_.capacity() > lines_.size() + lines_.size() / 4 + 64) lines_.shrink_to_fit();
        body_ = body;
        body_size_ = size;
        if (arena_garbage_ > 4096 && arena_garbage_ > arena_.size() / 2) pack_arena();
        return true;
    }

    // Gives up series that at least `absent_for` + 1 scans lacked. `renumbered` gets each old number's new one or -1.
    bool compact(uint32_t absent_for, std::vector<int32_t>& renumbered) {
        renumbered.assign(entries_.size(), -1);
        size_t kept = 0;
        for (size_t i = 0; i < entries_.size(); i++) {
            const Entry& entry = entries_[i];
            if (entry.gone_since && scans_ - entry.gone_since >= absent_for) {
                arena_garbage_ += entry.length;
                continue;
            }
            if (!exemplars_.empty()) exemplars_[kept] = exemplars_[i];
            entries_[kept] = entry;
            renumbered[i] = static_cast<int32_t>(kept++);
        }
        if (kept == entries_.size()) return false;
        entries_.resize(kept);
        entries_.shrink_to_fit();
        if (!exemplars_.empty()) exemplars_.resize(kept);
        for (Line& line : lines_)
            if (line.series >= 0) line.series = renumbered[static_cast<size_t>(line.series)];
        rebuild_table();
        pack_arena();
        index_.clear();
        index_known_ = false;
        return true;
    }

    size_t n_gone() const {
        size_t n = 0;
        for (const Entry& entry : entries_) n += entry.gone_since != 0;
        return n;
    }

    const std::vector<Line>& lines() const { return lines_; }

  private:
    struct Entry {
        uint32_t hash;
        uint32_t where;       // Its first line in the last body; where it is gone, the offset of its text in the arena.
        uint32_t length;      // Of the text in the arena.
        uint32_t gone_since;  // The first scan that lacked it, or 0.
    };

    bool strict_;
    uint64_t seed_;
    uint32_t scans_ = 0;
    std::vector<Line> lines_;
    std::vector<Entry> entries_;
    std::vector<int32_t> table_;  // Open addressing: series number + 1, or 0.
    std::string arena_;           // The texts of series that are gone.
    size_t arena_garbage_ = 0;
    std::vector<uint64_t> exemplars_;  // Hash of the last exemplar of each series; empty while there was none.
    std::vector<int32_t> index_;
    bool index_known_ = false;
    size_t repeats_ = 0;    // Samples whose series stood in the body before.
    size_t n_meta_ = 0;     // HELP, TYPE, UNIT and EOF lines of the last body.
    size_t n_present_ = 0;  // Series of the last body.
    const char* body_ = nullptr;  // Owned by the caller, who keeps it until the next accepted one.
    size_t body_size_ = 0;

    static std::string_view text_of(const char* body, const Line& line) {
        const char* p = body + line.offset;
        const char* end = p + (line.value & OFFSET);
        while (end > p && (end[-1] == ' ' || end[-1] == '\t')) end--;
        while (p < end && (*p == ' ' || *p == '\t')) p++;
        return {p, static_cast<size_t>(end - p)};
    }

    void rebuild_table() {
        size_t capacity = 16;
        while (capacity < entries_.size() * 2) capacity *= 2;
        std::vector<int32_t>(capacity, 0).swap(table_);
        for (size_t i = 0; i < entries_.size(); i++) {
            size_t slot = entries_[i].hash & (capacity - 1);
            while (table_[slot]) slot = (slot + 1) & (capacity - 1);
            table_[slot] = static_cast<int32_t>(i + 1);
        }
    }

    // The series with this text, made where there is none.
    int32_t find(std::string_view text, size_t known, const char* body, const Outcome& out, bool& made) {
        uint32_t hash = static_cast<uint32_t>(hash_text(text, seed_));
        if (table_.size() < (entries_.size() + 1) * 2) rebuild_larger();
        size_t mask = table_.size() - 1;
        size_t slot = hash & mask;
        for (; table_[slot]; slot = (slot + 1) & mask) {
            size_t number = static_cast<size_t>(table_[slot] - 1);
            const Entry& entry = entries_[number];
            if (entry.hash != hash) continue;
            std::string_view other;
            if (number >= known)
                other = text_of(body, out.lines[entry.where]);
            else if (entry.gone_since)
                other = std::string_view(arena_).substr(entry.where, entry.length);
            else
                other = text_of(body_, lines_[entry.where]);
            if (other == text) {
                made = false;
                return static_cast<int32_t>(number);
            }
        }
        made = true;
        table_[slot] = static_cast<int32_t>(entries_.size() + 1);
        entries_.push_back({hash, static_cast<uint32_t>(out.lines.size()), 0, 0});
        return static_cast<int32_t>(entries_.size() - 1);
    }

    void rebuild_larger() {
        size_t n = entries_.size();
        entries_.reserve(n * 3 / 2 + 8);
        size_t capacity = 16;
        while (capacity < (n + 1) * 3) capacity *= 2;
        std::vector<int32_t>(capacity, 0).swap(table_);
        for (size_t i = 0; i < n; i++) {
            size_t slot = entries_[i].hash & (capacity - 1);
            while (table_[slot]) slot = (slot + 1) & (capacity - 1);
            table_[slot] = static_cast<int32_t>(i + 1);
        }
    }

    void add_line(const char* body, const char* line, const char* next, uint32_t value, int32_t series, double number,
                  Outcome& out) {
        out.lines.push_back({static_cast<uint32_t>(line - body), static_cast<uint32_t>(next - line), value, series,
                             number});
        if (out.has_times) out.times.push_back(NO_TIME);
    }

    // A line without a sample. Blank lines and plain comments become one with what is like them before them, so that a
    // body of nothing else needs no memory.
    void add_rest(const char* body, const char* line, const char* next, uint32_t flags, int32_t kind, Outcome& out) {
        if ((kind == BLANK || kind == COMMENT) && !flags && !out.lines.empty()) {
            Line& last = out.lines.back();
            if ((last.series == BLANK || last.series == COMMENT) && !last.value) {
                last.length += static_cast<uint32_t>(next - line);
                return;
            }
        }
        add_line(body, line, next, flags, kind, 0, out);
    }

    void add_sample(const Grammar& grammar, const char* line, uint32_t value, const Grammar::Tail& tail,
                    int32_t series, Outcome& out) {
        const char* body = grammar.begin;
        bool plain = tail.plain && tail.next[-1] == '\n';
        add_line(body, line, tail.next, value | (plain ? 0 : UNPREDICTABLE), series, tail.value, out);
        if (plain) return;
        if (tail.time != NO_TIME) {
            if (!out.has_times) {
                out.times.assign(out.lines.size(), NO_TIME);
                out.has_times = true;
            }
            out.times.back() = tail.time;
        }
        if (tail.exemplar.data())
            out.exemplars.push_back({series, static_cast<uint32_t>(out.lines.size() - 1),
                                     static_cast<uint32_t>(tail.exemplar.data() - body),
                                     static_cast<uint32_t>(tail.exemplar.size())});
    }

    bool scan_lines(Grammar& grammar, Outcome& out) {
        const size_t known = entries_.size();
        const char* const body = grammar.begin;
        const char* const end = grammar.end;
        const char* const old_end = body_ + body_size_;
        const size_t n_old = lines_.size();
        const char* p = body;
        size_t i = 0;      // The old line that is expected next.
        size_t equal = 0;  // How many bytes from `p` are known to be as those from old line i.
        size_t n_meta = 0;
        bool meta_differs = false;
        bool ended = false;  // # EOF was there.
        int32_t type = UNKNOWN;
        out.lines.reserve(n_old + 8);
        while (p < end) {
            if (ended) return grammar.refuse(p, "unexpected data after # EOF");
            if (i < n_old) {
                if (!equal) {
                    const char* q = body_ + lines_[i].offset;
                    equal = equal_bytes(p, q, static_cast<size_t>(std::min(end - p, old_end - q)));
                }
                const Line& old = lines_[i];
                if (old.length <= equal && !(old.value & UNPREDICTABLE)) {
                    add_line(body, p, p + old.length, old.value, old.series, old.number, out);
                    p += old.length;
                    equal -= old.length;
                    i++;
                    if (old.series <= HELP) {
                        n_meta++;
                        if (old.series <= TYPE) type = TYPE - old.series;
                        ended = old.series == END;
                    }
                    continue;
                }
                const uint32_t value = old.value & OFFSET;
                if (old.series >= 0 && equal >= value && !(old.value & ADJOINS) &&
                    static_cast<size_t>(end - p) > value && starts_value(p[value])) {
                    Grammar::Tail tail;
                    if (!grammar.parse_tail(p, p + value, tail)) return false;
                    add_sample(grammar, p, value, tail, old.series, out);
                    p = tail.next;
                    equal = equal >= old.length ? equal - old.length : 0;
                    i++;
                    continue;
                }
            }
            out.diverged = true;
            const char* line = p;
            const char* first = grammar.skip_blanks(p);
            size_t next = i;
            if (first == end) {
                p = end;
                add_rest(body, line, p, UNPREDICTABLE, BLANK, out);
            } else if (*first == '\n' && !strict_) {
                p = first + 1;
                add_rest(body, line, p, 0, BLANK, out);
            } else if (*first == '#') {
                Grammar::Comment comment;
                if (!grammar.parse_comment(line, first, comment)) return false;
                p = comment.next;
                add_rest(body, line, p, p[-1] == '\n' ? 0 : UNPREDICTABLE, comment.kind, out);
                if (comment.kind <= HELP) meta_differs = true;
                if (comment.kind <= TYPE) type = TYPE - comment.kind;
                ended = comment.kind == END;
            } else {
                Series& series = out.series;
                if (!grammar.parse_series(line, first, series)) return false;
                Grammar::Tail tail;
                if (!grammar.parse_tail(line, series.value, tail)) return false;
                bool made;
                int32_t number = find(series.text, known, body, out, made);
                if (made) out.created.push_back({number, static_cast<uint32_t>(out.lines.size()), type});
                uint32_t value = static_cast<uint32_t>(series.value - line);
                if (series.text.back() != '}' && series.text.data() + series.text.size() == series.value)
                    value |= ADJOINS;
                add_sample(grammar, line, value, tail, number, out);
                p = tail.next;
                if (i < n_old && lines_[i].series == number) {
                    next = i + 1;  // The expected line after all, written otherwise; or again, where it stands twice.
                } else if (static_cast<size_t>(number) < known && !entries_[static_cast<size_t>(number)].gone_since) {
                    next = entries_[static_cast<size_t>(number)].where + 1;
                    if (next <= i) meta_differs = true;
                }
            }
            equal = next == i + 1 && equal >= lines_[i].length ? equal - lines_[i].length : 0;
            i = next;
        }
        if (strict_ && !ended) return grammar.refuse(end, "data does not end with # EOF");
        if (i != n_old) out.diverged = true;
        out.comments_changed = meta_differs || n_meta != n_meta_ || scans_ == 0;
        return true;
    }

    static bool starts_value(char c) { return c != ' ' && c != '\t' && c != '\n' && c != '{'; }

    bool check_types(Grammar& grammar, const Outcome& out) {
        std::unordered_set<std::string_view> seen;
        for (const Line& line : out.lines) {
            if (line.series > TYPE) continue;
            const char* p = grammar.begin + line.offset;
            Grammar::Comment comment;
            if (!grammar.parse_comment(p, p, comment)) return false;
            if (!seen.insert(comment.metric).second)
                return grammar.refuse(p, "second TYPE for metric " + shown(comment.metric));
        }
        return true;
    }

    // After a scan in which lines came, went or moved: who is here, who has gone.
    void take_rows(size_t known, Outcome& out) {
        size_t n_before = n_present_;
        out.seen.assign(entries_.size(), 0);
        repeats_ = 0;
        n_meta_ = 0;
        n_present_ = 0;
        for (size_t at = 0; at < out.lines.size(); at++) {
            const Line& line = out.lines[at];
            if (line.series < 0) {
                n_meta_ += line.series <= HELP;
                continue;
            }
            uint8_t& seen = out.seen[static_cast<size_t>(line.series)];
            if (seen) {
                repeats_++;
            } else {
                seen = 1;
                n_present_++;
                Entry& entry = entries_[static_cast<size_t>(line.series)];
                if (entry.gone_since) {
                    arena_garbage_ += entry.length;
                    entry.gone_since = 0;
                    n_before++;
                }
                if (static_cast<size_t>(line.series) < known) n_before--;
            }
        }
        // `n_before` is now how many were here before and are not now.
        for (size_t number = 0; n_before && number < known; number++) {
            Entry& entry = entries_[number];
            if (out.seen[number] || entry.gone_since) continue;
            out.gone.push_back(static_cast<int32_t>(number));
            std::string_view text = text_of(body_, lines_[entry.where]);
            entry.where = static_cast<uint32_t>(arena_.size());
            entry.length = static_cast<uint32_t>(text.size());
            entry.gone_since = scans_;
            arena_.append(text);
            n_before--;
        }
        for (size_t at = out.lines.size(); at-- > 0;)
            if (out.lines[at].series >= 0) entries_[static_cast<size_t>(out.lines[at].series)].where = static_cast<uint32_t>(at);
    }

    // Values and series numbers of the samples, without those that stand for a second time.
    void take_samples(Outcome& out) {
        size_t n = 0;
        out.values.resize(out.lines.size());
        if (out.diverged || repeats_) out.rows.resize(out.lines.size());
        if (repeats_) {
            take_samples_once(out);
            return;
        }
        for (size_t at = 0; at < out.lines.size(); at++) {
            const Line& line = out.lines[at];
            if (line.series < 0) continue;
            out.values[n] = line.number;
            if (out.diverged) out.rows[n] = line.series;
            if (out.has_times) out.times[n] = out.times[at];
            n++;
        }
        cut_samples(out, n);
    }

    void cut_samples(Outcome& out, size_t n) {
        out.values.resize(n);
        if (out.has_times) out.times.resize(n);
        if (!out.diverged && !repeats_ && index_known_) {
            out.repeated = true;
            return;
        }
        if (out.rows.size() < n) {  // Nothing diverged, but numbers have changed since.
            out.rows.clear();
            for (const Line& line : out.lines)
                if (line.series >= 0) out.rows.push_back(line.series);
        }
        out.rows.resize(n);
        out.repeated = index_known_ && out.rows == index_;
        if (out.repeated) return;
        index_.assign(out.rows.begin(), out.rows.end());
        index_.shrink_to_fit();
        index_known_ = true;
    }

    void take_samples_once(Outcome& out) {
        struct Hash {
            size_t operator()(const std::pair<int32_t, int64_t>& key) const {
                return mix(static_cast<uint64_t>(key.second) ^ 0x9E3779B97F4A7C15ull,
                           static_cast<uint64_t>(key.first) ^ 0xE7037ED1A0B428DBull);
            }
        };
        std::unordered_set<std::pair<int32_t, int64_t>, Hash> timed;
        std::unordered_set<uint32_t> dropped;
        out.seen.assign(entries_.size(), 0);
        size_t n = 0;
        for (size_t at = 0; at < out.lines.size(); at++) {
            const Line& line = out.lines[at];
            if (line.series < 0) continue;
            int64_t time = out.has_times ? out.times[at] : NO_TIME;
            uint8_t& seen = out.seen[static_cast<size_t>(line.series)];
            bool again = seen && time == NO_TIME;
            if (time != NO_TIME && !timed.insert({line.series, time}).second) again = true;
            seen = 1;
            if (again) {
                out.duplicates++;
                dropped.insert(static_cast<uint32_t>(at));
                continue;
            }
            out.values[n] = line.number;
            out.rows[n] = line.series;
            if (out.has_times) out.times[n] = time;
            n++;
        }
        out.exemplars.erase(std::remove_if(out.exemplars.begin(), out.exemplars.end(),
                                           [&](const FoundExemplar& e) { return dropped.count(e.line) != 0; }),
                            out.exemplars.end());
        cut_samples(out, n);
    }

    // Only exemplars that differ from what their series last had.
    void take_exemplars(const char* body, Outcome& out) {
        if (out.exemplars.empty()) {
            if (!exemplars_.empty()) exemplars_.resize(entries_.size(), 0);
            return;
        }
        exemplars_.resize(entries_.size(), 0);
        size_t n = 0;
        for (const FoundExemplar& exemplar : out.exemplars) {
            uint64_t hash = hash_text({body + exemplar.offset, exemplar.length}, seed_) | 1;
            uint64_t& last = exemplars_[static_cast<size_t>(exemplar.series)];
            if (last == hash) continue;
            last = hash;
            out.exemplars[n++] = exemplar;
        }
        out.exemplars.resize(n);
    }

    void pack_arena() {
        std::string packed;
        for (Entry& entry : entries_) {
            if (!entry.gone_since) continue;
            uint32_t where = static_cast<uint32_t>(packed.size());
            packed.append(arena_, entry.where, entry.length);
            entry.where = where;
        }
        packed.shrink_to_fit();
        arena_.swap(packed);
        arena_garbage_ = 0;
    }
};

inline size_t count_lines(const char* body, size_t offset) {
    return 1 + static_cast<size_t>(std::count(body, body + offset, '\n'));
}

inline Outcome& outcome_of_thread() {
    static thread_local Outcome outcome;
    return outcome;
}

}  // namespace exposition
