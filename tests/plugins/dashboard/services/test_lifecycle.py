"""The way of a service: releases are made, reviewed, published and taken away, and the service ends."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.plugins.dashboard.servicing import api, begun, fields, published, released
from tests.support.visiting import Visitor

from tollbridge.services.lifecycle import Move as CoreMove
from tollbridge.services.lifecycle import moved
from tollbridge.services.model import ReleaseState
from tollbridge.testing import GatewayUnderTest
from tollbridge_dashboard.services.common import PUBLISH, WRITE
from tollbridge_dashboard.services.moves import RELEASE_MOVES, SERVICE_MOVES

ONE = "/services/orders/releases/1"


async def states(visit: Visitor) -> list[tuple[str, bool]]:
    found = (await api(visit).get("/services/orders/releases"))["items"]
    return [(one["state"], one["default"]) for one in found]


async def act(visit: Visitor, path: str, **form: str) -> Any:
    """Open a step's page, and do it as a browser would."""
    page = await visit.get(path)
    assert page.status_code == 200, page.text
    return await visit.post(path, {**form, **fields(page)})


def can(state: str, move: str) -> bool:
    try:
        moved(ReleaseState(state), CoreMove(move), reviewed=False)
    except Exception:
        return False
    return True


def test_moves_are_offered_where_the_core_takes_them_and_nowhere_else() -> None:
    for move in RELEASE_MOVES.values():
        assert {state.value for state in ReleaseState if can(state, move.name)} == set(move.states), move.name
    assert {*RELEASE_MOVES} == {move.value for move in CoreMove} - {"fail"}


async def test_release_goes_from_draft_to_published_by_review(visit: Visitor) -> None:
    await begun(visit)

    page = await visit.get("/services/orders/lifecycle")
    cut = await visit.post("/services/orders/lifecycle", {"version": "1.0", "note": "The first.", **fields(page)})
    await act(visit, f"{ONE}/submit", why="please")
    review = (await visit.get("/services/orders/lifecycle")).text
    await act(visit, f"{ONE}/approve", why="fine")
    await act(visit, f"{ONE}/publish", why="now")
    after = (await visit.get("/services/orders/lifecycle?said=publish")).text

    assert cut.headers["location"] == "/_tollbridge/services/orders/lifecycle?said=released"
    assert '<li aria-current="step"><span aria-hidden="true">2</span>Review</li>' in review
    assert f'href="/_tollbridge{ONE}/approve"' in review
    assert f'href="/_tollbridge{ONE}/refuse"' in review
    assert await states(visit) == [("live", True)]
    assert '<li aria-current="step"><span aria-hidden="true">3</span>Published</li>' in after
    assert "It serves from now on" in after
    records = await visit.under.gateway.store.list_audit(action="service.", limit=4)
    assert [(one.action, one.actor.via) for one in records] == [
        ("service.publish", "dashboard"),
        ("service.approve", "dashboard"),
        ("service.submit", "dashboard"),
        ("service.release", "dashboard"),
    ]


async def test_refusal_is_read_by_whoever_made_it(visit: Visitor) -> None:
    await begun(visit)
    await released(visit)
    await act(visit, f"{ONE}/submit")

    await act(visit, f"{ONE}/refuse", why="the <limits> are too high")

    page = (await visit.get("/services/orders/lifecycle")).text
    assert "the &lt;limits&gt; are too high" in page
    assert f"{ONE}/submit" in page


async def test_version_that_is_taken_stands_beside_its_field_and_the_note_stays(visit: Visitor) -> None:
    await begun(visit)
    await released(visit)

    taken = await visit.post("/services/orders/lifecycle", {"version": "1.0", "note": "Again."})
    wrong = await visit.post("/services/orders/lifecycle", {"version": "no blanks please", "note": "Again."})

    assert taken.status_code == 400
    assert "Again." in taken.text
    assert wrong.status_code == 400
    assert 'aria-describedby="h-version"' in wrong.text
    assert len(await states(visit)) == 1


async def test_draft_that_is_not_ready_says_what_keeps_it(visit: Visitor) -> None:
    await begun(visit, name="")

    page = (await visit.get("/services/orders/lifecycle")).text
    reply = await visit.post("/services/orders/lifecycle", {"version": "1.0"})

    assert "give the service a name that people read" in page
    assert reply.status_code == 400
    assert await states(visit) == []


async def test_release_that_was_changed_meanwhile_is_not_moved(visit: Visitor) -> None:
    await begun(visit)
    await released(visit)
    tag = fields(await visit.get(f"{ONE}/publish"))
    await api(visit).post(f"{ONE}/submit")

    reply = await visit.post(f"{ONE}/publish", tag)

    assert reply.status_code == 400
    assert "changed since" in reply.text
    assert await states(visit) == [("review", False)]


async def test_second_release_serves_beside_the_first_is_promoted_and_taken_away(visit: Visitor) -> None:
    await begun(visit)
    await published(visit)
    await released(visit, version="2.0")

    await act(visit, "/services/orders/releases/2/publish", beside="yes")
    assert await states(visit) == [("live", False), ("live", True)]
    await act(visit, "/services/orders/releases/2/promote")
    assert await states(visit) == [("live", True), ("live", False)]
    await act(visit, f"{ONE}/supersede")

    assert await states(visit) == [("live", True), ("superseded", False)]
    page = (await visit.get("/services/orders/lifecycle")).text
    assert "releases/2/promote" not in page
    assert f"{ONE}/publish" in page


async def test_release_is_scheduled_and_unscheduled(visit: Visitor) -> None:
    await begun(visit)
    await released(visit)

    past = await act(visit, f"{ONE}/schedule", at="2020-01-01T00:00")
    none = await act(visit, f"{ONE}/schedule", at="")
    await act(visit, f"{ONE}/schedule", at="2027-01-01T09:30")
    one = await api(visit).get(ONE)
    page = (await visit.get("/services/orders/lifecycle")).text
    await act(visit, f"{ONE}/unschedule")

    assert (past.status_code, none.status_code) == (400, 400)
    assert 'id="h-at"' in past.text
    assert 'value="2020-01-01T00:00"' in past.text
    assert one["publish_at"] == "2027-01-01T09:30:00Z"
    assert "1 Jan 2027, 09:30" in page
    assert await states(visit) == [("made", False)]


async def test_tests_are_run_before_it_is_published_where_that_is_wished(visit: Visitor) -> None:
    await begun(visit, "sum", "prompt")
    await released(visit, "sum")
    one = "/services/sum/releases/1"
    early = await act(visit, f"{one}/publish")
    visit.under.upstream.reply({"choices": [{"message": {"content": "Nothing."}, "finish_reason": "stop"}]})

    failed = await act(visit, f"{one}/publish", prove="yes")
    passed = await act(visit, f"{one}/publish", prove="yes")

    assert early.status_code == 400
    assert "must pass its tests" in early.text
    assert f'href="/_tollbridge{one}#trials"' in early.text
    assert failed.status_code == 400
    assert "It did not pass its tests" in failed.text
    assert passed.status_code == 303
    assert (await api(visit).get(one))["state"] == "live"


async def test_service_is_paused_with_a_reason_and_resumed(visit: Visitor) -> None:
    await begun(visit)
    await published(visit)

    await act(visit, "/services/orders/pause", why="repairs")
    paused = await api(visit).get("/services/orders")
    page = (await visit.get("/services/orders/lifecycle?said=paused")).text
    await act(visit, "/services/orders/resume")

    assert paused["paused_why"] == "repairs"
    assert "/services/orders/resume" in page
    assert "/services/orders/pause" not in page
    assert (await api(visit).get("/services/orders"))["paused_at"] is None


async def test_service_is_deprecated_with_an_end_and_kept_after_all(visit: Visitor) -> None:
    await begun(visit)
    await published(visit)

    done = await act(visit, "/services/orders/deprecate", sunset_at="2027-01-01T00:00", successor="climate")
    service = await api(visit).get("/services/orders")
    itself = await act(visit, "/services/orders/deprecate", successor="orders")
    await act(visit, "/services/orders/keep")

    assert done.headers["location"].endswith("said=unknown")  # there is no service `climate` yet
    assert (service["state"], service["sunset_at"], service["successor"]) == (
        "deprecated",
        "2027-01-01T00:00:00Z",
        "climate",
    )
    assert itself.status_code == 400
    assert (await api(visit).get("/services/orders"))["state"] == "published"


async def test_service_is_retired_when_its_slug_is_typed(visit: Visitor) -> None:
    await begun(visit)
    await published(visit)

    wrong = await act(visit, "/services/orders/retire", name="order", successor="climate")
    right = await act(visit, "/services/orders/retire", name="orders")
    page = (await visit.get("/services/orders/lifecycle")).text

    assert wrong.status_code == 400
    assert "not the service&#39;s slug" in wrong.text
    assert 'value="climate"' in wrong.text
    assert right.status_code == 303
    assert '<li aria-current="step"><span aria-hidden="true">5</span>Retired</li>' in page
    assert "Make the release" not in page
    assert "/publish" not in page


async def test_service_that_never_served_is_forgotten_and_one_that_did_is_not(visit: Visitor) -> None:
    await begun(visit)
    gone = await act(visit, "/services/orders/drop", name="orders")
    await begun(visit)
    await published(visit)
    page = (await visit.get("/services/orders/settings")).text
    kept = await act(visit, "/services/orders/drop", name="orders")

    assert gone.headers["location"] == "/_tollbridge/services?said=dropped"
    assert "/services/orders/drop" not in page
    assert "/services/orders/retire" in page
    assert kept.status_code == 400
    assert (await api(visit).get("/services/orders"))["state"] == "published"


@pytest.mark.parametrize("path", ["/services/orders/retire", "/services/orders/drop"])
async def test_what_cannot_be_taken_back_is_for_who_proved_lately_who_they_are(
    mock: Callable[..., GatewayUnderTest], path: str
) -> None:
    visit = await Visitor(mock()).sign_in()
    await begun(visit)
    visit.under.clock.advance(7 * 3600)

    reply = await visit.post(path, {"name": "orders"})

    assert reply.status_code == 303
    assert "/sign-in" in reply.headers["location"]
    assert (await api(visit).get("/services/orders"))["state"] == "draft"


async def test_who_writes_submits_and_only_who_publishes_publishes(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", blue="service-developer"))
    await begun(visit, team="blue")
    await released(visit)

    page = (await visit.get("/services/orders/lifecycle")).text
    forced = await visit.post(f"{ONE}/publish")
    await act(visit, f"{ONE}/submit")

    assert f"{ONE}/submit" in page
    assert f"{ONE}/publish" not in page
    assert "/services/orders/pause" not in page
    assert forced.status_code == 403
    assert PUBLISH in forced.text
    assert await states(visit) == [("review", False)]


def test_every_move_says_what_it_does_and_who_may() -> None:
    for move in (*RELEASE_MOVES.values(), *SERVICE_MOVES.values()):
        assert move.about.endswith(".")
        assert move.title
        assert move.button
        assert move.said
        assert move.scope in (WRITE, PUBLISH)
