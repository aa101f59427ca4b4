// "Is there a match in these bytes?" for regular expressions, by a table of states that are made as they are met.
//
// A Program is the expression as a graph of instructions over bytes; it never changes and is shared by all threads.
// A Runner is one thread's table: a state is the set of instructions that are waiting for the next byte. The walk can
// stop after any byte and go on from the state it reached, so that a line is searched piece by piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "byte_search.hpp"

namespace line_regex {

enum Op : uint8_t { kMatch = 0, kBytes = 1, kSplit = 2, kAssert = 3 };

// What an assertion asks of the place between two bytes.
enum Place : uint8_t {
    kBeginText = 1,
    kEndText = 2,
    kBeginLine = 4,
    kEndLine = 8,
    kWordEdge = 16,
    kNoWordEdge = 32,
    kAfterWord = 64,  // no assertion: the byte before the place is of a word
};

struct Inst {
    uint8_t op;
    uint8_t lo;     // kBytes: the first and last byte it takes; kAssert: `lo` is the Place
    uint8_t hi;
    uint32_t next;
    uint32_t other;  // kSplit: the second way
};

// A set of byte values.
struct Bytes {
    uint64_t bits[4] = {0, 0, 0, 0};
    void add(uint8_t b) { bits[b >> 6] |= 1ull << (b & 63); }
    bool has(uint8_t b) const { return bits[b >> 6] >> (b & 63) & 1; }
};

inline bool is_word(unsigned b) {
    return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z') || b == '_';
}

class Program {
   public:
    // Throws invalid_argument where an instruction leads out of the program.
    Program(std::vector<Inst> insts, uint32_t start) : insts_(std::move(insts)), start_(start) {
        bool edge[257] = {};
        bool lines = false, words = false;
        for (const Inst& i : insts_) {
            if (i.op > kAssert || i.next >= insts_.size() || i.other >= insts_.size())
                throw std::invalid_argument("instruction out of range");
            if (i.op == kBytes) {
                edge[i.lo] = true;
                edge[i.hi + 1] = true;
            } else if (i.op == kAssert) {
                asserts_ = true;
                lines |= (i.lo & (kBeginLine | kEndLine)) != 0;
                words |= (i.lo & (kWordEdge | kNoWordEdge)) != 0;
            }
        }
        if (start_ >= insts_.size()) throw std::invalid_argument("start out of range");
        if (lines) edge['\n'] = edge['\n' + 1] = true;
        for (unsigned b = 1; words && b < 256; b++)
            if (is_word(b) != is_word(b - 1)) edge[b] = true;
        unsigned c = 0;
        for (unsigned b = 0; b < 256; b++) {
            if (b > 0 && edge[b]) c++;
            if (b == 0 || edge[b]) first_.push_back(uint8_t(b));
            class_[b] = uint8_t(c);
        }
    }
    const std::vector<Inst>& insts() const { return insts_; }
    uint32_t start() const { return start_; }
    bool asserts() const { return asserts_; }
    unsigned n_classes() const { return unsigned(first_.size()); }
    const uint8_t* classes() const { return class_; }       // (256,): bytes of one class are never told apart
    uint8_t first_of(unsigned c) const { return first_[c]; }  // the least byte of a class

   private:
    std::vector<Inst> insts_;
    uint32_t start_;
    bool asserts_ = false;
    uint8_t class_[256];
    std::vector<uint8_t> first_;
};

// A place in a table of states; it stays good as long as the table.
using State = uint32_t;

// The states that were met. A state is numbered by the place of its row, so that a step is one addition and one load.
class Table {
   public:
    Table(const Program& program, size_t max_bytes)
        : program_(program), stride_(program.n_classes()), max_bytes_(max_bytes), seen_(program.insts().size(), 0) {
        clear();
    }

    State dead() const { return stride_; }
    State accepting() const { return 2 * stride_; }
    State lost() const { return 3 * stride_; }  // the table is full
    bool is_special(State s) const { return s < 4 * stride_; }
    State start() {
        if (!start_) {
            begin_set();
            before_ = kBeginText | kBeginLine;
            bool match = follow(program_.start(), before_, before_);
            start_ = match ? accepting() : intern();
        }
        return start_;
    }

    State step(State s, const uint8_t* p, size_t n) {
        const uint8_t* end = p + n;
        const uint8_t* classes = program_.classes();
        while (p < end) {
            if (is_special(s)) return s;
            p = skip(s, p, end);
            const uint8_t* until = end - p > 24 ? p + 24 : end;
            const State* rows = rows_.data();
            const State special = 4 * stride_;
            while (p < until) {
                State to = rows[s + classes[*p]];
                if (to < special) {
                    if (to == 0) {
                        to = make(s, classes[*p]);
                        rows = rows_.data();
                    }
                    if (is_special(to)) return to;
                }
                s = to;
                p++;
            }
        }
        return s;
    }

    // Short texts, one from each state, byte by byte next to each other: so one's wait for memory is another's step.
    template <unsigned N>
    void step_together(State* states, const uint8_t* const* texts, const size_t* sizes) {
        const uint8_t* classes = program_.classes();
        const State* rows = rows_.data();
        size_t common = sizes[0];
        for (unsigned k = 1; k < N; k++) common = std::min(common, sizes[k]);
        State now[N];
        for (unsigned k = 0; k < N; k++) now[k] = states[k];
        for (size_t i = 0; i < common; i++)
            for (unsigned k = 0; k < N; k++) {
                const uint8_t c = classes[texts[k][i]];
                State to = rows[now[k] + c];
                if (to == 0) {
                    to = make(now[k], c);
                    rows = rows_.data();
                }
                now[k] = to;
            }
        for (unsigned k = 0; k < N; k++) {
            for (size_t i = common; i < sizes[k]; i++) {
                State to = rows[now[k] + classes[texts[k][i]]];
                if (to == 0) {
                    to = make(now[k], classes[texts[k][i]]);
                    rows = rows_.data();
                }
                now[k] = to;
            }
            states[k] = now[k];
        }
    }

    bool accepts_at_end(State s) {
        if (s == accepting()) return true;
        if (is_special(s) || !program_.asserts()) return false;
        Info& info = infos_[s / stride_ - 4];
        if (info.at_end == 0) {
            bool word = info.before & kAfterWord;
            begin_set();
            uint8_t flags = info.before | kEndText | kEndLine | (word ? kWordEdge : kNoWordEdge);
            bool match = false;
            for (uint32_t i : sets_of(info)) match |= follow(i, flags, flags);
            infos_[s / stride_ - 4].at_end = match ? 2 : 1;
            return match;
        }
        return info.at_end == 2;
    }

    // Where one byte leads.
    State next(State s, uint8_t byte) {
        if (is_special(s)) return s;
        State to = rows_[s + program_.classes()[byte]];
        return to ? to : make(s, program_.classes()[byte]);
    }

    // A walk over a whole text that may throw the table away and begin a new one: no state of it may be kept.
    bool matches(const uint8_t* p, size_t n) {
        if (rows_.size() * sizeof(State) + set_.size() > max_bytes_) clear();
        State s = start();
        const uint8_t* end = p + n;
        while (p < end && !is_special(s)) {
            State to = next(s, *p);
            if (to == lost()) {
                Info info = infos_[s / stride_ - 4];
                std::vector<uint32_t> kept = sets_of(info);
                clear();
                begin_set();
                before_ = info.before;
                now_ = kept;
                s = intern();
                to = next(s, *p);
                if (to == lost()) throw std::length_error("a state is larger than the table");
            }
            s = to;
            p++;
        }
        return accepts_at_end(s);
    }

    size_t size_bytes() const { return rows_.size() * sizeof(State) + set_.size() * 4 + infos_.size() * sizeof(Info); }

   private:
    struct Info {
        uint64_t set_at;
        uint32_t set_n;
        uint8_t before;     // Places that hold where the state stands, if an assertion waits
        uint8_t at_end;     // 0 not asked yet, 1 no, 2 yes
        uint8_t skip;       // 0 not looked at yet, 1 no use, 2 few bytes leave, 3 by table
        uint8_t n_leaving;
        uint8_t leaving[3];
        uint32_t skip_table;
    };

    void clear() {
        rows_.assign(4 * stride_, 0);
        for (State special = stride_; special < 4 * stride_; special += stride_)
            for (unsigned c = 0; c < stride_; c++) rows_[special + c] = special;
        infos_.clear();
        set_.clear();
        tables_.clear();
        known_.clear();
        start_ = 0;
    }

    std::vector<uint32_t> sets_of(const Info& info) const {
        return std::vector<uint32_t>(set_.begin() + info.set_at, set_.begin() + info.set_at + info.set_n);
    }

    void begin_set() {
        now_.clear();
        if (++round_ == 0) {
            seen_.assign(seen_.size(), 0);
            round_ = 1;
        }
    }

    // Adds what `first` leads to without a byte. `holds`: Places known to hold; `can`: assertions on other Places
    // wait if looking at the next byte can still fulfil them. True where the match is reached.
    bool follow(uint32_t first, uint8_t holds, uint8_t before) {
        stack_.assign(1, first);
        bool match = false;
        while (!stack_.empty()) {
            uint32_t at = stack_.back();
            stack_.pop_back();
            if (seen_[at] == round_) continue;
            seen_[at] = round_;
            const Inst& inst = program_.insts()[at];
            if (inst.op == kMatch) {
                match = true;
            } else if (inst.op == kBytes) {
                now_.push_back(at);
            } else if (inst.op == kSplit) {
                stack_.push_back(inst.other);
                stack_.push_back(inst.next);
            } else if ((inst.lo & holds) == inst.lo) {
                stack_.push_back(inst.next);
            } else if (!((inst.lo & (kBeginText | kBeginLine)) & ~before)) {
                now_.push_back(at);
            }
        }
        return match;
    }

    State intern() {
        std::vector<uint32_t>& set = now_;
        if (set.empty()) return dead();
        std::sort(set.begin(), set.end());
        bool waits = false;
        for (uint32_t i : set) waits |= program_.insts()[i].op == kAssert;
        uint8_t before = waits ? before_ : 0;
        uint64_t hash = 0x9E3779B97F4A7C15ull ^ before;
        for (uint32_t i : set) hash = (hash ^ i) * 0xFF51AFD7ED558CCDull, hash ^= hash >> 29;
        auto range = known_.equal_range(hash);
        for (auto it = range.first; it != range.second; ++it) {
            const Info& info = infos_[it->second / stride_ - 4];
            if (info.before == before && info.set_n == set.size() &&
                std::equal(set.begin(), set.end(), set_.begin() + info.set_at))
                return it->second;
        }
        if (!infos_.empty() && size_bytes() + (stride_ + set.size()) * 4 + sizeof(Info) > max_bytes_) return lost();
        State made = State(rows_.size());
        rows_.resize(rows_.size() + stride_, 0);
        Info info{};
        info.set_at = set_.size();
        info.set_n = uint32_t(set.size());
        info.before = before;
        set_.insert(set_.end(), set.begin(), set.end());
        infos_.push_back(info);
        known_.emplace(hash, made);
        return made;
    }

    State make(State s, unsigned byte_class) {
        const Info info = infos_[s / stride_ - 4];
        const uint8_t byte = program_.first_of(byte_class);
        std::vector<uint32_t>& from = from_;
        from.assign(set_.begin() + info.set_at, set_.begin() + info.set_at + info.set_n);
        bool waits = false;
        for (uint32_t i : from) waits |= program_.insts()[i].op == kAssert;
        if (waits) {
            bool edge = bool(info.before & kAfterWord) != is_word(byte);
            uint8_t flags = info.before | (byte == '\n' ? kEndLine : 0) | (edge ? kWordEdge : kNoWordEdge);
            begin_set();
            bool match = false;
            for (uint32_t i : from) match |= follow(i, flags, flags);
            if (match) return rows_[s + byte_class] = accepting();
            from.assign(now_.begin(), now_.end());
        }
        before_ = program_.asserts() ? uint8_t((byte == '\n' ? kBeginLine : 0) | (is_word(byte) ? kAfterWord : 0)) : 0;
        begin_set();
        bool match = false;
        for (uint32_t i : from) {
            const Inst& inst = program_.insts()[i];
            if (inst.op == kBytes && byte >= inst.lo && byte <= inst.hi) match |= follow(inst.next, before_, before_);
        }
        match |= follow(program_.start(), before_, before_);  // a match may begin anywhere
        State to = match ? accepting() : intern();
        if (to != lost()) rows_[s + byte_class] = to;
        return to;
    }

    // Past bytes that leave the state as it is.
    const uint8_t* skip(State s, const uint8_t* p, const uint8_t* end) {
        Info* info = &infos_[s / stride_ - 4];
        if (info->skip == 1) return p;
        if (info->skip == 0) {
            Bytes leaving;
            unsigned n = 0;
            for (unsigned b = 0; b < 256; b++)
                if (next(s, uint8_t(b)) != s) leaving.add(uint8_t(b)), n++;
            info = &infos_[s / stride_ - 4];
            if (n > 160) {
                info->skip = 1;
                return p;
            }
            if (n <= 3) {
                info->skip = 2;
                for (unsigned b = 0; b < 256; b++)
                    if (leaving.has(uint8_t(b))) info->leaving[info->n_leaving++] = uint8_t(b);
            } else {
                info->skip = 3;
                info->skip_table = uint32_t(tables_.size());
                tables_.resize(tables_.size() + 256);
                for (unsigned b = 0; b < 256; b++) tables_[info->skip_table + b] = leaving.has(uint8_t(b));
            }
        }
        if (info->skip == 2) return byte_search::find_any(p, end, info->leaving, info->n_leaving);
        const uint8_t* table = tables_.data() + info->skip_table;
        while (end - p >= 4) {
            if (table[p[0]]) return p;
            if (table[p[1]]) return p + 1;
            if (table[p[2]]) return p + 2;
            if (table[p[3]]) return p + 3;
            p += 4;
        }
        while (p < end && !table[*p]) p++;
        return p;
    }

    const Program& program_;
    const State stride_;
    const size_t max_bytes_;
    std::vector<State> rows_;  // (states, classes): 0 is not known yet
    std::vector<Info> infos_;
    std::vector<uint32_t> set_;
    std::vector<uint8_t> tables_;
    std::unordered_multimap<uint64_t, State> known_;
    State start_ = 0;
    uint8_t before_ = 0;
    std::vector<uint32_t> now_, from_, stack_;
    std::vector<uint32_t> seen_;
    uint32_t round_ = 0;
};

// One thread's walk. States from `start` and `step` stay good as long as the runner is held.
class Runner {
   public:
    static constexpr size_t kTableBytes = 4u << 20;

    explicit Runner(std::shared_ptr<const Program> program)
        : program_(std::move(program)), table_(*program_, kTableBytes) {}

    State start() { return table_.start(); }
    // From `s` over n bytes. The accepting, the dead and the lost state keep themselves.
    State step(State s, const uint8_t* p, size_t n) { return table_.step(s, p, n); }
    template <unsigned N>
    void step_together(State* states, const uint8_t* const* texts, const size_t* sizes) {
        table_.step_together<N>(states, texts, sizes);
    }
    // There was a match, whatever follows.
    bool is_accepting(State s) const { return s == table_.accepting(); }
    // There will be no match, whatever follows.
    bool is_dead(State s) const { return s == table_.dead(); }
    // Too many states: nothing is known; the whole line must be given to `matches`.
    bool is_lost(State s) const { return s == table_.lost(); }
    // Whether there is a match if the line ends here. (Ask `is_lost` first.)
    bool accepts_at_end(State s) { return table_.accepts_at_end(s); }

    // Whether any text over this alphabet leaves `s` as it is.
    bool stays(State s, const Bytes& alphabet) {
        for (unsigned b = 0; b < 256; b++)
            if (alphabet.has(uint8_t(b)) && table_.next(s, uint8_t(b)) != s) return false;
        return true;
    }
    // All states that texts over this alphabet lead to from `s`, itself included; false where there are more than
    // `limit` or the table is full.
    bool reach(State s, const Bytes& alphabet, size_t limit, std::vector<State>& out) {
        out.assign(1, s);
        for (size_t i = 0; i < out.size(); i++)
            for (unsigned b = 0; b < 256; b++) {
                if (!alphabet.has(uint8_t(b))) continue;
                State to = table_.next(out[i], uint8_t(b));
                if (is_lost(to)) return false;
                bool there = false;
                for (State t : out) there |= t == to;
                if (there) continue;
                if (out.size() >= limit) return false;
                out.push_back(to);
            }
        return true;
    }

    // The answer for a whole line, however many states it takes.
    bool matches(const uint8_t* p, size_t n) {
        State s = table_.step(table_.start(), p, n);
        if (!is_lost(s)) return table_.accepts_at_end(s);
        if (!scratch_) scratch_.reset(new Table(*program_, kTableBytes));
        return scratch_->matches(p, n);
    }

   private:
    std::shared_ptr<const Program> program_;
    Table table_;
    std::unique_ptr<Table> scratch_;  // may be emptied at any time, so no state of it is handed out
};

// An expression, ready for any number of threads: program, literals that every match holds, and idle runners.
class Automaton {
   public:
    Automaton(std::vector<Inst> insts, uint32_t start, std::vector<std::string> required, bool is_literal)
        : program_(std::make_shared<const Program>(std::move(insts), start)),
          required_(std::move(required)),
          is_literal_(is_literal) {
        size_t best = 0;
        for (size_t i = 1; i < required_.size(); i++)
            if (required_[i].size() > required_[best].size()) best = i;
        if (!required_.empty()) finder_.reset(new byte_search::Finder(required_[best]));
    }

    std::unique_ptr<Runner> take() {
        {
            std::lock_guard<std::mutex> guard(mutex_);
            if (!idle_.empty()) {
                std::unique_ptr<Runner> runner = std::move(idle_.back());
                idle_.pop_back();
                return runner;
            }
        }
        return std::unique_ptr<Runner>(new Runner(program_));
    }
    void give_back(std::unique_ptr<Runner> runner) {
        std::lock_guard<std::mutex> guard(mutex_);
        if (idle_.size() < 8) idle_.push_back(std::move(runner));
    }

    const std::vector<std::string>& required() const { return required_; }
    // The expression is its one required literal: a line matches exactly if it holds it.
    bool is_literal() const { return is_literal_; }
    // Finds the longest required literal; null if none is known.
    const byte_search::Finder* finder() const { return finder_.get(); }

    // out[i] = whether text i, data[offsets[i]:offsets[i + 1]], matches. Offsets ascend and lie in the data.
    void search(const uint8_t* data, const int64_t* offsets, size_t n, uint8_t* out);

   private:
    std::shared_ptr<const Program> program_;
    std::vector<std::string> required_;
    bool is_literal_;
    std::unique_ptr<byte_search::Finder> finder_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Runner>> idle_;
};

// A runner for the length of a scope.
class Borrowed {
   public:
    explicit Borrowed(Automaton& automaton) : automaton_(automaton), runner_(automaton.take()) {}
    ~Borrowed() { automaton_.give_back(std::move(runner_)); }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    Runner* operator->() { return runner_.get(); }
    Runner& operator*() { return *runner_; }

   private:
    Automaton& automaton_;
    std::unique_ptr<Runner> runner_;
};

inline void Automaton::search(const uint8_t* data, const int64_t* offsets, size_t n, uint8_t* out) {
    if (n == 0) return;
    if (!finder_) {
        Borrowed runner(*this);
        for (size_t i = 0; i < n; i++) out[i] = runner->matches(data + offsets[i], size_t(offsets[i + 1] - offsets[i]));
        return;
    }
    std::unique_ptr<Borrowed> runner(is_literal_ ? nullptr : new Borrowed(*this));
    std::memset(out, 0, n);
    const uint8_t* end = data + offsets[n];
    const uint8_t* p = data + offsets[0];
    const size_t size = finder_->needle().size();
    size_t row = 0;
    while (row < n) {
        const uint8_t* hit = finder_->find(p, end);
        if (!hit) return;
        int64_t at = hit - data;
        // A run of texts without the literal can be long: doubling steps find its end.
        size_t jump = 1;
        while (row + jump < n && offsets[row + jump] <= at) jump *= 2;
        size_t hi = row + jump < n ? row + jump : n;
        while (row + 1 < hi) {
            size_t mid = row + (hi - row) / 2;
            if (offsets[mid] <= at)
                row = mid;
            else
                hi = mid;
        }
        if (at + int64_t(size) <= offsets[row + 1]) {
            out[row] = is_literal_ || (*runner)->matches(data + offsets[row], size_t(offsets[row + 1] - offsets[row]));
            p = data + offsets[++row];
        } else {
            p = hit + 1;  // the needle lies over the seam of two texts
        }
    }
}

}  // namespace line_regex
