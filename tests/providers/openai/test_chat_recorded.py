"""Recorded chat traffic of many hosts keeps the laws."""

import json
from typing import Any

from tests.support.corpus import Case, corpus, is_answer, is_stream

from tollbridge.errors import GatewayError
from tollbridge.formats import AnyEvent, Broken, Envelope, Request, Response, Unknown, fold, unfold
from tollbridge.testing.conversation_contract import notes, states
from tollbridge.testing.conversations import events_of, said
from tollbridge_openai.chat_codec import ChatCodec

CODEC = ChatCodec()
HOSTS = tuple(
    f"dev/{name}"
    for name in (
        "openai_chat",
        "azure_openai_chat",
        "bedrock_mantle_chat",
        "cerebras_chat",
        "cloudflare_chat",
        "deepseek_chat",
        "gemini_openai_chat",
        "groq_chat",
        "huggingface_chat",
        "openrouter_chat",
        "perplexity_chat",
        "snowflake_chat",
        "zai_chat",
    )
)
EDGES = tuple(f"edge_cases/{name}" for name in ("alibaba", "deepseek", "groq", "openai-compatible"))


def has_messages(case: Case) -> bool:
    return isinstance(case.request, dict) and "messages" in case.request


def has_choices(case: Case) -> bool:
    return is_answer(case) and isinstance(case.body, dict) and "choices" in case.body


def asked(case: Case) -> Request:
    if has_messages(case):
        return CODEC.read_request(json.dumps(case.request).encode(), Envelope("m"), notes())
    return Request(origin="openai-chat", model="m", messages=(), stream_usage=True)


@corpus(*HOSTS, only=has_messages)
def test_recorded_request_is_written_as_it_was_read(case: Case) -> None:
    body = json.dumps(case.request).encode()
    left = notes(strict=True)

    written = CODEC.write_request(CODEC.read_request(body, Envelope("m"), left), left)

    assert json.loads(written) == case.request


@corpus(*HOSTS, *EDGES, only=has_choices)
def test_recorded_answer_is_written_as_it_was_read(case: Case) -> None:
    response = read(case)

    written = json.loads(CODEC.write_response(response, asked(case), notes()))

    for choice, told in zip(written["choices"], case.body["choices"], strict=True):
        if "message" not in told:  # Azure's, where a filter took it
            assert choice.pop("message") == {"role": "assistant", "content": None, "refusal": None}
        elif isinstance(told["message"].get("content"), dict):
            choice["message"]["content"] = json.loads(choice["message"]["content"])
    assert bare(written) == bare(case.body)


@corpus(*HOSTS, *EDGES, only=has_choices)
def test_recorded_answer_adds_up_to_the_hosts_own_total(case: Case) -> None:
    response, told = read(case), case.body.get("usage") or {}

    total = max((told.get("prompt_tokens") or 0) + (told.get("completion_tokens") or 0), told.get("total_tokens") or 0)
    assert (response.usage.total if response.usage is not None else 0) == total


@corpus(*HOSTS, *EDGES, only=has_choices)
def test_recorded_answer_streams_to_itself(case: Case) -> None:
    response = read(case)
    request = Request(origin="openai-chat", model="m", messages=(), stream_usage=True)
    writer = CODEC.stream_writer(request, notes())
    stream = b"".join(writer.write(event) for event in unfold(response))

    folded = fold(events_of(CODEC.stream_reader(notes()), stream, 11))

    assert said(folded) == said(response)
    assert (folded.usage, folded.id, folded.model, folded.tier) == (
        response.usage,
        response.id,
        response.model,
        response.tier,
    )
    assert [state.data.get("reasoning_details") for state in states(folded)] == [
        state.data.get("reasoning_details") for state in states(response) if "reasoning_details" in state.data
    ]


@corpus(*HOSTS, *EDGES, only=is_stream)
def test_recorded_stream_folds_to_the_same_answer_at_any_cut(case: Case) -> None:
    found = []
    for chunks in case.cuts(1, 50):
        reader = CODEC.stream_reader(notes())
        events: list[AnyEvent] = [event for chunk in (*chunks, b"") for event in reader.feed(chunk)]
        assert not any(isinstance(event, Unknown) for event in events)
        found.append(answer_or_error(events))

    assert all(other == found[0] for other in found)
    assert isinstance(found[0], Response) or '"error":' in (case.text or "")


def answer_or_error(events: list[AnyEvent]) -> Response | str:
    if isinstance(events[-1], Broken):
        return events[-1].error.message
    return fold(events)


def read(case: Case) -> Response:
    return CODEC.read_response(json.dumps(case.body).encode(), notes())


def bare(value: Any) -> Any:
    """Give an answer without what says nothing: nulls, empty texts and lists, and objects of such."""
    if value == {"name": "", "arguments": ""}:
        return {}
    if isinstance(value, dict):
        return {key: kept for key, item in value.items() if (kept := bare(item)) not in (None, "", [], {})}
    return [bare(item) for item in value] if isinstance(value, list) else value


@corpus("dev/openai_chat", only=lambda case: case.status >= 400 and case.body is not None)
def test_recorded_refusal_keeps_its_class_and_words(case: Case) -> None:
    error: GatewayError = CODEC.read_error(case.status, json.dumps(case.body).encode())

    assert error.status == (502 if case.status == 401 else case.status)
    assert case.status == 401 or error.message == case.body["error"]["message"].strip()
