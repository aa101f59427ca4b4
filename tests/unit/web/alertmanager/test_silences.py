"""Silences in and out, as upstream's API has them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.web.alertmanager.conftest import HOUR_NS, NOW_NS, MakeSite, Site
from watchkeeper.alerts.interface import Silence
from watchkeeper.alerts.matchers import Mode
from watchkeeper.core.model.matcher import Matcher, MatchType

ID = "11111111-1111-4111-8111-111111111111"
START, END = "2023-11-14T22:00:00Z", "2023-11-15T22:00:00Z"
EQUAL = {"name": "a", "value": "1", "isRegex": False}


def silence(id: str, starts: float, ends: float, **labels: str) -> Silence:
    """Starts and ends in hours from now."""
    matchers = tuple(Matcher(name, MatchType.EQUAL, value) for name, value in labels.items())
    return Silence(matchers, NOW_NS + int(starts * HOUR_NS), NOW_NS + int(ends * HOUR_NS), "me", "why", id, NOW_NS)


def hold(site: Site, *silences: Silence) -> None:
    site.alerts.silences.merge(silences)


def body(**changes: Any) -> dict[str, Any]:
    """A silence that goes well; None takes a key away."""
    whole = {"matchers": [EQUAL], "startsAt": START, "endsAt": END, "createdBy": "me", "comment": "why", **changes}
    return {key: value for key, value in whole.items() if value is not None}


async def test_a_silence_has_upstreams_form(site: Site) -> None:
    one = Silence(
        (Matcher("a", MatchType.NOT_REGEX, "b|c"), Matcher("d", MatchType.EQUAL, "")),
        NOW_NS - HOUR_NS, NOW_NS + HOUR_NS, "me", "why", ID, NOW_NS,
    )  # fmt: skip
    hold(site, one)
    expected = {
        "id": ID,
        "status": {"state": "active"},
        "updatedAt": "2023-11-14T22:13:20.000Z",
        "comment": "why",
        "createdBy": "me",
        "endsAt": "2023-11-14T23:13:20.000Z",
        "matchers": [
            {"isEqual": False, "isRegex": True, "name": "a", "value": "b|c"},
            {"isEqual": True, "isRegex": False, "name": "d", "value": ""},
        ],
        "startsAt": "2023-11-14T21:13:20.000Z",
    }
    shown = await site.get(f"silence/{ID}")
    assert shown == expected
    assert list(shown) == list(expected)
    assert await site.get("silences") == [expected]


async def test_silences_come_by_state_and_time(site: Site) -> None:
    hold(
        site,
        silence("old", -9, -0.9), silence("late", -1, 9), silence("soon", -1, 2), silence("recent", -9, -0.5),
        silence("tomorrow", 24, 25), silence("next", 1, 25), silence("never", -0.1, -0.1),
    )  # fmt: skip
    shown = [row["id"] for row in await site.get("silences")]
    assert shown == ["soon", "late", "next", "tomorrow", "never", "recent", "old"]
    assert [row["id"] for row in await site.get("silences", expired="false")] == ["soon", "late", "next", "tomorrow"]
    assert [row["id"] for row in await site.get("silences", active="false", expired="false")] == ["next", "tomorrow"]
    assert [row["id"] for row in await site.get("silences", pending="false", expired="0")] == ["soon", "late"]


async def test_silences_by_their_matchers(site: Site) -> None:
    hold(site, silence("one", -1, 1, a="1", b="2"), silence("two", -1, 1, a="2"))
    for text, ids in (("a=1", ["one"]), ("a=~1|2", ["one", "two"]), ('b=""', ["two"]), ('b!=""', ["one"])):
        assert [row["id"] for row in await site.get("silences", filter=text)] == ids
    assert await site.ask("GET", "/api/v2/silences?filter=x") == (400, "bad matcher format: x")


async def test_a_new_silence(site: Site) -> None:
    matchers = [EQUAL, {"name": "b c", "value": "x|y", "isRegex": True, "isEqual": False}]
    status, answer = await site.post("silences", body(matchers=matchers, createdBy="", comment=""))
    assert status == 200
    stored = site.alerts.silences.get(answer["silenceID"])
    assert stored.matchers == (Matcher("a", MatchType.EQUAL, "1"), Matcher("b c", MatchType.NOT_REGEX, "x|y"))
    assert (stored.starts_ns, stored.ends_ns) == (NOW_NS, NOW_NS - 800 * 10**9 + 24 * HOUR_NS)
    again = body(id=answer["silenceID"], matchers=matchers, startsAt="2023-11-14T22:13:20Z", comment="new words")
    assert await site.post("silences", again) == (200, answer)
    assert site.alerts.silences.get(answer["silenceID"]).comment == "new words"


@pytest.mark.parametrize(
    ("changes", "status", "code", "message"),
    [
        ({"comment": None}, 422, 602, "comment in body is required"),
        ({"createdBy": None}, 422, 602, "createdBy in body is required"),
        ({"startsAt": None}, 422, 602, "startsAt in body is required"),
        ({"endsAt": None}, 422, 602, "endsAt in body is required"),
        ({"matchers": None}, 422, 602, "matchers in body is required"),
        ({"matchers": []}, 422, 612, "matchers in body should have at least 1 items"),
        ({"matchers": [{}]}, 422, 602, "matchers.0.isRegex in body is required"),
        ({"matchers": [{"isRegex": True}]}, 422, 602, "matchers.0.name in body is required"),
        ({"matchers": [EQUAL, {"isRegex": True, "name": "x"}]}, 422, 602, "matchers.1.value in body is required"),
        ({"matchers": [7]}, 400, 400, "matchers[0]: it is a number, and should be an object"),
        ({"createdBy": 1}, 400, 400, "createdBy: it is a number, and should be a string"),
        ({"matchers": [{**EQUAL, "isEqual": "no"}]}, 400, 400, "matchers[0].isEqual: it is a string"),
    ],
)
async def test_bodies_of_the_wrong_form(
    site: Site, changes: dict[str, Any], status: int, code: int, message: str
) -> None:
    got, error = await site.post("silences", body(**changes))
    assert (got, error["code"]) == (status, code), error
    assert message in error["message"]


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"id": ID}, 404, "silence not found"),
        ({"id": "x"}, 404, "silence not found"),
        ({"endsAt": START}, 400, "Failed to create silence: start time must be before end time"),
        ({"endsAt": "2023-11-14T22:10:00Z"}, 400, "Failed to create silence: end time can't be in the past"),
        ({"matchers": [{**EQUAL, "value": ""}]}, 400,
         "silence invalid: at least one matcher must not match the empty string"),
        ({"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, 400,
         'silence invalid: invalid label matcher 0: invalid regular expression "(": '
         "error parsing regexp: missing closing ): `(`"),
        ({"matchers": [{"name": "a", "value": "x" * 1_000_000, "isRegex": True}]}, 400,
         f'silence invalid: invalid label matcher 0: invalid regular expression "{"x" * 1000}…": '
         "error parsing regexp: pattern too large - compile failed"),
        ({"matchers": [EQUAL, {**EQUAL, "name": ""}]}, 400,
         'silence invalid: invalid label matcher 1: invalid label name ""'),
    ],
)  # fmt: skip
async def test_silences_that_make_no_sense(site: Site, changes: dict[str, Any], status: int, message: str) -> None:
    assert await site.post("silences", body(**changes)) == (status, message)
    assert not site.alerts.silences.all()


async def test_a_limit_is_named(site: Site) -> None:
    for _ in range(20):
        assert (await site.post("silences", body()))[0] == 200
    assert await site.post("silences", body()) == (400, "exceeded maximum number of silences: 20 (limit: 20)")


async def test_a_silence_of_many_matchers(make_site: MakeSite) -> None:
    site = await make_site(max_matchers=2)
    assert (await site.post("silences", body(matchers=[EQUAL] * 2)))[0] == 200
    problem = "silence exceeded maximum number of matchers: 3 (limit: 2, silences.max-matchers)"
    # Also where the third is none.
    assert await site.post("silences", body(matchers=[EQUAL, EQUAL, 7])) == (400, problem)


async def test_names_of_the_classic_mode(make_site: MakeSite) -> None:
    site = await make_site(mode=Mode.CLASSIC)
    problem = 'silence invalid: invalid label matcher 0: invalid label name "a b"'
    assert await site.post("silences", body(matchers=[{**EQUAL, "name": "a b"}])) == (400, problem)


async def test_no_body_at_all(site: Site) -> None:
    assert (await site.post("silences", b""))[1] == {"code": 602, "message": "silence in body is required"}
    assert (await site.post("silences", b"null"))[1] == {"code": 602, "message": "comment in body is required"}
    status, error = await site.post("silences", b"[]")
    assert (status, error["code"]) == (400, 400)
    assert error["message"].endswith("it is an array, and should be an object")


async def test_the_end_of_a_silence(site: Site) -> None:
    hold(site, silence(ID, -1, 1, a="1"))
    assert await site.ask("DELETE", f"/api/v2/silence/{ID}") == (200, "")
    assert (await site.get(f"silence/{ID}"))["status"] == {"state": "expired"}
    assert await site.ask("DELETE", f"/api/v2/silence/{ID}") == (200, "")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_silences_that_are_not_there(site: Site, method: str) -> None:
    assert await site.ask(method, f"/api/v2/silence/{ID}") == (404, "")
    message = 'silenceID in path must be of type uuid: "x"'
    assert await site.ask(method, "/api/v2/silence/x") == (422, {"code": 601, "message": message})


async def test_a_silence_for_ever(site: Site) -> None:
    """Times that 64 bits don't hold are as far as they go, in both directions."""
    changes = {"startsAt": "1500-01-01T00:00:00Z", "endsAt": "9999-12-31T23:59:59Z"}
    status, answer = await site.post("silences", body(**changes))
    assert status == 200
    shown = await site.get(f"silence/{answer['silenceID']}")
    assert (shown["startsAt"], shown["endsAt"]) == ("2023-11-14T22:13:20.000Z", "2262-04-11T23:47:16.854Z")
