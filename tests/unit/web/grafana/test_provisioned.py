"""Dashboards and datasources of files over HTTP: shown, kept from changes, read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.web.grafana.conftest import MakeSite, Site

DASHBOARDS = """\
apiVersion: 1
providers:
  - name: files
    folder: Services
    options: {path: %s}
  - name: free
    allowUiUpdates: true
    updateIntervalSeconds: 1
    options: {path: %s, foldersFromFilesStructure: true}
"""
DATASOURCES = """\
apiVersion: 1
datasources:
  - {name: Far, type: prometheus, uid: far, url: "http://far:9090", isDefault: true, editable: false,
     jsonData: {timeInterval: 30s}, secureJsonData: {httpHeaderValue1: s3cret}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Grafana's provisioning folder, and dashboards beside it."""
    for name in ("provisioning/dashboards", "provisioning/datasources", "files", "free/Deep"):
        (tmp_path / name).mkdir(parents=True)
    made = tmp_path / "provisioning"
    (made / "dashboards" / "all.yaml").write_text(DASHBOARDS % (tmp_path / "files", tmp_path / "free"))
    (made / "datasources" / "far.yml").write_text(DATASOURCES)
    (tmp_path / "files" / "api.json").write_text(json.dumps({"uid": "api", "title": "API", "tags": ["web"]}))
    (tmp_path / "free" / "Deep" / "b.json").write_text(json.dumps({"uid": "b", "title": "B"}))
    return made


async def test_shown_and_kept_from_changes(make_site: MakeSite, folder: Path) -> None:
    site = await make_site(provisioning=folder)
    assert [(hit["uid"], hit["type"]) for hit in await site.get("/api/search")] == [
        ((await site.get("/api/folders"))[0]["uid"], "dash-folder"),
        ((await site.get("/api/folders"))[1]["uid"], "dash-folder"),
        ("api", "dash-db"),
        ("b", "dash-db"),
    ]
    meta = (await site.get("/api/dashboards/uid/api", by="admin"))["meta"]
    assert (meta["provisioned"], meta["provisionedExternalId"], meta["canSave"], meta["folderTitle"]) == (
        True, "api.json", False, "Services",
    )  # fmt: skip
    said = await site.save(title="Mine", uid="api", version=1, status=400)
    assert said["message"].startswith("Cannot save provisioned dashboard: the file api.json")
    status, said = await site.ask("DELETE", "/api/dashboards/uid/api", by="admin")
    assert (status, said["message"]) == (400, "provisioned dashboard cannot be deleted: the file api.json")
    services = next(one for one in await site.get("/api/folders") if one["title"] == "Services")
    for method, path in (("PUT", ""), ("DELETE", ""), ("POST", "/move")):
        status, said = await site.ask(method, f"/api/folders/{services['uid']}{path}", {"title": "x"}, by="admin")
        assert (status, said["message"].startswith("the folder is made by files")) == (400, True)
    # People's dashboards may stand in it.
    await site.save(title="Beside", uid="beside", folderUid=services["uid"])
    assert (await site.get("/api/dashboards/uid/beside"))["meta"]["folderTitle"] == "Services"


async def test_changes_where_they_are_allowed(make_site: MakeSite, folder: Path) -> None:
    site = await make_site(provisioning=folder)
    file = folder.parent / "free" / "Deep" / "b.json"
    meta = (await site.get("/api/dashboards/uid/b", by="editor"))["meta"]
    assert (meta["provisioned"], meta["canSave"], meta["folderTitle"]) == (False, True, "Deep")
    assert (await site.save(title="Changed", uid="b", version=1))["version"] == 1
    assert (await site.get("/api/dashboards/uid/b"))["dashboard"]["title"] == "Changed"
    assert (await site.save(title="Again", uid="b", version=1))["version"] == 2
    assert (await site.ask("DELETE", "/api/dashboards/uid/b", by="editor"))[0] == 400
    # The file has changed since: it wins.
    file.write_text(json.dumps({"uid": "b", "title": "From the file"}))
    assert (await site.ask("POST", "/api/admin/provisioning/dashboards/reload", by="admin"))[1] == {
        "message": "Dashboards config reloaded"
    }
    assert (await site.get("/api/dashboards/uid/b"))["dashboard"]["title"] == "From the file"
    assert (await site.save(title="Old", uid="b", version=7, status=412))["status"] == "version-mismatch"
    # Without its file it is an ordinary one.
    assert (await site.save(title="Kept", uid="b", version=1))["uid"] == "b"
    file.unlink()
    await site.ask("POST", "/api/admin/provisioning/dashboards/reload", by="admin")
    assert (await site.get("/api/dashboards/uid/b"))["dashboard"]["title"] == "Kept"
    assert (await site.ask("DELETE", "/api/dashboards/uid/b", by="editor"))[0] == 200


async def test_two_of_one_uid(make_site: MakeSite, folder: Path) -> None:
    (folder.parent / "free" / "also.json").write_text(json.dumps({"uid": "api", "title": "Second"}))
    (folder.parent / "files" / "broken.json").write_text("{")
    (folder.parent / "files" / "untitled.json").write_text("{}")
    site = await make_site(provisioning=folder)
    await site.save(title="Saved", uid="later")
    (folder.parent / "files" / "later.json").write_text(json.dumps({"uid": "later", "title": "Of a file"}))
    await site.ask("POST", "/api/admin/provisioning/dashboards/reload", by="admin")
    assert (await site.get("/api/dashboards/uid/api"))["dashboard"]["title"] == "API"
    assert (await site.get("/api/dashboards/uid/later"))["dashboard"]["title"] == "Of a file"
    told = await site.get("/api/admin/provisioning/status", by="admin")
    assert [(clash["uid"], clash["shown"], clash["hidden"]) for clash in told["clashes"]] == [
        ("later", "the file later.json", 'the saved dashboard "Saved"'),
        ("api", "the file api.json", "the file also.json"),
    ]
    assert [problem.rpartition("/")[2].split(":")[0] for problem in told["problems"]] == [
        "broken.json",
        "untitled.json",
    ]


async def test_datasources(make_site: MakeSite, folder: Path) -> None:
    site = await make_site(provisioning=folder)
    found = await site.get("/api/datasources/uid/far", by="admin")
    assert (found["name"], found["isDefault"], found["readOnly"]) == ("Far", True, True)
    assert (found["secureJsonFields"], "s3cret" in str(found)) == ({"httpHeaderValue1": True}, False)
    (folder / "datasources" / "far.yml").write_text(DATASOURCES.replace("name: Far", "name: Near"))
    assert (await site.ask("POST", "/api/admin/provisioning/datasources/reload", by="admin"))[0] == 200
    assert (await site.get("/api/datasources/uid/far"))["name"] == "Near"
    (folder / "datasources" / "far.yml").write_text("datasources:\n  - {type: prometheus}\n")
    status, said = await site.ask("POST", "/api/admin/provisioning/datasources/reload", by="admin")
    assert (status, "far.yml:2:5: datasources[0]: missing required key name" in said["message"]) == (400, True)
    assert (await site.get("/api/datasources/uid/far"))["name"] == "Near"


async def test_datasources_that_people_may_change(make_site: MakeSite, folder: Path) -> None:
    file = folder / "datasources" / "far.yml"
    file.write_text(DATASOURCES.replace("editable: false", "editable: true"))
    site = await make_site(provisioning=folder)
    assert (await site.get("/api/datasources/uid/far"))["readOnly"] is False
    body = {"name": "Far", "type": "prometheus", "url": "http://other:9090", "access": "proxy"}
    status, said = await site.ask("PUT", "/api/datasources/uid/far", body, by="admin")
    assert (status, said["datasource"]["url"]) == (200, "http://other:9090")
    # Its secret stays, and its number.
    assert said["datasource"]["secureJsonFields"] == {"httpHeaderValue1": True}
    status, said = await site.ask("PUT", f"/api/datasources/{said['id']}", {**body, "name": "Near"}, by="admin")
    assert (status, (await site.get("/api/datasources/name/Near"))["uid"]) == (200, "far")
    status, said = await site.ask("DELETE", "/api/datasources/uid/far", by="admin")
    assert (status, "stands in a file" in said["message"]) == (403, True)
    # The file changes: it counts again.
    file.write_text(DATASOURCES.replace("editable: false", "editable: true").replace("http://far", "http://new"))
    await site.ask("POST", "/api/admin/provisioning/datasources/reload", by="admin")
    assert (await site.get("/api/datasources/uid/far", by="admin"))["url"] == "http://new:9090"
    # Who only looks is not told where it is.
    assert (await site.get("/api/datasources/uid/far"))["url"] == ""
    assert "http://new" not in str(await site.get("/api/datasources", by="viewer"))


async def test_datasources_that_a_file_takes_away(make_site: MakeSite, folder: Path) -> None:
    site = await make_site(provisioning=folder)
    body = {"name": "Old", "type": "loki", "url": "http://old:3100", "access": "proxy", "uid": "old"}
    assert (await site.ask("POST", "/api/datasources", body, by="admin"))[0] == 200
    gone = "prune: true\ndeleteDatasources:\n  - {name: Old, orgId: 1}\n  - {name: Other, orgId: 2}\n"
    (folder / "datasources" / "far.yml").write_text(DATASOURCES + gone)
    await site.ask("POST", "/api/admin/provisioning/datasources/reload", by="admin")
    assert (await site.ask("GET", "/api/datasources/uid/old"))[0] == 404
    # Of files, what is not declared any more is gone.
    (folder / "datasources" / "far.yml").unlink()
    await site.ask("POST", "/api/admin/provisioning/datasources/reload", by="admin")
    assert (await site.ask("GET", "/api/datasources/uid/far"))[0] == 404


async def test_who_may_reload(site: Site) -> None:
    assert (await site.ask("POST", "/api/admin/provisioning/dashboards/reload", by="editor"))[0] == 403
    assert (await site.ask("POST", "/api/admin/provisioning/plugins/reload", by="admin"))[0] == 200
    assert (await site.ask("POST", "/api/admin/provisioning/none/reload", by="admin"))[0] == 404
