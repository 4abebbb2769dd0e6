"""Whole answers: what is read of Anthropic's, and what another provider's become for a caller of Anthropic's."""

import json
from typing import Any

import pytest
from tests.providers.anthropic.reading import NEWS

from tollbridge import UpstreamError, Usage
from tollbridge.formats import (
    AnyPart,
    CacheMark,
    Choice,
    Citation,
    CountResponse,
    KeyedSeal,
    Media,
    MediaKind,
    Notes,
    Opaque,
    Reasoning,
    Refusal,
    Request,
    Response,
    ServerCall,
    State,
    Stop,
    Text,
    ToolCall,
    ToolResult,
    split_id,
)
from tollbridge_anthropic.codec import CountCodec, MessagesCodec

CODEC, COUNT = MessagesCodec(), CountCodec()
OWN = CODEC.name
SEAL = KeyedSeal(b"k" * 32)
ASKED = Request(origin=OWN, model="m", messages=())
USAGE = {"input_tokens": 3, "output_tokens": 2}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude",
    "content": [{"type": "text", "text": "Hi."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": USAGE,
}


def read(**more: Any) -> Response:
    body = {**MESSAGE, **more}
    response = CODEC.read_response(json.dumps(body).encode(), Notes(SEAL))
    assert json.loads(CODEC.write_response(response, ASKED, Notes(SEAL))) == body
    return response


def written(*parts: AnyPart, dropped: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    notes = Notes(SEAL, call_id="req_1")
    choice = Choice(parts=parts, **{name: more.pop(name) for name in ("stop", "said", "sequence") if name in more})
    response = Response(origin="another", choices=(choice,), **more)
    found: dict[str, Any] = json.loads(CODEC.write_response(response, ASKED, notes))
    assert notes.dropped == dropped
    return found


def blocks(*parts: AnyPart, dropped: tuple[str, ...] = ()) -> list[Any]:
    return list(written(*parts, dropped=dropped)["content"])


def test_answer_is_read() -> None:
    response = read(container={"id": "c"}, stop_details={"type": "refusal"}, context_management=None)

    assert (response.id, response.model, response.origin) == ("msg_1", "claude", OWN)
    (choice,) = response.choices
    assert choice.parts == (Text(text="Hi."),)
    assert (choice.stop, choice.said) == (Stop.END, "end_turn")
    assert choice.extras == {"stop_sequence": None, "stop_details": {"type": "refusal"}}
    assert response.extras == {"container": {"id": "c"}, "context_management": None}


@pytest.mark.parametrize(
    ("said", "stop"),
    [
        ("end_turn", Stop.END),
        ("stop_sequence", Stop.STOP_SEQUENCE),
        ("max_tokens", Stop.LENGTH),
        ("tool_use", Stop.TOOL_CALLS),
        ("pause_turn", Stop.PAUSE),
        ("compaction", Stop.PAUSE),
        ("refusal", Stop.REFUSAL),
        ("model_context_window_exceeded", Stop.CONTEXT),
        ("unheard", Stop.OTHER),
        (None, None),
        (5, None),
    ],
)
def test_reason_of_the_end_is_read_and_given_back(said: Any, stop: Stop | None) -> None:
    assert read(stop_reason=said).choices[0].stop == stop


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        (Stop.END, "end_turn"),
        (Stop.STOP_SEQUENCE, "stop_sequence"),
        (Stop.LENGTH, "max_tokens"),
        (Stop.TOOL_CALLS, "tool_use"),
        (Stop.FILTER, "refusal"),
        (Stop.REFUSAL, "refusal"),
        (Stop.PAUSE, "pause_turn"),
        (Stop.CONTEXT, "model_context_window_exceeded"),
        (Stop.BROKEN_CALL, "end_turn"),
        (Stop.OTHER, "end_turn"),
        (None, "end_turn"),
    ],
)
def test_every_reason_of_the_end_has_its_word(stop: Stop | None, said: str) -> None:
    found = written(Text(text="x"), stop=stop, said="whatever")

    assert (found["stop_reason"], found["stop_sequence"]) == (said, None)


def test_sequence_that_was_met_is_told_both_ways() -> None:
    assert read(stop_reason="stop_sequence", stop_sequence="END").choices[0].sequence == "END"
    assert written(stop=Stop.STOP_SEQUENCE, sequence="END")["stop_sequence"] == "END"


def test_words_of_refusal_end_with_one() -> None:
    found = written(Refusal(text="No."), Refusal(text=""), stop=Stop.END)

    assert (found["content"], found["stop_reason"]) == ([{"type": "text", "text": "No."}], "refusal")
    assert written(Refusal(text="No."), stop=Stop.LENGTH)["stop_reason"] == "max_tokens"


def test_answer_of_another_provider_has_all_that_a_message_has() -> None:
    found = written(Text(text="Hi."), model="gpt", tier="default", extras={"more": 1}, wire_usage={"a": 1})

    assert found == {
        "id": "msg_req_1",
        "type": "message",
        "role": "assistant",
        "model": "gpt",
        "content": [{"type": "text", "text": "Hi."}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 0,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 0,
            "service_tier": "standard",
        },
    }


def test_usage_is_written_from_its_buckets() -> None:
    usage = Usage(
        input=1,
        cache_read=2,
        cache_write=4,
        cache_write_1h=8,
        audio_input=16,
        image_input=32,
        output=64,
        audio_output=128,
        reasoning=5,
    )

    assert written(usage=usage, tier="flex")["usage"] == {
        "input_tokens": 49,  # 1 + 16 + 32
        "cache_creation_input_tokens": 12,  # 4 + 8
        "cache_read_input_tokens": 2,
        "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 8},
        "output_tokens": 192,  # 64 + 128
        "output_tokens_details": {"thinking_tokens": 5},
    }


def test_usage_is_read_into_its_buckets() -> None:
    usage = {
        **USAGE,
        "cache_read_input_tokens": 5,
        "cache_creation_input_tokens": 4,
        "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 3},
        "output_tokens_details": {"thinking_tokens": 1},
        "service_tier": "priority",
    }
    response = read(usage=usage)

    assert response.usage == Usage(input=3, cache_read=5, cache_write=1, cache_write_1h=3, output=2, reasoning=1)
    assert (response.wire_usage, response.tier) == (usage, "priority")
    assert read(usage={**USAGE, "output_tokens": "two"}).usage is None


def test_usage_that_was_not_told_is_none() -> None:
    body = {name: value for name, value in MESSAGE.items() if name != "usage"}

    response = CODEC.read_response(json.dumps(body).encode(), Notes(SEAL))

    assert (response.usage, response.wire_usage) == (None, None)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"<html>", b"[]", b"null", b"{}", b'{"type":"message"}', b'{"content":"hi"}', b'{"type":"error"}'],
)
def test_what_is_no_message_is_no_answer(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, Notes(SEAL))


def test_members_of_the_wrong_type_stay_where_they_are() -> None:
    strange = [{"type": "text", "text": 5}, {"type": "tool_use", "id": 1, "input": [2]}, {"kind": "none"}]

    assert [type(part) for part in read(content=strange[2:]).choices[0].parts] == [Opaque]
    assert [type(part) for part in read(content=[{"type": "image", "source": 5}]).choices[0].parts] == [Opaque]
    response = CODEC.read_response(json.dumps({**MESSAGE, "content": strange, "id": 5}).encode(), Notes(SEAL))
    again = json.loads(CODEC.write_response(response, ASKED, Notes(SEAL)))

    assert again["id"] == 5
    assert again["content"] == [strange[0], {**strange[1], "name": ""}, strange[2]]


def test_thinking_of_another_provider_comes_back_with_the_conversation() -> None:
    state, hidden = State("another", {"id": "rs_1"}), State("another", {"id": "rs_2"})
    told, silent = blocks(Reasoning(text="So.", state=state), Reasoning(state=hidden), Reasoning())

    assert (told["type"], told["thinking"], SEAL.unpack(told["signature"])) == ("thinking", "So.", state)
    assert (silent["type"], silent["thinking"], SEAL.unpack(silent["signature"])) == ("thinking", "", hidden)
    assert blocks(Reasoning(text="So.")) == [{"type": "thinking", "thinking": "So.", "signature": ""}]


def test_thinking_of_its_own_is_given_as_it_came() -> None:
    kept = [
        {"type": "thinking", "thinking": "So.", "signature": "S"},
        {"type": "redacted_thinking", "data": "D"},
    ]

    parts = read(content=kept).choices[0].parts

    assert blocks(*parts) == kept


def test_words_beside_redacted_thinking_are_shown_with_all_of_it_as_their_signature() -> None:
    redacted = State("anthropic-messages", {"type": "redacted_thinking", "data": "D"})

    (block,) = blocks(Reasoning(text="So.", state=redacted))

    assert (block["type"], block["thinking"]) == ("thinking", "So.")
    assert SEAL.unpack(block["signature"]) == redacted


class Forgetful:
    """A seal for which every state is too long."""

    def pack(self, state: State) -> str | None:
        return None

    def unpack(self, text: str) -> State | None:
        return None


def test_state_that_is_too_long_is_dropped() -> None:
    notes = Notes(Forgetful())
    parts = (Reasoning(text="So.", state=State("another", {})), Reasoning(state=State("another", {})))
    response = Response(origin="another", choices=(Choice(parts=parts),))

    found = json.loads(CODEC.write_response(response, ASKED, notes))

    assert found["content"] == [{"type": "thinking", "thinking": "So.", "signature": ""}]
    assert notes.dropped == ("content[].reasoning.state",)


def test_state_of_a_call_is_behind_its_id() -> None:
    state = State("another", {"thoughtSignature": "T"})
    (block,) = blocks(ToolCall(id="call_1", name="look", arguments='{"a":1}', state=state))

    assert split_id(block["id"], SEAL) == ("call_1", state)
    assert block["input"] == {"a": 1}


def test_calls_are_objects_whatever_the_model_wrote() -> None:
    calls = [ToolCall(id="c", name="n", arguments=text) for text in ("", ' {"a": 1.50} ', '{"a"', "[]")]

    assert [block["input"] for block in blocks(*calls)] == [
        {},
        {"a": 1.5},
        {"INVALID_JSON": '{"a"'},
        {"INVALID_JSON": "[]"},
    ]


def test_numbers_in_arguments_keep_their_text() -> None:
    response = Response(
        origin="another", choices=(Choice(parts=(ToolCall(id="c", name="n", arguments='{"a":1.50}'),)),)
    )

    assert b'"input":{"a":1.50}' in CODEC.write_response(response, ASKED, Notes(SEAL))


def test_link_of_another_provider_is_a_citation_and_what_names_none_is_dropped() -> None:
    linked = Text(text="x", citations=(Citation(url="u", title="N", cited="It is."),))
    filed = Text(text="y", citations=(Citation(file_id="f"),))

    assert blocks(linked)[0]["citations"] == [{**NEWS, "encrypted_index": ""}]
    assert blocks(filed, dropped=("content[].citations",)) == [{"type": "text", "text": "y"}]


@pytest.mark.parametrize(
    ("part", "dropped"),
    [
        (Media(kind=MediaKind.IMAGE, data="AAAA"), "content[].image"),
        (ServerCall(tool="web_search"), "content[].web_search"),
        (ServerCall(tool=""), "content[].server_call"),
        (Opaque(kind="later", raw={}), "content[].later"),
        (ToolResult(call_id="c"), "content[].tool_result"),
    ],
)
def test_part_that_has_no_place_is_dropped_by_its_name(part: AnyPart, dropped: str) -> None:
    assert blocks(part, Text(text=""), Text(text="x", cache=CacheMark(), extras={"a": 1}), dropped=(dropped,)) == [
        {"type": "text", "text": "x"}
    ]


def test_of_several_answers_the_first_is_given() -> None:
    notes = Notes(SEAL)
    choices = tuple(Choice(index=index, parts=(Text(text=str(index)),)) for index in range(2))

    found = json.loads(CODEC.write_response(Response(origin="another", choices=choices), ASKED, notes))

    assert found["content"] == [{"type": "text", "text": "0"}]
    assert notes.dropped == ("choices",)
    assert json.loads(CODEC.write_response(Response(origin="another"), ASKED, notes))["content"] == []


def test_count_of_tokens_goes_both_ways() -> None:
    body = b'{"input_tokens":7,"context_management":{"original_input_tokens":9}}'
    response = COUNT.read_response(body, Notes(SEAL))

    assert response == CountResponse(origin=OWN, tokens=7, extras={"context_management": {"original_input_tokens": 9}})
    assert COUNT.write_response(response, ASKED, Notes(SEAL)) == body
    foreign = CountResponse(origin="another", tokens=5, extras={"more": 1})
    assert COUNT.write_response(foreign, ASKED, Notes(SEAL)) == b'{"input_tokens":5}'


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"input_tokens":"7"}', b'{"input_tokens":-1}'])
def test_what_is_no_count_is_no_answer(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        COUNT.read_response(body, Notes(SEAL))
