"""The OpenAPI 3.1 description of what a gateway serves by itself."""

from collections.abc import Iterable
from typing import Any

from tollbridge import __version__
from tollbridge.config import Config
from tollbridge.formats.dialect import Dialect, Operation
from tollbridge.surface import Surface


def describe(dialects: Iterable[Dialect], config: Config) -> dict[str, Any]:
    """Write the document: the model paths by dialect, health and metrics."""
    paths: dict[str, Any] = {}
    for path, ways in Surface(dialects).paths.items():
        methods = paths.setdefault(path, {})
        for dialect, operation in ways:
            method = operation.method.lower()
            if method in methods:
                methods[method]["description"] += f" Also in the shape of {dialect.name}, chosen by its headers."
            else:
                methods[method] = _operation(dialect, operation, path)
    prefix = config.server.prefix
    if prefix:
        paths[f"{prefix}/healthz"] = _open("Whether the process is up")
        paths[f"{prefix}/readyz"] = {"get": {**_open("Whether calls can be served")["get"], "responses": _ready()}}
    if config.server.metrics:
        paths[config.server.metrics] = _open("Prometheus metrics")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tollbridge", "version": __version__},
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "tb_..."},
                "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "googApiKey": {"type": "apiKey", "in": "header", "name": "x-goog-api-key"},
            }
        },
        "security": [{"bearer": []}, {"apiKey": []}, {"googApiKey": []}],
    }


def _operation(dialect: Dialect, operation: Operation, path: str) -> dict[str, Any]:
    one, again = "-one" if "{" in path else "", ""
    if path != operation.path:
        again = f"-{operation.also.index(path) + 2}"
    described: dict[str, Any] = {
        "operationId": f"{dialect.name}-{operation.label}{one}{again}",
        "summary": f"{operation.label.replace('_', ' ').capitalize()} in the dialect {dialect.name}",
        "description": f"Needs the scope {operation.scope}." if operation.scope else "Needs a valid token.",
        "tags": [dialect.name],
        "responses": {
            "200": {"description": "The answer, or a stream of events"},
            "default": {"description": "An error in the same dialect"},
        },
    }
    for name in ("model", "id"):
        if f"{{{name}}}" in path:
            described["parameters"] = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}}]
    if operation.socket:
        described["responses"]["101"] = {"description": "A session over a WebSocket"}
        described["parameters"] = [{"name": "model", "in": "query", "required": True, "schema": {"type": "string"}}]
    if operation.method == "POST":
        named = {"required": ["model"], "properties": {"model": {"type": "string"}}} if not operation.modelless else {}
        kinds = ["application/json", *(["multipart/form-data"] if operation.form else ())]
        schema = {"type": "object", **named}
        described["requestBody"] = {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}
    return described


def _open(summary: str) -> dict[str, Any]:
    return {"get": {"summary": summary, "security": [], "responses": {"200": {"description": "It is"}}}}


def _ready() -> dict[str, Any]:
    return {"200": {"description": "They can"}, "503": {"description": "Not now; `reason` says why"}}
