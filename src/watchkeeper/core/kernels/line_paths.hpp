// What stands at given places of JSON lines: `a.b[0].c`.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "line_json.hpp"

namespace line_fields {

using Step = std::variant<std::string, int64_t>;

class JsonPaths {
   public:
    JsonPaths(const std::vector<std::vector<Step>>& paths, int64_t n_rows) {
        for (const auto& path : paths) {
            Node* node = &root_;
            for (const Step& step : path) {
                auto& next = std::holds_alternative<int64_t>(step) ? node->items[std::get<int64_t>(step)]
                                                                   : node->keys[std::get<std::string>(step)];
                if (!next) next = std::make_unique<Node>();
                node = next.get();
            }
            columns.push_back(std::make_unique<Column>());
            columns.back()->codes.assign(size_t(n_rows), -1);
            node->columns.push_back(columns.back().get());
        }
    }

    std::vector<std::unique_ptr<Column>> columns;

    // Puts what a line has into its row, and the empty text for the rest; false where the line is broken.
    bool line(std::string_view text, int64_t row) {
        if (text.empty()) return true;
        row_ = row;
        const char *p = skip_space(text.data(), text.data() + text.size()), *end = text.data() + text.size();
        if (p == end || (*p != '{' && *p != '[' && *p != '"')) return false;
        bool ok = value(root_, p, end);
        for (auto& column : columns) column->set(row, "");
        return ok;
    }

   private:
    struct Node {
        std::map<std::string, std::unique_ptr<Node>, std::less<>> keys;
        std::map<int64_t, std::unique_ptr<Node>> items;
        std::vector<Column*> columns;  // those whose path ends here
    };

    // The value at p, which it moves behind it.
    bool value(Node& node, const char*& p, const char* end) {
        const char* start = p;
        Value found;
        bool odd;
        if (!read_value(p, end, found, odd)) return false;
        if (!node.columns.empty()) {
            std::string_view text = found.text;
            if (found.kind == Kind::NUL) text = "";
            if (found.escaped) text = unescape(found.text, Escapes::JSON, scratch_) ? std::string_view(scratch_) : "";
            for (Column* column : node.columns) column->set(row_, text);
        }
        if (found.kind == Kind::OBJECT && !node.keys.empty()) return object(node, start, p);
        if (found.kind == Kind::ARRAY && !node.items.empty()) return array(node, start, p);
        return true;
    }

    bool object(Node& node, const char* p, const char* end) {
        p = skip_space(p + 1, end);
        while (p < end) {
            if (*p == '}') return true;
            if (*p++ != '"') return false;
            bool escaped, odd;
            const char* stop = string_end(p, end, escaped);
            if (!stop) return false;
            std::string_view key(p, size_t(stop - p));
            if (escaped) {
                if (!unescape(key, Escapes::JSON, scratch_)) return false;
                key = scratch_;
            }
            auto child = node.keys.find(key);
            p = skip_space(stop + 1, end);
            if (p == end || *p++ != ':') return false;
            p = skip_space(p, end);
            Value skipped;
            if (child != node.keys.end() ? !value(*child->second, p, end) : !read_value(p, end, skipped, odd))
                return false;
            if (!after_item(p, end, '}')) return false;
        }
        return false;
    }

    bool array(Node& node, const char* p, const char* end) {
        p = skip_space(p + 1, end);
        for (int64_t i = 0; p < end; i++) {
            if (*p == ']') return true;
            auto child = node.items.find(i);
            Value skipped;
            bool odd;
            if (child != node.items.end() ? !value(*child->second, p, end) : !read_value(p, end, skipped, odd))
                return false;
            if (!after_item(p, end, ']')) return false;
        }
        return false;
    }

    // Moves over the comma, or stays at the closing bracket.
    static bool after_item(const char*& p, const char* end, char close) {
        p = skip_space(p, end);
        if (p == end) return false;
        if (*p == ',') {
            p = skip_space(p + 1, end);
            return true;
        }
        return *p == close;
    }

    Node root_;
    std::string scratch_;
    int64_t row_ = 0;
};

}  // namespace line_fields
