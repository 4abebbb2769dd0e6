"""What waits for whoever looks stands on the first page they have, as far as their roles let them decide on it."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta

import markupsafe
import pytest
from tests.plugins.admin.test_markup import CODE, MARKUP, ODD
from tests.plugins.dashboard.conftest import MOCK, PREFIX, Visitor
from tests.plugins.dashboard.test_attention import strip
from tests.support.answering import Answering

from tollbridge.administering import Actor, Design, Move, NewKey, Service, Subscription, SubscriptionState
from tollbridge.screens.waits import NAMED
from tollbridge.stores.services import Step
from tollbridge.stores.webhooks import Delivery, WebhookChange
from tollbridge.testing import GatewayUnderTest
from tollbridge.testing.samples import ACT, NOON
from tollbridge.testing.webhook_contract import HOOK

HOUR, DAY = 3600, 86_400
Enter = Callable[..., Awaitable[Visitor]]


@pytest.fixture
def under(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> GatewayUnderTest:
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    return gateway(MOCK, plugins=(Answering(),))


@pytest.fixture
def enter(under: GatewayUnderTest) -> Enter:
    """Give `enter(name, team=role, ...)`: somebody with these roles, signed in."""

    async def make(name: str = "ada", **roles: str) -> Visitor:
        return await came(Visitor(under), name, **roles)

    return make


async def came(visitor: Visitor, name: str, **roles: str) -> Visitor:
    return await visitor.sign_in_as(await visitor.person(name, **roles))


async def served(under: GatewayUnderTest, slug: str = "weather", team: str = "blue") -> Service:
    """Publish a service."""
    await under.client()
    services = under.gateway.services
    one = await services.add(slug, "answering", team=team, draft=Design(name="Weather", definition={"text": "rain"}))
    await services.release(one.id, version="1.0.0")
    await services.publish(one.id, 1)
    return one


async def wished(under: GatewayUnderTest, name: str = "Shop", *services: str) -> Subscription:
    """Have an application of red ask for services; gives the last subscription."""
    if await under.gateway.people.teams.get("red") is None:
        await under.gateway.people.teams.add(name="red")
    made = await under.gateway.applications.add(name, team="red")
    return [await under.gateway.subscriptions.ask(made.id, one) for one in services or ("weather",)][-1]


async def lines(visitor: Visitor, path: str = "/") -> list[str]:
    reply = await visitor.get(path)
    assert reply.status_code == 200, reply.text
    return strip(reply.text)


async def test_subscription_waits_on_the_first_page_of_who_decides_and_of_nobody_else(
    under: GatewayUnderTest, enter: Enter
) -> None:
    await served(under)
    asked = await wished(under)
    under.clock.advance(3 * HOUR)
    said = "Shop of the team red asked for weather 3 h ago: Decide"

    home = (await (await enter("root", bridge="platform-admin")).get("/")).text

    assert strip(home) == [said]
    assert "1 thing needs you" in home
    assert f'class="who" href="{PREFIX}/approvals/subscriptions/{asked.id}">Decide</a>' in home
    assert '<time datetime="2026-01-05T12:00:00+00:00" title="5 Jan 2026, 12:00 UTC">3 h ago</time>' in home
    assert await lines(await Visitor(under).sign_in()) == [said]
    assert await lines(await enter("ann", blue="team-admin"), "/tokens") == [said]
    assert await lines(await enter("dev", blue="service-developer"), "/tokens") == [said]
    assert await lines(await enter("bob", red="team-admin"), "/tokens") == []
    assert await lines(await enter("eve", blue="viewer"), "/tokens") == []
    assert await lines(await enter("sam", bridge="viewer"), "/") == []
    await under.gateway.subscriptions.approve(asked.id)
    assert await lines(await enter("amy", blue="team-admin"), "/tokens") == []


async def test_page_says_it_once_where_there_is_a_home(under: GatewayUnderTest, enter: Enter) -> None:
    await served(under)
    await wished(under)
    root = await enter("root", bridge="platform-admin")

    assert len(await lines(root, "/")) == 1
    assert await lines(root, "/tokens") == []


async def test_what_waits_in_two_teams_is_counted_together(under: GatewayUnderTest, enter: Enter) -> None:
    await served(under)
    await served(under, "sun", "green")
    await wished(under, "Shop", "sun")
    under.clock.advance(HOUR)
    await wished(under, "Till", "weather")
    ada = await enter("ada", blue="team-admin", green="team-admin")

    page = (await ada.get("/tokens")).text

    assert "2 things need you" in page
    assert [line.partition(" of the team red asked for ")[0] for line in strip(page)] == ["Shop", "Till"]


async def test_three_are_named_the_longest_first_and_the_others_counted(under: GatewayUnderTest, enter: Enter) -> None:
    await served(under)
    for number in range(NAMED + 2):
        await wished(under, f"App {number}")
        under.clock.advance(60)

    page = (await (await enter("root", bridge="platform-admin")).get("/")).text

    assert [line[:5] for line in strip(page)[:-1]] == ["App 0", "App 1", "App 2"]
    assert strip(page)[-1] == "and 2 more: all that waits"
    assert f'href="{PREFIX}/approvals?kind=subscription_asked"' in page
    assert "5 things need you" in page


async def test_release_waits_for_a_review_and_one_that_failed_for_another(
    under: GatewayUnderTest, enter: Enter
) -> None:
    service = await served(under)
    services = under.gateway.services
    await services.release(service.id, version="2.0.0")
    await services.move(service.id, 2, Move.SUBMIT)
    under.clock.advance(2 * HOUR)
    ann = await enter("ann", blue="team-admin")

    reviewed = await lines(ann, "/tokens")
    store = await under.gateway.store.services()
    act = await under.gateway.tokens.act(Actor("gateway", "job"))
    await services.move(service.id, 2, Move.APPROVE)
    await services.publish(service.id, 2)
    await store.move_release(service.id, 2, Step(move=Move.FAIL, why="3 of 4 calls failed"), act)
    failed = await lines(ann, "/tokens")

    assert reviewed == ["Release 2.0.0 of weather, made 2 h ago, waits for a review: Review it"]
    assert failed == ["Release 2.0.0 of weather failed or was taken back just now: Look at it"]
    assert await lines(await enter("dev", blue="service-developer"), "/tokens") == []


async def test_what_one_submitted_oneself_waits_for_others_where_four_eyes_are_needed(
    gateway: Callable[..., GatewayUnderTest],
) -> None:
    under = gateway({"services": {"review": "four_eyes"}}, plugins=(Answering(),))
    ann, bob = Visitor(under), Visitor(under)
    person = await ann.person("ann", blue="team-admin")
    await ann.sign_in_as(person)
    await came(bob, "bob", blue="team-admin")
    token = (await under.gateway.tokens.issue(name="ann's", owner=person.id)).token
    draft = Design(name="Weather", definition={"text": "rain"})
    one = await under.gateway.services.add("weather", "answering", team="blue", draft=draft)
    await under.gateway.services.release(one.id, version="1.0.0")

    await under.gateway.services.move(one.id, 1, Move.SUBMIT, by=Actor(token.id, "api"))

    assert await lines(ann, "/tokens") == []
    assert len(await lines(bob, "/tokens")) == 1


async def test_service_that_ends_is_said_to_who_subscribes_and_one_past_its_end_to_who_owns_it(
    under: GatewayUnderTest, enter: Enter
) -> None:
    service = await served(under)
    await served(under, "climate")
    asked = await wished(under)
    await under.gateway.subscriptions.approve(asked.id)
    owner, caller = await enter("ann", blue="team-admin"), await enter("bob", red="service-developer")
    await under.gateway.services.deprecate(service.id)
    bare = await lines(caller, "/tokens")
    ends = under.clock.now() + timedelta(days=30)
    await under.gateway.services.deprecate(service.id, sunset_at=ends, successor="climate")

    told, owners = await lines(caller, "/tokens"), await lines(owner, "/tokens")
    under.clock.advance(30 * DAY + HOUR)
    owner, caller = await enter("amy", blue="team-admin"), await enter("joe", red="service-developer")

    subscribes = "weather, to which Shop subscribes, was deprecated"
    assert bare == [f"{subscribes} just now: Look at it"]
    takes = "(climate takes its place): Look at it"
    assert told == [f"{subscribes} just now and ends in 30 days {takes}"]
    assert owners == []
    assert await lines(caller, "/tokens") == [f"{subscribes} 30 d ago and was to end 1 h ago {takes}"]
    assert await lines(owner, "/tokens") == [
        "weather serves beyond the end that its callers were told, 1 h ago: Look at it"
    ]


async def test_webhooks_keys_and_jobs_wait_for_who_keeps_them(under: GatewayUnderTest, enter: Enter) -> None:
    await under.client()
    gateway = under.gateway
    hooks, outbox, jobs = await gateway.store.webhooks(), await gateway.store.outbox(), await gateway.store.jobs()
    await hooks.add_webhook(HOOK, ACT)
    await outbox.post(Delivery("msg_1", HOOK.id, "role.add", NOON, 0, "", said="{}"))
    await outbox.claim(HOOK.id, "run_1", most=1, lease_s=60)
    await outbox.postpone("msg_1", "run_1", "it does not answer", pause_s=5)
    await hooks.change_webhook(HOOK.id, WebhookChange(disabled=True), ACT)
    await gateway.secrets.set("openai", NewKey("sk-" + "x" * 40, expires_at=under.clock.now() + timedelta(days=5)))
    await jobs.plan_jobs(["forget_messages"])
    for _ in range(2):
        await jobs.take_job("forget_messages", "run_1", lease_s=60)
        await jobs.end_job("forget_messages", "run_1", failure="RuntimeError", again_s=0)

    found = await lines(await enter("root", bridge="platform-admin"))

    assert found == [
        "The webhook ours was switched off just now, for nothing arrived there: Look at it",
        "The key openai of openai ends in 5 days: Give it another key",
        "The job forget_messages failed 2 times in a row, last just now: Look at it",
    ]
    assert await lines(await enter("ann", blue="team-admin"), "/tokens") == []


async def test_invitation_waits_for_who_is_invited_also_where_no_page_is_theirs(
    under: GatewayUnderTest, enter: Enter
) -> None:
    bob, root = await enter("bob"), await enter("root", bridge="platform-admin")
    for number in range(NAMED + 1):
        await under.gateway.people.teams.add(name=f"team-{number}")
        await under.gateway.people.invitations.invite(f"team-{number}", "bob@example.com", "consumer")
        under.clock.advance(60)

    reply = await bob.get("/tokens")

    assert reply.status_code == 403
    found = strip(reply.text)
    assert found[0] == "You were invited to the team team-0 as consumer 4 min ago: Join it"
    assert (len(found), found[-1]) == (NAMED + 1, "and 1 more: invitations")
    assert f'href="{PREFIX}/sign-in/invitations"' in reply.text
    assert await lines(root) == []


async def test_words_of_people_are_text(under: GatewayUnderTest, enter: Enter) -> None:
    await served(under)
    await under.gateway.people.teams.add(name="red")
    root, ann = await enter("root", bridge="platform-admin"), await enter("ann", blue="team-admin")

    for words in batched((*MARKUP, *CODE, *ODD), NAMED):
        asked = [await wished(under, word) for word in words]
        for page in ((await root.get("/")).text, (await ann.get("/tokens")).text):
            for word in words:
                assert f"<bdi>{markupsafe.escape(word)}</bdi> of the team <bdi>red</bdi>" in page
            assert len(strip(page)) == len(words)
        for one in asked:
            await under.gateway.subscriptions.close(one.id, SubscriptionState.REFUSED)


def batched(words: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (words[at : at + size] for at in range(0, len(words), size))
