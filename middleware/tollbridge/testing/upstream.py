"""An upstream on a socket: answers as it is told, also with what no server should answer.

It stands on raw streams because its use is to break HTTP on purpose.
"""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self

from tollbridge.testing.links import Link, cork, reset

Step = bytes | asyncio.Event
"""What to send next, or what to wait for first."""

Pairs = Iterable[tuple[str, str]]
_START_S = 30.0
_JSON = ("content-type", "application/json")
_EVENTS = ("content-type", "text/event-stream")


@dataclass(slots=True)
class Received:
    """A request as it came: header names as they were spelt.

    `gone` is set once the client has closed the connection that carried it; `answered` once the answer is out.
    """

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    connection: int
    gone: threading.Event
    answered: threading.Event = field(default_factory=threading.Event)

    def header(self, name: str) -> str:
        """Give the value of a header, empty where there is none; raises `AssertionError` where there are several."""
        found = [value for key, value in self.headers if key.lower() == name]
        assert len(found) <= 1, f"{name} was sent {len(found)} times"
        return found[0] if found else ""

    def json(self) -> Any:
        """Give the body, decoded."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class _Answer:
    steps: Sequence[Step]
    close: bool = False
    reset: bool = False


class ScriptedUpstream:
    """Listens on a free port of 127.0.0.1 while its `async with` block, or that of `in_thread`, runs.

    Scripted answers are given in order of arrival. Without one it answers a small chat completion of 10 tokens in and
    5 out, as a stream if asked for one. Scripting is safe from other threads; an event is set with `release` there.
    """

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.url = ""
        self._answers: deque[_Answer] = deque()
        self._links: list[Link] = []
        self._serving: set[asyncio.Task[None]] = set()
        self._change = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._server = await self._loop.create_server(self._connected, "127.0.0.1", 0, backlog=1024)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()
        serving = list(self._serving)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    @classmethod
    @contextmanager
    def in_thread(cls) -> Iterator[Self]:
        """Run one with an event loop of its own in a thread, for tests that are not asynchronous."""
        upstream, ready, done = cls(), threading.Event(), asyncio.Event()

        async def run() -> None:
            async with upstream:
                ready.set()
                await done.wait()

        thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
        thread.start()
        assert ready.wait(_START_S), "the upstream did not start"
        try:
            yield upstream
        finally:
            upstream.release(done)
            thread.join(_START_S)

    def answer(self, body: object, status: int = 200, headers: Pairs = ()) -> None:
        """Queue a whole answer: bytes as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = _head(status, (_JSON, *headers, ("content-length", str(len(data)))))
        self._answers.append(_Answer((head + data,)))

    def stream(self, chunks: Iterable[Step], end: bool = True, headers: Pairs = ()) -> None:
        """Queue an event stream, one HTTP chunk a piece; without `end` it breaks off before the last chunk."""
        head = _head(200, (_EVENTS, *headers, ("transfer-encoding", "chunked")))
        steps = [step if isinstance(step, asyncio.Event) else _chunk(step) for step in chunks]
        self._answers.append(_Answer((head, *steps, b"0\r\n\r\n" if end else b""), close=not end))

    def raw(self, *steps: Step, reset: bool = False) -> None:
        """Queue bytes that are sent as they are; the connection ends after them, with a reset if so wanted."""
        self._answers.append(_Answer(steps, close=True, reset=reset))

    def release(self, event: asyncio.Event) -> None:
        """Set an event of a script from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(event.set)

    def hang_up(self) -> None:
        """End every connection from here, from any thread; calls that are being answered break off."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._hang_up)

    def _hang_up(self) -> None:
        for task in self._serving:
            task.cancel()

    async def closed(self, number: int) -> None:
        """Wait until the connection of this number, from 1, was closed by the client."""
        while len(self._links) < number or not self._links[number - 1].gone.is_set():
            await self._next_change()

    async def received(self, count: int) -> Received:
        """Wait until this many requests have come; gives the last of them."""
        while len(self.requests) < count:
            await self._next_change()
        return self.requests[count - 1]

    @property
    def connections(self) -> int:
        """How many connections were ever made."""
        return len(self._links)

    def changed(self) -> None:
        """Wake whoever waits for something to happen here."""
        self._change.set()

    async def _next_change(self) -> None:
        self._change.clear()
        await self._change.wait()

    def _connected(self) -> Link:
        number = len(self._links) + 1

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._serve(link, number, reader, writer))
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

        link = Link(serve, self.changed)
        self._links.append(link)
        self.changed()
        return link

    async def _serve(self, link: Link, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await _read(reader, number, link)) is not None:
                self.requests.append(request)
                self.changed()
                answer = self._answers.popleft() if self._answers else _default(request)
                await _send(answer, writer)
                request.answered.set()
                if answer.close:
                    link.ended_here = not link.gone.is_set()
                    if answer.reset:
                        reset(writer)
                    return
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client left, which `gone` tells
        finally:
            link.ended_here = True
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _read(reader: asyncio.StreamReader, number: int, link: Link) -> Received | None:
    """Read one request, or None at the end of the connection."""
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    except asyncio.IncompleteReadError:
        return None
    method, path, _ = lines[0].split(" ")
    headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:])]
    request = Received(method, path, headers, b"", number, link.gone)
    request.body = await reader.readexactly(int(request.header("content-length") or 0))
    return request


async def _send(answer: _Answer, writer: asyncio.StreamWriter) -> None:
    """Send an answer; the end of a connection leaves with the last bytes, so that nobody asks in between."""
    for number, step in enumerate(answer.steps, 1):
        if answer.close and not answer.reset and number == len(answer.steps):
            cork(writer)
        if isinstance(step, asyncio.Event):
            await step.wait()
        else:
            writer.write(step)
            await writer.drain()


def _head(status: int, headers: Pairs) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} Scripted\r\n{lines}\r\n".encode("latin-1")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


def event(data: object) -> bytes:
    """Write one server-sent event."""
    return f"data: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def chat_events(*words: str, usage: bool = False, model: str = "gpt-4o-mini") -> list[bytes]:
    """Write the events of a chat completion that streams, from the first word to `[DONE]`."""
    common = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": model}
    found = [event({**common, "choices": [_choice({"role": "assistant", "content": word})]}) for word in words]
    found.append(event({**common, "choices": [_choice({}, "stop")]}))
    if usage:
        found.append(event({**common, "choices": [], "usage": USAGE}))
    return [*found, DONE]


def _choice(delta: dict[str, str], reason: str | None = None) -> dict[str, object]:
    return {"index": 0, "delta": delta, "finish_reason": reason}


def _default(request: Received) -> _Answer:
    asked = json.loads(request.body) if request.body else {}
    if asked.get("stream"):
        usage = bool((asked.get("stream_options") or {}).get("include_usage"))
        pieces = [_chunk(piece) for piece in chat_events("Hello", ".", usage=usage)]
        return _Answer((_head(200, (_EVENTS, ("transfer-encoding", "chunked"))), *pieces, b"0\r\n\r\n"))
    message = {"role": "assistant", "content": "Hello."}
    body: dict[str, object] = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1}
    body |= {"model": asked.get("model", ""), "usage": USAGE}
    body["choices"] = [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}]
    data = json.dumps(body).encode()
    return _Answer((_head(200, (_JSON, ("content-length", str(len(data))))) + data,))
