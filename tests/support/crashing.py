"""A bridge whose worker is killed at every step of a rotation in turn, and what must hold each time."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from tests.support.crashworker import Receiver

from tollbridge.audit import OPERATOR
from tollbridge.gateway import Gateway
from tollbridge.testing.clock import FixedClock
from tollbridge.tokens.model import Token

DAY_S = 86_400
OVERLAP_S = 3_600
WORKER = Path(__file__).with_name("crashworker.py")


class Bridge:
    """A gateway of this process, and a process whose children are killed; both work on one database."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder = folder / "secrets"
        self.folder.mkdir()
        self.received = folder / "received"
        self.received.touch()
        config = {
            "store": {"url": store},
            "rotation": {"folder": str(self.folder)},
            "jobs": {"enabled": False},
            "logging": {"access": False},
        }
        data = str(folder / "data")
        self.clock = FixedClock()
        receiver = Receiver(self.received)
        self.gateway = Gateway(config, clock=self.clock, env={"TOLLBRIDGE_DATA": data}, transport=receiver)
        self._told = {"config": config, "data": data, "received": str(self.received)}

    async def __aenter__(self) -> Self:
        await self.gateway.start()
        self._worker = subprocess.Popen(
            [sys.executable, str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        self._say(json.dumps(self._told))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._worker.kill()
        self._worker.communicate()
        await self.gateway.stop()

    def _say(self, line: str) -> None:
        assert self._worker.stdin is not None
        self._worker.stdin.write(f"{line}\n")
        self._worker.stdin.flush()

    def kill_at(self, step: int) -> str:
        """Have a child do what is due, and be killed at that step; says how it ended."""
        assert self._worker.stdout is not None
        self._say(f"{step} {self.clock.now().isoformat()}")
        return self._worker.stdout.readline().strip()

    async def opens(self, secrets: Sequence[str]) -> list[bool]:
        """Say which secrets open."""
        return [await self.gateway.tokens.identify(secret.encode()) is not None for secret in secrets]

    def arrived(self, token: Token, kind: str) -> list[str]:
        """Give the secrets of a token that arrived where they are used."""
        if kind == "file":
            path = self.folder / token.id
            return [path.read_text().strip()] if path.exists() else []
        said: list[dict[str, Any]] = [json.loads(line)["data"] for line in self.received.read_text().splitlines()]
        return list(dict.fromkeys(data["secret"] for data in said if data["id"] == token.id))

    async def work(self) -> None:
        """Do the jobs, as a worker does that goes on where another was killed."""
        for _ in range(3):
            for job in ("rotate_secrets", "send_webhooks"):
                await self.gateway.jobs.known[job].run(self.gateway)
            self.clock.advance(200)  # the lease of who was killed ends

    async def token(self, into: str) -> tuple[Token, str]:
        """Make a token whose secret changes by itself; gives it and its secret."""
        made = await self.gateway.tokens.issue(name="shop", by=OPERATOR)
        place = into.replace("ID", made.token.id)
        await self.gateway.rotations.set(made.token, into=place, days_before=14, overlap_s=OVERLAP_S, by=OPERATOR)
        return made.token, made.secret


async def check_every_step(bridge: Bridge, kind: str) -> int:
    """Kill a worker at each step of a rotation, one after the other; gives how many steps there are."""
    into = "file:ID"
    if kind == "webhook":
        hook = await bridge.gateway.webhooks.create(
            name="hook", url="https://hooks.example.com/in", events=["person.*"], by=OPERATOR
        )
        into = f"webhook:{hook.webhook.id}"
    step = 0
    while True:
        step += 1
        token, old = await bridge.token(into)
        bridge.clock.advance(80 * DAY_S)
        how = bridge.kill_at(step)
        assert how in ("killed", "ended with 0"), f"step {step}: {how}"
        new = bridge.arrived(token, kind)
        assert len(new) <= 1, step
        assert await bridge.opens([old, *new]) == [True] * (1 + len(new)), step
        if how == "killed":
            bridge.clock.advance(20 * DAY_S)  # nobody worked for long, and the old secret's own time is over
            begun = (await bridge.gateway.rotations.get(token.id))[1] is not None
            assert (await bridge.opens([old]))[0] or not begun, step
            assert await bridge.opens(new) == [True] * len(new), step
        await bridge.work()
        (handed,) = bridge.arrived(token, kind)
        assert handed in (new or [handed]), step
        assert await bridge.opens([handed]) == [True], step
        bridge.clock.advance(OVERLAP_S)
        assert await bridge.opens([old, handed]) == [False, True], step
        await _check_end(bridge, token, step)
        if how != "killed":
            return step - 1


async def _check_end(bridge: Bridge, token: Token, step: int) -> None:
    """Nothing is left of it but what was recorded, once."""
    found = await bridge.gateway.store.get_token(token.id)
    assert found is not None
    assert len(found.secrets) == 1, step
    assert (await bridge.gateway.rotations.get(token.id))[1] is None, step
    records = await bridge.gateway.store.list_audit(target=token.id, limit=20)
    actions = [record.action for record in records][::-1]
    assert actions == ["token.issue", "token.set_rotation", "token.rotate", "token.rotated_automatically"], step
    assert sorted(path.name for path in bridge.folder.iterdir() if path.name.startswith(".")) == [], step
    await bridge.gateway.tokens.revoke(token.id, by=OPERATOR)
