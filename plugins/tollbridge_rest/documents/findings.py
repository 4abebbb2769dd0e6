"""What is wrong with a request or an answer: where, and what is asked for.  Never what was there instead."""

from itertools import islice
from typing import Any

import msgspec

from tollbridge_rest.documents.compiling import Validator

MAX_FINDINGS = 20
MAX_LISTED = 16_384
"""Bytes of a text in which all mistakes are listed; in a larger one the first is.  Listing takes time for each
mistake, of which a hostile body of 2 MB had 800,000, and then 9 s (jsonschema-rs 0.60.3)."""
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
    try:
        if validator.is_valid(value):
            return []
        errors = list(islice(validator.errors(value, every=size <= MAX_LISTED), MAX_FINDINGS))
    except ValueError:  # a value that is deeper than the validator goes
        return [Finding(where, "is nested too deeply")]
    return [Finding(_place(where, path, kind), _sentence(kind)) for path, kind in errors]


def _place(where: str, path: list[str | int], kind: Any) -> str:
    """Say where, with slashes; a missing field is named itself."""
    steps = [str(step) for step in path]
    if kind.name == "required":
        steps.append(str(kind.as_dict()["property"]))
    return "/".join([where, *(_short(step) for step in steps)])


def _sentence(error: Any) -> str:
    """Say what is asked for, by the kind of an error, which is that of the keyword that was not met."""
    kind, says = error.name, error.as_dict()
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
        case "additionalProperties" | "unevaluatedProperties":
            return f"must not hold the field {_short(str(says['unexpected'][0]))}"
        case "anyOf" | "oneOf":
            return "fits none of the shapes that it may have"
        case "falseSchema":
            return "must not be there"
    return f"does not meet {_short(kind)} of its schema"


def _short(text: str) -> str:
    plain = "".join(sign if sign.isprintable() else "?" for sign in text[: _SHOWN + 1])
    return plain if len(plain) <= _SHOWN else plain[:_SHOWN] + "…"
