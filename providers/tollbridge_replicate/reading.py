"""Reading a request for a prediction (https://replicate.com/docs/reference/http, read 2026-11).

Extras that stood in `input` are kept under their whole name, such as `input.min_tokens`.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyPart,
    Envelope,
    Fields,
    Media,
    MediaKind,
    Message,
    Notes,
    Request,
    Role,
    Text,
    Thinking,
    decode_json,
    read_url,
)
from tollbridge_replicate.families import IMAGES, LIMITS, SYSTEMS

NAME = "replicate-predictions"
INPUT = "input."
_ROLES = {"system": Role.SYSTEM, "developer": Role.DEVELOPER, "user": Role.USER, "assistant": Role.ASSISTANT}
_ESSENTIAL = ("webhook", "input.messages")
_EFFORTS = ("reasoning_effort", "thinking_level")
BUDGETS = ("thinking_budget", "thinking_budget_tokens")


def read_request(body: bytes, envelope: Envelope, notes: Notes) -> Request:
    """Read a request; raises `BadRequest` naming the field that is wrong."""
    found = Fields(decode_json(body))
    given = found.inner("input")
    if given is None:
        raise found.error("input", "is missing")
    limit = _first(given, LIMITS)
    spelling = [name for name in (limit, _first(given, SYSTEMS), _first(given, IMAGES)) if name]
    messages = _read_listed(given)
    if messages is None:
        messages = _read_prompt(given)
    else:
        spelling.append("messages")
    request = Request(
        origin=NAME,
        model=envelope.model,
        messages=messages,
        max_output=given.whole(limit) if limit else None,
        temperature=given.number("temperature"),
        top_p=given.number("top_p"),
        top_k=given.whole("top_k"),
        frequency_penalty=given.number("frequency_penalty"),
        presence_penalty=given.number("presence_penalty"),
        seed=given.whole("seed"),
        stop=_read_stop(given),
        thinking=_read_thinking(given),
        verbosity=given.text("verbosity"),
        spelling=tuple(spelling),
    )
    extras = {**found.rest(), **{INPUT + name: value for name, value in given.rest().items()}}
    return replace(request, extras=extras, essential=tuple(name for name in _ESSENTIAL if extras.get(name)))


def _first(given: Fields, names: Sequence[str]) -> str:
    return next((name for name in names if name in given), "")


def _read_prompt(given: Fields) -> tuple[Message, ...]:
    """Take the prompt, what the system says, and the images."""
    system = _first(given, SYSTEMS)
    told = given.text(system) if system else None
    prompt = given.text("prompt")
    if prompt is None and not given.peek("messages"):
        raise given.error("prompt", "is missing")
    parts: list[AnyPart] = [_read_image(url, given) for url in _read_images(given)]
    if prompt is not None:
        parts.append(Text(text=prompt))
    user = Message(role=Role.USER, parts=tuple(parts))
    if told is None:
        return (user,)
    return (Message(role=Role.SYSTEM, parts=(Text(text=told),), apart=True), user)


def _read_images(given: Fields) -> list[JSON]:
    name = _first(given, IMAGES)
    if not name:
        return []
    if name == "image":
        return [given.text(name)]
    return given.items(name) or []


def _read_image(url: JSON, given: Fields) -> Media:
    """Read an image that is a URL, which may hold its data (RFC 2397)."""
    if not isinstance(url, str):
        raise given.error("images", "must be a list of URLs")
    data, address, mime = read_url(url)
    return Media(kind=MediaKind.IMAGE, data=data, url=address, mime=mime)


def _read_listed(given: Fields) -> tuple[Message, ...] | None:
    """Take `messages`, which OpenAI's models have too; None where a prompt stands beside them, or more than text."""
    listed = given.peek("messages")
    if not isinstance(listed, list) or not listed or any(name in given for name in ("prompt", *SYSTEMS, *IMAGES)):
        return None
    read = []
    for item in listed:
        if not isinstance(item, dict) or item.keys() != {"role", "content"} or not isinstance(item["content"], str):
            return None
        role = _ROLES.get(item["role"]) if isinstance(item["role"], str) else None
        if role is None:
            return None
        read.append(Message(role=role, parts=(Text(text=item["content"]),)))
    given.take("messages")
    return tuple(read)


def _read_stop(given: Fields) -> tuple[str, ...] | None:
    """Take the stop sequences, one text with commas between."""
    stops = given.peek("stop_sequences")
    if not isinstance(stops, str) or not all(stops.split(",")):
        return None
    given.take("stop_sequences")
    return tuple(stops.split(","))


def _read_thinking(given: Fields) -> Thinking | None:
    effort, budget = _first(given, _EFFORTS), _first(given, BUDGETS)
    if effort:
        return Thinking(effort=given.text(effort), spelling=effort)
    if not budget and "extended_thinking" not in given:
        return None
    tokens = given.whole(budget) if budget else None
    return Thinking(enabled=given.flag("extended_thinking"), budget=tokens, spelling=budget)
