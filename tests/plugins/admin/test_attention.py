"""What waits for somebody, over the API: seen by who decides on it, and by nobody else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.plugins.admin.test_applications import application
from tests.plugins.admin.test_services import make, publish
from tests.plugins.admin.test_subscriptions import ask
from tests.support.answering import Answering

from tollbridge.administering import Actor
from tollbridge.attention import DECIDES
from tollbridge.services.lifecycle import Move
from tollbridge.stores.services import Step
from tollbridge.testing import GatewayUnderTest
from tollbridge_admin.attention import Kind

NOTHING = dict.fromkeys(get_args(Kind), 0)
DAY = timedelta(days=1).total_seconds()


@pytest.fixture
async def admin(admin: Admin) -> Admin:
    """Give who may do everything, where blue publishes, and red's application asked for that."""
    for team in ("blue", "red"):
        wish = {"name": team, "scopes": ["admin:*", "ai:*", "model:*", "service:*"]}
        assert (await admin.post("/teams", wish)).is_success
    return admin


@pytest.fixture
async def asked(admin: Admin) -> dict[str, Any]:
    """Give the subscription that waits."""
    await make(admin, team="blue")
    await publish(admin)
    return await ask(admin, (await application(admin, team="red"))["id"])


async def waiting(admin: Admin, query: str = "") -> dict[str, Any]:
    reply = await admin.get(f"/attention?{query}")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def kinds(admin: Admin) -> list[str]:
    return [one["kind"] for one in (await waiting(admin))["items"]]


async def in_review(admin: Admin, by: Admin, slug: str = "weather") -> None:
    """Submit another release of a service."""
    await admin.post(f"/services/{slug}/releases", {"version": "2"})
    assert (await by.post(f"/services/{slug}/releases/2/submit")).is_success


async def test_every_kind_is_counted_for_who_decides_on_all_of_them(admin: Admin) -> None:
    assert await waiting(admin) == {"items": [], "counts": NOTHING, "total": 0}
    assert set(DECIDES) == set(NOTHING)


async def test_subscription_that_was_asked_for_waits_for_the_team_of_the_service(
    under: GatewayUnderTest, admin: Admin, asked: dict[str, Any]
) -> None:
    blue, red = await an_admin(under, team="blue"), await an_admin(under, team="red")

    found = await waiting(blue)

    assert found["items"] == [
        {
            **{"kind": "subscription_asked", "id": asked["id"], "since": asked["asked_at"], "team": "blue"},
            "title": "the application Shop, of the team red, asks for weather",
            "href": f"subscriptions/{asked['id']}",
            **{"name": "Shop", "service": "weather", "asker": "red", "number": None, "until": None, "successor": None},
        }
    ]
    assert (await blue.get(f"/{found['items'][0]['href']}")).json() == asked
    assert (found["counts"]["subscription_asked"], found["total"]) == (1, 1)
    assert (await waiting(red))["total"] == 0
    assert (await waiting(admin))["items"] == found["items"]
    await blue.post(f"/subscriptions/{asked['id']}/approve")
    assert (await waiting(blue))["total"] == 0


@pytest.mark.parametrize("ended", ["application", "team", "service"])
async def test_nobody_is_waited_for_who_can_get_nothing_any_more(
    under: GatewayUnderTest, admin: Admin, asked: dict[str, Any], ended: str
) -> None:
    blue, path = await an_admin(under, team="blue"), f"/subscriptions/{asked['id']}"
    where = {"application": f"/applications/{asked['application']}/end", "team": "/teams/red/end"}

    assert (await admin.post(where.get(ended, "/services/weather/retire"))).is_success

    assert (await waiting(blue))["total"] == 0
    state, opinion = {"service": ("refused", "the service is retired")}.get(
        ended, ("cancelled", "the application has ended")
    )
    found = (await blue.get(path)).json()
    assert (found["state"], found["opinion"], found["decided_by"]) == (state, opinion, admin.id)
    late = await blue.post(f"{path}/approve")
    assert (late.status_code, late.json()["code"]) == (409, "conflict")


async def test_nothing_is_seen_of_what_the_scopes_do_not_let_decide(admin: Admin, asked: dict[str, Any]) -> None:
    await in_review(admin, admin)
    reader = await admin.other("admin:subscriptions:read", "admin:services:write", "ai:*")
    decider = await admin.other("admin:subscriptions:write")
    publisher = await admin.other("admin:publishing:write")

    assert await waiting(reader) == {"items": [], "counts": {}, "total": 0}
    assert (await waiting(decider))["counts"] == {"subscription_asked": 1, "service_ending": 0}
    assert (await waiting(publisher))["counts"] == {"release_in_review": 1, "release_failed": 0, "service_overdue": 0}
    assert await kinds(publisher) == ["release_in_review"]
    assert (await admin.under.request("GET", "/_tollbridge/api/v1/attention", token="")).status_code == 401


async def test_team_has_no_part_in_what_is_the_whole_bridges(under: GatewayUnderTest, admin: Admin) -> None:
    blue = await an_admin(under, team="blue")

    counts = (await waiting(blue))["counts"]

    assert set(NOTHING) - set(counts) == {"job_failed", "provider_key_ending"}
    assert await waiting(blue, "kind=job_failed") == {"items": [], "counts": {}, "total": 0}


async def test_release_waits_for_another_than_who_submitted_it_where_four_eyes_are_needed(
    gateway: Callable[..., GatewayUnderTest],
) -> None:
    under = gateway({"services": {"review": "four_eyes"}}, plugins=(Answering(),))
    first, second = [await an_admin(under) for _ in range(2)]
    await make(first)
    await first.post("/services/weather/releases", {"version": "1"})
    await first.post("/services/weather/releases/1/submit")

    assert (await waiting(first))["total"] == 0
    (one,) = (await waiting(second))["items"]
    assert (one["title"], one["href"]) == (
        "release 1 of weather waits for a review",
        "services/weather/releases/1",
    )
    assert (await second.get(f"/{one['href']}")).json()["state"] == "review"


async def test_release_that_failed_waits(admin: Admin, asked: dict[str, Any]) -> None:
    gateway = admin.under.gateway
    store, act = await gateway.store.services(), await gateway.tokens.act(Actor("gateway", "job"))
    await store.move_release(asked["service"], 1, Step(move=Move.FAIL, why="3 of 4 calls failed"), act)

    assert sorted(await kinds(admin)) == ["release_failed", "subscription_asked"]
    (one,) = (await waiting(admin, "kind=release_failed"))["items"]
    assert (one["title"], one["href"]) == ("release 1 of weather failed", "services/weather/releases/1")


async def test_service_that_serves_beyond_its_end_waits_until_it_is_retired(admin: Admin) -> None:
    await make(admin, team="blue")
    await publish(admin)
    ends = (admin.under.clock.now() + timedelta(days=1)).isoformat()
    await admin.post("/services/weather/deprecate", {"sunset_at": ends})
    assert await kinds(admin) == []
    admin.under.clock.advance(DAY)

    (one,) = (await waiting(admin))["items"]

    assert one["title"] == "the service weather serves beyond the end that its callers were told"
    assert (one["kind"], one["href"], one["team"]) == ("service_overdue", "services/weather", "blue")
    await admin.post("/services/weather/retire")
    assert await kinds(admin) == []


async def test_service_that_ends_waits_for_who_subscribes_to_it(
    under: GatewayUnderTest, admin: Admin, asked: dict[str, Any]
) -> None:
    blue, red = await an_admin(under, team="blue"), await an_admin(under, team="red")
    await blue.post(f"/subscriptions/{asked['id']}/approve")
    await blue.post("/services/weather/deprecate")
    (bare,) = (await waiting(red))["items"]
    await make(admin, "climate", team="blue")
    await publish(admin, "climate")

    reply = await blue.post(
        "/services/weather/deprecate", {"sunset_at": "2026-04-05T12:00:00Z", "successor": "climate"}
    )

    assert reply.is_success, reply.text
    (one,) = (await waiting(red))["items"]
    assert (one["kind"], one["team"], one["href"]) == ("service_ending", "red", f"subscriptions/{asked['id']}")
    told = "the service weather, to which the application Shop subscribes,"
    assert bare["title"] == f"{told} is deprecated"
    assert one["title"] == f"{told} ends at 2026-04-05 12:00 UTC; climate takes its place"
    assert (await waiting(blue))["total"] == 0
    assert (await red.post(f"/{one['href']}/cancel")).is_success
    assert (await waiting(red))["total"] == 0


async def test_webhook_that_was_given_up_waits(admin: Admin) -> None:
    hook = {"name": "hook", "url": "https://hooks.example/x", "events": ["token.*"], "team": "blue"}
    made = (await admin.post("/webhooks", hook)).json()["id"]
    delivery = (await admin.post(f"/webhooks/{made}/test")).json()["id"]
    outbox = await admin.under.gateway.store.outbox()
    await outbox.claim(made, "run_1", most=1, lease_s=60)
    await outbox.postpone(delivery, "run_1", "timeout", pause_s=5)
    assert (await waiting(admin))["total"] == 0

    await admin.patch(f"/webhooks/{made}", {"disabled": True})

    (one,) = (await waiting(admin))["items"]
    assert (one["kind"], one["team"], one["href"]) == ("webhook_silent", "blue", f"webhooks/{made}")
    assert one["title"] == "the webhook hook is off: nothing arrived there"
    assert (await waiting(await an_admin(admin.under, team="red")))["total"] == 0


async def test_token_and_key_that_end_soon_wait_from_a_week_before(admin: Admin) -> None:
    ends = "2026-01-15T12:00:00Z"  # ten days after the clock's noon
    made = await admin.make(expires_at=ends, name="report")
    key = {"provider": "openai", "key": "sk-" + "x" * 40, "expires_at": ends}
    assert (await admin.post("/provider-credentials", key)).status_code == 201
    assert (await waiting(admin))["total"] == 0

    admin.under.clock.advance(4 * DAY)

    found = (await waiting(admin))["items"]
    said = [(one["kind"], one["title"], one["since"]) for one in found]
    assert said == [
        ("provider_key_ending", "the key openai of openai ends soon", "2026-01-08T12:00:00Z"),
        ("token_ending", "the token report ends soon", "2026-01-08T12:00:00Z"),
    ]
    assert [one["href"] for one in found] == ["provider-credentials/openai", f"tokens/{made['id']}"]
    longer = {"key": "sk-" + "y" * 40, "expires_at": "2027-01-01T00:00:00Z"}
    assert (await admin.post("/provider-credentials/openai/rotate", longer)).is_success
    assert await kinds(admin) == ["token_ending"]


async def test_job_that_failed_waits_for_who_runs_jobs(admin: Admin) -> None:
    jobs = await admin.under.gateway.store.jobs()
    await jobs.plan_jobs(["forget_messages"])
    await jobs.take_job("forget_messages", "run_1", lease_s=60)
    await jobs.end_job("forget_messages", "run_1", failure="RuntimeError", again_s=60)

    (one,) = (await waiting(admin, "kind=job_failed"))["items"]

    assert (one["id"], one["title"], one["href"]) == (
        "forget_messages",
        "the job forget_messages failed, 1 in a row",
        "jobs",
    )


async def test_the_longest_waiting_come_first_and_all_are_counted(admin: Admin, asked: dict[str, Any]) -> None:
    admin.under.clock.advance(60)
    await in_review(admin, admin)
    await make(admin, "sun")
    await publish(admin, "sun")
    second = await ask(admin, asked["application"], "sun")

    first = await waiting(admin, "limit=1")
    every = (await waiting(admin))["items"]

    assert [one["id"] for one in first["items"]] == [asked["id"]]
    assert (first["total"], first["counts"]["subscription_asked"]) == (3, 2)
    assert [one["kind"] for one in every] == ["subscription_asked", "release_in_review", "subscription_asked"]
    assert every[2]["id"] == second["id"]
    for query in ("kind=other", "limit=0", "limit=201", "after=x"):
        assert (await admin.get(f"/attention?{query}")).status_code == 422, query
