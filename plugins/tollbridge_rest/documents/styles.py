"""Texts of parameters taken apart by their style: into a text, a list of texts or a map of texts.

The styles are those of RFC 6570 and three of OpenAPI's own (OpenAPI 3.2, 4.12.3 and 4.12.6). A list or a map is split
before it is decoded, so that an encoded delimiter belongs to a value.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote, unquote_plus

from tollbridge_rest.documents.model import Style

Written = str | list[Any] | dict[str, Any]
"""A value as it was written: nothing but texts in it."""
MAX_PIECES = 10_000
"""Pieces of one value."""
MAX_BRACKETS = 8
_BRACKETS = re.compile(r"\[([^\[\]]{0,200})\]")
_SPACES = re.compile(r"%20|\+")
_PIPES = re.compile(r"%7[Cc]|\|")

Decode = Callable[[str], str]


class BadText(ValueError):
    """A text is not written as its style says.  The message is the end of a sentence, without the text."""


def decode_text(text: str) -> str:
    """Decode a percent-encoded text; raises `BadText` where it is not UTF-8."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise BadText("is not UTF-8 in percent-encoding") from None


def decode_query(text: str) -> str:
    """Decode a text of a query, in which `+` is a space; raises `BadText`."""
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise BadText("is not UTF-8 in percent-encoding") from None


def read_simple(raw: str, kind: str, explode: bool, decode: Decode = decode_text) -> Written:
    """Read the style `simple`; `kind` is `array`, `object` or anything else for one value."""
    if kind == "array":
        return [decode(each) for each in _split(raw, ",")]
    if kind == "object":
        return _pairs(_split(raw, ","), decode) if explode else _alternating(_split(raw, ","), decode)
    return decode(raw)


def read_path(name: str, raw: str, style: Style, kind: str, explode: bool) -> Written:
    """Read a value of a path in the styles `simple`, `label` and `matrix`."""
    if style is Style.SIMPLE:
        return read_simple(raw, kind, explode)
    if style is Style.LABEL:
        if not raw.startswith("."):
            raise BadText("must begin with a full stop")
        if explode and kind == "array":
            return [decode_text(each) for each in _split(raw[1:], ".")]
        if explode and kind == "object":
            return _pairs(_split(raw[1:], "."), decode_text)
        return read_simple(raw[1:], kind, explode)
    return _read_matrix(name, raw, kind, explode)


def _read_matrix(name: str, raw: str, kind: str, explode: bool) -> Written:
    if not raw.startswith(";"):
        raise BadText("must begin with a semicolon")
    parts = _split(raw[1:], ";")
    if explode and kind == "object":
        return _pairs(parts, decode_text)
    values = []
    for part in parts:
        key, _, value = part.partition("=")
        if decode_text(key) != name:
            raise BadText("must name itself after each semicolon")
        values.append(value)
    if explode and kind == "array":
        return [decode_text(each) for each in values]
    if len(values) != 1:
        raise BadText("must be there once")
    return read_simple(values[0], kind, explode)


def read_query(texts: Sequence[str], style: Style, kind: str, explode: bool) -> Written:
    """Read a value of a query or a form of the styles that write it under its own name, once or several times."""
    if kind == "array" and explode:
        return [decode_query(each) for each in texts]
    if len(texts) != 1:
        raise BadText("must be there once")
    raw = texts[0]
    if kind not in ("array", "object"):
        return decode_query(raw)
    if style is Style.SPACES:
        raw = _SPACES.sub(",", raw.replace(",", "%2C"))
    elif style is Style.PIPES:
        raw = _PIPES.sub(",", raw.replace(",", "%2C"))
    return read_simple(raw, kind, False, decode_query)


def read_deep(name: str, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Read the style `deepObject` of all pairs whose decoded name begins with `name[`.

    The specification says what `name[a]=1` is. What lies deeper is read as most servers do: `name[a][b]=1`, and
    `name[a][]=1` or the same name again for a list.
    """
    root: dict[str, Any] = {}
    for key, raw in pairs:
        steps = _BRACKETS.findall(key[len(name) :])
        if not steps or len(steps) > MAX_BRACKETS or "".join(f"[{step}]" for step in steps) != key[len(name) :]:
            raise BadText(f"must be written as name[field], at most {MAX_BRACKETS} deep")
        _place(root, steps, decode_query(raw))
    return root


def _place(root: dict[str, Any], steps: Sequence[str], value: str) -> None:
    if steps[-1] == "" and len(steps) > 1:
        steps = steps[:-1]
    for step in steps[:-1]:
        root = root.setdefault(step, {})
        if not isinstance(root, dict):
            raise BadText("has a field that is a value and an object at once")
    last = root.get(steps[-1])
    if last is None:
        root[steps[-1]] = value
    elif isinstance(last, dict):
        raise BadText("has a field that is a value and an object at once")
    elif isinstance(last, list):
        last.append(value)
    else:
        root[steps[-1]] = [last, value]


def _split(raw: str, delimiter: str) -> list[str]:
    if raw.count(delimiter) >= MAX_PIECES:
        raise BadText(f"has over {MAX_PIECES:,} pieces")
    return raw.split(delimiter) if raw else []


def _pairs(parts: Sequence[str], decode: Decode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in parts:
        key, equals, value = part.partition("=")
        _add(found, decode(key), decode(value), bool(equals))
    return found


def _alternating(parts: Sequence[str], decode: Decode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for at in range(0, len(parts), 2):
        value = parts[at + 1] if at + 1 < len(parts) else ""
        _add(found, decode(parts[at]), decode(value), at + 1 < len(parts))
    return found


def _add(found: dict[str, Any], key: str, value: str, whole: bool) -> None:
    if not whole:
        raise BadText("must be pairs of a field and a value")
    if key in found:
        raise BadText("has a field twice")
    found[key] = value


def is_below(key: str, name: str) -> bool:
    """Whether a name in a query is a field of a `deepObject`."""
    return key.startswith(f"{name}[")
