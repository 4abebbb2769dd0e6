"""Trials over the API: releases with their tests, drafts with one request, and what both gave."""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.plugins.admin.test_releases import ONE, released
from tests.plugins.admin.test_services import READY, make, publish
from tests.support.answering import Answering, AnsweringService

from tollbridge import Gateway
from tollbridge.services.kinds import Running
from tollbridge.testing import GatewayUnderTest

TESTED = {"text": "rain", "tested": True}
FAILING = {**TESTED, "unproven": "it is not rain"}


async def test_release_is_proved_and_what_that_gave_is_kept(admin: Admin) -> None:
    await make(admin, draft={**READY, "definition": {**FAILING, "models": ["big/one"]}})
    made = await released(admin)

    tried = await admin.post(f"{ONE}/prove")
    kept = await admin.get(f"{ONE}/evaluations")

    assert tried.status_code == 200
    assert tried.json() == {
        "problems": [{"field": "tests/0", "message": "it is not rain", "warning": False}],
        "evaluation": {
            **{"number": 1, "at": "2026-01-05T12:00:00Z", "by": admin.id, "passed": False, "digest": made["digest"]},
            **{"models": ["big/one"], "cases_total": 1, "cases_passed": 0},
            **{"cost_usd": "0.002", "cost_per_case_usd": "0.002", "latency_p50_ms": 40, "latency_p95_ms": 40},
            "cases": [
                {
                    **{"name": "rain", "passed": False, "failures": ["it is not rain"]},
                    **{"cost_usd": "0.002", "latency_ms": 40},
                }
            ],
        },
    }
    assert kept.json() == {"items": [tried.json()["evaluation"]]}
    again = await admin.post(f"{ONE}/prove")
    found = (await admin.get(f"{ONE}/evaluations")).json()["items"]
    assert [one["number"] for one in found] == [again.json()["evaluation"]["number"], 1] == [2, 1]


async def test_trial_without_cases_has_no_figures(admin: Admin) -> None:
    await make(admin)
    await released(admin)

    found = (await admin.post(f"{ONE}/prove")).json()["evaluation"]

    assert (found["passed"], found["cases"], found["cases_total"]) == (True, [], 0)
    assert [found[name] for name in found if name.startswith(("cost", "latency"))] == [None] * 4


async def test_release_with_tests_is_published_after_it_passed_them(admin: Admin) -> None:
    await make(admin, draft={**READY, "definition": TESTED})
    await released(admin)

    for path, body in (("publish", {}), ("schedule", {"at": "2099-01-01T00:00:00Z"})):
        early = await admin.post(f"{ONE}/{path}", body)
        assert (early.status_code, early.json()["code"]) == (409, "not_proven")
        assert "POST /services/weather/releases/1/prove" in early.json()["detail"]
    await admin.post(f"{ONE}/prove")
    assert (await admin.post(f"{ONE}/publish")).json()["state"] == "live"


async def test_release_that_served_is_published_again_whatever_its_last_trial_gave(admin: Admin) -> None:
    await make(admin, draft={**READY, "definition": TESTED})
    await released(admin)
    await admin.post(f"{ONE}/prove")
    await admin.post(f"{ONE}/publish")
    await admin.patch("/services/weather", {"draft": {"definition": {"text": "sun"}}})
    await publish(admin, version="2")

    assert (await admin.post(f"{ONE}/publish")).json()["state"] == "live"


async def test_nobody_proves_or_tries_what_calls_models_that_they_may_not_call(admin: Admin) -> None:
    await make(admin, draft={**READY, "definition": {"text": "rain", "models": ["big/one"]}})
    await released(admin)
    small = await admin.other("admin:*", "ai:*", "model:small/*")

    for path in (f"{ONE}/prove", "/services/weather/try"):
        beyond = await small.post(path)
        assert (beyond.status_code, beyond.json()["code"]) == (403, "scope_beyond")


async def test_draft_is_tried_with_a_request_and_a_release_in_its_place(admin: Admin) -> None:
    await make(admin)
    await released(admin, "1.2")
    await admin.patch("/services/weather", {"draft": {"definition": {"text": "sun", "status": 418}}})

    draft = await admin.post("/services/weather/try", {"path": "/deep/er", "query": "a=1"})
    release = await admin.post("/services/weather/try", {"release": 1})

    assert (draft.status_code, draft.json()["status"]) == (200, 418)
    assert '"text":"sun","path":"/v1/apis/weather/deep/er"' in draft.json()["body"]
    assert '"version":"draft"' in draft.json()["body"]
    assert '"text":"rain"' in release.json()["body"]
    assert (release.json()["encoding"], release.json()["cut"], release.json()["latency_ms"]) == ("utf-8", False, 0)
    assert release.json()["headers"]["content-type"] == "application/json"
    assert (await admin.get("/services/weather")).json()["state"] == "draft"


async def test_what_is_not_there_is_not_tried(admin: Admin) -> None:
    await make(admin)

    assert (await admin.post("/services/sun/try")).status_code == 404
    assert (await admin.post("/services/weather/try", {"release": 9})).json()["detail"] == "there is no such release"
    assert (await admin.post(f"{ONE}/prove")).status_code == 404
    assert (await admin.get(f"{ONE}/evaluations")).status_code == 404


async def test_draft_that_could_not_be_published_is_not_tried(admin: Admin) -> None:
    await make(admin, draft={"name": "Weather"})

    refused = await admin.post("/services/weather/try")

    assert (refused.status_code, refused.json()["code"]) == (422, "not_ready")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"method": "CONNECT"}, "method"),
        ({"path": "deep"}, "path"),
        ({"query": "a b"}, "query"),
        ({"release": 0}, "release"),
        ({"headers": {"authorization": "Bearer x"}}, "headers"),
        ({"headers": {"a": "1", "A": "2"}}, "headers"),
    ],
)
async def test_what_is_no_request_is_refused_by_its_field(admin: Admin, wish: dict[str, Any], field: str) -> None:
    await make(admin)

    refused = await admin.post("/services/weather/try", wish)

    assert (refused.status_code, [one["field"] for one in refused.json()["errors"]]) == (422, [field])


async def test_draft_is_tried_as_it_would_be_after_a_change_that_is_not_kept(admin: Admin) -> None:
    await make(admin)
    before = (await admin.get("/services/weather/draft")).json()

    tried = await admin.post("/services/weather/try", {"draft": {"definition": {"text": "sun"}}})

    assert (tried.status_code, tried.json()["status"]) == (200, 200)
    assert '"text":"sun"' in tried.json()["body"]
    assert (await admin.get("/services/weather/draft")).json() == before


async def test_change_for_a_trial_falls_under_the_rules_of_a_change(admin: Admin) -> None:
    await make(admin)
    await released(admin)

    both = await admin.post("/services/weather/try", {"release": 1, "draft": {"name": "Sun"}})
    unready = await admin.post("/services/weather/try", {"draft": {"definition": {"text": ""}}})
    secret = await admin.post(
        "/services/weather/try", {"draft": {"definition": {"text": "a", "auth": {"key": "quartz"}}}}
    )

    assert [(one.status_code, one.json()["code"]) for one in (both, unready, secret)] == [
        (422, "invalid_fields"),
        (422, "not_ready"),
        (422, "invalid_fields"),
    ]
    assert both.json()["errors"][0]["field"] == "draft"
    assert secret.json()["errors"][0]["field"] == "draft.definition"


class Repeating(Answering):
    """Gives back the body that it was sent, as it came, and its media type."""

    def serve(self, gateway: Gateway, running: Running) -> AnsweringService:
        return Repeats(self, running)


class Repeats(AnsweringService):
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        kind = dict(scope["headers"]).get(b"content-type", b"")
        answer = b"\xff\x00" if body == b"raw" else b"%b %b" % (kind, body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer})


@pytest.mark.parametrize(
    ("wish", "body"),
    [
        ({}, " "),
        ({"body": None}, "application/json null"),
        ({"body": {"a": [1, "ä"]}}, 'application/json {"a":[1,"ä"]}'),
        ({"body": "text"}, 'application/json "text"'),
        ({"body": "text", "headers": {"Content-Type": "text/plain; charset=utf-8"}}, "text/plain; charset=utf-8 text"),
        ({"body": "text", "headers": {"content-type": "application/a+json"}}, 'application/a+json "text"'),
        ({"body": [1], "headers": {"content-type": "text/plain"}}, "text/plain [1]"),
    ],
)
async def test_body_is_sent_as_json_and_a_text_as_its_type_says(
    gateway: Callable[..., GatewayUnderTest], wish: dict[str, Any], body: str
) -> None:
    admin = await an_admin(gateway({}, plugins=(Repeating(),)))
    await make(admin)

    assert (await admin.post("/services/weather/try", wish)).json()["body"] == body


async def test_answer_that_is_no_text_is_base64(gateway: Callable[..., GatewayUnderTest]) -> None:
    admin = await an_admin(gateway({}, plugins=(Repeating(),)))
    await make(admin)

    found = await admin.post("/services/weather/try", {"body": "raw", "headers": {"content-type": "text/plain"}})

    assert found.json()["encoding"] == "base64"
    assert base64.b64decode(found.json()["body"]) == b"\xff\x00"


async def test_trial_is_usage_of_who_asks(admin: Admin) -> None:
    await make(admin)

    await admin.post("/services/weather/try")

    rows = await admin.under.gateway.store.recent()
    assert [(row.token_id, row.service, row.operation) for row in rows] == [
        (admin.id, "weather", "service:weather:say")
    ]
