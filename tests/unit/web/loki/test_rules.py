"""Rule groups: stored as files, read back, refused with upstream's texts."""

from __future__ import annotations

import io
from pathlib import Path

import orjson
import pytest
import yaml

from tests.unit.web.loki.conftest import MakeSite, Site
from watchkeeper.core.model.errors import NotFoundError
from watchkeeper.rules.views import GroupView, RuleView
from watchkeeper.web.loki.rule_files import RuleError, RuleFiles

RULES = "/loki/api/v1/rules"
GROUP = """
name: errors
interval: 1m
rules:
  - alert: ManyErrors
    expr: sum(rate({app="x"} |= "error" [5m])) > 10
    for: 10m
    labels: {severity: page}
    annotations: {summary: too many}
  - record: app:errors:rate5m
    expr: sum by (app) (rate({app=~".+"} |= "error" [5m]))
"""
ACCEPTED = {"status": "success", "data": None, "errorType": "", "error": ""}


async def put(site: Site, namespace: str, text: str) -> tuple[int, str]:
    return await site.ask("POST", f"{RULES}/{namespace}", data=text.encode())


async def test_a_group_is_stored_and_read_back(site: Site) -> None:
    assert await site.get(RULES) == (404, "no rule groups found\n")
    status, text = await put(site, "team", GROUP)
    assert (status, orjson.loads(text)) == (202, ACCEPTED)
    status, text = await site.get(f"{RULES}/team/errors")
    assert status == 200
    assert yaml.safe_load(text)["rules"][0]["for"] == "10m"
    for path in (RULES, f"{RULES}/team", "/api/prom/rules"):
        status, text = await site.get(path)
        assert [group["name"] for group in yaml.safe_load(text)["team"]] == ["errors"]
    assert await site.get(f"{RULES}/team/none") == (404, "group does not exist\n")
    assert await site.get(f"{RULES}/none") == (404, "no rule groups found\n")


async def test_groups_and_namespaces_are_removed(site: Site) -> None:
    await put(site, "team", GROUP)
    await put(site, "team", GROUP.replace("name: errors", "name: other"))
    assert (await site.ask("DELETE", f"{RULES}/team/errors"))[0] == 202
    assert await site.ask("DELETE", f"{RULES}/team/errors") == (404, "group does not exist\n")
    assert (await site.ask("DELETE", f"{RULES}/team"))[0] == 202
    assert await site.ask("DELETE", f"{RULES}/team") == (404, "no rule groups found\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "unable to decoded rule group"),
        ("name: x\nrules: 7", "unable to decoded rule group"),
        (
            "name: x\nrules: [{alert: A, expr: 'rate('}]",
            "could not parse expression for alert 'A' in group 'x': parse error",
        ),
        ("name: x\nrules: [{alert: A, record: b, expr: 1}]", "only one of 'record' and 'alert' must be set"),
        ("name: x\nrules: [{expr: '1'}]", "one of 'record' or 'alert' must be set"),
        ("name: x\nrules: [{record: 'a b', expr: '1'}]", "invalid recording rule name"),
        ("name: x", "rule group 'x' has no rules"),
        ("name: x\nrules: [{alert: A, expr: 1, odd: 1}]", "odd"),
        ("a: &a [*a]\nname: x", "unable to decoded rule group"),
    ],
)
async def test_groups_that_can_not_be_taken(site: Site, text: str, said: str) -> None:
    status, told = await put(site, "team", text)
    assert status == 400
    assert said in told
    assert (await site.get(RULES))[0] == 404


async def test_a_body_that_is_no_text_or_too_large(site: Site) -> None:
    assert (await site.ask("POST", f"{RULES}/x", data=b"\xff\xfe"))[0] == 400
    assert await site.ask("POST", f"{RULES}/x", data=io.BytesIO(b"#" * (6 << 20))) == (413, "request body too large\n")


async def test_limits_of_rules(make_site: MakeSite) -> None:
    site = await make_site(limits={"ruler_max_rules_per_rule_group": 1, "ruler_max_rule_groups_per_tenant": 1})
    assert "rules per rule group limit (limit: 1 actual: 2) exceeded" in (await put(site, "team", GROUP))[1]
    one = "name: n\nrules: [{record: a, expr: '1'}]"
    assert (await put(site, "team", one))[0] == 202
    assert (await put(site, "team", one))[0] == 202
    status, text = await put(site, "other", one)
    assert (status, text) == (400, "per-user rule groups limit (limit: 1 actual: 2) exceeded\n")


async def test_rules_that_may_only_be_read(make_site: MakeSite) -> None:
    site = await make_site(rules_writable=False)
    status, text = await put(site, "team", GROUP)
    assert status == 400
    assert "read-only" in text


async def test_the_form_of_prometheus(site: Site) -> None:
    await put(site, "team", GROUP)
    status, text = await site.get("/prometheus/api/v1/rules")
    group = orjson.loads(text)["data"]["groups"][0]
    assert (status, group["name"], group["file"], group["interval"]) == (200, "errors", "team", 60)
    assert [(rule["type"], rule["health"]) for rule in group["rules"]] == [
        ("alerting", "unknown"),
        ("recording", "unknown"),
    ]
    assert group["rules"][0]["duration"] == 600
    only = orjson.loads((await site.get("/prometheus/api/v1/rules", type="record"))[1])["data"]["groups"]
    assert [rule["name"] for rule in only[0]["rules"]] == ["app:errors:rate5m"]
    for params in ({"file": "none"}, {"rule_group": "none"}, {"rule_name": "none"}):
        assert orjson.loads((await site.get("/prometheus/api/v1/rules", **params))[1])["data"]["groups"] == []
    assert (await site.get("/prometheus/api/v1/rules", type="odd"))[0] == 400
    assert orjson.loads((await site.get("/prometheus/api/v1/alerts"))[1])["data"] == {"alerts": []}


@pytest.mark.parametrize(
    "name", ["plain", "../up", "a/b", "..", ".", "with space", "ü", "a%2Fb", "dots.in.it", "x.yaml"]
)
def test_any_name_is_one_file_below_the_folder(tmp_path: Path, name: str) -> None:
    files = RuleFiles(tmp_path / "rules")
    files.put(name, name, "name: g\nrules: [{record: a, expr: '1'}]")
    assert list(files.groups(name)) == [name]
    assert files.group(name, name, "g").group.rules[0].record == "a"
    assert [path.is_file() for path in tmp_path.rglob("*") if path.suffix == ".yaml"] == [True]
    assert all(path.parent.parent == tmp_path / "rules" for path in tmp_path.rglob("*.yaml"))
    files.delete_namespace(name, name)
    with pytest.raises(NotFoundError):
        files.group(name, name, "g")


def test_a_refused_group_leaves_the_old_one(tmp_path: Path) -> None:
    files = RuleFiles(tmp_path)
    files.put("t", "n", "name: g\nrules: [{record: a, expr: '1'}]")
    with pytest.raises(RuleError):
        files.put("t", "n", "name: g\nrules: [{record: b, expr: '('}]")
    assert files.group("t", "n", "g").group.rules[0].record == "a"


def test_files_of_upstream_s_layout_are_read(tmp_path: Path) -> None:
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "rules1.yml").write_text("groups:\n- name: g\n  rules:\n  - {record: a, expr: '1'}\n")
    files = RuleFiles(tmp_path)
    assert [group.group.name for group in files.groups("fake")["rules1"]] == ["g"]


async def test_a_file_with_faults_leaves_the_others(site: Site, tmp_path: Path) -> None:
    await put(site, "team", GROUP)
    [good] = tmp_path.rglob("team.yaml")
    good.with_name("bad.yaml").write_text("groups: [{name: g, rulez: []}]")
    assert list(yaml.safe_load((await site.get(RULES))[1])) == ["team"]
    assert len(orjson.loads((await site.get("/prometheus/api/v1/rules"))[1])["data"]["groups"]) == 1
    for status, text in (
        await site.get(f"{RULES}/bad"),
        await site.get(f"{RULES}/bad/g"),
        await site.ask("DELETE", f"{RULES}/bad/g"),
        await put(site, "bad", GROUP),
    ):
        assert status == 500
        assert "loki_panic_total 0" in site.metrics()
        assert "the rule file of namespace 'bad' can't be used: bad.yaml:1:" in text
    assert (await site.ask("DELETE", f"{RULES}/bad"))[0] == 202
    assert (await site.get(f"{RULES}/bad"))[0] == 404
    assert (await site.get(f"{RULES}/team"))[0] == 200


async def test_whoever_evaluates_is_told_of_changes(site: Site) -> None:
    told: list[int] = []
    site.backend.rules_changed = lambda: told.append(1)
    await put(site, "team", "name: x\nrules: [{alert: A, expr: 'rate('}]")
    assert not told
    await put(site, "team", GROUP)
    await site.ask("DELETE", f"{RULES}/team/errors")
    await put(site, "team", GROUP)
    await site.ask("DELETE", f"{RULES}/team")
    assert len(told) == 4


async def test_what_is_evaluated_is_shown_until_it_is_written_over(site: Site, tmp_path: Path) -> None:
    await put(site, "team", GROUP)
    rule = RuleView("alert", "ManyErrors", "q", (), "err", "too slow", 0.5, 1000.0, state="inactive")
    record = RuleView("record", "app:errors:rate5m", "q", (("a", "b"),), "ok", "", 0.25, 1000.0)
    [path] = tmp_path.rglob("team.yaml")
    view = GroupView(str(path), "errors", 60_000, 0, 0, (rule, record), 1.0, 1000.0)
    site.backend.rule_views = lambda tenant: [view]

    async def shown() -> list[tuple[str, str, str]]:
        [group] = orjson.loads((await site.get("/prometheus/api/v1/rules"))[1])["data"]["groups"]
        assert group["file"] == "team"
        return [(each["name"], each["health"], each["lastError"]) for each in group["rules"]]

    evaluated = [("ManyErrors", "err", "too slow"), ("app:errors:rate5m", "ok", "")]
    assert await shown() == evaluated
    text = path.read_text()
    path.write_text("groups: 7")
    assert await shown() == evaluated
    path.write_text(text)
    await put(site, "team", "name: errors\nrules: [{record: a, expr: '1'}]")
    assert await shown() == [("a", "unknown", "")]


async def test_a_rule_of_lines_is_refused(site: Site) -> None:
    status, text = await put(site, "team", "name: x\nrules: [{alert: A, expr: '{a=\"b\"}'}]")
    assert status == 400
    assert "could not parse expression for alert 'A' in group 'x'" in text
    assert "a rule needs a metric query" in text


async def test_an_api_of_rules_that_is_turned_off(make_site: MakeSite) -> None:
    site = await make_site(rules_enabled=False)
    for path in (RULES, f"{RULES}/team", "/api/prom/rules", "/prometheus/api/v1/rules", "/prometheus/api/v1/alerts"):
        assert (await site.get(path))[0] == 404
    assert (await put(site, "team", GROUP))[0] == 404
    assert (await site.get("/loki/api/v1/labels"))[0] == 200
