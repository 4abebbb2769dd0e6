"""Sessions over a WebSocket (https://platform.openai.com/docs/guides/realtime-websocket, read 2026-11).

The model stands in the query and holds for the session. Its messages pass untouched, so that a session can have its
input transcribed by a second model, which is neither seen nor metered here.
"""

from urllib.parse import quote, unquote_plus

import msgspec

from tollbridge import BadRequest, Quirks, Usage
from tollbridge.formats import UNREADABLE, AnswerReader, CostLine, Envelope, Operation
from tollbridge_openai.side_dialects import SideDialect
from tollbridge_openai.side_usage import added

HEARD = 32_000
"""Tokens that go into one answer at most: the context of gpt-realtime, all of which is heard anew for each answer."""
SAID = 4_096
"""Tokens of one answer at most: the highest `max_output_tokens` there is."""
_NOT_SERVED = ("call_id", "intent")
"""Of a call by telephone or WebRTC that was opened elsewhere; of a session that has no model of its own."""


class _Part(msgspec.Struct):
    cached_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None
    cached_tokens_details: "_Part | None" = None

    def audio(self) -> int:
        return max(0, self.audio_tokens or 0)

    def image(self) -> int:
        return max(0, self.image_tokens or 0)


class WireUsage(msgspec.Struct):
    """`response.usage`: what is cached is a part of `input_tokens` and of the kind it is of (openai 3.57)."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    input_token_details: _Part | None = None
    output_token_details: _Part | None = None

    def read(self) -> Usage:
        """Give the disjoint buckets; parts larger than their whole are cut down to it."""
        asked, given = max(0, self.input_tokens or 0), max(0, self.output_tokens or 0)
        heard = self.input_token_details or _Part()
        known = heard.cached_tokens_details or _Part()
        cached = min(asked, max(0, heard.cached_tokens or 0))
        audio = min(asked - cached, max(0, heard.audio() - known.audio()))
        image = min(asked - cached - audio, max(0, heard.image() - known.image()))
        spoken = min(given, (self.output_token_details or _Part()).audio())
        return Usage(
            input=asked - cached - audio - image,
            cache_read=cached,
            audio_input=audio,
            image_input=image,
            output=given - spoken,
            audio_output=spoken,
        )


class _Response(msgspec.Struct):
    usage: WireUsage | None = None


class _Done(msgspec.Struct):
    response: _Response | None = None


class _Typed(msgspec.Struct):
    type: str = ""


_decode_type = msgspec.json.Decoder(_Typed).decode
_decode_done = msgspec.json.Decoder(_Done).decode


class SessionReader:
    """Reads what a provider says in a session, message by message.

    `pieces` is how many answers were begun, `finished` whether none of them is under way; `usage` sums up those that
    are done.
    """

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.finished = True
        self.failed = False
        self.pieces = 0
        self._done = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        if b'"response.created"' in chunk or b'"response.done"' in chunk:
            try:
                kind = _decode_type(chunk).type
            except UNREADABLE:
                kind = ""
            if kind == "response.created":
                self.pieces += 1
            elif kind == "response.done":
                self._done += 1
                self.pieces = max(self.pieces, self._done)
                self._add(chunk)
            self.finished = self._done >= self.pieces
        return [chunk] if chunk else []

    def _add(self, chunk: bytes) -> None:
        try:
            response = _decode_done(chunk).response
        except UNREADABLE:
            return
        if response is not None and response.usage is not None:
            self.usage = added(self.usage, response.usage.read())


class RealtimeDialect(SideDialect):
    """`GET /v1/realtime?model=...` as a WebSocket.

    One answer with a full context is reserved, for nobody knows how many there will be: `HEARD` and `SAID` tokens. A
    browser's key stands among the subprotocols (openai 6.49 in JavaScript, `realtime/websocket`, read 2026-11).
    """

    name = "openai-realtime"
    keep_alive = b""
    operations = (
        Operation(
            "ai:realtime",
            "realtime",
            "GET",
            path="/v1/realtime",
            upstream="/realtime",
            socket=True,
            subprotocols=("realtime", "openai-beta.realtime-v1"),
            secret_subprotocol="openai-insecure-api-key.",
        ),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        pairs = _pairs(body)
        for name, _ in pairs:
            if name in _NOT_SERVED:
                raise BadRequest(f"sessions with {name!r} are not served here; open one with 'model'", param=name)
        models = [value for name, value in pairs if name == "model"]
        if len(models) != 1 or not models[0] or not models[0].isprintable():
            raise BadRequest("the query must name one model, as ?model=gpt-realtime", param="model")
        return Envelope(models[0], stream=True, max_output=SAID, input_bound=HEARD, asks_usage=True)

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        """Change the model's name in the query; every other byte stays."""
        named = b"model=%b" % quote(model, safe="").encode("ascii")
        parts = body.split(b"&")
        names = [name for name, _ in _pairs(body)]
        return b"&".join(named if name == "model" else part for name, part in zip(names, parts, strict=True))

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return SessionReader()


def _pairs(query: bytes) -> list[tuple[str, str]]:
    """Read a query; raises `BadRequest` for what two servers could read differently."""
    if not all(0x21 <= byte <= 0x7E and byte not in b";#\\" for byte in query):
        raise BadRequest("the query holds a character that must be escaped", param="model")
    pairs = (part.partition(b"=") for part in query.split(b"&"))
    return [(unquote_plus(name.decode("ascii")), unquote_plus(value.decode("ascii"))) for name, _, value in pairs]
