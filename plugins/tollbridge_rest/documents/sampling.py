"""A value made of a schema, the same each time: the least that is valid, of what the schema itself offers first.

What an author wrote comes first: an example, a default, a constant, the first of an enumeration. Then the type decides,
within its bounds. Of an object only what is required is made. A `pattern` and a `not` are not met on purpose.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tollbridge_rest.documents.pointers import Refs
from tollbridge_rest.documents.schemas import KEPT, Schemas, Side

MAX_LEVELS = 30
MAX_VALUES = 5_000
MAX_ITEMS = 100
"""Items of one list, and characters of one text: what asks for more is not met."""
MAX_TEXT = 10_000

_TEXTS = {
    "date": "2024-01-01",
    "date-time": "2024-01-01T00:00:00Z",
    "duration": "P1D",
    "email": "user@example.com",
    "hostname": "example.com",
    "idn-email": "user@example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "iri": "https://example.com/",
    "iri-reference": "/",
    "json-pointer": "/field",
    "regex": "^a$",
    "relative-json-pointer": "0",
    "time": "00:00:00Z",
    "uri": "https://example.com/",
    "uri-reference": "/",
    "uri-template": "/{id}",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "byte": "c3RyaW5n",
}
_NOTHING = object()


def sample(schema: Any, schemas: Schemas, side: Side = Side.RESPONSE) -> Any:
    """Make a value; raises `BadDocument` where a schema cannot be read.  One that goes on for ever ends in null."""
    return _Sampling(schemas, side).make(schema, 0, 0)


class _Sampling:
    """Makes one value.  `at` is the number of an item in its list, so that items can differ."""

    def __init__(self, schemas: Schemas, side: Side) -> None:
        self._schemas = schemas
        self._refs: Refs = schemas.refs
        self._side = side
        self._made = 0

    def make(self, schema: Any, level: int, at: int) -> Any:
        self._made += 1
        if level > MAX_LEVELS or self._made > MAX_VALUES:
            return None
        schema = self._refs.follow(schema) if self._schemas.old or _is_only_ref(schema) else schema
        if not isinstance(schema, Mapping):
            return None
        offered = _offered(schema, at)
        if offered is not _NOTHING:
            return offered
        schema = self._merged(schema, level)
        offered = _offered(schema, at)
        if offered is not _NOTHING:
            return offered
        return self._typed(schema, level, at)

    def _merged(self, schema: Mapping[str, Any], level: int) -> Mapping[str, Any]:
        """Take in what a schema is combined of: all of `allOf`, the first of the others, and what `$ref` names."""
        parts: list[Any] = []
        if isinstance(schema.get("$ref"), str):
            parts.append(self._refs.follow(schema))
        if isinstance(schema.get("allOf"), list):
            parts.extend(schema["allOf"])
        for word in ("oneOf", "anyOf"):
            choices = schema.get(word)
            if isinstance(choices, list) and choices:
                parts.append(self._choose(choices, level))
        left_out = KEPT | {"$ref", "allOf", "oneOf", "anyOf"}
        merged = {key: value for key, value in schema.items() if key not in left_out}
        merged.update(self._schemas.own(schema, self._side))
        for part in parts:
            part = self._refs.follow(part)
            if isinstance(part, Mapping) and level <= MAX_LEVELS:
                merged = _joined(merged, self._merged(part, level + 1))
        return merged

    def _choose(self, choices: Sequence[Any], level: int) -> Any:
        """Give the first choice that is no null; deep inside the last one, which more often ends."""
        found = [each for each in choices if not (isinstance(each, Mapping) and each.get("type") == "null")]
        return (found[-1] if level > MAX_LEVELS // 2 else found[0]) if found else choices[0]

    def _typed(self, schema: Mapping[str, Any], level: int, at: int) -> Any:
        kinds = _kinds(schema)
        for kind in ("object", "array", "string", "integer", "number", "boolean"):
            if kind in kinds:
                match kind:
                    case "object":
                        return self._object(schema, level)
                    case "array":
                        return self._array(schema, level)
                    case "string":
                        return _text(schema, at)
                    case "boolean":
                        return at % 2 == 1
                return _number(schema, at, whole=kind == "integer")
        return None

    def _object(self, schema: Mapping[str, Any], level: int) -> dict[str, Any]:
        properties = schema.get("properties")
        properties = properties if isinstance(properties, Mapping) else {}
        required = [name for name in _list(schema.get("required")) if isinstance(name, str)]
        least = _count(schema.get("minProperties"))
        additional = schema.get("additionalProperties", True)
        made = {name: self.make(properties.get(name, additional), level + 1, 0) for name in required}
        for name, inner in properties.items():
            if len(made) >= least:
                break
            if name not in made:
                made[name] = self.make(inner, level + 1, 0)
        while len(made) < min(least, MAX_ITEMS) and additional is not False:
            made[f"field{len(made) + 1}"] = self.make(additional, level + 1, len(made))
        return made

    def _array(self, schema: Mapping[str, Any], level: int) -> list[Any]:
        first, items = _list(schema.get("prefixItems")), schema.get("items", True)
        least = min(_count(schema.get("minItems")), MAX_ITEMS)
        made = [self.make(first[at] if at < len(first) else items, level + 1, at) for at in range(least)]
        if not made and "items" in schema and schema.get("maxItems") != 0 and level < MAX_LEVELS // 2:
            made = [self.make(items, level + 1, 0)] if items is not False else []
        return made


def _offered(schema: Mapping[str, Any], at: int) -> Any:
    """Give what the author wrote."""
    if "example" in schema:
        return schema["example"]
    for word in ("examples", "enum"):
        if isinstance(schema.get(word), list) and schema[word] and word == "examples":
            return schema[word][at % len(schema[word])]
    for word in ("default", "const"):
        if word in schema:
            return schema[word]
    values = schema.get("enum")
    if isinstance(values, list) and values:
        return values[at % len(values)]
    return _NOTHING


def _is_only_ref(schema: Any) -> bool:
    return isinstance(schema, Mapping) and "$ref" in schema and len(schema) == 1


def _joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Join what two schemas ask for; of bounds the closer ones."""
    joined = {**other, **one}
    for word, closer in (("minimum", max), ("minLength", max), ("minItems", max), ("minProperties", max)):
        if isinstance(one.get(word), int | float) and isinstance(other.get(word), int | float):
            joined[word] = closer(one[word], other[word])
    if isinstance(one.get("properties"), Mapping) and isinstance(other.get("properties"), Mapping):
        joined["properties"] = {**other["properties"], **one["properties"]}
    if isinstance(one.get("required"), list) and isinstance(other.get("required"), list):
        joined["required"] = list(dict.fromkeys([*one["required"], *other["required"]]))
    return joined


def _kinds(schema: Mapping[str, Any]) -> Sequence[Any]:
    said = schema.get("type")
    if isinstance(said, str):
        return [said]
    if isinstance(said, list):
        return said
    for kind, words in (
        ("object", ("properties", "required", "additionalProperties", "minProperties")),
        ("array", ("items", "minItems", "prefixItems")),
        ("string", ("format", "minLength", "maxLength", "pattern")),
        ("number", ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum")),
    ):
        if any(word in schema for word in words):
            return [kind]
    return []


def _text(schema: Mapping[str, Any], at: int) -> str:
    known = _TEXTS.get(str(schema.get("format")))
    text = known or "string"
    if at and known is None:
        text = f"{text}{at + 1}"
    least, most = min(_count(schema.get("minLength")), MAX_TEXT), schema.get("maxLength")
    if len(text) < least:
        text += "x" * (least - len(text))
    if isinstance(most, int) and known is None and len(text) > most:
        text = str(at)[:most] if at else text[:most]
        text += "x" * (least - len(text))
    return text


def _number(schema: Mapping[str, Any], at: int, *, whole: bool) -> int | float:
    """Give the number closest to zero that is within the bounds, `at` steps further."""
    step = schema.get("multipleOf")
    step = step if isinstance(step, int | float) and step > 0 else 1
    low, high = (
        _bound(schema, "minimum", "exclusiveMinimum", -math.inf),
        _bound(schema, "maximum", "exclusiveMaximum", math.inf),
    )
    if not whole and "multipleOf" not in schema and low[0] > -math.inf and high[0] < math.inf and high[0] - low[0] <= 1:
        return low[0] if not low[1] else (low[0] + high[0]) / 2
    value: int | float = 0
    if low[0] > 0 or (low[0] == 0 and low[1]):
        value = _ceiling(low[0], step, beyond=low[1])
    elif high[0] < 0 or (high[0] == 0 and high[1]):
        value = -_ceiling(-high[0], step, beyond=high[1])
    further = next((each for each in (value + at * step, value - at * step) if _within(each, low, high)), value)
    return int(further) if whole and math.isfinite(further) else further


def _within(value: float, low: tuple[float, bool], high: tuple[float, bool]) -> bool:
    above = value > low[0] or (value == low[0] and not low[1])
    return above and (value < high[0] or (value == high[0] and not high[1]))


def _ceiling(bound: float, step: float, *, beyond: bool) -> int | float:
    """Give the first multiple of `step` from `bound` on, or after it."""
    if isinstance(bound, int) and isinstance(step, int):
        return (bound // step + 1) * step if beyond or bound % step else bound
    count = math.ceil(bound / step)
    return (count + 1) * step if beyond and count * step <= bound else count * step


def _bound(schema: Mapping[str, Any], word: str, strict: str, none: float) -> tuple[int | float, bool]:
    """Give a bound, and whether it is left out itself."""
    inside, outside = schema.get(word), schema.get(strict)
    found = [(each, out) for each, out in ((inside, False), (outside, True)) if each is not None and _is_number(each)]
    pick = max if none < 0 else min
    return pick(found, key=lambda each: (each[0], each[1] if none < 0 else not each[1]), default=(none, False))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
