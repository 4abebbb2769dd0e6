"""The routes that there are, for tests that go through all of them: a new one falls under each by itself."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import inspect
from tests.plugins.admin.conftest import Admin

from tollbridge_admin.app import make_table
from tollbridge_admin.routes import PATTERNS, Route

SAMPLES = {"id": "tok_1", "name": "nobody", "key": "NOBODY_KEY", "credential": "key_" + "0" * 28}
SAMPLES |= {"service": "svc_1", "number": "999", "provider": "nobody"}
"""What stands for each name of a path and is not there."""


def routes_of(admin: Admin) -> Sequence[Route]:
    """Give every route of the gateway's table."""
    return make_table(admin.under.gateway).routes


def writes_of(admin: Admin) -> Sequence[Route]:
    """Give those that change something."""
    return [one for one in routes_of(admin) if not one.reads]


def filled(path: str, **names: str) -> str:
    """Give the path of a request: names that are not given stand for nothing that is there."""
    for name, pattern in PATTERNS.items():
        value = names.get(name, SAMPLES[name])
        assert re.fullmatch(pattern, value), f"{value} is no {name}"
        path = path.replace(f"{{{name}}}", value)
    assert "{" not in path, f"what stands for the names of {path} is not known here"
    return path


def segment(one: Route) -> str:
    """Give what a path is about: its first word, but for what a team has beside members, and what is one's own."""
    words = one.path.split("/")
    if words[1] == "me":
        return "/".join(words[1:3])
    return "invitations" if "invitations" in words else words[1]


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


LIST, VALUES = "[]", "{}"
"""Steps into what a list holds, and into the values of an object with any names."""


def texts_of(shape: Any) -> Iterator[tuple[str, ...]]:
    """Give the way to each text that a shape takes: names of fields, `LIST` and `VALUES`.  Words of a list are none."""
    match inspect.type_info(shape) if isinstance(shape, type) else shape:
        case inspect.Metadata(type=within):
            yield from texts_of(within)
        case inspect.UnionType(types=kinds):
            for kind in kinds:
                yield from texts_of(kind)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            yield from ((LIST, *rest) for rest in texts_of(item))
        case inspect.DictType(value_type=value):
            yield from ((VALUES, *rest) for rest in texts_of(value))
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from ((field.encode_name, *rest) for rest in texts_of(field.type))
        case inspect.StrType() | inspect.AnyType():
            yield ()


def with_text(body: Any, way: tuple[str, ...], value: str) -> Any:
    """Give a body with a text at the end of a way, and all else as it was."""
    if not way:
        return value
    step, *rest = way
    if step == LIST:
        first = body[0] if isinstance(body, list) and body else None
        return [with_text(first, tuple(rest), value)]
    name = "any" if step == VALUES else step
    known = body if isinstance(body, dict) else {}
    return {**known, name: with_text(known.get(name), tuple(rest), value)}
