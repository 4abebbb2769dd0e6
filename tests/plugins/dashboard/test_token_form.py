"""The form of a new token: what it takes, says, and makes."""

import re

from tests.plugins.dashboard.test_tokens import GOOD, SECRET, make, only, sent
from tests.support.visiting import PREFIX, Visitor

from tollbridge import TokenBudget
from tollbridge.tokens.conditions import Conditions


async def test_token_of_the_bridge_is_made_for_a_team_that_is_chosen(visit: Visitor) -> None:
    await visit.under.gateway.people.teams.add(name="blue")

    page = (await visit.get("/tokens/new")).text
    await make(visit, team="blue")
    refused = await visit.post("/tokens/new", {**GOOD, "team": "nobody"})

    assert '<option value="blue">blue</option>' in page
    assert (await only(visit)).team == "blue"
    assert refused.status_code == 400
    assert "Choose one of your teams." in refused.text


async def test_token_is_mine_where_no_owner_is_written_and_it_is_ticked(visit: Visitor) -> None:
    ada = await Visitor(visit.under).sign_in_as(who := await visit.person("ada", bridge="platform-admin"))
    form = {name: value for name, value in GOOD.items() if name != "owner"}

    for more in ({"mine": "yes"}, {}, {"mine": "yes", "owner": "Payments"}):
        await ada.post("/tokens/new", {**form, **more})
        visit.under.clock.advance(1)

    owners = [token.owner for token in await visit.under.gateway.store.list_tokens()]
    assert owners == ["Payments", "", who.id]
    assert 'name="mine"' not in (await visit.get("/tokens/new")).text
    page = (await ada.get(f"/tokens?owner={who.id}")).text
    assert page.count('form="picked"') == 1
    assert f'href="?owner={who.id}" aria-current="true"' in page


async def test_form_says_in_plain_words_what_it_comes_to(visit: Visitor) -> None:
    page = (
        await visit.get("/tokens/new?name=till&scope=ai:chat&models=gpt-*&budget=25&period=day&rpm=9&expires=7")
    ).text
    plain = (await visit.get("/tokens/new?name=till")).text

    words = re.findall(r"<li data-text=[^>]*>([^<]*)</li>", page)
    assert words[:3] == ["It is called till.", "It may call chat.", "Of models it may call gpt-* alone."]
    assert "It spends at most $25 a day." in words
    assert "It makes at most 9 requests a minute." in words
    assert "Its end: in 7 days (12 Jan 2026)." in words
    assert "It is good from any address." in words
    assert "It may call chat, embeddings, every model." in plain
    assert "It has no budget of its own." in plain


async def test_form_takes_environment_period_addresses_and_hours(visit: Visitor) -> None:
    bounds = {"budget": "10", "period": "total", "concurrency": "2", "networks": "10.0.0.0/8, 192.0.2.1"}
    more = {"environment": "test", "hours": "mon-fri 08:00-18:00 UTC"}

    reply = await visit.post("/tokens/new", {**GOOD, **bounds, **more})

    token = await only(visit)
    assert '<code id="secret">tb_test_' in reply.text
    assert token.budget == TokenBudget(10 * 10**9, "total")
    assert token.limits.concurrency == 2
    assert token.conditions == Conditions(("10.0.0.0/8", "192.0.2.1/32"), "mon-fri 08:00-18:00 UTC")


async def test_form_of_a_secret_is_known_when_it_comes_again_after_the_store_was_away(visit: Visitor) -> None:
    key = await sent(visit)

    assert SECRET.search((await visit.post("/tokens/new", {**GOOD, "sent": key})).text)
    assert not SECRET.search((await visit.post("/tokens/new", {**GOOD, "sent": key})).text)


async def test_tokens_are_found_by_the_search_of_every_page(visit: Visitor) -> None:
    await make(visit)
    token = await only(visit)

    assert f'href="{PREFIX}/tokens/{token.id}"' in (await visit.get("/search?q=check")).text
