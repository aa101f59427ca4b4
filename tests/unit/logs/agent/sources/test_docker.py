"""Docker's API, played by a server on a unix socket."""

import asyncio

from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.logs.agent.sources.running import running, until
from watchkeeper.logs.agent.sources.docker import container_labels
from watchkeeper.logs.agent.sources.docker_frames import Frames

CONTAINER = {
    "Id": "abc123",
    "Names": ["/web"],
    "Labels": {"com.docker.compose.service": "web", "empty": ""},
    "HostConfig": {"NetworkMode": "bridge"},
    "NetworkSettings": {"Networks": {"bridge": {"NetworkID": "n1", "IPAddress": "172.17.0.2"}}},
    "Ports": [{"PrivatePort": 80, "PublicPort": 8080, "IP": "0.0.0.0"}],
}
NETWORK = {"Id": "n1", "Name": "bridge", "Scope": "local", "Internal": False, "Ingress": False, "Labels": {"x-y": "z"}}


def frame(stream, text):
    return bytes((stream, 0, 0, 0)) + len(text).to_bytes(4, "big") + text


def test_labels_of_a_container():
    assert container_labels(CONTAINER, {"n1": NETWORK}, "localhost") == {
        "__meta_docker_container_id": "abc123",
        "__meta_docker_container_name": "/web",
        "__meta_docker_container_network_mode": "bridge",
        "__meta_docker_container_label_com_docker_compose_service": "web",
        "__meta_docker_network_id": "n1",
        "__meta_docker_network_name": "bridge",
        "__meta_docker_network_ip": "172.17.0.2",
        "__meta_docker_network_scope": "local",
        "__meta_docker_network_internal": "false",
        "__meta_docker_network_ingress": "false",
        "__meta_docker_network_label_x_y": "z",
        "__meta_docker_port_private": "80",
        "__meta_docker_port_public": "8080",
        "__meta_docker_port_public_ip": "0.0.0.0",
        "__address__": "172.17.0.2:80",
    }


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=20).filter(lambda one: b"\n" not in one))), st.data()
)
def test_frames_of_any_cut(lines, data):
    stream = b"".join(frame(kind, line + b"\n") for kind, line in lines)
    frames = Frames(is_tty=False)
    found = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += frames.feed(stream[:cut])
        stream = stream[cut:]
    assert found == [({1: "stdout", 2: "stderr"}[kind], line) for kind, line in lines]


def answer(found):
    async def handler(_):
        return web.json_response(found)

    return handler


async def test_containers_are_followed(tmp_path):
    asked = []
    more = asyncio.Event()

    async def logs(request):
        asked.append(dict(request.query))
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(frame(1, b"2024-01-01T00:00:01.5Z out\n") + frame(2, b"2024-01-01T00:00:02Z err\n"))
        await more.wait()
        await response.write(frame(1, b"2024-01-01T00:00:03Z no end"))
        return response

    app = web.Application()
    about = {"Config": {"Tty": False}, "State": {"Running": False}}
    for path, found in (("containers/json", [CONTAINER]), ("networks", [NETWORK]), ("containers/abc123/json", about)):
        app.router.add_get(f"/{path}", answer(found))
    app.router.add_get("/containers/abc123/logs", logs)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.UnixSite(runner, str(tmp_path / "docker.sock")).start()
    job = f"""
- job_name: d
  docker_sd_configs: [{{host: "unix://{tmp_path}/docker.sock", refresh_interval: 1h}}]
  relabel_configs:
    - {{source_labels: [__meta_docker_container_name], regex: "/(.*)", target_label: container}}
    - {{source_labels: [__meta_docker_container_log_stream], target_label: stream}}
"""
    try:
        async with running(job) as (agent, collected):
            await until(lambda: len(collected.lines()) == 2)
            assert collected.entries() == [
                ({"container": "web", "stream": "stdout"}, 1704067201_500000000, "out"),
                ({"container": "web", "stream": "stderr"}, 1704067202_000000000, "err"),
            ]
            assert asked[0]["since"] == "0"
            await until(lambda: agent.positions.get("cursor-abc123") == "1704067202")
            more.set()
            await until(lambda: collected.lines()[2:] == ["no end"])
    finally:
        more.set()
        await runner.cleanup()
