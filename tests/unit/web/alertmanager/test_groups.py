"""Groups of alerts as upstream's API has them."""

from __future__ import annotations

from tests.unit.web.alertmanager.conftest import Site, group, view


async def test_a_group_has_upstreams_form(site: Site) -> None:
    one, two = view(alertname="A", n="1"), view("suppressed", ("web", "pager"), alertname="A", n="2")
    site.alerts.held_groups = [group("web", {"alertname": "A"}, one, two), group("pager", {}, two)]
    first, second = await site.get("alerts/groups")
    assert list(first) == ["alerts", "labels", "receiver"]
    assert (first["labels"], first["receiver"]) == ({"alertname": "A"}, {"name": "web"})
    assert [shown["labels"]["n"] for shown in first["alerts"]] == ["1", "2"]
    assert first["alerts"][1] == {
        "annotations": {},
        "endsAt": "2023-11-14T23:13:20.000Z",
        "fingerprint": two.fingerprint,
        "receivers": [{"name": "web"}, {"name": "pager"}],
        "startsAt": "2023-11-14T21:13:20.000Z",
        "status": {"inhibitedBy": ["why"], "mutedBy": ["why"], "silencedBy": ["why"], "state": "suppressed"},
        "updatedAt": "2023-11-14T22:13:20.000Z",
        "labels": {"alertname": "A", "n": "2"},
    }
    assert (second["labels"], second["receiver"]) == ({}, {"name": "pager"})


async def test_which_groups_are_asked_for(site: Site) -> None:
    site.alerts.held_groups = [
        group("web", {}, view()), group("pager", {}, view()), group("night", {}, view(), muted_by=("weekends",)),
    ]  # fmt: skip

    async def shown(**params: str) -> list[str]:
        return [found["receiver"]["name"] for found in await site.get("alerts/groups", **params)]

    assert await shown() == ["web", "pager", "night"]
    assert await shown(muted="false") == ["web", "pager"]
    assert await shown(receiver="p.*|night") == ["pager", "night"]
    assert await shown(receiver_matchers="team=night") == ["pager"]
