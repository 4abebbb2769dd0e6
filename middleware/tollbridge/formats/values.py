"""JSON values as translation sees them: a number keeps its text, a key its place, and `null` is not absent."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from tollbridge.errors import BadRequest, GatewayError, UpstreamError

JSON = Any
"""A JSON value: None, bool, int, Decimal, str, list or dict.  A number with a point or an exponent is a `Decimal`."""

Number = int | Decimal
Extras = Mapping[str, JSON]
"""Members of an object that its dialect has and ours does not name, by name."""

NO_EXTRAS: Extras = {}

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidOperation)
"""What a decoder of msgspec raises for what is no JSON, does not fit, is no UTF-8, is nested too deep, or has a number
with an exponent that no `Decimal` has."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode


def decode_json(text: bytes | str, *, wrong: type[GatewayError] = BadRequest, what: str = "the body") -> JSON:
    """Read a JSON text; raises `wrong` for what is none."""
    try:
        return _decode(text)
    except UNREADABLE as exc:
        raise wrong(f"{what} is no valid JSON", detail=None if wrong is BadRequest else str(exc)) from exc


def encode_json(value: object) -> bytes:
    """Write a JSON value, numbers as they were read; raises `UpstreamError` for one that is nested too deep.

    Only an answer can be: the depth of a request is bounded before it is read.
    """
    try:
        return _encode(value)
    except RecursionError as exc:
        raise UpstreamError("the provider's answer is nested too deep") from exc


def json_text(value: object) -> str:
    """Write a JSON value as text; raises as `encode_json` does."""
    return encode_json(value).decode("utf-8")


def present(**members: JSON) -> dict[str, JSON]:
    """Make an object of those members that are not None."""
    return {name: value for name, value in members.items() if value is not None}


def object_text(arguments: str) -> bool:
    """Whether a text is one whole JSON object: tool arguments to which nothing can be added."""
    if not arguments.endswith("}"):
        return False
    try:
        return isinstance(_decode(arguments), dict)
    except UNREADABLE:
        return False


def items_of(value: JSON) -> Sequence[JSON]:
    """Give the items of a list, none for anything else."""
    return value if isinstance(value, list) else ()


def add_extras(members: dict[str, JSON], extras: Extras) -> dict[str, JSON]:
    """Put extras among the members of an object: inside an object both have, beside the rest otherwise."""
    for name, value in extras.items():
        held = members.get(name)
        if isinstance(held, dict) and isinstance(value, dict):
            members[name] = add_extras(dict(held), value)
        else:
            members[name] = value
    return members
