"""What each stage makes of lines."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.unit.logs.agent.stages.running import NOW_NS, Bench

S = 10**9


def one(stages: str, line: str, **labels: str):
    [found] = Bench(stages).run(line, **labels)
    return found


# --- runtimes' formats


def test_docker_takes_its_json_apart():
    found = one("[docker: {}]", '{"log":"hello\\n","stream":"stderr","time":"2019-04-30T02:12:41.8443515Z"}')
    assert found["line"] == "hello\n"
    assert found["labels"] == {"job": "a", "stream": "stderr"}
    assert found["time_ns"] == 1556590361_844351500
    assert found["extracted"] == {
        "job": "a",
        "output": "hello\n",
        "stream": "stderr",
        "timestamp": "2019-04-30T02:12:41.8443515Z",
    }


@pytest.mark.parametrize("line", ["plain", '["log"]', '{"log":', "", "7"])
def test_docker_leaves_other_lines(line: str):
    found = one("[docker: {}]", line)
    assert (found["line"], found["labels"], found["time_ns"]) == (line, {"job": "a"}, NOW_NS)


def test_cri_takes_lines_apart():
    found = one("[cri: {}]", "2019-05-07T18:57:50.904275087+00:00 stderr F some  message ")
    assert found["line"] == "some  message "
    assert found["labels"] == {"job": "a", "stream": "stderr"}
    assert found["time_ns"] == 1557255470_904275087
    assert found["extracted"]["content"] == "some  message "
    assert found["extracted"]["flags"] == "F"


@pytest.mark.parametrize(
    "line", ["plain text of four words", "2019-05-07T18:57:50Z stdmid F x", "t stdout F", " stdout F x"]
)
def test_cri_leaves_other_lines(line: str):
    found = one("[cri: {}]", line)
    assert (found["line"], found["labels"], found["time_ns"]) == (line, {"job": "a"}, NOW_NS)


def test_cri_joins_parts_by_stream_over_reads():
    bench = Bench("[cri: {}]")
    first = bench.run(
        "2020-01-01T00:00:00Z stdout P one ",
        "2020-01-01T00:00:01Z stderr P err ",
        "2020-01-01T00:00:02Z stderr F end",
        "2020-01-01T00:00:03Z stdout P two ",
        at=[0, 40, 80, 120],
    )
    assert [one["line"] for one in first] == ["err end"]
    assert bench.pipeline.held_from("file") == 0
    assert bench.pipeline.held_from("other") is None
    second = bench.run("2020-01-01T00:00:04Z stdout F three", "2020-01-01T00:00:05Z stdout F four", at=[160, 200])
    assert [one["line"] for one in second] == ["one two three", "four"]
    assert [one["labels"]["stream"] for one in second] == ["stdout", "stdout"]
    assert bench.pipeline.held_from("file") is None


def test_cri_gives_up_holding_too_many():
    bench = Bench("[cri: {max_partial_lines: 2}]")
    for pod in "abc":
        out = bench.run("2020-01-01T00:00:00Z stdout P x", pod=pod)
        assert [found["labels"]["pod"] for found in out] == (["a", "b"] if pod == "c" else [])
    assert [found["line"] for found in bench.seen(bench.pipeline.flush())] == ["x"]


def test_cri_cuts_parts_where_asked():
    bench = Bench("[cri: {max_partial_line_size: 5, max_partial_line_size_truncate: true}]")
    bench.run("2020-01-01T00:00:00Z stdout P 123")
    [found] = bench.run("2020-01-01T00:00:00Z stdout F 4567")
    assert found["line"] == "12345"


# --- parsers


def test_json_finds_values_by_expressions():
    line = '{"a":1,"b":{"c":"x","d":[1,2]},"t":true,"n":null,"f":0.25,"big":1e21,"s":"é"}'
    stages = (
        "[{json: {expressions: {a: , c: b.c, d: b.d, t: , n: , f: , big: , s: , first: 'b.d[0]', no: b.x, "
        "len: 'length(b.d)'}}}]"
    )
    assert one(stages, line)["extracted"] == {
        "job": "a",
        "a": "1",
        "c": "x",
        "d": "[1,2]",
        "t": "true",
        "f": "0.25",
        "big": "1000000000000000000000",
        "s": "é",
        "first": "1",
        "len": "2",
    }


def test_json_of_a_source_and_of_broken_lines():
    bench = Bench("[{json: {expressions: {inner: }}}, {json: {expressions: {x: }, source: inner}}]")
    found = bench.run(
        '{"inner":"{\\"x\\":7}"}', "no json", '{"inner":"broken"}', b'{"inner":"{\\"x\\":\\"\xff\\"}"}', "[1]"
    )
    assert [one["extracted"].get("x") for one in found] == ["7", None, None, "�", None]
    bench = Bench("[{json: {expressions: {x: }, drop_malformed: true}}]")
    assert [one["line"] for one in bench.run("no", '{"x":1}', "[]")] == ['{"x":1}']
    assert bench.dropped() == {"malformed_json": 2}


def test_logfmt_maps_keys():
    found = one(
        "[{logfmt: {mapping: {level: , msg: message, path: http.path, none: nothing, flag: }}}]",
        'level=warn message="a \\"quoted\\" text" http.path=/x flag dur=1s',
    )
    assert found["extracted"] == {"job": "a", "level": "warn", "msg": 'a "quoted" text', "path": "/x", "flag": ""}


def test_logfmt_of_a_source():
    found = one("[{json: {expressions: {log: }}}, {logfmt: {mapping: {k: }, source: log}}]", '{"log":"k=v"}')
    assert found["extracted"]["k"] == "v"


def test_regex_extracts_named_groups():
    stages = "[{regex: {expression: '^(?P<ip>\\S+) (?P<code>\\d{3})(?: (?P<rest>.+))?'}}]"
    bench = Bench(stages)
    found = bench.run("10.0.0.1 200 fine", "10.0.0.2 404", "nothing")
    assert [one["extracted"] for one in found] == [
        {"job": "a", "ip": "10.0.0.1", "code": "200", "rest": "fine"},
        {"job": "a", "ip": "10.0.0.2", "code": "404", "rest": ""},
        {"job": "a"},
    ]


def test_regex_of_a_source_keeps_what_was_there():
    stages = "[{json: {expressions: {msg: , code: }}}, {regex: {expression: 'code (?P<code>\\d+)', source: msg}}]"
    found = Bench(stages).run('{"msg":"code 7","code":"1"}', '{"msg":"x","code":"1"}')
    assert [one["extracted"]["code"] for one in found] == ["7", "1"]


def test_a_label_can_be_a_source():
    found = one(
        "[{regex: {expression: '/(?P<app>[^/]+)[.]log$', source: filename}}, {labels: {app: }}]",
        "x",
        filename="/l/a.log",
    )
    assert found["labels"] == {"filename": "/l/a.log", "app": "a"}


# --- changing


@pytest.mark.parametrize(
    ("expression", "replace", "expected"),
    [
        ("password=(\\S+)", "***", "user=u password=*** ip=10.0.0.1"),
        ("user=(\\w) password=(\\S+)", "", "user= password= ip=10.0.0.1"),
        ("(\\d+)", "<{{ .Value }}>", "user=u password=secret ip=<10>.<0>.<0>.<1>"),
        ("(?P<name>user)=(?P<who>\\w)", "{{ .Value | ToUpper }}", "USER=U password=secret ip=10.0.0.1"),
        ("((\\d+)[.]\\d+)", "N", "user=u password=secret ip=N.N"),
        ("(nothing)", "x", "user=u password=secret ip=10.0.0.1"),
    ],
)
def test_replace(expression: str, replace: str, expected: str):
    stage = json.dumps({"replace": {"expression": expression, "replace": replace}})
    assert one(f"[{stage}]", "user=u password=secret ip=10.0.0.1")["line"] == expected


def test_replace_of_a_source_extracts_named_groups():
    stages = (
        "[{json: {expressions: {m: }}}, {replace: {expression: '(?P<ip>\\d+)', source: m, replace: 'n{{ .Value }}'}}]"
    )
    found = one(stages, '{"m":"a 12 b"}')
    assert found["line"] == '{"m":"a 12 b"}'
    assert found["extracted"] == {"job": "a", "m": "a n12 b", "ip": "n12"}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ .Value | ToUpper }}", "HELLO"),
        ("{{ .level }}-{{ .job }}", "warn-a"),
        ("{{ if eq .level `warn` }}W{{ else }}?{{ end }}", "W"),
        ("{{ Replace .Value `l` `L` 1 }}", "heLlo"),
        ("{{ TrimPrefix .Value `he` }}{{ .Entry | len }}", "llo30"),
        ("{{ Sha2Hash `salt` .Value }}", hashlib.sha256(b"salthello").hexdigest()),
        ("{{ .missing }}", "<no value>"),
        ("{{ list `a` .Value | join `,` }}", "a,hello"),
        ("{{ splitList `l` .Value | first }}-{{ (split `e` .Value)._1 }}", "he-llo"),
        ("{{ last (list 1 2) }}{{ without (list `a` `b`) `a` | join `` }}{{ has `a` (list `a`) }}", "2btrue"),
        ("{{ get (dict `k` .Value) `k` }}{{ hasKey (dict `k` 1) `x` }}", "hellofalse"),
        ("{{ if regexMatch `^h.l` .Value }}{{ regexFind `l+` .Value }}{{ end }}", "ll"),
        ("{{ regexFindAll `[aeiou]` .Value -1 | join `` }}", "eo"),
        (
            "{{ snakecase `FirstName` }} {{ kebabcase `FirstName` }} {{ camelcase `http_server` }}",
            "first_name first-name HttpServer",
        ),
        ("{{ base `/var/log/a.log` }} {{ dir `/var/log/a.log` }} {{ ext `a.log` }}", "a.log /var/log .log"),
        ("{{ dict `a` (list 1 `b`) | toJson }}", '{"a":[1,"b"]}'),
        ("{{ sortAlpha (list `b` `a`) | uniq | reverse | join `` }}", "ba"),
        ("{{ regexMatch `(` .Value }}", "hello"),
        ("{{ or .missing `other` }}", "other"),
        ("{{ .missing | default `other` }}", "other"),
        ("{{ if .missing }}a{{ end }}", None),
        ("{{ ToLower .missing }}", "hello"),
        ("{{ .Value | replace `h` `j` | quote }}", '"jello"'),
        ("{{ regexReplaceAll `l+` .Value `L` }}", "heLo"),
    ],
)
def test_template(template: str, expected: str):
    stages = json.dumps(
        [{"json": {"expressions": {"msg": "", "level": ""}}}, {"template": {"source": "msg", "template": template}}]
    )
    found = one(stages, '{"msg":"hello","level":"warn"}')
    assert found["extracted"].get("msg") == expected


def test_template_makes_and_removes_values():
    found = one("[{template: {source: new, template: 'const'}}, {template: {source: job, template: ''}}]", "x")
    assert found["extracted"] == {"new": "const"}
    found = one(
        "[{template: {source: new, template: 'const'}}, {template: {source: new, template: '{{ \"\" }}'}}]", "x"
    )
    assert "new" not in found["extracted"]


def test_output_replaces_the_line():
    found = Bench("[{json: {expressions: {msg: }}}, {output: {source: msg}}]").run(
        '{"msg":"m"}', '{"x":1}', '{"msg":5}'
    )
    assert [one["line"] for one in found] == ["m", '{"x":1}', "5"]


def test_decolorize():
    assert one("[decolorize: {}]", "\x1b[31merror\x1b[0m \x1b[1;32mok\x1b[m")["line"] == "error ok"


def test_pack_moves_labels_into_the_line():
    stages = "[{json: {expressions: {msg: }}}, {pack: {labels: [pod, msg, none], ingest_timestamp: false}}]"
    found = one(stages, '{"msg":"m\\"x"}', pod="p", app="a")
    assert json.loads(found["line"]) == {"msg": 'm"x', "pod": "p", "_entry": '{"msg":"m\\"x"}'}
    assert found["line"].endswith('"_entry":"{\\"msg\\":\\"m\\\\\\"x\\"}"}')
    assert found["labels"] == {"app": "a"}
    assert found["time_ns"] == NOW_NS
    bench = Bench("[{pack: {labels: [pod]}}]")
    bench.now_ns += 5 * S
    assert bench.run("x", pod="p", app="a")[0]["time_ns"] == NOW_NS + 5 * S


# --- labels


def test_labels_of_extracted_values():
    bench = Bench("[{json: {expressions: {level: , n: , o: }}}, {labels: {level: , number: n, missing: , o: }}]")
    found = bench.run('{"level":"warn","n":7}', '{"level":"info"}', "x", '{"level":"warn","n":7,"o":{"a":1}}')
    assert [one["labels"] for one in found] == [
        {"job": "a", "level": "warn", "number": "7"},
        {"job": "a", "level": "info"},
        {"job": "a"},
        {"job": "a", "level": "warn", "number": "7", "o": '{"a":1}'},
    ]


def test_static_labels_labeldrop_labelallow():
    found = one("[{static_labels: {env: prod, gone: }}, {labeldrop: [job, nothing]}]", "x", job="j", pod="p")
    assert found["labels"] == {"pod": "p", "env": "prod"}
    assert one("[{labelallow: [pod]}]", "x", job="j", pod="p")["labels"] == {"pod": "p"}


@pytest.mark.parametrize("name", ["structured_metadata", "non_indexed_labels"])
def test_structured_metadata(name: str):
    found = Bench(f"[{{json: {{expressions: {{trace: }}}}}}, {{{name}: {{trace: , id: trace}}}}]").run(
        '{"trace":"t"}', "x"
    )
    assert [one["metadata"] for one in found] == [{"trace": "t", "id": "t"}, {}]
    assert found[0]["labels"] == {"job": "a"}


def test_tenant():
    assert one("[{tenant: {value: t}}]", "x")["labels"]["__tenant_id__"] == "t"
    assert one("[{tenant: {label: job}}]", "x")["labels"]["__tenant_id__"] == "a"
    assert "__tenant_id__" not in one("[{tenant: {label: none}}]", "x")["labels"]
    found = Bench("[{json: {expressions: {t: }}}, {tenant: {source: t}}]").run('{"t":"one"}', '{"t":""}', "x")
    assert [one["labels"].get("__tenant_id__") for one in found] == ["one", None, None]


# --- time


@pytest.mark.parametrize(
    ("layout", "text", "expected_ns"),
    [
        ("RFC3339", "2019-01-01T01:00:00Z", 1546304400 * S),
        ("RFC3339", "2019-01-01T01:00:00.5+01:00", 1546300800_500000000),
        ("RFC3339Nano", "2019-01-01T01:00:00.123456789Z", 1546304400_123456789),
        ("RFC1123", "Tue, 01 Jan 2019 01:00:00 UTC", 1546304400 * S),
        ("UnixDate", "Tue Jan  1 01:00:00 UTC 2019", 1546304400 * S),
        ("Unix", "1546304400.25", 1546304400_250000000),
        ("UnixMs", "1546304400001", 1546304400_001000000),
        ("UnixUs", "1546304400000001", 1546304400_000001000),
        ("UnixNs", "1546304400000000001", 1546304400_000000001),
        ("02/Jan/2006:15:04:05 -0700", "01/Jan/2019:02:00:00 +0100", 1546304400 * S),
        ("Jan _2 15:04:05", "Mar  5 00:00:01", 1677974401 * S),
        ("Jan _2 15:04:05", "Dec 31 23:00:00", 1704063600 * S),
    ],
)
def test_timestamp_formats(layout: str, text: str, expected_ns: int):
    stages = json.dumps([{"json": {"expressions": {"t": ""}}}, {"timestamp": {"source": "t", "format": layout}}])
    assert one(stages, json.dumps({"t": text}))["time_ns"] == expected_ns


def test_timestamp_location_and_fallbacks():
    stages = (
        "[{json: {expressions: {t: }}}, {timestamp: {source: t, format: '2006-01-02 15:04', location: Europe/Berlin, "
        "fallback_formats: [UnixMs]}}]"
    )
    found = Bench(stages).run('{"t":"2019-07-01 12:00"}', '{"t":1546304400001}')
    assert [one["time_ns"] for one in found] == [1561975200 * S, 1546304400_001000000]


def test_timestamp_fudges_or_skips():
    lines = ["bad", '{"t":"10"}', "bad", "bad", '{"t":"20"}', '{"t":"x"}']
    stages = "[{json: {expressions: {t: }}}, {timestamp: {source: t, format: Unix%s}}]"
    found = Bench(stages % "").run(*lines)
    assert [one["time_ns"] for one in found] == [NOW_NS, 10 * S, 10 * S + 1, 10 * S + 2, 20 * S, 20 * S + 1]
    found = Bench(stages % ", action_on_failure: skip").run(*lines)
    assert [one["time_ns"] for one in found] == [NOW_NS, 10 * S, NOW_NS + 2, NOW_NS + 3, 20 * S, NOW_NS + 5]


# --- fewer lines


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        ("{expression: '.*debug.*'}", ["info x", "ERROR long line"]),
        ("{longer_than: 8}", ["debug x", "info x"]),
        ("{longer_than: 8, expression: 'x'}", ["debug x", "info x", "ERROR long line"]),
        ("{source: word, value: debug}", ["info x", "ERROR long line"]),
        ("{source: [word, rest], value: 'debug;x'}", ["info x", "ERROR long line"]),
        ("{source: [word, rest], separator: '-', expression: '^info-x$'}", ["debug x", "ERROR long line"]),
        ("{source: nothing}", ["debug x", "info x", "ERROR long line"]),
        ("{source: word}", ["ERROR long line"]),
    ],
)
def test_drop(config: str, kept: list[str]):
    bench = Bench(f"[{{regex: {{expression: '^(?P<word>[a-z]+) (?P<rest>.*)'}}}}, {{drop: {config}}}]")
    lines = ["debug x", "info x", "ERROR long line"]
    assert [one["line"] for one in bench.run(*lines)] == kept
    assert sum(bench.dropped().values()) == len(lines) - len(kept)


def test_drop_of_old_entries():
    bench = Bench("[{timestamp: {source: job, format: Unix}}, {drop: {older_than: 1h, drop_counter_reason: old}}]")
    assert bench.run("x", job=str(NOW_NS // S - 7200)) == []
    assert len(bench.run("x", job=str(NOW_NS // S - 1800))) == 1
    assert bench.dropped() == {"old": 1}


def test_sampling():
    assert len(Bench("[{sampling: {rate: 1}}]").run(*["x"] * 100)) == 100
    bench = Bench("[{sampling: {rate: 0}}]")
    assert bench.run(*["x"] * 100) == []
    assert bench.dropped() == {"sampling_stage": 100}
    assert 300 < len(Bench("[{sampling: {rate: 0.5}}]").run(*["x"] * 1000)) < 700


def test_limit_drops():
    bench = Bench("[{limit: {rate: 10, burst: 5, drop: true}}]")
    assert len(bench.run(*["x"] * 8)) == 5
    bench.now_ns += S // 2
    assert len(bench.run(*["x"] * 8)) == 5
    bench.now_ns += S // 10
    assert len(bench.run(*["x"] * 8)) == 1
    assert bench.dropped() == {"ratelimit_drop_stage": 13}


def test_a_clock_that_is_set_back_holds_nothing():
    bench = Bench("[limit: {rate: 10, burst: 2, drop: true}]")
    assert len(bench.run("1", "2", "3")) == 2
    bench.now_ns -= 7200 * S
    assert bench.run("4") == []
    bench.now_ns += S
    assert len(bench.run("5", "6")) == 2
    bench = Bench("[multiline: {firstline: '^S'}]")
    assert bench.run("S1", " a") == []
    bench.now_ns -= 7200 * S
    assert [one["line"] for one in bench.seen(bench.pipeline.due(bench.now_ns))] == ["S1\n a"]


def test_limit_waits():
    bench = Bench("[{limit: {rate: 10, burst: 2}}]")
    assert [one["line"] for one in bench.run(*"abcdef", at=[0, 2, 4, 6, 8, 10])] == ["a", "b"]
    assert bench.pipeline.is_full
    assert bench.pipeline.held_from("file") == 4
    assert bench.run("g", at=[12]) == []
    bench.now_ns += 3 * S // 10
    assert [one["line"] for one in bench.seen(bench.pipeline.due(bench.now_ns))] == ["c", "d", "e"]
    assert bench.pipeline.held_from("file") == 10
    assert [one["line"] for one in bench.seen(bench.pipeline.flush())] == ["f", "g"]
    assert not bench.pipeline.is_full
    assert bench.dropped() == {}


def test_limit_by_label():
    bench = Bench("[{limit: {rate: 1, burst: 2, drop: true, by_label_name: ns}}]")
    assert len(bench.run("x", "x", "x", ns="a")) == 2
    assert len(bench.run("x", ns="b")) == 1
    assert len(bench.run("x", "x", "x", "x", other="c")) == 4
    assert 'logentry_dropped_lines_by_label_total{label_name="ns",label_value="a"} 1' in bench.exposition()


# --- some of the lines


def test_match_runs_stages_for_some():
    bench = Bench(
        '[{match: {selector: \'{job="a"} |= "yes" != "but"\', stages: [{static_labels: {m: t}}, {regex: {expression: '
        "'(?P<w>[a-z]+)$'}}, {output: {source: w}}]}}]"
    )
    found = bench.run("yes one", "no", "yes but", "yes two")
    assert [(one["line"], one["labels"].get("m")) for one in found] == [
        ("one", "t"),
        ("no", None),
        ("yes but", None),
        ("two", "t"),
    ]
    assert [one["labels"].get("m") for one in bench.run("yes", job="b")] == [None]


def test_match_drops():
    bench = Bench('[{match: {selector: \'{job=~"a|b"} |~ "deb.g"\', action: drop, drop_counter_reason: noise}}]')
    assert [one["line"] for one in bench.run("debug", "info")] == ["info"]
    assert bench.dropped() == {"noise": 1}


def test_match_with_a_stage_that_drops_or_holds():
    bench = Bench("[{match: {selector: '{job=\"a\"} |= \"x\"', stages: [{drop: {expression: '2'}}]}}]")
    assert [one["line"] for one in bench.run("x1", "y", "x2", "x3")] == ["x1", "y", "x3"]
    bench = Bench(
        "[{match: {selector: '{job=\"a\"}', stages: [{multiline: {firstline: '^S'}}]}}, {static_labels: {l: v}}]"
    )
    assert bench.run("S1", "a", at=[5, 8]) == []
    assert bench.pipeline.held_from("file") == 5
    assert [one["line"] for one in bench.run("b", "S2", at=[10, 12])] == ["S1\na\nb"]
    bench.now_ns += 4 * S
    assert [(one["line"], one["labels"]["l"]) for one in bench.seen(bench.pipeline.due(bench.now_ns))] == [("S2", "v")]


@pytest.mark.parametrize("selector", ["{", '{job="a"} | json', "job"])
def test_match_refuses_other_selectors(selector: str):
    with pytest.raises(ValueError):
        Bench(json.dumps([{"match": {"selector": selector, "stages": [{"cri": {}}]}}]))


# --- more lines in one


def test_multiline_joins_blocks():
    bench = Bench("[{multiline: {firstline: '^\\S'}}]")
    found = bench.run(" before", "first", " a", " b", "second", "third", " c", at=[0, 8, 14, 17, 20, 27, 33])
    assert [one["line"] for one in found] == [" before", "first\n a\n b", "second"]
    assert found[1]["time_ns"] == NOW_NS + 1
    assert bench.pipeline.held_from("file") == 27
    assert bench.seen(bench.pipeline.due(bench.now_ns + 2 * S)) == []
    assert [one["line"] for one in bench.seen(bench.pipeline.due(bench.now_ns + 3 * S))] == ["third\n c"]
    assert bench.pipeline.held_from("file") is None
    # What comes late still belongs to the block's beginning.
    assert bench.run(" late") == []
    assert [one["line"] for one in bench.seen(bench.pipeline.flush())] == [" late"]


def test_multiline_keeps_streams_apart_and_cuts_long_blocks():
    bench = Bench("[{multiline: {firstline: '^S', max_lines: 2}}]")
    bench.run("S1", pod="a")
    bench.run("S2", pod="b")
    assert [one["line"] for one in bench.run("x", "y", pod="a")] == ["S1\nx"]
    found = bench.seen(bench.pipeline.flush())
    assert sorted((one["labels"]["pod"], one["line"]) for one in found) == [("a", "y"), ("b", "S2")]


# --- metrics


def test_metrics_count():
    bench = Bench(
        """[{json: {expressions: {size: , level: , took: }}}, {metrics: {
        lines: {type: Counter, description: all, config: {match_all: true, action: inc}},
        bytes: {type: Counter, config: {match_all: true, count_entry_bytes: true, action: add}, prefix: my_},
        errors: {type: Counter, source: level, config: {value: error, action: inc}},
        size: {type: Gauge, config: {action: set}},
        total: {type: Counter, source: size, config: {action: add}},
        took: {type: Histogram, config: {buckets: [0.1, 1]}}}}]"""
    )
    lines = ['{"size":5,"level":"error","took":"50ms"}', '{"size":7,"level":"info","took":3}', "no json"]
    assert len(bench.run(*lines)) == 3
    text = bench.exposition()
    for expected in (
        'promtail_custom_lines{job="a"} 3',
        f'my_bytes{{job="a"}} {sum(map(len, lines))}',
        'promtail_custom_errors{job="a"} 1',
        'promtail_custom_size{job="a"} 7',
        'promtail_custom_total{job="a"} 12',
        'promtail_custom_took_bucket{job="a",le="0.1"} 1',
        'promtail_custom_took_bucket{job="a",le="+Inf"} 2',
        'promtail_custom_took_sum{job="a"} 3.05',
        "# TYPE promtail_custom_size gauge",
    ):
        assert expected in text
    bench.now_ns += 301 * S
    assert "promtail_custom_lines" not in bench.exposition()


# --- others


def test_eventlogmessage():
    line = json.dumps({"message": "Subject:\r\n  Account Name:  me\r\njob: x\r\n1st: y\r\nnothing"})
    stages = "[{json: {expressions: {message: }}}, {eventlogmessage: %s}]"
    found = one(stages % "{}", line)["extracted"]
    del found["message"]
    assert found == {"job": "a", "Subject": "", "Account_Name": "me", "job_extracted": "x", "_1st": "y"}
    found = one(stages % "{drop_invalid_labels: true, overwrite_existing: true}", line)["extracted"]
    del found["message"]
    assert found == {"job": "x", "Subject": ""}


def test_geoip_says_what_it_needs():
    with pytest.raises(ValueError, match="needs the package maxminddb|can't use /none"):
        Bench("[{geoip: {db: /none, source: ip}}]")


def test_stages_see_nothing_of_lines_that_were_dropped():
    bench = Bench(
        "[{drop: {expression: 'x'}}, {metrics: {n: {type: Counter, config: {match_all: true, action: inc}}}}]"
    )
    assert bench.run("x", "x") == []
    assert "promtail_custom_n" not in bench.exposition()
