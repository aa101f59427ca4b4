"""The logs part: what it is made of, its configuration, reloads, the way in for an agent of the same process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from watchkeeper.app.logs import LogsPart, now_ns
from watchkeeper.app.loki_config import load
from watchkeeper.app.options import Options
from watchkeeper.app.part import Shared
from watchkeeper.core.model.errors import ConfigError
from watchkeeper.core.model.labels import Labels
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.logs.wire.push_json import decode_json
from watchkeeper.web.lifecycle import Lifecycle
from watchkeeper.web.prometheus.notifications import Notifications

MakePart = Callable[..., Awaitable[LogsPart]]


@pytest.fixture
async def make_part(tmp_path: Path) -> AsyncIterator[MakePart]:
    made: list[tuple[LogsPart, Shared]] = []

    async def make(config: str | None = None, **flags: object) -> LogsPart:
        file = tmp_path / "loki.yaml"
        if config is not None:
            file.write_text(config)
        options = Options(
            data_dir=tmp_path / "data",
            loki_config_file=file if config is not None else None,
            **flags,  # type: ignore[arg-type]
        )
        shared = Shared(
            options=options,
            registry=Registry(),
            lifecycle=Lifecycle(),
            notifications=Notifications(),
            workers=ThreadPoolExecutor(2),
            readers=ThreadPoolExecutor(2),
            started_s=0.0,
        )
        part = LogsPart(shared)
        await part.start()
        made.append((part, shared))
        return part

    yield make
    for part, shared in made:
        await part.quiesce()
        await part.stop()
        shared.workers.shutdown()
        shared.readers.shutdown()


def push(part: LogsPart, line: str, tenant: str = "") -> None:
    body = '{"streams":[{"stream":{"job":"x"},"values":[["%d","%s"]]}]}' % (now_ns(), line)
    part.appender.push(tenant or part.agent_tenant, decode_json(body.encode(), legacy=False))


async def test_the_way_in_for_an_agent(make_part: MakePart) -> None:
    part = await make_part()
    push(part, "of the agent")
    found = part.backend.store.querier("fake").streams((), 0, 2**62)
    assert [stream.labels.get("job") for stream in found] == ["x"]
    await part.tick()
    assert part.backend.figures()["Tenants"] == "one"


async def test_what_was_acknowledged_is_there_after_a_start(make_part: MakePart) -> None:
    first = await make_part()
    push(first, "kept")
    await first.stop()
    second = await make_part()
    slices = second.backend.store.querier("fake").select((), 0, 2**62)
    assert [line for part in slices for block, rows in [part.load()] for line in block.lines(rows)] == [b"kept"]


async def test_the_configuration_as_text(make_part: MakePart) -> None:
    part = await make_part("auth_enabled: false\nlimits_config: {max_query_series: 7}\n")
    whole = yaml.safe_load(part.backend.config_text(""))
    assert whole["limits_config"]["max_query_series"] == 7
    assert yaml.safe_load(part.backend.config_text("diffs")) == {
        "auth_enabled": False,
        "limits_config": {"max_query_series": 7},
    }
    assert yaml.safe_load(part.backend.config_text("defaults"))["auth_enabled"] is True
    published = part.backend.published_limits("fake")
    assert published["max_query_series"] == 7
    assert published["retention_period"] == "0s"
    assert "ingestion_rate_mb" not in published


async def test_secrets_are_not_shown(make_part: MakePart) -> None:
    part = await make_part(
        "auth_enabled: false\ncommon: {storage: {s3: {bucketnames: b, access_key_id: k, secret_access_key: hush}}}\n"
    )
    assert "hush" not in part.backend.config_text("")
    assert "hush" not in part.backend.config_text("diffs")


async def test_a_reload_applies_limits_and_overrides(make_part: MakePart, tmp_path: Path) -> None:
    overrides = tmp_path / "overrides.yaml"
    overrides.write_text("overrides: {one: {max_query_series: 3}}")
    config = "auth_enabled: true\nruntime_config: {file: overrides.yaml}\nlimits_config: {max_query_series: %d}\n"
    part = await make_part(config % 7)
    assert [part.backend.limits(tenant).max_query_series for tenant in ("one", "two")] == [3, 7]
    (tmp_path / "loki.yaml").write_text(config % 8)
    overrides.write_text("overrides: {one: {max_query_series: 4}}")
    await part.reload()
    assert [part.backend.limits(tenant).max_query_series for tenant in ("one", "two")] == [4, 8]
    (tmp_path / "loki.yaml").write_text("limits_config: {max_query_series: many}\n")
    with pytest.raises(ConfigError):
        await part.reload()
    assert part.backend.limits("two").max_query_series == 8


async def test_settings_of_the_api(make_part: MakePart) -> None:
    part = await make_part(
        "auth_enabled: true\nserver: {http_path_prefix: /loki-here/, http_server_read_timeout: 7s}\n"
        "querier: {multi_tenant_queries_enabled: true, tail_max_duration: 2m}\n"
        "query_range: {align_queries_with_step: true}\n"
        "distributor: {max_recv_msg_size: 10MB}\n"
        "ruler: {storage: {type: local, local: {directory: /nowhere/rules}}}\n"
    )
    settings = part.backend.settings
    assert (settings.auth_enabled, settings.multi_tenant_queries, settings.align_queries_with_step) == (True,) * 3
    assert (settings.route_prefix, settings.read_timeout_s, settings.tail_max_duration_s) == ("/loki-here", 7, 120)
    assert (settings.max_body_bytes, settings.max_unpacked_bytes) == (10 << 20, 20 << 20)
    assert (settings.rules_writable, settings.deletes_enabled, settings.patterns_enabled) == (False, False, False)


async def test_patterns_and_deletes_are_there_without_a_file(make_part: MakePart) -> None:
    settings = (await make_part()).backend.settings
    assert (settings.patterns_enabled, settings.deletes_enabled, settings.rules_writable) == (True, True, True)
    assert not settings.allow_shutdown


@pytest.mark.parametrize(
    ("config", "flag", "port"),
    [
        (None, None, 3100),
        ("server: {http_listen_port: 3200}\n", None, 3200),
        ("server: {http_listen_port: 3200}\n", 3300, 3300),
    ],
)
async def test_the_port_of_the_flag_or_of_the_file(
    make_part: MakePart, config: str | None, flag: int | None, port: int
) -> None:
    assert (await make_part(config, logs_port=flag)).port == port


def test_flags_about_retention_count_without_a_file(tmp_path: Path) -> None:
    config = load(Options(logs_retention_time_ms=86_400_000, logs_retention_size_bytes=1000))
    assert config.limits_config.retention_period_ns == 86_400_000_000_000
    assert config.compactor.retention_size == 1000


def test_variables_are_replaced_where_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "loki.yaml"
    file.write_text("auth_enabled: ${AUTH:true}\nlimits_config: {max_query_series: ${SERIES:9}}\n")
    monkeypatch.setenv("AUTH", "false")
    config = load(Options(loki_config_file=file, config_expand_env=True))
    assert (config.auth_enabled, config.limits_config.max_query_series) == (False, 9)
    with pytest.raises(ConfigError):
        load(Options(loki_config_file=file))


async def test_queries_of_the_engine(make_part: MakePart) -> None:
    from watchkeeper.logs.logql.answer import LogStreams, Request
    from watchkeeper.logs.logql.parser import parse
    from watchkeeper.web.loki.query_run import run_query

    part = await make_part()
    push(part, "level=info found")
    made = Request(parse('{job="x"} | logfmt'), "", 0, 2**62)
    answer = await asyncio.wait_for(run_query(part.backend, ["fake"], made, partial_series=False), 10)
    assert isinstance(answer.data, LogStreams)
    assert answer.data.streams[0].parsed == Labels.of(level="info")
