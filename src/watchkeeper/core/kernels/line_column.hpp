// The values of one slot: codes into few distinct texts, else numbers of one layout, else texts.
#pragma once

#include <memory>
#include <vector>

#include "line_layout.hpp"

namespace line_block {

enum Mode : uint8_t { kCodes = 0, kInts = 1, kHexes = 2, kTexts = 3 };

constexpr uint32_t kNone = 0xFFFFFFFFu;

// Distinct texts with numbers in order of arrival.
class Dictionary {
   public:
    size_t size() const { return ends.size(); }
    Span text(size_t i) const {
        uint32_t lo = i ? ends[i - 1] : 0;
        return Span{data.data() ? data.data() + lo : "", ends[i] - lo};
    }
    uint32_t find(const char* p, size_t n) const {
        if (table.empty()) {
            for (size_t i = 0; i < size(); i++)
                if (is(i, p, n)) return uint32_t(i);
            return kNone;
        }
        const size_t mask = table.size() - 1;
        for (size_t at = hash_bytes(p, n) & mask;; at = (at + 1) & mask) {
            uint32_t code = table[at];
            if (code == kNone) return kNone;
            if (is(code, p, n)) return code;
        }
    }
    // A text that `find` does not find.
    uint32_t add(const char* p, size_t n) {
        uint32_t code = uint32_t(size());
        data.append(p, n);
        ends.push(uint32_t(data.size()));
        if (size() > kScanned && size() * 4 > table.size() * 3)
            index();
        else if (!table.empty())
            enter(code);
        return code;
    }
    // Makes `find` fast for a dictionary that was filled otherwise.
    void index() {
        if (size() <= kScanned) return;
        size_t room = 32;
        while (room < size() * 2) room *= 2;
        table.assign(room, kNone);
        for (uint32_t i = 0; i < size(); i++) enter(i);
    }
    void free() {
        data.free();
        ends.free();
        table.free();
    }
    size_t size_bytes() const { return data.size_bytes() + ends.size_bytes() + table.size_bytes(); }

    Array<char> data;
    Array<uint32_t> ends;
    Array<uint32_t> table;

   private:
    static constexpr size_t kScanned = 6;
    bool is(size_t i, const char* p, size_t n) const {
        Span t = text(i);
        return t.size == n && std::memcmp(t.at, p, n) == 0;
    }
    void enter(uint32_t code) {
        Span t = text(code);
        const size_t mask = table.size() - 1;
        size_t at = hash_bytes(t.at, t.size) & mask;
        while (table[at] != kNone) at = (at + 1) & mask;
        table[at] = code;
    }
};

// Integers in as few bytes as all of them need.
class Integers {
   public:
    size_t size() const { return is_wide_ ? wide_.size() : narrow_.size(); }
    int64_t operator[](size_t i) const { return is_wide_ ? wide_[i] : narrow_[i]; }
    void push(int64_t value) {
        if (!is_wide_ && value != int32_t(value)) widen();
        if (is_wide_)
            wide_.push(value);
        else
            narrow_.push(int32_t(value));
    }
    void reserve(size_t n) {
        if (is_wide_)
            wide_.reserve(n);
        else
            narrow_.reserve(n);
    }
    void free() {
        narrow_.free();
        wide_.free();
        is_wide_ = false;
    }
    size_t size_bytes() const { return narrow_.size_bytes() + wide_.size_bytes(); }

   private:
    void widen() {
        wide_.resize(narrow_.size());
        for (size_t i = 0; i < narrow_.size(); i++) wide_[i] = narrow_[i];
        narrow_.free();
        is_wide_ = true;
    }
    bool is_wide_ = false;
    Array<int32_t> narrow_;
    Array<int64_t> wide_;
};

// Values with a layout.
struct Typed {
    Layout layout;
    Integers ints;            // kInts
    Array<uint8_t> decimals;  // kInts: of each value; empty while all have the same
    uint8_t all_decimals = 0;
    Array<char> bytes;  // kHexes: hex_bytes() of each value
    uint8_t decimals_of(size_t i) const { return decimals.empty() ? all_decimals : decimals[i]; }
};

// The first layout that all these texts share; false if there is none.
template <class TextOf>
bool find_layout(size_t n, const TextOf& text_of, Layout& layout) {
    static const uint8_t kinds[] = {kTime, kTime, kNumber, kAddress, kPattern, kHex};
    if (n == 0) return false;
    const Span first = text_of(0);
    char bytes[64];
    for (size_t k = 0; k < sizeof kinds; k++) {
        if (!layout.guess(kinds[k], first.at, first.size)) continue;
        if (k == 1) {
            layout.digits = kTrimmed;
            if (!layout.mark) layout.mark = '.';
        }
        bool all = true;
        for (size_t i = 0; i < n && all; i++) {
            Span t = text_of(i);
            int64_t value;
            uint8_t decimals;
            all = kinds[k] == kHex ? layout.read_hex(t.at, t.size, bytes) : layout.read(t.at, t.size, value, decimals);
        }
        if (all) return true;
    }
    return false;
}

struct StoredColumn;

class Column {
   public:
    Column() = default;

    uint32_t n = 0;
    uint8_t mode = kCodes;
    uint8_t code_width = 0;  // bytes of a code; 0 while there is but one distinct value
    bool tested = false;     // whether a column of texts was looked at for being shredded further
    uint8_t n_changes = 0;
    uint32_t last = 0;
    Array<uint8_t> codes;
    Dictionary dictionary;  // kTexts: the texts themselves, its table unused
    std::unique_ptr<Typed> typed;
    std::shared_ptr<StoredColumn> stored;  // of a sealed block: where the values are while they are not unpacked

    void append(const char* p, size_t size) {
        switch (mode) {
            case kCodes: {
                uint32_t code = kNone;
                if (dictionary.size()) {
                    Span t = dictionary.text(last);
                    code = t.size == size && std::memcmp(t.at, p, size) == 0 ? last : dictionary.find(p, size);
                }
                if (code == kNone) {
                    if (dictionary.size() >= 24 + size_t(n) / 2 || dictionary.size() >= kMostCodes) {
                        leave_codes(p, size);
                        return append(p, size);
                    }
                    code = dictionary.add(p, size);
                }
                push_code(code);
                return;
            }
            case kInts: {
                int64_t value;
                uint8_t decimals;
                if (!typed->layout.read(p, size, value, decimals)) {
                    change(p, size);
                    return append(p, size);
                }
                push_int(value, decimals);
                return;
            }
            case kHexes: {
                char bytes[64];
                if (!typed->layout.read_hex(p, size, bytes)) {
                    change(p, size);
                    return append(p, size);
                }
                typed->bytes.append(bytes, typed->layout.hex_bytes());
                n++;
                return;
            }
            default: push_text(p, size);
        }
    }

    void push_code(uint32_t code) {
        size_t distinct = dictionary.size();
        if (code_width == 0 && distinct > 1) {
            code_width = 1;
            codes.assign(n, 0);
        }
        if (code_width == 1 && distinct > 256) {
            Array<uint8_t> wide;
            wide.resize(size_t(n) * 2);
            for (size_t i = 0; i < n; i++) wide[2 * i] = codes[i], wide[2 * i + 1] = 0;
            codes = std::move(wide);
            code_width = 2;
        }
        if (code_width) codes.append(reinterpret_cast<const uint8_t*>(&code), code_width);
        last = code;
        n++;
    }

    uint32_t code(size_t i) const {
        if (code_width == 1) return codes[i];
        if (code_width == 0) return 0;
        uint16_t code;
        std::memcpy(&code, codes.data() + 2 * i, 2);
        return code;
    }

    // Adds the text of value i to `out`.
    void text(size_t i, std::string& out) const {
        switch (mode) {
            case kCodes: {
                Span t = dictionary.text(code(i));
                out.append(t.at, t.size);
                return;
            }
            case kInts: typed->layout.write(typed->ints[i], typed->decimals_of(i), out); return;
            case kHexes: typed->layout.write_hex(typed->bytes.data() + i * typed->layout.hex_bytes(), out); return;
            default: {
                Span t = dictionary.text(i);
                out.append(t.at, t.size);
            }
        }
    }
    size_t length(size_t i) const {
        if (mode == kCodes) return dictionary.text(code(i)).size;
        if (mode == kTexts) return dictionary.text(i).size;
        if (mode == kHexes) return typed->layout.prefix.size() + typed->layout.suffix.size();
        char to[kMostText];
        return write(i, to);
    }

    // These values of another column, in this order, behind those of this one: `index_of(0)` to `index_of(count - 1)`.
    template <class IndexOf>
    void append_from(const Column& from, size_t count, const IndexOf& index_of) {
        if (count == 0) return;
        if (n == 0) {
            if (from.mode == kTexts) mode = kTexts;
            if (from.mode == kInts || from.mode == kHexes) begin(&from.typed->layout);
        }
        if (mode == kTexts && from.mode == kTexts) {
            for (size_t i = 0; i < count; i++) {
                Span t = from.dictionary.text(index_of(i));
                push_text(t.at, t.size);
            }
            return;
        }
        if (from.mode == kCodes) {
            std::vector<uint32_t> known(from.dictionary.size(), kNone);
            for (size_t i = 0; i < count; i++) {
                uint32_t theirs = from.code(index_of(i));
                if (mode == kCodes && known[theirs] != kNone) {
                    push_code(known[theirs]);
                    continue;
                }
                Span t = from.dictionary.text(theirs);
                append(t.at, t.size);
                if (mode == kCodes) known[theirs] = last;
            }
            return;
        }
        if (mode == from.mode && (mode == kInts || mode == kHexes) && typed->layout == from.typed->layout) {
            if (mode == kHexes) {
                const size_t size = typed->layout.hex_bytes();
                for (size_t i = 0; i < count; i++) typed->bytes.append(from.typed->bytes.data() + index_of(i) * size, size);
                n += uint32_t(count);
                return;
            }
            for (size_t i = 0; i < count; i++) {
                const size_t k = index_of(i);
                push_int(from.typed->ints[k], from.typed->decimals_of(k));
            }
            return;
        }
        char text[kMostText];
        for (size_t i = 0; i < count; i++) {
            const size_t k = index_of(i);
            if (from.mode == kTexts) {
                Span t = from.dictionary.text(k);
                append(t.at, t.size);
            } else {
                append(text, from.write(k, text));
            }
        }
    }
    void append_all(const Column& from) {
        append_from(from, from.n, [](size_t i) { return i; });
    }
    void append_some(const Column& from, const std::vector<uint32_t>& which) {
        append_from(from, which.size(), [&](size_t i) { return size_t(which[i]); });
    }

    // Of a column with a layout: the text of value i into kMostText bytes; its size.
    size_t write(size_t i, char* to) const {
        if (mode == kHexes) return typed->layout.write_hex(typed->bytes.data() + i * typed->layout.hex_bytes(), to);
        return typed->layout.write(typed->ints[i], typed->decimals_of(i), to);
    }

    // What a column of codes holds, without codes.
    void take_codes(const Column& from) {
        Layout layout;
        bool found = find_layout(from.dictionary.size(), [&](size_t i) { return from.dictionary.text(i); }, layout);
        begin(found ? &layout : nullptr);
        for (size_t i = 0; i < from.n; i++) {
            Span t = from.dictionary.text(from.code(i));
            append(t.at, t.size);
        }
    }

    size_t size_bytes() const {
        size_t size = sizeof(Column) + codes.size_bytes() + dictionary.size_bytes();
        if (typed)
            size += sizeof(Typed) + typed->ints.size_bytes() + typed->decimals.size_bytes() + typed->bytes.size_bytes();
        return size;
    }

    void push_text(const char* p, size_t size) {
        dictionary.data.append(p, size);
        dictionary.ends.push(uint32_t(dictionary.data.size()));
        n++;
    }
    void push_int(int64_t value, uint8_t decimals) {
        if (n == 0) typed->all_decimals = decimals;
        if (typed->decimals.empty() && decimals != typed->all_decimals) typed->decimals.assign(n, typed->all_decimals);
        if (!typed->decimals.empty()) typed->decimals.push(decimals);
        typed->ints.push(value);
        n++;
    }

    // From codes to a layout that all values have, or to texts. (p, size): a further value that must fit.
    void leave_codes(const char* p, size_t size) {
        Column from;
        from.n = n;
        from.code_width = code_width;
        from.codes = std::move(codes);
        from.dictionary = std::move(dictionary);
        const size_t distinct = from.dictionary.size();
        Layout layout;
        bool found = find_layout(
            distinct + 1, [&](size_t i) { return i < distinct ? from.dictionary.text(i) : Span{p, size}; }, layout);
        begin(found ? &layout : nullptr);
        for (size_t i = 0; i < from.n; i++) {
            Span t = from.dictionary.text(from.code(i));
            append(t.at, t.size);
        }
    }

   private:
    static constexpr size_t kMostCodes = 30000;

    void begin(const Layout* layout) {
        n = 0;
        code_width = 0;
        last = 0;
        codes.free();
        dictionary.free();
        typed.reset();
        if (layout) {
            typed.reset(new Typed());
            typed->layout = *layout;
            mode = layout->kind == kHex ? kHexes : kInts;
        } else {
            mode = kTexts;
        }
    }

    // To another layout that holds this text as well, or to texts.
    void change(const char* p, size_t size) {
        Dictionary all;
        std::string scratch;
        for (size_t i = 0; i < n; i++) {
            scratch.clear();
            text(i, scratch);
            all.data.append(scratch.data(), scratch.size());
            all.ends.push(uint32_t(all.data.size()));
        }
        const size_t had = n;
        Layout layout;
        bool found = n_changes++ < 3 && find_layout(
                                            had + 1,
                                            [&](size_t i) {
                                                // The newcomer last but one, so that a wrong guess is found soon.
                                                return i == 1 || had == 0 ? Span{p, size} : all.text(i ? i - 1 : 0);
                                            },
                                            layout);
        begin(found ? &layout : nullptr);
        for (size_t i = 0; i < had; i++) {
            Span t = all.text(i);
            append(t.at, t.size);
        }
    }
};

}  // namespace line_block
