"""A document of OpenAPI 3.0 in the words of 3.1, whose schemas are JSON Schema 2020-12.

Whoever reads what is published has one kind of schema to know. What only describes stays; references stay as they are.
"""

from collections.abc import Mapping
from typing import Any

from tollbridge_rest.documents.schemas import MANY, NAMED, ONE

VERSION = "3.1.1"
_BOUNDS = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))
_VALUES = frozenset(("default", "enum", "example", "examples", "value"))


def upgraded(document: Mapping[str, Any]) -> dict[str, Any]:
    """Give a document of 3.0 as one of 3.1, and any other as it is."""
    if not document["openapi"].startswith("3.0"):
        return dict(document)
    turned = {key: _part(value, named=key == "paths") for key, value in document.items()}
    components = document.get("components")
    if isinstance(components, Mapping) and isinstance(components.get("schemas"), Mapping):
        schemas = {name: _schema(each) for name, each in components["schemas"].items()}
        others = {key: _part(value, named=True) for key, value in components.items() if key != "schemas"}
        turned["components"] = {key: schemas if key == "schemas" else others[key] for key in components}
    return {**turned, "openapi": VERSION}


def _part(value: Any, *, named: bool = False) -> Any:
    """Turn the schemas within a part.  `named`: its keys are names."""
    if isinstance(value, list):
        return [_part(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    turned = {}
    for key, inner in value.items():
        if named:
            turned[key] = _part(inner)
        elif key == "schema":
            turned[key] = _schema(inner)
        elif key in _VALUES or key.startswith("x-"):
            turned[key] = inner
        else:
            turned[key] = _part(inner, named=key in ("callbacks", "content", "headers", "responses", "encoding"))
    return turned


def _schema(schema: Any) -> Any:
    if not isinstance(schema, Mapping) or "$ref" in schema:
        return schema
    turned: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ONE:
            turned[key] = _schema(value)
        elif key in MANY and isinstance(value, list):
            turned[key] = [_schema(each) for each in value]
        elif key in NAMED and isinstance(value, Mapping):
            turned[key] = {name: _schema(each) for name, each in value.items()}
        elif key == "example":
            turned["examples"] = [value]
        elif key != "nullable":
            turned[key] = value
    for bound, exclusive in _BOUNDS:
        strict = turned.pop(exclusive, False)
        if strict is True and bound in turned:
            turned[exclusive] = turned.pop(bound)
    return _nullable(turned) if schema.get("nullable") is True else turned


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema.get("type")
    if not isinstance(kind, str) or schema.keys() & {"allOf", "anyOf", "oneOf", "not"}:
        return {"anyOf": [schema, {"type": "null"}]}
    enum = (
        {"enum": [*schema["enum"], None]} if isinstance(schema.get("enum"), list) and None not in schema["enum"] else {}
    )
    return {**schema, "type": [kind, "null"], **enum}
