"""JSON at its edges: texts that are none, that are hardly any, and that readers take in different ways.

The kinds are those of "Parsing JSON is a Minefield" (https://seriot.ch/projects/parsing_json.html, read 2026-11); the
texts are our own.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from msgspec.structs import replace

from tollbridge.errors import BadRequest, Untranslatable, UpstreamError
from tollbridge.formats.codec import Conversation
from tollbridge.formats.conversation import Message, Request, Role, Tool
from tollbridge.formats.dialect import Envelope
from tollbridge.formats.fold import unfold
from tollbridge.formats.parts import Text, ToolCall, ToolResult
from tollbridge.formats.response import Choice, Response, Stop
from tollbridge.formats.values import decode_json, encode_json
from tollbridge.metering.usage import Usage
from tollbridge.testing.conversations import notes

_NO_JSON = b"""
{ | [ | {"a" | {"a": | {"a":1 | {"a":1,} | [1,] | [,1] | [1 2] | {"a" 1} | {"a":1 "b":2} | {a:1} | {'a':1} | {1:1}
] | } | [1}} | {"a":1]] | nul | True | NaN | Infinity | -Infinity | undefined | + | - | +1 | -a | .5 | 1. | 1.e1
1e | 1e+ | 0x1 | 01 | -01 | 1_000 | 1,000 | " | "a | 'a' | "\\" | "\\x41" | "\\u12" | "\\u{41}" | "\\ud8" | // c
/* c */ 1 | 1 // c | {}} | {}{} | [][] | "a" "b" | [1]x | \xef\xbb\xbf{} | \xff\xfe{ | \x00 | "\x00" | "\x1f"
"\xff" | "\xc0\xaf" | "\xed\xa0\x80" | "\xe2\x82"
"""
_HARDLY = b"""
0 | -0 | -0.0 | 1E0 | 0e+1 | 1e400 | -1e400 | 1e-400 | 9e9999999999999999999 | 123456789012345678901234567890
0.1000000000000000055511151231257827021181583404541015625 | 9223372036854775808 | -9223372036854775809 | 1.0 | 5.0
true | false | null | "" | " " | [] | {} | [[]] | [null] | [{}] | {"":0} | {"":{"":""}} | {"a":1,"a":2}
{"\\u0061":1,"a":2} | "\\u0000" | "\\ud83d\\ude00" | "\\ud800" | "\\udc00" | "\\ud83d" | "\\ude00\\ud83d"
"\\uffff" | "\\u2028" | "\\/" | "\\u0022" | "\x7f" | {"__proto__":1} | {"model":{"model":"m"}}
[true,0,"",null,{},[]] | {"type":[]} | {"type":{}} | {"type":null} | "\xf4\x8f\xbf\xbf"
"""


def _listed(texts: bytes) -> list[bytes]:
    return [text for line in texts.strip().split(b"\n") for text in line.split(b" | ")]


TEXTS = (
    *_listed(_NO_JSON),
    *_listed(_HARDLY),
    *(
        b"",
        b" \t\r\n",
        b'"a\nb"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" * 500 + b"]" * 500,
        b'"' + b"a" * 100_000 + b'"',
    ),
    *(b"1" * 5_000, b"0." + b"0" * 5_000 + b"1", b"[" + b"0," * 9_999 + b"0]", b'{"a":' * 200 + b"1" + b"}" * 200),
)
_PLACE = "somewhere else entirely"
_APART = (0, 5, 11)


def placed(body: bytes) -> list[bytes]:
    """Give the peculiar texts by themselves, and each in the place of some values of a JSON body."""
    whole = decode_json(body)
    marked = [encode_json(other) for other in _with_place(whole)]
    quoted = encode_json(_PLACE)
    return [
        *TEXTS,
        *(
            marked[(place + apart) % len(marked)].replace(quoted, text)
            for place, text in enumerate(TEXTS)
            for apart in _APART
        ),
    ]


def _with_place(value: Any) -> Iterator[Any]:
    """Give a JSON value with the mark in the place of each value that it holds."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        for other in (_PLACE, *_with_place(inner)):
            copy = value.copy()
            copy[key] = other
            yield copy


ASKED = Request(
    origin="stranger",
    model="m",
    messages=(
        Message(role=Role.SYSTEM, parts=(Text(text="Be brief."),), apart=True),
        Message(role=Role.USER, parts=(Text(text="What is the weather in Paris?"),)),
        Message(role=Role.ASSISTANT, parts=(ToolCall(id="call_1", name="weather", arguments='{"city":"Paris"}'),)),
        Message(role=Role.TOOL, parts=(ToolResult(call_id="call_1", content=(Text(text="sunny"),)),)),
    ),
    max_output=100,
    temperature=1,
    tools=(Tool(name="weather", description="Looks out.", schema={"type": "object", "properties": {"city": {}}}),),
)
ANSWERED = Response(
    origin="stranger",
    id="1",
    model="m",
    created=1,
    choices=(
        Choice(parts=(Text(text="It is"), ToolCall(id="call_2", name="weather", arguments="{}")), stop=Stop.TOOL_CALLS),
    ),
    usage=Usage(input=5, output=7),
)


class PeculiarBodies:
    """What a codec makes of JSON at its edges: it reads it, or says what is wrong."""

    codec: Conversation

    def test_no_peculiar_request_makes_it_fail_otherwise_than_by_saying_what_is_wrong(self) -> None:
        try:
            written = self.codec.write_request(ASKED, notes())
        except Untranslatable:  # a dialect without tools
            written = self.codec.write_request(replace(ASKED, messages=ASKED.messages[1:2], tools=None), notes())
        for body in placed(written):
            with suppress(BadRequest):
                self.codec.write_request(self.codec.read_request(body, Envelope("m"), notes()), notes())

    def test_no_peculiar_answer_makes_it_fail_otherwise_than_by_saying_so(self) -> None:
        asked = Request(origin=self.codec.name, model="m", messages=())
        for body in placed(self.codec.write_response(ANSWERED, asked, notes())):
            with suppress(UpstreamError):
                self.codec.write_response(self.codec.read_response(body, notes()), asked, notes())

    def test_no_peculiar_stream_makes_it_fail_otherwise_than_by_saying_so(self) -> None:
        asked = Request(origin=self.codec.name, model="m", messages=(), stream=True, stream_usage=True)
        writer = self.codec.stream_writer(asked, notes())
        stream = b"".join(writer.write(event) for event in unfold(ANSWERED))
        for text in TEXTS:
            for value in (b'"It is"', b'"weather"', b"5", b"7"):
                reader, writer = self.codec.stream_reader(notes()), self.codec.stream_writer(asked, notes())
                with suppress(UpstreamError):
                    for event in (*reader.feed(stream.replace(value, text)), *reader.feed(b"")):
                        writer.write(event)
