"""What is told of a service of the app's routes: the app's own description, of what is served alone.  Pure."""

from collections.abc import Mapping
from typing import Any

from tollbridge.services.kinds import About
from tollbridge_rest import documents
from tollbridge_routes.app.definition import AppDefinition, AppRoute
from tollbridge_routes.app.paths import names_of, shown
from tollbridge_routes.app.table import template_of

_DESCRIBED = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH")
_OF_PATHS = ("summary", "description", "parameters")
_NOTHING: Mapping[str, Any] = {"openapi": "3.1.0", "info": {"title": "", "version": "1"}}


def openapi_of(about: About, definition: AppDefinition) -> dict[str, Any]:
    """Describe a service at its own URL as OpenAPI 3.1; raises `BadDocument`."""
    document = document_of(definition, about)
    published = documents.publish(document, about.url, document.operations, version=about.version)
    for route in definition.routes:
        item = published["paths"].get(shown(route.path) or "/", {})
        for method in route.methods if route.public else ():
            if method.lower() in item:
                item[method.lower()]["security"] = []
    return documents.upgraded(published)


def document_of(definition: AppDefinition, about: About | None = None) -> documents.Document:
    """Give what is served as a document whose paths are those of the service; raises `BadDocument`."""
    given = _NOTHING if definition.openapi is None else definition.openapi
    said = given.get("info")
    info = {**said} if isinstance(said, Mapping) else {}
    info["title"] = (about.name or about.slug if about is not None else "") or info.get("title") or "App"
    if about is not None and about.description:
        info["description"] = about.description
    paths: dict[str, dict[str, Any]] = {}
    for route in definition.routes:
        path = shown(route.path) or "/"
        for method in dict.fromkeys(route.methods):
            if method in _DESCRIBED:
                item, operation = _operation(definition, route, method)
                paths.setdefault(path, item)[method.lower()] = operation
    return documents.document_of({**given, "info": info, "paths": paths})


def is_described(definition: AppDefinition, route: AppRoute) -> bool:
    """Whether the app's description has all that a route takes."""
    return all(_found(definition, route, method) is not None for method in route.methods if method in _DESCRIBED)


def _operation(definition: AppDefinition, route: AppRoute, method: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what is said of a path, and of one of its methods."""
    found = _found(definition, route, method)
    item, operation = ({}, {}) if found is None else found
    if found is None:
        operation = {"responses": {"default": {"description": "What the app answers."}}}
        if names_of(route.path):
            operation["parameters"] = [_parameter(name) for name in names_of(route.path)]
    name = route.name if len(route.methods) == 1 else f"{route.name}.{method.lower()}"
    summary = {"summary": route.summary} if route.summary else {}
    return item, {**operation, "operationId": name, **summary}


def _found(definition: AppDefinition, route: AppRoute, method: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    paths = (definition.openapi or {}).get("paths")
    item = paths.get(shown(template_of(definition, route))) if isinstance(paths, Mapping) else None
    operation = item.get(method.lower()) if isinstance(item, Mapping) else None
    if not isinstance(item, Mapping) or not isinstance(operation, Mapping):
        return None
    return {name: item[name] for name in _OF_PATHS if name in item}, dict(operation)


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
