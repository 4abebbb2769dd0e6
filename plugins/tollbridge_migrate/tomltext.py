"""Plain values as TOML: tables of options, each on its line (toml.io/en/v1.0.0)."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def write_tables(tables: Mapping[tuple[str, ...], Mapping[str, Any]]) -> str:
    """Write tables by their names, such as `("providers", "mine")`."""
    return "\n".join(_table(name, options) for name, options in tables.items())


def _table(name: tuple[str, ...], options: Mapping[str, Any]) -> str:
    head = f"[{'.'.join(map(_key, name))}]\n"
    return head + "".join(f"{_key(key)} = {_value(value)}\n" for key, value in options.items())


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    return f"[{', '.join(map(_value, value))}]"


def _text(text: str) -> str:
    return f'"{"".join(map(_letter, text))}"'


def _letter(letter: str) -> str:
    """Give a letter as it stands in a basic string; half a surrogate pair, which none can hold, is replaced."""
    if letter in _SHORT:
        return _SHORT[letter]
    if "\ud800" <= letter <= "\udfff":
        return "\N{REPLACEMENT CHARACTER}"
    return letter if letter >= " " and letter != "\x7f" else f"\\u{ord(letter):04X}"
