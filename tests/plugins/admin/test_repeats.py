"""A request with a key is done once."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.plugins.admin.conftest import Admin

from tollbridge import BadRequest, Call, SetupError, Unavailable
from tollbridge.administering import FirstAnswer, KeyedRequest
from tollbridge_admin import repeats
from tollbridge_admin.asking import Asked
from tollbridge_admin.repeats import KEEP_S, LEASE_S, Rendered, Repeats

KEY = '"8e03978e-40d5-43dd-bc93-6894a57f9324"'
WISH = {"name": "x", "scopes": ["ai:chat"]}


async def count(admin: Admin) -> int:
    return len((await admin.get("/tokens?limit=200")).json()["items"])


async def test_retry_after_a_lost_answer_gives_the_same_token_and_the_same_secret(admin: Admin) -> None:
    first = await admin.post("/tokens", WISH, idempotency_key=KEY)

    again = await admin.post("/tokens", WISH, idempotency_key=KEY)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.json()["token"].startswith("tb_")
    assert (again.headers["etag"], again.headers["location"]) == (first.headers["etag"], first.headers["location"])
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert again.headers["cache-control"] == "no-store"
    assert await count(admin) == 2
    assert [record.action for record in await admin.records()] == ["token.issue", "token.issue"]


async def test_other_request_under_the_same_key_is_refused(admin: Admin) -> None:
    await admin.post("/tokens", WISH, idempotency_key=KEY)

    for reply in (
        await admin.post("/tokens", {**WISH, "name": "y"}, idempotency_key=KEY),
        await admin.post("/tokens/revoke", {"ids": ["tok_1"]}, idempotency_key=KEY),
    ):
        assert (reply.status_code, reply.json()["code"]) == (422, "idempotency_key_reused")
    assert await count(admin) == 2


async def test_keys_of_two_callers_are_apart(admin: Admin) -> None:
    other = await admin.other()

    replies = [await one.post("/tokens", WISH, idempotency_key=KEY) for one in (admin, other)]

    assert len({reply.json()["id"] for reply in replies}) == 2


async def test_many_at_once_are_done_once(admin: Admin) -> None:
    replies = await asyncio.gather(*(admin.post("/tokens", WISH, idempotency_key=KEY) for _ in range(8)))

    by_status = sorted((reply.status_code, reply.json().get("code", "made")) for reply in replies)
    assert by_status[0] == (201, "made")
    assert set(by_status) <= {(201, "made"), (409, "idempotency_key_in_use")}
    assert len({reply.json()["id"] for reply in replies if reply.status_code == 201}) == 1
    assert all("retry-after" in reply.headers for reply in replies if reply.status_code == 409)
    assert await count(admin) == 2


async def test_key_with_and_without_quotes_is_the_same(admin: Admin) -> None:
    first = await admin.post("/tokens", WISH, idempotency_key=KEY)

    assert (await admin.post("/tokens", WISH, idempotency_key=KEY.strip('"'))).json() == first.json()


@pytest.mark.parametrize(
    "key", ['""', '"a', 'a"b"', '"a", "b"', "a,b", "a b", "x" * 256, '"' + "x" * 256 + '"', '"\xe9"']
)
async def test_what_is_no_key_is_refused(admin: Admin, key: str) -> None:
    reply = await admin.post("/tokens", WISH, idempotency_key=key.encode("latin-1"))  # type: ignore[arg-type]

    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_idempotency_key")


async def test_refusal_is_not_kept_and_the_key_is_free_again(admin: Admin) -> None:
    for body in ({"name": "x"}, {**WISH, "scopes": ["x"]}):
        assert (await admin.post("/tokens", body, idempotency_key=KEY)).status_code == 422

    assert (await admin.post("/tokens", WISH, idempotency_key=KEY)).status_code == 201


async def test_every_post_takes_a_key(admin: Admin) -> None:
    made = await admin.make()
    for number, (path, body) in enumerate(
        [("rotate", {"overlap_s": 0}), ("disable", None), ("enable", {}), ("revoke", None)], start=1
    ):
        replies = [
            await admin.post(f"/tokens/{made['id']}/{path}", body, idempotency_key=f'"{number}"') for _ in range(2)
        ]
        assert [reply.status_code for reply in replies] == [200, 200], path
        assert replies[0].json() == replies[1].json()
    assert [record.action for record in (await admin.records())[2:]] == [
        "token.rotate",
        "token.disable",
        "token.enable",
        "token.revoke",
    ]


async def test_answer_is_kept_for_a_day(admin: Admin) -> None:
    first = await admin.post("/tokens", WISH, idempotency_key=KEY)

    admin.under.clock.advance(KEEP_S - 1)
    assert (await admin.post("/tokens", WISH, idempotency_key=KEY)).json() == first.json()
    admin.under.clock.advance(1)
    assert (await admin.post("/tokens", WISH, idempotency_key=KEY)).json()["id"] != first.json()["id"]


async def test_revoked_caller_is_refused_before_its_answer_is_found(admin: Admin) -> None:
    other = await admin.other()
    await other.post("/tokens", WISH, idempotency_key=KEY)
    await admin.post(f"/tokens/{other.id}/revoke")

    assert (await other.post("/tokens", WISH, idempotency_key=KEY)).status_code == 401


async def test_kept_answer_is_sealed_and_opens_in_its_own_row_alone(admin: Admin) -> None:
    made = (await admin.post("/tokens", WISH, idempotency_key=KEY)).json()
    other = await admin.other()
    await other.post("/tokens", WISH, idempotency_key=KEY)
    sql = await admin.under.gateway.store._sql()  # type: ignore[attr-defined]  # the store of this test is SQLite
    async with sql._engine.begin() as db:
        (content,) = (await db.exec_driver_sql("SELECT content FROM idempotency WHERE caller = ?", (admin.id,))).one()
        await db.exec_driver_sql("UPDATE idempotency SET content = ? WHERE caller = ?", (content, other.id))

    assert made["token"].encode() not in content
    assert b"token" not in content
    stolen = await other.post("/tokens", WISH, idempotency_key=KEY)
    assert (stolen.status_code, stolen.json()["code"]) == (409, "idempotency_answer_lost")


async def test_worker_that_dies_in_between_leaves_the_key_for_a_minute(admin: Admin) -> None:
    store = admin.under.gateway.store
    fingerprint = await _fingerprint(admin)
    dead = KeyedRequest(admin.id, KEY.strip('"'), fingerprint, "req_dead")
    assert await store.begin_once(dead, lease_s=LEASE_S, keep_s=KEEP_S) is None

    admin.under.clock.advance(LEASE_S - 1)
    assert (await admin.post("/tokens", WISH, idempotency_key=KEY)).status_code == 409
    admin.under.clock.advance(1)
    assert (await admin.post("/tokens", WISH, idempotency_key=KEY)).status_code == 201


async def _fingerprint(admin: Admin) -> bytes:
    """Take the fingerprint of `WISH` from a request that was made."""
    await admin.post("/tokens", WISH, idempotency_key="probe")
    found = await admin.under.gateway.store.begin_once(
        KeyedRequest(admin.id, "probe", b"", "req_probe"), lease_s=1, keep_s=1
    )
    assert isinstance(found, FirstAnswer)
    return found.fingerprint


class Broken:
    """A store whose writes fail once the work is done."""

    def __init__(self) -> None:
        self.given_up: list[str] = []

    async def begin_once(self, request: KeyedRequest, *, lease_s: float, keep_s: float) -> FirstAnswer | None:
        return None

    async def abandoned_runs(self, request: KeyedRequest) -> Sequence[str]:
        return ()

    async def finish_once(self, request: KeyedRequest, content: bytes) -> bool:
        raise Unavailable("no")

    async def give_up_once(self, request: KeyedRequest) -> bool:
        self.given_up.append(request.key)
        raise Unavailable("no")


@pytest.fixture
async def asked(admin: Admin) -> Asked:
    """Give a request with a key."""
    principal = await admin.under.gateway.tokens.identify(admin.secret.encode())
    assert principal is not None
    headers = [(b"idempotency-key", b'"a"')]
    call = Call("req_1", admin.under.clock.now(), 0.0, "http", "POST", "/tokens", headers)
    return Asked(call, principal, {})


async def nothing(asked: Asked, run: str) -> None:
    raise AssertionError("nobody left anything behind")


async def hashed(asked: Asked) -> bytes:
    return b"a key of 32 bytes, for this test"


async def done() -> Rendered:
    return Rendered(200, {}, b"{}")


async def test_answer_that_cannot_be_kept_is_given_all_the_same(admin: Admin, asked: Asked) -> None:
    assert await Repeats(Broken(), admin.under.gateway.box, nothing, hashed).once(asked, b"", done) == await done()


async def test_request_is_known_again_by_a_hash_that_nobody_makes_without_the_key(admin: Admin, asked: Asked) -> None:
    kept: list[bytes] = []

    class Noting(Broken):
        async def begin_once(self, request: KeyedRequest, *, lease_s: float, keep_s: float) -> None:
            kept.append(request.fingerprint)

    async def other(asked: Asked) -> bytes:
        return b"another key of 32 bytes, as well"

    for secret, body in ((hashed, b"a"), (hashed, b"a"), (hashed, b"b"), (other, b"a")):
        await Repeats(Noting(), admin.under.gateway.box, nothing, secret).once(asked, body, done)

    assert kept[0] == kept[1]
    assert len(set(kept)) == 3


async def test_work_in_doubt_keeps_its_key_and_what_was_refused_lets_go(
    admin: Admin, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Broken()
    once = Repeats(store, admin.under.gateway.box, nothing, hashed).once
    monkeypatch.setattr(repeats, "LONGEST_S", 0.01)

    async def unavailable() -> Any:
        raise Unavailable("the store is gone")

    async def endless() -> Any:
        await asyncio.Event().wait()

    async def refused() -> Any:
        raise BadRequest("no")

    for work in (unavailable, endless):
        with pytest.raises(Unavailable):
            await once(asked, b"", work)
    assert store.given_up == []
    with pytest.raises(BadRequest, match="no"):
        await once(asked, b"", refused)
    assert store.given_up == ["a"]


async def test_nothing_is_done_where_its_answer_could_not_be_sealed(admin: Admin, asked: Asked) -> None:
    class Keyless:
        def load(self) -> None:
            raise SetupError("no key")

    store, did = Broken(), []

    async def work() -> Rendered:
        did.append(1)
        return await done()

    with pytest.raises(Unavailable):
        await Repeats(store, Keyless(), nothing, hashed).once(asked, b"", work)  # type: ignore[arg-type]  # all that is used
    assert (did, store.given_up) == ([], ["a"])


async def test_no_secret_is_logged_of_a_repeated_request(admin: Admin) -> None:
    with capture_logs() as logged:
        made = (await admin.post("/tokens", WISH, idempotency_key=KEY)).json()
        await admin.post("/tokens", WISH, idempotency_key=KEY)

    assert made["token"] not in repr(logged)
