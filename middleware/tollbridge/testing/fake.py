"""A fake upstream: answers in process, and keeps what would have left."""

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from tollbridge.errors import GatewayError, UpstreamError
from tollbridge.transport.base import Transport, UpstreamRequest, UpstreamResponse


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that would have left: header names in lower case."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> object:
        """Give the body, decoded."""
        return json.loads(self.body)


@dataclass(slots=True)
class Reply:
    """What the upstream answers: `chunks` make a stream, `error` is raised instead of an answer."""

    status: int = 200
    body: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=lambda: [(b"content-type", b"application/json")])
    chunks: tuple[bytes, ...] | None = None
    error: GatewayError | None = None


class FakeUpstream:
    """Stands in for every provider.

    Without a reply queued it answers a chat completion of 1,000 tokens in and 500 out, as a stream if asked for one.
    """

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self._replies: deque[Reply] = deque()

    def reply(self, body: object, *, status: int = 200, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Queue an answer: bytes as they are, anything else as JSON; its type is JSON unless `headers` say another."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        shown = [(name.lower().encode(), value.encode()) for name, value in headers]
        kind = [] if b"content-type" in dict(shown) else [(b"content-type", b"application/json")]
        self._replies.append(Reply(status, data, [*kind, *shown]))

    def stream(self, chunks: Iterable[bytes]) -> None:
        """Queue an event stream in these pieces; one that ends without its terminal event is a truncated one."""
        self._replies.append(Reply(headers=[(b"content-type", b"text/event-stream")], chunks=tuple(chunks)))

    def fail(self, error: GatewayError) -> None:
        """Queue an error of the transport, such as `UpstreamUnreachable`."""
        self._replies.append(Reply(error=error))

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        self.sent.append(Sent(request.method, request.url, headers, request.body))
        reply = self._replies.popleft() if self._replies else _default(request.body)
        if reply.error is not None:
            raise reply.error
        return FakeAnswer(reply)

    async def close(self) -> None:
        """Nothing is open."""


class FakeAnswer:
    """The answer of a fake upstream."""

    def __init__(self, reply: Reply) -> None:
        self.status = reply.status
        self.headers = list(reply.headers)
        self._chunks = deque(reply.chunks if reply.chunks is not None else (reply.body,))

    async def read(self, limit: int) -> bytes:
        body = b"".join(self._chunks)
        if len(body) > limit:
            raise UpstreamError(f"the provider's answer is over {limit} bytes")
        return body

    async def next_chunk(self) -> bytes:
        while self._chunks:
            chunk = self._chunks.popleft()
            if chunk:
                return chunk
        return b""

    async def close(self) -> None:
        self._chunks.clear()


def _default(body: bytes) -> Reply:
    asked = json.loads(body) if body else {}
    model = asked.get("model", "")
    usage = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
    common = {"id": "chatcmpl-1", "created": 1, "model": model}
    if not asked.get("stream"):
        message = {"role": "assistant", "content": "Hello."}
        choices: list[object] = [{"index": 0, "message": message, "finish_reason": "stop"}]
        answer = {**common, "object": "chat.completion", "choices": choices, "usage": usage}
        return Reply(body=json.dumps(answer).encode())
    events: list[object] = [
        {**common, "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hello."}}]},
        {**common, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {**common, "choices": [], "usage": usage},
    ]
    chunks = [f"data: {json.dumps(event)}\n\n".encode() for event in events]
    return Reply(headers=[(b"content-type", b"text/event-stream")], chunks=(*chunks, b"data: [DONE]\n\n"))


_: tuple[type[Transport], type[UpstreamResponse]] = (FakeUpstream, FakeAnswer)
