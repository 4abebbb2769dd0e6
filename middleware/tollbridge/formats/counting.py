"""Counting the tokens of a request where no tokenizer is at hand: a rule of thumb, and always called an estimate."""

from collections.abc import Iterable

from tollbridge.formats.conversation import Request, Tool
from tollbridge.formats.parts import AnyPart, Media, Opaque, Reasoning, Refusal, ServerCall, Text, ToolCall, ToolResult
from tollbridge.formats.values import JSON, encode_json

BYTES_PER_TOKEN = 4
A_MESSAGE, A_PICTURE = 4, 1_000
"""Tokens that a message costs beside its words, and a piece of media of unknown size."""


def estimated_tokens(request: Request) -> int:
    """Estimate a request's input tokens: one for four bytes of text, a flat number for what is no text."""
    size = sum(_size(message.parts) for message in request.messages)
    tools = [[tool.name, tool.description, tool.schema] for tool in request.tools or () if isinstance(tool, Tool)]
    size += _json_size(tools) if tools else 0
    if request.format is not None and request.format.schema is not None:
        size += _json_size(request.format.schema)
    return -(-size // BYTES_PER_TOKEN) + A_MESSAGE * len(request.messages)


def _size(parts: Iterable[AnyPart]) -> int:
    return sum(_part_size(part) for part in parts)


def _part_size(part: AnyPart) -> int:
    if isinstance(part, Text | Refusal | Reasoning):
        return _text_size(part.text)
    if isinstance(part, ToolCall):
        return _text_size(part.name) + _text_size(part.arguments)
    if isinstance(part, ToolResult):
        return _size(part.content)
    if isinstance(part, Media):
        return A_PICTURE * BYTES_PER_TOKEN if part.text is None else _text_size(part.text)
    return _json_size(part.raw) if isinstance(part, ServerCall | Opaque) else 0


def _text_size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _json_size(value: JSON) -> int:
    return len(encode_json(value))
