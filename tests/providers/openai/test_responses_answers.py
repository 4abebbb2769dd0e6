"""Whole answers of the Responses API, both ways."""

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.providers.openai.responses_support import (
    CODEC,
    SEAL,
    answer,
    given,
    hello,
    notes,
    parts_of,
    read,
    shown,
)

from tollbridge import UpstreamError, Usage
from tollbridge.errors import BadRequest, GatewayError, RateLimited
from tollbridge.formats import (
    Citation,
    Logprob,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Refusal,
    ServerCall,
    State,
    Stop,
    Text,
    ToolCall,
    carried,
    unpack_thinking,
)

TEXT = {"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}
SAID = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [TEXT]}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": "{}", "status": "completed"}
STATE = State("stranger", {"signature": "s"})


def rewritten(response: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CODEC.write_response(response, read(), notes(strict=True)))
    return found


@pytest.mark.parametrize(
    "item",
    [
        SAID,
        CALL,
        {**SAID, "phase": "commentary", "content": [TEXT, {"type": "refusal", "refusal": "no"}, TEXT]},
        {**SAID, "content": []},
        {**SAID, "content": None},
        {**SAID, "content": ["x"]},
        {**SAID, "content": [{"type": "odd", "x": 1}, {"text": "no type"}, {"type": "input_audio"}]},
        {**SAID, "content": [{**TEXT, "annotations": [{"type": "file_path", "file_id": "f", "index": 1}]}]},
        {
            **SAID,
            "content": [
                {
                    **TEXT,
                    "logprobs": [
                        {
                            "token": "hi",
                            "logprob": -0.5,
                            "bytes": [104],
                            "top_logprobs": [{"token": "h", "logprob": -1, "bytes": []}],
                        }
                    ],
                }
            ],
        },
        {**SAID, "content": [{**TEXT, "logprobs": [{"token": "hi", "logprob": 0}]}]},
        {**CALL, "namespace": "n", "arguments": "broken {"},
        {"type": "function_call", "call_id": 3, "name": None},
        {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "f", "input": "words"},
        {"type": "reasoning", "id": "rs_1", "summary": [], "status": None},
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "a"}],
            "encrypted_content": "g",
        },
        {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "a"}]},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}},
        {"type": "function_call_output", "call_id": "c", "output": "x"},
        {"type": "compaction", "id": "cmp_1", "encrypted_content": "g"},
        {"x": "no type"},
    ],
)
def test_item_is_written_as_it_was_read(item: dict[str, Any]) -> None:
    response = given(item, item, x={"y": None}, error=None)

    told = rewritten(response)

    wanted = {name: value for name, value in item.items()}
    if item.get("call_id") == 3:
        wanted["arguments"] = ""
    assert told["output"] == [wanted, wanted]
    assert (told["x"], told["error"]) == ({"y": None}, None)


def test_parts_of_an_answer_are_read() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]}
    search = {"type": "web_search_call", "id": "ws_1"}

    said, call, reasoning, served, odd = parts_of(given(SAID, CALL, thought, search, {"type": "odd"}))

    assert isinstance(said, Text)
    assert said.text == "hi"
    assert call == ToolCall(id="c", name="f", arguments="{}", extras={"id": "fc_1", "status": "completed"})
    assert reasoning == Reasoning(text="hm", summary=True, state=State("openai-responses", {"id": "rs_1"}))
    assert served == ServerCall(tool="web_search", id="ws_1", raw=search)
    assert odd == Opaque(kind="odd", raw={"type": "odd"})


@pytest.mark.parametrize(
    ("members", "stop", "said"),
    [
        ({}, Stop.END, "completed"),
        ({"output": [CALL]}, Stop.TOOL_CALLS, "completed"),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            Stop.LENGTH,
            "max_output_tokens",
        ),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, Stop.FILTER, "content_filter"),
        ({"status": "incomplete", "incomplete_details": {"reason": "steered"}}, Stop.OTHER, "steered"),
        ({"status": "incomplete", "incomplete_details": {"reason": "steered", "x": 1}}, Stop.OTHER, "incomplete"),
        ({"status": "incomplete", "incomplete_details": None}, Stop.OTHER, "incomplete"),
        ({"status": "queued"}, None, "queued"),
        ({"status": "cancelled"}, Stop.END, "cancelled"),
        ({"status": None}, Stop.END, None),
        ({"status": 3}, Stop.END, None),
    ],
)
def test_status_says_why_the_model_stopped(members: dict[str, Any], stop: Stop | None, said: str | None) -> None:
    response = given(SAID, **members)

    assert (response.choices[0].stop, response.choices[0].said) == (stop, said)
    assert rewritten(response) == {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "model": "m",
        "output": [SAID],
        **members,
    }


@pytest.mark.parametrize(
    ("stop", "status", "reason"),
    [
        (None, "completed", None),
        (Stop.END, "completed", None),
        (Stop.STOP_SEQUENCE, "completed", None),
        (Stop.TOOL_CALLS, "completed", None),
        (Stop.PAUSE, "completed", None),
        (Stop.OTHER, "completed", None),
        (Stop.LENGTH, "incomplete", "max_output_tokens"),
        (Stop.CONTEXT, "incomplete", "max_output_tokens"),
        (Stop.FILTER, "incomplete", "content_filter"),
        (Stop.REFUSAL, "incomplete", "content_filter"),
        (Stop.BROKEN_CALL, "failed", None),
    ],
)
def test_every_reason_to_stop_has_a_status(stop: Stop | None, status: str, reason: str | None) -> None:
    told = shown(answer(hello(), stop=stop))

    assert told["status"] == status
    assert told["incomplete_details"] == (None if reason is None else {"reason": reason})
    assert told["output"][0]["status"] == ("incomplete" if status == "incomplete" else "completed")
    assert (told["error"] is None) == (status != "failed")
    assert (told["completed_at"] is None) == (status != "completed")


def test_refusal_in_words_is_a_whole_answer() -> None:
    told = shown(answer(Refusal(text="no"), stop=Stop.REFUSAL))

    assert told["status"] == "completed"
    assert told["output"][0]["content"] == [{"type": "refusal", "refusal": "no"}]


def test_answer_of_another_provider_has_ids_of_our_own() -> None:
    told = shown(answer(hello(), ToolCall(id="call_1", name="f", arguments="{}")))

    said, call = told["output"]
    assert [told["id"][:5], said["id"][:4], call["id"][:3]] == ["resp_", "msg_", "fc_"]
    assert told == shown(answer(hello(), ToolCall(id="call_1", name="f", arguments="{}")))
    assert call["call_id"] == "call_1"


def test_texts_in_a_row_are_one_message_with_all_they_cite() -> None:
    cited = Text(
        text="hi",
        citations=(Citation(url="https://a", title="A", start=0, end=1), Citation(file_id="f"), Citation(cited="x")),
        logprobs=(Logprob("hi", 0, None, (Logprob("h", -1, [1]),)),),
    )
    left = notes()

    (said, call) = shown(answer(cited, hello(), ToolCall(id="c", name="f")), left)["output"]

    first, second = said["content"]
    assert first["annotations"] == [
        {"type": "url_citation", "url": "https://a", "title": "A", "start_index": 0, "end_index": 1},
        {"type": "file_citation", "file_id": "f", "filename": "", "index": 2},
    ]
    assert first["logprobs"] == [
        {
            "token": "hi",
            "logprob": 0,
            "bytes": [104, 105],
            "top_logprobs": [{"token": "h", "logprob": -1, "bytes": [1]}],
        }
    ]
    assert second == {"type": "output_text", "text": "hello", "annotations": [], "logprobs": []}
    assert call["arguments"] == "{}"
    assert left.dropped == ("output[].content[].citations",)


def test_state_of_another_provider_goes_along_sealed() -> None:
    thought = Reasoning(text="hm", state=STATE)

    reasoning, call = shown(answer(thought, ToolCall(id="c", name="f", state=STATE)))["output"]

    assert reasoning["content"] == [{"type": "reasoning_text", "text": "hm"}]
    assert unpack_thinking(reasoning["encrypted_content"], SEAL) == [thought]
    assert carried(call["call_id"], SEAL) == ("c", STATE, [])


def test_state_too_long_to_be_sealed_is_left_behind_and_said() -> None:
    left = notes()
    data = {f"k{place}": str(hash(str(place)) ** 9) for place in range(9_000)}

    (item,) = shown(answer(Reasoning(text="hm", state=State("stranger", data))), left)["output"]

    assert "encrypted_content" not in item
    assert left.dropped == ("output[].encrypted_content",)


def test_reasoning_comes_back_to_the_provider_it_came_from() -> None:
    body = shown(answer(Reasoning(text="hm", summary=True, state=STATE), hello()))

    back = read(input=[{"role": "user", "content": "hi"}, *body["output"]])

    assert back.messages[1].parts == (Reasoning(text="hm", summary=True, state=STATE),)


def test_picture_is_the_result_of_the_tool_that_makes_pictures() -> None:
    (item,) = shown(answer(Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/png")))["output"]

    assert item["type"] == "image_generation_call"
    assert item["result"] == "AAAA"


def test_what_cannot_be_said_is_left_behind_and_said() -> None:
    left = notes()
    response = answer(
        Text(text="hi", state=STATE),
        Media(kind=MediaKind.AUDIO, data="AA"),
        ServerCall(tool="web_search", raw={}),
        Opaque(kind="odd", raw={}),
        extras={"x": 1},
    )

    assert len(shown(response, left)["output"]) == 1
    assert left.dropped == ("output[].content[].state", "output[].audio", "output[].server_tool", "x")


def test_sequence_that_stopped_the_model_is_left_behind_and_said() -> None:
    left = notes()
    response = answer(hello())

    shown(replace(response, choices=(replace(response.choices[0], sequence="\n"),)), left)

    assert left.dropped == ("stop_sequence",)


def test_answers_but_the_first_are_left_behind_and_said() -> None:
    left = notes()
    response = answer(hello())
    second = replace(response.choices[0], index=1)

    told = shown(replace(response, choices=(second, *response.choices)), left)

    assert told == shown(response)
    assert left.dropped == ("choices",)


def test_what_was_asked_is_told_again() -> None:
    request = read(
        instructions="be kind",
        max_output_tokens=50,
        metadata={"a": "b"},
        parallel_tool_calls=False,
        reasoning={"effort": "low"},
        temperature=0.5,
        text={"verbosity": "low"},
        tool_choice={"type": "function", "name": "f"},
        tools=[{"type": "function", "name": "f"}, {"type": "web_search"}],
        top_p=0.5,
        truncation="auto",
        safety_identifier="s",
        max_tool_calls=2,
    )

    told = shown(answer(hello()), request=request)

    assert told["instructions"] == "be kind"
    assert told["tools"] == [
        {"type": "function", "name": "f", "parameters": None, "strict": None},
        {"type": "web_search"},
    ]
    assert told["reasoning"] == {"effort": "low", "summary": None}
    assert told["text"] == {"format": {"type": "text"}, "verbosity": "low"}
    assert (told["temperature"], told["top_p"], told["truncation"]) == (0.5, 0.5, "auto")
    assert (told["safety_identifier"], told["user"], told["max_tool_calls"]) == ("s", None, 2)
    assert (told["metadata"], told["parallel_tool_calls"]) == ({"a": "b"}, False)
    assert (told["max_output_tokens"], told["store"], told["background"]) == (50, False, False)


def test_what_was_not_asked_has_the_default() -> None:
    told = shown(answer(hello()))

    assert (told["temperature"], told["top_p"], told["tool_choice"], told["tools"]) == (1, 1, "auto", [])
    assert (told["instructions"], told["metadata"], told["parallel_tool_calls"]) == (None, {}, True)
    assert told["usage"] is None


def test_words_that_are_said_to_be_none_are_no_part_of_the_answer() -> None:
    assert "output_text" not in rewritten(given(SAID, output_text=""))
    assert rewritten(given(SAID, output_text="hi"))["output_text"] == "hi"


def test_usage_is_written_from_its_buckets() -> None:
    usage = Usage(
        input=5, cache_read=3, cache_write=2, cache_write_1h=1, image_input=4, output=7, audio_output=1, reasoning=6
    )

    assert shown(answer(hello(), usage=usage))["usage"] == {
        "input_tokens": 15,  # 5 + 3 + 2 + 1 + 4
        "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 3},
        "output_tokens": 8,
        "output_tokens_details": {"reasoning_tokens": 6},
        "total_tokens": 23,
    }


def test_usage_is_read_into_buckets_and_kept_as_it_was_told() -> None:
    wire = {"input_tokens": 5, "input_tokens_details": {"cached_tokens": 2}, "output_tokens": 1, "x": 1}
    response = given(SAID, usage=wire)

    assert response.usage == Usage(input=3, cache_read=2, output=1)
    assert rewritten(response)["usage"] == wire
    assert given(SAID, usage=None).usage is None
    assert given(SAID, usage={"input_tokens": "x"}).usage is None


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b"{}", b'{"object":"response"}', b'{"output":{}}', b'{"output":[1]}', b"\xff"],
)
def test_what_is_no_answer_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        ({"code": "rate_limit_exceeded", "message": "slow"}, RateLimited, 429),
        ({"code": "server_error", "message": "oops"}, UpstreamError, 502),
        ({"code": "invalid_image_url", "message": "bad picture"}, BadRequest, 400),
        ({"code": "invalid_prompt", "message": 3}, BadRequest, 400),
        ("in words", UpstreamError, 502),
        (None, UpstreamError, 502),
        (3, UpstreamError, 502),
    ],
)
def test_answer_that_failed_is_an_error_of_its_class(error: Any, kind: type[GatewayError], status: int) -> None:
    with pytest.raises(kind) as caught:
        given(status="failed", error=error)

    assert caught.value.status == status


def test_error_that_came_as_an_answer_is_one() -> None:
    with pytest.raises(RateLimited, match="no more"):
        CODEC.read_response(b'{"error":{"message":"no more","code":"insufficient_quota"}}', notes())
