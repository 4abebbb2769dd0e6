"""What a request brings: JSON of one declared shape, bounded, and queries of one."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from msgspec import inspect
from starlette.requests import Request

from tollbridge import BadRequest
from tollbridge.administering import MOST_DESIGN, MOST_DESIGN_VALUES, BodyTooLarge, check_json_depth, read_whole
from tollbridge_admin.problems import FieldProblem, FieldsRefused, WrongKind, refused
from tollbridge_admin.sentences import in_words


@dataclass(frozen=True, slots=True)
class BodyBounds:
    """How large a body may be: its bytes, the levels of its nesting, and its values, by what stands between them."""

    largest: int
    deepest: int
    most: int


LARGEST = 64 * 1024
DEEPEST = 8
SMALL = BodyBounds(LARGEST, DEEPEST, LARGEST)
DESIGN = BodyBounds(MOST_DESIGN + LARGEST, 100, MOST_DESIGN_VALUES)
"""What the definition of a service may be, such as of one with an OpenAPI document in it."""
PATIENCE_S = 30.0

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
KINDS = {"POST": (JSON,), "PUT": (JSON,), "DELETE": (JSON,), "PATCH": (MERGE_PATCH, JSON)}

_SAID = re.compile(r"(?P<what>.*?)(?: - at (?P<name>`key` in )?`(?P<where>[^`]*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_VALUE = "[...]"
"""How a place ends that is the value of any name."""
_BETWEEN = re.compile(r"\.|\[[^\]]*\]")
"""What parts the names in a place, such as `items[0].kind`."""
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_KIND = re.compile(r"([\w.+-]+/[\w.+-]+)[ \t]*(?:;[ \t]*charset=\"?utf-8\"?[ \t]*)?", re.IGNORECASE)

T = TypeVar("T", bound=msgspec.Struct)


async def read_body(request: Request, largest: int = LARGEST) -> bytes:
    """Read the whole body; raises `BodyTooLarge`, `RequestTimeout`, or `BadRequest` where it breaks off."""
    return await read_whole(request, most=largest, patience_s=PATIENCE_S)


def check_kind(method: str, kind: str) -> None:
    """Refuse a media type that is none of the method's; raises `WrongKind`."""
    said = _KIND.fullmatch(kind.strip())
    if said is None or said[1].lower() not in KINDS[method]:
        raise WrongKind(f"send the body as {' or '.join(KINDS[method])}")


def read_json(body: bytes, shape: type[T], bounds: BodyBounds = SMALL) -> T:
    """Read a body of that shape; raises `FieldsRefused`, or `BadRequest` for what is no JSON."""
    check_json_depth(body, bounds.deepest)
    if sum(map(body.count, (b",", b"[", b"{"))) > bounds.most:
        raise BodyTooLarge(f"the body holds over {bounds.most} values")
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
    """Read a query of that shape, a list being a name that comes several times; raises `FieldsRefused`."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise BadRequest("the query cannot be read: name=value with '&' between, in UTF-8") from None
    lists = {one.encode_name for one in msgspec.structs.fields(shape) if _is_list(one.type)}
    several = {name: [value for said, value in pairs if said == name] for name, _ in pairs if name in lists}
    return shaped(_once([pair for pair in pairs if pair[0] not in lists]) | several, shape, strict=False)


def _is_list(kind: Any) -> bool:
    """Whether a field of a query may come several times."""
    return get_origin(get_args(kind)[0] if get_origin(kind) is Annotated else kind) is list


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
        for part in _parts(one.type):
            yield from field_names(part)


def _parts(kind: Any) -> Iterator[type[msgspec.Struct]]:
    """Give the shapes that a type holds, in lists and unions too."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for one in get_args(kind):
        yield from _parts(one)


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
    kinds = tuple(_at(inspect.type_info(shape), [name for name in _BETWEEN.split(place) if name]))
    if what.startswith("Invalid enum value"):
        return refused(place, f"it is one of: {', '.join(map(str, _values(kinds)))}")
    each = "for each name, " if found and found["name"] else "for each value, " if place.endswith(_VALUE) else ""
    return refused(place.removesuffix(_VALUE), each + in_words(what, tuple(_examples(kinds))))


def _at(kind: inspect.Type, names: Sequence[str]) -> Iterator[inspect.Type]:
    """Give what the field can be that `names` lead to, and what its lists and objects can hold."""
    if not names:
        yield kind
    match kind:
        case inspect.Metadata(type=within) | inspect.ListType(item_type=within) | inspect.DictType(value_type=within):
            yield from _at(within, names)
        case inspect.UnionType(types=kinds):
            for one in kinds:
                yield from _at(one, names)
        case inspect.StructType(fields=fields):
            for field in fields:
                if names[:1] == [field.encode_name]:
                    yield from _at(field.type, names[1:])


def _values(kinds: Iterable[inspect.Type]) -> Iterator[object]:
    """Give all that can be."""
    for kind in kinds:
        if isinstance(kind, inspect.LiteralType):
            yield from kind.values
        elif isinstance(kind, inspect.EnumType):
            yield from (one.value for one in kind.cls)


def _examples(kinds: Iterable[inspect.Type]) -> Iterator[object]:
    """Give the examples that are said of them."""
    for kind in kinds:
        if isinstance(kind, inspect.Metadata):
            yield from (kind.extra_json_schema or {}).get("examples", ())


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
