"""Clients: service accounts and OAuth clients, by their pages."""

import re
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest

FORM = {
    "name": "nightly",
    "scopes": "ai:chat model:*",
    "grants": "client_credentials",
    "auth_method": "client_secret_basic",
    "budget": "10",
    "sent": "k" * 22,
}


async def made(visit: Visitor, **fields: str) -> tuple[str, str]:
    """Make one; gives its id and its secret."""
    reply = await visit.post("/clients/new", {**FORM, **fields})
    assert reply.status_code == 200, reply.text
    id, secret = re.findall(r'id="secret-\d">([^<]+)<', reply.text)
    return id, secret


async def test_service_account_is_made_and_its_secret_shown_once(visit: Visitor) -> None:
    id, secret = await made(visit)

    again = await visit.post("/clients/new", FORM)
    page, listed = (await visit.get(f"/clients/{id}")).text, (await visit.get("/clients?q=night")).text

    assert secret not in page
    assert again.status_code == 409
    assert "service account" in page
    assert "$10.00 a month" in page
    assert "ai:chat" in page
    assert f'href="/_tollbridge/clients/{id}"' in listed
    assert f'href="/_tollbridge/clients/{id}"' in (await visit.get("/search?q=nightly")).text
    client = await visit.under.gateway.clients.get(id)
    assert client is not None
    assert client.token.budget is not None
    assert client.token.budget.amount == 10 * 10**9


async def test_client_for_people_has_where_they_are_sent_back_to(visit: Visitor) -> None:
    fields = {"redirect_uris": "https://shop.example.com/done\nhttp://127.0.0.1/done", "trusted": "yes"}
    reply = await visit.post("/clients/new", {**FORM, **fields, "grants": "authorization_code", "auth_method": "none"})

    (id,) = re.findall(r'id="secret-\d">([^<]+)<', reply.text)
    page = (await visit.get(f"/clients/{id}")).text

    assert "It has no secret." in reply.text
    assert "application for people" in page
    assert "http://127.0.0.1/done" in page
    assert "Rotate the secret" not in page


async def test_what_is_wrong_stands_beside_its_field(visit: Visitor) -> None:
    many = await visit.post("/clients/new", {**FORM, "requests_per_minute": "many"})
    scopes = await visit.post("/clients/new", {**FORM, "scopes": "everything"})

    assert many.status_code == scopes.status_code == 400
    assert 'value="many"' in many.text
    assert re.search(r'id="f-requests_per_minute"[^>]*aria-invalid="true"', many.text)
    assert re.search(r'id="f-scopes"[^>]*aria-invalid="true"', scopes.text)
    assert re.search(r'value="client_credentials" checked', scopes.text)


async def test_client_is_changed_unless_somebody_did_meanwhile(visit: Visitor) -> None:
    id, _ = await made(visit)
    form = (await visit.get(f"/clients/{id}/edit")).text
    tag = re.search(r'name="tag" value="([^"]*)"', form)[1].replace("&#34;", '"')
    fields = {"name": "daily", "scopes": "ai:chat", "grants": "client_credentials", "tag": tag}

    first = await visit.post(f"/clients/{id}/edit", fields)
    second = await visit.post(f"/clients/{id}/edit", {**fields, "name": "late"})

    client = await visit.under.gateway.clients.get(id)
    assert first.headers["location"].endswith("?said=changed")
    assert second.status_code == 400
    assert client is not None
    assert (client.token.name, client.token.scopes, client.token.budget) == ("daily", ("ai:chat",), None)


async def test_secret_is_rotated_and_shown_once(visit: Visitor) -> None:
    id, before = await made(visit)

    wrong = await visit.post(f"/clients/{id}/rotate", {"hours": "99999", "sent": "r" * 22})
    reply = await visit.post(f"/clients/{id}/rotate", {"hours": "", "sent": "r" * 22})
    again = await visit.post(f"/clients/{id}/rotate", {"hours": "", "sent": "r" * 22})

    _, secret = re.findall(r'id="secret-\d">([^<]+)<', reply.text)
    assert 'value="24"' in (await visit.get(f"/clients/{id}/rotate")).text
    assert wrong.status_code == 400
    assert secret != before
    assert again.status_code == 409


async def test_client_is_switched_off_and_on_and_ended(visit: Visitor) -> None:
    id, _ = await made(visit)

    await visit.post(f"/clients/{id}/disable")
    off = (await visit.get(f"/clients/{id}")).text
    await visit.post(f"/clients/{id}/enable")
    on = (await visit.get(f"/clients/{id}")).text
    ended = await visit.post(f"/clients/{id}/revoke", {"name": "nightly"})
    over = (await visit.get(f"/clients/{id}")).text

    assert "Disabled</span>" in off
    assert "Active</span>" in on
    assert ended.headers["location"].endswith(f"/clients/{id}?said=revoked")
    assert "Revoked</span>" in over
    assert "/edit" not in over


@pytest.mark.parametrize("path", ["/clients", "/clients/new"])
async def test_whoever_has_no_scope_sees_none(mock: Callable[..., GatewayUnderTest], path: str) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", shop="consumer"))

    assert (await visit.get(path)).status_code == 403


async def test_team_admin_makes_those_of_the_own_team_alone(mock: Callable[..., GatewayUnderTest]) -> None:
    visit = Visitor(mock())
    await visit.sign_in_as(await visit.person("ada", shop="team-admin"))

    id, _ = await made(visit)
    trusted = await visit.post("/clients/new", {**FORM, "trusted": "yes", "sent": "t" * 22})

    client = await visit.under.gateway.clients.get(id)
    assert client is not None
    assert client.token.team == "shop"
    assert trusted.status_code == 400
    assert "trust" in trusted.text


async def test_key_is_added_shown_once_rotated_and_forgotten(visit: Visitor) -> None:
    id, _ = await made(visit)
    form = (await visit.get(f"/clients/{id}/keys/new")).text

    first = await visit.post(f"/clients/{id}/keys/new", {"kind": "hmac", "sent": "a" * 22})
    key, secret = re.findall(r'id="secret-\d">([^<]+)<', first.text)
    again = await visit.post(f"/clients/{id}/keys/new", {"kind": "hmac", "sent": "a" * 22})
    page = (await visit.get(f"/clients/{id}")).text
    rotated = await visit.post(f"/clients/{id}/keys/{key}/rotate", {"hours": "2", "sent": "b" * 22})
    other, _ = re.findall(r'id="secret-\d">([^<]+)<', rotated.text)
    removed = await visit.post(f"/clients/{id}/keys/{key}/remove")
    left = (await visit.get(f"/clients/{id}?said=key_removed")).text

    assert '<option value="signature" selected>' in form
    assert again.status_code == 409
    assert key in page
    assert secret not in page
    assert removed.headers["location"].endswith(f"/clients/{id}?said=key_removed")
    assert other in left
    assert key not in left


async def test_public_half_of_a_key_is_taken_and_what_is_none_is_refused_beside_its_field(visit: Visitor) -> None:
    id, _ = await made(visit)
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    wrong = await visit.post(f"/clients/{id}/keys/new", {"kind": "signature", "public_key": "none", "sent": "a" * 22})
    right = await visit.post(f"/clients/{id}/keys/new", {"kind": "signature", "public_key": public, "sent": "a" * 22})

    assert wrong.status_code == 400
    assert re.search(r'id="f-public_key"[^>]*aria-invalid="true"', wrong.text)
    assert "Its secret half is with you alone." in right.text
    assert len(re.findall(r'id="secret-\d">', right.text)) == 1
