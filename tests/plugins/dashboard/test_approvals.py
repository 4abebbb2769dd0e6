"""Approvals: what waits for whoever looks, and what they decide."""

import re
from collections.abc import Callable

import pytest
from tests.plugins.dashboard.test_token_pages import EVIL, hidden
from tests.plugins.dashboard.test_waits import Enter, came, served, under, wished
from tests.support.visiting import PREFIX, Visitor

from tollbridge.administering import Design, Move, Plan, SubscriptionState
from tollbridge.testing import GatewayUnderTest

__all__ = ["under"]


@pytest.fixture
def enter(under: GatewayUnderTest) -> Enter:
    async def make(name: str = "ada", **roles: str) -> Visitor:
        return await came(Visitor(under), name, **roles)

    return make


def lines(page: str) -> list[str]:
    """Give what waits, as it reads."""
    found = re.findall(r"<li><p>(.*?)</p>", page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", "", line).split()) for line in found]


async def test_what_an_application_asked_for_is_approved_with_what_is_said_to_it(
    under: GatewayUnderTest, enter: Enter
) -> None:
    await served(under)
    asked = await wished(under)
    ann, path = await enter("ann", blue="team-admin"), f"/approvals/subscriptions/{asked.id}"

    listed = (await ann.get("/approvals")).text
    others = [(await ann.get(other)).text for other in ("/tokens", "/applications")]
    page = (await ann.get(path)).text
    done = await ann.post(
        path, {"decision": "approve", "expires": "30", "opinion": "fine", **(await hidden(ann, path))}
    )

    one = await (await under.gateway.store.subscriptions()).get_subscription(asked.id)
    assert lines(listed) == ["Shop of the team red asked for weather just now"]
    assert f'href="{PREFIX}{path}">Decide' in listed
    for text in (listed, *others):
        assert '<span class="hidden">1 waits</span>' in text
    assert "Shop" in page
    assert "Approve" in page
    assert (done.status_code, done.headers["location"]) == (303, f"{PREFIX}/approvals?said=approved")
    assert one is not None
    assert (one.state, one.opinion) == (SubscriptionState.APPROVED, "fine")
    ann_id = (await under.gateway.people.find_person("ann@example.com")).id
    assert one.decided_by == ann_id
    assert one.expires_at is not None
    assert (one.expires_at - under.clock.now()).days == 30
    after = (await ann.get("/approvals?said=approved")).text
    assert "Nothing waits for you to decide on." in after
    assert 'class="count"' not in after


async def test_refusal_needs_a_reason_and_tells_it(under: GatewayUnderTest, enter: Enter) -> None:
    await served(under)
    asked = await wished(under)
    ann, path = await enter("ann", blue="team-admin"), f"/approvals/subscriptions/{asked.id}"

    bare = await ann.post(path, {"decision": "refuse"})
    right = await ann.post(path, {"decision": "refuse", "opinion": "not this one"})

    one = await (await under.gateway.store.subscriptions()).get_subscription(asked.id)
    assert bare.status_code == 400
    assert re.search(r'id="f-opinion"[^>]*aria-invalid', bare.text)
    assert right.status_code == 303
    assert one is not None
    assert (one.state, one.opinion) == (SubscriptionState.REFUSED, "not this one")
    page = (await ann.get(path)).text
    assert "not this one" in page
    assert "Approve" not in page


async def test_decision_on_what_was_decided_meanwhile_is_refused(under: GatewayUnderTest, enter: Enter) -> None:
    await served(under)
    asked = await wished(under)
    ann, path = await enter("ann", blue="team-admin"), f"/approvals/subscriptions/{asked.id}"
    form = {"decision": "approve", **(await hidden(ann, path))}
    await under.gateway.subscriptions.close(asked.id, SubscriptionState.REFUSED)

    assert (await ann.post(path, form)).status_code == 400


async def test_odd_decision_is_none(under: GatewayUnderTest, enter: Enter) -> None:
    await served(under)
    asked = await wished(under)

    reply = await (await enter("ann", blue="team-admin")).post(
        f"/approvals/subscriptions/{asked.id}", {"decision": "x"}
    )

    assert reply.status_code == 400


async def test_whoever_asked_sees_it_and_decides_nothing(under: GatewayUnderTest, enter: Enter) -> None:
    await served(under)
    asked = await wished(under)
    bob, path = await enter("bob", red="team-admin"), f"/approvals/subscriptions/{asked.id}"

    page = await bob.get(path)
    done = await bob.post(path, {"decision": "approve"})

    assert page.status_code == 200
    assert "Approve" not in page.text
    assert done.status_code == 400
    assert "team of the service decides" in done.text
    assert lines((await bob.get("/approvals")).text) == []


async def test_what_waits_in_two_teams_is_there_once_the_longest_first(under: GatewayUnderTest, enter: Enter) -> None:
    await served(under)
    await served(under, "sun", "green")
    await wished(under, "Shop", "sun")
    under.clock.advance(60)
    await wished(under, "Till", "weather")
    ada = await enter("ada", blue="team-admin", green="team-admin", bridge="viewer")

    page = (await ada.get("/approvals")).text

    assert [line.split()[0] for line in lines(page)] == ["Shop", "Till"]
    assert '<span class="hidden">2 wait</span>' in page


async def test_release_in_review_leads_to_its_service(under: GatewayUnderTest, enter: Enter) -> None:
    service = await served(under)
    await under.gateway.services.release(service.id, version="2.0.0")
    await under.gateway.services.move(service.id, 2, Move.SUBMIT)

    page = (await (await enter("ann", blue="team-admin")).get("/approvals")).text

    assert lines(page) == ["Release 2.0.0 of weather, made just now, waits for a review"]
    assert f'href="{PREFIX}/services/weather">Review it' in page


async def test_what_else_needs_somebody_stands_apart_and_is_not_counted(under: GatewayUnderTest, enter: Enter) -> None:
    service = await served(under)
    asked = await wished(under)
    await under.gateway.subscriptions.approve(asked.id)
    await under.gateway.services.deprecate(service.id)
    await under.gateway.tokens.issue(name="ends", team="red", expires_at=under.clock.now().replace(hour=23))
    bob = await enter("bob", red="team-admin")

    page = (await bob.get("/approvals")).text

    assert lines(page) == ["weather, to which Shop subscribes, was deprecated just now"]
    assert "What else needs somebody" in page
    assert 'class="count"' not in page


async def test_one_kind_alone_is_shown_where_it_is_asked_for(under: GatewayUnderTest, enter: Enter) -> None:
    await served(under)
    await wished(under)
    ann = await enter("ann", blue="team-admin")

    assert len(lines((await ann.get("/approvals?kind=subscription_asked")).text)) == 1
    assert lines((await ann.get("/approvals?kind=release_in_review")).text) == []
    assert len(lines((await ann.get("/approvals?kind=nonsense")).text)) == 1


async def test_own_invitation_waits_for_who_is_invited(under: GatewayUnderTest, enter: Enter) -> None:
    bob = await enter("bob", blue="team-admin")
    await under.gateway.people.teams.add(name="red")
    await under.gateway.people.invitations.invite("red", "bob@example.com", "consumer")

    page = (await bob.get("/approvals")).text

    assert lines(page) == ["You were invited to the team red as consumer just now"]
    assert f'href="{PREFIX}/sign-in/invitations">Join it' in page
    assert '<span class="hidden">1 waits</span>' in page


async def test_plan_is_chosen_of_those_that_the_service_has(under: GatewayUnderTest, enter: Enter) -> None:
    await under.client()
    await under.gateway.subscriptions.add_plan(Plan(name="gold", created_at=under.clock.now()))
    services = under.gateway.services
    draft = Design(name="Weather", definition={"text": "rain"}, plans=("gold",))
    one = await services.add("weather", "answering", team="blue", draft=draft)
    await services.release(one.id, version="1.0.0")
    await services.publish(one.id, 1)
    await under.gateway.people.teams.add(name="red")
    application = await under.gateway.applications.add("Shop", team="red")
    asked = await under.gateway.subscriptions.ask(application.id, "weather", plan="gold")
    ann, path = await enter("ann", blue="team-admin"), f"/approvals/subscriptions/{asked.id}"

    page = (await ann.get(path)).text
    done = await ann.post(path, {"decision": "approve", "plan": "gold"})

    assert '<option value="gold" selected>gold</option>' in page
    assert done.status_code == 303


async def test_names_are_text(under: GatewayUnderTest, enter: Enter) -> None:
    await served(under)
    asked = await wished(under, EVIL)
    ann = await enter("ann", blue="team-admin")

    for path in ("/approvals", f"/approvals/subscriptions/{asked.id}"):
        text = (await ann.get(path)).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize("role", ["consumer", "viewer"])
async def test_whoever_decides_nothing_has_no_such_entry(mock: Callable[..., GatewayUnderTest], role: str) -> None:
    visitor = Visitor(mock())
    await visitor.sign_in_as(await visitor.person("eve", blue=role))

    page = await visitor.get("/approvals")

    assert page.status_code == 200
    assert "Nothing waits" in page.text
    assert f'href="{PREFIX}/approvals" aria-current' not in page.text
