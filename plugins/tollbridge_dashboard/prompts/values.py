"""Values that people type: JSON where a type wants it, and plain texts where it is a text."""

import json
from typing import Any

TYPES = ("string", "integer", "number", "boolean", "array", "object")


class NoValue(ValueError):
    """What was typed is none."""


def read_json(typed: str) -> Any:
    """Read JSON; raises `NoValue`."""
    try:
        return json.loads(typed, parse_constant=_never)
    except (ValueError, RecursionError) as exc:
        raise NoValue from exc


def read_value(typed: str, kind: str) -> Any:
    """Read a value of a type.  A text stands as it is, or in quotes as JSON; anything else is JSON.

    Raises `NoValue`.
    """
    if kind == "string":
        if typed.startswith('"') and typed.endswith('"') and len(typed) > 1:
            found = read_json(typed)
            return found if isinstance(found, str) else typed
        return typed
    if kind in TYPES:
        return read_json(typed)
    try:
        return read_json(typed)
    except NoValue:
        return typed


def write_value(value: Any, kind: str) -> str:
    """Write a value so that `read_value` reads it again; a text without quotes where that can be."""
    if isinstance(value, str) and kind == "string" and value.strip() == value and value and not value.startswith('"'):
        return value
    return json.dumps(value, ensure_ascii=False)


def write_json(value: Any) -> str:
    """Write JSON for people; nothing for what is empty."""
    return json.dumps(value, indent=2, ensure_ascii=False) if value not in (None, {}, [], "") else ""


def as_object(value: Any) -> dict[str, Any]:
    """Give an object; an empty one of anything else, for a draft may hold whatever somebody wrote."""
    return dict(value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Give a list; an empty one of anything else."""
    return list(value) if isinstance(value, list | tuple) else []


def _never(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
