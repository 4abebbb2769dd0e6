"""What is wrong with a request or an answer: where, and what is asked for.  Never what was there instead."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

import msgspec

from tollbridge_rest.documents.compiling import Validator
from tollbridge_rest.documents.telling import Steps, Tired
from tollbridge_rest.documents.weights import MAX_WORK

MAX_FINDINGS = 20
MAX_LISTED = 16_384
"""Bytes of a text in which all mistakes are listed; in a larger one the first is.  Listing takes time for each
mistake, of which a hostile body of 2 MB had 800,000, and then 9 s (jsonschema-rs 0.60.3)."""
_MAX_LISTING = 10_000
"""Schemas that such a text may be held against in all: each takes 16 µs to list, 100 times what it takes to check."""
_MAX_FIRST = 1_000_000
_MAX_COPIED = 50_000_000
"""Schemas that a text may be held against for its first mistake, and bytes of that for all schemas of one value.

The validator gives a copy of the value for each that it did not fit: of 100,000 numbers and 1,000 schemas in 20 s.
"""
_SHOWN = 64
_MAX_CHOICES = 10


class Finding(msgspec.Struct, frozen=True, gc=False):
    """One mistake.  `where` is such as `query.limit` or `body/items/0/name`, `message` the rest of the sentence.

    `status` is what a gateway that refuses it answers with.
    """

    where: str
    message: str
    status: int = 422


def check_value(validator: Validator, value: Any, where: str, size: int) -> list[Finding]:
    """Check a value; `size` is the bytes it was read from."""
    work = validator.weight.of_text(size, value)
    if work > MAX_WORK:
        return [Finding(where, "is too large to be checked against its schema", 413)]
    found: list[Finding] = []
    try:
        if validator.is_valid(value):
            return []
        every = size <= MAX_LISTED and work <= _MAX_LISTING
        apart = work > _MAX_FIRST or size * validator.weight.tried > _MAX_COPIED
        for path, name, says in islice(validator.errors(value, every=every, apart=apart), MAX_FINDINGS):
            found.append(Finding(_place(where, path, name, says), _sentence(name, says)))
            if not every:
                break
    except ValueError:  # a value that is deeper than the validator goes
        return [Finding(where, "is nested too deeply")]
    except Tired:
        pass
    return found or [Finding(where, "does not meet its schema")]


def _place(where: str, path: Steps, name: str, says: Mapping[str, Any]) -> str:
    """Say where, with slashes; a missing field is named itself."""
    steps = [str(step) for step in path]
    if name == "required":
        steps.append(str(says["property"]))
    return "/".join([where, *(_short(step) for step in steps)])


def _sentence(kind: str, says: Mapping[str, Any]) -> str:
    """Say what is asked for, by the keyword that was not met."""
    limit = says.get("limit")
    if kind in ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"):
        least = "at least" if kind.startswith("min") else "at most"
        unit = {"Length": "characters", "Items": "items", "Properties": "fields"}[kind[3:]]
        return f"must have {least} {limit} {unit}"
    bounds = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "greater than",
        "exclusiveMaximum": "less than",
    }
    if kind in bounds:
        return f"must be {bounds[kind]} {limit}"
    match kind:
        case "required":
            return "is missing"
        case "type":
            return f"must be of type {' or '.join(sorted(map(str, says['types'])))}"
        case "enum":
            options = [str(each) for each in says["options"]]
            more = ", …" if len(options) > _MAX_CHOICES else ""
            return f"must be one of {', '.join(_short(each) for each in options[:_MAX_CHOICES])}{more}"
        case "const":
            return f"must be {_short(str(says['expected_value']))}"
        case "format":
            return f"must be of the format {_short(str(says['format']))}"
        case "pattern":
            return f"must match the pattern {_short(str(says['pattern']))}"
        case "multipleOf":
            return f"must be a multiple of {says['multiple_of']}"
        case "uniqueItems":
            return "must not hold an item twice"
        case "additionalProperties" | "unevaluatedProperties" if "unexpected" in says:
            return f"must not hold the field {_short(str(says['unexpected'][0]))}"
        case "anyOf" | "oneOf":
            return "fits none of the shapes that it may have"
        case "falseSchema":
            return "must not be there"
    return f"does not meet {_short(kind)} of its schema"


def _short(text: str) -> str:
    plain = "".join(sign if sign.isprintable() else "?" for sign in text[: _SHOWN + 1])
    return plain if len(plain) <= _SHOWN else plain[:_SHOWN] + "…"
