"""Tables as CSV (RFC 4180), safe to open as a spreadsheet."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

import msgspec

KIND = "text/csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet runs (OWASP, CSV Injection)."""


class Csv(msgspec.Struct, frozen=True):
    """A table that is answered as CSV; `name` is that of the file it is saved as."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]

    @property
    def headers(self) -> Mapping[str, str]:
        """Give the headers of the answer."""
        return {
            "content-type": f"{KIND}; charset=utf-8; header=present",
            "content-disposition": f'attachment; filename="{self.name}.csv"',
        }

    def encode(self) -> bytes:
        """Give the bytes."""
        return csv_text(self.columns, self.rows, end="\r\n").encode("utf-8")


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, end: str = "\n") -> str:
    """Write a head and rows of these columns; what is None is empty, what else a row has is left out."""
    written = StringIO(newline="")
    writer = csv.writer(written, lineterminator=end)
    writer.writerow(columns)
    writer.writerows([harmless(row.get(name)) for name in columns] for row in rows)
    return written.getvalue()


def harmless(value: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would run; numbers, and texts that are one, stay."""
    if not isinstance(value, str) or not value.startswith(_FORMULA) or _is_number(value):
        return value
    return f"'{value}"


def _is_number(text: str) -> bool:
    whole, _, part = text.removeprefix("-").partition(".")
    return whole.isascii() and whole.isdecimal() and (not part or (part.isascii() and part.isdecimal()))


def prefers_csv(accept: str) -> bool:
    """Say whether an `Accept` header would rather have CSV than JSON (RFC 9110, 12.5.1)."""
    found: dict[str, float] = {}
    for part in accept.split(","):
        kind, *parameters = (each.strip().lower() for each in part.split(";"))
        weights = [each.removeprefix("q=") for each in parameters if each.startswith("q=")]
        found[kind] = _weight(weights[0]) if weights else 1.0
    any_kind = found.get("*/*", 0.0)
    csv_weight = found.get(KIND, found.get("text/*", any_kind))
    return csv_weight > found.get("application/json", found.get("application/*", any_kind))


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
