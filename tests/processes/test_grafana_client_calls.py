"""Each call that grafana-client has, against a real server; those that fail do so for a reason that is written down."""

from __future__ import annotations

import inspect
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes.dashboards_server import ADMIN, DashboardsServer, dashboards_server
from tests.processes.running import started

CLIENTS = Path(sys.prefix) / "clients"
PASSWORD = "correct horse"
MODEL = {"type": "timeseries", "title": "CPU", "targets": []}

# Grafana's Enterprise edition has these, or releases before 11 had them; an open one of today refuses them too.
NOT_IN_GRAFANA = {
    "admin": {"pause_all_alerts"},
    "rbac": {"get_rbac_roles_all", "create_rbac_role", "add_rbac_role_team", "add_rbac_roles_team",
             "remove_rbac_role_team", "get_rbac_datasources", "set_rbac_datasources_teams",
             "set_rbac_datasources_builtin_roles"},
    "datasource": {"enable_datasource_permissions", "disable_datasource_permissions", "get_datasource_permissions",
                   "add_datasource_permissions", "remove_datasource_permissions"},
    "teams": {"get_team_external_group", "add_team_external_group", "remove_team_external_group"},
    "alerting": {"create_alertrule", "update_alertrule", "delete_alertrule"},
    "notifications": {"lookup_channels", "get_channel_by_uid", "get_channel_by_id", "create_channel",
                      "update_channel_by_uid", "update_channel_by_id", "delete_notification_by_uid",
                      "delete_notification_by_id"},
    "plugin": {"install", "uninstall", "metrics"},
}  # fmt: skip
# Of the client itself, without a request of their own.
LOCAL = {
    "plugin": {"by_id"},
    "dashboard_versions": {"api_path"},
    "annotations": {"get_annotation"},
    "datasource": {"parse_health_response_results", "parse_health_response_data"},
}  # fmt: skip


class Recorded:
    """One part of the client; notes which of its methods were called."""

    def __init__(self, name: str, part: Any, seen: set[tuple[str, str]]) -> None:
        self._name, self._part, self._seen = name, part, seen

    def __getattr__(self, name: str) -> Any:
        self._seen.add((self._name, name))
        return getattr(self._part, name)


class Client:
    """The whole client, recorded."""

    def __init__(self, api: Any) -> None:
        self.seen: set[tuple[str, str]] = set()
        # By the same object under two names, one is enough.
        parts = {name: part for name, part in vars(api).items() if hasattr(part, "client") and name != "client"}
        unique = {id(part): name for name, part in sorted(parts.items(), reverse=True)}
        self.parts = {name: parts[name] for name in unique.values()}
        for name, part in self.parts.items():
            setattr(self, name, Recorded(name, part, self.seen))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the client has no part {name}, but {', '.join(self.parts)}")

    def methods(self) -> Iterator[tuple[str, str]]:
        for name, part in self.parts.items():
            for method, _ in inspect.getmembers(type(part), inspect.isfunction):
                if not method.startswith("_"):
                    yield name, method


@pytest.mark.process
def test_every_call(tmp_path: Path) -> None:
    if not CLIENTS.is_dir():
        pytest.skip(f"no grafana-client in {CLIENTS}: make test installs it")
    sys.path.append(str(CLIENTS))
    from grafana_client import GrafanaApi

    (tmp_path / "alertmanager.yml").write_text(
        "route: {receiver: ops}\nreceivers: [{name: ops, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]\n"
        "time_intervals: [{name: nights, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]}]\n"
        "templates: ['*.tmpl']\n"
    )
    (tmp_path / "page.tmpl").write_text('{{ define "page" }}x{{ end }}')
    server = dashboards_server(tmp_path / "server", "--alertmanager-config", str(tmp_path / "alertmanager.yml"))
    with started(server), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", UserWarning)
        api = GrafanaApi.from_url(server.url, credential=ADMIN)
        client = Client(api)
        try:
            for area in (dashboards, folders, library, sources, marks, people, teams, accounts, alerting, rest):
                area(client, server)
        finally:
            api.client.s.close()
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()
    missing = {
        (part, method)
        for part, method in client.methods()
        if (part, method) not in client.seen
        and method not in NOT_IN_GRAFANA.get(part, ())
        and method not in LOCAL.get(part, ())
    }
    assert missing == set()


def dashboards(client: Any, _: DashboardsServer) -> None:
    """Dashboards, their versions, permissions and search."""
    boards = client.dashboard
    made = boards.update_dashboard({"dashboard": {"title": "Calls", "uid": "calls", "tags": ["t"]}, "message": "first"})
    assert (made["status"], made["slug"], made["url"]) == ("success", "calls", "/d/calls/calls")
    boards.update_dashboard({"dashboard": {"title": "Calls 2", "uid": "calls", "version": 1}})
    number = boards.get_dashboard("calls")["dashboard"]["id"]
    assert boards.get_dashboard_by_name("calls-2")["dashboard"]["uid"] == "calls"
    assert boards.get_home_dashboard()["meta"]["isHome"] is True
    assert {tag["term"] for tag in boards.get_dashboards_tags()} > {"watchkeeper"}
    for get, put, key in (
        (boards.get_permissions_by_uid, boards.update_permissions_by_uid, "calls"),
        (boards.get_permissions_by_id, boards.update_permissions_by_id, number),
        (boards.get_dashboard_permissions, boards.update_dashboard_permissions, number),
    ):
        said = put(key, [{"role": "Editor", "permission": 2}])
        assert said["message"] == "Dashboard permissions updated"
        assert [(one["role"], one["permissionName"]) for one in get(key)] == [("Editor", "Edit")]
    assert boards.get_permissions_generic("calls")[0]["uid"] == "calls"
    boards.update_permissions_generic("calls", {"role": "Viewer", "permission": 1})
    history = client.dashboard_versions
    assert len(history.get_dashboard_versions(dashboard_uid="calls")["versions"]) == 2
    assert [one["version"] for one in history.get_dashboard_versions_by_id(number)] == [2, 1]
    assert history.get_dashboard_versions_by_uid("calls")["versions"][1]["message"] == "first"
    assert history.get_dashboard_version(dashboard_uid="calls", version_id=1)["data"]["title"] == "Calls"
    assert history.get_dashboard_version_by_id(number, 1)["version"] == 1
    assert history.get_dashboard_version_by_uid("calls", 2)["data"]["title"] == "Calls 2"
    assert history.restore_dashboard(dashboard_uid="calls", version_id=1)["version"] == 3
    assert history.restore_dashboard_by_id(number, 2)["version"] == 4
    assert history.restore_dashboard_by_uid("calls", 1)["version"] == 5
    diff = history.calculate_diff(number, 1, number, 2)
    assert '-  "title": "Calls",' in diff
    assert '+  "title": "Calls 2",' in diff
    hits = client.search.search_dashboards(query="call", tag="t", type_="dash-db", dashboard_ids=number, limit=5)
    assert [(hit["uid"], hit["uri"], hit["type"]) for hit in hits] == [("calls", "db/calls", "dash-db")]
    assert client.user.star_dashboard("calls")["message"] == "Dashboard starred!"
    assert [hit["uid"] for hit in client.search.search_dashboards(starred=True)] == ["calls"]
    client.user.unstar_dashboard("calls")
    client.user.star_actual_user_dashboard(number)
    client.user.unstar_actual_user_dashboard(number)
    assert client.search.search_dashboards(starred=True) == []
    shot = client.snapshots.create_new_snapshot({"title": "S"}, name="S", expires=60)
    assert client.snapshots.get_snapshot_by_key(shot["key"])["dashboard"]["title"] == "S"
    assert [one["name"] for one in client.snapshots.get_dashboard_snapshots()] == ["S"]
    assert client.snapshots.delete_snapshot_by_key(shot["key"])["message"].startswith("Snapshot deleted")
    shot = client.snapshots.create_new_snapshot({"title": "S"})
    client.snapshots.delete_snapshot_by_delete_key(shot["deleteKey"])
    assert boards.delete_dashboard("calls")["title"] == "Calls"


def folders(client: Any, _: DashboardsServer) -> None:
    """Folders and who may use them."""
    made = client.folder.create_folder("Ops", uid="ops")
    inner = client.folder.create_folder("Inner", uid="inner", parent_uid="ops")
    assert (made["url"], inner["parentUid"]) == ("/dashboards/f/ops/ops", "ops")
    assert [one["uid"] for one in client.folder.get_all_folders()] == ["ops"]
    assert [one["uid"] for one in client.folder.get_all_folders(parent_uid="ops")] == ["inner"]
    client.folder.create_folder("Other", uid="other")
    assert client.folder.move_folder("inner", "other")["parentUid"] == "other"
    assert client.folder.update_folder("ops", title="Prod", version=1)["version"] == 2
    assert client.folder.get_folder("ops")["title"] == "Prod"
    assert client.folder.get_folder_by_id(made["id"])["uid"] == "ops"
    said = client.folder.update_folder_permissions("ops", {"items": [{"role": "Viewer", "permission": 1}]})
    assert said["message"] == "Folder permissions updated"
    admin = client.user.get_actual_user()["id"]
    said = client.folder.update_folder_permissions_for_user("ops", admin, {"permission": "Edit"})
    assert said["message"] == "Permission updated"
    shown = client.folder.get_folder_permissions("ops")
    assert [(one.get("role"), one["userLogin"], one["permissionName"]) for one in shown] == [
        ("Viewer", "", "View"), (None, "admin", "Edit"),
    ]  # fmt: skip
    for uid in ("ops", "other"):
        client.folder.delete_folder(uid)
    assert client.folder.get_all_folders() == []


def library(client: Any, _: DashboardsServer) -> None:
    """Panels of the library."""
    part = client.libraryelement
    made = part.create_library_element(MODEL, name="CPU", uid="cpu")["result"]
    assert (made["name"], made["version"], made["type"]) == ("CPU", 1, "timeseries")
    assert part.get_library_element("cpu")["result"]["uid"] == "cpu"
    assert part.get_library_element_by_name("CPU")["result"][0]["uid"] == "cpu"
    assert part.get_library_element_connections("cpu")["result"] == []
    assert part.update_library_element("cpu", MODEL, name="Load", version=1)["result"]["version"] == 2
    assert part.list_library_elements(search_string="Load")["result"]["totalCount"] == 1
    assert part.delete_library_element("cpu")["message"] == "Library element deleted"


def sources(client: Any, server: DashboardsServer) -> None:
    """Datasources, and asking them."""
    from grafana_client.model import DatasourceIdentifier

    part = client.datasource
    url = f"http://127.0.0.1:{server.ports['metrics']}"
    body = {"name": "Far", "type": "prometheus", "access": "proxy", "url": url, "uid": "far",
            "secureJsonData": {"httpHeaderValue1": "s3cret"}}  # fmt: skip
    made = part.create_datasource(body)
    assert (made["message"], made["datasource"]["secureJsonFields"]) == ("Datasource added", {"httpHeaderValue1": True})
    number = made["id"]
    for found in (
        part.find_datasource("Far"), part.get_datasource_by_id(number), part.get_datasource_by_name("Far"),
        part.get_datasource_by_uid("far"), part.get(DatasourceIdentifier(uid="far")),
    ):  # fmt: skip
        assert (found["uid"], found["id"], "s3cret" in str(found)) == ("far", number, False)
    assert part.get_datasource_id_by_name("Far") == {"id": number}
    assert "Far" in {one["name"] for one in part.list_datasources()}
    assert part.update_datasource(number, {**body, "name": "Near"})["name"] == "Near"
    assert part.update_datasource_by_uid("far", {**body, "name": "Far"})["message"] == "Datasource updated"
    assert part.health("far")["status"] == "OK"
    assert part.health_inquiry("far").success is True
    assert part.health_check(DatasourceIdentifier(uid="far")).success is True
    source = part.get_datasource_by_uid("far")
    assert part.smartquery(source, "1+1")["results"]
    now = time.time()
    for key in ({"datasource_id": number}, {"datasource_uid": "far"}):
        assert part.query(query="vector(7)", timestamp=now, **key)["data"]["result"][0]["value"][1] == "7"
        said = part.query_range(query="vector(7)", start=now - 60, end=now, step=30, **key)
        assert said["data"]["resultType"] == "matrix"
        assert part.series(match="up", start=now - 60, end=now, **key)["status"] == "success"
    said = part.get_datasource_proxy_data(
        number, query_type="query", version="v1", expr="vector(7)", time=now, start=now - 60, end=now, step=30
    )
    assert said["status"] == "success"
    assert part.delete_datasource_by_uid("far")["message"] == "Data source deleted"
    for delete in (part.delete_datasource_by_name, part.delete_datasource_by_id):
        made = part.create_datasource(body)
        delete("Far" if delete.__name__.endswith("name") else made["id"])
    assert len(part.list_datasources()) == 3


def marks(client: Any, _: DashboardsServer) -> None:
    """Annotations."""
    part = client.annotations
    made = part.add_annotation(time_from=1000, time_to=2000, tags=["deploy"], text="v1")
    assert [one["text"] for one in part.find_annotations(time_from=500, time_to=3000, tags=["deploy"])] == ["v1"]
    part.update_annotation(made["id"], time_from=1000, time_to=2000, tags=["deploy"], text="v2")
    part.partial_update_annotation(made["id"], text="v3")
    # It names no tags, and so takes them away, here as there.
    assert part.find_annotations(time_from=500, time_to=3000)[0]["text"] == "v3"
    assert part.delete_annotations_by_id(made["id"])["message"] == "Annotation deleted"
    assert part.add_annotation_graphite("what", ["a"], 1000, "data")["message"] == "Graphite annotation added"


def people(client: Any, server: DashboardsServer) -> None:
    """Users, the one who asks, and the organisation."""
    from grafana_client import GrafanaApi
    from grafana_client.client import GrafanaBadInputError
    from grafana_client.model import PersonalPreferences

    admin = client.admin
    assert admin.settings()["auth.anonymous"]["enabled"] == "true"
    assert admin.stats()["orgs"] == 1
    body = {"name": "N", "login": "n", "email": "n@x", "password": PASSWORD}
    number = admin.create_user(body)["id"]
    users = client.users
    assert (users.get_user(number)["login"], users.find_user("n@x")["id"]) == ("n", number)
    assert "n" in {one["login"] for one in users.search_users(query="n", perpage=10, page=1)}
    assert users.update_user(number, {"name": "M", "login": "n", "email": "n@x"})["message"] == "User updated"
    assert users.get_user_organisations(number)[0]["role"] == "Viewer"
    assert users.get_user_teams(number) == []
    admin.change_user_password(number, PASSWORD + "2")
    admin.change_user_permissions(number, True)
    admin.change_user_permissions(number, False)
    admin.set_user_enabled(number, False)
    admin.set_user_enabled(number, True)
    user = client.user
    assert user.switch_user_organisation(number, 1)["message"] == "Active organization changed"
    assert user.switch_actual_user_organisation(1)["message"] == "Active organization changed"
    assert user.get_actual_user_organisations()[0]["name"] == "Main Org."
    assert user.get_actual_user_teams() == []
    own = GrafanaApi.from_url(server.url, credential=("n", PASSWORD + "2"))
    assert own.user.get_actual_user()["login"] == "n"
    own.client.s.close()
    user.change_actual_user_password(PASSWORD, PASSWORD)
    assert user.update_preferences({"theme": "light"})["message"] == "Preferences updated"
    user.patch_preferences({"timezone": "utc"})
    assert (user.get_preferences()["theme"], user.get_preferences()["timezone"]) == ("light", "utc")
    own_org, orgs = client.organization, client.organizations
    assert own_org.get_current_organization()["id"] == own_org.find_organization("Main Org.")["id"] == 1
    with pytest.raises(GrafanaBadInputError):
        own_org.create_organization("Second")
    assert own_org.update_current_organization({"name": "Ours"})["message"] == "Organization updated"
    assert "n" in {one["login"] for one in own_org.get_current_organization_users()}
    own_org.add_user_current_organization({"loginOrEmail": "n", "role": "Editor"})
    own_org.update_user_current_organization(number, {"role": "Viewer"})
    own_org.update_preferences(PersonalPreferences(theme="dark"))
    own_org.patch_preferences(PersonalPreferences(timezone="utc"))
    assert own_org.get_preferences()["theme"] == "dark"
    assert orgs.list_organization() == [{"id": 1, "name": "Ours"}]
    orgs.update_organization(1, {"name": "Main Org."})
    with pytest.raises(GrafanaBadInputError):
        orgs.delete_organization(1)
    orgs.switch_organization(1)
    assert "n" in {one["login"] for one in orgs.organization_user_list(1)}
    orgs.organization_user_add(1, {"loginOrEmail": "n", "role": "Editor"})
    orgs.organization_user_update(1, number, "Viewer")
    orgs.organization_preference_update(theme="")
    assert orgs.organization_preference_get()["timezone"] == "utc"
    orgs.organization_user_delete(1, number)
    for remove in (own_org.delete_user_current_organization, admin.delete_user):
        number = admin.create_user(body)["id"]
        assert remove(number)["message"] == "User deleted"


def teams(client: Any, _: DashboardsServer) -> None:
    """Teams and their members."""
    from grafana_client.model import PersonalPreferences

    part = client.teams
    number = part.add_team({"name": "ops", "email": "ops@x"})["teamId"]
    admin = client.user.get_actual_user()["id"]
    assert part.get_team(number)["email"] == "ops@x"
    assert [one["id"] for one in part.search_teams(query="op")] == [number]
    assert part.get_team_by_name("ops")[0]["id"] == number
    part.update_team(number, {"name": "sre"})
    assert part.add_team_member(number, admin)["message"] == "Member added to Team"
    assert [one["login"] for one in part.get_team_members(number)] == ["admin"]
    part.remove_team_member(number, admin)
    part.update_preferences(number, PersonalPreferences(theme="light"))
    assert part.get_preferences(number)["theme"] == "light"
    part.update_team_preferences(number, {"theme": "dark"})
    assert part.get_team_preferences(number)["theme"] == "dark"
    assert part.delete_team(number)["message"] == "Team deleted"


def accounts(client: Any, _: DashboardsServer) -> None:
    """Service accounts and their tokens."""
    part = client.serviceaccount
    number = part.create({"name": "ci", "role": "Editor"})["id"]
    assert (part.get(number)["role"], part.update(number, {"role": "Viewer"})["serviceaccount"]["role"]) == (
        "Editor", "Viewer",
    )  # fmt: skip
    token = part.create_token(number, {"name": "t"})
    assert token["key"].startswith("glsa_")
    assert [one["id"] for one in part.get_tokens(number)] == [token["id"]]
    assert part.search_one("ci")["id"] == number
    assert part.search(query="ci", page=1)[0]["totalCount"] == 1
    assert [one["name"] for one in part.search_all(query="ci")] == ["ci"]
    assert [one["name"] for one in part.search_streaming(query="ci")] == ["ci"]
    assert part.delete_token(number, token["id"])["message"] == "Service account token deleted"
    assert part.delete(number)["message"] == "Service account deleted"


def alerting(client: Any, _: DashboardsServer) -> None:
    """Rules and Alertmanager's configuration: read, and refused with the file's name."""
    from grafana_client.client import GrafanaBadInputError

    part = client.alertingprovisioning
    rules = part.get_alertrules_all()
    assert {"uid", "folderUID", "ruleGroup", "data", "condition", "for"} <= set(rules[0])
    first = rules[0]
    assert part.get_alertrule(first["uid"]) == first
    group = part.get_rule_group(first["folderUID"], first["ruleGroup"])
    assert group["title"] == first["ruleGroup"]
    old = client.alerting
    assert old.get_managedalerts_all("grafana")["status"] == "success"
    assert old.get_alertrule(first["folderUID"], first["ruleGroup"])["name"] == first["ruleGroup"]
    assert [one["type"] for one in part.get_contactpoints("ops")] == ["webhook"]
    assert part.get_notification_policy_tree()["receiver"] == "ops"
    assert [one["name"] for one in part.get_mute_timings()] == ["nights"]
    assert part.get_mute_timing("nights")["time_intervals"]
    assert [one["name"] for one in part.get_templates()] == ["page"]
    assert part.get_template("page")["template"].startswith("{{ define")
    assert client.notifications.get_channels() == []
    refused: tuple[tuple[Callable[..., Any], tuple[Any, ...]], ...] = (
        (part.create_alertrule, ({},)), (part.update_alertrule, (first["uid"], {})),
        (part.update_rule_group, (first["folderUID"], first["ruleGroup"], {})),
        (part.delete_alertrule, (first["uid"],)), (part.create_contactpoint, ({},)),
        (part.update_contactpoint, ("x", {})), (part.delete_contactpoint, ("x",)),
        (part.set_notification_policy_tree, ({},)), (part.delete_notification_policy_tree, ()),
        (part.create_mute_timing, ({},)), (part.update_mute_timing, ("nights", {})),
        (part.delete_mute_timing, ("nights",)), (part.create_or_update_template, ("page", {})),
        (part.delete_template, ("page",)),
    )  # fmt: skip
    for call, values in refused:
        with pytest.raises(GrafanaBadInputError, match=r"file|alertmanager\.yml"):
            call(*values)


def rest(client: Any, _: DashboardsServer) -> None:
    """Health and plugins."""
    assert client.health.check()["version"].startswith("11.")
    assert "prometheus" in {one["id"] for one in client.plugin.list()}
    assert client.plugin.health("prometheus")["status"] == "OK"
