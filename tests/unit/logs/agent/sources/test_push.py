"""The push API: what another agent sends goes through the pipeline of its job."""

import gzip
import json

import aiohttp
import cramjam

from tests.unit.logs.agent.sources.running import running, until
from watchkeeper.logs.agent.send.encode import encode_runs
from watchkeeper.logs.agent.send.streams import Run, StreamKey

JOB = """
- job_name: p
  loki_push_api:
    server: {http_listen_address: 127.0.0.1, http_listen_port: 0}
    labels: {via: push}
    use_incoming_timestamp: true
  relabel_configs:
    - {source_labels: [app], regex: secret, action: drop}
    - {source_labels: [app], target_label: application}
    - {regex: app, action: labeldrop}
  pipeline_stages: [{static_labels: {stage: ran}}]
"""


async def test_pushes():
    key = StreamKey((("app", "x"),), '{app="x"}', "")
    other = StreamKey((("app", "secret"),), '{app="secret"}', "")
    runs = {key: [Run(key, [1, 2], [b"a", b"b"], [(("k", "v"),), ()])], other: [Run(other, [3], [b"no"], None)]}
    body = bytes(cramjam.snappy.compress_raw(encode_runs(runs)))
    as_json = json.dumps({"streams": [{"stream": {"app": "y"}, "values": [["5", "json"]]}]}).encode()
    async with running(JOB) as (agent, collected), aiohttp.ClientSession() as session:
        [source] = agent.sources["p"]
        url = f"http://{source.address[0]}:{source.address[1]}"
        headers = {"Content-Type": "application/x-protobuf", "X-Scope-OrgID": "t"}
        async with session.post(f"{url}/loki/api/v1/push", data=body, headers=headers) as answer:
            assert answer.status == 204
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        async with session.post(f"{url}/loki/api/v1/push", data=gzip.compress(as_json), headers=headers) as answer:
            assert answer.status == 204
        async with session.post(f"{url}/promtail/api/v1/raw", data=b"one\ntwo\n") as answer:
            assert answer.status == 204
        await until(lambda: len(collected.lines()) == 5)
        common = {"via": "push", "stage": "ran"}
        found = collected.entries()
        assert found[0] == ({**common, "application": "x", "__tenant_id__": "t"}, 1, "a")
        assert collected.runs[0].metadata == [(("k", "v"),), ()]
        assert found[2] == ({**common, "application": "y"}, 5, "json")
        assert [line for labels, _, line in found if labels == common] == ["one", "two"]
        bad = [
            ("application/x-protobuf", b"not snappy", "", 400),
            ("application/json", b"{", "", 400),
            ("application/json", b"{}", "br", 400),
            ("application/json", b"x", "gzip", 400),
        ]
        for content_type, data, encoding, status in bad:
            headers = {"Content-Type": content_type, **({"Content-Encoding": encoding} if encoding else {})}
            async with session.post(f"{url}/loki/api/v1/push", data=data, headers=headers) as answer:
                assert answer.status == status, await answer.text()
        collected.is_full = True
        async with session.post(f"{url}/promtail/api/v1/raw", data=b"x") as answer:
            assert answer.status == 503
        collected.is_full = False
        async with session.get(f"{url}/ready") as answer:
            assert answer.status == 200
