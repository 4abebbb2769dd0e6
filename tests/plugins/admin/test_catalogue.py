"""The catalogue over the API: what each caller sees of what is published, and nothing of what is another team's."""

from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.plugins.admin.test_applications import application
from tests.plugins.admin.test_services import READY, make, publish
from tests.plugins.admin.test_subscriptions import ask
from tests.support.answering import Answering

from tollbridge.testing import GatewayUnderTest

LOGO = "data:image/gif;base64,R0lGODdhAQABAIAAAA=="
DRAFT: dict[str, Any] = {
    **READY,
    **{"description": "What the sky does.", "docs": "# Rain\n", "logo": LOGO, "category": "nature/sky"},
    **{"tags": ["wet"], "contacts": [{"name": "Ann", "email": "ann@example.com", "url": ""}]},
    **{"slos": [{"name": "up", "objective": 99.5, "latency_ms": None, "window_days": 7}]},
    **{"visibility": "public", "approval": "auto", "price_per_call_usd": "0.001", "plans": ["gold", "old"]},
    **{"limits": {"requests_per_minute": 600}, "budget": {"usd": "77.25"}},
}
HIDDEN: dict[str, Any] = {
    **READY,
    **{"name": "Quartz", "visibility": "team", "category": "nature/quartz", "tags": ["quartz"]},
}
DAY = 86_400
CONSUMER = ("ai:*", "model:*", "service:*")


@pytest.fixture
async def admin(admin: Admin) -> Admin:
    """Give who may do everything, where blue publishes one service to all and one to itself alone."""
    for team in ("blue", "red"):
        wish = {"name": team, "scopes": ["admin:*", "ai:*", "model:*", "service:*"]}
        assert (await admin.post("/teams", wish)).is_success
    await admin.post("/plans", {"name": "gold", "price_per_call_usd": "0.002", "requests_per_minute": 6})
    await admin.post("/plans", {"name": "old"})
    await make(admin, team="blue", draft=DRAFT)
    await publish(admin)
    await admin.patch("/plans/old", {"ended": True})
    await make(admin, "quartz", team="blue", draft=HIDDEN)
    await publish(admin, "quartz")
    return admin


@pytest.fixture
async def red(under: GatewayUnderTest, admin: Admin) -> Admin:
    """Give somebody of another team, who may call and nothing else."""
    return await an_admin(under, *CONSUMER, team="red")


@pytest.fixture
async def blue(under: GatewayUnderTest, admin: Admin) -> Admin:
    """Give somebody of the team, who may call and nothing else."""
    return await an_admin(under, *CONSUMER, team="blue")


async def slugs(admin: Admin, query: str = "") -> list[str]:
    reply = await admin.get(f"/catalogue/services?{query}")
    assert reply.status_code == 200, reply.text
    return [one["slug"] for one in reply.json()["items"]]


async def test_card_says_what_there_is_to_know(admin: Admin, red: Admin) -> None:
    (card,) = (await red.get("/catalogue/services")).json()["items"]

    assert card == {
        **{"id": (await admin.get("/services/weather")).json()["id"], "slug": "weather", "kind": "answering"},
        **{"name": "Weather", "description": "What the sky does.", "logo": LOGO, "category": "nature/sky"},
        **{"tags": ["wet"], "team": "blue", "state": "published", "visibility": "public"},
        **{"access": "subscription", "approval": "auto", "version": "1", "versions": ["1"], "operations": 1},
        **{
            "subscribers": 0,
            "calls_24h": 0,
            "subscription": None,
            "price_per_call_usd": "0.001",
            "url": "/v1/apis/weather",
        },
        **{"mcp_url": "/v1/mcp/weather", "model": None},
        **dict.fromkeys(("deprecated_at", "sunset_at", "successor", "paused_at")),
        "paused_why": "",
    }


async def test_card_counts_the_calls_of_the_last_day_once_a_minute(admin: Admin) -> None:
    clock = admin.under.clock

    async def calls() -> int:
        (card,) = (await admin.get("/catalogue/services?q=weather")).json()["items"]
        number: int = card["calls_24h"]
        return number

    caller = await admin.under.token("service:*", team="blue")
    assert await calls() == 0
    assert (await admin.under.request("POST", "/v1/apis/weather", token=caller)).status_code == 200
    assert await calls() == 0
    clock.advance(60)
    assert await calls() == 1
    clock.advance(DAY)
    assert await calls() == 0


async def test_whole_says_how_it_is_called_and_for_what(red: Admin) -> None:
    reply = await red.get("/catalogue/services/weather")
    whole = reply.json()

    (card,) = (await red.get("/catalogue/services")).json()["items"]
    (plan,) = whole["plans"]
    assert {name: whole[name] for name in card} == card
    assert (plan["name"], plan["price_per_call_usd"], plan["requests_per_minute"]) == ("gold", "0.002", 6)
    assert (whole["docs"], whole["contacts"], whole["slos"]) == ("# Rain\n", DRAFT["contacts"], DRAFT["slos"])
    assert whole["limits"] == {"requests_per_minute": 600, "tokens_per_minute": None, "concurrency": None}
    assert whole["called"] == [
        {
            **{"name": "say", "scope": "service:weather:say", "method": "POST", "url": "/v1/apis/weather"},
            **{"summary": "", "public": False, "price_usd": None},
        }
    ]
    assert whole["released"] == [
        {
            **{"version": "1", "note": "", "default": True, "published_at": "2026-01-05T12:00:00Z"},
            "url": "/v1/apis/weather@1",
        }
    ]
    document = await red.get(f"/{whole['openapi']}")
    assert document.json()["info"] == {"title": "Weather", "version": "1"}
    assert (await red.get(f"/{whole['openapi']}", if_none_match=document.headers["etag"])).status_code == 304
    assert (await red.get("/catalogue/services/weather", if_none_match=reply.headers["etag"])).status_code == 304
    assert (await red.get(f"/catalogue/services/{whole['id']}")).json() == whole
    for secret in ("definition", "77.25"):
        assert secret not in reply.text


async def test_versions_that_serve_are_listed_and_described(admin: Admin, red: Admin) -> None:
    await publish(admin, version="2", beside=True)

    whole = (await red.get("/catalogue/services/weather")).json()

    assert (whole["version"], whole["versions"]) == ("1", ["2", "1"])
    assert [(one["version"], one["default"]) for one in whole["released"]] == [("2", False), ("1", True)]
    second = (await red.get("/catalogue/services/weather/openapi?version=2")).json()
    assert second["info"]["version"] == "2"
    none = await red.get("/catalogue/services/weather/openapi?version=3")
    assert (none.status_code, none.json()["detail"]) == (404, "this service serves no such version")


async def test_nothing_of_a_service_of_another_team_is_seen(admin: Admin, red: Admin, blue: Admin) -> None:
    id = (await admin.get("/services/quartz")).json()["id"]
    anybody = await admin.other(*CONSUMER)

    for stranger in (red, anybody, await an_admin(admin.under, team="red")):
        for query in ("", "q=quartz", "category=nature", "tag=quartz", "team=blue", "kind=answering", "limit=1"):
            reply = await stranger.get(f"/catalogue/services?{query}")
            assert (reply.status_code, "uartz" in reply.text, reply.json()["next"]) == (200, False, None), query
        for name in ("quartz", id):
            for path in (f"/catalogue/services/{name}", f"/catalogue/services/{name}/openapi"):
                reply = await stranger.get(path)
                assert (reply.status_code, reply.json()["detail"]) == (404, "there is no such service")
        sorted_so = await stranger.get("/catalogue")
        assert "quartz" not in sorted_so.text
        assert sorted_so.json()["services"] == 1
        assert sorted_so.json()["teams"] == {"blue": 1}
    assert await slugs(blue) == await slugs(admin) == ["quartz", "weather"]
    assert (await blue.get("/catalogue")).json()["teams"] == {"blue": 2}
    assert (await blue.get(f"/catalogue/services/{id}")).json()["slug"] == "quartz"


async def bare(under: GatewayUnderTest, path: str, token: str = "", **more: Any) -> Any:
    """Ask as somebody who shows no token, or a bad one."""
    return await under.request("GET", f"/_tollbridge/api/v1{path}", token=token, **more)


async def test_internal_service_is_seen_by_who_has_a_token_and_by_nobody_else(admin: Admin, red: Admin) -> None:
    await make(admin, "inner")
    await publish(admin, "inner")

    assert await slugs(red) == ["inner", "weather"]
    for path in ("/catalogue/services/inner", "/catalogue/services/inner/openapi"):
        assert (await bare(admin.under, path)).status_code == 404, path
    assert "inner" not in (await bare(admin.under, "/catalogue/services")).text


async def test_public_service_is_seen_by_who_shows_no_token_and_nothing_else_is(admin: Admin, red: Admin) -> None:
    shop = (await application(admin, team="red"))["id"]
    await ask(admin, shop, plan="gold")

    whole = (await bare(admin.under, "/catalogue/services/weather")).json()

    listed = (await bare(admin.under, "/catalogue/services")).json()["items"]
    assert [(one["slug"], one["subscription"]) for one in listed] == [("weather", None)]
    assert (await bare(admin.under, "/catalogue")).json()["teams"] == {"blue": 1}
    assert (whole["docs"], whole["subscriptions"], shop in str(whole)) == ("# Rain\n", [], False)
    assert (await bare(admin.under, f"/{whole['openapi']}")).json()["info"]["title"] == "Weather"
    for path in ("/catalogue/services/quartz", "/catalogue/services/quartz/openapi"):
        assert (await bare(admin.under, path)).status_code == 404
    for path in ("/me", "/attention", "/services", "/catalogue/nothing"):
        assert (await bare(admin.under, path)).status_code == 401, path


async def test_token_that_opens_nothing_opens_no_catalogue(admin: Admin) -> None:
    for secret in ("tb_" + "0" * 38, "x"):
        assert (await bare(admin.under, "/catalogue", secret)).status_code == 401
    refused = await bare(admin.under, "/catalogue", headers={"x-api-key": "x"})
    assert refused.status_code == 401


async def test_who_shows_no_token_and_reads_too_much_waits_and_who_shows_one_does_not(gateway: Any) -> None:
    admin = await an_admin(gateway({"throttle": {"spared": []}}, plugins=(Answering(),)))
    for _ in range(300):
        admin.under.gateway.throttle.look("127.0.0.1")

    refused = await bare(admin.under, "/catalogue")

    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    assert (await admin.get("/catalogue")).status_code == 200


async def test_catalogue_can_be_closed_to_who_shows_no_token(gateway: Any) -> None:
    admin = await an_admin(gateway({"services": {"open_catalogue": False}}, plugins=(Answering(),)))
    await make(admin, draft={**READY, "visibility": "public"})
    await publish(admin)

    for path in ("/catalogue", "/catalogue/services", "/catalogue/services/weather"):
        assert (await bare(admin.under, path)).status_code == 401, path
    assert await slugs(admin) == ["weather"]


async def test_draft_and_what_has_ended_are_not_in_it(admin: Admin, red: Admin) -> None:
    await make(admin, "draft")
    await admin.post("/services/weather/deprecate", {"sunset_at": "2026-06-01T00:00:00Z", "successor": "quartz"})
    (card,) = (await red.get("/catalogue/services")).json()["items"]
    assert (card["state"], card["sunset_at"], card["successor"]) == ("deprecated", "2026-06-01T00:00:00Z", None)

    document = (await red.get("/catalogue/services/weather/openapi")).json()
    assert document["info"]["description"] == "It is deprecated since 2026-01-05, and ends on 2026-06-01."

    await admin.post("/services/weather/retire")

    assert await slugs(red) == []
    assert (await red.get("/catalogue/services/weather")).status_code == 404


async def test_list_is_paged_searched_and_sorted_into_categories(admin: Admin, red: Admin) -> None:
    for slug, category in (("sun", "nature/sky"), ("road", "map"), ("plain", "")):
        await make(admin, slug, draft={**READY, "category": category, "name": slug.title()})
        await publish(admin, slug)

    first = (await red.get("/catalogue/services?limit=3")).json()
    rest = (await red.get(f"/catalogue/services?limit=3&after={first['next']}")).json()

    assert [[one["slug"] for one in page["items"]] for page in (first, rest)] == [["plain", "road", "sun"], ["weather"]]
    assert rest["next"] is None
    assert await slugs(red, "category=nature") == ["sun", "weather"]
    assert await slugs(red, "q=SKY%20does") == ["weather"]
    assert await slugs(red, "tag=wet") == ["weather"]
    assert await slugs(red, "team=blue&kind=answering") == ["weather"]
    for query in ("limit=0", "limit=51", "after=x", "state=draft"):
        assert (await red.get(f"/catalogue/services?{query}")).status_code == 422, query
    assert (await red.get("/catalogue")).json() == {
        "services": 4,
        "categories": [
            {"path": "map", "name": "map", "services": 1, "categories": []},
            {
                **{"path": "nature", "name": "nature", "services": 2},
                "categories": [{"path": "nature/sky", "name": "sky", "services": 2, "categories": []}],
            },
        ],
        "tags": {"wet": 1},
        "kinds": {"answering": 4},
        "teams": {"": 3, "blue": 1},
    }


async def test_caller_sees_how_the_applications_of_its_own_team_stand(admin: Admin, red: Admin, blue: Admin) -> None:
    shop = (await application(admin, team="red"))["id"]
    one = await ask(admin, shop, plan="gold")
    boss = await an_admin(admin.under, *CONSUMER, "admin:subscriptions:read", team="red")

    cards = [(await each.get("/catalogue/services?q=weather")).json()["items"][0] for each in (red, blue, admin)]
    wholes = [(await each.get("/catalogue/services/weather")).json() for each in (red, boss, admin)]

    assert [card["subscribers"] for card in cards] == [1, 1, 1]
    assert [card["subscription"] for card in cards] == ["approved", None, None]
    assert [whole["subscriptions"] for whole in wholes] == [
        [],
        [{"id": one["id"], "application": shop, "plan": "gold", "state": "approved"}],
        [],
    ]


async def test_who_has_no_team_sees_how_the_operators_applications_stand_where_they_may_see_those(
    admin: Admin,
) -> None:
    await ask(admin, (await application(admin, team=""))["id"], plan="gold")
    anybody = await admin.other(*CONSUMER)

    cards = [(await each.get("/catalogue/services?q=weather")).json()["items"][0] for each in (admin, anybody)]

    assert [card["subscription"] for card in cards] == ["approved", None]


class Model(Answering):
    """A kind whose services are called as models alone."""

    name, spoken, only_spoken = "model-like", True, True


async def test_service_that_is_a_model_alone_is_no_mcp_server(gateway: Any) -> None:
    admin = await an_admin(gateway(plugins=(Model(),)))
    await make(admin, kind="model-like")
    await publish(admin)

    whole = (await admin.get("/catalogue/services/weather")).json()

    assert (whole["mcp_url"], whole["model"]) == (None, "api/weather")


async def test_urls_are_those_of_the_outside_where_it_is_known(gateway: Any) -> None:
    under = gateway({"server": {"public_url": "https://gw.example.com"}}, plugins=(Answering(),))
    admin = await an_admin(under)
    await make(admin)
    await publish(admin)

    whole = (await admin.get("/catalogue/services/weather")).json()

    assert (whole["url"], whole["mcp_url"], whole["called"][0]["url"]) == (
        "https://gw.example.com/v1/apis/weather",
        "https://gw.example.com/v1/mcp/weather",
        "https://gw.example.com/v1/apis/weather",
    )
