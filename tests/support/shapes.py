"""Whether a body is what its dialect's vendor says it is: OpenAI's OpenAPI document, the SDKs' own types for others.

OpenAI's document differs from OpenAI's own traffic: optional members come as null, `oneOf` branches overlap, the
reason is null in every chunk but the last, and older answers leave some required members out. Those are relaxed.
"""

import functools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic.types
import yaml
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError
from tests.support.corpus import VARIABLE

from tollbridge.formats import decode_json

_LEFT_OUT = frozenset(
    (
        "logprobs",
        "refusal",
        "input_tokens_details",
        "output_tokens_details",
        "cached_tokens",
        "cache_write_tokens",
        "parallel_tool_calls",
        "metadata",
    )
)
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def _relax(value: Any) -> None:
    if isinstance(value, list):
        for item in value:
            _relax(item)
    elif isinstance(value, dict):
        if isinstance(value.get("oneOf"), list):
            value["anyOf"] = value.pop("oneOf")
        _relax_members(value)
        for key, item in value.items():
            if key != "properties":
                _relax(item)


def _relax_members(schema: dict[str, Any]) -> None:
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return
    required = schema.get("required")
    required = [name for name in required if name not in _LEFT_OUT] if isinstance(required, list) else []
    if "required" in schema:
        schema["required"] = required
    for name, inner in list(properties.items()):
        _relax(inner)
        if (name not in required and name != "type") or name == "finish_reason":
            properties[name] = {"anyOf": [inner, {"type": "null"}]}


@functools.cache
def _openai() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = Path(os.environ[VARIABLE], "specs", "openai-openapi.yaml").read_text("utf-8")
    document: dict[str, Any] = yaml.load(text, loader)
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        _relax(schema)
    embedding = schemas["Embedding"]["properties"]
    embedding["embedding"] = {"anyOf": [embedding["embedding"], {"type": "string"}]}
    return document


@functools.cache
def _validator(name: str) -> Draft202012Validator:
    components = _openai()["components"]
    return Draft202012Validator({"$schema": _DRAFT, "$ref": f"#/components/schemas/{name}", "components": components})


@functools.cache
def _events() -> dict[str, str]:
    """Give the schema of each Responses event, by its type."""
    schemas = _openai()["components"]["schemas"]
    names: dict[str, str] = {}
    for branch in schemas["ResponseStreamEvent"]["anyOf"]:
        name = branch["$ref"].rpartition("/")[2]
        kind = schemas[name]["properties"]["type"]
        for word in kind.get("enum", [kind.get("const")]):
            names.setdefault(word, name)
    return names


def openai_problems(name: str, body: Any) -> list[str]:
    """Say what is wrong with a body by a schema of OpenAI's document."""
    if name == "ResponseStreamEvent":
        name = _events().get(body.get("type"), name)
    found = []
    for error in _validator(name).iter_errors(body):
        while error.context:
            error = max(error.context, key=lambda inner: (len(inner.absolute_path), -len(inner.context or ())))
        found.append(f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}")
    return found


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def typed_problems(kind: Any, body: bytes) -> list[str]:
    """Say what is wrong with a body by a type of an SDK."""
    try:
        _adapter(kind).validate_json(body)
    except ValidationError as exc:
        return [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors()[:4]]
    return []


def sse_data(stream: bytes) -> Iterator[bytes]:
    """Give the data of each event of a stream."""
    for block in re.split(rb"\r?\n\r?\n", stream):
        data = b"\n".join(line[5:].lstrip() for line in block.splitlines() if line.startswith(b"data:"))
        if data and data != b"[DONE]":
            yield data


def _openai_body(name: str) -> Callable[[bytes], list[str]]:
    return lambda body: openai_problems(name, _floats(decode_json(body)))


def _floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_floats(item) for item in value]
    return float(value) if type(value).__name__ == "Decimal" else value


def _gemini_problems(body: bytes) -> list[str]:
    from google.genai import types

    value = decode_json(body)
    usage = value.get("usageMetadata")
    if isinstance(usage, dict):
        usage.pop("serviceTier", None)  # newer than the SDK's types
    return typed_problems_of(types.GenerateContentResponse, value)


def typed_problems_of(kind: Any, value: Any) -> list[str]:
    """Say what is wrong with a value by a type of an SDK."""
    try:
        _adapter(kind).validate_python(_floats(value))
    except ValidationError as exc:
        return [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors()[:4]]
    return []


def _anthropic_event(data: bytes) -> list[str]:
    if decode_json(data).get("type") == "ping":
        return []  # which the SDK takes and its types leave out
    return typed_problems(anthropic.types.RawMessageStreamEvent, data)


WHOLE: dict[str, Callable[[bytes], list[str]]] = {
    "openai-chat": _openai_body("CreateChatCompletionResponse"),
    "openai-responses": _openai_body("Response"),
    "anthropic-messages": lambda body: typed_problems(anthropic.types.Message, body),
    "gemini-generate-content": _gemini_problems,
}
"""What is wrong with a whole answer, by its dialect."""

EVENT: dict[str, Callable[[bytes], list[str]]] = {
    "openai-chat": _openai_body("CreateChatCompletionStreamResponse"),
    "openai-responses": _openai_body("ResponseStreamEvent"),
    "anthropic-messages": _anthropic_event,
    "gemini-generate-content": _gemini_problems,
}
"""What is wrong with the data of one event of a stream, by its dialect."""
