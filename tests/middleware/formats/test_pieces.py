"""Reading streams of pieces, in an invented dialect."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.middleware.formats.choices_support import FORMAT, NAME, FerryChoice

from tollbridge import UpstreamError, Usage
from tollbridge.formats import (
    JSON,
    AnyEvent,
    Aside,
    Begin,
    Broken,
    ChoiceEnd,
    Delta,
    End,
    PartBegin,
    PartEnd,
    PiecedChoice,
    PieceReader,
    Ping,
    Stop,
    Text,
    Unknown,
    UsageSeen,
    encode_json,
    write_event,
)

_: type[PiecedChoice] = FerryChoice
DONE = write_event(b"[DONE]")


def piece(*said: str, name: bytes = b"", **members: Any) -> bytes:
    choices = [{"index": index, "say": words} for index, words in enumerate(said)]
    return write_event(encode_json({"choices": choices, **members}), name)


def last(why: str = "there", index: int = 0) -> bytes:
    return write_event(encode_json({"choices": [{"index": index, "say": "", "why": why}]}))


def read(*chunks: bytes, reader: PieceReader[FerryChoice] | None = None) -> list[AnyEvent]:
    reader = PieceReader(FORMAT, FerryChoice) if reader is None else reader
    return [event for chunk in (*chunks, b"") for event in reader.feed(chunk)]


def begun(choice: int = 0) -> AnyEvent:
    return PartBegin(part=Text(text=""), index=0, choice=choice)


def more(words: str, choice: int = 0) -> AnyEvent:
    return Delta(text=words, index=0, choice=choice)


def ended(said: str | None, choice: int = 0) -> list[AnyEvent]:
    stop = None if said is None else Stop.END
    return [PartEnd(index=0, choice=choice), ChoiceEnd(stop=stop, said=said, choice=choice)]


def test_stream_is_read_from_its_first_piece_to_its_mark() -> None:
    stream = [
        piece("a", id="1", object="crossing.piece", created=5, model="m", fog="....", river="Aare", bank=None),
        piece("b", id="1", fog=".."),
        last(),
        write_event(b'{"choices":[],"usage":{"n":3}}'),
        DONE,
    ]

    assert read(*stream) == [
        Begin(origin=NAME, id="1", model="m", created=5, extras={"river": "Aare"}),
        begun(),
        more("a"),
        more("b"),
        more(""),
        *ended("there"),
        UsageSeen(usage=Usage(input=0, output=3), wire={"n": 3}),
        End(),
    ]


def test_usage_that_says_none_was_told_is_no_usage() -> None:
    reader = PieceReader(replace(FORMAT, untold={}), FerryChoice)
    seen = [UsageSeen(usage=Usage(input=0, output=3), wire={"n": 3})]

    events = read(piece("a", usage={"n": 3}), piece("b", usage={}), reader=reader)

    assert [event for event in events if isinstance(event, UsageSeen)] == seen


@given(st.lists(st.integers(0, 400), max_size=8))
def test_stream_is_the_same_at_every_cut(cuts: list[int]) -> None:
    stream = b": hm\n\n" + piece("a", "b", id="1") + piece("c", "d", wind=2) + last() + last(index=1) + DONE
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    chunks = [stream[start:end] for start, end in itertools.pairwise(places) if start < end]

    assert read(*chunks) == read(stream)


def test_answers_are_told_apart_by_index_or_by_place() -> None:
    placed = write_event(b'{"choices":[{"say":"a"},{"say":"b"}]}')

    assert read(placed, piece("c", "d")) == [
        Begin(origin=NAME),
        begun(),
        more("a"),
        begun(1),
        more("b", 1),
        more("c"),
        more("d", 1),
    ]


def test_answer_that_did_not_say_why_it_stopped_is_ended_by_the_mark() -> None:
    assert read(piece("a"), DONE) == [Begin(origin=NAME), begun(), more("a"), *ended(None), End()]


def test_stream_without_its_mark_is_whole_where_every_answer_said_why_it_stopped() -> None:
    whole, broken = piece("a", "b") + last() + last(index=1), piece("a", "b") + last()

    assert read(whole)[-1] == End()
    assert End() not in read(broken)
    assert read() == []
    assert read(b": hm\n\n") == [Ping()]


def test_mark_alone_is_an_empty_answer() -> None:
    assert read(DONE) == [Begin(origin=NAME), End()]


def test_what_comes_behind_the_end_is_not_read() -> None:
    assert read(DONE + piece("a"), piece("b")) == [Begin(origin=NAME), End()]


def test_mark_may_come_without_its_blank_line() -> None:
    assert read(piece("a"), b"data: [DONE]") == [Begin(origin=NAME), begun(), more("a"), *ended(None), End()]


@pytest.mark.parametrize("half", [b'data: {"choices":[{"say"', b"data: [DO", b"data", b'data: "a"'])
def test_half_an_event_at_the_end_says_nothing(half: bytes) -> None:
    assert read(piece("a"), half) == read(piece("a"))


def test_answer_begins_with_the_first_piece_that_names_it_or_speaks() -> None:
    nameless = write_event(b'{"choices":[],"river":"Aare"}')

    assert read(nameless, piece(id="1"), piece(model="m")) == [
        Aside(extras={"river": "Aare"}),
        Begin(origin=NAME, id="1"),
    ]
    assert read(nameless, piece(model="m"))[-1] == Begin(origin=NAME, model="m")
    assert read(nameless, piece("a"))[1:] == [Begin(origin=NAME), begun(), more("a")]


def test_what_later_pieces_say_of_the_whole_is_an_aside() -> None:
    first, *later = read(
        piece(id="1", **{"class": "first"}), piece(wind=2), piece(**{"class": "second"}), piece(bank=None)
    )

    assert first == Begin(origin=NAME, id="1", tier="first")
    assert later == [Aside(extras={"wind": 2}), Aside(tier="second")]


def test_comment_is_a_sign_of_life_and_a_blank_line_is_none() -> None:
    assert read(b": hm\n\n", b"event: ping\n\n", b"\n\n") == [Ping(), Ping()]


def test_event_of_another_shape_is_passed_on_as_it_came() -> None:
    assert read(write_event(b'{"tide":1}', b"tide"), write_event(b'{"choices":3}')) == [
        Unknown(dialect=NAME, name="tide", data=b'{"tide":1}'),
        Unknown(dialect=NAME, name="", data=b'{"choices":3}'),
    ]


def test_usage_may_come_without_choices() -> None:
    assert read(write_event(b'{"id":"1","usage":{"n":2}}')) == [
        Begin(origin=NAME, id="1"),
        UsageSeen(usage=Usage(input=0, output=2), wire={"n": 2}),
    ]
    assert read(write_event(b'{"usage":null}')) == []


def test_error_ends_the_stream_and_nothing_else_of_its_piece_is_read() -> None:
    *before, broken = read(piece("a"), piece("b", error="sunk"), piece("c"), DONE)

    assert before == [Begin(origin=NAME), begun(), more("a")]
    assert isinstance(broken, Broken)
    assert broken.error.message == "sunk"


def test_failure_ends_the_stream_behind_what_its_piece_says() -> None:
    def failure(found: dict[str, JSON]) -> UpstreamError | None:
        return UpstreamError("aground") if "mud" in found else None

    reader = PieceReader(FORMAT, FerryChoice, failure=failure)

    *before, broken = read(piece("a"), piece("b", mud=1, usage={"n": 2}), DONE, reader=reader)

    assert before[-2:] == [more("b"), UsageSeen(usage=Usage(input=0, output=2), wire={"n": 2})]
    assert isinstance(broken, Broken)
    assert broken.error.message == "aground"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "a piece of the provider's answer is no valid JSON"),
        (b'{"choices":' + b"[" * 100_000, "a piece of the provider's answer is no valid JSON"),
        (b'"a"', "a piece of the provider's answer is no object"),
    ],
)
def test_what_is_no_piece_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        read(write_event(data))

    assert caught.value.message == message


def test_plain_piece_is_read_at_once_and_any_other_as_ever() -> None:
    seen: list[tuple[bytes, list[int]]] = []

    def quick(data: bytes, choices: Mapping[int, FerryChoice]) -> Iterable[AnyEvent] | None:
        seen.append((data, sorted(choices)))
        return (more(data.decode()),) if data.startswith(b"quick") else None

    reader = PieceReader(FORMAT, FerryChoice, quick=quick)

    assert read(piece("a"), b": hm\n\n", b"data: quick\n\n", DONE, reader=reader) == [
        Begin(origin=NAME),
        begun(),
        more("a"),
        Ping(),
        more("quick"),
        *ended(None),
        End(),
    ]
    assert [choices for _, choices in seen] == [[], [0], [0]]
    assert [data for data, _ in seen[1:]] == [b"quick", b"[DONE]"]
