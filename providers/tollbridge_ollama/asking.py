"""A whole chat request, both ways (https://docs.ollama.com/api/chat, read 2026-11)."""

from tollbridge.formats import JSON, Envelope, Fields, Notes, Request, add_extras, decode_json, encode_json, present
from tollbridge_ollama.controls import (
    drop_others,
    read_format,
    read_stream,
    read_think,
    write_format,
    write_stream,
    write_think,
)
from tollbridge_ollama.messages import read_messages, write_messages
from tollbridge_ollama.options import other_extras, read_options, write_options
from tollbridge_ollama.tools import read_tools, write_tools

NAME = "ollama-chat"
_NO_MESSAGES = "no messages"
_RENDERS = "_debug_render_only"
"""Asks for the prompt instead of an answer to it."""


def read_request(body: bytes, _: Envelope, notes: Notes) -> Request:
    """Read a request; raises `BadRequest` naming the field that is wrong.  One without messages loads the model."""
    found = Fields(decode_json(body))
    messages = found.each("messages")
    options, extras, spelling = read_options(found)
    stream, unsaid = read_stream(found)
    return Request(
        origin=NAME,
        model=found.need("model", found.text("model")),
        messages=read_messages(messages or (), notes),
        stream=stream,
        stream_usage=True if stream else None,
        logprobs=found.flag("logprobs"),
        top_logprobs=found.whole("top_logprobs"),
        tools=read_tools(found),
        format=read_format(found),
        thinking=read_think(found),
        essential=(_RENDERS,) if found.peek(_RENDERS) else (),
        spelling=(*spelling, *unsaid, *((_NO_MESSAGES,) if messages is None else ())),
        extras={**found.rest(), **extras},
        **options,
    )


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request; what chat cannot say is noted."""
    native = request.origin == NAME
    members: dict[str, JSON] = {"model": request.model}
    messages = write_messages(request, notes, native=native)
    if messages or not (native and _NO_MESSAGES in request.spelling):
        members["messages"] = messages
    members.update(write_stream(request, native=native))
    members.update(write_tools(request, notes, native=native))
    members.update(write_steering(request, notes, native=native))
    return encode_json(members)


def write_steering(request: Request, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give the members that chat and generate share; what has no place in either is noted."""
    members = {
        **write_format(request, notes, native=native),
        **write_think(request, notes, native=native),
        **present(logprobs=request.logprobs, top_logprobs=request.top_logprobs),
        **write_options(request, native=native),
    }
    if native:
        return add_extras(members, other_extras(request))
    drop_others(request, notes)
    return members
