// Columns as bytes, in two parts: a head with all but one value for each row, and a body. See docs/formats/log-block.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "line_column.hpp"
#include "line_integers.hpp"

namespace line_block {

constexpr uint64_t kMostBodyBytes = 1u << 29;  // of a pack, so that hostile bytes cannot ask for more

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

}  // namespace line_block
