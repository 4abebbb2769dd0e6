"""What can be called of a service, read from its OpenAPI document: operations, their fields, and an example of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tollbridge_portal.examples import example_of

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_JSON = "application/json"
_STREAM = "text/event-stream"
_MOST_DEEP = 32
_LONG = 120
"""From how many signs on a text is typed on several lines."""


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a member of the body.  `where` is path, query, header or body; `example` is a JSON value."""

    name: str
    where: str
    type: str
    required: bool
    about: str
    default: str
    example: Any
    is_long: bool
    """Whether it is typed on several lines."""

    @property
    def key(self) -> str:
        """What a form calls it."""
        return f"{self.where}.{self.name}"

    @property
    def text(self) -> str:
        """The example as somebody types it: a text as it is, anything else as JSON."""
        if self.example is None:
            return ""
        return self.example if isinstance(self.example, str) else msgspec.json.encode(self.example).decode()


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to be called.  `path` is a template below the gateway's address; `body` an example of the whole body.

    `fields` are the parameters and, where the body is an object, its members. `flat`: the members are all of the body.
    """

    name: str
    method: str
    path: str
    summary: str
    about: str
    fields: tuple[Field, ...]
    media_type: str
    body: Any
    flat: bool
    streams: bool

    def of(self, where: str) -> tuple[Field, ...]:
        """Give the fields of one place."""
        return tuple(field for field in self.fields if field.where == where)


def read_operations(document: Mapping[str, Any], root: str = "") -> tuple[Operation, ...]:
    """Read all of them, in the order of the document; `root` is the path that the gateway's public address has."""
    servers = document.get("servers") or [{"url": ""}]
    base = urlsplit(str(servers[0].get("url", ""))).path.removeprefix(root).rstrip("/")
    reader = _Reader(document)
    return tuple(
        reader.operation(base + path, item, method)
        for path, item in document.get("paths", {}).items()
        for method in METHODS
        if method in item
    )


def _is_long(kind: object, most: object) -> bool:
    if kind == "string":
        return not isinstance(most, int) or most >= _LONG
    return kind in ("object", "array")


class _Reader:
    """Reads parts of a document, following references within it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def operation(self, path: str, item: Mapping[str, Any], method: str) -> Operation:
        said = item[method]
        parameters = [self._found(one) for one in (*item.get("parameters", ()), *said.get("parameters", ()))]
        body = self._found(said.get("requestBody") or {})
        content = body.get("content", {})
        media_type = _JSON if _JSON in content else next(iter(content), "")
        schema = content.get(media_type, {}).get("schema") if media_type else None
        members = tuple(self._members(schema)) if schema is not None and media_type == _JSON else ()
        return Operation(
            name=str(said.get("operationId") or f"{method} {path}"),
            method=method.upper(),
            path=path,
            summary=str(said.get("summary") or ""),
            about=str(said.get("description") or ""),
            fields=(*map(self._parameter, parameters), *members),
            media_type=media_type,
            body=self._example(schema, content.get(media_type, {})) if schema is not None else None,
            flat=bool(members),
            streams=any(_STREAM in self._found(one).get("content", {}) for one in said.get("responses", {}).values()),
        )

    def _parameter(self, said: Mapping[str, Any]) -> Field:
        schema = self._found(said.get("schema") or {})
        given = said.get("example", schema.get("example"))
        example = given if given is not None else self._example(schema, {})
        return self._field(str(said.get("name", "")), str(said.get("in", "query")), schema, said, example)

    def _members(self, schema: Any) -> Iterator[Field]:
        """Give the members of a body that is a plain object."""
        whole = self._found(schema)
        if whole.get("type") != "object" or not isinstance(whole.get("properties"), dict):
            return
        required, example = whole.get("required", ()), self._example(schema, {})
        for name, part in whole["properties"].items():
            found = self._found(part)
            value = example.get(name) if isinstance(example, dict) else None
            said = {"required": name in required, "description": found.get("description", "")}
            yield self._field(name, "body", found, said, found.get("default") if value is None else value)

    def _field(self, name: str, where: str, schema: Mapping[str, Any], said: Mapping[str, Any], example: Any) -> Field:
        kind = schema.get("type", "any")
        default = schema.get("default")
        return Field(
            name=name,
            where=where,
            type=" | ".join(kind) if isinstance(kind, list) else str(kind),
            required=bool(said.get("required")),
            about=str(said.get("description") or schema.get("description") or ""),
            default="" if default is None else msgspec.json.encode(default).decode(),
            example=example,
            is_long=where == "body" and _is_long(kind, schema.get("maxLength")),
        )

    def _example(self, schema: Any, content: Mapping[str, Any]) -> Any:
        if "example" in content:
            return content["example"]
        components = self._document.get("components")
        whole = {**schema, "components": components} if isinstance(schema, dict) and components else schema
        return example_of(whole).value

    def _found(self, part: Any) -> Mapping[str, Any]:
        """Follow references; what leads nowhere is empty."""
        for _ in range(_MOST_DEEP):
            if not isinstance(part, Mapping):
                return {}
            target = part.get("$ref")
            if not isinstance(target, str):
                return part
            part = self._document if target.startswith("#/") else {}
            for step in target[2:].split("/"):
                part = part.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(part, Mapping) else {}
        return {}
