"""Ollama's dialects: chat with all that is asked about models, generate, embeddings.  They share a base URL."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from tollbridge import GatewayError, Quirks
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
    encode_json,
)
from tollbridge_ollama.envelopes import read_envelope, readdress
from tollbridge_ollama.errors import error_object
from tollbridge_ollama.lines import write_line
from tollbridge_ollama.readers import LineReader
from tollbridge_ollama.times import write_time
from tollbridge_ollama.usage import body_usage

PULL_SCOPE = "admin:models:write"
"""What a token needs to fill a provider's disk."""


class _OllamaDialect:
    """What the three have in common."""

    name = ""
    base = "ollama-chat"
    stream_type = b"application/x-ndjson"
    keep_alive = b""
    operations: Sequence[Operation] = ()

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        return read_envelope(operation, body)

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        return readdress(body, envelope, model=model, max_output=max_output, quirks=quirks)

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: CostLine | None = None) -> AnswerReader:
        return LineReader(cost=cost) if streamed else WholeReader(body_usage)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        return encode_json(error_object(error))

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return write_line(error_object(error))

    def write_models(self, models: Sequence[ModelEntry], headers: Mapping[bytes, bytes]) -> bytes:
        return encode_json({"models": [_listed(model) for model in models]})

    def write_model(self, model: ModelEntry) -> bytes:
        return encode_json(_shown(model))

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        return False


def _listed(model: ModelEntry) -> dict[str, object]:
    """Give a model as `/api/tags` lists it.  The digest is of its name: Ollama's command shows its first 12 signs."""
    return {
        "name": model.id,
        "model": model.id,
        "modified_at": write_time(model.created),
        "size": 0,
        "digest": sha256(model.id.encode("utf-8", "surrogatepass")).hexdigest(),
        "details": _details(model),
    }


def _details(model: ModelEntry) -> dict[str, object]:
    return {
        "parent_model": "",
        "format": "",
        "family": model.owned_by,
        "families": [model.owned_by],
        "parameter_size": "",
        "quantization_level": "",
    }


def _shown(model: ModelEntry) -> dict[str, object]:
    """Give a model as `/api/show` does.  Tools are said of every model: clients send none to others."""
    info: dict[str, object] = {"general.architecture": model.owned_by}
    if model.context is not None:
        info[f"{model.owned_by}.context_length"] = model.context
    return {
        "modelfile": "",
        "parameters": "",
        "template": "",
        "details": _details(model),
        "model_info": info,
        "capabilities": ["completion", "tools"],
        "modified_at": write_time(model.created),
    }


class ChatDialect(_OllamaDialect):
    """`POST /api/chat`, the list of models, one model, and the download of one to the provider."""

    name = "ollama-chat"
    keep_alive = b'{"message":{"role":"assistant","content":""},"done":false}\n'
    operations = (
        Operation(
            "ai:chat",
            "ollama_chat",
            path="/api/chat",
            upstream="/api/chat",
            codec=codec_later(CONVERSATION, "tollbridge_ollama.codecs:CHAT_CODEC"),
        ),
        Operation("", "models", "GET", path="/api/tags", lists_models=True),
        Operation("", "ollama_show", path="/api/show", lists_models=True),
        Operation(PULL_SCOPE, "ollama_pull", path="/api/pull", upstream="/api/pull"),
    )


class GenerateDialect(_OllamaDialect):
    """`POST /api/generate`: one prompt."""

    name = "ollama-generate"
    keep_alive = b'{"response":"","done":false}\n'
    operations = (
        Operation(
            "ai:completions",
            "ollama_generate",
            path="/api/generate",
            upstream="/api/generate",
            codec=codec_later(CONVERSATION, "tollbridge_ollama.codecs:GENERATE_CODEC"),
        ),
    )


class EmbedDialect(_OllamaDialect):
    """`POST /api/embed`, and what came before it: input only."""

    name = "ollama-embed"
    operations = (
        Operation(
            "ai:embeddings",
            "ollama_embed",
            path="/api/embed",
            upstream="/api/embed",
            codec=codec_later(EMBEDDINGS, "tollbridge_ollama.embedding:EmbedCodec"),
        ),
        Operation(
            "ai:embeddings",
            "ollama_embeddings",
            path="/api/embeddings",
            upstream="/api/embeddings",
            codec=codec_later(EMBEDDINGS, "tollbridge_ollama.embedding:OldEmbedCodec"),
        ),
    )


_: tuple[Dialect, ...] = (ChatDialect(), GenerateDialect(), EmbedDialect())
