"""Keys that callers sign with, over the API."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.credentials import public_key
from tollbridge.credentials.keys import make_pair
from tollbridge.testing import GatewayUnderTest


@pytest.fixture(params=["tokens", "clients"])
async def base(admin: Admin, request: pytest.FixtureRequest) -> str:
    """Give the path of the keys of a token, and of a client."""
    wish = {"name": "shop", "scopes": ["ai:chat"]}
    return f"/{request.param}/{(await admin.post(f'/{request.param}', wish)).json()['id']}/credentials"


async def add(admin: Admin, base: str, **wish: Any) -> dict[str, Any]:
    reply = await admin.post(base, {"kind": "signature", **wish})
    assert reply.status_code == 201, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_private_key_is_given_once_and_its_public_half_is_shown(admin: Admin, base: str) -> None:
    made = await add(admin, base)

    private = load_pem_private_key(made.pop("secret").encode(), None)
    assert public_key(made["public_key"], made["algorithm"]) == private.public_key()
    assert (await admin.get(base)).json() == {"items": [made]}
    assert (await admin.get(f"{base}/{made['id']}")).json() == made
    assert (made["kind"], made["algorithm"]) == ("signature", "ed25519")


@pytest.mark.parametrize("kind", ["hmac", "aksk"])
async def test_shared_secret_is_given_once_and_shown_nowhere(admin: Admin, base: str, kind: str) -> None:
    made = await add(admin, base, kind=kind)

    secret = made.pop("secret")
    assert made["public_key"] is None
    assert secret not in (await admin.get(base)).text
    assert not any(secret in str(record) for record in await admin.records())


async def test_key_of_the_caller_is_kept_and_followed_by_another(admin: Admin, base: str) -> None:
    first, second = (make_pair("ecdsa-p256-sha256")[0] for _ in range(2))

    made = await add(admin, base, algorithm="ecdsa-p256-sha256", public_key=first, expires_at="2026-02-01T00:00:00Z")
    rotated = await admin.post(f"{base}/{made['id']}/rotate", {"public_key": second, "overlap_s": 60})

    assert (made["secret"], made["public_key"], made["expires_at"]) == (None, first, "2026-02-01T00:00:00Z")
    assert (rotated.status_code, rotated.json()["public_key"]) == (200, second)
    listed = {one["id"]: one["expires_at"] for one in (await admin.get(base)).json()["items"]}
    assert listed[made["id"]] == "2026-01-05T12:01:00Z"


async def test_key_that_somebody_changed_since_it_was_read_is_neither_rotated_nor_removed(
    admin: Admin, base: str
) -> None:
    path = f"{base}/{(await add(admin, base))['id']}"
    tag = (await admin.get(path)).headers["etag"]
    assert (await admin.get(path, if_none_match=tag)).status_code == 304
    rotated = await admin.post(f"{path}/rotate", {"overlap_s": 60}, if_match=tag)
    assert rotated.headers["etag"] == (await admin.get(f"{base}/{rotated.json()['id']}")).headers["etag"]

    for way in ("rotate", "remove"):
        assert (await admin.post(f"{path}/{way}", if_match=tag)).status_code == 412
    assert (await admin.post(f"{path}/remove", if_match=(await admin.get(path)).headers["etag"])).status_code == 200


async def test_third_key_of_a_kind_is_refused_until_one_is_removed(admin: Admin, base: str) -> None:
    made = [await add(admin, base, kind="hmac") for _ in range(2)]

    third = await admin.post(base, {"kind": "hmac"})
    removed = await admin.post(f"{base}/{made[0]['id']}/remove")

    assert (third.status_code, third.json()["code"]) == (409, "rotating")
    assert (removed.status_code, removed.json()["id"]) == (200, made[0]["id"])
    assert (await admin.post(f"{base}/{made[0]['id']}/remove")).status_code == 404
    assert (await admin.post(f"{base}/{made[0]['id']}/rotate")).status_code == 404
    await add(admin, base, kind="hmac")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"kind": "signature", "public_key": "no key"}, "public_key"),
        ({"kind": "hmac", "public_key": "no key"}, "public_key"),
        ({"kind": "aksk", "algorithm": "ed25519"}, "algorithm"),
        ({"kind": "hmac", "algorithm": "hmac-sha1"}, "algorithm"),
        ({"kind": "signature", "expires_at": "1999-01-01T00:00:00Z"}, "expires_at"),
        ({"kind": "basic"}, "kind"),
        ({"kind": "hmac", "secret": "mine"}, "secret"),
    ],
)
async def test_wish_that_cannot_be_met_names_its_field(
    admin: Admin, base: str, wish: dict[str, str], field: str
) -> None:
    reply = await admin.post(base, wish)

    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, field)


async def test_whoever_gives_a_key_away_holds_all_that_the_token_may_do(admin: Admin, base: str) -> None:
    kind = base.split("/")[1]
    writer = await admin.other(f"admin:{kind}:write", f"admin:{kind}:read")
    made = await add(admin, base)

    for reply in (await writer.post(base, {"kind": "hmac"}), await writer.post(f"{base}/{made['id']}/rotate")):
        assert (reply.status_code, reply.json()["code"]) == (403, "scope_beyond")
    assert (await writer.post(f"{base}/{made['id']}/remove")).status_code == 200


async def test_key_that_was_made_while_its_token_grew_is_not_given(
    admin: Admin, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, credentials = base.split("/")[1], admin.under.gateway.credentials
    writer, rotate = await admin.other(f"admin:{kind}:write", "ai:chat"), credentials.add

    async def meanwhile(token_id: str, *args: Any, **options: Any) -> Any:
        await admin.patch(f"/{kind}/{token_id}", {"scopes": ["ai:*"]})
        return await rotate(token_id, *args, **options)

    monkeypatch.setattr(credentials, "add", meanwhile)

    assert (await writer.post(base, {"kind": "hmac"})).json()["code"] == "scope_beyond"


@pytest.mark.parametrize("act", ["add", "rotate", "remove"])
async def test_what_goes_meanwhile_is_not_found(
    admin: Admin, base: str, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await add(admin, base, kind="hmac")

    async def gone(*args: object, **options: object) -> None:
        return None

    monkeypatch.setattr(admin.under.gateway.credentials, act, gone)

    path = base if act == "add" else f"{base}/{made['id']}/{act}"
    assert (await admin.post(path, {"kind": "hmac"} if act == "add" else None)).status_code == 404


async def test_token_adds_keys_of_its_own_and_none_above_it(admin: Admin) -> None:
    made = await admin.make(scopes=["admin:tokens:write", "admin:tokens:read", "ai:chat"])
    me = Admin(admin.under, made["token"], made["id"])

    own = await me.post(f"/tokens/{me.id}/credentials", {"kind": "hmac"})
    above = await me.post(f"/tokens/{admin.id}/credentials", {"kind": "hmac"})

    assert own.status_code == 201
    assert (above.status_code, above.json()["code"]) == (403, "out_of_reach")


async def test_client_is_no_word_for_a_token(admin: Admin, under: GatewayUnderTest) -> None:
    token = await admin.make()
    red = await an_admin(under, team="red")

    assert (await admin.get(f"/clients/{token['id']}/credentials")).status_code == 404
    assert (await red.get(f"/tokens/{token['id']}/credentials")).status_code == 404
