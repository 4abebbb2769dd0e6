"""What a request brings: JSON of one declared shape, bounded, and queries of one."""

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar, get_args
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import ClientDisconnect, Request

from tollbridge import BadRequest
from tollbridge.administering import BodyTooLarge, RequestTimeout, check_json_depth
from tollbridge_admin.problems import FieldProblem, FieldsRefused, WrongKind, refused

LARGEST = 64 * 1024
"""Bytes of a body."""
DEEPEST = 8
"""Levels of its nesting."""
PATIENCE_S = 30.0

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
KINDS = {"POST": (JSON,), "PUT": (JSON,), "DELETE": (JSON,), "PATCH": (MERGE_PATCH, JSON)}

_SAID = re.compile(r"(?P<what>.*?)(?: - at `(?P<where>[^`]*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_KIND = re.compile(r"([\w.+-]+/[\w.+-]+)[ \t]*(?:;[ \t]*charset=\"?utf-8\"?[ \t]*)?", re.IGNORECASE)

T = TypeVar("T", bound=msgspec.Struct)


async def read_body(request: Request, largest: int = LARGEST) -> bytes:
    """Read the whole body; raises `BodyTooLarge`, `RequestTimeout`, or `BadRequest` where it breaks off."""
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise BodyTooLarge(f"the body is over {largest} bytes")
    except TimeoutError:
        raise RequestTimeout(f"the body was not sent within {PATIENCE_S:g} s") from None
    except ClientDisconnect:
        raise BadRequest("the body broke off before its end; send it whole") from None
    return bytes(body)


def check_kind(method: str, kind: str) -> None:
    """Refuse a media type that is none of the method's; raises `WrongKind`."""
    said = _KIND.fullmatch(kind.strip())
    if said is None or said[1].lower() not in KINDS[method]:
        raise WrongKind(f"send the body as {' or '.join(KINDS[method])}")


def read_json(body: bytes, shape: type[T]) -> T:
    """Read a body of that shape; raises `FieldsRefused`, or `BadRequest` for what is no JSON."""
    check_json_depth(body, DEEPEST)
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except FieldsRefused:
        raise
    except ValueError:
        raise BadRequest("the body is no JSON in UTF-8", code="invalid_json") from None
    if not _is_text(value):
        raise BadRequest("the body holds half of a surrogate pair, which is no text", code="invalid_json")
    return shaped(value, shape, strict=True)


def read_query(query: bytes, shape: type[T]) -> T:
    """Read a query of that shape; raises `FieldsRefused`."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise BadRequest("the query cannot be read: name=value with '&' between, in UTF-8") from None
    return shaped(_once(pairs), shape, strict=False)


def shaped(value: object, shape: type[T], *, strict: bool) -> T:
    """Give a value in that shape; raises `FieldsRefused`."""
    try:
        return msgspec.convert(value, shape, strict=strict)
    except msgspec.ValidationError as exc:
        raise _refusal(str(exc), shape) from None


def field_names(shape: type[msgspec.Struct]) -> Iterator[str]:
    """Give the names of all fields of a shape, and of the shapes within."""
    for one in msgspec.structs.fields(shape):
        yield one.encode_name
        for part in (one.type, *get_args(one.type)):
            if isinstance(part, type) and issubclass(part, msgspec.Struct):
                yield from field_names(part)


def _refusal(said: str, shape: type[msgspec.Struct]) -> FieldsRefused:
    """Say what the decoder found, in words that hold no value that was sent."""
    found = _SAID.fullmatch(said)
    what, where = (found["what"], found["where"] or "") if found else (said, "")
    place = where.removeprefix("$").removeprefix(".")
    unknown, missing = _UNKNOWN.fullmatch(what), _MISSING.fullmatch(what)
    if unknown:
        return refused(_below(place, _shown(unknown[1])), f"there is no such field{_near(unknown[1], shape)}")
    if missing:
        return refused(_below(place, missing[1]), "it is needed")
    if what.startswith("Invalid enum value"):
        what = "it is none of the values this field can have"
    return refused(place, what)


def _shown(name: str) -> str:
    """Give a name if it can be shown: it may be a secret in the wrong place."""
    return name if _PLAIN.fullmatch(name) and not name.startswith("tb_") else "(a name that is not shown)"


def _near(name: str, shape: type[msgspec.Struct]) -> str:
    known = list(dict.fromkeys(field_names(shape)))
    close = get_close_matches(name, known, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known: {', '.join(known)}" if known else "; it takes none"


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its members, none of which is there twice; raises `FieldsRefused`."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FieldsRefused((FieldProblem(_shown(twice), "it is there twice"),))
    return made


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _is_text(value: object) -> bool:
    """Whether every text in a value is one: a lone surrogate is half a character."""
    if isinstance(value, str):
        return value.isascii() or value == value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return all(_is_text(part) for pair in value.items() for part in pair)
    return not isinstance(value, list) or all(map(_is_text, value))
