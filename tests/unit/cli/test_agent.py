"""`watchkeeper agent` and `check promtail`: flags as Promtail takes them, previews, checks."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from watchkeeper.app import agent as app
from watchkeeper.cli.agent import plain_arguments
from watchkeeper.cli.main import watchkeeper

S = 10**9
CONFIG = """
clients: [{url: "http://127.0.0.1:1/loki/api/v1/push"}]
scrape_configs:
- job_name: a
  pipeline_stages: [{json: {expressions: {level: }}}, {labels: {level: }}, {drop: {expression: debug}}]
  static_configs: [{labels: {job: a, __path__: "${DIR:-/nowhere}/*.log"}}]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "promtail.yaml"
    path.write_text(CONFIG)
    return path


def run(*arguments, **options):
    return CliRunner().invoke(watchkeeper, ["agent", *map(str, arguments)], **options)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["-config.file", "x"], ["--config.file", "x"]),
        (["-config.file=x", "--dry-run"], ["--config.file=x", "--dry-run"]),
        (["-config.expand-env=true", "-dry-run=false", "-stdin=1"], ["--config.expand-env", "--stdin"]),
        (["-inspect=maybe"], ["--inspect=maybe"]),
        (["-server.grpc-listen-port", "0", "-server.grpc-listen-address=x", "-help"], ["--help"]),
        (["-h", "--", "-x"], ["-h", "--", "-x"]),
    ],
)
def test_arguments_as_go_takes_them(given, expected):
    assert plain_arguments(given) == expected


def test_flags_come_over_the_file(file, monkeypatch):
    seen = []
    monkeypatch.setattr(app, "run", lambda flags: seen.append(flags) or 0)
    result = run(
        "-config.file", file, "-client.url=http://b/push", "-client.external-labels=cluster=eu,x=y",
        "-client.batch-wait=2s",
        "-client.max-retries=3", "-positions.file=/p.yaml", "-server.http-listen-port=9999", "-server.disable",
        "-target.sync-period", "1m", "-log.level=debug", "-client.tenant-id=t",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    config = app.load_config(seen[0], {})
    assert [str(client.url) for client in config.clients] == ["http://127.0.0.1:1/loki/api/v1/push", "http://b/push"]
    for client in config.clients:
        assert client.external_labels == {"cluster": "eu", "x": "y"}
        assert (client.batchwait_ns, client.backoff_config.max_retries, client.tenant_id) == (2 * S, 3, "t")
    assert config.positions.filename == "/p.yaml"
    assert (config.server.http_listen_port, config.server.disable) == (9999, True)
    assert config.target_config.sync_period_ns == 60 * S
    assert seen[0].log_level == "debug"


def test_without_a_file_it_reads_this_machine(tmp_path):
    config = app.load_config(app.AgentFlags(data_dir=tmp_path), {})
    assert str(config.clients[0].url) == app.DEFAULT_URL
    [first, *_] = config.scrape_configs
    assert first.discovery.static[0].labels["__path__"] == "/var/log/**/*.log"
    assert config.positions.filename == str(tmp_path / "positions.yaml")


def test_check_syntax_and_print_config(file):
    result = run("-config.file", file, "-check-syntax", "-print-config-stderr")
    assert result.exit_code == 0
    assert "Valid config file! No syntax issues found" in result.output
    assert "batchwait: 1s" in result.output
    file.write_text(CONFIG.replace("job_name", "job_nam"))
    result = run("-config.file", file, "-check-syntax")
    assert result.exit_code == 1
    assert f'{file}:4:3: scrape_configs[0].job_nam: unknown key "job_nam"; did you mean "job_name"?' in result.output


def test_a_client_is_needed(file):
    file.write_text("scrape_configs: []\n")
    result = run("-config.file", file)
    assert result.exit_code == 1
    assert "at least one client config should be provided" in result.output


def test_other_flags_are_refused(file):
    assert run("-config.file", file, "-no.such.flag").exit_code == 2
    assert run("-client.batch-wait", "soon").exit_code == 2
    assert run("-client.external-labels", "a").exit_code == 2
    assert "watchkeeper agent" in run("-version").output


def preview(file, *flags, lines, env=None):
    command = [sys.executable, "-m", "watchkeeper.cli.main", "agent", "-config.file", str(file), "-stdin", *flags]
    return subprocess.run(command, input=lines, capture_output=True, timeout=30, env=env, check=True)


def test_dry_run_prints_entries(file):
    result = preview(file, "-dry-run", lines=b'{"level":"warn"}\ndebug\nplain \x1b[31m\xff\n')
    found = [line.split("\t") for line in result.stdout.decode().splitlines()]
    assert [line[1:] for line in found] == [
        ['{job="a", level="warn"}', '{"level":"warn"}'],
        ['{job="a"}', "plain \\x1b[31m�"],
    ]
    assert found[0][0].endswith("Z")


def test_dry_run_shows_before_and_after_in_colour(file):
    result = preview(file, "-dry-run", lines=b'{"level":"warn"}\ndebug\nplain\n', env={"FORCE_COLOR": "1"})
    lines = result.stdout.decode().splitlines()
    assert lines[0] == '\x1b[31m- {job="a"}\t{"level":"warn"}\x1b[0m'
    assert lines[1].endswith('\x1b[34m{job="a", level="warn"}\x1b[0m\t\x1b[32m{"level":"warn"}\x1b[0m')
    assert lines[2:4] == ['\x1b[31m- {job="a"}\tdebug\x1b[0m', "\x1b[2m  dropped, or held until more is known\x1b[0m"]
    assert lines[4].endswith("\x1b[32mplain\x1b[0m")


def test_inspect_shows_each_stage(file):
    result = preview(file, "-inspect", "-dry-run", lines=b'{"level":"warn"}\ndebug\n', env={"FORCE_COLOR": "1"})
    text = result.stdout.decode()
    assert "[inspect: labels stage]: " in text
    assert "\x1b[32m    + level: warn\x1b[0m" in text
    assert "dropped, or held until more is known" in text
    assert "[inspect: drop stage]: " in text


def test_standard_input_alone_is_read(tmp_path):
    (tmp_path / "a.log").write_text("a line of a file\n")
    path = tmp_path / "promtail.yaml"
    path.write_text(CONFIG.replace("${DIR:-/nowhere}", str(tmp_path)))
    assert b"a line of a file" not in preview(path, "-dry-run", lines=b"x\n" * 1000).stdout
    path.write_text('clients: [{url: "http://a/push"}]')
    assert b'job="stdin"' in preview(path, "-dry-run", lines=b"x\n").stdout
    # A job of stages alone is for this.
    path.write_text(
        'clients: [{url: "http://a/push"}]\n'
        "scrape_configs: [{job_name: try, pipeline_stages: [{static_labels: {team: blue}}]}]\n"
    )
    assert b'team="blue"' in preview(path, "-dry-run", lines=b"x\n").stdout
    assert 'job "try" reads nothing but standard input' in check(path).output


def check(*arguments):
    return CliRunner().invoke(watchkeeper, ["check", "promtail", *map(str, arguments)])


def test_check_promtail(file, tmp_path, monkeypatch):
    result = check(file)
    assert result.exit_code == 0
    assert f"{file}: valid: 1 scrape config, 3 pipeline stages, 1 client" in result.output
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs: [{role: pod}]\n"
        "  pipeline_stages: [{match: {selector: '{', stages: [cri: {}]}}, {geoip: {db: /x, source: ip}}]\n"
    )
    result = check(file, bad)
    assert result.exit_code == 1
    assert "scrape_configs[a].pipeline_stages[0].match: parse error at line 1, col 2" in result.output
    assert "pipeline_stages[1].geoip" in result.output
    bad.write_text(
        "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs: [{role: pod}]\n"
        "  file_sd_configs: [{files: [/x.yml]}]\n"
    )
    result = check(bad)
    assert result.exit_code == 0
    assert "warning: no client" in result.output
    assert "kubernetes_sd_configs" in result.output
    assert "no file matches /x.yml" in result.output
