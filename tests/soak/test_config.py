"""prometheus.yml damaged in many ways: a configuration, or a ConfigError whose places lie in the file."""

from __future__ import annotations

import random
from typing import Any

import pytest
import yaml

from tests.properties import test_prometheus_yml_hostile as hostile
from tests.soak.rounds import rounds

SCALARS: list[Any] = [
    None, True, False, 0, -1, 1 << 70, 0.5, float("nan"), "", " ", "1m", "-5s", "0", "10MB", "a" * 300, "(", "[a-z",
    "${X}", "\t",
    "http://[::1", "\x07", "é", "__address__", "keep", "$1", "=~", "2024-01-01", [], {}, [[]], [{}],
    {"a": {"b": 1}}, ["x"], {1: 2},
]  # fmt: skip


def places(node: Any) -> list[tuple[Any, Any]]:
    """(container, key) of every value below a node."""
    found: list[tuple[Any, Any]] = []
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for key in keys:
        found.append((node, key))
        found += places(node[key])
    return found


def changed_tree(rng: random.Random) -> str:
    """The good file with some values, keys or whole parts put elsewhere."""
    # A secret that is moved to where none belongs is shown there: that is not what is looked for.
    document = yaml.safe_load(hostile.GOOD.replace("user:hunter2@", ""))
    for _ in range(rng.choice([1, 1, 2, 6])):
        found = places(document)
        if not found:
            break
        container, key = rng.choice(found)
        other, other_key = rng.choice(found)
        match rng.randrange(6):
            case 0:
                del container[key]
            case 1 if isinstance(container, dict):
                container[rng.choice(["unknown", "", key + "s" if isinstance(key, str) else key, 7])] = container[key]
            case 2:
                container[key] = yaml.safe_load(yaml.safe_dump(other[other_key]))
            case 3:
                container[key] = [yaml.safe_load(yaml.safe_dump(container[key]))] * rng.randrange(3)
            case _:
                container[key] = rng.choice(SCALARS)
    return yaml.safe_dump(document, allow_unicode=True, default_flow_style=rng.choice([None, True, False]))


def changed_text(rng: random.Random) -> str:
    """The good file with snippets put in, and lines moved, repeated or indented."""
    lines = hostile.GOOD.splitlines()
    for _ in range(rng.choice([1, 2, 5])):
        at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(5):
            case 0:
                lines.insert(to, lines.pop(at))
            case 1:
                lines.insert(to, lines[at])
            case 2:
                lines[at] = " " * rng.randrange(1, 4) + lines[at]
            case 3:
                lines[at] = lines[at][rng.randrange(1, 4) :]
            case _:
                cut = rng.randrange(len(lines[at]) + 1)
                lines[at] = lines[at][:cut] + rng.choice(hostile.SNIPPETS) + lines[at][cut:]
    return "\n".join(lines)


def round_of(seed: int, change: Any) -> None:
    rng = random.Random(seed)
    text = change(rng)
    try:
        hostile.outcome(text)
    except BaseException:
        print(text)
        raise


@pytest.mark.parametrize("change", [changed_tree, changed_text])
def test_config(change: Any) -> None:
    rounds(f"config, {change.__name__}", lambda seed: round_of(seed, change))
