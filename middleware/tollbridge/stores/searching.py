"""Searching for a plain part of a text, the same in every database."""

from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import String

from tollbridge.stores.rows import storable

_WILDCARDS = frozenset("%_/\\")
"""What LIKE takes for something else than itself; a backslash in PostgreSQL, unless it is told otherwise."""


def holds(part: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether one of some columns holds this, with no wildcards; upper and lower case of ASCII are one."""
    plain = storable(part).encode().lower().decode()  # of bytes only ASCII is lowered, as in every database
    escaped = not _WILDCARDS.isdisjoint(plain)  # where nothing is, LIKE without it takes half the time
    return or_(*(_Folded(column).contains(plain, autoescape=escaped) for column in columns))


class _Folded(FunctionElement[str]):
    """A column for LIKE with upper and lower case of ASCII as one."""

    name = "folded"
    type = String()
    inherit_cache = True


@compiles(_Folded)
def _lower(element: _Folded, compiler: SQLCompiler, **more: Any) -> str:
    return f"lower({compiler.process(element.clauses, **more)})"


@compiles(_Folded, "sqlite")
def _plain(element: _Folded, compiler: SQLCompiler, **more: Any) -> str:
    """Leave it: LIKE of SQLite does that itself, three times as fast (https://sqlite.org/lang_expr.html#like)."""
    return compiler.process(element.clauses, **more)
