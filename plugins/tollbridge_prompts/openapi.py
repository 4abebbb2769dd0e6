"""A prompt API as an OpenAPI 3.1 document."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from tollbridge.services.kinds import About
from tollbridge_prompts import problems
from tollbridge_prompts.app import DROPPED, STOP, VERSION, offered
from tollbridge_prompts.definition import PromptDefinition
from tollbridge_prompts.media import EVENTS, JSON
from tollbridge_prompts.refusals import COST
from tollbridge_prompts.schemawalk import rebased
from tollbridge_prompts.variables import Variable, read_variables

_REFUSALS = (400, 401, 403, 404, 405, 406, 408, 410, 413, 414, 415, 422, 429, 500, 502, 503, 504)
_BY_BODY, _BY_QUERY = (408, 415), (414,)
_INPUT = "/components/schemas/Input"
_OUTPUT = "/components/schemas/Output"


def describe(about: About, definition: PromptDefinition) -> dict[str, Any]:
    """Write the document."""
    variables = read_variables(definition.variables)
    base, _, slug = about.url.rstrip("/").rpartition("/")
    operations: dict[str, Any] = {"post": _post(about, definition, variables)}
    if definition.get is not None:
        operations["get"] = _get(about, definition, variables)
    info: dict[str, Any] = {"title": about.name or about.slug, "version": about.version or "draft"}
    if about.description:
        info["description"] = about.description
    if about.contacts:
        info["contact"] = {name: value for name, value in about.contacts[0].items() if value}
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": base or "/v1/apis"}],
        "paths": {f"/{slug or about.slug}": operations},
        "components": {
            "schemas": {
                "Input": rebased(input_schema(definition), _INPUT),
                "Output": rebased(output_schema(definition), _OUTPUT),
                "Problem": _problem(),
            },
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"bearer": []}],
    }


def input_schema(definition: PromptDefinition) -> dict[str, Any]:
    """Give the schema of all variables as one object; references in it are relative to it."""
    variables = read_variables(definition.variables)
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {one.name: rebased(dict(one.schema), f"/properties/{one.name}") for one in variables},
        "additionalProperties": False,
    }
    needed = [one.name for one in variables if one.required]
    return {**schema, "required": needed} if needed else schema


def output_schema(definition: PromptDefinition) -> dict[str, Any]:
    """Give the schema of the answer as JSON; of a text, an object with it."""
    if definition.output.type == "json":
        return definition.output.schema or {}
    text = {"type": "string", "description": "The answer."}
    return {"type": "object", "properties": {"text": text}, "required": ["text"]}


def _post(about: About, definition: PromptDefinition, variables: tuple[Variable, ...]) -> dict[str, Any]:
    needed = any(one.required for one in variables)
    content = {JSON: {"schema": {"$ref": f"#{_INPUT}"}}}
    said = {"description": about.description} if about.description else {}
    return {
        "operationId": "call",
        "summary": about.name or about.slug,
        **said,
        "requestBody": {"required": needed, "content": content},
        "responses": {"200": _answer(definition, kept=False), **_refusals(but=_BY_QUERY)},
    }


def _get(about: About, definition: PromptDefinition, variables: tuple[Variable, ...]) -> dict[str, Any]:
    return {
        "operationId": "read",
        "x-tollbridge-tool": False,  # for MCP it is the same tool as the other
        "summary": f"{about.name or about.slug}; an answer stays good for a while",
        "parameters": [_parameter(one) for one in variables],
        "responses": {
            "200": _answer(definition, kept=True),
            "304": {"description": "The answer is the one that If-None-Match names."},
            **_refusals(but=_BY_BODY),
        },
    }


def _parameter(variable: Variable) -> dict[str, Any]:
    """Describe a variable in the query; what is neither simple nor a list of that is given as JSON."""
    schema = {"$ref": f"#{_INPUT}/properties/{variable.name}"}
    said: dict[str, Any] = {"name": variable.name, "in": "query", "required": variable.required}
    if "description" in variable.schema:
        said["description"] = str(variable.schema["description"])
    if "object" in variable.read_as:
        return {**said, "content": {JSON: {"schema": schema}}}
    return {**said, "schema": schema}


def _answer(definition: PromptDefinition, *, kept: bool) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for kind in offered(definition):
        content[kind] = {"schema": {"$ref": f"#{_OUTPUT}"} if kind == JSON else {"type": "string"}}
    if EVENTS in content:
        content[EVENTS]["schema"]["description"] = (
            "Events with JSON for data: `delta` (the next words), `reset` (all words so far are void), and at the end "
            "`result` or `error`."
        )
    headers: dict[str, Any] = {
        COST: _header("What the models took, in US dollars."),
        VERSION: _header("The version that answered."),
        STOP: _header("Why the answer ended; `length` where it was cut off. Not where it comes piece by piece."),
        DROPPED: _header("Fields of the definition that the model could not be told. Not where it comes so."),
    }
    if kept:
        headers |= {"ETag": _header("The tag of the answer."), "Cache-Control": _header("How long it stays good.")}
    return {"description": "The answer.", "headers": headers, "content": content}


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}


def _refusals(*, but: tuple[int, ...]) -> Mapping[str, Any]:
    content = {problems.KIND: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    statuses = (status for status in _REFUSALS if status not in but)
    return {str(one): {"description": HTTPStatus(one).phrase, "content": content} for one in statuses}


def _problem() -> dict[str, Any]:
    text = {"type": "string"}
    error = {"type": "object", "properties": {"field": text, "detail": text}, "required": ["field", "detail"]}
    return {
        "type": "object",
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "code": text,
            "errors": {"type": "array", "items": error},
            "attempts": {"type": "integer", "description": "How often a model was asked in vain."},
            "cost_usd": {**text, "description": "What that took, in US dollars."},
            "usage": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
        "required": ["type", "title", "status", "detail", "code"],
    }
