"""An example value of a JSON Schema (draft 2020-12), for a prompt API's fields and for bodies of REST operations.

What the schema shows goes first (`examples`, `example`, `default`, `const`, `enum`); else a short plausible value is
made by type and format. A schema comes from strangers: nothing is fetched, references lead into it alone, and depth and
size are bounded, so that one that refers to itself ends.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import jsonschema_rs

from tollbridge_portal.making import Making
from tollbridge_portal.samples.called import JSON, Unwritable, check_json

TRIED = 24
"""How many whole values are held against the schema before it is given up."""

_PATTERNS = jsonschema_rs.RegexOptions(size_limit=2_000_000, dfa_size_limit=2_000_000)


@dataclass(frozen=True, slots=True)
class Example:
    """A value, and whether it fits its schema.  One that does not is the nearest that was found."""

    value: JSON
    fits: bool


def example_of(schema: Any) -> Example:
    """Make an example of a schema.  Where it cannot be read at all the value is none and does not fit."""
    validator = _validator(schema)
    first: JSON = None
    for number, value in enumerate(islice(_candidates(schema), TRIED)):
        if not _writable(value):
            continue
        first = value if not number else first
        if validator is not None and validator.is_valid(value):
            return Example(value, True)
    return Example(first, False)


def fields_of(schemas: Mapping[str, Any], required: frozenset[str]) -> dict[str, JSON]:
    """Make example values of the fields of a prompt API, by name.

    Those that are not required are left out where no value that fits was found.
    """
    made = {name: example_of(schema) for name, schema in schemas.items()}
    return {name: example.value for name, example in made.items() if example.fits or name in required}


def _candidates(schema: Any) -> Iterator[JSON]:
    """Give whole values: with what the schema shows, then without, then with as little as is required."""
    yield from islice(Making(schema, _check).values(), TRIED // 2)
    yield from islice(Making(schema, _check, shown=False).values(), TRIED // 4)
    yield from islice(Making(schema, _check, shown=False, least=True).values(), TRIED // 4)


def _check(schema: Mapping[str, Any], value: JSON) -> bool:
    """Say whether a value fits a part of a schema that refers to nothing."""
    validator = _validator(schema)
    return validator is None or validator.is_valid(value)


def _validator(schema: Any) -> Any:
    """Compile a schema; none where it cannot be used."""
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, validate_formats=True, pattern_options=_PATTERNS, offline=True
        )
    except (ValueError, jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError):
        return None


def _writable(value: JSON) -> bool:
    try:
        check_json(value)
    except Unwritable:
        return False
    return True
