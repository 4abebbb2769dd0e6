"""The dialects that are translated into each other, and where their recorded traffic is."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.support.corpus import Case

from tollbridge.errors import GatewayError
from tollbridge.formats import (
    CONVERSATION,
    AnyEvent,
    Broken,
    Conversation,
    Dialect,
    Envelope,
    Notes,
    Operation,
    Request,
    Response,
    fold,
    functions_only,
    named_model,
)
from tollbridge.plugins import Plugins
from tollbridge.testing.conversation_contract import notes

REGISTRY = Plugins().register_all()
DIALECTS = REGISTRY.dialects


@dataclass(frozen=True, slots=True)
class Source:
    """A dialect with recorded answers."""

    dialect: Dialect
    codec: Conversation
    operations: tuple[Operation, ...]
    folders: tuple[str, ...]
    total: Callable[[Any], int | None]

    def answer(self, case: Case) -> Response | None:
        """Read the recorded answer, whole or streamed; None where it is an error."""
        events = self.events(case)
        if events is not None:
            return None if any(isinstance(event, Broken) for event in events) else fold(events)
        try:
            return self.codec.read_response(json.dumps(case.body).encode(), notes())
        except GatewayError:
            return None

    def events(self, case: Case) -> list[AnyEvent] | None:
        """Read the recorded stream; None where the answer came whole."""
        stream = case.text.encode() if case.text is not None else case.frames
        if stream is None:
            return None
        reader = self.codec.stream_reader(notes())
        return [*reader.feed(stream), *reader.feed(b"")]

    def request(self, case: Case) -> Request | None:
        """Read the recorded request; None where there is none, or one that names no model, which is not served."""
        named = "{model}" in self.operations[0].path or (case.request or {}).get("model")
        if not isinstance(case.request, dict) or not named:
            return None
        body = json.dumps(case.request).encode()
        return self.codec.read_request(body, self.envelope(case, body), notes())

    def envelope(self, case: Case, body: bytes) -> Envelope:
        """Read what the bridge must know of a recorded request."""
        if "{model}" not in self.operations[0].path:
            return Envelope(case.request.get("model") or "m", stream=bool(case.request.get("stream")))
        for operation in self.operations:
            tail = operation.path.rpartition("{model}")[2]
            if case.path.endswith(tail):
                model = named_model(Operation("", "", path=operation.path), case.path) or "m"
                return self.dialect.read_envelope(operation, operation.path.replace("{model}", model), body)
        return Envelope("m")


def _sum(*names: str, total: str = "") -> Callable[[Any], int | None]:
    def read(wire: Any) -> int | None:
        counts = [wire.get(name) for name in names]
        summed = sum(count for count in counts if isinstance(count, int))
        said = wire.get(total) if total else None
        if not any(isinstance(count, int) for count in counts):
            return None
        return max(summed, said) if isinstance(said, int) else summed

    return read


def _of(name: str, total: Callable[[Any], int | None], *folders: str) -> Source:
    dialect = DIALECTS[name]
    operations = tuple(
        operation
        for operation in dialect.operations
        if operation.codec is not None and operation.codec.kind == CONVERSATION
    )
    codec: Any = operations[0].codec
    return Source(dialect, codec, operations, folders, total)


_CHAT = ("openai", "azure_openai", "cerebras", "deepseek", "gemini_openai", "groq", "openrouter", "perplexity", "zai")
_ANTHROPIC = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
_TOTALS: dict[str, tuple[Callable[[Any], int | None], tuple[str, ...]]] = {
    "openai-chat": (
        _sum("prompt_tokens", "completion_tokens", total="total_tokens"),
        (*(f"dev/{host}_chat" for host in _CHAT), "edge_cases/groq", "edge_cases/openai-compatible"),
    ),
    "openai-responses": (
        _sum("input_tokens", "output_tokens", total="total_tokens"),
        ("dev/openai_responses", "dev/azure_openai_responses", "dev/xai_responses", "dev/deepseek_responses"),
    ),
    "anthropic-messages": (_sum(*_ANTHROPIC), ("dev/anthropic_messages", "edge_cases/anthropic")),
    "gemini-generate-content": (
        _sum("totalTokenCount"),
        ("dev/gemini_generate", "dev/vertex_generate", "edge_cases/google"),
    ),
    "bedrock-converse": (_sum("totalTokens"), ("dev/bedrock_converse", "dev/bedrock_converse_stream")),
    "cohere-v2": (lambda wire: None, ("dev/cohere_chat", "edge_cases/cohere")),
    "mistral-chat": (
        _sum("prompt_tokens", "completion_tokens", total="total_tokens"),
        ("dev/mistral_chat", "edge_cases/mistral"),
    ),
    "ollama-chat": (lambda wire: None, ("dev/ollama_chat",)),
}
SOURCES = {name: _of(name, total, *folders) for name, (total, folders) in _TOTALS.items() if name in DIALECTS}
"""The dialects with recorded answers, by name."""

FOLDERS = {folder: source for source in SOURCES.values() for folder in source.folders}
"""Whose answers are in which folder."""

CLIENTS: dict[str, Conversation] = {
    name: SOURCES[name].codec
    for name in ("openai-chat", "openai-responses", "anthropic-messages", "gemini-generate-content")
    if name in SOURCES
}
"""The dialects whose SDKs are served, by name."""


def recorded(case: Case) -> bool:
    """Whether a call succeeded with an answer that is a conversation's."""
    if case.status != 200 or (case.body is None and case.text is None and case.frames is None):
        return False
    return isinstance(case.body, dict) or case.body is None


def fitted(request: Request, codec: Conversation, left: Notes) -> Request:
    """Give a request as it comes to a codec: without tools of free text where its dialect has none."""
    return request if codec.free_text else functions_only(request, left)


def asked_by(client: Conversation, source: Source, case: Case) -> Request:
    """Give a request of the client's dialect that asks the same as the recorded one, as far as it can be said."""
    request = source.request(case)
    fallback = Request(origin=client.name, model="m", messages=(), stream_usage=True)
    if request is None:
        return fallback
    try:
        body = client.write_request(fitted(request, client, notes()), notes())
    except GatewayError:
        return fallback
    return client.read_request(body, Envelope(request.model, stream=bool(request.stream)), notes())
