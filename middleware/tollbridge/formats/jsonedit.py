"""Changing single values of a JSON object without touching any other byte.

Bodies pass the bridge as they were sent: key order, spacing, number texts and unknown fields stay. Only what must
change is spliced in.
"""

import json
import re
from collections.abc import Container, Iterable, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]  # exported, but not in the stubs
from typing import NamedTuple

from tollbridge.errors import BadRequest

_SCAN = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # documented only by its use in json.decoder
_SPACES = " \t\n\r"
_NO_SPACE = re.compile(f"[^{_SPACES}]")


class Member(NamedTuple):
    """Where one member stands in the text: `key` begins at its quote, its value is `start` to `end`."""

    key: int
    start: int
    end: int


def members(body: str | bytes) -> dict[str, Member]:
    """Find the members of a JSON object; raises `BadRequest` for what is no object.

    A key that comes twice is refused: two readers could choose differently. Places are in characters, not bytes.
    """
    text = body if isinstance(body, str) else _decoded(body)
    try:
        return _members(text)
    except (ValueError, StopIteration, IndexError, RecursionError) as exc:
        raise BadRequest(f"the body is no JSON object: {_problem(exc)}") from exc


def _problem(exc: Exception) -> str:
    """Say in a caller's words what the scanner or `_members` stumbled over."""
    if isinstance(exc, StopIteration):
        return f"a value is missing at character {exc.value}"
    if isinstance(exc, RecursionError):
        return "it is nested too deep"
    return "it ends too early" if isinstance(exc, IndexError) else str(exc)


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise BadRequest(f"the body is no JSON object: {exc}") from exc


def _members(text: str) -> dict[str, Member]:
    found: dict[str, Member] = {}
    at = _skip(text, 0)
    if text[at] != "{":
        raise ValueError("it does not begin with {")
    at = _skip(text, at + 1)
    while text[at] != "}":
        if text[at] != '"':
            raise ValueError(f"a key is missing at character {at}")
        begin = at
        key, at = scanstring(text, at + 1, True)
        at = _skip(text, at)
        if text[at] != ":":
            raise ValueError(f"a colon is missing at character {at}")
        start = _skip(text, at + 1)
        _, at = _SCAN(text, start)
        if key in found:
            raise BadRequest(f"the field {key!r} is in the body twice", param=key)
        found[key] = Member(begin, start, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
            if text[at] == "}":
                raise ValueError("it ends with a comma")
        elif text[at] != "}":
            raise ValueError(f"a comma is missing at character {at}")
    behind = text[at + 1 :].lstrip(_SPACES)
    if behind:
        raise ValueError(f"something stands behind it at character {len(text) - len(behind)}")
    return found


def _skip(text: str, at: int) -> int:
    """Give the place of the next character that is no space; raises `IndexError` where there is none."""
    if text[at] not in _SPACES:
        return at
    found = _NO_SPACE.search(text, at)
    if found is None:
        raise IndexError
    return found.start()


def object_in(body: bytes, name: str) -> bytes:
    """Give the text of an object at the top of a body, `{}` where it is absent or null; raises as `members` does."""
    text = _decoded(body)
    at = members(text).get(name)
    given = "null" if at is None else text[at.start : at.end]
    return b"{}" if given == "null" else given.encode("utf-8")


def splice(
    body: bytes, values: Mapping[str, bytes], *, rename: Mapping[str, str] | None = None, drop: Iterable[str] = ()
) -> bytes:
    """Set members to the given JSON texts: in place where the key is there, else at the front.

    Every other byte stays. `rename` changes keys, `drop` leaves members out; where either has work to do, the spaces
    between members go too. Raises `BadRequest` as `members` does.
    """
    text = _decoded(body)
    found = members(text)
    rename = {old: new for old, new in (rename or {}).items() if old in found}
    drop = {key for key in drop if key in found} | {old for old, new in rename.items() if new in found or new in values}
    if rename or drop:
        text = _rebuilt(text, found, rename, drop)
        found = members(text)
    edits = [(*found[key][1:], value) for key, value in values.items() if key in found]
    fresh = ",".join(f"{json.dumps(key)}:{value.decode()}" for key, value in values.items() if key not in found)
    for start, end, value in sorted(edits, reverse=True):
        text = text[:start] + value.decode("utf-8") + text[end:]
    if fresh:
        begin = text.index("{") + 1
        text = text[:begin] + fresh + ("," if found else "") + text[begin:]
    return text.encode("utf-8")


def _rebuilt(text: str, found: Mapping[str, Member], rename: Mapping[str, str], drop: Container[str]) -> str:
    kept = (
        f"{json.dumps(rename[key])}:{text[at.start : at.end]}" if key in rename else text[at.key : at.end]
        for key, at in found.items()
        if key not in drop
    )
    return "{" + ",".join(kept) + "}"


_NAMED = re.compile(rb'"model"[ \t\n\r]*:[ \t\n\r]*("(?:[^"\\\x00-\x1f])*")')


def replace_model(body: bytes, model: bytes) -> bytes:
    """Change the top-level `model`; `model` is JSON text.

    Fast where `"model"` stands in the body once and nothing is escaped; exact by `splice` otherwise.
    """
    if b"\\" not in body and body.count(b'"model"') == 1:
        match = _NAMED.search(body)
        if match is not None and body.count(b"{", 0, match.start()) == 1:
            return body[: match.start(1)] + model + body[match.end(1) :]
    return splice(body, {"model": model})
