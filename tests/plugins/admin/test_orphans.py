"""What a worker made that died before it answered is taken back, and made again, when the same is asked again."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.admin.conftest import BASE, Admin, an_admin
from tests.support.postgres import PostgresServer
from tests.support.requires import requires

from tollbridge import Actor
from tollbridge.testing import FixedClock
from tollbridge.testing.gateway import make_gateway
from tollbridge_admin.repeats import LEASE_S

KEY = '"4f9c"'
HOOK = {"name": "ours", "url": "https://hooks.example.com/in", "events": ["person.*"]}


class Worker:
    """A process whose children die when they are asked something."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.plugins.admin.dying"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )

    def ask(self, told: dict[str, Any]) -> str:
        """Ask a child; gives how it ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(told)}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


class Dying:
    """Somebody who administers a gateway, another worker of which dies when it is asked something."""

    def __init__(self, admin: Admin, worker: Worker, config: dict[str, Any], data: Path) -> None:
        self.admin = admin
        self._worker = worker
        self._told = {"config": config, "data": str(data), "secret": admin.secret, "key": KEY}

    def ask(self, path: str, body: Any = None) -> None:
        """Ask the worker that dies."""
        at = self.admin.under.clock.now().isoformat()
        assert self._worker.ask({**self._told, "path": BASE + path, "body": body or {}, "at": at}) == "killed"

    async def again(self, path: str, body: Any = None) -> Any:
        """Ask the same again of a worker that lives, once the key is free."""
        early = await self.admin.post(path, body or {}, idempotency_key=KEY)
        assert early.json()["code"] == "idempotency_key_in_use"
        self.admin.under.clock.advance(LEASE_S)
        reply = await self.admin.post(path, body or {}, idempotency_key=KEY)
        assert reply.status_code in (200, 201), reply.text
        assert (await self.admin.post(path, body or {}, idempotency_key=KEY)).json() == reply.json()
        return reply.json()

    async def secrets(self, id: str) -> int:
        token = await self.admin.under.gateway.store.get_token(id)
        assert token is not None
        return len(token.secrets)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=requires("postgres"))])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 't.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.url(request.getfixturevalue("postgres_database"))


@pytest.fixture
async def dying(url: str, worker: Worker, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Dying]:
    config = {"store": {"url": url}, "logging": {"access": False}, "tokens": {"imported": ["sha256"]}}
    under = make_gateway(config, data=tmp_path / "data", clock=FixedClock())
    yield Dying(await an_admin(under), worker, config, tmp_path / "data")
    await under.close()


async def test_secret_that_nobody_was_given_is_taken_back_and_another_made(dying: Dying) -> None:
    made = await dying.admin.make()
    path, wish = f"/tokens/{made['id']}/rotate", {"overlap_s": 3_600}
    dying.ask(path, wish)
    assert await dying.secrets(made["id"]) == 2

    rotated = await dying.again(path, wish)

    assert await dying.secrets(made["id"]) == 2
    tokens = dying.admin.under.gateway.tokens
    for secret in (made["token"], rotated["token"]):
        assert await tokens.identify(secret.encode()) is not None
    actions = [record.action for record in await dying.admin.records()]
    assert actions[2:] == ["token.rotate", "token.withdraw", "token.rotate"]


async def test_what_was_imported_stays_for_its_secret_is_the_callers_own(dying: Dying) -> None:
    rows = [{"name": "shop", "scopes": ["ai:chat"], "hash": f"sha256:{number:064x}"} for number in range(2)]
    dying.ask("/tokens/import", {"tokens": rows})

    again = await dying.again("/tokens/import", {"tokens": rows})

    assert again["ids"] == [None, None]
    tokens = (await dying.admin.get("/tokens?q=shop")).json()["items"]
    assert [one["state"] for one in tokens] == ["active", "active"]


async def test_secret_before_that_ended_at_once_is_followed_by_one_that_opens(dying: Dying) -> None:
    made = await dying.admin.make()
    path = f"/tokens/{made['id']}/rotate"
    dying.ask(path, {"overlap_s": 0})

    rotated = await dying.again(path, {"overlap_s": 0})

    assert await dying.secrets(made["id"]) == 1
    assert await dying.admin.under.gateway.tokens.identify(rotated["token"].encode()) is not None


async def test_many_that_were_rotated_are_rotated_again(dying: Dying) -> None:
    ids = [(await dying.admin.make())["id"] for _ in range(3)]
    dying.ask("/tokens/rotate", {"ids": ids})

    rotated = await dying.again("/tokens/rotate", {"ids": ids})

    assert [one["result"] for one in rotated["items"]] == ["rotated"] * 3
    assert [await dying.secrets(id) for id in ids] == [2, 2, 2]


async def test_token_that_nobody_was_given_is_ended_and_another_made(dying: Dying) -> None:
    wish = {"name": "shop", "scopes": ["ai:chat"]}
    dying.ask("/tokens", wish)

    made = await dying.again("/tokens", wish)

    states = {token.id: token.state.value for token in await dying.admin.under.gateway.store.list_tokens()}
    assert sorted(states.values()) == ["active", "active", "revoked"]
    assert states[made["id"]] == "active"


@pytest.mark.parametrize("step", ["", "rotate"])
async def test_key_that_nobody_was_given_is_removed_and_another_made(dying: Dying, step: str) -> None:
    path = f"/tokens/{(await dying.admin.make())['id']}/credentials"
    first = (await dying.admin.post(path, {"kind": "hmac"})).json() if step else {}
    asked, body = (f"{path}/{first['id']}/rotate", None) if step else (path, {"kind": "hmac"})
    dying.ask(asked, body)

    made = await dying.again(asked, body)

    live = {one["id"] for one in (await dying.admin.get(path)).json()["items"]}
    assert live == {made["id"], *([first["id"]] if step else [])}


async def test_webhook_and_its_secret_are_made_again_too(dying: Dying) -> None:
    dying.ask("/webhooks", HOOK)

    made = await dying.again("/webhooks", HOOK)

    assert [one["id"] for one in (await dying.admin.get("/webhooks")).json()["items"]] == [made["id"]]


async def test_secret_of_a_webhook_is_made_again(dying: Dying) -> None:
    made = (await dying.admin.post("/webhooks", HOOK)).json()
    path = f"/webhooks/{made['id']}/rotate-secret"
    dying.ask(path)

    rotated = await dying.again(path)

    assert rotated["secret"] != made["secret"]
    store = await dying.admin.under.gateway.store.webhooks()
    webhook = await store.get_webhook(made["id"])
    assert webhook is not None
    secrets, now = dying.admin.under.gateway.webhooks._secrets, dying.admin.under.clock.now()
    assert len(await secrets.signing(webhook.id, webhook.sealed, now)) == 2


async def test_secret_that_is_being_handed_over_arrives_once(dying: Dying) -> None:
    hook = (await dying.admin.post("/webhooks", HOOK)).json()
    made = await dying.admin.make()
    wish = {"ids": [made["id"]], "into": f"webhook:{hook['id']}"}
    dying.ask("/tokens/rotate", wish)

    again = await dying.again("/tokens/rotate", wish)

    assert [one["result"] for one in again["items"]] == ["handing_over"]
    assert await dying.secrets(made["id"]) == 2
    assert "token.withdraw" not in [record.action for record in await dying.admin.records()]


async def test_secret_that_was_handed_over_meanwhile_is_not_taken_back(dying: Dying) -> None:
    hook = (await dying.admin.post("/webhooks", HOOK)).json()
    made = await dying.admin.make()
    wish = {"ids": [made["id"]], "into": f"webhook:{hook['id']}"}
    dying.ask("/tokens/rotate", wish)
    for _ in range(4):
        await dying.admin.under.gateway.jobs.run_due()
        dying.admin.under.clock.advance(LEASE_S + 10)

    again = await dying.admin.post("/tokens/rotate", wish, idempotency_key=KEY)

    assert [one["result"] for one in again.json()["items"]] == ["conflict"]  # two of its secrets open
    (sent,) = [json.loads(one.body) for one in dying.admin.under.sent]
    assert await dying.admin.under.gateway.tokens.identify(sent["data"]["secret"].encode()) is not None
    actions = [record.action for record in await dying.admin.records()]
    assert "token.rotated_automatically" in actions
    assert "token.withdraw" not in actions


async def test_what_has_no_secret_is_done_again_and_nothing_is_taken_back(dying: Dying) -> None:
    made = await dying.admin.make()
    dying.ask(f"/tokens/{made['id']}/disable")

    again = await dying.again(f"/tokens/{made['id']}/disable")

    assert again["state"] == "disabled"


async def test_worker_that_dies_twice_leaves_one_secret_too(dying: Dying) -> None:
    made = await dying.admin.make()
    path = f"/tokens/{made['id']}/rotate"
    dying.ask(path)
    dying.admin.under.clock.advance(LEASE_S)
    dying.ask(path)

    await dying.again(path)

    assert await dying.secrets(made["id"]) == 2


async def test_records_of_others_and_of_other_requests_are_left_alone(dying: Dying) -> None:
    other, made = await dying.admin.other(), await dying.admin.make()
    before = await dying.admin.make()
    act = await dying.admin.under.gateway.tokens.act(Actor(dying.admin.id, "api", "", "req_other"))
    for _ in range(210):  # more than a page of records before, and behind
        await dying.admin.under.gateway.store.note(act, "audit.read", "")
    dying.ask(f"/tokens/{made['id']}/rotate")
    for _ in range(210):
        await dying.admin.under.gateway.store.note(act, "audit.read", "")

    await dying.again(f"/tokens/{made['id']}/rotate")

    assert await dying.secrets(made["id"]) == 2
    for one in (other.secret, before["token"], made["token"]):
        assert await dying.admin.under.gateway.tokens.identify(one.encode()) is not None
