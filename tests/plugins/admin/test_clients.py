"""OAuth clients and service accounts over the API."""

from typing import Any

import pytest
from joserfc.jwk import OKPKey
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.administering import Actor
from tollbridge.authorizing import Consent
from tollbridge.testing import GatewayUnderTest

SHOP = {"name": "shop", "scopes": ["ai:chat"]}
WEB = {
    **SHOP,
    "auth_method": "none",
    "grants": ["authorization_code", "refresh_token"],
    "redirect_uris": ["https://shop.example/done"],
}


async def make(admin: Admin, **wish: Any) -> dict[str, Any]:
    reply = await admin.post("/clients", {**SHOP, **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_service_account_is_made_by_name_and_scopes_and_its_secret_is_given_once(admin: Admin) -> None:
    reply = await admin.post("/clients", SHOP)

    made = reply.json()
    assert (reply.status_code, reply.headers["location"]) == (201, f"clients/{made['id']}")
    assert (made["kind"], made["parent"], made["state"]) == ("secret", admin.id, "active")
    assert (made["auth_method"], made["grants"]) == ("client_secret_basic", ["client_credentials"])
    assert await admin.under.gateway.credentials.prove(made["id"], made["secret"])
    again = (await admin.get(f"/clients/{made['id']}")).json()
    assert again == {name: value for name, value in made.items() if name != "secret"}
    assert again["secrets"][0]["hint"] == made["secret"][:7] + "…"


async def test_client_has_all_that_was_wished_of_it(admin: Admin) -> None:
    wish = {
        **WEB,
        "owner": "ada",
        "team": "blue",
        "about_url": "https://shop.example",
        "trusted": True,
        "access_s": 300,
        "refresh_s": 86_400,
        "budget": {"usd": "25", "period": "day"},
        "from": ["10.0.0.0/8"],
        "hours": "mon-fri 08:00-18:00 Europe/Berlin",
        "tags": ["t"],
        "metadata": {"a": "b"},
        "rotate_days": 30,
        "requests_per_minute": 5,
    }

    made = await make(admin, **wish)

    assert {name: made[name] for name in wish} == wish
    assert (made["secret"], made["secrets"], made["registered"]) == (None, [], None)


async def test_client_that_signs_has_keys_and_no_secret(admin: Admin) -> None:
    jwks = {"keys": [OKPKey.generate_key("Ed25519", {"kid": "k"}, private=False).as_dict(private=False)]}

    made = await make(admin, auth_method="private_key_jwt", keys=jwks)

    assert (made["secret"], made["keys"]) == (None, jwks)
    rotated = await admin.post(f"/clients/{made['id']}/rotate-secret")
    assert (rotated.status_code, rotated.json()["code"]) == (409, "no_secret")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"auth_method": "private_key_jwt"}, "keys"),
        ({"auth_method": "none"}, "grants"),
        ({"redirect_uris": ["https://a.example/"]}, "redirect_uris"),
        ({**WEB, "redirect_uris": ["http://a.example/"]}, "redirect_uris"),
        ({"auth_method": "private_key_jwt", "keys": {"keys": []}}, "keys"),
        ({"about_url": "ftp://x"}, "about_url"),
        ({"access_s": 5}, "access_s"),
        ({"canary": True}, "canary"),
        ({"scopes": []}, "scopes"),
        ({"expires_at": "1999-01-01T00:00:00Z"}, "expires_at"),
    ],
)
async def test_wish_that_cannot_be_met_names_its_field(admin: Admin, wish: dict[str, Any], field: str) -> None:
    reply = await admin.post("/clients", {**SHOP, **wish})

    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field)


async def test_change_holds_at_once_and_null_takes_away(admin: Admin) -> None:
    made = await make(admin, **{**WEB, "about_url": "https://shop.example", "expires_at": "2030-01-01T00:00:00Z"})
    patch = {
        "name": "web",
        "redirect_uris": ["https://web.example/done"],
        "about_url": None,
        "expires_at": None,
        "access_s": 60,
        "grants": ["authorization_code"],
    }

    changed = (await admin.patch(f"/clients/{made['id']}", patch)).json()

    assert {name: changed[name] for name in patch} == patch
    assert (changed["refresh_s"], changed["scopes"]) == (made["refresh_s"], made["scopes"])
    beyond = await admin.patch(f"/clients/{made['id']}", {"redirect_uris": None})
    assert (beyond.status_code, beyond.json()["errors"][0]["field"]) == (422, "redirect_uris")


async def test_keys_are_replaced_and_taken_away_for_a_url(admin: Admin) -> None:
    jwks = {"keys": [OKPKey.generate_key("Ed25519", {"kid": "k"}, private=False).as_dict(private=False)]}
    made = await make(admin, auth_method="private_key_jwt", keys_url="https://shop.example/jwks")

    with_keys = await admin.patch(f"/clients/{made['id']}", {"keys": jwks, "keys_url": None})
    with_url = await admin.patch(f"/clients/{made['id']}", {"keys": None, "keys_url": "https://shop.example/jwks"})

    assert (with_keys.json()["keys"], with_keys.json()["keys_url"]) == (jwks, None)
    assert (with_url.json()["keys"], with_url.json()["keys_url"]) == (None, "https://shop.example/jwks")


async def test_rotated_secret_is_given_once_and_the_old_one_opens_for_the_overlap(admin: Admin) -> None:
    made = await make(admin)
    path, prove = f"/clients/{made['id']}", admin.under.gateway.credentials.prove

    rotated = (await admin.post(f"{path}/rotate-secret", {"overlap_s": 60})).json()

    assert rotated["secret"] != made["secret"]
    assert [bool(await prove(made["id"], one["secret"])) for one in (made, rotated)] == [True, True]
    assert (await admin.post(f"{path}/rotate-secret")).status_code == 409
    admin.under.clock.advance(60)
    assert [bool(await prove(made["id"], one["secret"])) for one in (made, rotated)] == [False, True]


async def test_client_is_switched_off_on_and_ended(admin: Admin) -> None:
    path = f"/clients/{(await make(admin))['id']}"

    states = [(await admin.post(f"{path}/{act}")).json()["state"] for act in ("disable", "enable", "revoke")]

    assert states == ["disabled", "active", "revoked"]
    assert (await admin.post(f"{path}/enable")).status_code == 409
    assert (await admin.patch(path, {"name": "x"})).status_code == 409


async def test_only_who_knows_the_state_changes_it_with_if_match(admin: Admin) -> None:
    path = f"/clients/{(await make(admin))['id']}"
    tag = (await admin.get(path)).headers["etag"]

    first = await admin.patch(path, {"name": "a"}, if_match=tag)
    second = await admin.patch(path, {"name": "b"}, if_match=tag)

    assert (first.status_code, second.status_code) == (200, 412)
    assert (await admin.get(path, if_none_match=first.headers["etag"])).status_code == 304


async def test_list_is_paged_searched_and_holds_clients_alone(admin: Admin) -> None:
    ids = []
    for number in range(3):
        admin.under.clock.advance(1)
        ids.append((await make(admin, name=f"shop {number}", team="blue" if number else ""))["id"])

    first = (await admin.get("/clients?limit=2")).json()
    second = (await admin.get(f"/clients?limit=2&after={first['next']}")).json()

    assert [one["id"] for one in (*first["items"], *second["items"])] == ids[::-1]
    assert second["next"] is None
    assert [one["id"] for one in (await admin.get("/clients?q=shop 1")).json()["items"]] == [ids[1]]
    assert len((await admin.get("/clients?team=blue")).json()["items"]) == 2
    assert (await admin.get(f"/clients/{admin.id}")).status_code == 404


async def test_caller_with_a_team_sees_and_makes_clients_of_that_team_alone(
    admin: Admin, under: GatewayUnderTest
) -> None:
    red = await an_admin(under, team="red")
    theirs = await make(admin, team="blue")

    mine = await make(red)

    assert mine["team"] == "red"
    assert [one["id"] for one in (await red.get("/clients")).json()["items"]] == [mine["id"]]
    assert (await red.get("/clients?team=blue")).json()["items"] == []
    assert (await red.get(f"/clients/{theirs['id']}")).status_code == 404
    for wish, param in (({"team": "blue"}, "team"), ({"trusted": True}, "trusted")):
        reply = await red.post("/clients", {**SHOP, **wish})
        assert (reply.status_code, reply.json()["code"]) == (403, "out_of_reach"), param
    trusting = await red.patch(f"/clients/{mine['id']}", {"trusted": True})
    assert (trusting.status_code, trusting.json()["code"]) == (403, "out_of_reach")


@pytest.mark.parametrize(
    "patch",
    [
        {"redirect_uris": ["https://evil.example/done"]},
        {"scopes": ["ai:chat", "ai:embeddings"]},
        {"grants": ["authorization_code"]},
        {"redirect_uris": ["https://evil.example/done"], "trusted": True},
    ],
)
async def test_trust_in_a_client_of_a_team_does_not_outlast_what_the_team_makes_of_it(
    admin: Admin, under: GatewayUnderTest, patch: dict[str, Any]
) -> None:
    red = await an_admin(under, team="red")
    path = f"/clients/{(await make(admin, **WEB, team='red', trusted=True))['id']}"

    refused = await red.patch(path, patch)
    kept = (await red.get(path)).json()
    changed = await red.patch(path, {**patch, "trusted": False})

    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_reach")
    assert (kept["trusted"], kept["redirect_uris"], kept["scopes"]) == (True, WEB["redirect_uris"], WEB["scopes"])
    assert (changed.status_code, changed.json()["trusted"]) == (200, False)


async def test_team_changes_of_a_trusted_client_what_nobody_is_asked_about(
    admin: Admin, under: GatewayUnderTest
) -> None:
    red = await an_admin(under, team="red")
    path = f"/clients/{(await make(admin, **WEB, team='red', trusted=True))['id']}"

    changed = await red.patch(path, {"name": "web", "requests_per_minute": 5})

    assert (changed.status_code, changed.json()["trusted"]) == (200, True)


async def test_nobody_gives_a_client_more_than_they_hold(admin: Admin) -> None:
    writer = await admin.other("admin:clients:write", "ai:chat")
    strong = await make(admin, scopes=["ai:*", "model:*"])
    path = f"/clients/{strong['id']}"

    for reply in (
        await writer.post("/clients", {**SHOP, "scopes": ["ai:*"]}),
        await writer.post(f"{path}/rotate-secret"),
        await writer.post(f"{path}/enable"),
        await writer.patch(path, {"redirect_uris": ["https://evil.example/"]}),
        await writer.patch(path, {"keys_url": "https://evil.example/jwks"}),
        await writer.patch(path, {"trusted": True}),
        await writer.patch(path, {"scopes": ["ai:chat"]}),
    ):
        assert (reply.status_code, reply.json()["code"]) == (403, "scope_beyond")
    assert (await writer.patch(path, {"name": "n", "tags": [], "about_url": "https://x.example"})).status_code == 200


async def test_what_goes_meanwhile_is_not_found(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await make(admin)

    async def gone(*args: object, **options: object) -> None:
        return None

    for act, method in (("disable", "disable"), ("rotate-secret", "rotate")):
        monkeypatch.setattr(admin.under.gateway.clients, method, gone)
        assert (await admin.post(f"/clients/{made['id']}/{act}")).status_code == 404


async def test_client_is_not_changed_as_a_token_past_its_own_rules(admin: Admin) -> None:
    made = await make(admin, **WEB, trusted=True, team="blue")
    team = await an_admin(admin.under, team="blue")
    path = f"/tokens/{made['id']}"

    for patch in ({"scopes": ["ai:*"]}, {"name": "other"}, {}):
        reply = await team.patch(path, patch)
        assert (reply.status_code, reply.json()["code"]) == (409, "a_client")
        assert f"PATCH /clients/{made['id']}" in reply.json()["detail"]

    assert (await admin.get(path)).json()["scopes"] == ["ai:chat"]
    assert (await team.post(f"{path}/disable")).status_code == 200


async def test_what_a_person_agreed_to_is_narrowed_and_never_widened(admin: Admin) -> None:
    made = await make(admin, **WEB)
    consent = Consent(holder=admin.id, client_id=made["id"], scopes=("ai:*",), owner="ada")
    grant = await admin.under.gateway.grants.agree(consent, by=Actor("ada", "oauth"))
    path = f"/tokens/{grant}"

    for scopes in (["ai:*", "model:*"], ["admin:*"]):
        reply = await admin.patch(path, {"scopes": scopes})
        assert (reply.status_code, reply.json()["code"]) == (403, "scope_beyond")

    narrowed = await admin.patch(path, {"scopes": ["ai:chat"], "name": "less"})
    assert (narrowed.status_code, narrowed.json()["scopes"]) == (200, ["ai:chat"])
    assert (await admin.patch(path, {"name": "again"})).status_code == 200
