"""Keys that callers sign with, over the API."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from httpx2 import Response
from tests.plugins.admin.conftest import Admin, an_admin

from tollbridge.credentials import public_key
from tollbridge.credentials.keys import make_pair
from tollbridge.testing import GatewayUnderTest

LEAST_TURNS, MOST_TURNS = 6, 96


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


async def test_key_of_a_token_that_grows_at_the_same_time_is_given_before_that_or_not_at_all(
    admin: Admin, base: str
) -> None:
    """The audit log has both in the order in which they were done, each written with what it tells of."""
    kind = base.split("/")[1]
    writer, one = await admin.other(f"admin:{kind}:write", "ai:chat"), base.removesuffix("/credentials")
    given = refused = 0

    for turn in range(MOST_TURNS):
        before = len(await admin.records())
        grows = later(2 ** (turn % 12), admin.patch(one, {"scopes": ["ai:*"]}))
        asked = [writer.post(base, {"kind": "hmac"}), grows]
        key, grown = await asyncio.gather(*asked)
        done = [record.action for record in (await admin.records())[before:]]

        assert grown.status_code == 200
        if key.status_code == 201:
            given += 1
            assert done == ["credential.add", f"{kind.removesuffix('s')}.change"]
        else:
            refused += 1
            assert key.json()["code"] == "scope_beyond"
        for left in (await admin.get(base)).json()["items"]:  # one may be there that nobody was given
            assert (await admin.post(f"{base}/{left['id']}/remove")).status_code == 200
        assert (await admin.patch(one, {"scopes": ["ai:chat"]})).status_code == 200
        if given and refused and turn >= LEAST_TURNS:
            break

    assert given
    assert refused


async def test_of_two_who_take_a_key_away_at_the_same_time_one_does(admin: Admin, base: str) -> None:
    path = f"{base}/{(await add(admin, base, kind='hmac'))['id']}"

    replies = await asyncio.gather(*(admin.post(f"{path}/remove") for _ in range(2)))

    assert sorted(reply.status_code for reply in replies) == [200, 404]
    assert (await admin.get(base)).json() == {"items": []}


async def test_key_that_is_taken_away_while_it_changes_is_not_found_or_follows(admin: Admin, base: str) -> None:
    for turn in range(LEAST_TURNS):
        path = f"{base}/{(await add(admin, base, kind='hmac'))['id']}"
        asked = [later(turn % 6, admin.post(f"{path}/rotate")), later(turn % 4, admin.post(f"{path}/remove"))]

        rotated, removed = await asyncio.gather(*asked)

        left = [one["id"] for one in (await admin.get(base)).json()["items"]]
        assert removed.status_code == 200
        assert (rotated.status_code, left) in ((404, []), (200, [rotated.json().get("id")]))
        for id in left:
            await admin.post(f"{base}/{id}/remove")


async def later(rounds: int, asked: Awaitable[Response]) -> Response:
    """Ask when the loop has gone round so often."""
    for _ in range(rounds):
        await asyncio.sleep(0)
    return await asked


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
