"""Rows for every table whose rows end."""

from typing import Any

from sqlalchemy import Boolean, LargeBinary, Text

from tollbridge.stores import granttables, jobtables, peopletables, rolluptables, tables  # noqa: F401 - each declares its
from tollbridge.stores.columns import metadata

_VALUES = {Text: str, LargeBinary: lambda number: str(number).encode(), Boolean: bool}


def ending_rows(table: str, ends_at: int, numbers: range) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Give columns and values of rows that differ from each other in all but when they end."""
    columns = [column for column in metadata.tables[table].columns if not column.nullable]
    rows = [
        tuple(
            ends_at if column.name == "ends_at" else _VALUES.get(type(column.type), int)(number) for column in columns
        )
        for number in numbers
    ]
    return [column.name for column in columns], rows
