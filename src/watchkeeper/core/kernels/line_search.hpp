// Which lines of a block match, without putting them together: an automaton walks skeletons and columns.
//
// All rows of a skeleton are walked at once, part by part. As long as they are in one state, constant text costs one
// walk, a dictionary one for each of its texts, and a column of numbers whose digits do not matter nothing at all.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "line_automaton.hpp"
#include "line_sealed.hpp"

namespace line_block {

using line_regex::Bytes;
using line_regex::Runner;
using line_regex::State;

class Search {
   public:
    // Columns whose bodies are not there yet go to `missing`, then the skeletons that need them are not answered.
    Search(const Block& block, const Sealed* sealed, Runner& runner, const int32_t* rows, uint8_t* out)
        : block_(block), sealed_(sealed), run_(runner), rows_(rows), out_(out) {}

    // `live`: positions among the rows, all of this skeleton. False where columns are missing.
    bool walk(uint32_t skeleton, std::vector<uint32_t>& live, std::vector<uint32_t>& missing) {
        const Skeleton& s = *block_.skeletons[skeleton];
        live_.swap(live);
        missing_ = &missing;
        lost_.clear();
        bool done = parts(s);
        if (done && !lost_.empty()) done = whole(s);
        return done;
    }

   private:
    enum Mode { kOne, kSet, kEach };  // all rows in one state; each in one of a set; known for each row

    bool parts(const Skeleton& s) {
        mode_ = kOne;
        State start = run_.start();
        set_.assign(1, start);
        if (run_.is_accepting(start)) return all(1);
        size_t resume = s.parts.size();  // where the set began
        State resume_state = start;
        size_t exact = s.parts.size();   // the column that must be walked row by row
        const size_t n = s.parts.size();
        for (size_t k = 0; k <= n; k++) {
            bool good = true;
            if (mode_ != kEach && set_.size() == 1) {
                mode_ = kOne;
                if (run_.is_accepting(set_[0])) return all(1);
                if (run_.is_dead(set_[0])) return true;
                if (run_.is_lost(set_[0])) {
                    lost_.insert(lost_.end(), live_.begin(), live_.end());
                    return true;
                }
            }
            if (live_.empty()) return true;
            if (k == n) {
                good = at_end();
                if (good) return true;
            } else if (s.parts[k].column == kNone) {
                good = constant(s.parts[k].text);
            } else {
                const Column& c = *block_.columns[s.parts[k].column];
                if (mode_ == kOne) {
                    const State before = set_[0];
                    if (exact != k && summary(c, live_.size())) {
                        if (set_.size() > 1) {
                            mode_ = kSet;
                            resume = k;
                            resume_state = before;
                        }
                        continue;
                    }
                    set_.assign(1, before);
                    if (!is_there(s, k)) return false;
                    each(c, s.parts[k].of_group);
                    continue;
                }
                if (mode_ == kEach) {
                    if (!is_there(s, k)) return false;
                    each(c, s.parts[k].of_group);
                    continue;
                }
                good = summary(c, 256);
            }
            if (!good) {
                mode_ = kOne;
                set_.assign(1, resume_state);
                exact = resume;
                k = resume - 1;
            }
        }
        return true;
    }

    bool all(uint8_t answer) {
        for (uint32_t p : live_) out_[p] = answer;
        return true;
    }

    bool constant(Span text) {
        const uint8_t* p = reinterpret_cast<const uint8_t*>(text.at);
        if (mode_ == kEach) {
            State last = states_[0], to = run_.step(last, p, text.size);
            for (State& state : states_) {
                if (state != last) last = state, to = run_.step(last, p, text.size);
                state = to;
            }
            settle();
            return true;
        }
        for (State& state : set_) {
            state = run_.step(state, p, text.size);
            if (mode_ == kSet && (run_.is_accepting(state) || run_.is_lost(state))) return false;
        }
        unique();
        return true;
    }

    bool at_end() {
        if (mode_ == kEach) {
            for (size_t i = 0; i < live_.size(); i++) out_[live_[i]] = run_.accepts_at_end(states_[i]);
            return true;
        }
        const bool first = run_.accepts_at_end(set_[0]);
        for (State state : set_)
            if (run_.accepts_at_end(state) != first) return false;
        return all(first);
    }

    // --- what all values of a column may lead to, from each state of the set; false where that is not clear

    bool summary(const Column& c, size_t most) {
        if (c.mode == kTexts) return false;
        next_.clear();
        if (c.mode == kCodes) {
            const size_t distinct = c.dictionary.size();
            if (distinct > most + 8) return false;
            for (State state : set_)
                for (size_t i = 0; i < distinct; i++) {
                    Span t = c.dictionary.text(i);
                    State to = run_.step(state, reinterpret_cast<const uint8_t*>(t.at), t.size);
                    if (distinct > 1 && !add(to)) return false;
                    if (distinct == 1) next_.push_back(to);
                }
            if (distinct == 1 && set_.size() > 1)
                for (State to : next_)
                    if (run_.is_accepting(to) || run_.is_lost(to)) return false;
            if (distinct > 1 && next_.size() > 1 && mode_ == kOne) return false;  // the rows' codes tell
            set_.swap(next_);
            unique();
            return true;
        }
        const Layout& layout = c.typed->layout;
        static const Bytes digits = alphabet("0123456789"), number = alphabet("0123456789.-"),
                           address = alphabet("0123456789.:"), lower = alphabet("0123456789abcdef"),
                           upper = alphabet("0123456789ABCDEF");
        switch (layout.kind) {
            case kNumber: return text(layout.prefix) && closure(number) && text(layout.suffix);
            case kAddress: return closure(address);
            case kPattern: return pattern(layout.prefix, digits);
            case kHex: return text(layout.prefix) && pattern(layout.suffix, layout.upper ? upper : lower);
            case kTime: {
                std::string shape = layout.middle == '/' ? "00/XXX/0000:00:00:00" : "0000-00-00T00:00:00";
                if (layout.middle != '/') shape[10] = layout.middle;
                if (layout.middle == '/') {
                    static const Bytes months = alphabet("JanFebMarAprMayJunJulAugSepOctNovDec");
                    if (!pattern("00/", digits) || !step_any(months) || !step_any(months) || !step_any(months))
                        return false;
                    shape = shape.substr(6);
                }
                if (!pattern(shape, digits)) return false;
                if (layout.digits == kTrimmed) {
                    static const Bytes fraction = alphabet("0123456789.,");
                    if (!closure(fraction)) return false;
                } else if (layout.digits) {
                    if (!pattern(std::string(1, layout.mark), digits)) return false;
                    for (unsigned i = 0; i < layout.digits; i++)
                        if (!step_any(digits)) return false;
                }
                return text(layout.suffix);
            }
        }
        return false;
    }

    static Bytes alphabet(const char* text) {
        Bytes out;
        for (; *text; text++) out.add(uint8_t(*text));
        return out;
    }

    bool add(State to) {
        if (run_.is_accepting(to) || run_.is_lost(to)) {
            // The same for all is an answer; for some it is not.
            if (next_.empty() || next_[0] == to) {
                if (next_.empty()) next_.push_back(to);
                return true;
            }
            return false;
        }
        for (State t : next_)
            if (t == to) return true;
        if (next_.size() >= kMostStates || (!next_.empty() && run_.is_accepting(next_[0])) ||
            (!next_.empty() && run_.is_lost(next_[0])))
            return false;
        next_.push_back(to);
        return true;
    }
    bool text(const std::string& constant) {
        if (constant.empty()) return true;
        for (State& state : set_) {
            state = run_.step(state, reinterpret_cast<const uint8_t*>(constant.data()), constant.size());
            if (run_.is_accepting(state) || run_.is_lost(state)) return false;
        }
        unique();
        return true;
    }
    bool closure(const Bytes& bytes) {
        next_.clear();
        for (State state : set_) {
            if (run_.is_dead(state)) {
                if (!add(state)) return false;
                continue;
            }
            if (!run_.reach(state, bytes, kMostStates, reached_)) return false;
            for (State to : reached_)
                if (run_.is_accepting(to) || !add(to)) return false;
        }
        set_.swap(next_);
        return true;
    }
    bool step_any(const Bytes& bytes) {
        next_.clear();
        for (State state : set_) {
            if (!run_.is_dead(state) && run_.stays(state, bytes)) {
                if (!add(state)) return false;
                continue;
            }
            uint8_t one = 0;
            for (unsigned b = 0; b < 256; b++) {
                if (!bytes.has(uint8_t(b))) continue;
                one = uint8_t(b);
                State to = run_.step(state, &one, 1);
                if (run_.is_accepting(to) || run_.is_lost(to) || !add(to)) return false;
            }
        }
        set_.swap(next_);
        return true;
    }
    bool pattern(const std::string& shape, const Bytes& digits) {
        for (char c : shape)
            if (!(c == '0' ? step_any(digits) : text(std::string(1, c)))) return false;
        return true;
    }
    void unique() {
        if (set_.size() < 2) return;
        std::sort(set_.begin(), set_.end());
        set_.erase(std::unique(set_.begin(), set_.end()), set_.end());
    }

    // --- row by row

    void each(const Column& c, bool of_group) {
        const Array<uint32_t>& index = of_group ? block_.in_group : block_.in_skeleton;
        if (mode_ == kOne) {
            states_.assign(live_.size(), set_[0]);
            mode_ = kEach;
        }
        if (c.mode == kCodes) {
            // States are few, as a rule: a table for the last of them.
            const size_t distinct = c.dictionary.size();
            State of = ~0u;
            std::vector<State> table;
            for (size_t i = 0; i < live_.size(); i++) {
                const uint32_t code = c.code(index[size_t(rows_[live_[i]])]);
                if (states_[i] != of) {
                    if (of != ~0u && distinct > 64) {  // not worth a new table
                        Span t = c.dictionary.text(code);
                        states_[i] = run_.step(states_[i], reinterpret_cast<const uint8_t*>(t.at), t.size);
                        continue;
                    }
                    of = states_[i];
                    table.assign(distinct, ~0u);
                }
                State& to = table[code];
                if (to == ~0u) {
                    Span t = c.dictionary.text(code);
                    to = run_.step(of, reinterpret_cast<const uint8_t*>(t.at), t.size);
                }
                states_[i] = to;
            }
        } else if (c.mode == kTexts) {
            for (size_t i = 0; i < live_.size(); i++) {
                Span t = c.dictionary.text(index[size_t(rows_[live_[i]])]);
                states_[i] = run_.step(states_[i], reinterpret_cast<const uint8_t*>(t.at), t.size);
            }
        } else {
            constexpr unsigned kTogether = 8;
            char text[kTogether][kMostText];
            const uint8_t* texts[kTogether];
            size_t sizes[kTogether];
            size_t i = 0;
            for (; i + kTogether <= live_.size(); i += kTogether) {
                for (unsigned k = 0; k < kTogether; k++) {
                    sizes[k] = c.write(index[size_t(rows_[live_[i + k]])], text[k]);
                    texts[k] = reinterpret_cast<const uint8_t*>(text[k]);
                }
                run_.step_together<kTogether>(&states_[i], texts, sizes);
            }
            for (; i < live_.size(); i++) {
                const size_t size = c.write(index[size_t(rows_[live_[i]])], text[0]);
                states_[i] = run_.step(states_[i], reinterpret_cast<const uint8_t*>(text[0]), size);
            }
        }
        settle();
    }

    // Takes out rows that are decided, and finds out whether the others are in one state.
    void settle() {
        size_t n = 0;
        bool same = true;
        for (size_t i = 0; i < live_.size(); i++) {
            const State state = states_[i];
            if (run_.is_accepting(state)) {
                out_[live_[i]] = 1;
            } else if (run_.is_lost(state)) {
                lost_.push_back(live_[i]);
            } else if (!run_.is_dead(state)) {
                live_[n] = live_[i];
                states_[n] = state;
                same &= state == states_[0];
                n++;
            }
        }
        live_.resize(n);
        states_.resize(n);
        if (n && same) {
            mode_ = kOne;
            set_.assign(1, states_[0]);
        }
    }

    bool is_ready(uint32_t column) const {
        if (!sealed_) return true;
        const uint32_t pack = block_.columns[column]->stored->pack;
        return pack == kNone || sealed_->is_loaded(pack);
    }
    // Whether the part's column can be read. If not, later ones are asked for as well that are likely to be needed: from
    // the first state, where most walks are most of the time.
    bool is_there(const Skeleton& s, size_t part) {
        if (is_ready(s.parts[part].column)) return true;
        missing_->push_back(s.parts[part].column);
        for (size_t k = part + 1; k < s.parts.size(); k++) {
            const uint32_t c = s.parts[k].column;
            if (c == kNone || is_ready(c)) continue;
            mode_ = kOne;
            set_.assign(1, run_.start());
            if (!summary(*block_.columns[c], live_.size())) missing_->push_back(c);
        }
        return false;
    }

    // Rows whose states were too many.
    bool whole(const Skeleton& s) {
        bool ready = true;
        for (const Part& part : s.parts)
            if (part.column != kNone && !is_ready(part.column)) {
                missing_->push_back(part.column);
                ready = false;
            }
        if (!ready) return false;
        for (uint32_t p : lost_) {
            scratch_.clear();
            block_.line(size_t(rows_[p]), scratch_);
            out_[p] = run_.matches(reinterpret_cast<const uint8_t*>(scratch_.data()), scratch_.size());
        }
        return true;
    }

    static constexpr size_t kMostStates = 24;

    const Block& block_;
    const Sealed* sealed_;
    Runner& run_;
    const int32_t* rows_;
    uint8_t* out_;
    Mode mode_ = kOne;
    std::vector<uint32_t> live_, lost_;
    std::vector<State> set_, next_, reached_, states_;
    std::vector<uint32_t>* missing_ = nullptr;
    std::string scratch_;
};

// Answers for all rows, whose numbers are in the block; false where `missing` columns must be loaded first, then it is
// called again with the same `pending` and `out`. `pending`: rows that are not answered, by skeleton; empty at first.
struct Pending {
    bool begun = false;
    std::vector<uint32_t> skeletons;
    std::vector<std::vector<uint32_t>> positions;
};

inline bool search(const Block& block, const Sealed* sealed, Runner& runner, const int32_t* rows, size_t n, uint8_t* out,
                   Pending& pending, std::vector<uint32_t>& missing) {
    if (!pending.begun) {
        pending.begun = true;
        std::vector<uint32_t> place(block.skeletons.size(), kNone);
        for (size_t i = 0; i < n; i++) {
            const uint32_t s = block.skeleton_of[size_t(rows[i])];
            if (place[s] == kNone) {
                place[s] = uint32_t(pending.skeletons.size());
                pending.skeletons.push_back(s);
                pending.positions.emplace_back();
            }
            pending.positions[place[s]].push_back(uint32_t(i));
        }
    }
    Search walker(block, sealed, runner, rows, out);
    missing.clear();
    size_t kept = 0;
    for (size_t i = 0; i < pending.skeletons.size(); i++) {
        std::vector<uint32_t> live = pending.positions[i];
        if (walker.walk(pending.skeletons[i], live, missing)) continue;
        for (uint32_t p : pending.positions[i]) out[p] = 0;
        pending.skeletons[kept] = pending.skeletons[i];
        if (kept != i) pending.positions[kept] = std::move(pending.positions[i]);
        kept++;
    }
    pending.skeletons.resize(kept);
    pending.positions.resize(kept);
    return kept == 0;
}

}  // namespace line_block
