"""A tool that takes free text is one for its caller, whatever dialect the model behind it speaks."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from tests.translation.dialects import DIALECTS

from tollbridge.errors import Untranslatable
from tollbridge.formats import (
    CONVERSATION,
    COUNT,
    Choice,
    Conversation,
    Dialect,
    Envelope,
    Request,
    Response,
    Stop,
    Tool,
    ToolCall,
    ToolResult,
    fold,
    unfold,
)
from tollbridge.formats.translation import Translation, Translator
from tollbridge.formats.ways import Ways
from tollbridge.providers import Provider, Quirks, Target
from tollbridge.testing.conversations import SEAL, notes

BEFORE = 'say "a"\\\n\t\u2028\N{GRINNING FACE} {"input": 1}'
TEXT = '*** Begin Patch\n+\t"b\\n"\u2028\N{GRINNING FACE}\n*** End Patch'
LARK = 'start: "*** Begin Patch" /.+/s'
CHAT, RESPONSES = "openai-chat", "openai-responses"
GRAMMAR = {"syntax": "lark", "definition": LARK}
FORMATS: dict[str, dict[str, Any]] = {
    CHAT: {"format": {"type": "grammar", "grammar": GRAMMAR}},
    RESPONSES: {"format": {"type": "grammar", **GRAMMAR}},
}
NAMED = {CHAT: "tools[].custom.format", RESPONSES: "tools[].format"}
"""What a caller calls a grammar."""
TOOL = {"name": "patch", "description": "Patches."}
CALL = {"name": "patch", "input": BEFORE}
BODIES: dict[str, dict[str, Any]] = {
    CHAT: {
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "tool_calls": [{"id": "call_1", "type": "custom", "custom": CALL}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "Done"},
        ],
        "tool_choice": {"type": "custom", "custom": {"name": "patch"}},
    },
    RESPONSES: {
        "input": [
            {"role": "user", "content": "Hi"},
            {"type": "custom_tool_call", "call_id": "call_1", **CALL},
            {"type": "custom_tool_call_output", "call_id": "call_1", "output": "Done"},
        ],
        "tool_choice": {"type": "custom", "name": "patch"},
    },
}
"""What a caller sends who has called such a tool and asks for another call."""


def body_of(caller: str, *, grammar: bool) -> bytes:
    tool = {**TOOL, **(FORMATS[caller] if grammar else {})}
    tools = [{"type": "custom", **({"custom": tool} if caller == CHAT else tool)}]
    return json.dumps({"model": "m", "tools": tools, **BODIES[caller]}).encode()


def codec_of(dialect: Dialect, kind: str) -> Any:
    return next((found.codec for found in dialect.operations if found.codec and found.codec.kind == kind), None)


TALKING = {name: dialect for name, dialect in DIALECTS.items() if codec_of(dialect, CONVERSATION) is not None}
TOOLLESS = {"openai-completions", "ollama-generate", "replicate-predictions"}
"""Dialects of models that complete a prompt."""
PAIRS = pytest.mark.parametrize(
    ("caller", "asked"),
    [(caller, asked) for caller in BODIES for asked in TALKING if asked != caller and asked not in TOOLLESS],
)


@dataclass(frozen=True, slots=True)
class Asking:
    """How a host is asked."""

    kind: str = CONVERSATION
    grammar: bool = True
    stream: bool = False
    strict: bool = False
    free_text: bool = False


def translated(caller: str, asked: str, how: Asking = Asking()) -> tuple[Translation, Target]:
    """Begin to ask a host in a dialect of its own."""
    dialect = DIALECTS[caller]
    translator = Translator(
        dialect,
        codec_of(dialect, how.kind),
        Envelope("m", stream=how.stream),
        SEAL,
        ways=Ways(DIALECTS.values()),
        strict=how.strict,
        now=1,
        call_id="req_1",
    )
    urls = {asked: "https://h/v1"}
    host = Provider("p", base_urls=urls, quirks=Quirks(free_text=how.free_text))
    target = Target(host, "theirs", base_urls=urls)
    return translator.to(target, body_of(caller, grammar=how.grammar), None), target


def heard(translation: Translation, target: Target) -> Request:
    """Read what the host is asked."""
    request: Request = translation.way.codec.read_request(translation.written(target), Envelope("theirs"), notes())
    return request


def about_tools(translation: Translation) -> list[str]:
    """Give what was left behind of the tools themselves."""
    return [field for field in translation.notes.dropped if field.startswith("tools")]


def answered(translation: Translation, pieces: Iterable[bytes], *, streamed: bool) -> ToolCall:
    """Give the call that the caller is told of, in a stream or whole."""
    reader = translation.reader(streamed=streamed, tell=lambda dropped: b"".join(map(str.encode, dropped)))
    body = b"".join(written for piece in (*pieces, b"") for written in reader.feed(piece))
    own: Conversation = codec_of(translation.translator.dialect, CONVERSATION)
    if streamed:
        back = own.stream_reader(notes())
        response = fold([*back.feed(body), *back.feed(b"")])
    else:
        response = own.read_response(body, notes())
    (choice,) = response.choices
    (call,) = choice.parts
    assert isinstance(call, ToolCall)
    assert choice.stop is Stop.TOOL_CALLS
    assert reader.notes.dropped == ()
    return call


def answer(arguments: str, *, custom: bool) -> Response:
    call = ToolCall(id="call_2", name="patch", arguments=arguments, custom=custom)
    choice = Choice(parts=(call,), stop=Stop.TOOL_CALLS)
    return Response(origin="a", id="1", model="theirs", created=1, choices=(choice,))


AS_A_FUNCTION = answer(json.dumps({"input": TEXT}), custom=False)


def whole(codec: Conversation, response: Response) -> list[bytes]:
    """Write an answer as the host of such a codec gives it."""
    return [codec.write_response(response, Request(origin=codec.name, model="m", messages=()), notes())]


def stream(codec: Conversation, response: Response) -> list[bytes]:
    """Write the same as a stream, cut everywhere."""
    writer = codec.stream_writer(Request(origin=codec.name, model="m", messages=(), stream=True), notes())
    written = b"".join(map(writer.write, unfold(response)))
    return [written[place : place + 1] for place in range(len(written))]


def test_only_openais_dialects_have_such_tools() -> None:
    assert {name for name, dialect in TALKING.items() if codec_of(dialect, CONVERSATION).free_text} == {CHAT, RESPONSES}


@PAIRS
def test_it_is_asked_for_as_a_function_of_one_text(caller: str, asked: str) -> None:
    translation, target = translated(caller, asked)

    request = heard(translation, target)

    (tool,) = request.tools or ()
    assert isinstance(tool, Tool)
    assert (tool.name, tool.description, tool.custom) == ("patch", "Patches.", False)
    assert (tool.schema["type"], tool.schema["required"]) == ("object", ["input"])
    assert tool.schema["properties"] == {
        "input": {"type": "string", "description": f"Text in this grammar (lark):\n{LARK}"}
    }
    assert request.choice is None or not request.choice.custom
    assert about_tools(translation) == [NAMED[caller]]


@PAIRS
def test_what_was_said_with_it_is_still_there(caller: str, asked: str) -> None:
    translation, target = translated(caller, asked)

    parts = [part for message in heard(translation, target).messages for part in message.parts]

    (call,) = [part for part in parts if isinstance(part, ToolCall)]
    (result,) = [part for part in parts if isinstance(part, ToolResult)]
    assert (call.name, json.loads(call.arguments), call.custom) == ("patch", {"input": BEFORE}, False)
    assert (result.call_id, result.content[0].text, result.custom) == (call.id, "Done", False)  # type: ignore[union-attr]


@PAIRS
def test_it_is_called_with_free_text(caller: str, asked: str) -> None:
    translation, _ = translated(caller, asked)

    call = answered(translation, whole(codec_of(DIALECTS[asked], CONVERSATION), AS_A_FUNCTION), streamed=False)

    assert (call.name, call.arguments, call.custom) == ("patch", TEXT, True)


@PAIRS
def test_it_is_called_with_free_text_in_a_stream_that_is_cut_everywhere(caller: str, asked: str) -> None:
    translation, _ = translated(caller, asked, Asking(stream=True))

    call = answered(translation, stream(codec_of(DIALECTS[asked], CONVERSATION), AS_A_FUNCTION), streamed=True)

    assert (call.name, call.arguments, call.custom) == ("patch", TEXT, True)


@PAIRS
def test_without_a_grammar_nothing_is_lost(caller: str, asked: str) -> None:
    translation, target = translated(caller, asked, Asking(grammar=False))

    (tool,) = heard(translation, target).tools or ()

    assert tool.schema["properties"] == {"input": {"type": "string"}}  # type: ignore[union-attr]
    assert about_tools(translation) == []


@PAIRS
def test_strict_call_is_refused_for_its_grammar(caller: str, asked: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        translated(caller, asked, Asking(strict=True))
    assert refused.value.param == NAMED[caller]


@pytest.mark.parametrize(("caller", "asked"), [(CHAT, RESPONSES), (RESPONSES, CHAT)])
def test_host_that_takes_free_text_is_asked_for_it(caller: str, asked: str) -> None:
    translation, target = translated(caller, asked, Asking(free_text=True))

    request = heard(translation, target)
    given = whole(codec_of(DIALECTS[asked], CONVERSATION), answer(TEXT, custom=True))
    call = answered(translation, given, streamed=False)

    (tool,) = request.tools or ()
    (before,) = [part for message in request.messages for part in message.parts if isinstance(part, ToolCall)]
    assert tool.custom  # type: ignore[union-attr]
    assert (before.arguments, before.custom) == (BEFORE, True)
    assert request.choice.custom  # type: ignore[union-attr]
    assert (call.arguments, call.custom) == (TEXT, True)
    assert translation.notes.dropped == ()


def test_host_that_takes_free_text_gets_a_function_in_a_dialect_that_has_none() -> None:
    translation, target = translated(CHAT, "anthropic-messages", Asking(free_text=True))

    (tool,) = heard(translation, target).tools or ()

    assert tool.schema["required"] == ["input"]  # type: ignore[union-attr]


@pytest.mark.parametrize("asked", [name for name, dialect in DIALECTS.items() if codec_of(dialect, COUNT)])
def test_it_is_counted_as_a_function(asked: str) -> None:
    if asked == RESPONSES:
        assert codec_of(DIALECTS[asked], COUNT).free_text
        return
    translation, target = translated(RESPONSES, asked, Asking(kind=COUNT))

    (tool,) = heard(translation, target).tools or ()

    assert tool.schema["required"] == ["input"]  # type: ignore[union-attr]


@pytest.mark.parametrize("asked", sorted(TOOLLESS))
def test_model_that_completes_a_prompt_takes_no_tools(asked: str) -> None:
    translation, target = translated(CHAT, asked)

    with pytest.raises(Untranslatable) as refused:
        translation.written(target)
    assert refused.value.param in ("tools", "messages")  # or for the call that was made of one
