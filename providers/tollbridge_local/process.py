"""One run of the model server, as a child process that ends with this one."""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx2

from tollbridge_local.errors import ENGINE_MISSING, LocalModelError, explain
from tollbridge_local.weights import CONTEXT, MODEL, find_weights

HOST = "127.0.0.1"
START_TIMEOUT_S = 120.0
"""Longest wait for a start; 2 to 5 s are usual, a cold disk or a busy machine takes longer."""
STOP_GRACE_S = 5.0
LONGEST_EMBEDDED = 512
"""Tokens of one input to embed.  Measured: the server grows to 0.7 GB with 512, to 1.2 GB with 2048."""
_CHILD = Path(__file__).with_name("child.py")
_LINES = 200
_LINE_BYTES = 500
_CHUNK_BYTES = 65_536
_POLL_S = 0.1

Say = Callable[[str], None]


def _spare_cores() -> int:
    """Give the cores to compute on, at most 4: one is left to the gateway.

    The engine's threads wait for each other by spinning, unless OMP_WAIT_POLICY is passive. Measured on 2 cores beside
    two busy processes, in tokens a second: 1 with 2 spinning threads, 13 to 15 with 2 passive ones, 17 with 1.
    """
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return max(1, min(4, cores - 1))


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model server runs.

    `port` 0 takes a free one. `context` is tokens for one request, `slots` how many are computed at once; each slot
    takes 23 KB of memory a token of context. Raises `LocalModelError` for a key that no header can carry.
    """

    port: int = 0
    threads: int = field(default_factory=_spare_cores)
    context: int = CONTEXT
    slots: int = 2
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def __post_init__(self) -> None:
        if not self.key or any(not "!" <= sign <= "~" for sign in self.key):
            raise LocalModelError("the key of the local model must be visible ASCII characters without spaces")

    def shown(self, model: Path) -> dict[str, object]:
        """Give them as the child reads them."""
        return {
            "parent": os.getpid(),
            "model": str(model),
            "name": MODEL,
            "host": HOST,
            "port": self.port,
            "key": self.key,
            "context": self.context,
            "slots": self.slots,
            "batch": min(self.context, LONGEST_EMBEDDED),
            "threads": self.threads,
            "connections": 32,
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Where a running model server is reached: `url` without a path, and the key it asks for."""

    url: str
    key: str = field(repr=False)
    pid: int

    async def answers(self) -> bool:
        """Whether it is there, serves, and knows the key: whatever else may listen there does not."""
        headers = {"authorization": f"Bearer {self.key}"}
        try:
            async with httpx2.AsyncClient(timeout=5.0, trust_env=False) as client:
                response = await client.get(f"{self.url}/v1/models", headers=headers)
                return response.status_code == 200 and MODEL in response.text
        except httpx2.HTTPError:
            return False


def _check_free(port: int) -> None:
    """Refuse a port in use: the engine says so too, but often ends before its words are written."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as exc:
            raise explain(None, [f"couldn't bind {HOST}:{port}: {exc.strerror}"]) from exc


class Child:
    """A model server that was started.  `place` says where it listens, `lines` hold the end of its log."""

    def __init__(self, process: Process, say: Say) -> None:
        self.place = Place("", "", process.pid)
        self.lines: deque[str] = deque(maxlen=_LINES)
        self._process = process
        self._say = say
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def launch(cls, settings: Settings, say: Say) -> Self:
        """Start one and wait until it answers; raises `LocalModelError`, with nothing left running.

        `say` is called with each line of its log.
        """
        model = find_weights()
        _check_free(settings.port)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", str(_CHILD)),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env={"OMP_WAIT_POLICY": "passive", **os.environ},
                start_new_session=True,  # Ctrl-C is the gateway's to handle: running calls are settled first
            )
        except OSError as exc:
            raise LocalModelError(f"the local model did not start: {sys.executable} cannot be run ({exc})") from exc
        child = cls(process, say)
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await child._ready(settings, model)
        except TimeoutError:
            await child.stop()
            raise explain(None, child.lines) from None
        except BaseException:
            await child.stop()
            raise
        return child

    async def wait(self) -> int:
        """Wait for its end; gives the exit status, negative for a signal."""
        return await self._process.wait()

    async def stop(self) -> None:
        """End it: SIGTERM, then SIGKILL after a grace."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.terminate()
        try:
            async with asyncio.timeout(STOP_GRACE_S):
                await self._process.wait()
        except TimeoutError:
            self.kill()
            await self._process.wait()
        except asyncio.CancelledError:
            self.kill()
            raise
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._reader

    def kill(self) -> None:
        """End it now, without waiting; for an event loop that is gone or going."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    async def _ready(self, settings: Settings, model: Path) -> None:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("a child without pipes")
        with suppress(ConnectionError):  # it died already; its status says more
            stdin.write(json.dumps(settings.shown(model)).encode() + b"\n")
            await stdin.drain()
        answer = await stdout.readline()
        if not answer.endswith(b"\n"):  # it died before, or within, its answer
            raise explain(await self.wait(), await self._said())
        said: dict[str, Any] = json.loads(answer)
        if "url" not in said:
            status = await self.wait()
            if said.get("problem") == "engine":
                raise _engine_problem(str(said.get("reason")))
            raise explain(status, await self._said(), str(said.get("reason")))
        self.place = Place(str(said["url"]), settings.key, self._process.pid)
        while not await self.place.answers():
            if self._process.returncode is not None:
                raise explain(self._process.returncode, await self._said())
            await asyncio.sleep(_POLL_S)

    async def _said(self) -> deque[str]:
        """Give the end of its log once it has ended."""
        await self._reader
        return self.lines

    async def _read(self) -> None:
        stderr = self._process.stderr
        rest = b""
        while stderr is not None and (chunk := await stderr.read(_CHUNK_BYTES)):
            *lines, rest = (rest + chunk).split(b"\n")
            rest = rest[:_LINE_BYTES]
            for line in lines:
                self._hear(line)
        self._hear(rest)

    def _hear(self, raw: bytes) -> None:
        line = raw[:_LINE_BYTES].decode("utf-8", "replace").rstrip()
        if line:
            self.lines.append(line)
            self._say(line)


def _engine_problem(reason: str) -> LocalModelError:
    if reason == "No module named 'xllamacpp'":
        return LocalModelError(ENGINE_MISSING)
    return LocalModelError(f"the local model's engine does not load ({reason}); run: pip install --upgrade xllamacpp")
