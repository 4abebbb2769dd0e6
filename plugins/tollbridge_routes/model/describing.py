"""What is told of a model route: it is called as any model is, by its own name.  Pure."""

from typing import Any

from tollbridge.administering import SERVICES_AT
from tollbridge.services.kinds import MODEL, About
from tollbridge_routes.model.definition import ModelDefinition

CHAT = "/v1/chat/completions"
_NO_TOOL = "x-tollbridge-tool"
"""What says that an operation is no tool for models: it is one itself."""


def openapi_of(about: About, definition: ModelDefinition) -> dict[str, Any]:
    """Describe how it is called in the dialect of chat completions, as far as it differs from any other model."""
    info: dict[str, Any] = {"title": about.name or about.slug, "version": about.version or "1"}
    if about.description:
        info["description"] = about.description
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": about.url.removesuffix(f"{SERVICES_AT}{about.slug}") or "/"}],
        "security": [{"token": []}],
        "paths": {CHAT: {"post": _chat(about, definition)}},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _chat(about: About, definition: ModelDefinition) -> dict[str, Any]:
    anything = {"type": "object"}
    content = {"application/json": {"schema": anything}, "text/event-stream": {"schema": {"type": "string"}}}
    return {
        "operationId": "chat",
        "summary": f"Asks the model {MODEL}{about.slug}.",
        "description": "It is called so in every dialect of the gateway, whole and as a stream.",
        _NO_TOOL: False,
        "requestBody": {"required": True, "content": {"application/json": {"schema": _request(about, definition)}}},
        "responses": {
            "200": {"description": "A chat completion; with `stream` its pieces as events.", "content": content},
            "default": {
                "description": "A refusal, with `error`.",
                "content": {"application/json": {"schema": anything}},
            },
        },
    }


def _request(about: About, definition: ModelDefinition) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "model": {"const": f"{MODEL}{about.slug}"},
        "messages": {"type": "array", "minItems": 1, "items": {"type": "object"}},
        "stream": {"type": "boolean", "default": False},
    }
    most = definition.most
    if most.answers is not None:
        properties["n"] = {"type": "integer", "minimum": 1, "maximum": most.answers}
    if most.tools is not None:
        properties["tools"] = {"type": "array", "maxItems": most.tools}
    return {"type": "object", "properties": properties, "required": ["model", "messages"]}
