"""Models that are asked with `input`: invented, after the schema of gpt-oss in cloudflare-docs (read 2026-11)."""

import json
from typing import Any

import pytest

from tollbridge import Usage
from tollbridge.errors import Untranslatable
from tollbridge.formats import Choice, Envelope, KeyedSeal, Notes, Reasoning, Refusal, Request, Stop, Text, ToolCall
from tollbridge_cloudflare.codec import RUN_CODEC

CODEC = RUN_CODEC
ASKED: dict[str, Any] = {
    "input": [{"role": "user", "content": "Hi"}, {"type": "function_call_output", "call_id": "c1", "output": "7"}],
    "instructions": "Be brief.",
    "reasoning": {"effort": "low", "summary": "auto"},
    "stream": True,
}


def notes() -> Notes:
    return Notes(KeyedSeal(b"k"), call_id="call")


def read(*items: Any, **more: Any) -> Choice:
    body = {"result": {"output": list(items), **more}, "success": True, "errors": [], "messages": []}
    return CODEC.read_response(json.dumps(body).encode(), notes()).choices[0]


@pytest.mark.parametrize("asked", [ASKED, {"input": "Hi"}, {"input": "Hi", "messages": []}])
def test_request_is_written_to_cloudflare_as_it_came(asked: dict[str, Any]) -> None:
    request = CODEC.read_request(json.dumps(asked).encode(), Envelope("m"), notes())

    assert json.loads(CODEC.write_request(request, notes())) == asked


def test_request_is_for_cloudflare_alone() -> None:
    request = CODEC.read_request(json.dumps(ASKED).encode(), Envelope("m"), notes())

    assert request.essential == ("input", "instructions")


def test_what_only_another_host_understands_is_refused_here() -> None:
    foreign = Request(origin="other", model="m", messages=(), essential=("input",), spelling=("input",))

    with pytest.raises(Untranslatable):
        CODEC.write_request(foreign, notes())


def test_output_is_read_item_by_item() -> None:
    said = read(
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Short"}], "content": [{"text": "er."}]},
        {"type": "message", "content": [{"type": "output_text", "text": "Hi."}, {"refusal": "No."}, {"odd": 1}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call"},
        {"type": "web_search_call"},
        {"type": "reasoning"},
        {"type": "message"},
    )

    assert said.parts[:4] == (
        Reasoning(text="Shorter."),
        Text(text="Hi."),
        Refusal(text="No."),
        ToolCall(id="c1", name="f", arguments="{}"),
    )
    (unnamed,) = said.parts[4:]
    assert isinstance(unnamed, ToolCall)
    assert unnamed.id
    assert said.stop is Stop.TOOL_CALLS


@pytest.mark.parametrize(
    ("reason", "stop"),
    [(None, Stop.END), ("max_output_tokens", Stop.LENGTH), ("content_filter", Stop.FILTER), ("odd", Stop.END)],
)
def test_ending_is_what_an_answer_lacks(reason: str | None, stop: Stop) -> None:
    details = {"incomplete_details": {"reason": reason}} if reason else {"incomplete_details": None}

    assert read({"type": "message", "content": [{"text": "Hi"}]}, **details).stop is stop


def test_usage_has_openais_newer_names() -> None:
    usage = {"input_tokens": 40, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 9}
    body = {"result": {"output": [], "usage": usage}, "success": True}

    assert CODEC.read_response(json.dumps(body).encode(), notes()).usage == Usage(input=32, cache_read=8, output=9)
