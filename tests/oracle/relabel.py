"""Relabelling as its definition reads: one rule at a time, no prepared functions, Python's own expressions."""

from __future__ import annotations

import hashlib
import re


def expand(template: str, match: re.Match[str]) -> str:
    """`$1`, `${1}`, `$name`, `${name}`, `$$`, read character by character."""
    out = ""
    i = 0
    while i < len(template):
        if template[i] != "$":
            out += template[i]
            i += 1
            continue
        i += 1
        if template[i : i + 1] == "$":
            out += "$"
            i += 1
            continue
        braced = template[i : i + 1] == "{"
        j = i + 1 if braced else i
        start = j
        while j < len(template) and (template[j].isalnum() or template[j] == "_"):
            j += 1
        name = template[start:j]
        if not name or (braced and template[j : j + 1] != "}"):
            out += "$"
            continue
        i = j + 1 if braced else j
        if re.fullmatch("0|[1-9][0-9]*", name):
            if int(name) <= match.re.groups:
                out += match.group(int(name)) or ""
        elif name in match.re.groupindex:
            out += match.group(name) or ""
    return out


def relabel(labels, configs):
    """The labels after all rules as a dict, or None where one drops them."""
    labels = dict(sorted(labels.items()))
    for config in configs:
        value = config.separator.join(labels.get(name, "") for name in config.source_labels)
        pattern = re.compile(f"(?s:{config.regex})")
        target = config.target_label
        new = None
        match config.action:
            case "keep":
                if not pattern.fullmatch(value):
                    return None
            case "drop":
                if pattern.fullmatch(value):
                    return None
            case "keepequal":
                if labels.get(target, "") != value:
                    return None
            case "dropequal":
                if labels.get(target, "") == value:
                    return None
            case "replace":
                found = pattern.fullmatch(value)
                if found:
                    target = expand(target, found)
                    new = expand(config.replacement, found)
                    if not target:
                        new = None
            case "lowercase":
                new = value.lower()
            case "uppercase":
                new = value.upper()
            case "hashmod":
                digest = hashlib.md5(value.encode()).hexdigest()
                new = str(int(digest[16:], 16) % config.modulus)
            case "labelmap":
                for name, old in list(labels.items()):
                    found = pattern.fullmatch(name)
                    if found and expand(config.replacement, found):
                        labels[expand(config.replacement, found)] = old
            case "labeldrop":
                labels = {name: old for name, old in labels.items() if not pattern.fullmatch(name)}
            case "labelkeep":
                labels = {name: old for name, old in labels.items() if pattern.fullmatch(name)}
        if new is not None:
            labels[target] = new
            if not new:
                del labels[target]
    return labels
