"""From a table of TOML's own types to a frozen dataclass: unknown keys and wrong types are refused by name."""

import difflib
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from tollbridge.errors import ConfigError, PluginError, SetupError, without_words

T = TypeVar("T")

_SHOWN = {
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    tuple: "a list",
    dict: "a table",
}


def build(cls: type[T], table: Mapping[str, object], where: str) -> T:
    """Make `cls` of a table; `where` is the table's name, such as `server`.

    Raises `ConfigError` for an unknown key, with the nearest known one, for a missing one and for a wrong type.
    Values that `cls` itself refuses with `ValueError` are reported the same way. Raises `PluginError` for what is no
    dataclass, or fails otherwise.
    """
    if not isinstance(cls, type) or not is_dataclass(cls):
        raise PluginError(f"{where}: what the plugin registered is no dataclass: {cls!r}")
    if not isinstance(table, Mapping):
        raise ConfigError(f"{where} must be a table")
    known: dict[str, Field[Any]] = {f.name: f for f in fields(cls) if f.init}
    try:
        hints = get_type_hints(cls)
    except NameError as exc:
        raise ConfigError(f"{where}: the types of its options cannot be read: {exc}") from exc
    values: dict[str, object] = {}
    for key, value in table.items():
        if key not in known:
            raise ConfigError(f"{where or 'top level'}: unknown option {key!r}{suggest(key, known)}")
        values[key] = _convert(hints[key], value, f"{where}.{key}" if where else key)
    for key, option in known.items():
        if key not in values and option.default is MISSING and option.default_factory is MISSING:
            raise ConfigError(f"{where}: the option {key!r} is missing")
    try:
        return cls(**values)
    except (ValueError, TypeError) as exc:
        raise ConfigError(f"{where}: {exc}") from exc
    except SetupError:
        raise
    except Exception as exc:
        raise PluginError(f"{where}: {cls.__name__} failed: {without_words(exc)}") from exc


def is_reference(text: str) -> bool:
    """Whether a text says where a secret is, as `env:NAME`, `file:PATH` or `stored:NAME`, and is not one itself."""
    kind, _, rest = text.partition(":")
    return kind in ("env", "file", "stored") and bool(rest)


def suggest(word: str, known: Mapping[str, object]) -> str:
    """Give `; did you mean 'x'?` for the nearest known word, else the list of known words."""
    near = difflib.get_close_matches(word, known, n=1)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(sorted(known))}" if known else ""


def _convert(hint: Any, value: object, where: str) -> object:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        options = [arg for arg in args if arg is not type(None)]
        if len(options) == 1:
            return _convert(options[0], value, where)
        for option in options:
            if _fits(option, value):
                return _convert(option, value, where)
        raise _wrong(where, " or ".join(_name(option) for option in options), value)
    if not _fits(hint, value):
        raise _wrong(where, _name(hint), value)
    if is_dataclass(hint) and isinstance(value, Mapping):
        return build(hint, value, where)  # type: ignore[arg-type]  # a dataclass type, not an instance
    if origin in (tuple, list) and isinstance(value, list | tuple):
        return origin(_convert(args[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin in (dict, Mapping) and isinstance(value, Mapping):
        return {str(key): _convert(args[1], item, f"{where}.{key}") for key, item in value.items()}
    if hint is float:
        return float(value)  # type: ignore[arg-type]  # _fits let numbers through only
    return value


def _fits(hint: Any, value: object) -> bool:
    origin = get_origin(hint)
    if hint is Any or hint is object:
        return True
    if is_dataclass(hint) or origin in (dict, Mapping):
        return isinstance(value, Mapping)
    if origin in (tuple, list):
        return isinstance(value, list | tuple)
    if origin is Literal:
        return isinstance(value, str | int) and value in get_args(hint)
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(hint, type) and isinstance(value, hint)


def _name(hint: Any) -> str:
    if is_dataclass(hint):
        return "a table"
    if get_origin(hint) is Literal:
        return " or ".join(repr(choice) for choice in get_args(hint))
    kind = get_origin(hint) or hint
    return _SHOWN.get(dict if kind is Mapping else kind, f"a {getattr(kind, '__name__', kind)}")


def _wrong(where: str, wanted: str, value: object) -> ConfigError:
    got = f", not {value!r:.40}" if isinstance(value, int | float) else ""  # anything else may hold a key
    return ConfigError(f"{where} must be {wanted}{got}")
