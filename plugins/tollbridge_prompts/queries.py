"""Values from the query of a GET: texts, read as the types that the variables have."""

from typing import Any
from urllib.parse import parse_qsl

from tollbridge import BadRequest
from tollbridge_prompts import jsontext
from tollbridge_prompts.bounds import QUERY
from tollbridge_prompts.refusals import FieldError, InputRefused
from tollbridge_prompts.schematypes import item_types_of
from tollbridge_prompts.variables import Inputs, Variable

_MOST_FIELDS = 1_000
_BOOLEANS = {"true": True, "false": False}


def read_query(query: bytes, inputs: Inputs) -> dict[str, Any]:
    """Read `name=value` pairs; what cannot be of a variable's type stays a text, and its schema says so.

    A variable that is a list is given by repeating its name, or once as JSON. Raises `InputRefused` for one that is
    there twice and is no list, `BadRequest` for what is no query.
    """
    if len(query) > QUERY:
        raise BadRequest(f"the query is over {QUERY} bytes; use POST", status=414, code="uri_too_long")
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadRequest("the query cannot be read: name=value with '&' between, in UTF-8") from None
    said: dict[str, list[str]] = {}
    for name, text in pairs:
        said.setdefault(name, []).append(text)
    errors: list[FieldError] = []
    values: dict[str, Any] = {}
    for name, texts in said.items():
        variable = inputs.find(name)
        if variable is not None and len(texts) > 1 and "array" not in variable.read_as:
            errors.append(FieldError(f"/{name}", "it is there twice"))
        values[name] = texts[0] if variable is None else _value(inputs, variable, texts)
    if errors:
        raise InputRefused(errors)
    return values


def _value(inputs: Inputs, variable: Variable, texts: list[str]) -> Any:
    types = variable.read_as
    if "array" in types and (len(texts) > 1 or not _is_list(texts[0])):
        if len(texts) > 1 or len(types) == 1:
            items = item_types_of(variable.schema)
            return [typed(text, items) for text in texts]
        types = tuple(one for one in types if one != "array")
    others = tuple(one for one in types if one != "string")
    if others != types and others and not inputs.fits(variable.name, texts[0]):
        types = others  # such as one of several constants of which some are no texts
    return typed(texts[0], types)


def typed(text: str, types: tuple[str, ...]) -> Any:
    """Give a text as a value of the first of these types that it can be; itself for none."""
    if not types or "string" in types:
        return text
    for kind in types:
        if kind in ("integer", "number"):
            number = jsontext.number_of(text)
            if number is not None:
                return number
        elif kind == "boolean" and text in _BOOLEANS:
            return _BOOLEANS[text]
        elif kind == "null" and text in ("", "null"):
            return None
        elif kind in ("array", "object"):
            value = _json(text)
            if isinstance(value, list if kind == "array" else dict):
                return value
    return text


def _is_list(text: str) -> bool:
    return isinstance(_json(text), list)


def _json(text: str) -> Any:
    """Read a list or an object; None for anything else."""
    if not text.lstrip().startswith(("[", "{")):
        return None
    try:
        return jsontext.read(text)
    except ValueError:
        return None
