"""Writing streams of pieces, in an invented dialect."""

from typing import Any

from tests.middleware.formats.choices_support import FORMAT, NAME, ask, notes

from tollbridge import UpstreamError, Usage
from tollbridge.formats import (
    Aside,
    Begin,
    Broken,
    Delta,
    End,
    PieceWriter,
    Ping,
    UsageSeen,
    decode_json,
    event_data,
)

DONE = b"data: [DONE]\n\n"
OWN = Begin(origin=NAME, id="1", model="big", created=5, tier="first", extras={"river": "Aare"})


def told(event: bytes) -> Any:
    data = event_data(event)
    return None if data is None else decode_json(data)


def writer(begin: Begin = OWN, *, counted: bool = False) -> PieceWriter:
    made = PieceWriter(FORMAT, ask(), notes(), counted=counted)
    made.begin(begin)
    return made


HEAD = {"id": "1", "object": "crossing.piece", "created": 5, "model": "big"}


def test_every_piece_says_what_is_said_of_the_whole() -> None:
    own = writer()

    assert own.native
    assert told(own.piece([1])) == {**HEAD, "class": "first", "river": "Aare", "choices": [1]}
    assert told(own.piece([])) == {**HEAD, "class": "first", "river": "Aare", "choices": []}


def test_what_comes_later_of_the_whole_stands_in_the_pieces_behind() -> None:
    own = writer()

    assert own.write(Aside(extras={"river": "Rhine"}, tier="second")) == b""
    assert own.write(Aside(extras={"wind": 2})) == b""

    assert told(own.piece([])) == {**HEAD, "class": "second", "river": "Rhine", "wind": 2, "choices": []}


def test_what_only_another_dialect_says_of_the_whole_is_left_out() -> None:
    heard = notes()
    foreign = PieceWriter(FORMAT, ask(), heard, counted=False)
    foreign.begin(Begin(origin="bus", tier="first", extras={"wheels": 6}))

    assert foreign.write(Aside(extras={"horn": True}, tier="second")) == b""

    assert not foreign.native
    assert heard.dropped == ("wheels",)
    assert told(foreign.piece([])) == {
        "id": "x-req_1",
        "object": "crossing.piece",
        "created": 7,
        "model": "m",
        "choices": [],
    }


def test_usage_has_a_piece_of_its_own_at_the_end_where_it_was_asked_for() -> None:
    own = writer(Begin(origin=NAME, id="1", model="big", created=5), counted=True)

    assert told(own.piece([1])) == {**HEAD, "choices": [1], "usage": None}
    assert own.write(UsageSeen(usage=Usage(input=0, output=2), wire={"n": 2, "tons": 1})) == b""
    assert told(own.piece([1])) == {**HEAD, "choices": [1], "usage": None}

    written = own.write(End())

    assert written.endswith(DONE)
    assert told(written.removesuffix(DONE)) == {**HEAD, "choices": [], "usage": {"n": 2, "tons": 1}}


def test_stream_ends_with_its_mark_alone_where_no_usage_was_asked_for_or_told() -> None:
    unasked, untold = writer(), writer(counted=True)
    unasked.write(UsageSeen(usage=Usage(input=0, output=2)))
    untold.write(UsageSeen(usage=None))

    assert (unasked.write(End()), untold.write(End())) == (DONE, DONE)


def test_usage_may_stand_in_any_piece() -> None:
    assert told(writer().piece([1], {"n": 2}))["usage"] == {"n": 2}


def test_last_usage_that_says_something_holds() -> None:
    foreign = writer(Begin(origin="bus"), counted=True)

    for usage in (Usage(input=0, output=1), Usage(input=0, output=2), None):
        foreign.write(UsageSeen(usage=usage, wire={"fare": 1}))

    assert foreign.usage == {"n": 2}


def test_sign_of_life_and_error_are_written_and_the_parts_of_an_answer_are_not() -> None:
    own = writer()

    assert own.write(Ping()) == b": ping\n\n"
    assert own.write(Broken(error=UpstreamError("sunk"))) == b'data: {"error":"sunk"}\n\n'
    assert own.write(Delta(text="a", index=0)) == b""
