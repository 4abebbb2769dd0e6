"""Releases over the API: made, reviewed, published, side by side, taken away and tried."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.plugins.admin.test_services import READY, make, publish
from tests.support.answering import Answering

from tollbridge import Call, Gateway
from tollbridge.services.kinds import Proof, Running
from tollbridge.testing import GatewayUnderTest

ONE = "/services/weather/releases/1"


async def released(admin: Admin, version: str = "1", **wish: Any) -> dict[str, Any]:
    reply = await admin.post("/services/weather/releases", {"version": version, **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def state(admin: Admin, number: int = 1) -> tuple[str, bool]:
    found = (await admin.get(f"/services/weather/releases/{number}")).json()
    return found["state"], found["default"]


async def test_release_is_made_of_the_draft_and_shown_with_it(admin: Admin) -> None:
    await make(admin)

    reply = await admin.post("/services/weather/releases", {"version": "1.0", "note": "first"})

    made = reply.json()
    assert (reply.status_code, reply.headers["location"]) == (201, "services/weather/releases/1")
    assert made == {
        **{"id": made["id"], "number": 1, "version": "1.0", "state": "made", "default": False, "note": "first"},
        **{"digest": made["digest"], "created_at": "2026-01-05T12:00:00Z", "created_by": admin.id},
        **{"asked_by": None, "asked_why": "", "decided_by": None, "decided_why": ""},
        **dict.fromkeys(("publish_at", "published_at", "ended_at")),
    }
    assert len(bytes.fromhex(made["digest"])) == 32
    await admin.patch("/services/weather", {"draft": {"name": "Later"}})
    whole = await admin.get(ONE)
    design = whole.json().pop("design")
    assert {name: value for name, value in whole.json().items() if name != "design"} == made
    assert (design["name"], design["definition"]) == ("Weather", {"text": "rain"})
    assert whole.headers["etag"] == reply.headers["etag"]
    assert (await admin.get(ONE, if_none_match=whole.headers["etag"])).status_code == 304


async def test_draft_that_is_not_ready_is_not_released(admin: Admin) -> None:
    await make(admin, draft={"name": "Weather"})

    refused = await admin.post("/services/weather/releases", {"version": "1"})

    assert (refused.status_code, refused.json()["code"]) == (422, "not_ready")
    assert "text: say what is answered" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "version"),
        ({"version": "a b"}, "version"),
        ({"version": "1", "note": "\0"}, "note"),
        ({"state": 1}, "state"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_its_field(admin: Admin, wish: dict[str, Any], field: str) -> None:
    await make(admin)

    refused = await admin.post("/services/weather/releases", wish)

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_version_is_given_once(admin: Admin) -> None:
    await make(admin)
    await released(admin)

    again = await admin.post("/services/weather/releases", {"version": "1"})

    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


async def test_list_is_paged_newest_first(admin: Admin) -> None:
    await make(admin)
    for version in ("a", "b", "c"):
        await released(admin, version)

    first = (await admin.get("/services/weather/releases?limit=2")).json()
    rest = (await admin.get(f"/services/weather/releases?limit=2&after={first['next']}")).json()

    assert [one["version"] for one in (*first["items"], *rest["items"])] == ["c", "b", "a"]
    assert rest["next"] is None
    for cursor in ("cmVsZWFzZXM6eA", "c2VydmljZXM6MQ", "x"):  # releases:x, services:1
        assert (await admin.get(f"/services/weather/releases?after={cursor}")).status_code == 422


async def test_review_is_asked_for_decided_on_and_taken_back_with_reasons(
    gateway: Callable[..., GatewayUnderTest],
) -> None:
    ann = await an_admin(gateway({"services": {"review": "four_eyes"}}, plugins=(Answering(),)))
    bob = await ann.other()
    await make(ann)
    await released(ann)

    early = await ann.post(f"{ONE}/publish")
    assert (early.status_code, early.json()["code"]) == (409, "review_needed")
    asked = (await ann.post(f"{ONE}/submit", {"why": "please"})).json()
    assert (asked["state"], asked["asked_by"], asked["asked_why"]) == ("review", ann.id, "please")
    assert (await ann.get("/services/weather")).json()["state"] == "review"
    own = await ann.post(f"{ONE}/approve")
    assert (own.status_code, own.json()["code"]) == (403, "four_eyes")
    refused = (await bob.post(f"{ONE}/refuse", {"why": "too wet"})).json()
    assert (refused["state"], refused["decided_by"], refused["decided_why"]) == ("refused", bob.id, "too wet")
    await ann.post(f"{ONE}/submit")
    assert (await ann.post(f"{ONE}/withdraw")).json()["state"] == "made"
    await ann.post(f"{ONE}/submit")
    assert (await bob.post(f"{ONE}/approve")).json()["state"] == "approved"
    live = (await ann.post(f"{ONE}/publish", {"why": "now"})).json()
    assert (live["state"], live["default"], live["published_at"]) == ("live", True, "2026-01-05T12:00:00Z")
    told = [record.after for record in await ann.records() if record.action == "service.publish"]
    assert '"why":"now"' in told[0]


async def test_what_cannot_be_done_now_is_said_with_what_can(admin: Admin) -> None:
    await make(admin)
    await released(admin)

    refused = await admin.post(f"{ONE}/approve")

    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    assert refused.json()["detail"] == "a release that is made cannot approve; it can: publish, schedule, submit"


async def test_release_is_scheduled_and_unscheduled(admin: Admin) -> None:
    await make(admin)
    await released(admin)
    at = (admin.under.clock.now() + timedelta(hours=1)).isoformat()

    scheduled = (await admin.post(f"{ONE}/schedule", {"at": at, "why": "at night"})).json()
    assert (scheduled["state"], scheduled["publish_at"]) == ("scheduled", "2026-01-05T13:00:00Z")
    assert (await admin.post(f"{ONE}/unschedule")).json()["state"] == "made"
    for body, field in (({"at": "2026-01-05T12:00:00Z"}, "at"), ({}, "at"), ({"at": "2026-01-05T12:00:00"}, "at")):
        refused = await admin.post(f"{ONE}/schedule", body)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)


async def test_releases_serve_side_by_side_and_change_places(admin: Admin) -> None:
    await make(admin)
    await publish(admin, version="1")
    beside = await publish(admin, version="2", beside=True)
    assert (beside["state"], beside["default"]) == ("live", False)

    promoted = (await admin.post("/services/weather/releases/2/promote", {"why": "it is good"})).json()

    assert (promoted["state"], promoted["default"]) == ("live", True)
    assert await state(admin, 1) == ("live", False)
    kept = await admin.post("/services/weather/releases/2/supersede")
    assert (kept.status_code, kept.json()["code"]) == (409, "conflict")
    gone = (await admin.post(f"{ONE}/supersede", {"why": "old"})).json()
    assert (gone["state"], gone["ended_at"]) == ("superseded", "2026-01-05T12:00:00Z")
    back = (await admin.post(f"{ONE}/publish")).json()
    assert (back["state"], back["default"]) == ("live", True)
    assert await state(admin, 2) == ("superseded", False)


async def test_stale_move_is_refused(admin: Admin) -> None:
    await make(admin)
    await released(admin)
    tag = (await admin.get(ONE)).headers["etag"]
    await admin.post(f"{ONE}/submit", if_match=tag)

    for path, body in (("approve", {}), ("publish", {}), ("schedule", {"at": "2099-01-01T00:00:00Z"})):
        stale = await admin.post(f"{ONE}/{path}", body, if_match=tag)
        assert (stale.status_code, stale.json()["code"]) == (412, "changed_since")
    assert (await state(admin))[0] == "review"


async def test_release_of_a_draft_that_somebody_changed_since_is_refused(admin: Admin) -> None:
    await make(admin)
    tag = (await admin.get("/services/weather")).headers["etag"]
    await admin.patch("/services/weather", {"draft": {"definition": {"text": "another's"}}})

    stale = await admin.post("/services/weather/releases", {"version": "1"}, if_match=tag)

    assert (stale.status_code, stale.json()["code"]) == (412, "changed_since")
    assert (await admin.get("/services/weather/releases")).json()["items"] == []
    for path in ("/services/weather", "/services/weather/draft"):
        seen = (await admin.get(path)).headers["etag"]
        again = await admin.post("/services/weather/releases", {"version": path[-5:]}, if_match=seen)
        assert again.status_code == 201


async def test_move_by_the_tag_of_the_service_is_refused_where_another_release_serves_since(admin: Admin) -> None:
    await make(admin)
    for version in ("1", "2", "3"):
        await released(admin, version)
    tag = (await admin.get("/services/weather")).headers["etag"]
    await admin.post("/services/weather/releases/2/publish")

    for path, body in (("publish", {}), ("schedule", {"at": "2099-01-01T00:00:00Z"})):
        stale = await admin.post(f"{ONE}/{path}", body, if_match=tag)
        assert (stale.status_code, stale.json()["code"]) == (412, "changed_since")

    assert await state(admin, 2) == ("live", True)
    seen = (await admin.get("/services/weather")).headers["etag"]
    assert (await admin.post(f"{ONE}/publish", if_match=seen)).status_code == 200


async def test_release_is_tried_and_what_is_wrong_is_listed(admin: Admin) -> None:
    await make(admin, draft={**READY, "definition": {"text": "rain", "unproven": "it is not rain"}})
    await released(admin)

    tried = await admin.post(f"{ONE}/prove")

    assert (tried.status_code, tried.json()["problems"]) == (
        200,
        [{"field": "tests/0", "message": "it is not rain", "warning": False}],
    )
    await admin.patch("/services/weather", {"draft": {"definition": {"text": "rain"}}})
    await released(admin, "2")
    assert (await admin.post("/services/weather/releases/2/prove")).json()["problems"] == []


class Proving(Answering):
    """Notes who pays for trials."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []

    async def prove(self, gateway: Gateway, running: Running, call: Call) -> Proof:
        assert call.principal is not None
        self.asked.append((running.version, call.principal.id))
        return Proof()


async def test_trial_is_on_the_account_of_who_asks(gateway: Callable[..., GatewayUnderTest]) -> None:
    kind = Proving()
    admin = await an_admin(gateway({}, plugins=(kind,)))
    await make(admin)
    await released(admin)

    await admin.post(f"{ONE}/prove")

    assert kind.asked == [("1", admin.id)]


async def test_nobody_publishes_what_calls_models_that_they_may_not_call(admin: Admin) -> None:
    await make(admin, draft={**READY, "definition": {"text": "rain", "models": ["big/one"]}})
    small = await admin.other("admin:*", "ai:*", "model:small/*")

    beyond = await small.post("/services/weather/releases", {"version": "1"})
    assert (beyond.status_code, beyond.json()["code"]) == (403, "scope_beyond")
    await released(admin)
    for path, body in (("publish", {}), ("schedule", {"at": "2099-01-01T00:00:00Z"})):
        beyond = await small.post(f"{ONE}/{path}", body)
        assert (beyond.status_code, beyond.json()["code"]) == (403, "scope_beyond")
    assert (await admin.post(f"{ONE}/publish")).status_code == 200


@pytest.mark.parametrize("number", ["0", "01", "1234567890", "-1", "x", "2"])
async def test_number_that_is_none_is_not_there(admin: Admin, number: str) -> None:
    await make(admin)
    await released(admin)

    for reply in (
        await admin.get(f"/services/weather/releases/{number}"),
        await admin.post(f"/services/weather/releases/{number}/publish"),
    ):
        assert (reply.status_code, reply.json()["detail"]) == (404, "there is no such release")


async def test_published_release_answers_calls(admin: Admin) -> None:
    await make(admin, draft={**READY, "access": "scope"})
    await publish(admin, version="1")
    await publish(admin, version="2", beside=True)

    plain = await admin.under.request("POST", "/v1/apis/weather", token=admin.secret)
    other = await admin.under.request("POST", "/v1/apis/weather@2", token=admin.secret)

    assert (plain.json()["text"], plain.headers["tollbridge-version"]) == ("rain", "1")
    assert other.headers["tollbridge-version"] == "2"
