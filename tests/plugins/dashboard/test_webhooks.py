"""Webhooks: made, changed, tried, rotated and removed by their pages."""

import re
from collections.abc import Callable

from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest

FORM = {"name": "alerts", "url": "https://hooks.example.com/in", "events": "token.*\nteam.*", "sent": "k" * 22}


async def made(visit: Visitor, **fields: str) -> tuple[str, str]:
    """Make one; gives its id and its secret."""
    reply = await visit.post("/webhooks/new", {**FORM, **fields})
    assert reply.status_code == 200, reply.text
    secret = re.search(r'id="secret-1">([^<]+)<', reply.text)
    id = re.search(r'href="/_tollbridge/webhooks/(whk_\w+)"', reply.text)
    assert secret is not None
    assert id is not None
    return id[1], secret[1]


async def test_webhook_is_made_and_its_secret_shown_once(visit: Visitor) -> None:
    id, secret = await made(visit)

    again = await visit.post("/webhooks/new", FORM)
    page = (await visit.get(f"/webhooks/{id}")).text

    assert secret.startswith("whsec_")
    assert secret not in page
    assert again.status_code == 409
    assert "https://hooks.example.com/in" in page
    assert "token.*" in page
    assert "Whole bridge" in page
    hooks = await (await visit.under.gateway.store.webhooks()).list_webhooks(limit=9)
    assert [hook.events for hook in hooks] == [("token.*", "team.*")]
    assert "alerts" in (await visit.get("/webhooks")).text


async def test_what_is_wrong_stands_beside_its_field_and_the_form_may_be_sent_again(visit: Visitor) -> None:
    wrong = await visit.post("/webhooks/new", {**FORM, "url": "http://hooks.example.com/in"})
    nameless = await visit.post("/webhooks/new", {**FORM, "name": "", "allow_private": "yes"})

    assert wrong.status_code == nameless.status_code == 400
    assert 'value="http://hooks.example.com/in"' in wrong.text
    assert re.search(r'id="f-url"[^>]*aria-invalid="true"', wrong.text)
    assert re.search(r'id="f-allow_private"[^>]*checked', nameless.text)
    await made(visit)


async def test_webhook_is_changed_and_switched_off(visit: Visitor) -> None:
    id, _ = await made(visit)
    form = (await visit.get(f"/webhooks/{id}/edit")).text
    tag = re.search(r'name="tag" value="([^"]*)"', form)[1].replace("&#34;", '"')
    fields = {"name": "calls", "url": FORM["url"], "events": "*", "disabled": "yes", "tag": tag}

    first = await visit.post(f"/webhooks/{id}/edit", fields)
    second = await visit.post(f"/webhooks/{id}/edit", {**fields, "name": "late"})

    page = (await visit.get(f"/webhooks/{id}")).text
    assert first.headers["location"].endswith("?said=changed")
    assert second.status_code == 400
    assert 'value="late"' in second.text
    assert "calls" in page
    assert '<span class="pill off">Disabled</span>' in page
    assert "Off since" in page


async def test_test_message_is_listed_and_sent_again(visit: Visitor) -> None:
    id, _ = await made(visit)

    tested = await visit.post(f"/webhooks/{id}/test")
    page = (await visit.get(f"/webhooks/{id}?said=tested")).text
    message = re.search(rf'action="/_tollbridge/webhooks/{id}/messages/(\w+)/again"', page)[1]
    again = await visit.post(f"/webhooks/{id}/messages/{message}/again")
    nothing = await visit.post(f"/webhooks/{id}/messages/msg_0/again")

    assert tested.headers["location"].endswith(f"/webhooks/{id}?said=tested")
    assert "webhook.test" in page
    assert '<span class="pill info">Waiting</span>' in page
    assert again.headers["location"].endswith("?said=again")
    assert nothing.status_code in (404, 422)
    assert 'href="/_tollbridge/webhooks"' in nothing.text


async def test_secret_is_rotated_and_shown_once(visit: Visitor) -> None:
    id, before = await made(visit)

    asked = (await visit.get(f"/webhooks/{id}/rotate")).text
    wrong = await visit.post(f"/webhooks/{id}/rotate", {"hours": "9999", "sent": "r" * 22})
    reply = await visit.post(f"/webhooks/{id}/rotate", {"hours": "1", "sent": "r" * 22})
    again = await visit.post(f"/webhooks/{id}/rotate", {"hours": "1", "sent": "r" * 22})

    secret = re.search(r'id="secret-1">([^<]+)<', reply.text)[1]
    assert 'value="24"' in asked
    assert wrong.status_code == 400
    assert 'value="9999"' in wrong.text
    assert secret != before
    assert again.status_code == 409
    assert secret not in again.text


async def test_webhook_is_removed_once_somebody_is_sure(visit: Visitor) -> None:
    id, _ = await made(visit)

    asked = (await visit.get(f"/webhooks/{id}/remove")).text
    reply = await visit.post(f"/webhooks/{id}/remove")

    assert "alerts" in asked
    assert reply.headers["location"].endswith("/webhooks?said=removed")
    assert (await visit.get(f"/webhooks/{id}")).status_code == 404


async def test_team_admin_makes_those_of_the_own_team(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", shop="team-admin", other="team-admin"))

    form = (await visit.get("/webhooks/new")).text
    id, _ = await made(visit, team="shop")

    assert '<option value="shop"' in form
    assert "Whole bridge" not in form
    hook = await (await visit.under.gateway.store.webhooks()).get_webhook(id)
    assert hook is not None
    assert hook.team == "shop"


async def test_viewer_sees_them_and_makes_none(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", bridge="viewer"))

    listed, new = await visit.get("/webhooks"), await visit.get("/webhooks/new")

    assert "Nobody is told of anything yet." in listed.text
    assert "New webhook" not in listed.text
    assert new.status_code == 403
