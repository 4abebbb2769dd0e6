"""What dialects that pass bodies do alike: read the few fields that matter, and readdress the body to a host."""

import re
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Protocol, TypeVar

import msgspec

from tollbridge.errors import BadRequest
from tollbridge.formats.jsonedit import members, object_in, replace_model, splice
from tollbridge.formats.notes import Notes
from tollbridge.formats.values import JSON, decode_json, encode_json, json_text
from tollbridge.providers import Quirks

_ESCAPED_ASCII = re.compile(rb"\\u00[0-7]")
_FIELD = re.compile(r"required field `(\w+)`| - at `\$\.?([^`]+)`")


class Named(Protocol):
    """The fields of a body that matter, the model's name among them."""

    model: str


F = TypeVar("F")
T = TypeVar("T", bound=Named)


def read_fields(
    body: bytes, decode: Callable[[bytes], F], weighty: re.Pattern[bytes], *, inside: Iterable[str] = ()
) -> F:
    """Decode the fields that matter; raises `BadRequest` naming the one that is wrong, or that is there twice.

    `weighty` finds the keys of those fields wherever they stand: only a body where one may be there twice, or written
    with escapes, is looked through. `inside` names the objects that hold some of them.
    """
    try:
        found = decode(body)
    except msgspec.ValidationError as exc:
        at = _FIELD.search(str(exc))
        raise BadRequest(f"the body does not fit: {exc}", param=at[1] or at[2] if at else None) from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise BadRequest(f"the body is no valid JSON: {exc}") from exc
    except RecursionError as exc:
        raise BadRequest("the body is nested too deep") from exc
    keys = weighty.findall(body)
    if len(set(keys)) < len(keys) or (b"\\u00" in body and _ESCAPED_ASCII.search(body)):
        members(body)
        for name in inside:
            members(object_in(body, name))
    return found


def read_named(body: bytes, decode: Callable[[bytes], T], weighty: re.Pattern[bytes]) -> T:
    """Decode the fields that matter of a body that names its model; raises `BadRequest` as `read_fields` does."""
    found = read_fields(body, decode, weighty)
    if not found.model:
        raise BadRequest("the field 'model' is empty", param="model")
    return found


def readdressed(body: bytes, values: Mapping[str, bytes], quirks: Quirks, *, model: str | None = None) -> bytes:
    """Set members and the model's name, and do what the host's quirks ask; every other byte stays.

    `values` are JSON texts. Without a `model` its name stays as it is, and where the host drops it, it is dropped.
    """
    if not (values or quirks.alters_bodies):
        return body if model is None else replace_model(body, msgspec.json.encode(model))
    values = {**values, **{name: text.encode("utf-8") for name, text in quirks.add.items()}}
    if model is not None and "model" not in quirks.drop:
        values["model"] = msgspec.json.encode(model)
    return splice(body, values, rename=quirks.rename, drop=(*quirks.drop, *_left_out(body, quirks.drop_values)))


def _left_out(body: bytes, drop_values: Mapping[str, Container[str]]) -> Iterable[str]:
    """Name the members that have one of these values, however it is spelled; raises as `members` does."""
    if not drop_values:
        return ()
    found, text = members(body), body.decode("utf-8")
    given = {name: text[found[name].start : found[name].end] for name in drop_values if name in found}
    return [name for name, said in given.items() if json_text(decode_json(said)) in drop_values[name]]


def written_body(said: dict[str, JSON], notes: Notes) -> bytes:
    """Write a body for a host as its quirks want it, which `readdressed` would have to take apart again for that."""
    quirks = notes.quirks
    notes.addressed = True
    if quirks.alters_bodies:
        said = _as_asked(said, quirks)
    return encode_json(said)


def _as_asked(said: Mapping[str, JSON], quirks: Quirks) -> dict[str, JSON]:
    asked: dict[str, JSON] = {}
    for name, value in said.items():
        other = quirks.rename.get(name, name)
        dropped = name in quirks.drop or (name in quirks.drop_values and json_text(value) in quirks.drop_values[name])
        if not dropped and (other == name or other not in said):
            asked[other] = value
    for name, text in quirks.add.items():
        asked[name] = msgspec.Raw(text.encode("utf-8"))
    return asked
