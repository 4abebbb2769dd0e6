"""A document of the size and shape of GitHub's: a thousand operations, schemas that refer to one another, examples."""

from typing import Any

from tests.plugins.rest.documents.making import raw_with

WORDS = "The resource that belongs to the one above it, as whoever asked for it may see it. "


def field(number: int) -> dict[str, Any]:
    """Make a field of some type."""
    kinds: list[dict[str, Any]] = [
        {"type": "string", "description": WORDS, "example": f"value-{number}"},
        {"type": "integer", "format": "int64", "minimum": 0, "example": number},
        {"type": "string", "format": "date-time", "nullable": True, "example": "2024-01-01T00:00:00Z"},
        {"type": "boolean", "default": False},
        {"type": "array", "items": {"type": "string", "enum": ["open", "closed", "all"]}},
    ]
    return kinds[number % len(kinds)]


def schema(number: int, count: int) -> dict[str, Any]:
    """Make a schema that refers to others, and in a long ring to itself."""
    fields = {f"field_{number}_{at}": field(number + at) for at in range(25)}
    refs = {f"other_{step}": {"$ref": f"#/components/schemas/schema-{(number + step) % count}"} for step in (1, 7)}
    return {
        "title": f"Schema {number}",
        "type": "object",
        "properties": {**fields, **refs},
        "required": list(fields)[:5],
    }


def operation(number: int, schemas: int) -> dict[str, Any]:
    """Make an operation with a body, answers and an example."""
    ref = {"$ref": f"#/components/schemas/schema-{number % schemas}"}
    example = {f"field_{number % schemas}_{at}": WORDS for at in range(10)}
    content = {"application/json": {"schema": ref, "examples": {"default": {"value": example}}}}
    return {
        "operationId": f"group-{number % 40}/operation-{number}",
        "summary": f"Operation {number}",
        "description": WORDS * 6,
        "tags": [f"group-{number % 40}"],
        "parameters": [
            {"$ref": "#/components/parameters/owner"},
            {"name": "page", "in": "query", "description": WORDS, "schema": {"type": "integer", "minimum": 1}},
        ],
        "requestBody": {"required": True, "content": content},
        "responses": {"200": {"description": "done", "content": content}, "404": {"description": WORDS}},
    }


def large_document(operations: int = 1_000, schemas: int = 600) -> dict[str, Any]:
    """Make the plain values of a document."""
    owner = {"name": "owner", "in": "path", "required": True, "schema": {"type": "string"}}
    return raw_with(
        {f"/things/{{owner}}/kind-{n}": {"post": operation(n, schemas)} for n in range(operations)},
        openapi="3.0.3",
        components={
            "schemas": {f"schema-{n}": schema(n, schemas) for n in range(schemas)},
            "parameters": {"owner": owner},
        },
    )
