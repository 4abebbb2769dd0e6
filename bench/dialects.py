"""What reading and writing costs in each dialect: CPU microseconds of one conversation, its answer, and a chunk.

A dialect that takes no conversation, because its models complete one text, is asked with one message of a user.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from bench.measure import spread
from tollbridge.errors import Untranslatable
from tollbridge.formats import (
    CONVERSATION,
    Choice,
    Conversation,
    Envelope,
    KeyedSeal,
    Message,
    Notes,
    Request,
    Response,
    Role,
    Stop,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from tollbridge.formats.events import AnyEvent, Begin, ChoiceEnd, Delta, End, PartBegin, PartEnd
from tollbridge.metering.usage import Usage
from tollbridge.plugins import Plugins

_WORDS = "Say something about bridges, tolls and rivers. " * 8
_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_CALL = ToolCall(id="call_1", name="weather", arguments='{"city":"Paris"}')
REQUEST = Request(
    origin="nobody",
    model="m",
    max_output=500,
    messages=(
        Message(role=Role.SYSTEM, parts=(Text(text=_WORDS),), apart=True),
        Message(role=Role.USER, parts=(Text(text=_WORDS),)),
        Message(role=Role.ASSISTANT, parts=(_CALL,)),
        Message(role=Role.TOOL, parts=(ToolResult(call_id="call_1", content=(Text(text="15 degrees"),)),)),
    ),
    tools=tuple(Tool(name=name, description=_WORDS, schema=_SCHEMA) for name in ("weather", "time")),
)
MESSAGE = Request(
    origin="nobody",
    model="m",
    max_output=500,
    messages=(Message(role=Role.USER, parts=(Text(text=_WORDS),)),),
)
"""What a dialect that takes no conversation is asked."""
RESPONSE = Response(
    origin="nobody",
    id="1",
    model="m",
    created=1,
    choices=(Choice(parts=(Text(text="word " * 110),), stop=Stop.END),),
    usage=Usage(input=75, output=120),
)
_CHUNKS = 200
_NOTES = Notes(KeyedSeal(b"k" * 32), now=1, call_id="req_1")


def _stream() -> list[AnyEvent]:
    words: list[AnyEvent] = [Delta(text=f"word {number} ", index=0) for number in range(_CHUNKS)]
    return [
        Begin(origin="nobody", id="1", model="m", created=1),
        PartBegin(part=Text(text=""), index=0),
        *words,
        PartEnd(index=0),
        ChoiceEnd(stop=Stop.END),
        End(),
    ]


def _us(work: Callable[[], Any], times: int, rounds: int) -> list[float]:
    taken = []
    for _ in range(rounds + 1):
        begin = time.thread_time_ns()
        for _ in range(times):
            work()
        taken.append((time.thread_time_ns() - begin) / times / 1e3)
    return taken[1:]


def _said_in(codec: Conversation) -> Request:
    """Give what a dialect can be asked: the conversation, or one message."""
    try:
        codec.write_request(REQUEST, _NOTES)
    except Untranslatable:
        return MESSAGE
    return REQUEST


def _works(codec: Conversation, request: Request) -> dict[str, tuple[Callable[[], Any], int]]:
    """Give each piece of work with the number of things it does."""
    body = codec.write_request(request, _NOTES)
    own = codec.read_request(body, Envelope("m"), _NOTES)
    answer = codec.write_response(RESPONSE, own, _NOTES)
    writer = codec.stream_writer(own, _NOTES)
    pieces = [piece for event in _stream() if (piece := writer.write(event))]

    def read_stream() -> None:
        reader = codec.stream_reader(_NOTES)
        for piece in pieces:
            reader.feed(piece)

    def write_stream() -> None:
        fresh = codec.stream_writer(own, _NOTES)
        for event in _stream():
            fresh.write(event)

    return {
        "read request": (lambda: codec.read_request(body, Envelope("m"), _NOTES), 1),
        "write request": (lambda: codec.write_request(request, _NOTES), 1),
        "read answer": (lambda: codec.read_response(answer, _NOTES), 1),
        "write answer": (lambda: codec.write_response(RESPONSE, own, _NOTES), 1),
        "read chunk": (read_stream, _CHUNKS),
        "write chunk": (write_stream, _CHUNKS),
    }


def main(arguments: Sequence[str]) -> None:
    """Print the median and range of each piece of work for each dialect of conversations."""
    parser = argparse.ArgumentParser(prog="python -m bench dialects")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--times", type=int, default=300)
    parser.add_argument("--only", default="", help="the name of one dialect")
    options = parser.parse_args(arguments)
    for name, dialect in Plugins().register_all().dialects.items():
        codec: Any = next((o.codec for o in dialect.operations if o.codec and o.codec.kind == CONVERSATION), None)
        if codec is not None and options.only in ("", name):
            _show(name, codec, options)


def _show(name: str, codec: Conversation, options: argparse.Namespace) -> None:
    request = _said_in(codec)
    if request is MESSAGE:
        print(f"{name:26s} takes no conversation: asked with one message of a user, without tools")
    medians = {}
    for label, (work, things) in _works(codec, request).items():
        taken = _us(work, max(1, options.times // things * 4 if things > 1 else options.times), options.rounds)
        each = [us / things for us in taken]
        medians[label] = statistics.median(each)
        print(f"{name:26s} {label:34s} {spread(each)} us cpu", flush=True)
    total = sum(us for label, us in medians.items() if not label.endswith("chunk"))
    print(f"{name:26s} {'sum of a request and its answer':34s} {total:.1f} us cpu", flush=True)
