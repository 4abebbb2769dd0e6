"""Workers of `crashing.py`, each killed at a step of its own; not a test.

For each line of input, a step and a time, a child does what is due and dies at that step: before a transaction begins
or is committed, before a file is opened or gets its name, before or after a receiver has a message.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, event

from tollbridge.audit import OPERATOR
from tollbridge.gateway import Gateway
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.fake import FakeAnswer, Reply
from tollbridge.transport.base import UpstreamRequest, UpstreamResponse


class Receiver:
    """A transport to a receiver that writes down each body it gets."""

    def __init__(self, path: Path, step: Callable[..., None] = lambda: None) -> None:
        self._path = path
        self._step = step

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        self._step()
        with self._path.open("ab") as file:
            file.write(request.body + b"\n")
        self._step()
        return FakeAnswer(Reply())

    async def close(self) -> None:
        pass


def die_at(number: int) -> Callable[..., None]:
    """Have this process killed at a step; gives what counts one."""
    left = number

    def step(*_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(name: str, said: tuple[Any, ...]) -> None:
        if name == "os.rename" or (name == "open" and str(said[0]).startswith(".")):
            step()

    for one in ("begin", "commit"):
        event.listen(Engine, one, step)
    sys.addaudithook(heard)
    return step


async def work(config: dict[str, Any], at: str, number: int) -> None:
    """Change the secret, hand it over and note it, as the jobs do one after the other."""
    receiver = Receiver(Path(config["received"]))
    clock = FixedClock(datetime.fromisoformat(at))
    gateway = Gateway(config["config"], clock=clock, env={"TOLLBRIDGE_DATA": config["data"]}, transport=receiver)
    await gateway.start()
    await gateway.store.follow_audit()
    await gateway.tokens.act(OPERATOR)
    receiver._step = die_at(number)
    for job in ("rotate_secrets", "send_webhooks", "rotate_secrets"):
        await gateway.jobs.known[job].run(gateway)
    os._exit(0)


def main() -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    config = json.loads(sys.stdin.readline())
    for line in sys.stdin:
        number, at = line.split()
        child = os.fork()
        if not child:
            asyncio.run(work(config, at, int(number)))
        _, status = os.waitpid(child, 0)
        print("killed" if os.WIFSIGNALED(status) else f"ended with {os.WEXITSTATUS(status)}", flush=True)


if __name__ == "__main__":
    main()
