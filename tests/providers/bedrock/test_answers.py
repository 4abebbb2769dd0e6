"""Whole answers, both ways."""

import base64
import json
from random import Random
from typing import Any

import pytest
from tests.providers.bedrock.samples import answer, answered, response, shown
from tests.support.requires import requires

from tollbridge import UpstreamError, Usage
from tollbridge.formats import (
    Choice,
    Citation,
    Logprob,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Refusal,
    Response,
    ServerCall,
    State,
    Stop,
    Text,
    ToolCall,
    carried,
)
from tollbridge.testing.conversations import SEAL, notes

USE = {"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": 1}, "type": "tool_use"}}
FOREIGN = State("gemini", {"thoughtSignature": "x"})


@pytest.mark.parametrize(
    "body",
    [
        answered(),
        answered({"text": "a"}, USE, {"reasoningContent": {"reasoningText": {"text": "h", "signature": ""}}}),
        answered({"text": 3}, 5, {"toolUse": 4}, {"new": 1}),
        answered({"toolResult": 3}, {"reasoningContent": 3}, {"guardContent": 3}, {"searchResult": 3}),
        {"output": {"message": {"role": "user", "content": []}}},
        answered({"text": "a"}, additionalModelResponseFields={"stop_sequence": "x"}, trace={"guardrail": {}}),
        answered({"text": "a"}, serviceTier={"type": "flex"}, performanceConfig={"latency": "standard"}),
        answered({"text": "a"}, serviceTier={"type": "flex", "more": 1}, usage=None, stopReason=None, unknown=[1]),
        answered({"text": "a"}, serviceTier={}, usage={"odd": 1}, metrics=None),
        {"output": {"message": {"role": "assistant", "content": [], "more": 1}, "beside": 2}},
        {"output": {"message": {"role": "assistant", "content": []}}, "stopReason": 5},
    ],
)
def test_answer_is_written_as_it_was(body: dict[str, Any]) -> None:
    left = notes(strict=True)

    assert shown(answer(body), left) == body


@pytest.mark.parametrize("body", [{}, {"output": 3}, {"output": {}}, {"output": {"message": 3}}, {"message": "no"}])
def test_what_is_no_answer_is_told(body: dict[str, Any]) -> None:
    with pytest.raises(UpstreamError):
        answer(body)


@pytest.mark.parametrize(
    ("said", "stop"),
    [
        ("end_turn", Stop.END),
        ("tool_use", Stop.TOOL_CALLS),
        ("max_tokens", Stop.LENGTH),
        ("stop_sequence", Stop.STOP_SEQUENCE),
        ("guardrail_intervened", Stop.FILTER),
        ("content_filtered", Stop.FILTER),
        ("malformed_model_output", Stop.OTHER),
        ("malformed_tool_use", Stop.BROKEN_CALL),
        ("model_context_window_exceeded", Stop.CONTEXT),
        ("refusal", Stop.REFUSAL),
        ("pause_turn", Stop.PAUSE),
        ("something_new", Stop.OTHER),
        (None, None),
    ],
)
def test_reason_is_read_and_kept(said: str | None, stop: Stop | None) -> None:
    body = answered({"text": "a"})
    if said is None:
        del body["stopReason"]
    else:
        body["stopReason"] = said

    found = answer(body)

    assert (found.choices[0].stop, found.choices[0].said) == (stop, said)
    assert shown(found) == body


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        (Stop.END, "end_turn"),
        (Stop.STOP_SEQUENCE, "stop_sequence"),
        (Stop.LENGTH, "max_tokens"),
        (Stop.TOOL_CALLS, "tool_use"),
        (Stop.FILTER, "content_filtered"),
        (Stop.REFUSAL, "content_filtered"),
        (Stop.PAUSE, "end_turn"),
        (Stop.CONTEXT, "model_context_window_exceeded"),
        (Stop.BROKEN_CALL, "malformed_tool_use"),
        (Stop.OTHER, "end_turn"),
        (None, "end_turn"),
    ],
)
def test_reason_of_another_dialect_is_said_in_bedrocks_words(stop: Stop | None, said: str) -> None:
    found = Response(origin="another", choices=(Choice(parts=(), stop=stop, said="theirs"),))

    assert shown(found)["stopReason"] == said


@pytest.mark.parametrize("fields", [{"stop_sequence": "x"}, {"delta": {"stop_sequence": "x"}}])
def test_stop_sequence_is_found_where_the_caller_asked_for_it(fields: dict[str, Any]) -> None:
    assert answer(answered({"text": "a"}, additionalModelResponseFields=fields)).choices[0].sequence == "x"


@pytest.mark.parametrize("fields", [{"delta": {"stop_sequence": None}}, {"delta": 3}, "x", {"stop_sequence": 4}])
def test_other_fields_are_no_stop_sequence(fields: Any) -> None:
    body = answered({"text": "a"}, additionalModelResponseFields=fields)

    assert answer(body).choices[0].sequence is None
    assert shown(answer(body)) == body


def test_parts_of_another_dialect_are_blocks() -> None:
    left = notes()
    found = response(
        Text(text="so", citations=(Citation(url="u", title="T", cited="c"), Citation(document=1), Citation())),
        Refusal(text="no"),
        ToolCall(id="t", name="f", arguments='{"a":'),
        Media(kind=MediaKind.IMAGE, data="aa", mime="image/png"),
    )

    assert shown(found, left)["output"]["message"]["content"] == [
        {
            "citationsContent": {
                "content": [{"text": "so"}],
                "citations": [
                    {"title": "T", "sourceContent": [{"text": "c"}], "location": {"web": {"url": "u"}}},
                    {"location": {"documentChar": {"documentIndex": 1}}},
                    {},
                ],
            }
        },
        {"text": "no"},
        {"toolUse": {"toolUseId": "t", "name": "f", "input": {"INVALID_JSON": '{"a":'}}},
        {"image": {"format": "png", "source": {"bytes": "aa"}}},
    ]
    assert left.dropped == ()


def test_what_bedrock_has_no_place_for_is_left_behind() -> None:
    left = notes()
    found = Response(
        origin="another",
        tier="flex",
        choices=(
            Choice(
                parts=(
                    Text(text="a", logprobs=(Logprob("a", -1),), extras={"x": 1}),
                    Media(kind=MediaKind.IMAGE, url="u"),
                    ServerCall(tool="web_search"),
                    Opaque(kind="odd", raw=1),
                ),
                sequence="s",
                extras={"y": 1},
            ),
            Choice(index=1),
        ),
        extras={"z": 1},
    )

    assert shown(found, left)["output"]["message"]["content"] == [{"text": "a"}]
    assert left.dropped == (
        "choices",
        "messages[].content[].x",
        "logprobs",
        "messages[].content[].image",
        "messages[].content[].server_tools",
        "messages[].content[].odd",
        "tier",
        "z",
        "stop_sequence",
        "y",
    )


def test_answer_without_choices_is_empty() -> None:
    assert shown(Response(origin="another"))["output"]["message"] == {"role": "assistant", "content": []}


def test_usage_of_another_dialect_is_written_from_its_buckets_and_never_invented() -> None:
    told = shown(response(Text(text="a"), usage=Usage(input=1, cache_read=2, cache_write_1h=3, output=4)))

    assert told["usage"] == {
        "inputTokens": 1,
        "outputTokens": 4,
        "totalTokens": 10,
        "cacheReadInputTokens": 2,
        "cacheWriteInputTokens": 3,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 3}],
    }
    assert "usage" not in shown(response(Text(text="a")))


def test_state_of_another_provider_is_packed_beside_its_words() -> None:
    block, hidden, bare = shown(
        response(Reasoning(text="hm", state=FOREIGN), Reasoning(state=FOREIGN), Reasoning(text="hm"))
    )["output"]["message"]["content"]

    assert SEAL.unpack(block["reasoningContent"]["reasoningText"]["signature"]) == FOREIGN
    packed = base64.b64decode(hidden["reasoningContent"]["redactedContent"]).decode()
    assert SEAL.unpack(packed) == FOREIGN
    assert bare == {"reasoningContent": {"reasoningText": {"text": "hm"}}}


def test_state_too_large_to_travel_is_said_to_be_lost() -> None:
    left = notes()
    large = State("another", {"a": Random(1).randbytes(200_000).hex()})

    shown(response(Reasoning(text="hm", state=large)), left)

    assert left.dropped == ("messages[].content[].reasoning.state",)


def test_state_of_a_call_travels_in_its_id() -> None:
    (block,) = shown(response(ToolCall(id="t", name="f", arguments="{}", state=FOREIGN)))["output"]["message"][
        "content"
    ]

    assert carried(block["toolUse"]["toolUseId"], SEAL)[:2] == ("t", FOREIGN)


@requires("python-sdks")
def test_boto3_understands_an_answer_of_another_dialect() -> None:
    import botocore.session
    from botocore.parsers import create_parser

    model = botocore.session.Session().get_service_model("bedrock-runtime").operation_model("Converse")
    found = response(
        Reasoning(text="hm", state=FOREIGN),
        Reasoning(state=FOREIGN),
        Text(text="so", citations=(Citation(url="u"),)),
        ToolCall(id="t", name="f", arguments='{"a":1}'),
        usage=Usage(input=1, output=2),
    )
    body = json.dumps(shown(found)).encode()

    parsed = create_parser("rest-json").parse({"body": body, "headers": {}, "status_code": 200}, model.output_shape)

    kinds = [next(iter(block)) for block in parsed["output"]["message"]["content"]]
    assert kinds == ["reasoningContent", "reasoningContent", "citationsContent", "toolUse"]
    assert parsed["usage"]["totalTokens"] == 3
    assert parsed["metrics"] == {"latencyMs": 0}
