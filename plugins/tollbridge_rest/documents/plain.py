"""Fields of a document by the type they must have; each refusal says where."""

from collections.abc import Mapping, Sequence
from typing import Any

from tollbridge_rest.documents.bounds import BadDocument


def mapping(value: Any, where: str) -> Mapping[str, Any]:
    """Give an object, empty for none."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadDocument(f"{where} must be an object", param=where)
    return value


def sequence(value: Any, where: str) -> Sequence[Any]:
    """Give a list, empty for none."""
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise BadDocument(f"{where} must be a list", param=where)
    return value


def text(value: Any, where: str) -> str:
    """Give a text, empty for none.  A number is read as one: `version: 1.0` is often written so."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadDocument(f"{where} must be a text", param=where)
    return str(value)


def needed(value: Any, where: str) -> str:
    """Give a text that must be there."""
    found = text(value, where)
    if not found:
        raise BadDocument(f"{where} is missing", param=where)
    return found


def flag(value: Any, where: str) -> bool:
    """Give a truth, false for none."""
    if value is None:
        return False
    if not isinstance(value, bool):
        raise BadDocument(f"{where} must be true or false", param=where)
    return value
