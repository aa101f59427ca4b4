// A block of lines as bytes that do not change, and its columns back out of them. See docs/formats/log-block.md.
//
// Columns are encoded into bodies, bodies are joined into packs, and whoever calls compresses the packs: this file knows
// no compression. A sealed block is read from its header, then from its structure, then pack by pack as they are needed.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "line_block.hpp"
#include "word_filter.hpp"

namespace line_block {

constexpr size_t kHeaderBytes = 56;
constexpr char kMagic[8] = {'W', 'K', 'L', 'I', 'N', 'E', 'S', 1};
constexpr size_t kPackBytes = 16384;          // bodies smaller than this share a pack
constexpr uint64_t kMostBodyBytes = 1u << 29;  // of a pack, so that hostile bytes cannot ask for more

enum Predictor : uint8_t { kPlainly = 0, kFromLast = 1, kFromTime = 2 };

inline void put_fixed(std::string& out, uint64_t value, size_t n) {
    out.append(reinterpret_cast<const char*>(&value), n);
}

struct Header {
    uint32_t n_rows = 0;
    uint64_t raw_bytes = 0;
    int64_t first_time = 0, last_time = 0;
    uint32_t structure_bytes = 0, structure_raw = 0;
    uint64_t size = 0;

    std::string save() const {
        std::string out(kMagic, 8);
        put_fixed(out, n_rows, 4);
        put_fixed(out, structure_bytes, 4);
        put_fixed(out, structure_raw, 4);
        put_fixed(out, raw_bytes, 8);
        put_fixed(out, uint64_t(first_time), 8);
        put_fixed(out, uint64_t(last_time), 8);
        put_fixed(out, size, 8);
        put_fixed(out, hash_bytes(out.data(), out.size()), 4);
        return out;
    }
    void load(const char* p, uint64_t n) {
        if (n < kHeaderBytes || std::memcmp(p, kMagic, 8) != 0) Reader::bad();
        if (load32(p + 52) != uint32_t(hash_bytes(p, 52))) Reader::bad();
        n_rows = load32(p + 8);
        structure_bytes = load32(p + 12);
        structure_raw = load32(p + 16);
        raw_bytes = load64(p + 20);
        first_time = int64_t(load64(p + 28));
        last_time = int64_t(load64(p + 36));
        size = load64(p + 44);
        if (size != n || n_rows > kMostRows || structure_bytes > n - kHeaderBytes ||
            structure_raw > kMostBodyBytes) Reader::bad();
    }
};

// --- integers as planes of bytes

// What the integers of a column are made from: differences to something that can be known, less the least of them.
struct IntCode {
    uint8_t predictor = kPlainly;
    uint8_t width = 0;  // bytes of each
    int64_t base = 0;

    void save(std::string& out) const {
        out.push_back(char(predictor));
        out.push_back(char(width));
        varint::put_varint(out, varint::zigzag(uint64_t(base)));
    }
    void load(Reader& in) {
        predictor = in.byte();
        width = in.byte();
        base = in.signed_number();
        if (predictor > kFromTime || width > 8) Reader::bad();
    }
};

inline unsigned bytes_of(uint64_t value) { return value ? unsigned(71 - __builtin_clzll(value)) / 8 : 0; }

inline void put_planes(std::string& out, const uint64_t* values, size_t n, unsigned width) {
    size_t at = out.size();
    out.resize(at + n * width);
    for (unsigned k = 0; k < width; k++) {
        char* to = &out[at + size_t(k) * n];
        for (size_t i = 0; i < n; i++) to[i] = char(values[i] >> (8 * k));
    }
}

// `time_unit`: nanoseconds in one of the column's units, 0 where it holds no times.
template <class ValueOf, class TimeOf>
IntCode encode_ints(size_t n, const ValueOf& value_of, const TimeOf& time_of, int64_t time_unit, std::string& body) {
    IntCode best;
    uint64_t best_bits = ~0ull;
    std::vector<uint64_t> residuals(n), best_residuals;
    for (uint8_t predictor = kPlainly; predictor <= kFromTime; predictor++) {
        if (predictor == kFromTime && !time_unit) break;
        int64_t least = INT64_MAX, last = 0;
        for (size_t i = 0; i < n; i++) {
            int64_t v = value_of(i);
            uint64_t expected = 0;
            if (predictor == kFromLast) expected = uint64_t(last);
            if (predictor == kFromTime) expected = uint64_t(time_of(i) / time_unit);
            last = v;
            int64_t residual = int64_t(uint64_t(v) - expected);
            if (predictor == kFromLast && i == 0) residual = 0;  // the first stands in `base`'s place
            residuals[i] = uint64_t(residual);
            if (i || predictor != kFromLast) least = std::min(least, residual);
        }
        if (least == INT64_MAX) least = 0;
        uint64_t bits = predictor == kFromLast ? n / 8 : 0, all = 0;
        if (predictor == kFromLast && n) residuals[0] = uint64_t(least);
        for (size_t i = 0; i < n; i++) {
            residuals[i] -= uint64_t(least);
            all |= residuals[i];
            bits += 64 - unsigned(__builtin_clzll(residuals[i] | 1));
        }
        if (!all) bits = 0;
        if (bits < best_bits) {
            best_bits = bits;
            best.predictor = predictor;
            best.base = least;
            best.width = uint8_t(bytes_of(all));
            best_residuals.swap(residuals);
            residuals.resize(n);
        }
    }
    if (best.predictor == kFromLast && n) put_fixed(body, uint64_t(value_of(0)), 8);
    put_planes(body, best_residuals.data(), n, best.width);
    return best;
}

inline uint64_t int_body_bytes(const IntCode& code, uint64_t n) {
    return n * code.width + (code.predictor == kFromLast && n ? 8 : 0);
}

template <class Sink, class TimeOf>
void decode_ints(const IntCode& code, size_t n, Reader& in, const TimeOf& time_of, int64_t time_unit, Sink&& sink) {
    int64_t last = 0;
    if (code.predictor == kFromLast && n) last = int64_t(load64(in.bytes(8).at) - uint64_t(code.base));
    const uint8_t* planes = reinterpret_cast<const uint8_t*>(in.bytes(uint64_t(n) * code.width).at);
    constexpr size_t kStep = 1024;
    uint64_t values[kStep];
    for (size_t lo = 0; lo < n; lo += kStep) {
        const size_t m = std::min(kStep, n - lo);
        for (size_t i = 0; i < m; i++) values[i] = uint64_t(code.base);
        for (unsigned k = 0; k < code.width; k++) {
            const uint8_t* from = planes + size_t(k) * n + lo;
            for (size_t i = 0; i < m; i++) values[i] += uint64_t(from[i]) << (8 * k);
        }
        if (code.predictor == kFromLast)
            for (size_t i = 0; i < m; i++) values[i] = uint64_t(last = int64_t(uint64_t(last) + values[i]));
        else if (code.predictor == kFromTime)
            for (size_t i = 0; i < m; i++) values[i] += uint64_t(time_of(lo + i) / time_unit);
        for (size_t i = 0; i < m; i++) sink(int64_t(values[i]));
    }
}

// Codes below `distinct`, in one or two planes; nothing where there is but one.
inline unsigned code_bytes(size_t distinct) { return distinct <= 1 ? 0 : distinct <= 256 ? 1 : distinct <= 65536 ? 2 : 4; }

// --- columns

// What is known of a stored column without its body: everything but one value for each row.
struct StoredColumn {
    IntCode ints;
    uint8_t has_decimals = 0;
    uint8_t length_width = 0;  // kTexts
    uint64_t text_bytes = 0;   // kTexts
    uint64_t body_bytes = 0;
    uint64_t at = 0;           // in its pack
    uint32_t pack = kNone;
};

inline int64_t time_unit(const Layout& layout) {
    if (layout.kind != kTime) return 0;
    return powers_of_ten()[9 - (layout.digits == kTrimmed ? 9 : layout.digits)];
}

// Head and body of a column. `time_of(i)`: ns of the row of value i.
template <class TimeOf>
void save_column(const Column& c, const TimeOf& time_of, std::string& head, std::string& body) {
    head.push_back(char(c.mode));
    const std::string::size_type before = body.size();
    switch (c.mode) {
        case kCodes: {
            const size_t distinct = c.dictionary.size();
            varint::put_varint(head, distinct);
            for (size_t i = 0; i < distinct; i++) varint::put_varint(head, c.dictionary.text(i).size);
            head.append(c.dictionary.data.data() ? c.dictionary.data.data() : "", c.dictionary.data.size());
            if (c.code_width == 1) {
                body.append(reinterpret_cast<const char*>(c.codes.data()), c.n);
            } else if (c.code_width == 2) {
                body.resize(before + size_t(c.n) * 2);
                for (size_t i = 0; i < c.n; i++) {
                    body[before + i] = char(c.codes[2 * i]);
                    body[before + c.n + i] = char(c.codes[2 * i + 1]);
                }
            }
            break;
        }
        case kInts: {
            const Typed& t = *c.typed;
            t.layout.save(head);
            IntCode code = encode_ints(
                c.n, [&](size_t i) { return t.ints[i]; }, time_of, time_unit(t.layout), body);
            code.save(head);
            head.push_back(char(!t.decimals.empty()));
            head.push_back(char(t.all_decimals));
            if (!t.decimals.empty()) body.append(reinterpret_cast<const char*>(t.decimals.data()), c.n);
            break;
        }
        case kHexes:
            c.typed->layout.save(head);
            body.append(c.typed->bytes.data() ? c.typed->bytes.data() : "", c.typed->bytes.size());
            break;
        default: {
            std::vector<uint64_t> lengths(c.n);
            uint64_t all = 0;
            for (size_t i = 0; i < c.n; i++) all |= lengths[i] = c.dictionary.text(i).size;
            head.push_back(char(bytes_of(all)));
            varint::put_varint(head, c.dictionary.data.size());
            put_planes(body, lengths.data(), c.n, bytes_of(all));
            body.append(c.dictionary.data.data() ? c.dictionary.data.data() : "", c.dictionary.data.size());
        }
    }
}

// Reads a head; `c.n` is known.
inline void load_head(Column& c, Reader& in) {
    StoredColumn& s = *(c.stored = std::make_shared<StoredColumn>());
    c.mode = in.byte();
    switch (c.mode) {
        case kCodes: {
            const size_t distinct = in.number(std::min<uint64_t>(c.n, 65536));
            if (distinct > in.left() || (c.n && !distinct)) Reader::bad();
            uint64_t end = 0;
            c.dictionary.ends.resize(distinct);
            for (size_t i = 0; i < distinct; i++) {
                end += in.number(0xFFFFFFFFu);
                if (end > 0xFFFFFFFFu) Reader::bad();
                c.dictionary.ends[i] = uint32_t(end);
            }
            Span text = in.bytes(end);
            c.dictionary.data.append(text.at, text.size);
            c.code_width = uint8_t(code_bytes(distinct));
            s.body_bytes = uint64_t(c.n) * c.code_width;
            break;
        }
        case kInts:
            c.typed.reset(new Typed());
            c.typed->layout.load(in);
            if (c.typed->layout.kind == kHex) Reader::bad();
            s.ints.load(in);
            if (s.ints.predictor == kFromTime && c.typed->layout.kind != kTime) Reader::bad();
            s.has_decimals = in.byte();
            c.typed->all_decimals = in.byte();
            if (c.typed->all_decimals > 18) Reader::bad();
            s.body_bytes = int_body_bytes(s.ints, c.n) + (s.has_decimals ? c.n : 0);
            break;
        case kHexes:
            c.typed.reset(new Typed());
            c.typed->layout.load(in);
            if (c.typed->layout.kind != kHex) Reader::bad();
            s.body_bytes = uint64_t(c.n) * c.typed->layout.hex_bytes();
            break;
        case kTexts:
            s.length_width = in.byte();
            s.text_bytes = in.number(kMostBodyBytes);
            if (s.length_width > 4) Reader::bad();
            s.body_bytes = uint64_t(c.n) * s.length_width + s.text_bytes;
            break;
        default: Reader::bad();
    }
    if (s.body_bytes > kMostBodyBytes) Reader::bad();
}

// Reads a body of exactly `body_bytes`.
template <class TimeOf>
void load_body(Column& c, const char* p, const TimeOf& time_of) {
    const StoredColumn& s = *c.stored;
    Reader in(p, s.body_bytes);
    switch (c.mode) {
        case kCodes: {
            const size_t distinct = c.dictionary.size();
            const uint8_t* from = reinterpret_cast<const uint8_t*>(in.bytes(s.body_bytes).at);
            c.codes.resize(size_t(c.n) * c.code_width);
            if (c.code_width == 1) {
                uint8_t most = 0;
                for (size_t i = 0; i < c.n; i++) most = std::max(most, c.codes[i] = from[i]);
                if (c.n && most >= distinct) Reader::bad();
            } else if (c.code_width == 2) {
                unsigned most = 0;
                for (size_t i = 0; i < c.n; i++) {
                    c.codes[2 * i] = from[i];
                    c.codes[2 * i + 1] = from[c.n + i];
                    most = std::max(most, unsigned(from[i]) | unsigned(from[c.n + i]) << 8);
                }
                if (c.n && most >= distinct) Reader::bad();
            }
            break;
        }
        case kInts: {
            Typed& t = *c.typed;
            t.ints.reserve(c.n);
            decode_ints(s.ints, c.n, in, time_of, std::max<int64_t>(1, time_unit(t.layout)),
                        [&](int64_t v) { t.ints.push(v); });
            if (s.has_decimals) {
                Span decimals = in.bytes(c.n);
                t.decimals.append(reinterpret_cast<const uint8_t*>(decimals.at), decimals.size);
                for (size_t i = 0; i < c.n; i++)
                    if (t.decimals[i] > 18) Reader::bad();
            }
            break;
        }
        case kHexes: {
            Span bytes = in.bytes(s.body_bytes);
            c.typed->bytes.append(bytes.at, bytes.size);
            break;
        }
        default: {
            const uint8_t* lengths = reinterpret_cast<const uint8_t*>(in.bytes(uint64_t(c.n) * s.length_width).at);
            uint64_t end = 0;
            c.dictionary.ends.resize(c.n);
            for (size_t i = 0; i < c.n; i++) {
                for (unsigned k = 0; k < s.length_width; k++) end += uint64_t(lengths[size_t(k) * c.n + i]) << (8 * k);
                if (end > s.text_bytes) Reader::bad();
                c.dictionary.ends[i] = uint32_t(end);
            }
            if (end != s.text_bytes) Reader::bad();
            Span text = in.bytes(end);
            c.dictionary.data.append(text.at, text.size);
        }
    }
}

// --- sealing

// A block as bytes that are still to be compressed: the structure, and packs of bodies.
struct Draft {
    Header header;
    std::string structure;            // without the sizes of packs, which come before it
    std::vector<std::string> packs;   // the first holds times, skeletons and shapes of rows
    std::string filter;
};

inline void put_constants(std::string& out, const Constants& c) {
    varint::put_varint(out, c.size());
    for (size_t i = 0; i < c.size(); i++) varint::put_varint(out, c[i].size);
    out += c.text;
}
inline void read_constants(Reader& in, Constants& c, size_t n) {
    if (in.number(kMostValues + 1) != n) Reader::bad();
    uint64_t end = 0;
    for (size_t i = 0; i < n; i++) {
        end += in.number(0xFFFFFFFFu);
        if (end > 0xFFFFFFFFu) Reader::bad();
        c.ends.push_back(uint32_t(end));
    }
    Span text = in.bytes(end);
    c.text.assign(text.at, text.size);
}

// Which rows a group, a skeleton or a shape has.
struct RowsOf {
    std::vector<std::vector<uint32_t>> group, skeleton, shape;
    explicit RowsOf(const Block& b) : group(b.groups.size()), skeleton(b.skeletons.size()), shape(b.shapes.size()) {
        for (size_t i = 0; i < group.size(); i++) group[i].reserve(b.groups[i]->n_rows);
        for (size_t i = 0; i < skeleton.size(); i++) skeleton[i].reserve(b.skeletons[i]->n_rows);
        for (size_t i = 0; i < shape.size(); i++) shape[i].reserve(b.shapes[i].n_rows);
        for (uint32_t row = 0; row < b.n_rows; row++) {
            const uint32_t s = b.skeleton_of[row];
            skeleton[s].push_back(row);
            group[b.skeletons[s]->group].push_back(row);
            shape[b.shape_at(row)].push_back(row);
        }
    }
};

inline void each_word_of(const Column& c, HashSet& words) {
    auto sink = [&](uint64_t hash) { words.add(hash); };
    if (c.mode == kCodes || c.mode == kTexts) {
        for (size_t i = 0; i < c.dictionary.size(); i++) {
            Span t = c.dictionary.text(i);
            each_word(t.at, t.size, sink);
        }
        return;
    }
    const Layout& layout = c.typed->layout;
    if (layout.kind == kAddress) return;  // its numbers are short
    const bool bare = layout.prefix.empty() && layout.suffix.empty();
    if (layout.kind == kTime && (layout.suffix.empty() || layout.suffix == "Z") && layout.mark != ',') return;
    char text[kMostText];
    for (size_t i = 0; i < c.n; i++) {
        if (layout.kind == kNumber && bare) {
            int64_t whole = c.typed->ints[i] / powers_of_ten()[std::min<int>(18, c.typed->decimals_of(i))];
            if (whole < 100000 && whole > -100000) continue;  // too short to be indexed
        }
        each_word(text, c.write(i, text), sink);
    }
}

// The block's rows in this order, as a new block.
inline std::unique_ptr<Block> reordered(const Block& b, const std::vector<uint32_t>& order) {
    std::unique_ptr<Block> out(new Block());
    std::vector<uint32_t> skeleton_to(b.skeletons.size(), kNone), shape_to(b.shapes.size(), kNone);
    std::vector<std::vector<uint32_t>> column_rows(b.columns.size());
    std::vector<uint32_t> column_to(b.columns.size(), kNone);
    for (uint32_t row : order) {
        const uint32_t s = b.skeleton_of[row], h = b.shape_at(row);
        const Skeleton& skeleton = *b.skeletons[s];
        const Group& group = *b.groups[skeleton.group];
        if (skeleton_to[s] == kNone) {
            uint32_t g = out->find_group(group.kind, group.constants, group.inner);
            skeleton_to[s] = out->find_skeleton(g, skeleton.constants);
            for (size_t i = 0; i < group.columns.size(); i++)
                if (group.columns[i] != kNone) column_to[group.columns[i]] = out->groups[g]->columns[i];
            for (size_t i = 0; i < skeleton.columns.size(); i++)
                column_to[skeleton.columns[i]] = out->skeletons[skeleton_to[s]]->columns[i];
        }
        if (shape_to[h] == kNone) {
            std::vector<Span> names;
            for (const std::string& name : b.shapes[h].names) names.push_back(Span{name.data(), name.size()});
            shape_to[h] = out->find_shape(names);
            for (size_t i = 0; i < names.size(); i++)
                column_to[b.shapes[h].columns[i]] = out->shapes[shape_to[h]].columns[i];
        }
        for (uint32_t c : group.columns)
            if (c != kNone) column_rows[c].push_back(b.in_group[row]);
        for (uint32_t c : skeleton.columns) column_rows[c].push_back(b.in_skeleton[row]);
        for (uint32_t c : b.shapes[h].columns) column_rows[c].push_back(b.in_shape_at(row));
        out->push_row(b.times[row], skeleton_to[s], shape_to[h]);
    }
    for (size_t c = 0; c < b.columns.size(); c++)
        if (column_to[c] != kNone) out->columns[column_to[c]]->append_some(*b.columns[c], column_rows[c]);
    out->raw_bytes = b.raw_bytes;
    return out;
}

inline std::unique_ptr<Block> in_order_of_time(const Block& b) {
    std::vector<uint32_t> order(b.n_rows);
    for (uint32_t i = 0; i < b.n_rows; i++) order[i] = i;
    std::stable_sort(order.begin(), order.end(), [&](uint32_t x, uint32_t y) { return b.times[x] < b.times[y]; });
    return reordered(b, order);
}

// All rows of another block behind those of this one.
inline void join(Block& to, const Block& from) {
    std::vector<uint32_t> skeleton_to(from.skeletons.size(), kNone), shape_to(from.shapes.size(), kNone);
    for (size_t s = 0; s < from.skeletons.size(); s++) {
        const Skeleton& skeleton = *from.skeletons[s];
        if (!skeleton.n_rows) continue;
        const Group& group = *from.groups[skeleton.group];
        uint32_t g = to.find_group(group.kind, group.constants, group.inner);
        skeleton_to[s] = to.find_skeleton(g, skeleton.constants);
        for (size_t i = 0; i < skeleton.columns.size(); i++)
            to.columns[to.skeletons[skeleton_to[s]]->columns[i]]->append_all(*from.columns[skeleton.columns[i]]);
    }
    for (const auto& group : from.groups) {
        if (!group->n_rows) continue;
        uint32_t g = to.find_group(group->kind, group->constants, group->inner);
        for (size_t i = 0; i < group->columns.size(); i++)
            if (group->columns[i] != kNone)
                to.columns[to.groups[g]->columns[i]]->append_all(*from.columns[group->columns[i]]);
    }
    for (size_t h = 0; h < from.shapes.size(); h++) {
        if (!from.shapes[h].n_rows) continue;
        std::vector<Span> names;
        for (const std::string& name : from.shapes[h].names) names.push_back(Span{name.data(), name.size()});
        shape_to[h] = to.find_shape(names);
        for (size_t i = 0; i < names.size(); i++)
            to.columns[to.shapes[shape_to[h]].columns[i]]->append_all(*from.columns[from.shapes[h].columns[i]]);
    }
    for (uint32_t row = 0; row < from.n_rows; row++)
        to.push_row(from.times[row], skeleton_to[from.skeleton_of[row]], shape_to[from.shape_at(row)]);
    to.raw_bytes += from.raw_bytes;
}

inline void draft(const Block& b, Draft& out) {
    if (!b.ascends()) return draft(*in_order_of_time(b), out);
    const RowsOf rows(b);
    HashSet words;
    auto sink = [&](uint64_t hash) { words.add(hash); };
    std::string& head = out.structure;
    std::string body, small;
    out.header.n_rows = b.n_rows;
    out.header.raw_bytes = b.raw_bytes;
    out.header.first_time = b.n_rows ? b.times[0] : 0;
    out.header.last_time = b.n_rows ? b.times[b.n_rows - 1] : 0;

    // Groups, skeletons and shapes that have rows.
    std::vector<uint32_t> group_to(b.groups.size(), kNone), skeleton_to(b.skeletons.size(), kNone),
        shape_to(b.shapes.size(), kNone);
    uint32_t n_groups = 0, n_skeletons = 0, n_shapes = 0;
    for (size_t i = 0; i < b.groups.size(); i++)
        if (b.groups[i]->n_rows) group_to[i] = n_groups++;
    for (size_t i = 0; i < b.skeletons.size(); i++)
        if (b.skeletons[i]->n_rows) skeleton_to[i] = n_skeletons++;
    for (size_t i = 0; i < b.shapes.size(); i++)
        if (b.shapes[i].n_rows) shape_to[i] = n_shapes++;

    varint::put_varint(head, n_groups);
    varint::put_varint(head, n_skeletons);
    varint::put_varint(head, n_shapes);
    for (size_t i = 0; i < b.groups.size(); i++) {
        if (group_to[i] == kNone) continue;
        const Group& g = *b.groups[i];
        head.push_back(char(g.kind));
        varint::put_varint(head, g.inner.size());
        head.append(reinterpret_cast<const char*>(g.inner.data()), g.inner.size());
        put_constants(head, g.constants);
        for (size_t k = 0; k < g.constants.size(); k++) each_word(g.constants[k].at, g.constants[k].size, sink);
    }
    for (size_t i = 0; i < b.skeletons.size(); i++) {
        if (skeleton_to[i] == kNone) continue;
        const Skeleton& s = *b.skeletons[i];
        varint::put_varint(head, group_to[s.group]);
        varint::put_varint(head, s.n_rows);
        for (const Constants& c : s.constants) {
            put_constants(head, c);
            for (size_t k = 0; k < c.size(); k++) each_word(c[k].at, c[k].size, sink);
        }
    }
    for (size_t i = 0; i < b.shapes.size(); i++) {
        if (shape_to[i] == kNone) continue;
        varint::put_varint(head, b.shapes[i].n_rows);
        varint::put_varint(head, b.shapes[i].names.size());
        for (const std::string& name : b.shapes[i].names) put_text(head, name);
    }

    // Rows.
    auto no_time = [](size_t) -> int64_t { return 0; };
    IntCode times = encode_ints(
        b.n_rows, [&](size_t i) { return b.times[i]; }, no_time, 0, body);
    times.save(head);
    std::vector<uint64_t> codes;
    if (n_skeletons > 1) {
        codes.resize(b.n_rows);
        for (size_t i = 0; i < b.n_rows; i++) codes[i] = skeleton_to[b.skeleton_of[i]];
        put_planes(body, codes.data(), b.n_rows, code_bytes(n_skeletons));
    }
    if (n_shapes > 1) {
        codes.resize(b.n_rows);
        for (size_t i = 0; i < b.n_rows; i++) codes[i] = shape_to[b.shape_at(i)];
        put_planes(body, codes.data(), b.n_rows, code_bytes(n_shapes));
    }
    out.packs.push_back(std::move(body));

    // Columns: small bodies share packs.
    std::vector<size_t> in_small;
    auto column = [&](const Column& given, const std::vector<uint32_t>& of, bool in_line) {
        std::unique_ptr<Column> better;
        const Column* c = &given;
        if (given.mode == kCodes && given.dictionary.size() > 64 && given.dictionary.size() > given.n / 4) {
            better.reset(new Column());
            better->take_codes(given);
            c = better.get();
        }
        if (in_line) each_word_of(*c, words);
        body.clear();
        save_column(*c, [&](size_t i) { return b.times[of[i]]; }, head, body);
        if (body.empty()) return;
        if (body.size() >= kPackBytes) {
            varint::put_varint(head, out.packs.size());
            out.packs.push_back(std::move(body));
            body = std::string();
            return;
        }
        if (in_small.empty() || out.packs[in_small.back()].size() >= kPackBytes) {
            in_small.push_back(out.packs.size());
            out.packs.emplace_back();
        }
        varint::put_varint(head, in_small.back());
        out.packs[in_small.back()] += body;
    };
    for (size_t i = 0; i < b.groups.size(); i++)
        if (group_to[i] != kNone)
            for (uint32_t c : b.groups[i]->columns)
                if (c != kNone) column(*b.columns[c], rows.group[i], true);
    for (size_t i = 0; i < b.skeletons.size(); i++)
        if (skeleton_to[i] != kNone)
            for (uint32_t c : b.skeletons[i]->columns) column(*b.columns[c], rows.skeleton[i], true);
    for (size_t i = 0; i < b.shapes.size(); i++)
        if (shape_to[i] != kNone)
            for (uint32_t c : b.shapes[i].columns) column(*b.columns[c], rows.shape[i], false);
    out.filter = make_filter(words);
}

// The bytes of a block, of its draft and what the caller made of structure and packs.
inline std::string pack_sizes(const Draft& draft, const std::vector<uint64_t>& packed) {
    std::string out;
    varint::put_varint(out, packed.size());
    for (size_t i = 0; i < packed.size(); i++) {
        varint::put_varint(out, packed[i]);
        varint::put_varint(out, draft.packs[i].size());
    }
    return out;
}

// --- reading a sealed block

class Sealed {
   public:
    Header header;
    Block block;

    Sealed(const char* data, size_t size) : data_(data), size_(size) {
        header.load(data, size);
        block.n_rows = header.n_rows;
        block.raw_bytes = header.raw_bytes;
    }

    bool has_structure() const { return has_structure_.load(std::memory_order_acquire); }

    // `p`: the structure, unpacked.
    void load_structure(const char* p, size_t size) {
        std::lock_guard<std::mutex> guard(mutex_);
        if (has_structure()) return;
        Reader in(p, size);
        uint64_t at = kHeaderBytes + uint64_t(header.structure_bytes);
        const size_t n_packs = in.number(in.left());
        packs_.clear();
        for (size_t i = 0; i < n_packs; i++) {
            Pack pack;
            pack.at = at;
            pack.size = in.number(size_ - at);
            pack.raw = in.number(kMostBodyBytes);
            at += pack.size;
            packs_.push_back(pack);
        }
        if (at != size_) Reader::bad();
        try {
            read_structure(in);
        } catch (...) {
            // Half of a structure must not be used.
            block.groups.clear();
            block.skeletons.clear();
            block.shapes.clear();
            block.columns.clear();
            block.slots.clear();
            throw;
        }
        loaded_.reset(new std::atomic<bool>[packs_.size()]);
        for (size_t i = 0; i < packs_.size(); i++) loaded_[i].store(false, std::memory_order_relaxed);
        has_structure_.store(true, std::memory_order_release);
    }

    struct Pack {
        uint64_t at = 0, size = 0, raw = 0;
        bool from_time = false;
        std::vector<uint32_t> columns;
    };
    const Pack& pack(size_t i) const { return packs_[i]; }
    bool is_loaded(size_t i) const { return loaded_[i].load(std::memory_order_acquire); }
    bool has_rows() const { return header.n_rows == 0 || is_loaded(0); }

    // Adds the packs that must be loaded, in this order, for a column to be readable.
    void missing(uint32_t column, std::vector<uint32_t>& out) const {
        const uint32_t number = block.columns[column]->stored->pack;
        if (number == kNone || is_loaded(number)) return;
        if (packs_[number].from_time && !has_rows()) want(0, out);
        want(number, out);
    }
    void missing_rows(std::vector<uint32_t>& out) const {
        if (!has_rows()) want(0, out);
    }

    void load_pack(uint32_t number, const char* p, size_t size) {
        std::lock_guard<std::mutex> guard(mutex_);
        if (is_loaded(number)) return;
        Pack& pack = packs_[number];
        if (size != pack.raw) Reader::bad();
        if (number == 0) load_rows(p, size);
        for (uint32_t c : pack.columns) {
            Column& column = *block.columns[c];
            const std::vector<uint32_t>* rows = nullptr;
            if (column.mode == kInts && column.stored->ints.predictor == kFromTime) rows = &rows_of(c);
            try {
                if (rows)
                    load_body(column, p + column.stored->at, [&](size_t i) { return block.times[(*rows)[i]]; });
                else
                    load_body(column, p + column.stored->at, [](size_t) -> int64_t { return 0; });
            } catch (...) {
                // A later try must begin anew.
                column.codes.free();
                if (column.mode == kTexts) column.dictionary.free();
                if (column.typed) {
                    column.typed->ints.free();
                    column.typed->decimals.free();
                    column.typed->bytes.free();
                }
                throw;
            }
        }
        loaded_[number].store(true, std::memory_order_release);
    }

    size_t size_bytes() {
        std::lock_guard<std::mutex> guard(mutex_);
        return sizeof(Sealed) + size_ + (has_structure() ? block.size_bytes() + packs_.size() * sizeof(Pack) : 0);
    }

   private:
    static void want(uint32_t pack, std::vector<uint32_t>& out) {
        if (std::find(out.begin(), out.end(), pack) == out.end()) out.push_back(pack);
    }

    void read_structure(Reader& in) {
        const uint32_t n = header.n_rows;
        const size_t n_groups = in.number(std::min<uint64_t>(n, in.left()));
        const size_t n_skeletons = in.number(std::min<uint64_t>(n, in.left()));
        const size_t n_shapes = in.number(std::min<uint64_t>(n, in.left()));
        if (n && (!n_groups || !n_skeletons || !n_shapes || packs_.empty())) Reader::bad();
        for (size_t i = 0; i < n_groups; i++) {
            block.groups.emplace_back(new Group());
            Group& g = *block.groups.back();
            g.kind = in.byte();
            const size_t n_values = in.number(kMostValues);
            Span inner = in.bytes(n_values);
            g.inner.assign(inner.at, inner.at + inner.size);
            for (uint8_t how : g.inner) {
                if (how > kTokens) Reader::bad();
                g.columns.push_back(how == kValue ? block.add_column() : kNone);
                g.n_inner += how != kValue;
            }
            read_constants(in, g.constants, n_values + 1);
            if (g.kind > kWhole) Reader::bad();
        }
        uint64_t rows = 0;
        for (size_t i = 0; i < n_skeletons; i++) {
            block.skeletons.emplace_back(new Skeleton());
            Skeleton& s = *block.skeletons.back();
            s.group = uint32_t(in.number());
            if (s.group >= n_groups) Reader::bad();
            s.n_rows = uint32_t(in.number(n));
            rows += s.n_rows;
            Group& g = *block.groups[s.group];
            g.n_rows += s.n_rows;
            g.skeletons.push_back(uint32_t(i));
            s.constants.resize(g.n_inner);
            for (Constants& c : s.constants) {
                Reader peek = in;
                const size_t n_constants = peek.number(kMostValues + 1);
                if (!n_constants) Reader::bad();
                read_constants(in, c, n_constants);
                for (size_t k = 1; k < c.size(); k++) s.columns.push_back(block.add_column());
            }
            block.add_parts(uint32_t(i));
        }
        if (rows != n) Reader::bad();
        rows = 0;
        for (size_t i = 0; i < n_shapes; i++) {
            block.shapes.emplace_back();
            Shape& h = block.shapes.back();
            h.n_rows = uint32_t(in.number(n));
            rows += h.n_rows;
            const size_t n_names = in.number(in.left());
            for (size_t k = 0; k < n_names; k++) {
                Span name = in.text();
                h.names.emplace_back(name.at, name.size);
                h.columns.push_back(block.add_column());
            }
        }
        if (rows != n) Reader::bad();
        times_.load(in);
        row_bytes_ = int_body_bytes(times_, n);
        if (times_.predictor == kFromTime) Reader::bad();
        if (n_skeletons > 1) row_bytes_ += uint64_t(n) * code_bytes(n_skeletons);
        if (n_shapes > 1) row_bytes_ += uint64_t(n) * code_bytes(n_shapes);
        if (packs_.empty() ? row_bytes_ != 0 : packs_[0].raw != row_bytes_) Reader::bad();
        packs_.emplace_back();  // of columns that need no bytes but the times of rows
        packs_.back().from_time = true;
        std::vector<uint64_t> used(packs_.size(), 0);
        auto head = [&](uint32_t c, uint32_t n_values) {
            Column& column = *block.columns[c];
            column.n = n_values;
            load_head(column, in);
            StoredColumn& s = *column.stored;
            if (!s.body_bytes) {
                if (column.mode == kInts && s.ints.predictor == kFromTime) {
                    s.pack = uint32_t(packs_.size() - 1);  // made of the times of rows alone
                    packs_.back().columns.push_back(c);
                } else {
                    load_body(column, "", [](size_t) -> int64_t { return 0; });
                }
                return;
            }
            s.pack = uint32_t(in.number(packs_.size()));
            if (s.pack == 0 || s.pack + 1 >= packs_.size()) Reader::bad();
            Pack& pack = packs_[s.pack];
            s.at = used[s.pack];
            used[s.pack] += s.body_bytes;
            if (used[s.pack] > pack.raw) Reader::bad();
            pack.columns.push_back(c);
            pack.from_time |= column.mode == kInts && s.ints.predictor == kFromTime;
        };
        for (auto& g : block.groups)
            for (uint32_t c : g->columns)
                if (c != kNone) head(c, g->n_rows);
        for (auto& s : block.skeletons)
            for (uint32_t c : s->columns) head(c, s->n_rows);
        for (auto& h : block.shapes)
            for (uint32_t c : h.columns) head(c, h.n_rows);
        for (size_t i = 1; i < packs_.size(); i++)
            if (used[i] != packs_[i].raw) Reader::bad();
        if (in.left()) Reader::bad();
    }

    void load_rows(const char* p, size_t size) {
        const uint32_t n = header.n_rows;
        Reader in(p, size);
        Array<int64_t> times;
        times.resize(n);
        size_t at = 0;
        decode_ints(times_, n, in, [](size_t) -> int64_t { return 0; }, 1, [&](int64_t t) { times[at++] = t; });
        for (size_t i = 1; i < n; i++)
            if (times[i] < times[i - 1]) Reader::bad();
        Array<uint32_t> skeleton_of, in_group, in_skeleton, shape_of, in_shape;
        skeleton_of.assign(n, 0);
        in_group.resize(n);
        in_skeleton.resize(n);
        read_codes(in, n, block.skeletons.size(), skeleton_of);
        std::vector<uint32_t> in_g(block.groups.size(), 0), in_s(block.skeletons.size(), 0);
        for (size_t i = 0; i < n; i++) {
            const uint32_t s = skeleton_of[i];
            in_skeleton[i] = in_s[s]++;
            in_group[i] = in_g[block.skeletons[s]->group]++;
        }
        for (size_t s = 0; s < in_s.size(); s++)
            if (in_s[s] != block.skeletons[s]->n_rows) Reader::bad();
        if (block.shapes.size() > 1) {
            shape_of.assign(n, 0);
            in_shape.resize(n);
            read_codes(in, n, block.shapes.size(), shape_of);
            std::vector<uint32_t> in_h(block.shapes.size(), 0);
            for (size_t i = 0; i < n; i++) in_shape[i] = in_h[shape_of[i]]++;
            for (size_t h = 0; h < in_h.size(); h++)
                if (in_h[h] != block.shapes[h].n_rows) Reader::bad();
        }
        block.times = std::move(times);
        block.skeleton_of = std::move(skeleton_of);
        block.in_group = std::move(in_group);
        block.in_skeleton = std::move(in_skeleton);
        block.shape_of = std::move(shape_of);
        block.in_shape = std::move(in_shape);
    }

    static void read_codes(Reader& in, size_t n, size_t distinct, Array<uint32_t>& out) {
        const unsigned width = code_bytes(distinct);
        const uint8_t* planes = reinterpret_cast<const uint8_t*>(in.bytes(uint64_t(n) * width).at);
        for (unsigned k = 0; k < width; k++)
            for (size_t i = 0; i < n; i++) out[i] |= uint32_t(planes[k * n + i]) << (8 * k);
        for (size_t i = 0; i < n; i++)
            if (out[i] >= distinct) Reader::bad();
    }

    const std::vector<uint32_t>& rows_of(uint32_t column) {
        if (!rows_) rows_.reset(new RowsOf(block));
        for (size_t i = 0; i < block.groups.size(); i++)
            for (uint32_t c : block.groups[i]->columns)
                if (c == column) return rows_->group[i];
        for (size_t i = 0; i < block.skeletons.size(); i++)
            for (uint32_t c : block.skeletons[i]->columns)
                if (c == column) return rows_->skeleton[i];
        for (size_t i = 0; i < block.shapes.size(); i++)
            for (uint32_t c : block.shapes[i].columns)
                if (c == column) return rows_->shape[i];
        Reader::bad();
    }

    const char* data_;
    size_t size_;
    std::mutex mutex_;
    std::atomic<bool> has_structure_{false};
    std::unique_ptr<std::atomic<bool>[]> loaded_;
    std::vector<Pack> packs_;
    IntCode times_;
    uint64_t row_bytes_ = 0;
    std::unique_ptr<RowsOf> rows_;
};

}  // namespace line_block
