"""Schemas of JSON Schema 2020-12 compiled, with patterns that run in time linear in the text.

Those that need more (look-around, references back) are left out: a pattern that stops a worker is worse than a text
that the upstream refuses.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import jsonschema_rs

from tollbridge_rest.documents.bounds import BadDocument, shown
from tollbridge_rest.documents.telling import Telling, Told
from tollbridge_rest.documents.weights import Weight, weigh

_OPTIONS = jsonschema_rs.RegexOptions(size_limit=2_000_000, dfa_size_limit=2_000_000)


class Validator:
    """A compiled schema.  With a `field` it is that of one field of an object, which values are put into."""

    __slots__ = ("_compiled", "_field", "_schema", "weight")

    def __init__(
        self, compiled: jsonschema_rs.Validator, schema: Mapping[str, Any], weight: Weight, field: str = ""
    ) -> None:
        self._compiled = compiled
        self._schema = schema
        self._field = field
        self.weight = weight

    def is_valid(self, value: Any) -> bool:
        """Whether a value is right."""
        return self._compiled.is_valid({self._field: value} if self._field else value)

    def errors(self, value: Any, *, every: bool, apart: bool = False) -> Iterator[Told]:
        """Give what is wrong, or the first such thing; raises `ValueError` for a deep value.

        `apart`: a part is looked at after the other, as is always done where a schema leads back to itself. It may be
        too much then: raises `Tired`.
        """
        value = {self._field: value} if self._field else value
        if apart or self.weight.recursive:
            told = Telling(self._schema, _compile).tell(value)
        else:
            errors = self._compiled.iter_errors(value) if every else _first(self._compiled, value)
            told = ((tuple(error.instance_path), error.kind.name, error.kind.as_dict()) for error in errors)
        for path, name, says in told:
            yield path[1:] if self._field else path, name, says

    def of_field(self, field: str) -> "Validator":
        """Give the one of a field."""
        return Validator(self._compiled, self._schema, self.weight, field)


def compile_schema(schema: Mapping[str, Any]) -> Validator:
    """Make a validator; raises `BadDocument` for a schema that is none, or that tries too much."""
    try:
        return _made(schema)
    except ValueError as exc:
        if all(map(is_linear, _patterns(schema))):
            raise BadDocument(f"a schema cannot be used: {_reason(exc)}") from None
    try:
        return _made(_without_patterns(schema))
    except ValueError as exc:
        raise BadDocument(f"a schema cannot be used: {_reason(exc)}") from None


def is_linear(pattern: str) -> bool:
    """Whether a pattern can be run in linear time."""
    try:
        _compile({"pattern": pattern})
    except ValueError:
        return False
    return True


def patterns_of(schemas: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """List the patterns of schemas, of texts and of names."""
    for each in schemas:
        if isinstance(each.get("pattern"), str):
            yield each["pattern"]
        if isinstance(each.get("patternProperties"), Mapping):
            yield from each["patternProperties"]


def _made(schema: Mapping[str, Any]) -> Validator:
    compiled = _compile(schema)
    return Validator(compiled, schema, weigh(schema))


def _first(compiled: jsonschema_rs.Validator, value: Any) -> Iterator[jsonschema_rs.ValidationError]:
    try:
        compiled.validate(value)
    except jsonschema_rs.ValidationError as exc:
        yield exc


def _compile(schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(
        dict(schema), validate_formats=True, pattern_options=_OPTIONS, offline=True
    )


def _patterns(schema: Any) -> Iterator[str]:
    return patterns_of(_objects(schema))


def _objects(schema: Any) -> Iterator[Mapping[str, Any]]:
    stack = [schema]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            yield value
            stack.extend(inner for key, inner in value.items() if key not in ("enum", "const"))
        elif isinstance(value, list):
            stack.extend(value)


def _without_patterns(value: Any) -> Any:
    """Leave out the patterns that are not linear, and what hangs on them."""
    if isinstance(value, list):
        return [_without_patterns(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    kept = {key: inner if key in ("enum", "const") else _without_patterns(inner) for key, inner in value.items()}
    if isinstance(kept.get("pattern"), str) and not is_linear(kept["pattern"]):
        del kept["pattern"]
    named = kept.get("patternProperties")
    if isinstance(named, Mapping) and not all(map(is_linear, named)):
        kept["patternProperties"] = {name: each for name, each in named.items() if is_linear(name)}
        kept.pop("additionalProperties", None)
        kept.pop("unevaluatedProperties", None)
    return kept


def _reason(exc: ValueError) -> str:
    return shown(str(exc).split("\n", 1)[0])
