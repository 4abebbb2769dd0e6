"""Whole answers that hold `choices`, in an invented dialect."""

from dataclasses import replace
from typing import Any

import pytest
from tests.middleware.formats.choices_support import FORMAT, NAME, ask, notes

from tollbridge import UpstreamError, Usage
from tollbridge.formats import Choice, ChoicesFormat, Fields, Response, Text, decode_json, encode_json, words_of


def _choice(found: Fields, place: int) -> Choice:
    return Choice(index=place, parts=(Text(text=found.text("say") or ""),), extras=found.rest())


def _read(told: ChoicesFormat = FORMAT, **members: Any) -> Response:
    return told.read(encode_json(members), _choice)


def _write(response: Response) -> Any:
    words = [words_of(part) for choice in response.choices for part in choice.parts]
    return decode_json(FORMAT.write(response, words, ask(), notes()))


WHOLE: dict[str, Any] = {
    "id": "1",
    "object": "crossing",
    "created": 5,
    "model": "big",
    "class": "first",
    "choices": [{"say": "a"}, {"say": "b", "wind": 3}],
    "usage": {"n": 9, "tons": 2},
    "river": "Aare",
    "bank": None,
}


def test_all_members_of_an_answer_are_read() -> None:
    assert _read(**WHOLE) == Response(
        origin=NAME,
        id="1",
        model="big",
        created=5,
        tier="first",
        choices=(
            Choice(index=0, parts=(Text(text="a"),)),
            Choice(index=1, parts=(Text(text="b"),), extras={"wind": 3}),
        ),
        usage=Usage(input=0, output=9),
        wire_usage={"n": 9, "tons": 2},
        extras={"river": "Aare", "bank": None},
    )


def test_answer_that_says_little_is_read() -> None:
    assert _read(choices=[]) == Response(origin=NAME)


def test_service_tier_stays_among_the_extras_where_the_dialect_names_none() -> None:
    slow = replace(FORMAT, tier=None)

    read = _read(slow, **WHOLE)

    assert (read.tier, read.extras) == (None, {"class": "first", "river": "Aare", "bank": None})
    assert slow.told_tier("first") == {}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{}", "the provider's answer is no crossing"),
        (b'{"choices": {}}', "the provider's answer is no crossing"),
        (b'{"choices": [1]}', "the provider's answer is no crossing"),
        (b"[]", "the provider's answer is no crossing"),
        (b"{", "the provider's answer is no valid JSON"),
        (b'{"choices":' + b"[" * 100_000, "the provider's answer is no valid JSON"),
    ],
)
def test_what_is_no_answer_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(UpstreamError) as caught:
        FORMAT.read(body, _choice)

    assert caught.value.message == message


@pytest.mark.parametrize("more", [{}, {"choices": None}, {"choices": []}, {"usage": {"n": 1}}])
def test_error_in_place_of_an_answer_is_raised(more: dict[str, Any]) -> None:
    with pytest.raises(UpstreamError, match=r"^too deep$"):
        _read(error="too deep", **more)


def test_error_beside_an_answer_is_among_its_extras() -> None:
    assert _read(error="too deep", choices=[{"say": "a"}]).extras == {"error": "too deep"}


def test_answer_of_its_own_dialect_is_written_as_it_was() -> None:
    assert _write(_read(**WHOLE)) == {**WHOLE, "choices": ["a", "b"]}


def test_answer_of_its_own_dialect_is_not_given_what_it_did_not_say() -> None:
    assert _write(_read(choices=[])) == {"id": "", "object": "crossing", "created": 7, "model": "", "choices": []}


def test_answer_of_another_dialect_has_usage_from_its_buckets_and_no_extras() -> None:
    foreign = Response(
        origin="bus",
        usage=Usage(input=1, output=4),
        wire_usage={"fare": 4},
        tier="first",
        extras={"wheels": 6},
        created=8,
        model="n",
        id="2",
    )
    heard = notes()

    written = decode_json(FORMAT.write(foreign, [], ask(), heard))

    assert written == {"id": "2", "object": "crossing", "created": 8, "model": "n", "choices": [], "usage": {"n": 4}}
    assert heard.dropped == ("wheels",)


def test_answer_of_another_dialect_is_given_an_id_a_time_and_the_name_that_was_asked_for() -> None:
    assert _write(Response(origin="bus")) == {
        "id": "x-req_1",
        "object": "crossing",
        "created": 7,
        "model": "m",
        "choices": [],
    }


def test_usage_nobody_told_is_written_as_the_clients_of_the_dialect_want_it() -> None:
    wanting = replace(FORMAT, untold={})

    written = wanting.write(Response(origin="bus"), [], ask(), notes())

    assert decode_json(written)["usage"] == {}
    assert wanting.read(written, _choice).wire_usage is None
    assert "usage" not in decode_json(wanting.write(Response(origin=NAME), [], ask(), notes()))


@pytest.mark.parametrize(
    ("usage", "wire", "native", "told"),
    [
        (Usage(input=1, output=4), {"n": 5}, True, {"n": 5}),
        (Usage(input=1, output=4), {"n": 5}, False, {"n": 4}),
        (Usage(input=1, output=4), None, True, {"n": 4}),
        (None, {"n": 5}, False, None),
        (None, None, True, None),
    ],
)
def test_usage_is_told_word_for_word_only_in_its_own_dialect(
    usage: Usage | None, wire: Any, native: bool, told: Any
) -> None:
    assert FORMAT.usage(usage, wire, native=native) == told
