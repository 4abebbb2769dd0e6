"""The eighth link: the caller's dialect and the provider's.

Where both are the same, bytes pass untouched: the model's name changes, usage is asked for in streams and read as it
passes. Where they differ, the request is read into the canonical model and written in a dialect the provider speaks,
and its answer comes back the same way.
"""

import secrets
from collections.abc import Iterable
from typing import ClassVar

import msgspec
from starlette.types import ASGIApp

from tollbridge.call import Call, Headers, Outcome, ResponseHead
from tollbridge.clock import Clock
from tollbridge.errors import InternalError, Untranslatable, UpstreamError, UpstreamTruncated
from tollbridge.formats.codec import CONVERSATION, COUNT, EMBEDDINGS, AnyCodec
from tollbridge.formats.dialect import AnswerReader, CostLine, Dialect, Envelope
from tollbridge.formats.notes import DROPPED, remark, shown
from tollbridge.formats.seal import KeyedSeal, Seal
from tollbridge.formats.translation import (
    TranslatedError,
    TranslatedStream,
    TranslatedWhole,
    Translation,
    Translator,
)
from tollbridge.formats.ways import Ways, asked_at, spoken_at, upstream_url
from tollbridge.layers.context import offered
from tollbridge.layers.kept import Kept
from tollbridge.layers.layer import Layer
from tollbridge.layers.refusal import JSON, refusal_event
from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.money import show_usd
from tollbridge.providers import Target


class Translate(Layer):
    """Picks the targets that can be asked, in the call's dialect or in their own, and reads their answers.

    `ways` are the dialects there are, `seal` keeps the state of one provider in the texts of another's dialect.
    `strict` refuses what a target cannot say; otherwise it is left out and named in `x-tollbridge-dropped`. A caller
    asks for it by `Prefer: handling=strict` (RFC 7240, section 4.4). `cost_in_stream` writes `usage.cost` (US dollars)
    beside the usage of a stream. `cap_output` sends the assumed output limit upstream where the caller set none, so
    that a reservation is a true upper bound.
    """

    name: ClassVar[str] = "translate"
    needs: ClassVar[tuple[str, ...]] = ("context",)
    opens_early = True

    def __init__(
        self,
        app: ASGIApp,
        *,
        ways: Ways | None = None,
        seal: Seal | None = None,
        strict: bool = False,
        cost_in_stream: bool = False,
        cap_output: bool = False,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(app, clock=clock)
        self._ways = ways or Ways()
        self._seal = seal or KeyedSeal(secrets.token_bytes(32))
        self._strict = strict
        self._cost_in_stream = cost_in_stream
        self._cap_output = cap_output

    def body(self, call: Call) -> None:
        if call.envelope is None or call.dialect is None:
            return
        dialect = call.dialect
        speaking = tuple(target for target in offered(call) if asked_at(dialect, call.operation, target))
        call.cap_output = self._cap_output
        codec = call.operation.codec if call.operation is not None else None
        if len(speaking) == len(call.targets):
            if codec is not None and codec.kind == COUNT:  # it is counted here should the provider not count
                call.translator = self._translator(call, dialect, call.envelope, codec)
            else:
                for target in speaking:
                    self._rewriter(call, target, streamed=call.envelope.stream)  # what cannot be read costs nothing
            return
        if codec is not None:
            call.translator = self._translator(call, dialect, call.envelope, codec)
            call.translator.read(call.body or b"")  # what is wrong in it costs nothing
            kind = codec.kind
            speaking = tuple(
                target
                for target in call.targets
                if asked_at(dialect, call.operation, target) or self._ways.of(kind, target) is not None
            )
        if not speaking and codec is not None and codec.kind == COUNT:
            call.targets = ()  # it is counted here
            return
        if not speaking:
            raise Untranslatable(
                f"the model {call.model!r} is served by a provider that cannot be asked in {dialect.name}; "
                "call it in a dialect it speaks",
                param="model",
            )
        call.targets = speaking

    def _translator(self, call: Call, dialect: Dialect, envelope: Envelope, codec: AnyCodec) -> Translator:
        return Translator(
            dialect,
            codec,
            envelope,
            self._seal,
            ways=self._ways,
            strict=self._strict or call.strict,
            now=int(call.received.timestamp()),
            call_id=call.id,
        )

    def response_head(self, call: Call, head: ResponseHead) -> None:
        target = call.target
        if target is None or call.dialect is None or call.envelope is None:
            return
        head.headers += (
            (b"x-tollbridge-model", target.model.encode("latin-1", "replace")),
            (b"x-tollbridge-provider", target.provider.name.encode("ascii")),
        )
        streamed = (head.get(b"content-type") or b"").startswith(call.stream_type)
        if call.translation is not None:
            call.reader = _translated(call, call.translation, head, streamed=streamed, cost=self._cost_line(call))
        elif 200 <= head.status <= 299:
            translator = self._rewriter(call, target, streamed=streamed)
            if translator is not None:
                call.reader = _rewritten(translator, head, streamed=streamed, cost=self._cost_line(call))
            else:
                call.reader = call.dialect.answer_reader(call.envelope, streamed=streamed, cost=self._cost_line(call))
        call.streamed = streamed

    def _rewriter(self, call: Call, target: Target, *, streamed: bool) -> Translator | None:
        """Give what writes an answer anew in the caller's own dialect; None where it passes as it is.

        That is for a stream or embeddings that the host writes amiss, and for a whole answer whose caller was told that
        a stream comes.
        """
        dialect, operation, envelope = call.dialect, call.operation, call.envelope
        if dialect is None or operation is None or envelope is None or operation.codec is None:
            return None
        codec, anew = operation.codec, dialect.name in target.provider.quirks.rewritten
        if codec.kind == CONVERSATION:
            anew = anew if streamed else call.early
        if not anew or codec.kind not in (CONVERSATION, EMBEDDINGS):
            return None
        if call.translator is None:
            call.translator = self._translator(call, dialect, envelope, codec)
            call.translator.read(call.body or b"")
        return call.translator

    def _cost_line(self, call: Call) -> CostLine | None:
        price = call.price
        if not self._cost_in_stream or price is None or call.parent:  # one made for another is read by that alone
            return None

        def line(usage: Usage) -> str | None:
            return show_usd(price.cost(usage))

        return line

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        reader = call.reader
        if reader is None:
            return [chunk] if chunk else []
        pieces = reader.feed(chunk)
        if reader.usage is not None:
            call.usage, call.usage_source = reader.usage, UsageSource.PROVIDER
        if chunk:
            return pieces
        if not reader.finished:
            call.truncated = True
            if not call.streamed:
                raise UpstreamError("the provider sent an empty answer")
            if not reader.failed:
                broken = UpstreamTruncated("the provider's answer ended before it was complete")
                call.error = broken
                pieces.append(refusal_event(call, broken))
        return pieces

    def wind_up(self, call: Call, outcome: Outcome) -> None:
        if call.translation is not None:
            answer = call.reader.notes.dropped if isinstance(call.reader, TranslatedWhole | TranslatedStream) else ()
            call.dropped = tuple(dict.fromkeys((*call.translation.notes.dropped, *answer)))
        if call.truncated and call.error is None:
            call.error = UpstreamError("the provider ended its answer with an error")


def _translated(
    call: Call, translation: Translation, head: ResponseHead, *, streamed: bool, cost: CostLine | None
) -> AnswerReader:
    """Prepare the head of an answer in another dialect than the call's, and give its reader."""
    asked = translation.notes.dropped
    if asked:
        head.set(DROPPED, translation.notes.told())
    if not 200 <= head.status <= 299:
        head.set(b"content-type", JSON)
        return TranslatedError(translation, head.status)
    head.status = 200
    dialect, streams = translation.translator.dialect, translation.translator.envelope.stream
    kind = dialect.stream_type if streams else JSON
    if head.get(b"content-type") != kind:
        head.set(b"content-type", kind)

    def tell(dropped: Iterable[str]) -> bytes:
        if streamed or call.early:
            return remark(dialect, dropped)
        head.set(DROPPED, shown((*asked, *dropped)))
        return b""

    reader = translation.reader(streamed=streamed, tell=tell, cost=cost)
    if call.early:  # nobody sees the head
        reader.notes.repeat(asked)
    return reader


def _rewritten(translator: Translator, head: ResponseHead, *, streamed: bool, cost: CostLine | None) -> AnswerReader:
    """Give the reader of an answer in the call's own dialect that is written anew, a conversation as a stream."""
    dialect = translator.dialect
    if translator.codec.kind == CONVERSATION:
        head.set(b"content-type", dialect.stream_type)
    return translator.rewritten(streamed=streamed, tell=lambda dropped: remark(dialect, dropped), cost=cost)


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """What one target is sent: URL, headers of the caller's that it may see, and the body."""

    url: str
    headers: Headers
    body: bytes


def write_upstream(call: Call, target: Target) -> Outgoing:
    """Write the request for one target; raises `Untranslatable` for what it cannot be told."""
    dialect, operation, envelope = call.dialect, call.operation, call.envelope
    if dialect is None or operation is None or envelope is None or call.body is None:
        raise InternalError("a model call without a dialect")
    limit, quirks = None, target.provider.quirks
    if call.cap_output and envelope.max_output is None and call.estimate is not None:
        limit = call.estimate.output // envelope.answers
    own = asked_at(dialect, operation, target)
    if own:
        call.translation, call.stream_type = None, dialect.stream_type
        body = dialect.readdress(call.body, envelope, model=target.model, max_output=limit, quirks=quirks)
        url = upstream_url(own, operation, target.model, stream=call.stream, quirks=quirks)
        return Outgoing(url, call.headers, body)
    if call.translator is None:
        raise InternalError("a target that no layer has checked")
    translation = call.translation = call.translator.to(target, call.body, limit)
    way = translation.way
    call.stream_type = way.dialect.stream_type
    theirs = spoken_at(way.dialect, target.base_urls)
    url = upstream_url(theirs, way.operation, target.model, stream=call.stream, quirks=quirks)
    return Outgoing(url, _common(call, translation), translation.written(target))


_OTHERS = (b"anthropic-", b"openai-", b"x-goog-", b"x-amz", b"accept", b"prefer")
"""How headers begin that a provider of another dialect does not know, or would take for its own."""


_shared = Kept(lambda name: not name.startswith(_OTHERS))


def _common(call: Call, translation: Translation) -> Headers:
    """Give the caller's headers without those of its dialect's vendor, which another does not know."""
    given = dict(call.headers)
    for name in (b"anthropic-beta", b"openai-beta"):
        if name in given:
            translation.notes.drop(name.decode("ascii"))
    return _shared.of(call.headers)
