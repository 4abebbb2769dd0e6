"""Schemas of a document as JSON Schema 2020-12, each with all it refers to, and nothing else.

What OpenAPI 3.0 writes in its own way (`nullable`, `exclusiveMinimum: true`), what OpenAPI adds (`discriminator`,
`readOnly` and `writeOnly` beside `required`) and what formats of numbers bound is said in keywords that a validator
knows. Everything that only describes is left out.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tollbridge_rest.documents.bounds import BadDocument
from tollbridge_rest.documents.discriminators import discriminated
from tollbridge_rest.documents.pointers import Refs

MAX_SCHEMAS = 200_000
"""Schemas that one may refer to, directly or not."""

ONE = frozenset(
    (
        *("additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"),
        *("unevaluatedItems", "unevaluatedProperties"),
    )
)
"""Keywords with a schema."""
MANY = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
"""Keywords with a list of schemas."""
NAMED = frozenset(("dependentSchemas", "patternProperties", "properties"))
"""Keywords with a map from names to schemas."""
KEPT = frozenset(
    (
        *("const", "dependentRequired", "enum", "exclusiveMaximum", "exclusiveMinimum", "format", "maxContains"),
        *("maxItems", "maxLength", "maxProperties", "maximum", "minContains", "minItems", "minLength"),
        *("minProperties", "minimum", "multipleOf", "pattern", "required", "type", "uniqueItems"),
    )
)
"""Keywords that stay as they are."""
_NEW = frozenset(
    (
        *("const", "contains", "dependentRequired", "dependentSchemas", "else", "if", "maxContains", "minContains"),
        *("patternProperties", "prefixItems", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
    )
)
"""Keywords that OpenAPI 3.0 does not know, so that they say nothing there (3.0.4, 4.7.24)."""
_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


class Side(StrEnum):
    """Which way a value goes.  What is read only is not needed in a request, what is written only not in an answer."""

    REQUEST = "request"
    RESPONSE = "response"


class Schemas:
    """Turns the schemas of one document."""

    def __init__(self, refs: Refs, *, old: bool) -> None:
        self.refs = refs
        self.old = old

    def whole(self, schema: Any, side: Side) -> tuple[dict[str, Any], int]:
        """Give a schema that stands alone, and how many schemas it holds; raises `BadDocument`."""
        turning = _Turning(self, side)
        root = turning.turn(schema)
        return self._closed(dict(root) if isinstance(root, Mapping) else {"allOf": [root]}, turning), turning.count

    def together(self, schemas: Mapping[str, Any], side: Side) -> dict[str, Any]:
        """Give one schema of an object with a field for each of these, so that what they share is there once."""
        turning = _Turning(self, side)
        return self._closed({"properties": {name: turning.turn(each) for name, each in schemas.items()}}, turning)

    def _closed(self, root: dict[str, Any], turning: "_Turning") -> dict[str, Any]:
        """Add what a schema refers to."""
        definitions: dict[str, Any] = {}
        while turning.waiting:
            name, ref = turning.waiting.pop()
            definitions[name] = turning.turn(self.refs.find(ref))
        if definitions:
            root["$defs"] = definitions
        return root

    def own(self, schema: Mapping[str, Any], side: Side) -> dict[str, Any]:
        """Give what one schema says by itself, in the keywords of 2020-12; `null` is a type where it may be."""
        own = {key: value for key, value in schema.items() if key in KEPT and not (self.old and key in _NEW)}
        if isinstance(own.get("required"), list):
            own["required"] = self.needed(schema, side)
        self.say_bounds(own)
        if self.old and schema.get("nullable") is True and isinstance(own.get("type"), str):
            own["type"] = [own["type"], "null"]
        return own

    def needed(self, schema: Mapping[str, Any], side: Side) -> list[Any]:
        """List what a schema requires of what goes this way."""
        properties = schema.get("properties")
        if not isinstance(properties, Mapping):
            return list(schema["required"])
        return [
            name
            for name in schema["required"]
            if not isinstance(name, str) or not self.hides(properties.get(name), side)
        ]

    def hides(self, schema: Any, side: Side) -> bool:
        """Whether a field does not go this way, which is said beside its reference or where that leads."""
        word = "readOnly" if side is Side.REQUEST else "writeOnly"
        if not isinstance(schema, Mapping):
            return False
        if not self.old and schema.get(word) is True:
            return True
        schema = self.refs.follow(schema)
        return isinstance(schema, Mapping) and schema.get(word) is True

    def say_bounds(self, own: dict[str, Any]) -> None:
        """Say the bounds of numbers as 2020-12 does."""
        if self.old:
            for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
                strict = own.pop(exclusive, False)
                if strict is True and bound in own:
                    own[exclusive] = own.pop(bound)
        limits = _RANGES.get(str(own.get("format"))) if _is_integer(own.get("type")) else None
        if limits is not None:
            for word, limit, closer in (("minimum", limits[0], max), ("maximum", limits[1], min)):
                given = own.get(word, limit)
                own[word] = closer(given, limit) if isinstance(given, int | float) else given


class _Turning:
    """Turns one schema and what it refers to."""

    def __init__(self, schemas: Schemas, side: Side) -> None:
        self._schemas = schemas
        self._refs = schemas.refs
        self._old = schemas.old
        self._side = side
        self._names: dict[str, str] = {}
        self.waiting: list[tuple[str, str]] = []
        self.count = 0

    def turn(self, schema: Any) -> Any:
        """Turn one schema.  It goes down as deep as the document, which is bounded."""
        self.count += 1
        if self.count > MAX_SCHEMAS:
            raise BadDocument(f"a schema refers to over {MAX_SCHEMAS:,} others")
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, Mapping):
            raise BadDocument("a schema must be an object")
        if isinstance(schema.get("$ref"), str) and self._old:
            return {"$ref": self._named(schema["$ref"])}
        turned = self._fields(schema)
        if "$ref" in schema and not isinstance(schema["$ref"], Mapping):
            turned["$ref"] = self._named(schema["$ref"])
        self._schemas.say_bounds(turned)
        if isinstance(schema.get("discriminator"), Mapping):
            turned = discriminated(schema, turned, self._old)
        return _nullable(turned) if self._old and schema.get("nullable") is True else turned

    def _fields(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        turned: dict[str, Any] = {}
        for key, value in schema.items():
            if self._old and key in _NEW:
                continue
            if key in KEPT:
                turned[key] = value
            elif key in ONE:
                turned[key] = self.turn(value)
            elif key in MANY:
                turned[key] = [self.turn(each) for each in value] if isinstance(value, list) else value
            elif key in NAMED:
                turned[key] = self._map(value)
        if isinstance(turned.get("required"), list):
            turned["required"] = self._schemas.needed(schema, self._side)
        return turned

    def _map(self, value: Any) -> Any:
        return {name: self.turn(each) for name, each in value.items()} if isinstance(value, Mapping) else value

    def _named(self, ref: Any) -> str:
        """Give the reference to what takes a reference's place."""
        self._refs.find(ref)
        if ref not in self._names:
            self._names[ref] = f"d{len(self._names)}"
            self.waiting.append((self._names[ref], ref))
        return f"#/$defs/{self._names[ref]}"


def _is_integer(kind: Any) -> bool:
    return kind == "integer" or (isinstance(kind, list) and "integer" in kind and "number" not in kind)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """Let null through.

    The specification lets it only where a `type` stands beside `nullable` and an `enum` names it (3.0.4, 4.7.24.1). It
    is let through everywhere: nothing else can have been meant, and the upstream has the last word.
    """
    kind = schema.get("type")
    if isinstance(kind, str) and not schema.keys() & {"enum", "allOf", "anyOf", "oneOf", "not"}:
        return {**schema, "type": [kind, "null"]}
    return {"anyOf": [schema, {"type": "null"}]}
