"""Completions as callers get them, whole and streamed.  Source: invented."""

import json
from typing import Any

import pytest
from tests.providers.openai.completions_support import (
    CODEC,
    DONE,
    answer,
    asked,
    piece,
    read,
    said_in,
    streamed,
    written,
)
from tests.support.shapes import sse_data

from tollbridge.errors import UpstreamError
from tollbridge.formats import (
    Choice,
    Citation,
    Media,
    MediaKind,
    Reasoning,
    Refusal,
    Request,
    Response,
    State,
    Stop,
    Text,
    ToolCall,
    fold,
    unfold,
)
from tollbridge.testing.conversation_contract import notes


def test_answer_of_another_provider_is_a_completion() -> None:
    assert written(answer()) == {
        "id": "cmpl-req_1",
        "object": "text_completion",
        "created": 7,
        "model": "real",
        "choices": [{"text": " upon", "index": 0, "logprobs": None, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 7,
            "total_tokens": 12,
            "prompt_tokens_details": {"cached_tokens": 2, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 4, "audio_tokens": 0},
        },
    }


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        (Stop.END, "stop"),
        (Stop.STOP_SEQUENCE, "stop"),
        (Stop.LENGTH, "length"),
        (Stop.CONTEXT, "length"),
        (Stop.FILTER, "content_filter"),
        (Stop.REFUSAL, "content_filter"),
        (Stop.TOOL_CALLS, "stop"),
        (Stop.PAUSE, "stop"),
        (Stop.BROKEN_CALL, "stop"),
        (Stop.OTHER, "stop"),
    ],
)
def test_every_reason_to_stop_is_one_that_completions_know(stop: Stop, said: str) -> None:
    assert written(answer(stop=stop))["choices"][0]["finish_reason"] == said
    assert streamed(answer(stop=stop), asked())[-1]["choices"][0]["finish_reason"] == said


@pytest.mark.parametrize(
    ("said", "stop"),
    [("stop", Stop.END), ("length", Stop.LENGTH), ("content_filter", Stop.FILTER), ("eos", Stop.OTHER), (None, None)],
)
def test_every_reason_is_read(said: str | None, stop: Stop | None) -> None:
    body = json.dumps({"choices": [{"text": "x", "finish_reason": said}]}).encode()

    (whole,) = CODEC.read_response(body, notes()).choices
    (folded,) = fold(read(piece("x", said), DONE)).choices

    assert (whole.stop, whole.said) == (folded.stop, folded.said) == (stop, said)


def test_echo_begins_every_answer_of_others_with_the_prompt() -> None:
    both = Response(origin="stranger", choices=(Choice(parts=(Text(text=" upon"),)), Choice(index=1)))
    request = asked(echo=True)

    assert [choice["text"] for choice in written_choices(both, request)] == ["Once upon", "Once"]
    assert said_in(streamed(both, request)) == {0: "Once upon", 1: "Once"}


def written_choices(response: Response, request: Request) -> Any:
    return json.loads(CODEC.write_response(response, request, notes()))["choices"]


def test_echo_of_a_provider_of_completions_is_not_said_twice() -> None:
    response = Response(origin="openai-completions", choices=(Choice(parts=(Text(text="Once upon"),), said="stop"),))

    assert written(response, asked(echo=True))["choices"][0]["text"] == "Once upon"
    assert said_in(streamed(response, asked(echo=True))) == {0: "Once upon"}


def test_refusal_is_the_text_and_a_filter_the_reason() -> None:
    refused = answer(Refusal(text="No."), stop=Stop.REFUSAL)

    assert written(refused)["choices"][0]["text"] == "No."
    assert said_in(streamed(refused, asked())) == {0: "No."}


def test_what_a_completion_cannot_hold_is_named() -> None:
    parts = (
        Reasoning(text="hm", state=State("stranger", {"a": 1})),
        Text(text="x", citations=(Citation(url="u"),)),
        Media(kind=MediaKind.IMAGE, url="u"),
        ToolCall(id="1", name="f", arguments="{}"),
    )
    left, streaming = notes(), notes()
    writer = CODEC.stream_writer(asked(), streaming)

    body = written(answer(*parts, sequence="."), left=left)
    pieces = [json.loads(data) for event in unfold(answer(*parts)) for data in sse_data(writer.write(event))]

    assert body["choices"][0]["text"] == "x"
    assert said_in(pieces) == {0: "x"}
    named = {"choices[].reasoning", "choices[].citations", "choices[].media", "choices[].tool_call"}
    assert set(left.dropped) == {*named, "stop_sequence"}
    assert set(streaming.dropped) == named


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"choices": 1}', b'{"choices": [1]}'])
def test_what_is_no_answer_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())
