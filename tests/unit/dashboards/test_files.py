"""Dashboards of files: read, followed as they change, broken ones told of."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from watchkeeper.core.model.errors import ConfigError
from watchkeeper.dashboards.catalog import Wanted, search
from watchkeeper.dashboards.entry import Entry, Origin
from watchkeeper.dashboards.provisioning.config import (
    FolderOptions,
    Provider,
    read_dashboards_file,
    read_datasources_file,
)
from watchkeeper.dashboards.provisioning.dashboard_files import MAX_FILE_BYTES, DashboardFiles
from watchkeeper.dashboards.provisioning.watch import Provisioning
from watchkeeper.dashboards.state import State
from watchkeeper.dashboards.stored import Save


def write(path: Path, **body: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body))


def files(folder: Path, **options: object) -> DashboardFiles:
    provider = Provider(name="p", options=FolderOptions(path=str(folder), **options))  # type: ignore[arg-type]
    return DashboardFiles(provider)


def test_what_a_folder_holds(tmp_path: Path) -> None:
    write(tmp_path / "a.json", title="A", uid="a", tags=["x"])
    write(tmp_path / "deep" / "b.json", title="B")
    write(tmp_path / "c.json", dashboard={"title": "C", "uid": "c"}, overwrite=True)
    write(tmp_path / ".hidden" / "d.json", title="D")
    resource = {"kind": "Dashboard", "metadata": {"name": "r"}, "spec": {"title": "R", "elements": {}, "layout": {}}}
    (tmp_path / "resource.json").write_text(json.dumps(resource))
    (tmp_path / "bom.json").write_bytes(b"\xef\xbb\xbf" + b'{"title": "Marked", "uid": "bom"}')
    (tmp_path / "notes.txt").write_text("no")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "half.json").write_text('{"title": ')
    (tmp_path / "uid.json").write_text('{"title": "U", "uid": "a/b"}')
    found = files(tmp_path)
    assert found.scan()
    assert not found.scan()
    assert {(entry.title, entry.file) for entry in found.entries} == {
        ("A", "a.json"), ("B", "deep/b.json"), ("C", "c.json"), ("Marked", "bom.json"), ("R", "resource.json"),
    }  # fmt: skip
    by_title = {entry.title: entry for entry in found.entries}
    assert by_title["A"].load() == {"title": "A", "uid": "a", "tags": ["x"], "id": by_title["A"].number, "version": 1}
    assert (by_title["R"].uid, by_title["R"].load()["layout"]) == ("r", {})
    # One without a uid has the same one in every process.
    other = files(tmp_path)
    other.scan()
    assert by_title["B"].uid == next(entry.uid for entry in other.entries if entry.title == "B")
    told = [problem.removeprefix(str(tmp_path)) for problem in found.problems]
    assert [problem.split(":")[0] for problem in told] == ["/half.json", "/list.json", "/uid.json"]
    assert told[1:] == ["/list.json: a dashboard is a JSON object", "/uid.json: uid contains illegal characters"]


def test_changes_are_followed(tmp_path: Path) -> None:
    write(tmp_path / "a.json", title="A", uid="a")
    found = files(tmp_path)
    found.scan()
    write(tmp_path / "a.json", title="Longer", uid="a")
    assert found.scan()
    assert [entry.title for entry in found.entries] == ["Longer"]
    (tmp_path / "a.json").unlink()
    assert found.scan()
    assert found.entries == []


def test_links_as_kubernetes_volumes_have_them(tmp_path: Path) -> None:
    volume = tmp_path / "volume"
    write(volume / "..2026_1" / "a.json", title="A", uid="a")
    (volume / "..data").symlink_to("..2026_1")
    (volume / "a.json").symlink_to("..data/a.json")
    (volume / "loop").symlink_to(volume)
    (volume / "gone.json").symlink_to("nowhere")
    found = files(volume)
    found.scan()
    assert [(entry.title, entry.file) for entry in found.entries] == [("A", "a.json")]
    # A new version is one switch of a link.
    write(volume / "..2026_2" / "a.json", title="B", uid="a")
    (volume / "..new").symlink_to("..2026_2")
    os.replace(volume / "..new", volume / "..data")
    assert found.scan()
    assert [entry.title for entry in found.entries] == ["B"]


def test_no_folder_and_files_that_are_too_large(tmp_path: Path) -> None:
    found = files(tmp_path / "none")
    assert found.scan()
    assert found.problems == [f"{tmp_path}/none: there is no such folder (provider p)"]
    with (tmp_path / "big.json").open("wb") as big:
        big.truncate(MAX_FILE_BYTES + 1)
    found = files(tmp_path)
    found.scan()
    assert found.problems == [f"{tmp_path}/big.json: is larger than {MAX_FILE_BYTES} bytes"]


def test_folders_of_files(tmp_path: Path) -> None:
    write(tmp_path / "top.json", title="Top")
    write(tmp_path / "Ops" / "a.json", title="A")
    found = files(tmp_path, folders_from_files=True)
    found.scan()
    titles = {folder.uid: folder.title for folder in found.folders.values()}
    assert {entry.title: titles.get(entry.folder_uid, "") for entry in found.entries} == {"Top": "", "A": "Ops"}


def test_yaml(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(
        "apiVersion: 1\nproviders:\n- name: $NAME\n  orgId: 1\n  folder: '${FOLDER}$$'\n  type: file\n"
        "  disableDeletion: true\n  someNewKey: 1\n  options:\n    path: $__env{DIR}/x\n"
    )
    (provider,) = read_dashboards_file(path, {"NAME": "n", "FOLDER": "F", "DIR": "/d"})
    assert (provider.name, provider.folder, provider.options.path, provider.interval_s) == ("n", "F$", "/d/x", 10)
    path.write_text("providers:\n- {name: a, type: gitlab}\n- {name: b, folderUid: 'a b', options: {path: /x}}\n")
    with pytest.raises(ConfigError) as error:
        read_dashboards_file(path, {})
    assert [str(problem).removeprefix(f"{path}:") for problem in error.value.problems] == [
        "2:3: providers[0].options: path is needed: the folder that holds the dashboards' JSON files",
        '2:19: providers[0].type: "gitlab" is not known; only file is',
        "3:24: providers[1].folderUid: folderUid contains illegal characters",
    ]
    (tmp_path / "secret").write_text("pass\n")
    path.write_text(
        "datasources:\n- {name: a, type: loki, secureJsonData: {basicAuthPassword: '$__file{"
        + f"{tmp_path}/secret"
        + "}'}}\n"
    )
    (source,) = read_datasources_file(path, {}).datasources
    assert source.secure_json_data == {"basicAuthPassword": "pass"}


def test_values_of_the_environment_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(
        "datasources:\n- name: a\n  type: prometheus\n  url: http://$HOST:${PORT}\n  isDefault: $YES\n  orgId: $NONE\n"
        "  jsonData: {timeInterval: $N, plain: 5, httpHeaderName1: X-Key}\n"
        "  secureJsonData: {httpHeaderValue1: $KEY, basicAuthPassword: '$__env{ODD}', cost: '$$5'}\n"
    )
    environ = {"HOST": "h", "PORT": "9090", "YES": "true", "N": "015", "KEY": "0123", "ODD": "a#b: 'c\n- d"}
    (source,) = read_datasources_file(path, environ).datasources
    assert (source.url, source.is_default, source.org_id) == ("http://h:9090", True, 1)
    assert source.json_data == {"timeInterval": "015", "plain": 5, "httpHeaderName1": "X-Key"}
    assert source.secure_json_data == {"httpHeaderValue1": "0123", "basicAuthPassword": "a#b: 'c\n- d", "cost": "$5"}
    path.write_text("datasources:\n- {name: a, type: loki, url: '$__file{/none/at/all}'}\n")
    with pytest.raises(ConfigError) as error:
        read_datasources_file(path, {})
    assert "2:30: datasources[0].url: /none/at/all: No such file" in str(error.value)


def test_keys_without_a_value_and_kinds_that_are_others(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text(
        "apiVersion: 1\nprune: true\ndeleteDatasources:\n- name: Old\n  orgId: 1\ndatasources:\n- name: Graphite\n"
        "  type: graphite\n  access: proxy\n  orgId: 1\n  uid: my_uid\n  url: http://localhost:8080\n  user:\n"
        "  database:\n  basicAuth:\n  basicAuthUser:\n  withCredentials:\n  isDefault:\n"
        "  jsonData:\n    graphiteVersion: '1.1'\n    tlsAuth: true\n    nested: {list: [1, x], none: }\n"
        "  secureJsonData:\n    tlsCACert: '...'\n    password:\n    number: 0123\n  version: 1\n  editable: false\n"
    )
    file = read_datasources_file(path, {})
    (source,) = file.datasources
    assert (source.user, source.basic_auth, source.is_default, file.prune) == ("", False, False, True)
    assert source.json_data == {"graphiteVersion": "1.1", "tlsAuth": True, "nested": {"list": [1, "x"], "none": None}}
    assert source.secure_json_data == {"tlsCACert": "...", "number": "0123"}
    assert [deleted.name for deleted in file.delete] == ["Old"]


def test_older_forms(tmp_path: Path) -> None:
    path = tmp_path / "all.yaml"
    path.write_text("- name: old\n  org_id: 1\n  folder: ''\n  type: file\n  options:\n    folder: /var/boards\n")
    (provider,) = read_dashboards_file(path, {})
    assert (provider.name, provider.where) == ("old", "/var/boards")
    for text in ("", "~\n", "# nothing\n", "apiVersion: 1\n"):
        path.write_text(text)
        assert read_dashboards_file(path, {}) == ()


def test_dashboards_stay_where_deletion_is_disabled(tmp_path: Path) -> None:
    boards, conf = tmp_path / "boards", tmp_path / "conf" / "dashboards"
    write(boards / "Ops" / "a.json", title="A", uid="a")
    write(boards / "b.json", title="B", uid="b")
    conf.mkdir(parents=True)
    yaml = f"providers: [{{name: p, disableDeletion: true, updateIntervalSeconds: 1, options: {{path: {boards}, " \
        "foldersFromFilesStructure: true}}]\n"  # fmt: skip
    (conf / "a.yaml").write_text(yaml)

    def started(state: State) -> Provisioning:
        state.open()
        watch = Provisioning(
            tmp_path / "conf", state.catalog, state.datasources, {}, builtin=None, leftovers=state.leftovers
        )
        watch.start()
        return watch

    state = State(tmp_path / "state.db", [])
    watch = started(state)
    (boards / "Ops" / "a.json").unlink()
    assert watch.tick(100.0)
    kept = state.catalog.get("a")
    assert (kept.origin, kept.folder_uid, kept.load()["title"]) == (Origin.STORED, state.catalog.folders()[0].uid, "A")
    assert state.catalog.folders()[0].title == "Ops"
    assert state.catalog.delete("a").title == "A"
    state.close()
    # Also where the file went while nothing ran.
    (boards / "b.json").unlink()
    state = State(tmp_path / "state.db", [])
    watch = started(state)
    assert state.catalog.get("b").origin is Origin.STORED
    # A folder that is not there, as a volume that was not mounted yet, takes nothing; it comes back as it was.
    write(boards / "c.json", title="C", uid="c")
    assert watch.tick(200.0)
    boards.rename(tmp_path / "away")
    assert watch.tick(300.0)
    assert state.catalog.find("c") is None
    (tmp_path / "away").rename(boards)
    assert watch.tick(400.0)
    assert state.catalog.get("c").origin is Origin.FILE
    # With its provider a dashboard goes.
    (conf / "a.yaml").write_text("providers: []\n")
    assert watch.tick(500.0)
    assert sorted(entry.uid for entry in state.catalog.entries()) == ["b"]
    state.close()


def test_files_are_looked_at_more_often_than_they_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conf, boards = tmp_path / "dashboards", tmp_path / "boards"
    conf.mkdir()
    boards.mkdir()
    (conf / "a.yaml").write_text(f"providers: [{{name: p, updateIntervalSeconds: 60, options: {{path: {boards}}}}}]\n")
    state = State(None, [])
    state.open()
    watch = Provisioning(tmp_path, state.catalog, state.datasources, {}, builtin=None)
    watch.start()
    watch.tick(100.0)
    write(boards / "a.json", title="A", uid="a")
    assert not watch.tick(101.9)
    assert watch.tick(102.0)
    # A folder that takes a second to look at is looked at once a minute, as it says.
    clock = iter(range(1000))
    monkeypatch.setattr("watchkeeper.dashboards.provisioning.watch.time.perf_counter", lambda: next(clock))
    watch.tick(104.0)
    write(boards / "b.json", title="B", uid="b")
    assert not watch.tick(163.0)
    assert watch.tick(164.0)
    state.close()


def test_what_is_seen_of_a_change_that_is_taken_back() -> None:
    state = State(None, [])
    state.open()
    state.stored.save(Save({"title": "A", "uid": "a"}, "", "", "x"), 1)

    def taken_back() -> None:
        with state.database.change():
            state.stored.save(Save({"title": "B", "uid": "b"}, "", "", "x"), 1)
            assert [entry.uid for entry in state.catalog.entries()] == ["a", "b"]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        taken_back()
    assert [entry.uid for entry in state.catalog.entries()] == ["a"]
    state.close()


def test_what_is_not_read_is_told(tmp_path: Path) -> None:
    for name in ("dashboards", "datasources", "alerting", "plugins"):
        (tmp_path / name).mkdir()
    (tmp_path / "dashboards" / "a.yaml").write_text("providers: [{name: two, orgId: 2, options: {path: /x}}]\n")
    (tmp_path / "datasources" / "a.yaml").write_text("datasources: [{name: three, type: loki, orgId: 3}]\n")
    (tmp_path / "alerting" / "rules.yaml").write_text("groups: []\n")
    state = State(None, [])
    state.open()
    watch = Provisioning(tmp_path, state.catalog, state.datasources, {}, builtin=None)
    watch.start()
    told = [text.removeprefix(f"{tmp_path}/").split(": is not read")[0] for text in watch.problems]
    assert told == ["datasources/a.yaml: three", "dashboards/a.yaml: provider two", "alerting/rules.yaml"]
    assert state.datasources.all() == []
    state.close()


def test_our_own_come_last(tmp_path: Path) -> None:
    builtin, provided = tmp_path / "builtin", tmp_path / "provided"
    write(builtin / "host.json", title="Ours", uid="host")
    write(builtin / "logs.json", title="Logs", uid="logs")
    write(provided / "host.json", title="Theirs", uid="host")
    conf = tmp_path / "conf" / "dashboards"
    conf.mkdir(parents=True)
    (conf / "a.yaml").write_text(f"providers: [{{name: a, updateIntervalSeconds: 1, options: {{path: {provided}}}}}]\n")
    state = State(None, [])
    state.open()
    watch = Provisioning(tmp_path / "conf", state.catalog, state.datasources, {}, builtin=builtin)
    watch.start()

    def shown() -> dict[str, tuple[str, Origin]]:
        return {entry.uid: (entry.title, entry.origin) for entry in state.catalog.entries()}

    assert shown() == {"host": ("Theirs", Origin.FILE), "logs": ("Logs", Origin.BUILTIN)}
    assert state.catalog.clashes() == ()
    (provided / "host.json").unlink()
    assert watch.tick(100.0)
    assert shown()["host"] == ("Ours", Origin.BUILTIN)
    assert not watch.tick(100.5)
    # A YAML file that breaks keeps what there was, and says so.
    write(provided / "new.json", title="New", uid="new")
    (conf / "a.yaml").write_text("providers: 3\n")
    assert watch.tick(102.0)
    assert shown()["new"] == ("New", Origin.FILE)
    assert len(watch.problems) == 1
    assert "a.yaml:1:12" in watch.problems[0]
    (conf / "a.yaml").unlink()
    assert watch.tick(104.0)
    assert (sorted(shown()), watch.problems) == (["host", "logs"], ())
    state.close()


def test_search_by_nothing_finds_all(tmp_path: Path) -> None:
    write(tmp_path / "a.json", title="A", uid="a")
    state = State(None, [])
    state.open()
    watch = Provisioning(None, state.catalog, state.datasources, {}, builtin=tmp_path)
    watch.start()
    found = search(state.catalog, Wanted())
    assert [hit.title for hit in found] == ["A"]
    assert isinstance(found[0], Entry)
    state.close()


def test_the_folder_must_be_there(tmp_path: Path) -> None:
    state = State(None, [])
    state.open()
    with pytest.raises(OSError, match="no such folder"):
        Provisioning(tmp_path / "none", state.catalog, state.datasources, {}).start()
    state.close()


def test_a_file_that_is_nested_too_deeply_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text('{"title": "D", "uid": "d", "x": ' + '{"a":' * 250 + "1" + "}" * 251)
    (tmp_path / "good.json").write_text('{"title": "G", "uid": "g", "x": ' + '{"a":' * 200 + "1" + "}" * 201)
    files = DashboardFiles(Provider(name="p", options=FolderOptions(path=str(tmp_path))))
    files.scan()
    assert [entry.uid for entry in files.entries] == ["g"]
    assert files.problems == [f"{tmp_path / 'deep.json'}: the JSON is nested too deeply"]


def test_files_of_before_there_was_an_api_version(tmp_path: Path) -> None:
    (tmp_path / "old.yml").write_text(
        "delete_datasources:\n- name: Gone\n  org_id: 1\n"
        "datasources:\n- name: A\n  type: prometheus\n  access: proxy\n  org_id: 1\n  basic_auth: true\n"
        "  basic_auth_user: u\n  is_default: true\n  with_credentials: true\n"
        "  json_data: {org_id: kept, timeInterval: $STEP}\n  secure_json_data: {basicAuthPassword: $PASS}\n"
    )
    read = read_datasources_file(tmp_path / "old.yml", {"STEP": "5s", "PASS": "p$$w"})
    (one,) = read.datasources
    assert (one.basic_auth, one.basic_auth_user, one.is_default, one.with_credentials) == (True, "u", True, True)
    assert (one.json_data, one.secure_json_data) == (
        {"org_id": "kept", "timeInterval": "5s"}, {"basicAuthPassword": "p$$w"},
    )  # fmt: skip
    assert [deleted.name for deleted in read.delete] == ["Gone"]
    (tmp_path / "boards.yml").write_text("- name: a\n  org_id: 2\n  folder: F\n  options: {folder: /x}\n")
    (provider,) = read_dashboards_file(tmp_path / "boards.yml", {})
    assert (provider.org_id, provider.where) == (2, "/x")
    # From the first version on they are other keys, which nobody reads.
    (tmp_path / "new.yml").write_text("apiVersion: 1\ndatasources:\n- name: A\n  type: loki\n  is_default: true\n")
    assert not read_datasources_file(tmp_path / "new.yml", {}).datasources[0].is_default
