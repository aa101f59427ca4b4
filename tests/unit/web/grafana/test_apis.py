"""Dashboards and folders as resources: discovered, listed, made, changed where nobody else has, taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.web.grafana.conftest import MakeSite, Site

BOARDS = "/apis/dashboard.grafana.app/v1beta1/namespaces/default/dashboards"
FOLDERS = "/apis/folder.grafana.app/v1beta1/namespaces/default/folders"


def board(name: str = "a", title: str = "A", folder: str = "", **meta: Any) -> dict[str, Any]:
    notes = {"annotations": {"grafana.app/folder": folder}} if folder else {}
    return {"kind": "Dashboard", "apiVersion": "dashboard.grafana.app/v1beta1",
            "metadata": {"name": name, **notes, **meta}, "spec": {"title": title, "panels": []}}  # fmt: skip


async def test_the_life_of_a_dashboard(site: Site) -> None:
    status, made = await site.ask("POST", BOARDS, board(), by="editor")
    meta = made["metadata"]
    assert (status, made["kind"], meta["name"], meta["namespace"], meta["generation"]) == (
        201, "Dashboard", "a", "default", 1,
    )  # fmt: skip
    assert (made["spec"], meta["annotations"]["grafana.app/createdBy"]) == ({"title": "A", "panels": []}, "user:editor")
    assert (await site.get("/api/dashboards/uid/a"))["dashboard"]["title"] == "A"
    status, said = await site.ask("POST", BOARDS, board(), by="editor")
    assert (status, said["kind"], said["reason"], said["code"]) == (409, "Status", "AlreadyExists", 409)
    # Who has seen the newest may change it; who has not is told.
    site.now_ms += 1000
    old = meta["resourceVersion"]
    status, made = await site.ask("PUT", f"{BOARDS}/a", board(title="B", resourceVersion=old), by="editor")
    assert (status, made["metadata"]["generation"], made["spec"]["title"]) == (200, 2, "B")
    assert made["metadata"]["resourceVersion"] != old
    assert made["metadata"]["uid"] == meta["uid"]
    status, said = await site.ask("PUT", f"{BOARDS}/a", board(title="C", resourceVersion=old), by="editor")
    assert (status, said["reason"], "has been modified" in said["message"]) == (409, "Conflict", True)
    assert (await site.ask("PUT", f"{BOARDS}/a", board(title="D"), by="editor"))[0] == 200
    body = {"spec": {"title": "E", "panels": None, "tags": ["x"]}}
    status, made = await site.ask(
        "PATCH", f"{BOARDS}/a", body, by="editor", Content_Type="application/merge-patch+json"
    )
    assert (status, made["spec"]) == (200, {"title": "E", "tags": ["x"]})
    dto = await site.get(f"{BOARDS}/a/dto", by="viewer")
    assert (dto["access"]["canSave"], dto["access"]["slug"], dto["spec"]["title"]) == (False, "e", "E")
    body = {"preconditions": {"resourceVersion": old}}
    assert (await site.ask("DELETE", f"{BOARDS}/a", body, by="editor"))[0] == 409
    status, said = await site.ask("DELETE", f"{BOARDS}/a", by="editor")
    assert (status, said["status"], said["details"]["name"]) == (200, "Success", "a")
    status, said = await site.ask("GET", f"{BOARDS}/a")
    assert (status, said["reason"], said["message"]) == (
        404,
        "NotFound",
        'dashboards.dashboard.grafana.app "a" not found',
    )
    assert (await site.ask("PUT", f"{BOARDS}/a", board(), by="editor"))[0] == 201


async def test_lists(site: Site) -> None:
    for name in ("c", "a", "b"):
        await site.ask("POST", BOARDS, board(name), by="editor")
    found = await site.get(f"{BOARDS}?limit=2")
    assert (found["kind"], [one["metadata"]["name"] for one in found["items"]]) == ("DashboardList", ["a", "b"])
    assert found["metadata"]["remainingItemCount"] == 1
    rest = await site.get(f"{BOARDS}?limit=2&continue={found['metadata']['continue']}")
    assert ([one["metadata"]["name"] for one in rest["items"]], "continue" in rest["metadata"]) == (["c"], False)
    found = await site.get(f"{BOARDS}?fieldSelector=metadata.name%3Db")
    assert [one["metadata"]["name"] for one in found["items"]] == ["b"]
    # A page begins after the last of the one before, whatever was made or taken away since.
    await site.ask("DELETE", f"{BOARDS}/a", by="editor")
    rest = await site.get(f"{BOARDS}?limit=2&continue={found['metadata'].get('continue', '')}")
    assert [one["metadata"]["name"] for one in rest["items"]] == ["b", "c"]
    for query, status in (("continue=7", 400), ("continue=e30=", 400), ("labelSelector=(", 400),
                          ("fieldSelector=spec.x%3D1", 400), ("labelSelector=a%3Db,", 400)):  # fmt: skip
        assert (await site.ask("GET", f"{BOARDS}?{query}"))[0] == status, query


async def test_selectors(site: Site) -> None:
    for name, labels in (("a", {"team": "x", "tier": "1"}), ("b", {"team": "y"}), ("c", {})):
        await site.ask("POST", BOARDS, board(name, labels=labels), by="editor")
    for query, names in (
        ("labelSelector=team%3Dx", "a"), ("labelSelector=team%3D%3Dy", "b"), ("labelSelector=team!%3Dx", "bc"),
        ("labelSelector=team in (x,y),!tier", "b"), ("labelSelector=team notin (x)", "bc"), ("labelSelector=tier", "a"),
        ("labelSelector=!team", "c"), ("fieldSelector=metadata.name!%3Da", "bc"), ("labelSelector=", "abc"),
        ("fieldSelector=metadata.name%3Da,metadata.namespace%3Ddefault", "a"), ("labelSelector=team&limit=1", "a"),
    ):  # fmt: skip
        found = await site.get(f"{BOARDS}?{query}")
        assert "".join(one["metadata"]["name"] for one in found["items"]) == names, query
    # In all namespaces, as there is one.
    whole = await site.get(BOARDS.replace("/namespaces/default", "") + "?labelSelector=team")
    assert (whole["kind"], len(whole["items"])) == ("DashboardList", 2)


async def test_folders(site: Site) -> None:
    body = {"metadata": {"name": "ops"}, "spec": {"title": "Ops"}}
    status, made = await site.ask("POST", FOLDERS, body, by="editor")
    assert (status, made["kind"], made["spec"]) == (201, "Folder", {"title": "Ops"})
    inner = {"metadata": {"generateName": "in-", "annotations": {"grafana.app/folder": "ops"}}, "spec": {"title": "In"}}
    status, made = await site.ask("POST", FOLDERS, inner, by="editor")
    name = made["metadata"]["name"]
    assert (status, name.startswith("in-"), made["metadata"]["annotations"]["grafana.app/folder"]) == (201, True, "ops")
    status, made = await site.ask("POST", BOARDS, board(folder=name), by="editor")
    assert made["metadata"]["annotations"]["grafana.app/folder"] == name
    body = {"metadata": {"name": name}, "spec": {"title": "Out"}}
    status, made = await site.ask("PUT", f"{FOLDERS}/{name}", body, by="editor")
    assert (status, made["spec"]["title"], "grafana.app/folder" in made["metadata"]["annotations"]) == (
        200,
        "Out",
        False,
    )
    assert (await site.get(f"/api/folders/{name}"))["title"] == "Out"
    body = {"metadata": {"name": "ops", "annotations": {"grafana.app/folder": "ops"}}, "spec": {"title": "Ops"}}
    assert (await site.ask("PUT", f"{FOLDERS}/ops", body, by="editor"))[0] == 400
    assert len((await site.get(FOLDERS))["items"]) == 2
    assert (await site.ask("DELETE", f"{FOLDERS}/{name}", by="editor"))[0] == 200
    assert (await site.ask("GET", f"{BOARDS}/a"))[0] == 404
    assert (await site.ask("GET", f"{FOLDERS}/{name}/dto"))[0] == 404


async def test_what_provisioners_write_on_resources(site: Site) -> None:
    managed = {"grafana.app/managedBy": "terraform", "grafana.app/managerId": "tf", "grafana.app/createdBy": "user:me"}
    body = {"metadata": {"name": "ops", "annotations": managed, "labels": {"team": "a"}}, "spec": {"title": "Ops"}}
    for at, sent in ((FOLDERS, body), (BOARDS, {**body, "metadata": {**body["metadata"], "name": "a"}})):
        meta = (await site.ask("POST", at, sent, by="editor"))[1]["metadata"]
        notes = meta["annotations"]
        assert (notes["grafana.app/managedBy"], notes["grafana.app/createdBy"], meta["labels"]["team"]) == (
            "terraform", "user:editor", "a",
        )  # fmt: skip
        (listed,) = (await site.get(at))["items"]
        assert listed["metadata"]["annotations"] == notes
        patch = {"metadata": {"annotations": {"grafana.app/managedBy": None, "x": "y"}, "labels": None}}
        path = f"{at}/{sent['metadata']['name']}"
        meta = (await site.ask("PATCH", path, patch, by="editor"))[1]["metadata"]
        assert ("grafana.app/managedBy" in meta["annotations"], meta["annotations"]["x"], "team" in meta["labels"]) == (
            False, "y", False,
        )  # fmt: skip
    # What kubectl applied, it keeps in an annotation.
    path = f"{BOARDS}/a"
    patch = {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "x" * 100_000}}}
    assert (await site.ask("PATCH", path, patch, by="editor"))[0] == 200
    # By the older API it is changed, and stays what it is; with what it is about they go.
    await site.save(title="B", uid="a", overwrite=True)
    assert (await site.get(f"{BOARDS}/a"))["metadata"]["annotations"]["x"] == "y"
    await site.ask("DELETE", "/api/dashboards/uid/a", by="editor")
    await site.ask("DELETE", "/api/folders/ops", by="editor")
    assert site.state.resource_notes.all("dashboard") == site.state.resource_notes.all("folder") == {}
    for wrong in ({"a": 7}, {"a": "x" * 300_000}, {str(at): "" for at in range(101)}):
        assert (await site.ask("POST", BOARDS, board(annotations=wrong), by="editor"))[0] == 400


async def test_the_second_schema(site: Site) -> None:
    second = BOARDS.replace("v1beta1", "v2beta1")
    spec = {"title": "Two", "elements": {"panel-1": {"kind": "Panel"}}, "layout": {"kind": "GridLayout"}, "tags": ["x"]}
    body = {"kind": "Dashboard", "metadata": {"name": "two"}, "spec": spec}
    status, made = await site.ask("POST", second, body, by="editor")
    assert (status, made["apiVersion"], made["spec"]) == (201, "dashboard.grafana.app/v2beta1", spec)
    assert "status" not in made
    # The pages read it as it is; who asks for the first schema is told.
    assert (await site.get("/api/dashboards/uid/two"))["dashboard"]["elements"] == spec["elements"]
    assert [hit["title"] for hit in await site.get("/api/search?tag=x")] == ["Two"]
    found = (await site.get(f"{BOARDS}/two"))["status"]["conversion"]
    assert (found["failed"], found["storedVersion"]) == (True, "v2beta1")
    await site.ask("POST", BOARDS, board(), by="editor")
    assert [one.get("status", {}).get("conversion", {}).get("storedVersion")
            for one in (await site.get(second))["items"]] == ["v1beta1", None]  # fmt: skip
    status, said = await site.ask("PUT", f"{second}/a", {**board(), "apiVersion": None}, by="editor")
    assert (status, "elements and a layout" in said["message"]) == (400, True)


async def test_a_dry_run_leaves_nothing(site: Site) -> None:
    status, made = await site.ask("POST", f"{BOARDS}?dryRun=All", board(), by="editor")
    assert (status, made["spec"]["title"]) == (201, "A")
    assert (await site.ask("GET", f"{BOARDS}/a"))[0] == 404
    assert (await site.ask("POST", f"{BOARDS}?dryRun=maybe", board(), by="editor"))[0] == 422
    await site.ask("POST", BOARDS, board(), by="editor")
    for method, query, body in (
        ("DELETE", "", {"dryRun": ["All"]}), ("DELETE", "?dryRun=All", None),
        ("PUT", "?dryRun=All", board(title="B")), ("PATCH", "?dryRun=All", {"spec": {"title": "B"}}),
    ):  # fmt: skip
        assert (await site.ask(method, f"{BOARDS}/a{query}", body, by="editor"))[0] == 200
    found = await site.get(f"{BOARDS}/a")
    assert (found["spec"]["title"], found["metadata"]["generation"]) == ("A", 1)


async def test_json_patches(site: Site) -> None:
    await site.ask("POST", BOARDS, board(), by="editor")

    async def patch(*operations: Any, at: str = "a") -> tuple[int, Any]:
        body = list(operations)
        kind = "application/json-patch+json"
        return await site.ask("PATCH", f"{BOARDS}/{at}", body, by="editor", Content_Type=kind)

    status, made = await patch(
        {"op": "test", "path": "/spec/title", "value": "A"},
        {"op": "replace", "path": "/spec/title", "value": "B"},
        {"op": "add", "path": "/metadata/annotations/a~1b", "value": "c"},
        {"op": "add", "path": "/spec/panels/-", "value": {"type": "text"}},
    )
    assert (status, made["spec"], made["metadata"]["annotations"]["a/b"], made["metadata"]["generation"]) == (
        200, {"title": "B", "panels": [{"type": "text"}]}, "c", 2,
    )  # fmt: skip
    for operations, code, words in (
        ([{"op": "test", "path": "/spec/title", "value": "A"}], 422, "/spec/title: the value there is another one"),
        ([{"op": "remove", "path": "/spec/none"}], 422, "/spec/none: there is nothing"),
        ([{"op": "swap", "path": "/a"}], 400, "no operation of a JSON patch"),
        ([7], 400, "no JSON object"),
        ([{"op": "replace", "path": "/metadata/name", "value": "b"}], 422, "immutable"),
        ([{"op": "replace", "path": "/metadata/resourceVersion", "value": "1"}], 409, "has been modified"),
        ([{"op": "replace", "path": "/spec", "value": 7}], 400, "spec should be an object"),
        ([{"op": "remove", "path": ""}], 422, "whole"),
        ([{"op": "replace", "path": "", "value": []}], 400, "no JSON object"),
    ):
        status, said = await patch(*operations)
        assert (status, said["code"], words in said["message"]) == (code, code, True), (operations, said)
    assert (await site.get(f"{BOARDS}/a"))["metadata"]["generation"] == 2
    assert (await patch(at="none"))[0] == 404
    for kind in ("application/apply-patch+yaml", "text/plain"):
        status, said = await site.ask("PATCH", f"{BOARDS}/a", {}, by="editor", Content_Type=kind)
        assert (status, said["reason"]) == (415, "UnsupportedMediaType")


async def test_preconditions(site: Site) -> None:
    assert (await site.ask("POST", BOARDS, board(resourceVersion="7"), by="editor"))[0] == 400
    # What is changed must be there, where somebody saw it.
    assert (await site.ask("PUT", f"{BOARDS}/a", board(resourceVersion="7"), by="editor"))[0] == 404
    made = (await site.ask("POST", BOARDS, board(finalizers=["x"], ownerReferences=[{}]), by="editor"))[1]["metadata"]
    assert "finalizers" not in made
    status, said = await site.ask("PUT", f"{BOARDS}/a", board(uid="other"), by="editor")
    assert (status, "UID in precondition: other" in said["message"]) == (409, True)
    body = {"preconditions": {"uid": "other"}, "propagationPolicy": "Foreground", "gracePeriodSeconds": 0}
    assert (await site.ask("DELETE", f"{BOARDS}/a", body, by="editor"))[0] == 409
    for wrong in ({"apiVersion": "dashboard.grafana.app/v1"}, {"metadata": {"name": "a", "namespace": "other"}}):
        status, said = await site.ask("PUT", f"{BOARDS}/a", {**board(), **wrong}, by="editor")
        assert (status, said["reason"]) == (400, "BadRequest")
    body["preconditions"] = {"uid": made["uid"], "resourceVersion": made["resourceVersion"]}
    assert (await site.ask("DELETE", f"{BOARDS}/a", body, by="editor"))[0] == 200
    status, said = await site.ask("DELETE", BOARDS, by="editor")
    assert (status, said["reason"]) == (405, "MethodNotAllowed")


async def test_who_may(site: Site) -> None:
    status, said = await site.ask("POST", BOARDS, board())
    assert (status, said["reason"], said["kind"]) == (401, "Unauthorized", "Status")
    status, said = await site.ask("POST", BOARDS, board(), by="viewer")
    assert (status, said["reason"]) == (403, "Forbidden")
    await site.ask("POST", "/api/folders", {"title": "Secret", "uid": "secret"}, by="admin")
    await site.ask("POST", "/api/folders/secret/permissions", {"items": []}, by="admin")
    await site.ask("POST", BOARDS, board(folder="secret"), by="admin")
    assert (await site.get(BOARDS, by="editor"))["items"] == []
    assert (await site.get(FOLDERS, by="editor"))["items"] == []
    for method, path, body in (
        ("GET", f"{BOARDS}/a", None), ("PUT", f"{BOARDS}/a", board()), ("DELETE", f"{BOARDS}/a", None),
        ("GET", f"{BOARDS}/a/dto", None), ("GET", f"{FOLDERS}/secret", None), ("DELETE", f"{FOLDERS}/secret", None),
        ("POST", BOARDS, board("b", folder="secret")), ("PATCH", f"{BOARDS}/a", {"spec": {"title": "x"}}),
    ):  # fmt: skip
        assert (await site.ask(method, path, body, by="editor"))[0] == 403, (method, path)


async def test_of_files(make_site: MakeSite, tmp_path: Path) -> None:
    (tmp_path / "dashboards").mkdir()
    (tmp_path / "files").mkdir()
    (tmp_path / "dashboards" / "all.yaml").write_text(f"providers: [{{options: {{path: {tmp_path / 'files'}}}}}]")
    (tmp_path / "files" / "x.json").write_text('{"uid": "x", "title": "X"}')
    site = await make_site(provisioning=tmp_path)
    found = await site.get(f"{BOARDS}/x")
    assert found["metadata"]["annotations"]["grafana.app/sourcePath"] == "x.json"
    for method, body in (("PUT", board("x")), ("DELETE", None), ("PATCH", {"spec": {"title": "Y"}})):
        status, said = await site.ask(method, f"{BOARDS}/x", body, by="admin")
        assert (status, said["reason"], "the file x.json" in said["message"]) == (400, "BadRequest", True)


async def test_discovery_and_what_there_is_not(site: Site) -> None:
    assert (await site.get("/api"))["versions"] == []
    groups = (await site.get("/apis"))["groups"]
    assert [group["name"] for group in groups] == ["dashboard.grafana.app", "folder.grafana.app"]
    assert (await site.get("/apis/folder.grafana.app"))["preferredVersion"]["version"] == "v1beta1"
    assert (await site.get("/apis/folder.grafana.app/v1"))["resources"][0]["name"] == "folders"
    index = (await site.get("/openapi/v3"))["paths"]
    assert len(index) == sum(len(group["versions"]) for group in groups)
    for at in index.values():
        document = await site.get(at["serverRelativeURL"])
        (one,) = document["components"]["schemas"].values()
        (of,) = one["x-kubernetes-group-version-kind"]
        resource = next(path for path in document["paths"] if path.endswith("/{name}"))
        patch = document["paths"][resource]["patch"]
        assert (f"apis/{of['group']}/{of['version']}" in index, patch["x-kubernetes-group-version-kind"]) == (True, of)
        assert "fieldValidation" in [parameter["name"] for parameter in patch["parameters"]]
    for path, status in (
        ("/openapi/v3/apis/none/v1", 404),
        ("/apis/none", 404), ("/apis/dashboard.grafana.app/v3", 404), (BOARDS.replace("default", "other"), 403),
        (FOLDERS.replace("v1beta1", "v2"), 404), (BOARDS.replace("/dashboards", "/folders"), 404),
        (f"{BOARDS}/a/b/c", 404), ("/apis/a/b/c", 404),
    ):  # fmt: skip
        got, said = await site.ask("GET", path)
        assert (got, said["kind"]) == (status, "Status"), path


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", {"metadata": 7}, {"metadata": {"name": "a/b"}, "spec": {"title": "x"}}, {"spec": {"title": "x"}},
     {"metadata": {"name": "a"}}, {"metadata": {"name": "a"}, "spec": []}, board(title=""), board("x" * 41),
     {**board(), "kind": "Folder"}, board(folder="none")],
)  # fmt: skip
async def test_what_is_refused(site: Site, body: Any) -> None:
    status, said = await site.ask("POST", BOARDS, body, by="editor")
    assert (status in (400, 422), said["status"]) == (True, "Failure")
    assert (await site.ask("PUT", f"{BOARDS}/other", board(), by="editor"))[0] == 400
