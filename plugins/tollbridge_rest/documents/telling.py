"""What is wrong with a value, told of a schema that leads back to itself, and where there is much to look at.

Listing the mistakes as the validator does takes twice as long for each level of the value, where two ways lead down.
Here each part of the value is held against each schema once, and against what a schema says of that part alone; of
shapes of which one must fit (`anyOf`, `oneOf`) it is told that none does, and not why.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema_rs

from tollbridge_rest.documents.schemas import KEPT
from tollbridge_rest.documents.weights import measured, reached

MAX_STEPS = 20_000
"""Schemas that parts are held against, each about 3 µs; other work is counted by what it takes beside that."""
_COMPILING = 20
_HANDED_OVER = 50
"""Values that are handed to the validator in one step."""
_OPAQUE = (("anyOf",), ("oneOf",), ("not",), ("contains", "minContains", "maxContains"), ("propertyNames",))
"""Keywords that are judged as a whole."""
_LAST = frozenset(("unevaluatedItems", "unevaluatedProperties"))
"""Keywords that hang on all others of their schema, and are judged where those are met."""
_OF_ALL = frozenset(("const", "enum", "uniqueItems"))
"""Keywords for which a part is looked at whole."""

Steps = tuple[str | int, ...]
Below = tuple[Any, Any, Steps]
"""A schema, what is held against it, and where that is."""
Told = tuple[Steps, str, Mapping[str, Any]]
"""Where a mistake is, the keyword that was not met, and what that says."""


class Tired(Exception):
    """There is more to look at than is looked at."""


class Telling:
    """Tells the mistakes of one value.  `compile_one` compiles a schema."""

    def __init__(
        self, schema: Mapping[str, Any], compile_one: Callable[[Mapping[str, Any]], jsonschema_rs.Validator]
    ) -> None:
        self._schema = schema
        self._named = {f"#/$defs/{name}": each for name, each in schema.get("$defs", {}).items()}
        self._compile_one = compile_one
        self._compiled: dict[tuple[int, str], jsonschema_rs.Validator] = {}
        self._left = MAX_STEPS

    def tell(self, value: Any) -> Iterator[Told]:
        """Give mistakes as they are found, those above first; raises `Tired`."""
        seen: set[tuple[int, Steps]] = set()
        ways: list[Iterator[Below]] = [iter([(self._schema, value, ())])]
        while ways:
            found = next(ways[-1], None)
            if found is None:
                ways.pop()
                continue
            schema, part, at = found
            if schema is True or (id(schema), at) in seen:
                continue
            self._take(1)
            seen.add((id(schema), at))
            if schema is False:
                yield at, "falseSchema", {}
                continue
            for name, says in self._mistakes(schema, part):
                yield at, name, says
            ways.append(self._below(schema, part, at))

    def _take(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise Tired

    def _mistakes(self, schema: Mapping[str, Any], part: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Give what a part does not meet of what a schema says of it."""
        own = {word: said for word, said in schema.items() if word in KEPT}
        if schema.get("additionalProperties") is False:
            own["additionalProperties"] = False
            for word in ("properties", "patternProperties"):
                own[word] = dict.fromkeys(schema.get(word, ()), True)
        if own:
            shown = self._handed(part) if own.keys() & _OF_ALL else self._handed(_hollow(part))
            for error in self._of(schema, "own", own).iter_errors(shown):
                yield error.kind.name, error.kind.as_dict()
        for words in _OPAQUE:
            said = {word: schema[word] for word in words if word in schema}
            if words[0] in said and not self._fits(schema, words[0], said, part):
                yield words[0], {}
        others = {word: said for word, said in schema.items() if word not in _LAST}
        for word in _LAST & schema.keys():
            said = {**others, word: schema[word]}
            if self._fits(schema, "others", others, part) and not self._fits(schema, word, said, part):
                yield word, {}

    def _below(self, schema: Mapping[str, Any], part: Any, at: Steps) -> Iterator[Below]:
        """Give what else a part, and what is within it, is held against."""
        if "$ref" in schema:
            yield self._named[schema["$ref"]], part, at
        for each in schema.get("allOf", ()):
            yield each, part, at
        if "if" in schema:
            fits = self._fits(schema, "if", {"allOf": [schema["if"]]}, part)
            yield schema.get("then" if fits else "else", True), part, at
        if isinstance(part, dict):
            for name, each in schema.get("dependentSchemas", {}).items():
                if name in part:
                    yield each, part, at
            for name, each in part.items():
                for below in self._of_field(schema, name):
                    yield below, each, (*at, name)
        elif isinstance(part, list):
            first = schema.get("prefixItems", ())
            for place, each in enumerate(part):
                yield first[place] if place < len(first) else schema.get("items", True), each, (*at, place)

    def _of_field(self, schema: Mapping[str, Any], name: str) -> Iterator[Any]:
        """Give the schemas of a field."""
        known = name in schema.get("properties", {})
        if known:
            yield schema["properties"][name]
        for pattern, below in schema.get("patternProperties", {}).items():
            if self._fits(schema, f"pattern {pattern}", {"pattern": pattern}, name):
                known = True
                yield below
        if not known:
            yield schema.get("additionalProperties", True) is False or schema.get("additionalProperties", True)

    def _handed(self, part: Any) -> Any:
        self._take(measured(part, self._left * _HANDED_OVER)[0] // _HANDED_OVER)
        return part

    def _fits(self, schema: Mapping[str, Any], word: str, said: Mapping[str, Any], part: Any) -> bool:
        return self._of(schema, word, said).is_valid(self._handed(part))

    def _of(self, schema: Mapping[str, Any], word: str, said: Mapping[str, Any]) -> jsonschema_rs.Validator:
        """Give the validator of a part of what a schema says."""
        key = (id(schema), word)
        if key not in self._compiled:
            leads = {ref.removeprefix("#/$defs/"): each for ref, each in reached(said, self._named)[:-1]}
            self._take(_COMPILING + len(leads))
            self._compiled[key] = self._compile_one({**said, "$defs": leads})
        return self._compiled[key]


def _hollow(part: Any) -> Any:
    """Give a part without what is within it."""
    if isinstance(part, dict):
        return dict.fromkeys(part)
    return [None] * len(part) if isinstance(part, list) else part
