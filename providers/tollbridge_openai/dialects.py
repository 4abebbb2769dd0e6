"""OpenAI's wire formats: chat completions, legacy completions, embeddings.  They share a base URL and most fields."""

import re
from collections.abc import Callable, Mapping, Sequence

import msgspec

from tollbridge import BadRequest, GatewayError, Quirks, input_bound
from tollbridge.formats import (
    CONVERSATION,
    EMBEDDINGS,
    AnswerReader,
    CostLine,
    Dialect,
    Envelope,
    ModelEntry,
    Operation,
    WholeReader,
    codec_later,
    members,
    read_named,
    readdressed,
    splice,
)
from tollbridge_openai.errors import write_error
from tollbridge_openai.readers import StreamReader
from tollbridge_openai.usage import answer_usage

GROQ = "/openai/v1"
"""Where Groq's SDK looks for the same operations (groq 1.7, read 2026-11)."""
_WEIGHTY = re.compile(rb'"(model|stream|max_tokens|max_completion_tokens|n|stream_options|best_of|prompt)"[ \t\n\r]*:')


class _StreamOptions(msgspec.Struct):
    include_usage: bool | None = None


class _Body(msgspec.Struct):
    model: str
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    n: int | None = None

    def answers(self) -> int:
        """Say how many answers are generated; each may be as long as the limit."""
        return self.n or 1


class _CompletionBody(_Body):
    """`prompt` is one text, one list of tokens, or a list of either; each of them is completed."""

    prompt: str | list[str | int | list[int]] | None = None
    best_of: int | None = None

    def answers(self) -> int:
        prompts = 1
        if isinstance(self.prompt, list) and not isinstance(next(iter(self.prompt), 0), int):
            prompts = len(self.prompt)
        return max(super().answers(), self.best_of or 1) * prompts


_decode_body = msgspec.json.Decoder(_Body).decode
_decode_completion = msgspec.json.Decoder(_CompletionBody).decode


def read_body(body: bytes, decode: Callable[[bytes], _Body] = _decode_body) -> _Body:
    """Decode the fields that matter; raises `BadRequest` naming the wrong one."""
    return read_named(body, decode, _WEIGHTY)


class _OpenAIDialect:
    """What the three have in common."""

    name = ""
    base = "openai-chat"
    stream_type = b"text/event-stream"
    keep_alive = b": keep-alive\n\n"
    operations: Sequence[Operation] = ()
    limit = "max_completion_tokens"
    """What an output limit is called."""
    least = 1
    """The lowest output limit there is."""
    decode = staticmethod(_decode_body)

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        found = read_body(body, self.decode)
        if found.n is not None and found.n < 1:
            raise BadRequest("the field 'n' must be at least 1", param="n")
        answers = found.answers()
        limit = found.max_completion_tokens if found.max_completion_tokens is not None else found.max_tokens
        if limit is not None and limit < self.least:
            raise BadRequest(f"the output limit must be at least {self.least}", param="max_tokens")
        options = found.stream_options
        return Envelope(
            model=found.model,
            stream=bool(found.stream),
            max_output=None if limit is None else limit * answers,
            input_bound=input_bound(body),
            asks_usage=options is not None and bool(options.include_usage),
            answers=answers,
        )

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        values: dict[str, bytes] = {}
        if envelope.stream and not envelope.asks_usage and quirks.stream_usage == "option":
            values["stream_options"] = _with_usage(body)
        if max_output is not None:
            values[quirks.rename.get(self.limit, self.limit)] = b"%d" % max_output
        return readdressed(body, values, quirks, model=None if model == envelope.model else model)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return StreamReader(asked=envelope.asks_usage, cost=cost) if streamed else WholeReader(answer_usage)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        return write_error(error)

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return b"data: %b\n\n" % write_error(error)

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        return msgspec.json.encode({"object": "list", "data": [_model(model) for model in models]})

    def write_model(self, model: ModelEntry) -> bytes:
        return msgspec.json.encode(_model(model))

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        return False


def _model(model: ModelEntry) -> dict[str, object]:
    shown: dict[str, object] = {
        "id": model.id,
        "object": "model",
        "created": model.created,
        "owned_by": model.owned_by,
    }
    if model.context is not None:
        shown["context_length"] = model.context
    if model.deprecated_at is not None:
        ending = {"sunset_at": model.ends_at, "successor": model.successor}
        shown |= {"deprecated_at": model.deprecated_at, **{name: said for name, said in ending.items() if said}}
    return shown


def _with_usage(body: bytes) -> bytes:
    """Give `stream_options` with usage asked for, what the caller put there kept."""
    text = body.decode("utf-8")
    at = members(text).get("stream_options")
    given = text[at.start : at.end] if at is not None else "null"
    if given == "null":
        return b'{"include_usage":true}'
    return splice(given.encode("utf-8"), {"include_usage": b"true"})


class ChatDialect(_OpenAIDialect):
    """`POST /v1/chat/completions`, and the list of models."""

    name = "openai-chat"
    operations = (
        Operation(
            "ai:chat",
            "chat",
            path="/v1/chat/completions",
            upstream="/chat/completions",
            also=(f"{GROQ}/chat/completions",),
            codec=codec_later(CONVERSATION, "tollbridge_openai.chat_codec:ChatCodec"),
        ),
        Operation(
            "",
            "models",
            "GET",
            path="/v1/models",
            upstream="/models",
            also=(f"{GROQ}/models",),
            lists_models=True,
            fallback=True,
        ),
        Operation(
            "",
            "models",
            "GET",
            path="/v1/models/{model}",
            also=(f"{GROQ}/models/{{model}}",),
            lists_models=True,
            fallback=True,
        ),
    )


class CompletionsDialect(_OpenAIDialect):
    """`POST /v1/completions`, the legacy endpoint.

    It takes a limit of 0, for the probabilities of a prompt that is echoed (OpenAI's OpenAPI document, read 2026-11).
    """

    name = "openai-completions"
    operations = (
        Operation(
            "ai:completions",
            "completions",
            path="/v1/completions",
            upstream="/completions",
            codec=codec_later(CONVERSATION, "tollbridge_openai.completions_codec:COMPLETIONS_CODEC"),
        ),
    )
    limit = "max_tokens"
    least = 0
    decode = staticmethod(_decode_completion)


class EmbeddingsDialect(_OpenAIDialect):
    """`POST /v1/embeddings`: input only."""

    name = "openai-embeddings"
    operations = (
        Operation(
            "ai:embeddings",
            "embeddings",
            path="/v1/embeddings",
            upstream="/embeddings",
            also=(f"{GROQ}/embeddings",),
            codec=codec_later(EMBEDDINGS, "tollbridge_openai.embeddings_codec:EmbeddingsCodec"),
        ),
    )

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        found = read_body(body)
        return Envelope(model=found.model, input_bound=input_bound(body), max_output=0, outputs_tokens=False)


_: tuple[Dialect, ...] = (ChatDialect(), CompletionsDialect(), EmbeddingsDialect())
