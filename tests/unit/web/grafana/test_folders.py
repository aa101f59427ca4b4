"""Folders over HTTP: made, renamed, moved, deleted with what is in them."""

from __future__ import annotations

import pytest

from tests.unit.web.grafana.conftest import Site


async def test_the_life_of_a_folder(site: Site) -> None:
    status, made = await site.ask("POST", "/api/folders", {"title": "Ops", "uid": "ops"}, by="editor")
    assert status == 200
    assert (made["id"], made["uid"], made["url"], made["version"]) == (1, "ops", "/dashboards/f/ops/ops", 1)
    assert (made["canSave"], made["canAdmin"], made["createdBy"]) == (True, True, "editor")
    assert await site.get("/api/folders") == [{"id": 1, "uid": "ops", "title": "Ops"}]
    assert (await site.get("/api/folders/id/1"))["uid"] == "ops"
    status, said = await site.ask("PUT", "/api/folders/ops", {"title": "Prod", "version": 9}, by="editor")
    assert (status, said["status"]) == (412, "version-mismatch")
    status, said = await site.ask("PUT", "/api/folders/ops", {"title": "Prod", "version": 1}, by="editor")
    assert (status, said["title"], said["version"]) == (200, "Prod", 2)
    assert (await site.ask("PUT", "/api/folders/ops", {"title": "Ops", "overwrite": True}, by="editor"))[0] == 200
    await site.save(title="A", uid="a", folderUid="ops")
    assert (await site.get("/api/dashboards/uid/a"))["meta"]["folderTitle"] == "Ops"
    assert (await site.get("/api/folders/ops/counts"))["dashboard"] == 1
    assert await site.ask("DELETE", "/api/folders/ops?forceDeleteRules=true", by="editor") == (
        200,
        {"message": "Folder Ops deleted", "title": "Ops", "id": 1},
    )
    assert (await site.ask("GET", "/api/dashboards/uid/a"))[0] == 404
    assert await site.ask("GET", "/api/folders/ops") == (404, {"message": "folder not found"})


async def test_folders_in_folders(site: Site) -> None:
    for title, uid, parent in (("A", "a", ""), ("B", "b", "a"), ("C", "c", "b")):
        body = {"title": title, "uid": uid, "parentUid": parent}
        assert (await site.ask("POST", "/api/folders", body, by="editor"))[0] == 200
    assert [folder["uid"] for folder in await site.get("/api/folders?parentUid=a")] == ["b"]
    assert [folder["uid"] for folder in await site.get("/api/folders")] == ["a"]
    status, said = await site.ask("POST", "/api/folders/a/move", {"parentUid": "c"}, by="editor")
    assert (status, said["message"]) == (400, "failed to move folder: circular reference detected")
    assert (await site.ask("POST", "/api/folders/c/move", {"parentUid": ""}, by="editor"))[0] == 200
    await site.save(title="In b", uid="x", folderUid="b")
    assert (await site.ask("DELETE", "/api/folders/a", by="editor"))[0] == 200
    assert [folder["uid"] for folder in await site.get("/api/folders")] == ["c"]
    assert (await site.ask("GET", "/api/dashboards/uid/x"))[0] == 404


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 400, "folder title cannot be empty"),
        ({"title": "General"}, 400, "a folder can't be named General, which is the name of the top"),
        ({"title": "x" * 251}, 400, "folder title is too long, max 250 characters"),
        ({"title": "X", "uid": "a b"}, 400, "uid contains illegal characters"),
        ({"title": "X", "uid": "general"}, 400, "invalid uid for folder provided"),
        ({"title": "X", "parentUid": "none"}, 400, "parent folder not found"),
        ({"title": "Old"}, 409, "a folder with the same name already exists in the current location"),
        ({"title": "New", "uid": "old"}, 412, "a folder with the uid old exists"),
    ],
)
async def test_what_is_refused(site: Site, body: dict[str, str], status: int, said: str) -> None:
    await site.ask("POST", "/api/folders", {"title": "Old", "uid": "old"}, by="editor")
    got, found = await site.ask("POST", "/api/folders", body, by="editor")
    assert (got, found["message"].split(":")[0]) == (status, said.split(":")[0])


async def test_the_top_is_a_folder_of_its_own(site: Site) -> None:
    assert (await site.get("/api/folders/general"))["title"] == "General"
    assert (await site.ask("POST", "/api/folders", {"title": "X"}, by="viewer"))[0] == 403
