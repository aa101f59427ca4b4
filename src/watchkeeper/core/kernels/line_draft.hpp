// A block of lines on its way to bytes: rows in order of time, columns encoded into bodies, bodies joined into packs.
//
// Whoever calls compresses the packs: this file knows no compression. See docs/formats/log-block.md.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "line_block.hpp"
#include "line_stored.hpp"
#include "word_filter.hpp"

namespace line_block {

constexpr size_t kHeaderBytes = 56;
constexpr char kMagic[8] = {'W', 'K', 'L', 'I', 'N', 'E', 'S', 1};
constexpr size_t kPackBytes = 16384;          // bodies smaller than this share a pack

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

}  // namespace line_block
