"""JSON Schemas (2020-12) as they are used: checked once, compiled once, and every error in words of our own.

The checker is jsonschema-rs. Its regular expressions are linear in the text, so that no `pattern` can hang; formats are
asserted, one that is not known is refused, and nothing is ever fetched. While it checks, everything waits: so what that
may take is counted before, and what would take too long is not begun.
"""

from collections.abc import Iterable
from typing import Any

import jsonschema_rs

from tollbridge_prompts.bounds import PATTERN_BYTES, PROBLEMS, WORDS
from tollbridge_prompts.checkcost import STEPS, CheckCost
from tollbridge_prompts.errorwords import SchemaError, in_words
from tollbridge_prompts.schemacheck import Flaws, flaws_of
from tollbridge_prompts.schemawalk import escaped, parts_of
from tollbridge_prompts.valuesize import Size, size_of


class UnusableSchema(ValueError):
    """A schema cannot be used; `flaws` say why."""

    def __init__(self, flaws: Flaws) -> None:
        super().__init__(f"{flaws[0][0]}: {flaws[0][1]}")
        self.flaws = flaws


class Schema:
    """A schema that values are held against.  Raises `UnusableSchema`."""

    def __init__(self, schema: Any) -> None:
        self.source = schema
        self._validator = _compiled(schema)
        self._names = frozenset(_names(schema))
        self._cost = CheckCost(schema)

    def fits(self, value: Any) -> bool:
        """Whether a value fits; one that it would take too long to check does not."""
        return self.steps(value) <= STEPS and self._validator.is_valid(value)

    def steps(self, value: Any) -> int:
        """Count the steps that a check may take."""
        return self._cost.steps(size_of(value))

    def errors(self, value: Any, *, most: int = PROBLEMS) -> list[SchemaError]:
        """Say what is wrong with a value, none where nothing is; of a large one the first error alone."""
        size = size_of(value)
        steps = self._cost.steps(size)
        if steps > STEPS:
            return [SchemaError("", too_much(size, steps))]
        if self._validator.is_valid(value):
            return []
        found: dict[SchemaError, None] = {}
        for one in self._found(value, size):
            found[in_words(one, self._names)] = None
            if len(found) == most:
                break
        return list(found) or [_UNNAMED]

    def _found(self, value: Any, size: Size) -> Iterable[jsonschema_rs.ValidationError]:
        """Give the errors of a value, or the first, or none, as it takes no long time."""
        if self._cost.listing(size) <= STEPS:
            yield from self._validator.iter_errors(value)
        elif self._cost.first(size) <= STEPS:
            try:
                self._validator.validate(value)
            except jsonschema_rs.ValidationError as exc:
                yield exc


_UNNAMED = SchemaError("", "it does not fit its schema; it is too large to say where")


def too_much(size: Size, steps: int) -> str:
    """Say that a value is not checked, for that could take too long, and what makes it shorter."""
    return (
        f"it holds {size.values} values and {size.characters} characters, and to hold them against the schema may take "
        f"{steps:,} steps; at most {STEPS:,} are taken: send less, or have the schema made simpler"
    )


def check_schema(schema: Any) -> Flaws:
    """Say why a schema cannot be used, nothing where it can."""
    try:
        _compiled(schema)
    except UnusableSchema as exc:
        return exc.flaws
    return []


def matcher(pattern: str) -> Schema:
    """Give what a text is held against to see whether a regular expression fits somewhere in it."""
    return Schema({"type": "string", "pattern": pattern})


def _compiled(schema: Any) -> jsonschema_rs.Validator:
    if flaws := flaws_of(schema):
        raise UnusableSchema(flaws)
    try:
        return jsonschema_rs.Draft202012Validator(
            schema,
            validate_formats=True,
            ignore_unknown_formats=False,
            pattern_options=jsonschema_rs.RegexOptions(size_limit=PATTERN_BYTES, dfa_size_limit=PATTERN_BYTES),
            offline=True,
        )
    except jsonschema_rs.ValidationError as exc:
        pointer = "".join(f"/{escaped(str(part))}" for part in exc.instance_path)
        said = exc.message.partition("\n")[0][:WORDS]
        if said.endswith('is not a "regex"'):
            said = "it is no regular expression of those that take linear time (no look-around, no back-references)"
        raise UnusableSchema([(pointer, said)]) from None
    except (ValueError, jsonschema_rs.ReferencingError) as exc:
        raise UnusableSchema([("", str(exc).partition("\n")[0][:WORDS])]) from None


def _names(schema: Any) -> Iterable[str]:
    """Give the names of properties that a schema itself says: they can be shown."""
    left = [schema]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            for keyword in ("properties", "dependentSchemas"):
                said = one.get(keyword)
                yield from said if isinstance(said, dict) else ()
            required = one.get("required")
            yield from (name for name in (required if isinstance(required, list) else ()) if isinstance(name, str))
        left += [part for _, part in parts_of(one, named=True)]
