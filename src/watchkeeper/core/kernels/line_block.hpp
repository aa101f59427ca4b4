// Rows of one stream: which skeleton each has, and the columns with its values. See docs/formats/log-block.md.
//
// Skeletons that differ only in the text of a shredded value (a message in a JSON line, or a whole plain line) belong
// to one group. Values outside of such texts are columns of the group, shared by its skeletons; values inside are
// columns of the skeleton.
#pragma once

#include <algorithm>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "line_column.hpp"
#include "line_shredder.hpp"

namespace line_block {

constexpr size_t kMostRows = 1u << 24;
constexpr uint64_t kMostBytes = 1u << 28;

// How a value of a group is kept.
enum Inner : uint8_t {
    kValue = 0,   // one value
    kWords = 1,   // shredded: words are constant, tokens with a digit values
    kTokens = 2,  // shredded: punctuation is constant, all tokens values
};

// Constant texts around values: one more than there are values.
struct Constants {
    std::string text;
    std::vector<uint32_t> ends;

    size_t size() const { return ends.size(); }
    Span operator[](size_t i) const {
        uint32_t lo = i ? ends[i - 1] : 0;
        return Span{text.data() + lo, ends[i] - lo};
    }
    void add(const char* p, size_t n) {
        text.append(p, n);
        ends.push_back(uint32_t(text.size()));
    }
    void around(const char* line, size_t lo, size_t hi, const Places& places, size_t first, size_t n) {
        for (size_t i = 0; i < n; i++) {
            add(line + lo, places.lo(first + i) - lo);
            lo = places.hi(first + i);
        }
        add(line + lo, hi - lo);
    }
    // Whether line[lo:hi] has these constants around n of the places.
    bool match(const char* line, size_t lo, size_t hi, const Places& places, size_t first, size_t n) const {
        if (n + 1 != ends.size()) return false;
        const char* mine = text.data();
        uint32_t before = 0;
        for (size_t i = 0; i <= n; i++) {
            size_t to = i < n ? places.lo(first + i) : hi;
            size_t size = ends[i] - before;
            if (to - lo != size || std::memcmp(mine + before, line + lo, size) != 0) return false;
            before = ends[i];
            if (i < n) lo = places.hi(first + i);
        }
        return true;
    }
    static uint64_t hash(const char* line, size_t lo, size_t hi, const Places& places, size_t first, size_t n,
                         uint64_t seed) {
        for (size_t i = 0; i < n; i++) {
            seed = hash_bytes(line + lo, places.lo(first + i) - lo, seed);
            lo = places.hi(first + i);
        }
        return hash_bytes(line + lo, hi - lo, seed);
    }
    bool operator==(const Constants& o) const { return ends == o.ends && text == o.text; }
    size_t size_bytes() const { return text.capacity() + ends.capacity() * 4; }
};

// A part of a line: constant text where `column` is kNone, else a value.
struct Part {
    Span text;
    uint32_t column;
    bool of_group;  // the column has the rows of the group, otherwise those of the skeleton
};

struct Group {
    uint8_t kind = kWhole;
    uint32_t n_rows = 0;
    Constants constants;
    std::vector<uint8_t> inner;      // of each value: an Inner
    std::vector<uint32_t> columns;   // of each value; kNone where it is shredded
    std::vector<uint32_t> skeletons;
    size_t n_inner = 0;
    uint32_t heir = kNone;           // the group with other `inner` that takes new rows
    uint32_t recent[4] = {kNone, kNone, kNone, kNone};  // skeletons of lines before, the last one first
};

struct Skeleton {
    uint32_t group = 0;
    uint32_t n_rows = 0;
    uint64_t raw_bytes = 0;            // of the lines of a plain group
    bool is_poor = false;              // its values take more than its lines would: it gets no further rows
    std::vector<Constants> constants;  // of each shredded value of the group
    std::vector<uint32_t> columns;     // all values of these, in order
    std::vector<Part> parts;
    std::vector<uint32_t> slots;       // number of each value among the parts
};

struct Shape {
    std::vector<std::string> names;
    std::vector<uint32_t> columns;
    uint32_t n_rows = 0;
};

struct Slot {
    uint32_t skeleton, column;
    bool of_group;
};

// Structured metadata of one row.
struct Pairs {
    std::vector<Span> names, values;
    void clear() {
        names.clear();
        values.clear();
    }
    void add(Span name, Span value) {
        names.push_back(name);
        values.push_back(value);
    }
};

class Block {
   public:
    std::mutex mutex;  // of open blocks: held by whoever reads or writes

    // Of each row. The numbers of a row among those of its group, skeleton and shape tell where its values are.
    Array<int64_t> times;
    Array<uint32_t> skeleton_of, in_group, in_skeleton;
    Array<uint32_t> shape_of, in_shape;  // empty while all rows have shape 0

    std::vector<std::unique_ptr<Group>> groups;
    std::vector<std::unique_ptr<Skeleton>> skeletons;
    std::vector<Shape> shapes;
    std::vector<std::unique_ptr<Column>> columns;
    std::vector<Slot> slots;
    uint64_t raw_bytes = 0;
    uint32_t n_rows = 0;

    // False where the row was left out, because its like is there.
    bool append(const char* line, size_t n, int64_t time_ns, const Pairs& pairs, bool dedupe, size_t sent_bytes) {
        if (n_rows >= kMostRows || raw_bytes + sent_bytes > kMostBytes)
            throw std::invalid_argument("the block is full: it holds at most 16 million rows and 256 MiB");
        if (dedupe && n_rows && time_ns <= latest_ && is_there(line, n, time_ns, pairs)) return false;
        add_row(line, n, time_ns, pairs);
        raw_bytes += sent_bytes;
        if (indexed_) enter(n_rows - 1, hash_row(line, n, time_ns, pairs));
        return true;
    }

    // The line of a row behind what is in `out`.
    void line(size_t row, std::string& out) const {
        const Skeleton& s = *skeletons[skeleton_of[row]];
        const uint32_t in_g = in_group[row], in_s = in_skeleton[row];
        for (const Part& part : s.parts) {
            if (part.column == kNone)
                out.append(part.text.at, part.text.size);
            else
                columns[part.column]->text(part.of_group ? in_g : in_s, out);
        }
    }
    size_t line_length(size_t row) const {
        const Skeleton& s = *skeletons[skeleton_of[row]];
        size_t size = 0;
        for (const Part& part : s.parts)
            size += part.column == kNone
                        ? part.text.size
                        : columns[part.column]->length(part.of_group ? in_group[row] : in_skeleton[row]);
        return size;
    }

    uint32_t shape_at(size_t row) const { return shape_of.empty() ? 0 : shape_of[row]; }

    uint32_t in_shape_at(size_t row) const { return shape_of.empty() ? uint32_t(row) : in_shape[row]; }

    size_t size_bytes() const {
        size_t size = sizeof(Block) + times.size_bytes() + skeleton_of.size_bytes() + in_group.size_bytes() +
                      in_skeleton.size_bytes() + shape_of.size_bytes() + in_shape.size_bytes() + seen_.size_bytes();
        size += 48 * (group_index_.size() + known_groups_.size() + skeleton_index_.size() + shape_index_.size());
        size += slots.size() * sizeof(Slot);
        for (const auto& c : columns) size += c->size_bytes() + 24;
        for (const Shape& h : shapes) {
            size += sizeof(Shape) + h.columns.size() * 4;
            for (const std::string& name : h.names) size += sizeof(name) + name.capacity();
        }
        for (const auto& g : groups)
            size += sizeof(Group) + g->constants.size_bytes() + g->columns.size() * 9 + g->skeletons.size() * 4 + 64;
        for (const auto& s : skeletons) {
            size += sizeof(Skeleton) + s->parts.size() * sizeof(Part) + s->columns.size() * 4 + s->slots.size() * 4;
            for (const auto& c : s->constants) size += sizeof(Constants) + c.size_bytes();
        }
        return size;
    }

    // --- the structure, also built by whoever reads a sealed block

    uint32_t add_column() {
        columns.emplace_back(new Column());
        return uint32_t(columns.size() - 1);
    }

    // Fills parts and slots of a skeleton whose group, constants and columns are known. The texts of parts point into
    // the constants, which must not move afterwards.
    void add_parts(uint32_t number) {
        Skeleton& s = *skeletons[number];
        const Group& g = *groups[s.group];
        size_t mine = 0, inner = 0;
        auto constant = [&](Span text) {
            if (text.size) s.parts.push_back(Part{text, kNone, false});
        };
        auto value = [&](uint32_t column, bool of_group) {
            s.parts.push_back(Part{Span{nullptr, 0}, column, of_group});
            s.slots.push_back(uint32_t(slots.size()));
            slots.push_back(Slot{number, column, of_group});
        };
        for (size_t i = 0; i < g.columns.size(); i++) {
            constant(g.constants[i]);
            if (g.inner[i] == kValue) {
                value(g.columns[i], true);
                continue;
            }
            const Constants& c = s.constants[inner++];
            for (size_t k = 0; k + 1 < c.size(); k++) {
                constant(c[k]);
                value(s.columns[mine++], false);
            }
            constant(c[c.size() - 1]);
        }
        constant(g.constants[g.columns.size()]);
    }

    // The shape with these names, made if it is new.
    uint32_t find_shape(const std::vector<Span>& names) {
        auto is = [&](const Shape& s) {
            if (s.names.size() != names.size()) return false;
            for (size_t i = 0; i < names.size(); i++)
                if (s.names[i].size() != names[i].size ||
                    std::memcmp(s.names[i].data(), names[i].at, names[i].size) != 0)
                    return false;
            return true;
        };
        if (last_shape_ < shapes.size() && is(shapes[last_shape_])) return last_shape_;
        uint64_t hash = names.size();
        for (const Span& name : names) hash = hash_bytes(name.at, name.size, hash);
        for (auto range = shape_index_.equal_range(hash); range.first != range.second; ++range.first)
            if (is(shapes[range.first->second])) return last_shape_ = range.first->second;
        last_shape_ = uint32_t(shapes.size());
        shape_index_.emplace(hash, last_shape_);
        shapes.emplace_back();
        for (const Span& name : names) {
            shapes.back().names.emplace_back(name.at, name.size);
            shapes.back().columns.push_back(add_column());
        }
        return last_shape_;
    }

    void push_row(int64_t time_ns, uint32_t skeleton, uint32_t shape) {
        Skeleton& s = *skeletons[skeleton];
        Group& g = *groups[s.group];
        if (shape && shape_of.empty()) {
            shape_of.assign(n_rows, 0);
            in_shape.resize(n_rows);
            for (uint32_t i = 0; i < n_rows; i++) in_shape[i] = i;
        }
        if (shape || !shape_of.empty()) {
            shape_of.push(shape);
            in_shape.push(shapes[shape].n_rows);
        }
        shapes[shape].n_rows++;
        times.push(time_ns);
        skeleton_of.push(skeleton);
        in_group.push(g.n_rows++);
        in_skeleton.push(s.n_rows++);
        if (n_rows == 0 || time_ns > latest_) latest_ = time_ns;
        if (n_rows && time_ns < times[n_rows - 1]) ascends_ = false;
        n_rows++;
    }
    bool ascends() const { return ascends_; }

    // The group with these properties, made if it is new; for joining blocks.
    uint32_t find_group(uint8_t kind, const Constants& constants, const std::vector<uint8_t>& inner) {
        const uint64_t hash = hash_of(kind, constants, inner);
        for (auto range = known_groups_.equal_range(hash); range.first != range.second; ++range.first) {
            const Group& g = *groups[range.first->second];
            if (g.kind == kind && g.inner == inner && g.constants == constants) return range.first->second;
        }
        return add_group(kind, Constants(constants), inner);
    }
    uint32_t find_skeleton(uint32_t group, const std::vector<Constants>& constants) {
        uint64_t hash = hash_of(group, constants);
        for (auto range = skeleton_index_.equal_range(hash); range.first != range.second; ++range.first) {
            const Skeleton& s = *skeletons[range.first->second];
            if (s.group == group && s.constants == constants) return range.first->second;
        }
        return add_skeleton(group, std::vector<Constants>(constants), hash);
    }

    void add_row(const char* line, size_t n, int64_t time_ns, const Pairs& pairs) {
        uint32_t shape = find_shape(pairs.names);
        uint32_t skeleton = add_line(line, n);
        for (size_t i = 0; i < pairs.values.size(); i++)
            columns[shapes[shape].columns[i]]->append(pairs.values[i].at, pairs.values[i].size);
        push_row(time_ns, skeleton, shape);
    }

   private:
    static uint64_t hash_of(uint8_t kind, const Constants& constants, const std::vector<uint8_t>& inner) {
        uint64_t hash = hash_bytes(reinterpret_cast<const char*>(inner.data()), inner.size(), kind);
        for (size_t i = 0; i < constants.size(); i++) hash = hash_bytes(constants[i].at, constants[i].size, hash);
        return hash;
    }

    uint32_t add_group(uint8_t kind, Constants&& constants, const std::vector<uint8_t>& inner) {
        known_groups_.emplace(hash_of(kind, constants, inner), uint32_t(groups.size()));
        groups.emplace_back(new Group());
        Group& g = *groups.back();
        g.kind = kind;
        g.constants = std::move(constants);
        g.inner = inner;
        for (uint8_t how : inner) {
            g.columns.push_back(how == kValue ? add_column() : kNone);
            g.n_inner += how != kValue;
        }
        return uint32_t(groups.size() - 1);
    }

    static uint64_t hash_of(uint32_t group, const std::vector<Constants>& constants) {
        uint64_t hash = group;
        for (const Constants& c : constants)
            for (size_t i = 0; i < c.size(); i++) hash = hash_bytes(c[i].at, c[i].size, hash);
        return hash;
    }

    uint32_t add_skeleton(uint32_t group, std::vector<Constants>&& constants, uint64_t hash) {
        uint32_t number = uint32_t(skeletons.size());
        skeletons.emplace_back(new Skeleton());
        Skeleton& s = *skeletons.back();
        s.group = group;
        s.constants = std::move(constants);
        for (const Constants& c : s.constants)
            for (size_t i = 1; i < c.size(); i++) s.columns.push_back(add_column());
        add_parts(number);
        groups[group]->skeletons.push_back(number);
        skeleton_index_.emplace(hash, number);
        return number;
    }

    // Shreds a line and appends its values; its skeleton.
    uint32_t add_line(const char* line, size_t n) {
        uint8_t kind = kPlain;
        places_.clear();
        if (n && n <= kMostShredded) {
            if (line[0] == '{') {
                if (json_.shred(line, n, places_)) kind = kJson;
            } else if (shred_logfmt(line, n, places_)) {
                kind = kLogfmt;
            }
        }
        if (kind == kPlain) {
            places_.clear();
            places_.add(0, n);
        }
        uint32_t group = last_group_;
        // Lines mostly have the group of the line before.
        if (group == kNone || groups[group]->kind != kind ||
            !groups[group]->constants.match(line, 0, n, places_, 0, places_.size())) {
            group = group_of(kind, line, n);
            if (group == kNone) return whole(line, n);
            last_group_ = group;
        }
        while (groups[group]->heir != kNone) last_group_ = group = groups[group]->heir;
        Group& g = *groups[group];
        uint32_t skeleton = kNone;
        if (g.n_inner == 0) {
            skeleton = g.skeletons[0];
        } else {
            if (n <= kMostShredded) skeleton = inner_skeleton(group, line, n);
            if (skeleton == kNone) {
                if (kind == kPlain) return whole(line, n);
                return add_line_unshredded(group, line, n);
            }
        }
        Skeleton& s = *skeletons[skeleton];
        for (size_t i = 0, mine = 0, inner = 0; i < g.columns.size(); i++) {
            if (g.inner[i] == kValue) {
                columns[g.columns[i]]->append(line + places_.lo(i), places_.hi(i) - places_.lo(i));
                continue;
            }
            for (size_t k = 1; k < s.constants[inner].size(); k++, mine++)
                columns[s.columns[mine]]->append(line + inner_.lo(mine), inner_.hi(mine) - inner_.lo(mine));
            inner++;
        }
        if (g.kind == kPlain) {
            s.raw_bytes += n;
            if (s.n_rows % 256 == 255) {
                size_t size = 0;
                for (uint32_t c : s.columns) size += columns[c]->size_bytes();
                s.is_poor = size > s.raw_bytes + s.raw_bytes / 4;
            }
        } else if (g.n_rows % 64 == 63) {
            reconsider(group);
        }
        return skeleton;
    }

    // The first group with the constants around `places_`; kNone where there are too many groups already.
    uint32_t group_of(uint8_t kind, const char* line, size_t n) {
        uint64_t hash = Constants::hash(line, 0, n, places_, 0, places_.size(), kind);
        for (auto range = group_index_.equal_range(hash); range.first != range.second; ++range.first) {
            const Group& g = *groups[range.first->second];
            if (g.kind == kind && g.constants.match(line, 0, n, places_, 0, places_.size()))
                return range.first->second;
        }
        if (groups.size() >= kFewGroups + n_rows / kRowsEach) return kNone;
        Constants constants;
        constants.around(line, 0, n, places_, 0, places_.size());
        std::vector<uint8_t> inner(places_.size(), kind == kPlain ? kWords : kValue);
        uint32_t group = add_group(kind, std::move(constants), inner);
        group_index_.emplace(hash, group);
        if (kind != kPlain) add_skeleton(group, {}, group);
        return group;
    }

    uint32_t whole(const char* line, size_t n) {
        if (whole_ == kNone) {
            Constants none;
            none.add("", 0);
            none.add("", 0);
            whole_ = find_skeleton(find_group(kWhole, none, {kValue}), {});
        }
        columns[groups[skeletons[whole_]->group]->columns[0]]->append(line, n);
        return whole_;
    }

    // The line with its values as they are, although its group shreds some: in the group that it came from.
    uint32_t add_line_unshredded(uint32_t group, const char* line, size_t) {
        const std::vector<uint8_t> inner(groups[group]->inner.size(), kValue);
        uint32_t plain = find_group(groups[group]->kind, groups[group]->constants, inner);
        uint32_t skeleton = find_skeleton(plain, {});
        for (size_t i = 0; i < inner.size(); i++)
            columns[groups[plain]->columns[i]]->append(line + places_.lo(i), places_.hi(i) - places_.lo(i));
        return skeleton;
    }

    // The skeleton of a group that shreds some values; kNone where there are too many. `inner_` has their places.
    uint32_t inner_skeleton(uint32_t group, const char* line, size_t n) {
        Group& g = *groups[group];
        inner_.clear();
        inner_n_.clear();
        uint64_t hash = group;
        for (size_t i = 0; i < g.inner.size(); i++) {
            if (g.inner[i] == kValue) continue;
            const size_t first = inner_.size(), lo = places_.lo(i), hi = places_.hi(i);
            bool every = g.inner[i] == kTokens;
            bool good = g.kind == kPlain || !std::memchr(line + lo, '\\', hi - lo);
            if (good) good = shred_plain(line, lo, hi, every, kMostValues, inner_);
            if (!good) {
                if (g.kind == kPlain) return kNone;
                inner_.shrink(first);
                inner_.add(lo, hi);
            }
            inner_n_.push_back(uint32_t(inner_.size() - first));
        }
        for (size_t k = 0; k < 4 && g.recent[k] != kNone; k++) {
            if (!fits(*skeletons[g.recent[k]], g, line)) continue;
            if (k) std::swap(g.recent[k], g.recent[k - 1]);
            const uint32_t found = g.recent[k ? k - 1 : 0];
            return skeletons[found]->is_poor ? kNone : found;
        }
        size_t first = 0;
        for (size_t i = 0, k = 0; i < g.inner.size(); i++) {
            if (g.inner[i] == kValue) continue;
            hash = Constants::hash(line, places_.lo(i), places_.hi(i), inner_, first, inner_n_[k], hash);
            first += inner_n_[k++];
        }
        for (auto range = skeleton_index_.equal_range(hash); range.first != range.second; ++range.first) {
            const Skeleton& s = *skeletons[range.first->second];
            if (s.group != group || !fits(s, g, line)) continue;
            remember(g, range.first->second);
            return s.is_poor ? kNone : range.first->second;
        }
        if (g.skeletons.size() >= kFewSkeletons + g.n_rows / kRowsEach) {
            // Words that vary too much become values; if that does not help, the text is one value.
            if (g.heir == kNone) refine(group);
            return kNone;
        }
        std::vector<Constants> constants;
        first = 0;
        for (size_t i = 0, k = 0; i < g.inner.size(); i++) {
            if (g.inner[i] == kValue) continue;
            constants.emplace_back();
            constants.back().around(line, places_.lo(i), places_.hi(i), inner_, first, inner_n_[k]);
            first += inner_n_[k++];
        }
        const uint32_t added = add_skeleton(group, std::move(constants), hash);
        remember(*groups[group], added);
        return added;
    }

    static void remember(Group& g, uint32_t skeleton) {
        std::copy_backward(g.recent + 1, g.recent + 3, g.recent + 4);
        g.recent[1] = g.recent[0];
        g.recent[0] = skeleton;
    }

    bool fits(const Skeleton& s, const Group& g, const char* line) const {
        size_t first = 0;
        for (size_t i = 0, k = 0; i < g.inner.size(); i++) {
            if (g.inner[i] == kValue) continue;
            if (!s.constants[k].match(line, places_.lo(i), places_.hi(i), inner_, first, inner_n_[k])) return false;
            first += inner_n_[k++];
        }
        return true;
    }

    void succeed(uint32_t group, const std::vector<uint8_t>& inner) {
        uint32_t heir = find_group(groups[group]->kind, groups[group]->constants, inner);
        if (heir == group) return;
        if (groups[heir]->n_inner == 0 && groups[heir]->skeletons.empty()) find_skeleton(heir, {});
        groups[heir]->heir = kNone;
        groups[group]->heir = heir;
    }

    // Too many skeletons: the next coarser way to shred.
    void refine(uint32_t group) {
        std::vector<uint8_t> inner = groups[group]->inner;
        bool words = std::find(inner.begin(), inner.end(), uint8_t(kWords)) != inner.end();
        if (groups[group]->kind == kPlain && !words) return;  // further lines are kept whole
        for (uint8_t& how : inner) how = how == kWords && words ? kTokens : kValue;
        succeed(group, inner);
    }

    // Whether texts of a group vary in a few places only, so that shredding them pays.
    void reconsider(uint32_t group) {
        std::vector<uint8_t> inner = groups[group]->inner;
        bool found = false;
        for (size_t i = 0; i < inner.size(); i++) {
            if (inner[i] != kValue) continue;
            Column& c = *columns[groups[group]->columns[i]];
            if (c.mode != kTexts || c.tested || c.n < 32) continue;
            c.tested = true;
            Places places;
            std::unordered_map<uint64_t, int> patterns;
            size_t parted = 0;
            for (size_t k = 0; k < 32; k++) {
                Span t = c.dictionary.text(c.n - 1 - k);
                if (t.size > kMostShredded || std::memchr(t.at, '\\', t.size)) continue;
                places.clear();
                if (!shred_plain(t.at, 0, t.size, false, kMostValues, places)) continue;
                size_t covered = 0;
                for (size_t j = 0; j < places.size(); j++) covered += places.hi(j) - places.lo(j);
                if (places.size() == 0 || covered + 2 > t.size) continue;
                parted++;
                patterns[Constants::hash(t.at, 0, t.size, places, 0, places.size(), 0)]++;
            }
            if (parted >= 16 && patterns.size() <= 14) {
                inner[i] = kWords;
                found = true;
            }
        }
        if (found) succeed(group, inner);
    }

    // --- rows that come twice

    bool same(size_t row, const char* line_at, size_t n, int64_t time_ns, const Pairs& pairs) {
        if (times[row] != time_ns) return false;
        const Shape& shape = shapes[shape_at(row)];
        if (shape.names.size() != pairs.names.size()) return false;
        for (size_t i = 0; i < pairs.names.size(); i++) {
            if (shape.names[i] != std::string_view(pairs.names[i].at, pairs.names[i].size)) return false;
            scratch_.clear();
            columns[shape.columns[i]]->text(shape_of.empty() ? row : in_shape[row], scratch_);
            if (scratch_ != std::string_view(pairs.values[i].at, pairs.values[i].size)) return false;
        }
        scratch_.clear();
        line(row, scratch_);
        return scratch_ == std::string_view(line_at, n);
    }

    static uint64_t hash_row(const char* line, size_t n, int64_t time_ns, const Pairs& pairs) {
        uint64_t hash = hash_bytes(line, n, uint64_t(time_ns));
        for (size_t i = 0; i < pairs.names.size(); i++)
            hash = hash_bytes(pairs.values[i].at, pairs.values[i].size,
                              hash_bytes(pairs.names[i].at, pairs.names[i].size, hash));
        return hash;
    }

    void enter(uint32_t row, uint64_t hash) {
        if ((size_t(n_rows) + 1) * 2 > seen_.size()) {
            Array<uint64_t> old = std::move(seen_);
            size_t room = 64;
            while (room < size_t(n_rows) * 3) room *= 2;
            seen_.assign(room, ~0ull);
            for (size_t i = 0; i < old.size(); i++)
                if (old[i] != ~0ull) place(old[i]);
        }
        place((hash & 0xFFFFFFFF00000000ull) | row);
    }
    void place(uint64_t entry) {
        size_t mask = seen_.size() - 1, at = (entry >> 32) & mask;
        while (seen_[at] != ~0ull) at = (at + 1) & mask;
        seen_[at] = entry;
    }

    bool is_there(const char* line_at, size_t n, int64_t time_ns, const Pairs& pairs) {
        if (!indexed_ && ascends_ && time_ns == latest_) {
            // Rows of the same time stand at the end.
            size_t row = n_rows;
            for (int k = 0; k < 8; k++) {
                if (row == 0 || times[row - 1] != time_ns) return false;
                if (same(--row, line_at, n, time_ns, pairs)) return true;
            }
        }
        if (!indexed_) {
            indexed_ = true;
            std::string text;
            std::vector<std::string> values;
            for (uint32_t row = 0; row < n_rows; row++) {
                text.clear();
                line(row, text);
                const Shape& shape = shapes[shape_at(row)];
                values.assign(shape.names.size(), std::string());
                Pairs mine;
                for (size_t i = 0; i < values.size(); i++) {
                    columns[shape.columns[i]]->text(shape_of.empty() ? row : in_shape[row], values[i]);
                    mine.add(Span{shape.names[i].data(), shape.names[i].size()},
                             Span{values[i].data(), values[i].size()});
                }
                enter(row, hash_row(text.data(), text.size(), times[row], mine));
            }
        }
        const uint64_t hash = hash_row(line_at, n, time_ns, pairs);
        const size_t mask = seen_.size() - 1;
        for (size_t at = (hash >> 32) & mask; seen_[at] != ~0ull; at = (at + 1) & mask)
            if ((seen_[at] ^ hash) >> 32 == 0 && same(uint32_t(seen_[at]), line_at, n, time_ns, pairs)) return true;
        return false;
    }

    static constexpr size_t kMostShredded = 1u << 16;
    // How many may come without enough rows for each.
    static constexpr size_t kFewGroups = 48, kFewSkeletons = 24, kRowsEach = 32;

    JsonShredder json_;
    Places places_, inner_;
    std::vector<uint32_t> inner_n_;
    std::string scratch_;
    std::unordered_multimap<uint64_t, uint32_t> group_index_, known_groups_, skeleton_index_, shape_index_;
    uint32_t last_group_ = kNone, last_shape_ = 0, whole_ = kNone;
    int64_t latest_ = 0;
    bool ascends_ = true, indexed_ = false;
    Array<uint64_t> seen_;  // rows by the upper half of their hash, once times do not ascend any more
};

}  // namespace line_block
