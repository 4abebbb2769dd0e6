"""Subscriptions over the API: asked for, decided on, cancelled and ended, each by the team whose matter it is."""

from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.plugins.admin.test_applications import application, token
from tests.plugins.admin.test_plans import NAUGHTY, TURNED
from tests.plugins.admin.test_services import READY, make, publish

from tollbridge.administering import shown_change
from tollbridge.testing import GatewayUnderTest

ACTS = ("approve", "refuse", "cancel", "end")
PLANNED = {**READY, "plans": ["gold", "free"]}


@pytest.fixture
async def admin(admin: Admin) -> Admin:
    """Give who may do everything, where the team blue publishes a service and the team red has an application."""
    for team in ("blue", "red", "green"):
        wish = {"name": team, "scopes": ["admin:*", "ai:*", "model:*", "service:*"]}
        assert (await admin.post("/teams", wish)).is_success
    await make(admin, team="blue")
    await publish(admin)
    return admin


@pytest.fixture
async def blue(under: GatewayUnderTest, admin: Admin) -> Admin:
    """Give somebody of the team that publishes."""
    return await an_admin(under, team="blue")


@pytest.fixture
async def red(under: GatewayUnderTest, admin: Admin) -> Admin:
    """Give somebody of the team that calls."""
    return await an_admin(under, team="red")


@pytest.fixture
async def shop(admin: Admin) -> str:
    """Give the id of red's application."""
    id: str = (await application(admin, team="red"))["id"]
    return id


async def ask(admin: Admin, application: str, service: str = "weather", **wish: Any) -> dict[str, Any]:
    admin.under.clock.advance(0.001)
    reply = await admin.post("/subscriptions", {"application": application, "service": service, **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def ids(admin: Admin, query: str = "") -> list[str]:
    reply = await admin.get(f"/subscriptions?{query}")
    assert reply.status_code == 200, reply.text
    return [one["id"] for one in reply.json()["items"]]


async def test_subscription_is_asked_for_shown_and_listed(admin: Admin, red: Admin, shop: str) -> None:
    reply = await red.post("/subscriptions", {"application": shop, "service": "weather", "why": " to know "})
    made = reply.json()

    assert (reply.status_code, reply.headers["location"]) == (201, f"subscriptions/{made['id']}")
    service = (await admin.get("/services/weather")).json()["id"]
    assert made == {
        **{"id": made["id"], "application": shop, "service": service, "plan": "", "state": "asked"},
        **{"why": "to know", "asked_by": red.id, "asked_at": made["asked_at"], "opinion": "", "decided_by": ""},
        **dict.fromkeys(("decided_at", "expires_at", "ended_at")),
    }
    one = await red.get(f"/subscriptions/{made['id']}")
    assert (one.json(), one.headers["etag"]) == (made, reply.headers["etag"])
    assert (await red.get(f"/subscriptions/{made['id']}", if_none_match=one.headers["etag"])).status_code == 304
    assert (await red.get("/subscriptions")).json() == {"items": [made], "next": None}


async def test_approved_application_calls_until_the_subscription_ends(
    admin: Admin, blue: Admin, red: Admin, shop: str
) -> None:
    secret = (await token(admin, shop))["token"]
    path = f"/subscriptions/{(await ask(red, shop))['id']}"

    async def call() -> int:
        return (await admin.under.request("POST", "/v1/apis/weather", token=secret)).status_code

    assert await call() == 403
    approved = (await blue.post(f"{path}/approve", {"opinion": "fine"})).json()
    assert (approved["state"], approved["opinion"], approved["decided_by"]) == ("approved", "fine", blue.id)
    assert await call() == 200
    assert (await red.get(f"/applications/{shop}")).json()["subscribed_scopes"] == [
        "service:weather:*",
        "model:api/weather",
    ]
    ended = (await blue.post(f"{path}/end", {"opinion": "no more"})).json()
    assert (ended["state"], ended["opinion"], ended["ended_at"] is None) == ("ended", "no more", False)
    assert await call() == 403


async def test_approval_names_another_plan_and_an_end_and_can_be_given_again(
    admin: Admin, blue: Admin, red: Admin, shop: str
) -> None:
    for name in ("gold", "free", "other"):
        await admin.post("/plans", {"name": name})
    await make(admin, "sun", team="blue", draft=PLANNED)
    await publish(admin, "sun")
    path = f"/subscriptions/{(await ask(red, shop, 'sun', plan='free'))['id']}"

    approved = (await blue.post(f"{path}/approve", {"plan": "gold", "expires_at": "2026-02-01T00:00:00Z"})).json()
    said = (await blue.post(f"{path}/approve", {"opinion": "fine"})).json()
    forever = (await blue.post(f"{path}/approve", {"expires_at": None})).json()
    again = (await blue.post(f"{path}/approve", {"expires_at": "2026-03-01T00:00:00Z"})).json()

    assert (approved["plan"], approved["expires_at"]) == ("gold", "2026-02-01T00:00:00Z")
    assert (said["opinion"], said["expires_at"]) == ("fine", "2026-02-01T00:00:00Z")
    assert (forever["plan"], forever["expires_at"]) == ("gold", None)
    assert (again["plan"], again["expires_at"]) == ("gold", "2026-03-01T00:00:00Z")
    for wish, field in (
        ({"plan": "other"}, "plan"),
        ({"plan": ""}, "plan"),
        ({"expires_at": "2025-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "2026-03-01T00:00:00"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-23:59"}, "expires_at"),
        ({"opinion": "x" * 1001}, "opinion"),
        ({"state": "approved"}, "state"),
    ):
        refused = await blue.post(f"{path}/approve", wish)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field), wish
    await admin.patch("/plans/gold", {"ended": True})
    refused = await blue.post(f"{path}/approve", {"plan": "gold"})
    assert (refused.status_code, refused.json()["code"]) == (409, "invalid_request")


async def test_service_that_nobody_has_to_decide_on_opens_at_once(admin: Admin, red: Admin, shop: str) -> None:
    await make(admin, "open", team="blue", draft={**READY, "approval": "auto"})
    await publish(admin, "open")

    made = await ask(red, shop, "open")

    assert (made["state"], made["decided_by"], made["decided_at"]) == ("approved", "gateway", made["asked_at"])


async def test_application_asks_once_until_it_is_refused(admin: Admin, blue: Admin, red: Admin, shop: str) -> None:
    first = await ask(red, shop)

    again = await red.post("/subscriptions", {"application": shop, "service": "weather"})
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    refused = (await blue.post(f"/subscriptions/{first['id']}/refuse", {"opinion": "no"})).json()
    assert (refused["state"], refused["opinion"]) == ("refused", "no")
    second = await ask(red, shop)
    cancelled = (await red.post(f"/subscriptions/{second['id']}/cancel", {"opinion": "too late"})).json()
    assert [cancelled[word] for word in ("state", "opinion", "decided_by")] == ["cancelled", "too late", red.id]
    for act in ACTS:
        late = await admin.post(f"/subscriptions/{second['id']}/{act}")
        assert (late.status_code, late.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"application": "app_none"}, "application"),
        ({"application": ""}, "application"),
        ({"application": "x" * 65}, "application"),
        ({"service": ""}, "service"),
        ({"plan": "gold"}, "plan"),
        ({"plan": "x" * 64}, "plan"),
        ({"why": "x" * 1001}, "why"),
        ({"why": "\0"}, "why"),
        ({"why": TURNED}, "why"),
        ({"state": "approved"}, "state"),
        ({"expires_at": "2027-01-01T00:00:00Z"}, "expires_at"),
    ],
)
async def test_what_cannot_be_asked_is_refused_by_its_field(
    red: Admin, shop: str, wish: dict[str, Any], field: str
) -> None:
    refused = await red.post("/subscriptions", {"application": shop, "service": "weather", **wish})

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_fields"), refused.text
    assert refused.json()["errors"][0]["field"] == field
    assert await ids(red) == []


async def test_any_reason_comes_back_as_it_was_said(blue: Admin, red: Admin, shop: str) -> None:
    made = await ask(red, shop, why=NAUGHTY)
    refused = (await blue.post(f"/subscriptions/{made['id']}/refuse", {"opinion": NAUGHTY})).json()

    assert (made["why"], refused["opinion"]) == (NAUGHTY, NAUGHTY)
    assert (await red.get("/subscriptions")).json()["items"] == [refused]


async def test_list_is_paged_and_filtered(admin: Admin, blue: Admin, shop: str) -> None:
    await make(admin, "sun", team="blue")
    await publish(admin, "sun")
    other = (await application(admin, name="other", team="red"))["id"]
    made = [await ask(admin, *which) for which in ((shop, "weather"), (shop, "sun"), (other, "sun"))]
    asked = [one["id"] for one in made]
    await blue.post(f"/subscriptions/{asked[1]}/approve")

    first = (await admin.get("/subscriptions?limit=2")).json()
    rest = (await admin.get(f"/subscriptions?limit=2&after={first['next']}")).json()

    assert [[one["id"] for one in page["items"]] for page in (first, rest)] == [[asked[2], asked[1]], [asked[0]]]
    assert rest["next"] is None
    assert await ids(admin, f"application={shop}") == [asked[1], asked[0]]
    assert await ids(admin, f"service={made[1]['service']}&state=asked") == [asked[2]]
    assert await ids(admin, "state=approved") == [asked[1]]
    assert await ids(admin, "application=none") == []
    for query in ("state=gone", "after=x", "limit=0", "q=a"):
        assert (await admin.get(f"/subscriptions?{query}")).status_code == 422, query


async def test_stale_decision_is_refused_and_recorded_nowhere(blue: Admin, red: Admin, shop: str) -> None:
    path = f"/subscriptions/{(await ask(red, shop))['id']}"
    tag = (await blue.get(path)).headers["etag"]
    await blue.post(f"{path}/approve")
    before = await blue.records()

    for act in ("approve", "end"):
        stale = await blue.post(f"{path}/{act}", if_match=tag)
        assert (stale.status_code, stale.json()["code"]) == (412, "changed_since")
    stale = await red.post(f"{path}/cancel", if_match=tag)

    assert stale.status_code == 412
    assert await blue.records() == before
    now = (await blue.get(path)).headers["etag"]
    assert (await red.post(f"{path}/cancel", if_match=now)).json()["state"] == "cancelled"


async def test_each_team_does_what_is_its_own(admin: Admin, blue: Admin, red: Admin, shop: str) -> None:
    path = f"/subscriptions/{(await ask(red, shop))['id']}"

    assert (await blue.get(path)).json() == (await red.get(path)).json()
    for act in ("approve", "refuse", "end"):
        beyond = await red.post(f"{path}/{act}")
        assert (beyond.status_code, beyond.json()["code"]) == (403, "out_of_reach")
    beyond = await blue.post(f"{path}/cancel")
    assert (beyond.status_code, beyond.json()["code"]) == (403, "out_of_reach")
    assert (await red.get(path)).json()["state"] == "asked"
    assert (await blue.post(f"{path}/approve")).status_code == 200


async def test_another_team_sees_and_touches_nothing(
    under: GatewayUnderTest, admin: Admin, red: Admin, shop: str
) -> None:
    green = await an_admin(under, team="green")
    one = await ask(red, shop)
    path, before = f"/subscriptions/{one['id']}", await admin.records()

    for reply in (await green.get(path), *[await green.post(f"{path}/{act}") for act in ACTS]):
        assert (reply.status_code, reply.json()["detail"]) == (404, "there is no such subscription")
    for query in ("", f"application={shop}", f"service={one['service']}", "state=asked"):
        assert await ids(green, query) == []
    theirs, none = [
        await green.post("/subscriptions", {"application": id, "service": "weather"}) for id in (shop, "app_none")
    ]
    assert theirs.status_code == 422
    assert theirs.json()["errors"] == none.json()["errors"]
    assert await admin.records() == before


async def test_service_of_another_team_alone_is_as_if_it_were_not_there(
    under: GatewayUnderTest, admin: Admin, red: Admin, shop: str
) -> None:
    await make(admin, "hidden", team="blue", draft={**READY, "visibility": "team"})
    hidden = await publish(admin, "hidden")
    id = (await admin.get("/services/hidden")).json()["id"]
    await make(admin, "draft", team="blue")

    replies = [
        await red.post("/subscriptions", {"application": shop, "service": name})
        for name in ("hidden", id, "draft", "nothing")
    ]

    assert hidden["state"] == "live"
    assert {(reply.status_code, reply.json()["detail"]) for reply in replies} == {
        (404, "there is no such service, or it is not published")
    }
    ours = (await application(admin, team="blue"))["id"]
    assert (await ask(await an_admin(under, team="blue"), ours, "hidden"))["state"] == "asked"


async def test_application_of_another_team_asks_for_nothing(under: GatewayUnderTest, admin: Admin, shop: str) -> None:
    green = await an_admin(under, team="green")

    refused = await green.post("/subscriptions", {"application": shop, "service": "weather"})

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "application")
    assert (await ask(admin, shop))["asked_by"] == admin.id


async def test_team_of_a_service_gives_it_to_an_application_of_another_team_at_once(
    admin: Admin, blue: Admin, red: Admin, shop: str
) -> None:
    secret = (await token(admin, shop))["token"]
    await make(admin, "hidden", team="blue", draft={**READY, "visibility": "team"})
    await publish(admin, "hidden")

    made = await ask(blue, shop, why="as agreed")

    assert (made["state"], made["why"]) == ("approved", "as agreed")
    assert (made["asked_by"], made["decided_by"], made["decided_at"]) == (blue.id, blue.id, made["asked_at"])
    assert (await admin.under.request("POST", "/v1/apis/weather", token=secret)).status_code == 200
    assert (await red.get(f"/subscriptions/{made['id']}")).json() == made
    (told,) = [each for each in await admin.records() if each.target == made["id"]]
    assert (told.action, told.actor.id) == ("subscription.ask", blue.id)
    assert (await red.post(f"/subscriptions/{made['id']}/cancel")).json()["state"] == "cancelled"
    assert (await ask(blue, shop, "hidden"))["state"] == "approved"
    unknown = await blue.post("/subscriptions", {"application": "app_none", "service": "weather"})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "application")
    ours = (await application(admin, team="blue"))["id"]
    assert (await ask(blue, ours))["state"] == "asked"


async def test_team_that_gives_an_application_away_sees_its_subscription_no_more(
    admin: Admin, red: Admin, shop: str
) -> None:
    path = f"/subscriptions/{(await ask(red, shop))['id']}"

    await admin.post(f"/applications/{shop}/transfer", {"team": "green"})

    assert ((await red.get(path)).status_code, await ids(red)) == (404, [])
    assert (await red.post(f"{path}/cancel")).status_code == 404


async def test_who_reads_or_decides_needs_the_scope_for_it(admin: Admin, shop: str) -> None:
    one = await ask(admin, shop)
    reader = await admin.other("admin:subscriptions:read")
    writer = await admin.other("admin:subscriptions:write")
    other = await admin.other("admin:applications:write", "admin:services:write", "admin:plans:write")

    assert (await reader.get(f"/subscriptions/{one['id']}")).json() == one
    assert (await reader.post(f"/subscriptions/{one['id']}/approve")).json()["code"] == "insufficient_scope"
    assert (await other.get("/subscriptions")).json()["code"] == "insufficient_scope"
    assert (await writer.post(f"/subscriptions/{one['id']}/approve")).status_code == 200


async def test_each_step_is_one_record_of_the_audit_log(admin: Admin, blue: Admin, red: Admin, shop: str) -> None:
    one = await ask(red, shop, why="please")
    await blue.post(f"/subscriptions/{one['id']}/approve", {"opinion": "fine"})
    await red.post(f"/subscriptions/{one['id']}/cancel", {"opinion": "done"})

    told = [each for each in await admin.records() if each.target == one["id"]]

    assert [(each.action, each.actor.id) for each in told] == [
        ("subscription.ask", red.id),
        ("subscription.approve", blue.id),
        ("subscription.cancel", red.id),
    ]
    assert [shown_change(each.before) for each in told] == [None, {"state": "asked"}, {"state": "approved"}]
    assert shown_change(told[1].after) == {"state": "approved", "plan": "", "why": "fine"}


async def test_plan_that_has_ended_is_not_given_by_approving_who_asked_for_it(
    admin: Admin, blue: Admin, red: Admin, shop: str
) -> None:
    for name in ("gold", "free"):
        await admin.post("/plans", {"name": name})
    await make(admin, "sun", team="blue", draft=PLANNED)
    await publish(admin, "sun")
    path = f"/subscriptions/{(await ask(red, shop, 'sun', plan='gold'))['id']}"
    await admin.patch("/plans/gold", {"ended": True})

    refused = await blue.post(f"{path}/approve", {"opinion": "fine"})

    assert (refused.status_code, refused.json()["detail"]) == (
        *(409,),
        "the plan 'gold' is not given to anybody any more; name another one",
    )
    assert (await blue.get(path)).json()["state"] == "asked"
    assert (await blue.post(f"{path}/approve", {"plan": "free"})).json()["plan"] == "free"


async def read(admin: Admin, target: str, action: str = "") -> list[str] | int:
    """Give the actions that the audit log has of something, but that it was read, or how it is refused."""
    reply = await admin.get(f"/audit?target={target}&action={action}")
    if not reply.is_success:
        return reply.status_code
    return [one["action"] for one in reply.json()["items"] if one["action"] != "audit.read"]


async def test_each_team_reads_what_befell_its_applications_services_and_subscriptions(
    under: GatewayUnderTest, admin: Admin, blue: Admin, red: Admin, shop: str
) -> None:
    green = await an_admin(under, team="green")
    one = await ask(red, shop)
    await blue.post(f"/subscriptions/{one['id']}/approve", {"opinion": "fine"})
    steps = ["subscription.approve", "subscription.ask"]

    assert [await read(each, one["id"]) for each in (red, blue, green)] == [steps, steps, 404]
    served = ["service.publish", "service.release", "service.add"]
    assert [await read(each, one["service"]) for each in (blue, red, green)] == [served, 404, 404]
    assert await read(red, shop) == ["application.subscribe", "application.add"]
    assert [await read(blue, target) for target in (shop, "sub_0", "svc_0", "weather", "per_0", "red")] == [404] * 6
    of_red = (await red.get(f"/audit?target={one['id']}&action=subscription.")).json()["items"]
    assert [record["actor"]["client"] for record in of_red] == ["", "127.0.0.1"]
    assert of_red[0]["actor"] == {"id": blue.id, "via": "api", "client": "", "call_id": ""}
    of_all = (await admin.get(f"/audit?target={one['id']}&action=subscription.")).json()["items"]
    assert {record["actor"]["client"] for record in of_all} == {"127.0.0.1"}


async def test_team_reads_what_befell_it_and_nothing_else_that_has_its_name(admin: Admin, blue: Admin) -> None:
    await admin.post("/plans", {"name": "blue"})
    await admin.patch("/teams/blue", {"title": "Blue"})
    holder = (await blue.get("/teams/blue")).json()["holder"]

    of_team = [await read(blue, "blue", action) for action in ("", "tea", "team.", "team.ch", "plan.", "plan.add")]

    both = ["team.change", "team.add"]
    assert of_team == [both, both, both, ["team.change"], [], []]
    assert await read(blue, holder) == ["token.issue"]


async def test_team_and_application_say_what_they_have_and_stay_to_be_edited_while_that_grows(
    admin: Admin, blue: Admin, red: Admin, shop: str
) -> None:
    before = await red.get(f"/applications/{shop}")
    team = await red.get("/teams/red")
    await token(admin, shop)
    await ask(red, shop)

    after = await red.get(f"/applications/{shop}")

    counts = [each.json()["counts"] for each in (before, after)]
    assert counts == [{"subscriptions": 0, "asked": 0, "tokens": 0}, {"subscriptions": 0, "asked": 1, "tokens": 1}]
    assert (await red.get("/applications")).json()["items"] == [after.json()]
    assert before.headers["etag"] != after.headers["etag"]
    patched = await red.patch(f"/applications/{shop}", {"description": "x"}, if_match=before.headers["etag"])
    assert (patched.status_code, patched.json()["counts"]) == (200, counts[1])
    listed = {one["name"]: one["counts"] for one in (await admin.get("/teams")).json()["items"]}
    assert (listed["blue"]["services"], listed["red"]["services"]) == (1, 0)
    assert team.json()["counts"] == listed["red"] == {"services": 0, "applications": 1, "members": 0}
    assert (await blue.get("/teams")).json()["items"][0]["counts"] == listed["blue"]


async def test_repeated_request_asks_and_decides_once(admin: Admin, shop: str) -> None:
    wish = {"application": shop, "service": "weather"}

    first, again = [await admin.post("/subscriptions", wish, idempotency_key="one") for _ in range(2)]
    path = f"/subscriptions/{first.json()['id']}/approve"
    done = [await admin.post(path, idempotency_key="two") for _ in range(2)]

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert done[0].json() == done[1].json()
    assert [one.action for one in await admin.records()].count("subscription.approve") == 1
