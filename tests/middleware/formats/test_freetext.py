"""A tool that takes free text stays one for its caller, whoever answers."""

from typing import Any

import pytest

from tollbridge.errors import Untranslatable
from tollbridge.formats.conversation import ChoiceMode, Message, Request, Role, ServerTool, Tool, ToolChoice
from tollbridge.formats.events import AnyEvent, Begin, ChoiceEnd, Delta, Detail, End, PartBegin, PartEnd, Replaced
from tollbridge.formats.fold import fold, unfold
from tollbridge.formats.freetext import FreeText, free_text_tools, freed, functions_only
from tollbridge.formats.notes import Notes
from tollbridge.formats.parts import CacheMark, State, Text, ToolCall, ToolResult
from tollbridge.formats.response import Choice, Response, Stop
from tollbridge.formats.seal import KeyedSeal
from tollbridge.formats.values import JSON

NAMES = frozenset(("sql",))
CALLS = (
    Text(text="a"),
    ToolCall(id="1", name="sql", arguments='{"input": "select 1"}'),
    ToolCall(id="2", name="get", arguments="{}"),
    ToolCall(id="3", name="sql", arguments="select 2", custom=True),
)
ANSWER = Response(origin="a", choices=(Choice(parts=CALLS, stop=Stop.TOOL_CALLS),))


def asked(*messages: Message, **fields: Any) -> Request:
    return Request(origin="a", model="m", messages=messages, **fields)


def noted(*, strict: bool = False) -> Notes:
    return Notes(KeyedSeal(b"k"), strict, spelled={"tools[].grammar": "tools[].format"})


def one_text(**text: JSON) -> JSON:
    """Give the schema of a function that takes one text."""
    return {
        "type": "object",
        "properties": {"input": {"type": "string", **text}},
        "required": ["input"],
        "additionalProperties": False,
    }


def filtered(*events: AnyEvent) -> list[AnyEvent]:
    free = FreeText(NAMES)
    return [given for event in events for given in free.add(event)]


def test_tools_of_a_request_that_take_free_text_are_known() -> None:
    tools = (Tool(name="sql", custom=True), Tool(name="get"), ServerTool(tool="web_search"))

    assert free_text_tools(Request(origin="a", model="m", messages=(), tools=tools)) == NAMES
    assert free_text_tools(Request(origin="a", model="m", messages=())) == frozenset()
    assert free_text_tools("an embedding") == frozenset()


def test_request_for_functions_alone_has_functions_in_their_place() -> None:
    kept = (Tool(name="get", schema={"type": "object"}), ServerTool(tool="web_search"))
    patch = Tool(name="patch", description="d", custom=True, cache=CacheMark(), extras={"x": 1})
    left = noted(strict=True)

    found = functions_only(asked(tools=(patch, *kept)), left)

    function = Tool(name="patch", description="d", schema=one_text(), cache=CacheMark(), extras={"x": 1})
    assert found == asked(tools=(function, *kept))
    assert left.dropped == ()


def test_request_without_tools_stays_as_it_is() -> None:
    plain = asked(Message(role=Role.USER, parts=(Text(text="Hi"),)), choice=ToolChoice(mode=ChoiceMode.AUTO))

    assert functions_only(plain, noted()) == plain
    assert functions_only(asked(), noted()) == asked()


@pytest.mark.parametrize(
    ("grammar", "told"),
    [
        (
            {"type": "grammar", "syntax": "regex", "definition": "a+"},
            {"description": "Text in this grammar (regex):\na+"},
        ),
        (
            {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: A"}},
            {"description": "Text in this grammar (lark):\nstart: A"},
        ),
        ({"type": "grammar", "grammar": {"syntax": 1, "definition": "a"}}, {}),
        ({"type": "grammar", "syntax": "lark", "definition": None}, {}),
        ({"type": "odd"}, {}),
    ],
)
def test_grammar_is_told_to_the_model_and_named_to_the_caller(grammar: JSON, told: dict[str, JSON]) -> None:
    request, left = asked(tools=(Tool(name="patch", custom=True, grammar=grammar),)), noted()

    assert functions_only(request, left).tools == (Tool(name="patch", schema=one_text(**told)),)
    assert left.dropped == ("tools[].format",)
    with pytest.raises(Untranslatable) as refused:
        functions_only(request, noted(strict=True))
    assert refused.value.param == "tools[].format"


def test_grammar_that_allows_any_text_is_no_loss() -> None:
    request, left = asked(tools=(Tool(name="patch", custom=True, grammar={"type": "text"}),)), noted()

    assert functions_only(request, left).tools == (Tool(name="patch", schema=one_text()),)
    assert left.dropped == ()


def test_choice_of_such_a_tool_is_that_of_a_function() -> None:
    chosen = ToolChoice(mode=ChoiceMode.NAMED, names=("patch",), custom=True)

    found = functions_only(asked(choice=chosen), noted())

    assert found.choice == ToolChoice(mode=ChoiceMode.NAMED, names=("patch",))


def test_calls_that_were_made_are_calls_of_functions_and_keep_the_rest() -> None:
    state, other = State("a", {"signature": "s"}), ToolCall(id="2", name="get", arguments='{"input":1}')
    call = ToolCall(id="1", name="gone", arguments='"\\\n\u2028', custom=True, state=state)
    result, plain = ToolResult(call_id="1", custom=True, error=True), ToolResult(call_id="2")
    said = Message(role=Role.ASSISTANT, parts=(Text(text="So."), call, other))

    found = functions_only(asked(said, Message(role=Role.TOOL, parts=(result, plain))), noted())

    function = ToolCall(id="1", name="gone", arguments='{"input":"\\"\\\\\\n\u2028"}', state=state)
    assert found.messages[0].parts == (Text(text="So."), function, other)
    assert found.messages[1].parts == (ToolResult(call_id="1", error=True), plain)


def test_whole_answer_and_stream_are_freed_alike() -> None:
    whole = freed(ANSWER, NAMES)

    assert whole.choices[0].parts[1] == ToolCall(id="1", name="sql", arguments="select 1", custom=True)
    assert whole.choices[0].parts[2:] == CALLS[2:]
    assert fold(filtered(*unfold(ANSWER))) == whole
    assert freed(ANSWER, frozenset()) is ANSWER


def test_call_that_is_never_ended_comes_with_the_end_of_its_answer() -> None:
    begin = PartBegin(part=ToolCall(id="1", name="sql"), index=0)
    end = ChoiceEnd(stop=Stop.TOOL_CALLS)

    events = filtered(Begin(origin="a"), begin, Delta(text='{"input":"x"}', index=0), end, End())

    assert fold(events).choices[0].parts == (ToolCall(id="1", name="sql", arguments="x", custom=True),)


def test_text_goes_on_as_it_comes_and_what_belongs_to_the_call_with_it() -> None:
    state = Detail(index=0, state=State("a", {"signature": "s"}))
    call = ToolCall(id="1", name="sql", arguments='{"in')
    pieces = (Delta(text='put":"sel', index=0), state, Delta(text='ect"', index=0), Delta(text="}", index=0))

    assert filtered(PartBegin(part=call, index=0), *pieces, PartEnd(index=0)) == [
        PartBegin(part=ToolCall(id="1", name="sql", custom=True), index=0),
        Delta(text="sel", index=0),
        state,
        Delta(text="ect", index=0),
        PartEnd(index=0),
    ]


def test_calls_of_several_answers_are_told_apart() -> None:
    call = ToolCall(id="1", name="sql", arguments='{"input":"')
    begun = (PartBegin(part=call, index=0), PartBegin(part=call, index=0, choice=1))

    events = filtered(*begun, Delta(text="a", index=0), Delta(text="b", index=0, choice=1), ChoiceEnd(stop=None))

    told = [(event.choice, event.text) for event in events if isinstance(event, Delta)]
    assert told == [(0, "a"), (1, "b")]


def test_call_that_is_replaced_is_freed_as_a_whole() -> None:
    begin = PartBegin(part=ToolCall(id="1", name="sql", arguments='{"other'), index=0)
    whole = Replaced(part=ToolCall(id="1", name="sql", arguments='{"input":"y"}'), index=0)

    events = filtered(Begin(origin="a"), begin, whole, PartEnd(index=0), ChoiceEnd(stop=None), End())

    assert fold(events).choices[0].parts == (ToolCall(id="1", name="sql", arguments="y", custom=True),)


def test_end_of_another_part_goes_on() -> None:
    assert filtered(PartEnd(index=5)) == [PartEnd(index=5)]
