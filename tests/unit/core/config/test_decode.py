import copy
import pickle

import pytest

from watchkeeper.core.config import kinds
from watchkeeper.core.config.decode import Load, decode, decode_value
from watchkeeper.core.config.document import read_text
from watchkeeper.core.config.dump import dump
from watchkeeper.core.config.env import expand
from watchkeeper.core.config.schema import Inline, section, setting
from watchkeeper.core.config.secret import Secret, Url
from watchkeeper.core.model.errors import ConfigError


@section
class Auth:
    user: str = setting(kinds.Text(), default="")
    password: Secret | None = setting(kinds.SecretKind(), default=None)


@section
class Leaf:
    name: str = setting(kinds.Text(filled=True))
    wait_ms: int = setting(kinds.Duration(), key="wait", default=5000)


@section
class Root:
    auth: Auth = setting(Inline(Auth), default_factory=Auth)
    leaves: tuple[Leaf, ...] = setting(kinds.ListOf(kinds.Nested(Leaf)), default=())
    on: bool = setting(kinds.Boolean(), default=True, show=True)
    size: int = setting(kinds.Size(), default=0)
    extra: object = setting(kinds.Anything(), default=None)
    labels: dict[str, str] = setting(kinds.MapOf(kinds.Text()), default_factory=dict)


def problems(text, cls=Root):
    with pytest.raises(ConfigError) as caught:
        decode(cls, text, Load("f.yml"))
    return [str(problem) for problem in caught.value.problems]


def test_values_defaults_and_inlined_keys():
    root = decode(Root, "user: me\npassword: p\nleaves: [{name: a}, {name: b, wait: 1m}]\non: no\n", Load("f.yml"))
    assert root.auth == Auth(user="me", password=Secret("p"))
    assert root.leaves == (Leaf(name="a"), Leaf(name="b", wait_ms=60_000))
    assert not root.on
    assert decode(Root, "", Load("f.yml")) == Root()
    assert decode(Root, "# nothing\n", Load("f.yml")) == Root()


def test_null_counts_as_absent():
    assert decode(Root, "on:\nleaves: ~\nlabels: null\n", Load("f.yml")) == Root()
    assert problems("leaves: [{name: }]") == ["f.yml:1:10: leaves[0]: missing required key name"]


def test_all_problems_are_reported_in_order():
    assert problems("leafs: []\nleaves:\n- {name: '', wait: x}\n- {wait: 1s, nmae: y}\non: maybe\n") == [
        'f.yml:1:1: leafs: unknown key "leafs"; did you mean "leaves"?',
        "f.yml:3:10: leaves[0].name: must not be empty",
        'f.yml:3:20: leaves[0].wait: not a valid duration string: "x"',
        "f.yml:4:3: leaves[1]: missing required key name",
        'f.yml:4:14: leaves[1].nmae: unknown key "nmae"; did you mean "name"?',
        'f.yml:5:5: on: expected true or false, found "maybe"',
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("on: true\non: false", "2:1: on: key already set in line 1"),
        ("on: [", "2:1: yaml: did not find expected node content"),
        ("[a]", "1:1: expected a mapping, found a list"),
        ("just text", '1:1: expected a mapping, found "just text"'),
        ("on: *nowhere", "1:5: yaml: found undefined alias"),
        ("a: 1\n---\nb: 2\n", "2:1: yaml: found another document"),
        ("{[a]: b}", "1:2: a key must be text"),
        ("on: \x01", "1:5: yaml: control characters are not allowed"),
        ("extra: " + "[" * 200_000, "1:107: yaml: nested deeper than 100 levels"),
        ("- " * 200_000 + "a", "1:201: yaml: nested deeper than 100 levels"),
        ("? " * 200_000, "1:201: yaml: nested deeper than 100 levels"),
        ("{a: " * 100_000, "1:401: yaml: nested deeper than 100 levels"),
    ],
)
def test_documents_that_can_not_be_used(text, problem):
    assert problem in problems(text)[0]


def test_aliases_that_multiply_are_stopped(monkeypatch):
    monkeypatch.setattr("watchkeeper.core.config.decode.MAX_READS", 100_000)
    rows = ["extra:", "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"  a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    assert problems("\n".join(rows)) == ["f.yml:1:1: yaml: document contains excessive aliasing"]


def test_an_anchor_that_holds_itself_ends():
    assert "nested too deeply" in problems("extra: &a [*a]")[0]
    assert decode(Root, "extra: &a\n  <<: *a\n  x: 1\n", Load("f.yml")).extra == {"x": 1}


def test_merge_keys_take_the_nearest_value():
    text = "leaves:\n- &one {name: a, wait: 1s}\n- {<<: *one, name: b}\n- <<: [{wait: 2s}, *one]\n  name: c\n"
    assert decode(Root, text, Load("f.yml")).leaves == (
        Leaf(name="a", wait_ms=1000),
        Leaf(name="b", wait_ms=1000),
        Leaf(name="c", wait_ms=2000),
    )


def test_secrets_never_show():
    root = decode(Root, "password: hunter2", Load("f.yml"))
    assert "hunter2" not in f"{root} {root!r} {dump(root)} {root.auth.password}"
    assert dump(root) == "password: <secret>\n'on': true\n"
    assert root.auth.password is not None
    assert root.auth.password.reveal() == "hunter2"
    assert copy.deepcopy(root) == root
    with pytest.raises(TypeError):
        pickle.dumps(root)
    assert str(Url("http://u:hunter2@host:1/x?y")) == "http://u:xxxxx@host:1/x?y"
    assert str(Url("http://host/a:b@c")) == "http://host/a:b@c"


@pytest.mark.parametrize(
    ("kind", "text", "value", "written"),
    [
        (kinds.Integer(), "0x10", 16, 16),
        (kinds.Integer(), "1_000", 1000, 1000),
        (kinds.Integer(), "1e3", 1000, 1000),
        (kinds.Number(), "1.50", 1.5, 1.5),
        (kinds.Number(), "2", 2.0, 2),
        (kinds.Duration(), "1d12h", 129_600_000, "1d12h"),
        (kinds.Size(), "10MB", 10 << 20, "10MiB"),
        (kinds.Size(), "1.5KiB", 1536, "1KiB512B"),
        (kinds.Size(), "0", 0, 0),
        (kinds.Text(), "010", "010", "010"),
        (kinds.Text(), "2001-01-01", "2001-01-01", "2001-01-01"),
        (kinds.Boolean(), "on", True, True),
        (kinds.Choice("a", "b", fold=True), "A", "a", "a"),
        (kinds.Expression(), "'(a|b).*'", "(a|b).*", "(a|b).*"),
        (kinds.ListOf(kinds.Integer()), "[1, 2]", (1, 2), [1, 2]),
    ],
)
def test_kinds_read_and_write(kind, text, value, written):
    found = decode_value(kind, text, Load("f.yml"))
    assert found == value
    assert kind.write(found) == written


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (kinds.Integer(), "1.5"),
        (kinds.Integer(), '"1"'),
        (kinds.Integer(), "9" * 30),
        (kinds.Integer(), "1" * 5000),
        (kinds.Integer(1, 5), "6"),
        (kinds.Number(), "one"),
        (kinds.Number(0, 1), "2"),
        (kinds.Number(0, 1), ".nan"),
        (kinds.Duration(), "-1s"),
        (kinds.Duration(), "1s1m"),
        (kinds.Size(), "10"),
        (kinds.Size(), "10iB"),
        (kinds.Size(), "99999999EB"),
        (kinds.Boolean(), '"true"'),
        (kinds.Choice("a"), "b"),
        (kinds.Expression(), "'('"),
        (kinds.Expression(), "'(?=x)'"),
        (kinds.UrlKind(), "host:9090"),
        (kinds.UrlKind(), "http://"),
        (kinds.UrlKind(), "http://[::1"),
        (kinds.UrlKind(), "'http://a b/'"),
        (kinds.ListOf(kinds.Text(), filled=True), "[]"),
        (kinds.ListOf(kinds.Text()), "a"),
        (kinds.MapOf(kinds.Text()), "[a]"),
    ],
)
def test_kinds_refuse(kind, text):
    with pytest.raises(ConfigError):
        decode_value(kind, text, Load("f.yml"))


def test_paths_are_relative_to_the_file(tmp_path):
    load = Load(str(tmp_path / "f.yml"))
    assert decode_value(kinds.FilePath(), "a/b.yml", load) == str(tmp_path / "a/b.yml")
    assert decode_value(kinds.FilePath(), "/a/b.yml", load) == "/a/b.yml"
    with pytest.raises(ConfigError, match="does not exist"):
        decode_value(kinds.FilePath(existing=True), "a.yml", Load(str(tmp_path / "f.yml"), files_checked=True))


def test_files_that_can_not_be_read(tmp_path):
    with pytest.raises(ConfigError, match=r"x\.yml:1:1: can't be read: No such file"):
        read_text(tmp_path / "x.yml")
    (tmp_path / "x.yml").write_bytes(b"a: b\nc: \xff\n")
    with pytest.raises(ConfigError, match=r"x\.yml:2:4: the text is not UTF-8"):
        read_text(tmp_path / "x.yml")


@pytest.mark.parametrize(
    ("text", "expanded", "empty"),
    [
        ("$A-${B}", "1-2", []),
        ("$$A $ ${}x a$", "$A $ x a$", []),
        ("$C${D}", "", ["C", "D"]),
        ("$A_", "", ["A_"]),
    ],
)
def test_expand(text, expanded, empty):
    assert expand(text, {"A": "1", "B": "2"}) == (expanded, empty)
