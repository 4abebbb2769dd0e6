from collections.abc import Sequence
from typing import Any

import pytest
from tests.middleware.services.conftest import Publish
from tests.middleware.services.test_subscriptions import call, registered
from tests.support.answering import Answering, Answers

from tollbridge.errors import BadRequest
from tollbridge.services.model import Access, Approval, Design, Service, ServiceChange
from tollbridge.services.subscribing import SubscriptionState
from tollbridge.services.transferring import transfer_notes
from tollbridge.testing import GatewayUnderTest


class Keeping(Answering):
    """A kind whose texts name secrets."""

    def secrets(self, definition: Answers) -> Sequence[str]:
        return [word for word in definition.text.split() if word.startswith("stored:")]


@pytest.fixture
def kind() -> Answering:
    return Keeping()


OPEN = {"access": Access.SUBSCRIPTION, "approval": Approval.AUTO}


async def given(bridge: GatewayUnderTest, service: Service, team: str) -> tuple[Service, list[str]]:
    """Give a service to a team; gives what that says too."""
    changed = await bridge.gateway.services.change(service.id, ServiceChange(team=team))
    assert changed is not None
    return changed, list(await transfer_notes(bridge.gateway.store, changed, service.team))


async def test_subscriptions_stay_and_who_needed_none_needs_one_now(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish(design=OPEN, team="blue")
    (blue, blue_token), (red, red_token), (green, green_token) = [
        await registered(bridge, team, scopes=("service:*",)) for team in ("blue", "red", "green")
    ]
    subscriptions = bridge.gateway.subscriptions
    for id in (red, green):
        await subscriptions.ask(id, "weather")
    tokens = (blue_token, red_token, green_token)
    assert [(await call(bridge, token)).status_code for token in tokens] == [200, 200, 200]

    _, notes = await given(bridge, service, "red")

    answers = [await call(bridge, token) for token in tokens]
    assert [answer.status_code for answer in answers] == [403, 200, 200]
    assert answers[0].json()["code"] == "not_subscribed"
    assert notes == [
        "tokens of the team blue called it without a subscription and need one now; of its applications these have "
        f"none: {blue}",
        "applications of the team red need no subscription any more; those they have stay, and their plans bound and "
        f"price no call of theirs: {red}",
    ]
    await subscriptions.ask(blue, "weather")
    assert (await call(bridge, blue_token)).status_code == 200
    open_ones = await (await bridge.gateway.store.subscriptions()).list_subscriptions(service_id=service.id)
    assert {one.application for one in open_ones} == {blue, red, green}


async def test_application_that_had_a_subscription_goes_on_by_it(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish(design=OPEN, team="blue")
    id, token = await registered(bridge, "blue")
    await bridge.gateway.subscriptions.ask(id, "weather")

    taken, notes = await given(bridge, service, "")

    assert notes == [
        "tokens of the team blue called it without a subscription and need one now; each of its applications has one"
    ]
    assert (await call(bridge, token)).status_code == 200
    _, notes = await given(bridge, taken, "red")
    assert notes == []


async def test_of_many_applications_some_are_named(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish(design=OPEN, team="blue")
    await bridge.gateway.people.teams.add("blue")
    for number in range(22):
        await bridge.gateway.applications.add(f"a{number}", team="blue")
    ended = await bridge.gateway.applications.add("ended", team="blue")
    await bridge.gateway.applications.end(ended.id)

    _, (note,) = await given(bridge, service, "red")

    assert note.endswith(" and 2 more")
    assert (note.count("app_"), ended.id in note) == (20, False)


@pytest.mark.parametrize("design", [{"access": Access.SCOPE}, OPEN])
async def test_transfer_that_concerns_nobody_says_nothing(
    bridge: GatewayUnderTest, publish: Publish, design: dict[str, Any]
) -> None:
    service, _ = await publish(design=design, team="blue")
    store = bridge.gateway.store

    assert list(await transfer_notes(store, service, "blue")) == []
    draft = await bridge.gateway.services.add("draft", "answering", team="blue")
    assert (await given(bridge, draft, "red"))[1] == []
    if design is not OPEN:
        assert (await given(bridge, service, "red"))[1] == []
        return
    await bridge.gateway.services.change(service.id, ServiceChange(team="red"))
    await bridge.gateway.services.retire(service.id)
    gone = await (await store.services()).get_service("weather")
    assert gone is not None
    assert list(await transfer_notes(store, gone, "blue")) == []


async def test_subscription_that_is_not_open_is_none(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish(design={**OPEN, "approval": Approval.MANUAL}, team="blue")
    (blue, _), (red, _) = [await registered(bridge, team) for team in ("blue", "red")]
    subscriptions = bridge.gateway.subscriptions
    await subscriptions.ask(blue, "weather")
    one = await subscriptions.ask(red, "weather")
    await subscriptions.close(one.id, SubscriptionState.REFUSED)

    _, notes = await given(bridge, service, "red")

    assert [note.rpartition(": ")[2] for note in notes] == [blue]


async def test_service_that_names_secrets_of_its_team_is_not_given_to_another(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service, _ = await publish(team="blue", text="stored:blue.b stored:blue.a")
    services = bridge.gateway.services
    await services.change(service.id, ServiceChange(draft=Design(definition={"text": "stored:red.a stored:b"})))

    for change in (ServiceChange(team="red"), ServiceChange(team="")):
        with pytest.raises(
            BadRequest, match=r"secrets of the team blue, .*: stored:blue\.a, stored:blue\.b;"
        ) as caught:
            await services.change(service.id, change)
        assert (caught.value.status, caught.value.param) == (409, "team")
    other = await services.add("other", "answering", team="blue", draft=Design(definition={"x": "stored:blue.a"}))
    with pytest.raises(BadRequest, match=r"stored:blue\.a;"):
        await services.change(other.id, ServiceChange(team="red"))
    moved = await services.change(other.id, ServiceChange(team="red", draft=Design()))
    assert moved is not None
    assert moved.team == "red"


async def test_service_of_no_team_goes_with_what_its_operator_named(bridge: GatewayUnderTest) -> None:
    await bridge.client()
    draft = Design(definition={"text": "stored:.a stored:blue.a"})
    service = await bridge.gateway.services.add("weather", "answering", draft=draft)

    assert (await given(bridge, service, "blue"))[0].team == "blue"
