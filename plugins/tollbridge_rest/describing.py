"""What is told of a REST service: its document with what is routed, or one made of its routes.  Pure."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from tollbridge import GatewayError
from tollbridge.services.kinds import About
from tollbridge_rest.conditions import values_of
from tollbridge_rest.definition import Route
from tollbridge_rest.documents import Document, publish, upgraded
from tollbridge_rest.making import Meant
from tollbridge_rest.routing import Router, make_way
from tollbridge_rest.templates import Segment, read_template

USUAL = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""What a route of all methods is told to have."""
_DESCRIBED = frozenset((*USUAL, "HEAD", "OPTIONS"))
_NAME = re.compile(r"\{([^{}]*)\}")
_WITH_BODY = frozenset(("POST", "PUT", "PATCH"))
REST = "x-tollbridge-rest"
"""Marks a parameter of a path that may hold slashes, which OpenAPI has no word for; tools of MCP take them then."""
_QUERY = {
    "name": "query",
    "in": "query",
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
}
"""Whatever a query holds of which nothing is known."""
_SCHEME = {"type": "http", "scheme": "bearer"}


def openapi_of(about: About, meant: Meant) -> dict[str, Any]:
    """Describe a service at its own URL as OpenAPI, of 3.1 at least."""
    if meant.document is None:
        return _made(about, meant.served)
    document, routed = meant.document, _routed(meant.document, meant)
    published = upgraded(publish(document, about.url, routed, version=about.version))
    told = {(each.method, _shape(each.path)) for each in document.operations}
    paths = published["paths"]
    shapes = {_unnamed(path): path for path in paths}
    for route in meant.served:
        _add(paths, shapes, route, told)
    return published


def _routed(document: Document, meant: Meant) -> list[Any]:
    """Give the operations that some route takes and answers, whatever else it asks of a request."""
    ways = (make_way(msgspec.structs.replace(route, match=()), place) for place, route in enumerate(meant.routes))
    router, nothing = Router(ways), values_of((), b"")

    def is_taken(method: str, path: str) -> bool:
        try:
            template = read_template(path)
            filled = "".join("/" + "x".join(segment.texts) for segment in template.segments)
            taken = router.find(method, filled, nothing)
            return taken is not None and taken.way.route.name not in meant.disabled
        except (ValueError, GatewayError):
            return False

    return [each for each in document.operations if is_taken(each.method, each.path)]


def _made(about: About, routes: Iterable[Route]) -> dict[str, Any]:
    info: dict[str, Any] = {"title": about.name or about.slug, "version": about.version or "1"}
    if about.description:
        info["description"] = about.description
    paths: dict[str, Any] = {}
    shapes: dict[str, str] = {}
    for route in routes:
        _add(paths, shapes, route, set())
    return {
        "openapi": "3.1.0",
        "info": info,
        "servers": [{"url": about.url}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"securitySchemes": {"token": _SCHEME}},
    }


def _add(paths: dict[str, Any], shapes: dict[str, str], route: Route, told: set[tuple[str, Any]]) -> None:
    """Add what a route serves, but for what was told before.

    Paths that differ in the names of their parameters alone are one for OpenAPI, that of the first; `shapes` has those
    of `paths`.
    """
    template = read_template(route.path)
    path = "".join("/" + _written(segment) for segment in template.segments)
    path = f"{path}/{{{template.rest}}}" if template.rest else path or "/"
    path = shapes.setdefault(_unnamed(path), path)
    for method in route.methods or USUAL:
        item = paths.get(path, {})
        if (method, _shape(route.path)) in told or method not in _DESCRIBED or method.lower() in item:
            continue
        many = len(route.methods) != 1
        operation: dict[str, Any] = {"operationId": f"{route.name}.{method.lower()}" if many else route.name}
        if route.summary:
            operation["summary"] = route.summary
        names = _NAME.findall(path)
        rests = len(names) - 1 if template.rest else -1
        parameters = [_parameter(name, rest=place == rests) for place, name in enumerate(names)]
        operation["parameters"] = [*parameters, _QUERY]
        if method in _WITH_BODY:
            operation["requestBody"] = {"content": {"application/json": {"schema": {}}, "*/*": {}}}
        operation["responses"] = {"default": {"description": "What the service answers."}}
        paths.setdefault(path, {})[method.lower()] = operation


def _unnamed(path: str) -> str:
    return _NAME.sub("{}", path)


def _parameter(name: str, *, rest: bool) -> dict[str, Any]:
    said = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    return {**said, REST: True, "description": "All that is left of the path, with its slashes."} if rest else said


def _written(segment: Segment) -> str:
    first, *rest = segment.texts
    return first + "".join(f"{{{name}}}{text}" for name, text in zip(segment.names, rest, strict=True))


def _shape(path: str) -> Any:
    try:
        template = read_template(path)
    except ValueError:
        return path
    return tuple(segment.texts for segment in template.segments), bool(template.rest)
