"""A tool that takes free text stays one for its caller, whoever answers."""

from tollbridge.formats.conversation import Request, ServerTool, Tool
from tollbridge.formats.events import AnyEvent, Begin, ChoiceEnd, Delta, Detail, End, PartBegin, PartEnd, Replaced
from tollbridge.formats.fold import fold, unfold
from tollbridge.formats.freetext import FreeText, free_text_tools, freed
from tollbridge.formats.parts import State, Text, ToolCall
from tollbridge.formats.response import Choice, Response, Stop

NAMES = frozenset(("sql",))
CALLS = (
    Text(text="a"),
    ToolCall(id="1", name="sql", arguments='{"input": "select 1"}'),
    ToolCall(id="2", name="get", arguments="{}"),
    ToolCall(id="3", name="sql", arguments="select 2", custom=True),
)
ANSWER = Response(origin="a", choices=(Choice(parts=CALLS, stop=Stop.TOOL_CALLS),))


def filtered(*events: AnyEvent) -> list[AnyEvent]:
    free = FreeText(NAMES)
    return [given for event in events for given in free.add(event)]


def test_tools_of_a_request_that_take_free_text_are_known() -> None:
    tools = (Tool(name="sql", custom=True), Tool(name="get"), ServerTool(tool="web_search"))

    assert free_text_tools(Request(origin="a", model="m", messages=(), tools=tools)) == NAMES
    assert free_text_tools(Request(origin="a", model="m", messages=())) == frozenset()
    assert free_text_tools("an embedding") == frozenset()


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
