// A sealed block over its bytes: read from its header, then from its structure, then pack by pack as they are needed.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "line_draft.hpp"

namespace line_block {

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
