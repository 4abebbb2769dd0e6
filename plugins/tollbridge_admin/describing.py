"""The OpenAPI 3.1 description, made of the very routes that are served."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from tollbridge_admin import PATH
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.bodies import KINDS
from tollbridge_admin.problems import KIND, Problem
from tollbridge_admin.routes import ANY_OR_NONE, ANY_TOKEN, ANYBODY, PATTERNS, Nothing, Route, Table, route

_REFS = "#/components/schemas/{name}"
_ALWAYS = (400, 401, 403, 414, 422, 429, 431, 503)
_WRITING = (408, 413, 415)
_TITLE = "Tollbridge administration"
_ABOUT = (
    "Tokens and the audit log of one gateway, guarded by the scopes of the same tokens. "
    "What each operation needs stands in its security requirement."
)

Json = dict[str, Any]


class Description:
    """Describes the routes of a table, itself among them; `base` is where the gateway's prefix is."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._table = Table(())
        self._document: Json = {}

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        more: Json = {"takes": Nothing, "gives": dict[str, Any], "scope": ANY_TOKEN}
        return (route("GET", "/openapi.json", self.get_openapi, **more),)

    def about(self, table: Table) -> None:
        """Describe these, when somebody asks: that takes so long that a start does without."""
        self._table = table

    async def get_openapi(self, asked: Asked, nothing: Nothing) -> Answer:
        """Describe this API (OpenAPI 3.1)."""
        self._document = self._document or await asyncio.to_thread(describe, self._table, f"{self._base}{PATH}")
        return Answer(self._document)


def statuses(one: Route) -> list[int]:
    """Give every status a route answers with, lowest first."""
    found = {one.status, *_ALWAYS, *one.also}
    found |= {404} if one.names else set()
    found |= {304} if one.tagged and one.reads else set()
    if not one.reads:
        found |= {*_WRITING} | ({412} if one.tagged else set()) | ({409} if one.method == "POST" else set())
    return sorted(found)


def describe(table: Table, url: str) -> Json:
    """Write the document; `url` is where the API is."""
    shapes = _Shapes(table.routes)
    paths: dict[str, Json] = {}
    for one in table.routes:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, shapes)
    refusals = {str(status): _refusal(status) for one in table.routes for status in statuses(one) if status >= 400}
    return {
        "openapi": "3.1.0",
        "info": {"title": _TITLE, "version": "1.0.0", "description": _ABOUT},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {
            "schemas": shapes.components,
            "responses": dict(sorted(refusals.items())),
            "headers": {
                "RequestId": {"description": "The id under which logs have this request", "schema": {"type": "string"}},
                "Tag": {"description": "The entity tag of what is shown", "schema": {"type": "string"}},
            },
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "tb_..."}},
        },
    }


class _Shapes:
    """The schemas of all shapes, one of a name."""

    def __init__(self, routes: Iterable[Route]) -> None:
        bodies = [one.takes for one in routes if _has_body(one)]
        kinds = list(dict.fromkeys([*bodies, *(one.gives for one in routes), Problem]))
        schemas, self.components = msgspec.json.schema_components(kinds, ref_template=_REFS)
        self._schemas: Mapping[Any, Json] = dict(zip(kinds, schemas, strict=True))

    def of(self, kind: Any) -> Json:
        """Give the schema of a shape."""
        return self._schemas[kind]


def _has_body(one: Route) -> bool:
    return not one.reads and one.takes is not Nothing


def _operation(one: Route, shapes: _Shapes) -> Json:
    described: Json = {
        "operationId": one.name,
        "summary": one.summary,
        "tags": [one.path.split("/")[1].removesuffix(".json")],
        "security": _security(one.scope),
        "parameters": [*_in_path(one), *(_in_query(one) if one.reads else ()), *_in_head(one)],
        "responses": {str(status): _response(one, status, shapes) for status in statuses(one)},
    }
    if _has_body(one):
        content = {kind: {"schema": shapes.of(one.takes)} for kind in KINDS[one.method]}
        described["requestBody"] = {"required": not one.may_be_bare, "content": content}
    return described


def _security(scope: str) -> Sequence[Json]:
    """Say what a route asks for; an empty requirement is none (OpenAPI 3.1, 4.8.30)."""
    if scope == ANYBODY:
        return []
    if scope == ANY_OR_NONE:
        return [{"bearer": []}, {}]
    return [{"bearer": [] if scope == ANY_TOKEN else [scope]}]


def _in_path(one: Route) -> Iterable[Json]:
    for name in one.names:
        schema = {"type": "string", "pattern": f"^{PATTERNS[name]}$"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _in_query(one: Route) -> Iterable[Json]:
    schema, parts = msgspec.json.schema_components([one.takes], ref_template=_REFS)
    shape = parts[schema[0]["$ref"].rpartition("/")[2]]
    for name, about in shape["properties"].items():
        known = {"description": text} if (text := about.pop("description", "")) else {}
        yield {"name": name, "in": "query", "required": name in shape.get("required", ()), "schema": about, **known}


def _in_head(one: Route) -> Iterable[Json]:
    if one.repeats:
        yield _header("Idempotency-Key", "The same request with the same key is done once and answered alike.")
    if one.tagged:
        name, when = ("If-None-Match", "Answer 304 if") if one.reads else ("If-Match", "Refuse with 412 unless")
        yield _header(name, f"{when} the object has this entity tag.")


def _header(name: str, about: str) -> Json:
    return {"name": name, "in": "header", "required": False, "description": about, "schema": {"type": "string"}}


def _response(one: Route, status: int, shapes: _Shapes) -> Json:
    if status >= 400:
        return {"$ref": f"#/components/responses/{status}"}
    headers = {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}}
    if one.tagged:
        headers["ETag"] = {"$ref": "#/components/headers/Tag"}
    if status == 304:
        return {"description": "It has the entity tag that is known", "headers": headers}
    content: Json = {"application/json": {"schema": shapes.of(one.gives)}}
    if one.csv:
        content["text/csv"] = {"schema": {"type": "string"}}
    return {"description": one.summary, "headers": headers, "content": content}


def _refusal(status: int) -> Json:
    return {
        "description": HTTPStatus(status).phrase,
        "headers": {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}},
        "content": {KIND: {"schema": {"$ref": _REFS.format(name="Problem")}}},
    }
