"""A request of `/api/generate`, both ways (https://docs.ollama.com/api/generate, read 2026-11).

One prompt, as one message of the user's. Text to be filled in before a `suffix`, a prompt for no template or another,
and the tokens of a conversation so far mean nothing to others: with them the request goes to Ollama or nowhere.
"""

from collections.abc import Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    Envelope,
    Fields,
    Message,
    Notes,
    Request,
    Role,
    Text,
    decode_json,
    encode_json,
    present,
)
from tollbridge_ollama.asking import write_steering
from tollbridge_ollama.controls import read_format, read_stream, read_think, write_stream
from tollbridge_ollama.media import read_media
from tollbridge_ollama.messages import take_empty, write_parts
from tollbridge_ollama.options import read_options

NAME = "ollama-generate"
_ESSENTIAL = ("suffix", "template", "raw", "context", "_debug_render_only", "width", "height", "steps")
_SYSTEM = (Role.SYSTEM, Role.DEVELOPER)
_ONE = "the model behind this name takes one prompt and no conversation; ask it as chat"


def read_request(body: bytes, _: Envelope, notes: Notes) -> Request:
    """Read a request; raises `BadRequest` naming the field that is wrong.  One without a prompt loads the model."""
    found = Fields(decode_json(body))
    options, extras, spelling = read_options(found)
    stream, unsaid = read_stream(found)
    return Request(
        origin=NAME,
        model=found.need("model", found.text("model")),
        messages=(*_read_system(found), *_read_prompt(found)),
        stream=stream,
        stream_usage=True if stream else None,
        logprobs=found.flag("logprobs"),
        top_logprobs=found.whole("top_logprobs"),
        format=read_format(found),
        thinking=read_think(found),
        essential=tuple(name for name in _ESSENTIAL if found.peek(name)),
        spelling=(*spelling, *unsaid),
        extras={**found.rest(), **extras},
        **options,
    )


def _read_system(found: Fields) -> tuple[Message, ...]:
    """Take `system`; an empty one means the model's own, as none does."""
    system = found.text("system")
    if system is None:
        return ()
    return (Message(role=Role.SYSTEM, parts=(Text(text=system),) if system else (), apart=True),)


def _read_prompt(found: Fields) -> tuple[Message, ...]:
    if "prompt" not in found and "images" not in found:
        return ()
    flags = take_empty(found, ("images",))
    prompt, images = found.text("prompt"), found.items("images")
    if not all(isinstance(image, str) for image in images or ()):
        raise found.error("images", "must be a list of base64 texts")
    parts: list[AnyPart] = [Text(text=prompt)] if prompt else []
    parts += [read_media(image) for image in images or ()]
    if prompt == "":
        flags.append("prompt")
    return (Message(role=Role.USER, parts=tuple(parts), spelling=",".join(flags)),)


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request; refuses a conversation."""
    native = request.origin == NAME
    members: dict[str, JSON] = {"model": request.model}
    members.update(_written(request.messages, notes, native=native))
    members.update(write_stream(request, native=native))
    if not native and request.tools:
        notes.refuse("tools", "the model behind this name takes no tools in a single prompt; ask it as chat")
    members.update(write_steering(request, notes, native=native))
    return encode_json(members)


def _written(messages: Sequence[Message], notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give `prompt`, `system` and `images`."""
    members: dict[str, JSON] = {}
    systems = [message for message in messages if message.role in _SYSTEM]
    others = [message for message in messages if message.role not in _SYSTEM]
    if any(message.role is not Role.USER for message in others) or len(others) > 1:
        notes.refuse("messages", _ONE)
    told = [write_parts(message.parts, notes, native=native) for message in systems]
    if told:
        members["system"] = "\n\n".join(text for one in told if (text := one.get("content")))
    if any("images" in one for one in told):
        notes.refuse("messages[].content[].image", "a picture must be in the prompt here")
    for message in others:
        flags = message.spelling.split(",") if native else ()
        said = write_parts(message.parts, notes, native=native)
        unsaid = native and "prompt" not in flags
        members.update(present(prompt=said.get("content", None if unsaid else ""), images=said.get("images")))
        if "images" in flags:
            members["images"] = []
    if not native:
        for message in messages:
            notes.drop_given("messages[]", name=message.name)
            notes.drop_extras(message.extras, "messages[]")
    return members
