import asyncio
import json
from contextlib import suppress

from watchkeeper.core.config.decode import Load, decode
from watchkeeper.core.telemetry.metrics import Registry
from watchkeeper.discovery.config import FileSDConfig
from watchkeeper.discovery.file import FileDiscoverer
from watchkeeper.discovery.telemetry import DiscoveryMetrics


def discoverer(folder, *patterns, registry=None, **more):
    config = decode(FileSDConfig, f"files: {json.dumps(patterns)}", Load(str(folder / "p.yml")))
    return FileDiscoverer(config, DiscoveryMetrics(registry or Registry()), **more)


def shown(groups):
    return {group.source.rpartition("/")[2]: [target["__address__"] for target in group.targets] for group in groups}


def test_json_and_yaml_files(tmp_path):
    (tmp_path / "a.json").write_text(
        '[{"targets": ["a:1", "b:2"], "labels": {"x": "\\ud83d\\ude00"}}, {"targets": []}]'
    )
    (tmp_path / "b.yml").write_text("- targets: [c:3]\n- targets: [d:4]\n  labels: {team: x, port: 80}\n")
    (tmp_path / "empty.yml").write_text("")
    groups = discoverer(tmp_path, "*.json", "*.yml").scan()
    assert shown(groups) == {"a.json:0": ["a:1", "b:2"], "a.json:1": [], "b.yml:0": ["c:3"], "b.yml:1": ["d:4"]}
    assert groups[0].labels == {"x": "\U0001f600", "__meta_filepath": str(tmp_path / "a.json")}
    assert groups[3].labels == {"team": "x", "port": "80", "__meta_filepath": str(tmp_path / "b.yml")}


def test_only_changes_are_read_again(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('[{"targets": ["a:1"]}, {"targets": ["b:2"]}]')
    found = discoverer(tmp_path, "a.json")
    assert shown(found.scan()) == {"a.json:0": ["a:1"], "a.json:1": ["b:2"]}
    assert found.scan() == []
    file.write_text('[{"targets": ["a:11"]}]')
    assert shown(found.scan()) == {"a.json:0": ["a:11"], "a.json:1": []}
    file.unlink()
    assert shown(found.scan()) == {"a.json:0": []}
    assert found.scan() == []


def test_a_broken_file_keeps_its_groups(tmp_path, capsys):
    registry = Registry()
    file = tmp_path / "a.yml"
    file.write_text("- targets: [a:1]\n")
    found = discoverer(tmp_path, "a.yml", registry=registry)
    found.scan()
    for text in ("- targets: [a:1\n", "- target: [a]\n", "targets: [a]\n", "- targets: [a:1]\n  labels: {a: [b]}\n"):
        file.write_text(text)
        assert found.scan() == []
        assert found.scan() == []
    file.write_bytes(b"- targets: ['\xff']\n")
    assert found.scan() == []
    file.write_text("- targets: [b:1]\n")
    assert shown(found.scan()) == {"a.yml:0": ["b:1"]}
    assert b"prometheus_sd_file_read_errors_total 5\n" in registry.exposition()
    assert b"prometheus_sd_file_mtime_seconds{filename=" in registry.exposition()
    err = capsys.readouterr().err
    assert err.count("\n") == 5
    assert 'unknown key \\"target\\"; did you mean \\"targets\\"?' in err


def test_broken_json_says_where(tmp_path, capsys):
    file = tmp_path / "a.json"
    found = discoverer(tmp_path, "a.json")
    for text, words in (
        ("[", "not JSON"),
        ("{}", "expected a list of target groups, found an object"),
        ("[1]", "[0]: expected a target group, found a number"),
        ('[{"targets": "a"}]', "[0].targets: expected a list, found text"),
        ('[{"targets": ["a", 1]}]', "[0].targets[1]: expected text"),
        ('[{"targets": [], "labels": {"a": 1}}]', "[0].labels.a: expected text"),
        ('[{"targets": [], "labels": []}, {"x": 1}]', '[1]: unknown key \\"x\\"'),
        ('[{"targets": [], "labels": {"": "a"}}]', "is not a valid label name"),
    ):
        file.write_text(text)
        assert found.scan() == []
        assert words in capsys.readouterr().err


async def test_changes_are_published_soon(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('[{"targets": ["a:1"]}]')
    published = asyncio.Queue()
    task = asyncio.create_task(discoverer(tmp_path, "*.json", poll_s=0.01).run(published.put_nowait))
    assert shown(await asyncio.wait_for(published.get(), 5)) == {"a.json:0": ["a:1"]}
    (tmp_path / "b.json").write_text('[{"targets": ["b:1"]}]')
    assert shown(await asyncio.wait_for(published.get(), 5)) == {"b.json:0": ["b:1"]}
    file.unlink()
    assert shown(await asyncio.wait_for(published.get(), 5)) == {"a.json:0": []}
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
