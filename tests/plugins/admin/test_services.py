"""Services over the API: begun, written, compared, described and ended; teams are apart."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.plugins.admin.conftest import BASE, Admin, an_admin
from tests.support.answering import Answering, Answers

from tollbridge.services.kinds import About
from tollbridge.services.model import MOST_DESIGN
from tollbridge.testing import GatewayUnderTest

READY: dict[str, Any] = {"name": "Weather", "definition": {"text": "rain"}}
EMPTY = {
    **{"name": "", "description": "", "docs": "", "logo": "", "category": "", "tags": [], "contacts": [], "slos": []},
    **{"visibility": "internal", "access": "subscription", "approval": "manual", "plans": []},
    **{"price_per_call_usd": "0", "budget": None, "policies": {}, "definition": {}},
    "limits": {"requests_per_minute": None, "tokens_per_minute": None, "concurrency": None},
}


async def make(admin: Admin, slug: str = "weather", **wish: Any) -> dict[str, Any]:
    reply = await admin.post("/services", {"slug": slug, "kind": "answering", "draft": READY, **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def publish(admin: Admin, slug: str = "weather", version: str = "1", **how: Any) -> dict[str, Any]:
    """Release the draft and publish it."""
    made = await admin.post(f"/services/{slug}/releases", {"version": version})
    assert made.status_code == 201, made.text
    reply = await admin.post(f"/services/{slug}/releases/{made.json()['number']}/publish", how)
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def draft_of(admin: Admin, slug: str = "weather") -> dict[str, Any]:
    found: dict[str, Any] = (await admin.get(f"/services/{slug}/draft")).json()["draft"]
    return found


async def test_service_is_made_shown_and_listed_by_slug_and_by_id(admin: Admin) -> None:
    reply = await admin.post("/services", {"slug": "weather", "kind": "answering", "team": "blue"})
    made = reply.json()

    assert (reply.status_code, reply.headers["location"]) == (201, "services/weather")
    assert made == {
        **{"id": made["id"], "slug": "weather", "kind": "answering", "team": "blue", "name": "", "state": "draft"},
        **{"url": "/v1/apis/weather", "live": None, "revision": 1, "successor": None},
        **{"created_at": "2026-01-05T12:00:00Z", "changed_at": "2026-01-05T12:00:00Z"},
        **dict.fromkeys(("deprecated_at", "sunset_at", "retired_at", "paused_at")),
        "paused_why": "",
    }
    for name in ("weather", made["id"]):
        one = await admin.get(f"/services/{name}")
        assert (one.json(), one.headers["etag"]) == (made, reply.headers["etag"])
        assert (await admin.get(f"/services/{name}", if_none_match=one.headers["etag"])).status_code == 304
    assert (await admin.get("/services")).json() == {"items": [made], "next": None}
    assert await draft_of(admin) == EMPTY


async def test_slug_is_taken_once(admin: Admin) -> None:
    await make(admin)

    again = await admin.post("/services", {"slug": "weather", "kind": "answering"})

    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"slug": "Weather"}, "slug"),
        ({"slug": ""}, "slug"),
        ({"kind": "other"}, "kind"),
        ({"draft": {"name": "x" * 101}}, "draft.name"),
        ({"draft": {"name": "a\nb"}}, "draft.name"),
        ({"draft": {"colour": 1}}, "draft.colour"),
        ({"draft": {"category": "A"}}, "draft.category"),
        ({"draft": {"tags": ["a", "a"]}}, "draft.tags"),
        ({"draft": {"contacts": [{"name": "x", "phone": "1"}]}}, "draft.contacts[0].phone"),
        ({"draft": {"price_per_call_usd": "-1"}}, "draft.price_per_call_usd"),
        ({"draft": {"budget": {"period": "day"}}}, "draft.budget.usd"),
        ({"draft": {"budget": {"usd": "9999999999"}}}, "draft.budget.usd"),
        ({"draft": {"visibility": "secret"}}, "draft.visibility"),
        ({"draft": {"policies": {"masking": 1}}}, "draft.policies"),
        ({"draft": {"policies": {f"p{number}": {} for number in range(11)}}}, "draft.policies"),
        ({"draft": {"definition": []}}, "draft.definition"),
        ({"draft": {"logo": "data:image/png;base64,QUJD"}}, "draft.logo"),
        ({"live": "rel_1"}, "live"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_its_field(admin: Admin, wish: dict[str, Any], field: str) -> None:
    refused = await admin.post("/services", {"slug": "weather", "kind": "answering", **wish})

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), refused.text
    assert (await admin.get("/services")).json()["items"] == []


async def test_list_is_paged_and_filtered(admin: Admin) -> None:
    for slug, team, name in (("c", "red", "Sea"), ("a", "blue", "Sky"), ("b", "red", "Rain"), ("d", "", "Snow")):
        await make(admin, slug, team=team, draft={**READY, "name": name})
    await publish(admin, "b")

    async def slugs(query: str) -> list[str]:
        reply = await admin.get(f"/services?{query}")
        assert reply.status_code == 200, reply.text
        return [one["slug"] for one in reply.json()["items"]]

    first = (await admin.get("/services?limit=3")).json()
    rest = (await admin.get(f"/services?limit=3&after={first['next']}")).json()
    assert [[one["slug"] for one in page["items"]] for page in (first, rest)] == [["a", "b", "c"], ["d"]]
    assert rest["next"] is None
    assert await slugs("team=red") == ["b", "c"]
    assert await slugs("q=sn") == ["d"]
    assert await slugs("state=published") == ["b"]
    assert await slugs("state=draft&team=red") == ["c"]
    assert await slugs("kind=answering") == ["a", "b", "c", "d"]
    assert await slugs("kind=other") == []
    assert (await admin.get("/services?state=gone")).status_code == 422


async def test_change_merges_the_draft_member_by_member(admin: Admin) -> None:
    more = {"docs": "# Rain", "tags": ["sky"], "limits": {"concurrency": 5, "requests_per_minute": 9}}
    await make(admin, draft={**READY, **more, "budget": {"usd": "5"}, "slos": [{"name": "fast", "latency_ms": 5}]})

    changed = await admin.patch(
        "/services/weather",
        {"draft": {"docs": None, "limits": {"concurrency": None}, "budget": {"period": "day"}, "name": "New"}},
    )

    assert (changed.json()["name"], changed.json()["revision"]) == ("New", 2)
    assert await draft_of(admin) == {
        **EMPTY,
        **{"name": "New", "tags": ["sky"], "definition": {"text": "rain"}, "budget": {"usd": "5", "period": "day"}},
        "slos": [{"name": "fast", "objective": 99.0, "latency_ms": 5, "window_days": 30}],
        "limits": {**EMPTY["limits"], "requests_per_minute": 9},  # type: ignore[dict-item]
    }
    await admin.patch("/services/weather", {"draft": {"definition": {"status": 201}, "limits": None, "budget": None}})
    draft = await draft_of(admin)
    assert (draft["definition"], draft["limits"], draft["budget"]) == ({"status": 201}, EMPTY["limits"], None)
    same = await admin.patch("/services/weather", {"draft": {"tags": ["sky"]}})
    assert same.json()["revision"] == 3
    assert (await admin.patch("/services/weather", {})).json() == same.json()


async def test_what_is_shown_of_a_draft_makes_the_same_draft_again(admin: Admin) -> None:
    full = {
        **READY,
        **{"description": "It rains.", "docs": "# Rain\n", "category": "sky/rain", "tags": ["wet"], "plans": ["gold"]},
        **{"contacts": [{"name": "Ann", "email": "ann@example.com", "url": "https://example.com"}]},
        **{"slos": [{"name": "up", "objective": 99.5, "latency_ms": None, "window_days": 7}]},
        **{"visibility": "public", "access": "scope", "approval": "auto", "price_per_call_usd": "0.001"},
        **{"limits": {"requests_per_minute": 1, "tokens_per_minute": 2, "concurrency": 3}},
        **{"policies": {"masking": {"level": "full"}, "later": {"since": "2026-01-01", "of": [1, {"a": None}]}}},
        **{"budget": {"usd": "1.5", "period": "total"}, "logo": "data:image/gif;base64,R0lGODdhAQABAIAAAA=="},
    }
    await make(admin, draft=full)
    shown = await draft_of(admin)
    assert shown == full

    await make(admin, "again", draft=shown)

    assert await draft_of(admin, "again") == shown


async def test_stale_change_is_refused_whether_the_service_or_its_draft_was_read(admin: Admin) -> None:
    await make(admin)
    read = [(await admin.get(path)).headers["etag"] for path in ("/services/weather", "/services/weather/draft")]

    for tag in read:
        assert (await admin.patch("/services/weather", {"draft": {}}, if_match=tag)).status_code == 200
    await admin.patch("/services/weather", {"draft": {"docs": "new"}})
    for tag in read:
        for stale in (
            await admin.patch("/services/weather", {"draft": {"name": "x"}}, if_match=tag),
            await admin.post("/services/weather/drop", if_match=tag),
        ):
            assert (stale.status_code, stale.json()["code"]) == (412, "changed_since")
    now = await admin.get("/services/weather/draft")
    assert now.headers["etag"] not in read
    assert (await admin.get("/services/weather/draft", if_none_match=now.headers["etag"])).status_code == 304


async def test_draft_says_what_is_wrong_and_what_is_doubtful(admin: Admin) -> None:
    await make(admin, draft={"definition": {"status": 500}})

    shown = (await admin.get("/services/weather/draft")).json()

    assert shown["problems"] == [
        {"field": "name", "message": "give the service a name that people read", "warning": False},
        {"field": "text", "message": "say what is answered", "warning": False},
        {"field": "status", "message": "nobody will like this", "warning": True},
    ]
    assert (shown["slug"], shown["kind"], shown["revision"]) == ("weather", "answering", 1)


async def test_draft_of_a_kind_that_is_not_there_any_more_says_so(admin: Admin) -> None:
    await make(admin)
    admin.under.gateway.services.kinds.pop("answering")  # type: ignore[attr-defined]

    shown = (await admin.get("/services/weather/draft")).json()

    assert [one["field"] for one in shown["problems"]] == ["kind"]
    diff = (await admin.get("/services/weather/diff?from=draft")).json()
    assert diff["changes"] == []
    document = await admin.get("/services/weather/openapi")
    assert (document.status_code, document.json()["code"]) == (422, "not_ready")
    assert (await admin.get("/service-kinds")).json() == {
        "items": [one for one in (await admin.get("/service-kinds")).json()["items"] if one["name"] != "answering"]
    }


async def test_two_are_compared_and_what_may_break_callers_is_told_from_what_does_not(admin: Admin) -> None:
    await make(admin)
    before = await admin.get("/services/weather/diff")
    assert (before.status_code, before.json()["detail"]) == (404, "no release of it is live")
    await publish(admin)
    await admin.patch("/services/weather", {"draft": {"name": "Rain", "definition": {"text": "sun"}}})
    await admin.post("/services/weather/releases", {"version": "2"})

    diff = await admin.get("/services/weather/diff")

    assert {name: value for name, value in diff.json().items() if name != "figures"} == {
        **{"from": "live", "to": "draft", "breaking": True},
        "changes": [
            {
                **{"path": "definition/text", "what": "it answers otherwise", "breaking": True},
                **{"before": "rain", "after": "sun"},
            },
            {"path": "name", "what": "it is another", "breaking": False, "before": "Weather", "after": "Rain"},
        ],
    }
    assert (await admin.get("/services/weather/diff", if_none_match=diff.headers["etag"])).status_code == 304
    for query in ("from=1&to=2", "from=live&to=2", "from=1"):
        other = (await admin.get(f"/services/weather/diff?{query}")).json()
        assert other["changes"] == diff.json()["changes"]
    same = (await admin.get("/services/weather/diff?from=2&to=draft")).json()
    assert (same["from"], same["to"], same["breaking"], same["changes"]) == ("2", "draft", False, [])
    assert (await admin.get("/services/weather/diff?from=9")).json()["detail"] == "there is no such release"
    for wrong in ("from=0", "from=-1", "to=dead", "from=1234567890"):
        assert (await admin.get(f"/services/weather/diff?{wrong}")).status_code == 422


class Described(Answering):
    """Notes what its services say of themselves."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[About] = []

    def openapi(self, about: About, definition: Answers) -> dict[str, Any]:
        self.told.append(about)
        return {"openapi": "3.1.0"}


async def test_service_is_described_as_it_is_written_and_as_it_was_released(
    gateway: Callable[..., GatewayUnderTest],
) -> None:
    kind = Described()
    admin = await an_admin(gateway({"server": {"public_url": "https://gw.example.com"}}, plugins=(kind,)))
    await make(admin, draft={**READY, "description": "It rains.", "contacts": [{"name": "Ann"}]})
    await publish(admin, version="1.5")
    await admin.patch("/services/weather", {"draft": {"name": "Rain"}})

    drafted = await admin.get("/services/weather/openapi")
    released = await admin.get("/services/weather/openapi?release=1")

    assert drafted.json() == released.json() == {"openapi": "3.1.0"}
    assert (await admin.get("/services/weather/openapi", if_none_match=drafted.headers["etag"])).status_code == 304
    assert [(about.name, about.version) for about in kind.told[:2]] == [("Rain", ""), ("Weather", "1.5")]
    first = kind.told[0]
    assert (first.slug, first.url) == ("weather", "https://gw.example.com/v1/apis/weather")
    assert (first.description, first.contacts) == ("It rains.", ({"name": "Ann", "email": "", "url": ""},))
    missing = await admin.get("/services/weather/openapi?release=2")
    assert (missing.status_code, missing.json()["detail"]) == (404, "there is no such release")
    await admin.patch("/services/weather", {"draft": {"definition": {}}})
    unready = await admin.get("/services/weather/openapi")
    assert (unready.status_code, unready.json()["code"]) == (422, "not_ready")
    assert "text: say what is answered" in unready.json()["detail"]


async def test_kinds_are_listed_with_what_each_is_made_of(admin: Admin) -> None:
    kinds = {one["name"]: one["definition"] for one in (await admin.get("/service-kinds")).json()["items"]}

    assert list(kinds) == sorted(kinds)
    shape = kinds["answering"]["$defs"]["Answers"]
    assert shape["additionalProperties"] is False
    assert shape["properties"]["text"] == {"type": "string", "default": ""}


@pytest.mark.parametrize("slug", ["ai", "app"])
async def test_no_team_gets_a_slug_under_which_calls_are_counted_or_opened_that_are_none_of_its(
    admin: Admin, slug: str
) -> None:
    red = await an_admin(admin.under, "admin:services:*", team="red")

    refused = await red.post("/services", {"slug": slug, "kind": "answering", "draft": READY})

    assert refused.status_code == 422
    assert "is a name of the gateway's own" in refused.text
    assert (await admin.get(f"/services/{slug}")).status_code == 404


async def test_successor_that_is_not_there_is_noted_and_can_be_said_later(admin: Admin) -> None:
    await make(admin)
    await make(admin, slug="climate")
    await publish(admin)

    noted = (await admin.post("/services/weather/deprecate", {"successor": "rain"})).json()
    known = (await admin.post("/services/weather/deprecate", {"successor": "climate"})).json()
    none = (await admin.post("/services/weather/deprecate")).json()
    retired = (await admin.post("/services/weather/retire", {"successor": "rain"})).json()
    later = await admin.post("/services/weather/retire", {"successor": "climate"})
    itself = await admin.post("/services/weather/retire", {"successor": "weather"})

    note = ["there is no service 'rain' yet, to which callers are pointed"]
    assert [one["notes"] for one in (noted, known, none, retired, later.json())] == [note, [], [], note, []]
    assert (later.status_code, later.json()["successor"]) == (200, "climate")
    assert later.headers["etag"] == (await admin.get("/services/weather")).headers["etag"]
    assert (itself.status_code, itself.json()["code"]) == (409, "conflict")


async def test_service_is_deprecated_kept_and_retired(admin: Admin) -> None:
    await make(admin)
    early = await admin.post("/services/weather/deprecate")
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    await publish(admin)
    end = (admin.under.clock.now() + timedelta(days=30)).isoformat()

    told = (await admin.post("/services/weather/deprecate", {"sunset_at": end, "successor": "rain"})).json()
    assert (told["state"], told["sunset_at"], told["successor"]) == ("deprecated", "2026-02-04T12:00:00Z", "rain")
    kept = (await admin.post("/services/weather/keep")).json()
    assert (kept["state"], kept["sunset_at"], kept["successor"]) == ("published", None, None)
    gone = (await admin.post("/services/weather/retire", {"successor": "rain"})).json()
    assert (gone["state"], gone["successor"], gone["live"]) == ("retired", "rain", None)
    late = await admin.patch("/services/weather", {"draft": {"name": "x"}})
    assert (late.status_code, late.json()["code"]) == (409, "conflict")


async def test_service_is_paused_and_goes_on(admin: Admin) -> None:
    await make(admin)
    await publish(admin)

    told = await admin.post("/services/weather/pause", {"why": "it is mended"})
    card = (await admin.get("/catalogue/services/weather")).json()
    stale = await admin.post("/services/weather/resume", if_match='"other"')
    goes_on = (await admin.post("/services/weather/resume")).json()

    said = (told.json()["state"], told.json()["paused_at"], told.json()["paused_why"])
    assert said == ("published", "2026-01-05T12:00:00Z", "it is mended")
    assert (card["paused_at"], card["paused_why"]) == (told.json()["paused_at"], "it is mended")
    assert stale.status_code == 412
    assert (goes_on["paused_at"], goes_on["paused_why"]) == (None, "")
    refused = await admin.post("/services/weather/pause", {"why": "a\x1b"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "why")


@pytest.mark.parametrize(
    ("wish", "field"),
    [({"sunset_at": "2020-01-01T00:00:00Z"}, "sunset_at"), ({"successor": "A"}, "slug"), ({"why": "x"}, "why")],
)
async def test_end_that_cannot_be_meant_is_refused(admin: Admin, wish: dict[str, Any], field: str) -> None:
    await make(admin)
    await publish(admin)

    refused = await admin.post("/services/weather/deprecate", wish)

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_what_never_served_is_forgotten_and_what_did_is_not(admin: Admin) -> None:
    await make(admin)
    await make(admin, "rain")
    await publish(admin, "rain")

    assert (await admin.post("/services/weather/drop")).json()["slug"] == "weather"
    assert (await admin.get("/services/weather")).status_code == 404
    kept = await admin.post("/services/rain/drop")
    assert (kept.status_code, kept.json()["code"]) == (409, "conflict")


async def test_team_sees_makes_and_changes_its_own_alone(admin: Admin) -> None:
    red = await admin.other(team="red")
    await make(admin, "theirs", team="blue")
    await make(admin, "nobodys")
    mine = await make(red, "mine")

    assert mine["team"] == "red"
    assert (await make(red, "named", team="red"))["team"] == "red"
    assert [one["slug"] for one in (await red.get("/services")).json()["items"]] == ["mine", "named"]
    assert (await red.get("/services?team=blue")).json() == {"items": [], "next": None}
    assert [one["slug"] for one in (await red.get("/services?team=red&limit=1")).json()["items"]] == ["mine"]
    beyond = await red.post("/services", {"slug": "x", "kind": "answering", "team": "blue"})
    assert (beyond.status_code, beyond.json()["code"]) == (403, "out_of_reach")
    for team in ("blue", "", None):
        away = await red.patch("/services/mine", {"team": team})
        assert (away.status_code, away.json()["code"]) == (403, "out_of_reach")
    assert (await red.patch("/services/mine", {"team": "red"})).status_code == 200
    for slug in ("theirs", "nobodys"):
        assert (await red.get(f"/services/{slug}")).status_code == 404


async def test_whoever_has_no_team_gives_a_service_to_another(admin: Admin) -> None:
    red = await admin.other(team="red")
    await make(red)

    moved = await admin.patch("/services/weather", {"team": "blue"})

    assert (moved.json()["team"], moved.json()["notes"]) == ("blue", [])
    assert moved.headers["etag"] == (await admin.get("/services/weather")).headers["etag"]
    assert (await red.get("/services/weather")).status_code == 404
    assert (await admin.patch("/services/weather", {"team": None})).json()["team"] == ""


async def test_transfer_tells_whom_it_concerns(admin: Admin) -> None:
    red = await admin.other(team="red")
    await make(red)
    await publish(red)

    drafted = await red.patch("/services/weather", {"draft": {"name": "Rain"}})
    moved = await admin.patch("/services/weather", {"team": "blue"})

    assert drafted.json()["notes"] == []
    assert moved.json()["notes"] == [
        "tokens of the team red called it without a subscription and need one now; each of its applications has one"
    ]


async def test_service_that_was_given_away_meanwhile_is_not_changed(admin: Admin) -> None:
    """Of the two looks at it the second, within the transaction, decides."""
    red, gateway = await admin.other(team="red"), admin.under.gateway
    await make(red)
    store = await gateway.store.services()
    found = store.get_service

    async def moving(name: str) -> Any:
        service = await found(name)
        await admin.patch("/services/weather", {"team": "blue"})
        return service

    calls = iter([moving])

    async def first(name: str) -> Any:
        return await next(calls, found)(name)

    store.get_service = first  # type: ignore[method-assign]
    refused = await red.patch("/services/weather", {"draft": {"name": "stolen"}})

    assert refused.status_code == 404
    assert (await draft_of(admin))["name"] == "Weather"


async def test_large_definition_is_taken_and_a_larger_one_refused(admin: Admin) -> None:
    await make(admin)
    deep: dict[str, Any] = {}
    for _ in range(90):
        deep = {"a": deep}
    # the kind refuses what it does not know, so that it is a draft that cannot be published yet
    large = await admin.patch("/services/weather", {"draft": {"definition": {"text": "x" * 5_000_000, "deep": deep}}})

    assert large.status_code == 200, large.text[:300]
    assert len((await draft_of(admin))["definition"]["text"]) == 5_000_000
    for body, status, code in (
        ({"draft": {"definition": {"text": "x" * (MOST_DESIGN + 70_000)}}}, 413, "body_too_large"),
        ({"draft": {"definition": {"text": "x" * (MOST_DESIGN + 100)}}}, 422, "invalid_fields"),
        ({"draft": {"definition": {"text": [0] * 1_000_001}}}, 413, "body_too_large"),
        ({"draft": {"definition": {"a": {"b": {"c": deep}}, "d": {"e": {"f": {"g": {"h": deep}}}}}}}, 200, ""),
    ):
        reply = await admin.patch("/services/weather", body)
        assert (reply.status_code, reply.json().get("code", "")) == (status, code), reply.text[:300]
    for _ in range(20):
        deep = {"a": deep}
    assert (await admin.patch("/services/weather", {"draft": {"definition": deep}})).status_code == 400
    elsewhere = await admin.post("/roles", {"name": "x", "scopes": ["ai:*"], "description": "x" * 70_000})
    assert elsewhere.status_code == 413


async def test_numbers_of_a_definition_stay_what_they_are(admin: Admin) -> None:
    await make(admin)
    sent = '{"draft": {"definition": {"big": 123456789012345678901234567890, "small": 1e-7, "whole": 1.0}}}'
    reply = await admin.under.request(
        *("PATCH", f"{BASE}/services/weather"),
        token=admin.secret,
        headers={"content-type": "application/json"},
        content=sent.encode(),
    )

    assert reply.status_code == 200, reply.text
    shown = (await admin.get("/services/weather/draft")).text
    assert json.loads(shown)["draft"]["definition"] == json.loads(sent)["draft"]["definition"]


async def test_who_reads_writes_or_publishes_needs_the_scope_for_it(admin: Admin) -> None:
    await make(admin)
    reader = await admin.other("admin:services:read")
    writer = await admin.other("admin:services:write")
    publisher = await admin.other("admin:publishing:write", "admin:services:read")

    assert (await reader.get("/services/weather")).status_code == 200
    assert (await reader.patch("/services/weather", {})).status_code == 403
    assert (await publisher.patch("/services/weather", {})).status_code == 403
    assert (await writer.post("/services/weather/releases", {"version": "1"})).status_code == 201
    assert (await writer.post("/services/weather/releases/1/publish")).status_code == 403
    assert (await publisher.post("/services/weather/releases/1/publish")).status_code == 200
    for action in ("deprecate", "keep", "pause", "resume", "retire"):
        assert (await writer.post(f"/services/weather/{action}")).status_code == 403
        assert (await publisher.post(f"/services/weather/{action}")).status_code == 200


async def test_repeated_request_begins_one_service(admin: Admin) -> None:
    wish = {"slug": "weather", "kind": "answering"}

    first = await admin.post("/services", wish, idempotency_key="one")
    again = await admin.post("/services", wish, idempotency_key="one")

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
