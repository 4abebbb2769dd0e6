"""What OpenAI serves beside text: pictures, moderation, speech and transcripts.  Passed through and metered.

Paths and bodies: https://platform.openai.com/docs/api-reference (read 2026-11) and the official SDK (openai 3.57). They
share the base URL of chat; a host that lacks one of them says so itself.
"""

from collections.abc import Mapping, Sequence

from tollbridge import GatewayError, Quirks
from tollbridge.formats import (
    AnswerReader,
    CostLine,
    Dialect,
    Envelope,
    ModelEntry,
    Operation,
    WholeReader,
    readdressed,
)
from tollbridge_openai.dialects import ChatDialect
from tollbridge_openai.errors import write_error
from tollbridge_openai.side_bodies import Asked, is_form, read_form, read_json
from tollbridge_openai.side_forms import with_field
from tollbridge_openai.side_readers import BytesReader, LooseReader, SpeechReader, StreamReader
from tollbridge_openai.side_usage import answer_usage

DRAWN = 25_000
"""Tokens for a picture that comes out.

gpt-image-2 at quality "high" makes 23,718 of 2880 x 2880 points, its most, by the formula behind OpenAI's calculator
(community.openai.com/t/1382699); each of three partial pictures 100 more (read 2026-11, not measured).
"""
SPOKEN = 2
"""Tokens of sound for a byte of text: 21 a second (0.015 USD a minute at 12 USD a million) for 12 letters or more."""
_LISTS = ChatDialect()
"""Lists models as all of OpenAI's dialects do."""


class SideDialect:
    """What they have in common.  A body is JSON, or a form where its operation takes one."""

    name = ""
    base = "openai-chat"
    stream_type = b"text/event-stream"
    keep_alive = b": keep-alive\n\n"
    operations: Sequence[Operation] = ()

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        asked = self._read(operation, body)
        most = self._most(asked, body)
        return Envelope(
            model=asked.model,
            stream=asked.stream,
            max_output=most,
            input_bound=asked.bound,
            asks_usage=True,
            answers=asked.answers,
            outputs_tokens=most != 0,
        )

    def _read(self, operation: Operation, body: bytes) -> Asked:
        return read_json(body)

    def _most(self, asked: Asked, body: bytes) -> int | None:
        """Give an upper bound for what is generated, in tokens; None where the model's own limit holds."""
        return None

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        """Change the model's name.  There is no output limit to set, and a form has none of the fields of a quirk."""
        named = model == envelope.model
        if is_form(body):
            return body if named else with_field(body, "model", model.encode("utf-8"))
        return readdressed(body, {}, quirks, model=None if named else model)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return WholeReader(answer_usage)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        return write_error(error)

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return b"event: error\ndata: %b\n\n" % write_error(error)

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        return _LISTS.write_models(models, headers)

    def write_model(self, model: ModelEntry) -> bytes:
        return _LISTS.write_model(model)

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        return False


class ImagesDialect(SideDialect):
    """Pictures: made of words, changed, varied.

    `n` of them are bounded by `DRAWN` tokens each. What streams is partial pictures and whole ones, each with its own
    usage.
    """

    name = "openai-images"
    operations = (
        Operation("ai:images", "images", path="/v1/images/generations", upstream="/images/generations"),
        Operation("ai:images", "image_edits", path="/v1/images/edits", upstream="/images/edits", form=True),
        Operation(
            "ai:images", "image_variations", path="/v1/images/variations", upstream="/images/variations", form=True
        ),
    )

    def _read(self, operation: Operation, body: bytes) -> Asked:
        return read_form(body, of_sound=False) if operation.form and is_form(body) else read_json(body)

    def _most(self, asked: Asked, body: bytes) -> int | None:
        return DRAWN * asked.answers

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        if not streamed:
            return WholeReader(answer_usage)
        last = ("image_generation.completed", "image_edit.completed")
        return StreamReader(last, spoken=False, counts=False, cost=cost)


class ModerationsDialect(SideDialect):
    """`POST /v1/moderations`: a judgement, in which nothing is generated and no usage told."""

    name = "openai-moderations"
    operations = (Operation("ai:moderations", "moderations", path="/v1/moderations", upstream="/moderations"),)

    def _most(self, asked: Asked, body: bytes) -> int | None:
        return 0


class SpeechDialect(SideDialect):
    """`POST /v1/audio/speech`: sound, passed on as it comes; as events, which tell usage, where `stream_format` is so.

    An answer that breaks off is broken off to the caller too: in sound no error can be written. Without usage a call is
    charged what was reserved for it.
    """

    name = "openai-speech"
    stream_type = b""
    keep_alive = b""
    operations = (Operation("ai:audio", "speech", path="/v1/audio/speech", upstream="/audio/speech"),)

    def _most(self, asked: Asked, body: bytes) -> int | None:
        return SPOKEN * len(body)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return SpeechReader(("speech.audio.done",), cost=cost) if envelope.stream else BytesReader()

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return b""


class TranscriptsDialect(SideDialect):
    """Sound written down: in its own language, or in English."""

    name = "openai-transcripts"
    operations = (
        Operation(
            "ai:audio", "transcriptions", path="/v1/audio/transcriptions", upstream="/audio/transcriptions", form=True
        ),
        Operation("ai:audio", "translations", path="/v1/audio/translations", upstream="/audio/translations", form=True),
    )

    def _read(self, operation: Operation, body: bytes) -> Asked:
        return read_form(body, of_sound=True) if is_form(body) else read_json(body)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        if not streamed:
            return LooseReader()
        return StreamReader(("transcript.text.done",), spoken=False, counts=True, cost=cost)


SIDE: tuple[type[Dialect], ...] = (ImagesDialect, ModerationsDialect, SpeechDialect, TranscriptsDialect)
