"""A stream folds to its answer, an answer unfolds to a stream."""

import pytest
from hypothesis import given

from tollbridge.errors import UpstreamError, UpstreamTruncated
from tollbridge.formats.events import (
    AnyEvent,
    Aside,
    Begin,
    Broken,
    ChoiceEnd,
    Delta,
    Detail,
    End,
    PartBegin,
    PartEnd,
    Ping,
    Replaced,
)
from tollbridge.formats.fold import fold, merged_state, unfold, with_words, words_of
from tollbridge.formats.parts import (
    Citation,
    Logprob,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Refusal,
    State,
    Text,
    ToolCall,
)
from tollbridge.formats.response import Choice, Response, Stop
from tollbridge.testing.conversations import responses

BEGIN = Begin(origin="a", id="1", model="m", tier="x", extras={"k": 1})


@given(responses())
def test_unfolded_answer_folds_to_itself(response: Response) -> None:
    assert fold(unfold(response)) == response


def test_answer_with_everything_folds_to_itself() -> None:
    token = Logprob("t", -1, None, (Logprob("u", -2),))
    response = Response(
        origin="a",
        choices=(
            Choice(
                index=0,
                parts=(
                    Text(text="hi", citations=(Citation(url="u"),), logprobs=(token,), extras={"e": 1}),
                    Refusal(text="no"),
                    Media(kind=MediaKind.IMAGE, data="AA=="),
                    Reasoning(state=State("a", {"s": 1})),
                    ToolCall(id="c", name="n"),
                    Opaque(kind="k", raw={}),
                ),
                stop=Stop.END,
                said="end",
                sequence="###",
                extras={"f": 2},
            ),
            Choice(index=2, stop=None),
        ),
        tier="flex",
        wire_usage={"in": 1},
    )

    assert fold(unfold(response)) == response


def test_details_of_a_part_come_together() -> None:
    events: list[AnyEvent] = [
        BEGIN,
        Ping(),
        PartBegin(part=Text(text="a", citations=(Citation(url="1"),), logprobs=(Logprob("a", 0),)), index=0),
        Delta(text="b", index=0),
        Detail(index=0, state=State("a", {"x": 1}), citations=(Citation(url="2"),), logprobs=(Logprob("b", 0),)),
        Detail(index=0, state=State("a", {"y": 2}), extras={"z": 3}),
        PartEnd(index=0),
        Aside(extras={"later": True}, tier="fast"),
        ChoiceEnd(stop=Stop.END),
        End(),
    ]

    response = fold(events)

    (part,) = response.choices[0].parts
    assert part == Text(
        text="ab",
        citations=(Citation(url="1"), Citation(url="2")),
        logprobs=(Logprob("a", 0), Logprob("b", 0)),
        state=State("a", {"x": 1, "y": 2}),
        extras={"z": 3},
    )
    assert (response.tier, response.extras) == ("fast", {"k": 1, "later": True})


def test_part_that_is_replaced_forgets_what_was_said() -> None:
    events = [BEGIN, PartBegin(part=Text(text="a"), index=0), Replaced(part=Text(text="z"), index=0), End()]

    assert fold(events).choices == (Choice(parts=(Text(text="z"),)),)


def test_pieces_of_a_part_that_never_began_are_left_out() -> None:
    lost = [Delta(text="a", index=0), Detail(index=0, state=State("a", {})), PartEnd(index=0)]

    assert fold([BEGIN, *lost, End()]).choices == ()


def test_stream_without_an_end_is_truncated() -> None:
    with pytest.raises(UpstreamTruncated):
        fold([BEGIN, PartBegin(part=Text(text="a"), index=0)])
    with pytest.raises(UpstreamTruncated):
        fold([End()])


def test_stream_that_ends_in_an_error_raises_it() -> None:
    with pytest.raises(UpstreamError, match="overloaded"):
        fold([BEGIN, Broken(error=UpstreamError("overloaded")), End()])


def test_words_are_those_that_come_piece_by_piece() -> None:
    assert words_of(ToolCall(id="1", name="n", arguments="{}")) == "{}"
    assert words_of(Opaque(kind="k", raw={})) == ""
    assert with_words(Opaque(kind="k", raw={}), "x") == Opaque(kind="k", raw={})


def test_states_of_one_dialect_are_put_together_and_of_another_the_later_holds() -> None:
    one, two, other = State("a", {"x": 1}), State("a", {"y": 1}), State("b", {})

    assert merged_state(one, two) == State("a", {"x": 1, "y": 1})
    assert merged_state(one, other) == other
    assert merged_state(one, None) == one
    assert merged_state(None, None) is None
