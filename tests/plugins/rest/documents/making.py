"""Small documents for tests."""

from typing import Any

from tollbridge_rest.documents import Document, document_of

OK = {"200": {"description": "good"}}


def raw_with(paths: dict[str, Any], *, openapi: str = "3.1.1", **more: Any) -> dict[str, Any]:
    """Make the plain values of a document."""
    return {"openapi": openapi, "info": {"title": "Orders", "version": "1"}, "paths": paths, **more}


def document_with(paths: dict[str, Any], *, openapi: str = "3.1.1", **more: Any) -> Document:
    """Make a document."""
    return document_of(raw_with(paths, openapi=openapi, **more))


def one(operation: dict[str, Any], *, method: str = "post", path: str = "/", **more: Any) -> Document:
    """Make a document of one operation; answers are added where it has none."""
    return document_with({path: {method: {"responses": OK, **operation}}}, **more)


def json_body(schema: Any, *, required: bool = True) -> dict[str, Any]:
    """Make an operation that takes JSON."""
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def answering(schema: Any, **media: Any) -> dict[str, Any]:
    """Make an operation that answers with JSON."""
    return {"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema, **media}}}}}
