"""JSON patches, with the cases that RFC 6902 has in its appendix."""

from __future__ import annotations

from typing import Any

import pytest

from watchkeeper.web.errors import ApiError
from watchkeeper.web.grafana.apis.json_patch import MAX_COPIED, MAX_OPERATIONS, patched


@pytest.mark.parametrize(
    ("document", "operations", "wanted"),
    [
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
        ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
        ({"foo": ["a", "b", "c"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["a", "c"]}),
        ({"baz": "qux"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo"}),
        ({"a": {"x": 1}, "b": {}}, [{"op": "move", "from": "/a/x", "path": "/b/y"}], {"a": {}, "b": {"y": 1}}),
        ({"foo": [1, 2, 3, 4]}, [{"op": "move", "from": "/foo/1", "path": "/foo/3"}], {"foo": [1, 3, 4, 2]}),
        (
            {"a": 1},
            [{"op": "test", "path": "/a", "value": 1.0}, {"op": "copy", "from": "/a", "path": "/b"}], {"a": 1, "b": 1},
        ),
        ({"foo": "bar"}, [{"op": "add", "path": "/child", "value": {"in": {}}}], {"foo": "bar", "child": {"in": {}}}),
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": 1, "xyz": 123}], {"foo": "bar", "baz": 1}),
        ({"/": 9, "~1": 8}, [{"op": "test", "path": "/~01", "value": 8}, {"op": "remove", "path": "/~1"}], {"~1": 8}),
        ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["a"]}], {"foo": ["bar", ["a"]]}),
        ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
        ({"a": 1}, [{"op": "add", "path": "", "value": 7}], 7),
        ({"": {"": 1}}, [{"op": "replace", "path": "//", "value": 2}], {"": {"": 2}}),
        ({"a": None}, [{"op": "replace", "path": "/a", "value": None}], {"a": None}),
        ({"a": 1}, [{"op": "move", "from": "/a", "path": "/a"}], {"a": 1}),
    ],
)  # fmt: skip
def test_what_becomes_of_a_document(document: Any, operations: list[Any], wanted: Any) -> None:
    before = repr(document)
    assert patched(document, operations) == wanted
    assert repr(document) == before


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"op": "add", "path": "/x/y", "value": 1}, 422), ({"op": "remove", "path": "/x"}, 422),
        ({"op": "replace", "path": "/x", "value": 1}, 422), ({"op": "add", "path": "/list/3", "value": 1}, 422),
        ({"op": "add", "path": "/list/01", "value": 1}, 422), ({"op": "add", "path": "/list/-1", "value": 1}, 422),
        ({"op": "remove", "path": "/list/-"}, 422), ({"op": "remove", "path": "/list/9999999999999"}, 422),
        ({"op": "test", "path": "/a", "value": "1"}, 422), ({"op": "test", "path": "/a", "value": True}, 422),
        ({"op": "move", "from": "/d", "path": "/d/e"}, 422), ({"op": "copy", "from": "/x", "path": "/y"}, 422),
        ({"op": "add", "path": "/a/b", "value": 1}, 422), ({"op": "add", "path": "a", "value": 1}, 400),
        ({"op": "add", "path": "/a"}, 400), ({"op": "add", "value": 1}, 400), ({"path": "/a"}, 400),
        ({"op": "copy", "path": "/a"}, 400), ({"op": 7, "path": "/a"}, 400), ("add", 400),
        ({"op": "add", "path": "/list/\u0661", "value": 1}, 422),
    ],
)  # fmt: skip
def test_what_does_not_fit(operation: Any, status: int) -> None:
    with pytest.raises(ApiError) as caught:
        patched({"a": 1, "list": [1, 2], "d": {}}, [operation])
    assert caught.value.status == status


def test_limits() -> None:
    for operations in (
        [{"op": "test", "path": "", "value": {}}] * (MAX_OPERATIONS + 1),
        [{"op": "copy", "from": "", "path": "/a"}] * (MAX_COPIED + 1),
    ):
        with pytest.raises(ApiError) as caught:
            patched({}, operations)
        assert caught.value.status == 413
