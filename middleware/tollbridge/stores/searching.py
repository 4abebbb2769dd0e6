"""Searching for a plain part of a text, the same in every database."""

from typing import Any

from sqlalchemy import ColumnElement, func, or_

from tollbridge.stores.rows import storable


def holds(part: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether one of some columns holds this, with no wildcards; upper and lower case of ASCII are one."""
    plain = storable(part).encode().lower().decode()  # of bytes only ASCII is lowered, as in every database
    return or_(*(func.lower(column).contains(plain, autoescape=True) for column in columns))
