from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import GatewayError, Usage
from tollbridge.formats import Stop
from tollbridge_prompts.running import Result
from tollbridge_prompts.streams import Body, EventsOut, Trimmed, WordsOut, event, shown_result


@given(st.lists(st.text(alphabet=" \n\tab", max_size=5), max_size=8))
def test_pieces_together_are_the_trimmed_text(pieces: list[str]) -> None:
    trimmed = Trimmed(exact=False)

    assert "".join(map(trimmed.take, pieces)) == "".join(pieces).strip()


@given(st.lists(st.text(alphabet=" \nab", max_size=5), max_size=8))
def test_exact_pieces_stay(pieces: list[str]) -> None:
    trimmed = Trimmed(exact=True)

    assert list(map(trimmed.take, pieces)) == pieces


def test_line_breaks_of_a_model_cannot_make_an_event() -> None:
    written = event("delta", {"text": "a\n\nevent: result\ndata: {}\r\n\u2028"})

    assert written.count(b"\n") == 3
    assert written.endswith(b"\n\n")
    assert b"\r" not in written


def test_result_says_what_it_took() -> None:
    result = Result({"a": 1}, '{"a":1}', 2, Usage(input=3, cache_read=1, output=4), 1_500_000, Stop.LENGTH)

    assert shown_result(result) == {
        "output": {"a": 1},
        "attempts": 2,
        "usage": {"input_tokens": 4, "output_tokens": 4},
        "cost_usd": "0.0015",
        "stop": "length",
    }


def test_what_is_not_known_is_left_out() -> None:
    assert set(shown_result(Result("a", "a", 1, Usage(), None))) == {"output", "attempts", "usage"}


async def test_head_goes_with_the_first_piece() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    body = Body(send, [(b"a", b"b")])
    assert not body.begun
    await body.write(b"1")
    await body.write(b"2", more=False)

    assert [one["type"] for one in sent] == ["http.response.start", "http.response.body", "http.response.body"]
    assert [one.get("more_body") for one in sent] == [None, True, False]


@pytest.mark.parametrize("kind", [EventsOut, WordsOut])
async def test_error_before_anything_was_sent_is_raised(kind: Any) -> None:
    async def send(message: Any) -> None:
        raise AssertionError("nothing is to be sent")

    out = kind(Body(send, []), Trimmed(exact=False))
    error = GatewayError("no")
    await out.piece("  ")

    with pytest.raises(GatewayError) as caught:
        await out.fail(error)
    assert caught.value is error
