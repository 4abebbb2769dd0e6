"""One part at a time, one turn after the other."""

from hypothesis import given
from hypothesis import strategies as st

from tollbridge.formats.conversation import Message, Role
from tollbridge.formats.events import AnyEvent, Begin, ChoiceEnd, Delta, End, PartBegin, PartEnd
from tollbridge.formats.fold import fold
from tollbridge.formats.notes import Notes
from tollbridge.formats.order import OneByOne, in_turns
from tollbridge.formats.parts import AnyPart, Text, ToolCall
from tollbridge.formats.response import Stop
from tollbridge.formats.seal import KeyedSeal

BEGIN = Begin(origin="a", id="1", model="m")


def begin(index: int, choice: int = 0) -> PartBegin:
    return PartBegin(part=ToolCall(id=str(index), name="n"), index=index, choice=choice)


def notes() -> Notes:
    return Notes(KeyedSeal(b"k"))


def ordered(events: list[AnyEvent]) -> list[AnyEvent]:
    one = OneByOne(notes())
    return [given for event in events for given in one.add(event)]


def test_open_part_goes_on_at_once_and_another_waits_for_its_end() -> None:
    one = OneByOne(notes())

    assert one.add(begin(0)) == [begin(0)]
    assert one.add(begin(1)) == []
    assert one.add(Delta(text="b", index=1)) == []
    assert one.add(Delta(text="a", index=0)) == [Delta(text="a", index=0)]
    assert one.add(PartEnd(index=0)) == [PartEnd(index=0), begin(1), Delta(text="b", index=1)]
    assert one.add(Delta(text="c", index=1)) == [Delta(text="c", index=1)]
    assert one.add(PartEnd(index=1)) == [PartEnd(index=1)]


def test_part_that_ended_while_it_waited_makes_way_for_the_next() -> None:
    one = OneByOne(notes())
    for event in (begin(0), begin(1), PartEnd(index=1), begin(2)):
        one.add(event)

    assert one.add(PartEnd(index=0)) == [PartEnd(index=0), begin(1), PartEnd(index=1), begin(2)]


def test_parts_that_are_open_at_the_end_are_ended() -> None:
    end = ChoiceEnd(stop=Stop.END)

    assert ordered([BEGIN, begin(0), begin(1), end, End()]) == [
        BEGIN,
        begin(0),
        PartEnd(index=0),
        begin(1),
        PartEnd(index=1),
        end,
        End(),
    ]
    assert ordered([begin(0), End()]) == [begin(0), PartEnd(index=0), End()]


def test_pieces_of_a_part_that_never_began_are_left_out() -> None:
    assert ordered([begin(0), Delta(text="x", index=7), PartEnd(index=0), Delta(text="y", index=0)]) == [
        begin(0),
        PartEnd(index=0),
    ]


def test_other_answers_are_left_out_and_noted() -> None:
    told = notes()
    one = OneByOne(told)

    assert one.add(begin(0)) == [begin(0)]
    assert told.dropped == ()
    for event in (begin(0, choice=1), PartEnd(index=0, choice=1), ChoiceEnd(stop=None, choice=1)):
        assert one.add(event) == []
    assert told.dropped == ("choices",)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30))
def test_however_pieces_are_mixed_the_answer_is_the_same(turns: list[int]) -> None:
    events: list[AnyEvent] = [BEGIN]
    places: dict[int, int] = {}
    for step, turn in enumerate(turns):
        if turn not in places:
            places[turn] = len(places)
            events.append(begin(places[turn]))
        events.append(Delta(text=str(step), index=places[turn]))
    events += [PartEnd(index=index) for index in places.values()]
    events += [ChoiceEnd(stop=Stop.END), End()]

    given_out = ordered(events)

    assert fold(given_out) == fold(events)
    open_parts = 0
    for event in given_out:
        open_parts += isinstance(event, PartBegin)
        open_parts -= isinstance(event, PartEnd)
        assert open_parts <= 1


def said(role: Role, text: str, *, joined: bool = False, **fields: str) -> Message:
    parts: tuple[AnyPart, ...] = (Text(text=text),)
    return Message(role=role, parts=parts, joined=joined, extras=fields)


def test_messages_that_go_on_are_one_turn() -> None:
    turns = in_turns(
        [
            said(Role.USER, "a"),
            said(Role.USER, "b"),
            said(Role.ASSISTANT, "c", x="1"),
            said(Role.ASSISTANT, "d", joined=True, y="2"),
            said(Role.ASSISTANT, "e", joined=True),
            said(Role.USER, "f", joined=True),
        ]
    )

    assert [(turn.role, len(turn.parts)) for turn in turns] == [
        (Role.USER, 1),
        (Role.USER, 1),
        (Role.ASSISTANT, 3),
        (Role.USER, 1),
    ]
    assert turns[2].extras == {"x": "1", "y": "2"}
    assert turns[2].listed


def test_roles_that_belong_together_are_one_turn_wherever_they_meet() -> None:
    turns = in_turns([said(Role.TOOL, "a"), said(Role.TOOL, "b"), said(Role.USER, "c")], together=(Role.TOOL,))

    assert [len(turn.parts) for turn in turns] == [2, 1]
