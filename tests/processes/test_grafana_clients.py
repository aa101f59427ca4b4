"""People's tools against a real server: grafana-client, grafanalib, grafana-foundation-sdk, and Grafana's own
provisioning folder."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes.boards_of_libraries import BOARDS, KEPT
from tests.processes.dashboards_server import ADMIN, DashboardsServer, dashboards_server
from tests.processes.running import started, wait_for

CLIENTS = Path(sys.prefix) / "clients"

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DashboardsServer]:
    """One for all of this file."""
    made = dashboards_server(tmp_path_factory.mktemp("clients"))
    with started(made):
        yield made
        assert made.stop() == 0
    assert "Traceback" not in made.log.read_text()


@pytest.fixture(scope="module")
def administrator(server: DashboardsServer) -> Iterator[Any]:
    """grafana-client with the name and password of the server's administrator."""
    if not CLIENTS.is_dir():
        pytest.skip(f"no grafana-client in {CLIENTS}: make test installs it")
    sys.path.append(str(CLIENTS))
    from grafana_client import GrafanaApi

    client = GrafanaApi.from_url(server.url, credential=ADMIN)
    yield client
    # It leaves its connections open otherwise.
    client.client.s.close()


@pytest.fixture(scope="module")
def grafana(server: DashboardsServer, administrator: Any) -> Iterator[Any]:
    """grafana-client, logged in by a token that it made itself."""
    from grafana_client import GrafanaApi, TokenAuth

    first = administrator
    account = first.serviceaccount.create({"name": "tests", "role": "Admin"})
    token = first.serviceaccount.create_token(account["id"], {"name": "t"})
    assert [found["name"] for found in first.serviceaccount.get_tokens(account["id"])] == ["t"]
    assert first.serviceaccount.search_one("tests")["tokens"] == 1
    second = GrafanaApi.from_url(server.url, credential=TokenAuth(token=token["key"]))
    yield second
    second.client.s.close()


def test_dashboards_by_grafana_client(grafana: Any) -> None:
    from grafana_client.client import GrafanaBadInputError, GrafanaClientError

    assert grafana.health.check()["version"].startswith("11.")
    folder = grafana.folder.create_folder("From a client", uid="client")
    made = grafana.dashboard.update_dashboard(
        {"dashboard": {"title": "Of a client", "uid": "of-a-client", "tags": ["client"]}, "folderUid": "client"}
    )
    assert (made["status"], made["version"]) == ("success", 1)
    found = grafana.dashboard.get_dashboard("of-a-client")
    assert (found["dashboard"]["title"], found["meta"]["folderTitle"]) == ("Of a client", "From a client")
    found["dashboard"]["title"] = "Changed by a client"
    # Of the answer it takes the folder along, as it does with Grafana's.
    assert grafana.dashboard.update_dashboard(found)["version"] == 2
    assert [hit["uid"] for hit in grafana.search.search_dashboards(query="changed", tag="client")] == ["of-a-client"]
    assert [hit["uid"] for hit in grafana.search.search_dashboards(folder_ids=folder["id"], type_="dash-db")] == [
        "of-a-client"
    ]
    with pytest.raises(GrafanaClientError, match="412"):
        grafana.dashboard.update_dashboard({"dashboard": {"title": "Late", "uid": "of-a-client", "version": 1}})
    assert len(grafana.dashboard_versions.get_dashboard_versions_by_uid("of-a-client")["versions"]) == 2
    restored = grafana.dashboard_versions.restore_dashboard_by_uid("of-a-client", 1)
    assert restored["version"] == 3
    assert {"term": "client", "count": 1} in grafana.dashboard.get_dashboards_tags()
    with pytest.raises(GrafanaBadInputError):
        grafana.dashboard.update_dashboard({"dashboard": {"title": ""}})
    assert grafana.dashboard.delete_dashboard("of-a-client")["title"] == "Of a client"
    with pytest.raises(GrafanaClientError, match="404"):
        grafana.dashboard.get_dashboard("of-a-client")
    grafana.folder.update_folder("client", title="Renamed", version=1)
    assert grafana.folder.get_folder("client")["title"] == "Renamed"
    grafana.folder.delete_folder("client")
    assert grafana.folder.get_all_folders() == []


def test_annotations_by_grafana_client(grafana: Any) -> None:
    made = grafana.annotations.add_annotation(time_from=1000, time_to=2000, tags=["deploy"], text="v1")
    assert made["message"] == "Annotation added"
    found = grafana.annotations.find_annotations(time_from=500, time_to=3000, tags=["deploy"])
    assert [one["text"] for one in found] == ["v1"]
    grafana.annotations.update_annotation(made["id"], time_from=1000, time_to=2000, tags=["deploy"], text="v2")
    grafana.annotations.delete_annotations_by_id(made["id"])
    assert grafana.annotations.find_annotations(tags=["deploy"]) == []
    assert grafana.annotations.add_annotation_graphite("what", ["a"], 1000, "data")["id"] > made["id"]


def test_datasources_by_grafana_client(server: DashboardsServer, grafana: Any) -> None:
    names = [source["name"] for source in grafana.datasource.list_datasources()]
    assert names == ["Alertmanager", "Loki", "Prometheus"]
    for uid in ("prometheus", "loki", "alertmanager"):
        assert grafana.datasource.health(uid)["status"] == "OK"
    wait_for(
        "a scrape",
        lambda: server.ask("GET", "/api/datasources/proxy/uid/prometheus/api/v1/query?query=up")[1]["data"]["result"],
    )
    source = grafana.datasource.get_datasource_by_uid("prometheus")
    said = grafana.datasource.smartquery(source, "up")
    assert [result["status"] for result in said["results"].values()] == [200]
    added = grafana.datasource.create_datasource(
        {"name": "Again", "type": "prometheus", "access": "proxy", "url": f"http://127.0.0.1:{server.ports['metrics']}"}
    )
    uid = added["datasource"]["uid"]
    # Over the network this time, and the same answer.
    assert grafana.datasource.health(uid)["status"] == "OK"
    assert (
        server.ask("GET", f"/api/datasources/proxy/uid/{uid}/api/v1/query?query=vector(7)")[1]["data"]["result"][0][
            "value"
        ][1]
        == "7"
    )
    assert grafana.datasource.delete_datasource_by_uid(uid)["message"] == "Data source deleted"


def test_people_by_grafana_client(grafana: Any, administrator: Any) -> None:
    from grafana_client.client import GrafanaClientError

    person = {"name": "N", "login": "n", "email": "n@x", "password": "correct horse"}
    # As with Grafana's, no token administers the server.
    with pytest.raises(GrafanaClientError, match="403"):
        grafana.admin.create_user(person)
    made = administrator.admin.create_user(person)
    assert administrator.users.find_user("n@x")["id"] == made["id"]
    assert "n" in {user["login"] for user in administrator.users.search_users()}
    assert grafana.organization.get_current_organization()["name"] == "Main Org."
    team = grafana.teams.add_team("ops")
    grafana.teams.add_team_member(team["teamId"], made["id"])
    assert [member["login"] for member in grafana.teams.get_team_members(team["teamId"])] == ["n"]
    assert [found["name"] for found in grafana.teams.search_teams()] == ["ops"]
    grafana.teams.delete_team(team["teamId"])
    administrator.admin.delete_user(made["id"])


def test_snapshots_by_grafana_client(grafana: Any) -> None:
    made = grafana.snapshots.create_new_snapshot({"title": "S"}, name="S", expires=60)
    assert grafana.snapshots.get_snapshot_by_key(made["key"])["dashboard"]["title"] == "S"
    assert [shot["name"] for shot in grafana.snapshots.get_dashboard_snapshots()] == ["S"]
    grafana.snapshots.delete_snapshot_by_delete_key(made["deleteKey"])
    assert grafana.snapshots.get_dashboard_snapshots() == []


@pytest.mark.parametrize("name", BOARDS)
def test_what_libraries_write(server: DashboardsServer, name: str) -> None:
    if name == "foundation_sdk":
        if not CLIENTS.is_dir():
            pytest.skip(f"no grafana-foundation-sdk in {CLIENTS}: make test installs it")
        sys.path.append(str(CLIENTS))
    written = BOARDS[name]()
    # The pages' model loads this without a notice: ui/tests/core/model/libraries.test.ts.
    text = json.dumps(written, indent=1, sort_keys=True) + "\n"
    if os.environ.get("WATCHKEEPER_GOLDEN") == "write":
        (KEPT / f"{name}.json").write_text(text)
    assert (KEPT / f"{name}.json").read_text() == text
    status, said = server.ask("POST", "/api/dashboards/db", {"dashboard": written, "overwrite": True})
    assert (status, said["uid"]) == (200, written["uid"])
    found = server.ask("GET", f"/api/dashboards/uid/{written['uid']}")[1]["dashboard"]
    assert {**found, "id": None, "version": 0} == {**written, "id": None, "version": 0}
    body = {"dashboard": written, "overwrite": True}
    assert server.ask("POST", "/api/dashboards/import", body)[1]["imported"] is True
    # In the newer form, as its resource has it.
    at = "/apis/dashboard.grafana.app/v1beta1/namespaces/default/dashboards"
    resource = {"metadata": {"name": f"{name.replace('_', '-')}-2"}, "spec": written}
    status, made = server.ask("POST", at, resource)
    assert (status, made["spec"]["title"]) == (201, written["title"])


PROVIDER = """\
apiVersion: 1
providers:
- name: 'default'
  orgId: 1
  folder: ''
  folderUid: ''
  type: file
  disableDeletion: false
  editable: true
  updateIntervalSeconds: 1
  allowUiUpdates: false
  options:
    path: ${BOARDS}
    foldersFromFilesStructure: true
"""
SOURCES = """\
apiVersion: 1
deleteDatasources:
- {name: Old, orgId: 1}
datasources:
- name: Prometheus
  type: prometheus
  uid: prometheus
  url: http://127.0.0.1:%s/
  access: proxy
  isDefault: true
  jsonData: {httpMethod: POST, timeInterval: 30s}
- name: Alertmanager
  type: alertmanager
  uid: alertmanager
  url: http://127.0.0.1:%s/
  access: proxy
  jsonData: {handleGrafanaManagedAlerts: false, implementation: prometheus}
"""


def test_a_provisioning_folder_as_it_is(tmp_path: Path) -> None:
    conf, boards = tmp_path / "provisioning", tmp_path / "boards"
    for name in ("dashboards", "datasources", "plugins", "alerting"):
        (conf / name).mkdir(parents=True)
    (boards / "Kubernetes").mkdir(parents=True)
    (boards / "Kubernetes" / "pods.json").write_text(json.dumps({"title": "Pods", "uid": "pods", "panels": []}))
    server = dashboards_server(
        tmp_path / "server", "--dashboards.provisioning", str(conf), only="metrics,alerts,dashboards"
    )
    (conf / "dashboards" / "sc-dashboardproviders.yaml").write_text(PROVIDER.replace("${BOARDS}", str(boards)))
    (conf / "datasources" / "datasource.yaml").write_text(SOURCES % (server.ports["metrics"], server.ports["alerts"]))
    with started(server):
        found = server.ask("GET", "/api/dashboards/uid/pods", is_anonymous=True)[1]
        assert (found["meta"]["provisioned"], found["meta"]["folderTitle"]) == (True, "Kubernetes")
        source = server.ask("GET", "/api/datasources/uid/prometheus")[1]
        assert (source["jsonData"]["timeInterval"], source["readOnly"]) == ("30s", True)
        for uid in ("prometheus", "alertmanager"):
            assert server.ask("GET", f"/api/datasources/uid/{uid}/health")[0] == 200
        # Files come and change while it runs; the sidecar says when, and without it a look does.
        (boards / "Kubernetes" / "nodes.json").write_text(json.dumps({"title": "Nodes", "uid": "nodes"}))
        assert server.ask("POST", "/api/admin/provisioning/dashboards/reload")[0] == 200
        assert server.ask("GET", "/api/dashboards/uid/nodes")[0] == 200
        (boards / "Kubernetes" / "nodes.json").unlink()
        wait_for("the file's end", lambda: server.ask("GET", "/api/dashboards/uid/nodes")[0] == 404)
        assert (
            server.ask("POST", "/api/dashboards/db", {"dashboard": {"title": "X", "uid": "pods"}, "overwrite": True})[0]
            == 400
        )
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()
