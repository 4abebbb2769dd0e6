"""Recorded traffic of OpenAI and of hosts that speak its dialects."""

import json
import re

from tests.support.corpus import Case, corpus, is_answer, is_stream

from tollbridge import Quirks
from tollbridge.formats import AnswerReader, Dialect, Envelope
from tollbridge_openai.dialects import ChatDialect, CompletionsDialect, EmbeddingsDialect

DIALECTS: dict[str, Dialect] = {
    dialect.operations[0].path: dialect for dialect in (ChatDialect(), CompletionsDialect(), EmbeddingsDialect())
}
OPENAI = ("dev/openai_chat", "dev/openai_completions", "dev/openai_embeddings")
OTHERS = tuple(
    f"dev/{name}"
    for name in (
        "azure_openai_chat",
        "cerebras_chat",
        "deepseek_chat",
        "gemini_openai_chat",
        "groq_chat",
        "huggingface_chat",
        "mistral_chat",
        "openrouter_chat",
        "perplexity_chat",
        "snowflake_chat",
        "zai_chat",
    )
)
EDGES = tuple(f"edge_cases/{name}" for name in ("alibaba", "deepseek", "groq", "mistral", "openai-compatible"))


def envelope_of(case: Case, body: bytes) -> tuple[Dialect, Envelope]:
    dialect = DIALECTS[case.path]
    return dialect, dialect.read_envelope(dialect.operations[0], case.path, body)


@corpus(*OPENAI)
def test_recorded_request_is_read_and_passes_untouched(case: Case) -> None:
    for body in (json.dumps(case.request).encode(), json.dumps(case.request, ensure_ascii=False, indent=1).encode()):
        dialect, envelope = envelope_of(case, body)

        assert envelope.model == case.request["model"]
        assert envelope.stream == bool(case.request.get("stream"))
        asked = Quirks(stream_usage="option" if envelope.asks_usage else "always")
        assert dialect.readdress(body, envelope, model=envelope.model, max_output=None, quirks=asked) == body


@corpus(*OPENAI)
def test_only_model_and_usage_of_a_recorded_request_are_changed(case: Case) -> None:
    body = json.dumps(case.request).encode()
    dialect, envelope = envelope_of(case, body)

    sent = json.loads(dialect.readdress(body, envelope, model="another", max_output=None, quirks=Quirks()))

    assert sent.pop("model") == "another"
    if envelope.stream:
        assert sent["stream_options"].pop("include_usage") is True
    changed = {"model", "stream_options"} if envelope.stream else {"model"}
    assert {key: value for key, value in sent.items() if key not in changed} == {
        key: value for key, value in case.request.items() if key not in changed
    }


def reader_of(*, streamed: bool, asked: bool = True) -> AnswerReader:
    return ChatDialect().answer_reader(Envelope("m", stream=streamed, asks_usage=asked), streamed=streamed)


def total_of(usage: dict[str, int]) -> int:
    prompt, completion = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    return max(prompt + completion, usage.get("total_tokens") or 0)


@corpus(*OPENAI, *OTHERS, *EDGES, only=is_answer)
def test_recorded_answer_is_counted_to_the_last_token(case: Case) -> None:
    body = json.dumps(case.body).encode()
    reader = reader_of(streamed=False)

    assert reader.feed(body) == [body]

    usage = case.body.get("usage") if isinstance(case.body, dict) else None
    if usage and "prompt_tokens" in usage:
        assert reader.usage is not None
        assert reader.usage.total == total_of(usage)
    else:
        assert reader.usage is None
    assert reader.finished


@corpus(*OPENAI, *OTHERS, *EDGES, only=is_stream)
def test_recorded_stream_is_read_the_same_at_any_cut(case: Case) -> None:
    assert case.text is not None
    stream = case.text.encode()
    failed = re.search('"error": ?{', case.text) is not None
    told = [
        chunk["usage"]
        for line in case.text.splitlines()
        if line.startswith("data: {") and isinstance(chunk := json.loads(line[6:]), dict)
        if isinstance(chunk.get("usage"), dict) and "prompt_tokens" in chunk["usage"]
    ]

    for chunks in case.cuts(1, 7, 100, 2000):
        reader = reader_of(streamed=True)
        passed = b"".join(piece for chunk in (*chunks, b"") for piece in reader.feed(chunk))

        assert passed == stream
        assert (reader.finished, reader.failed) == (not failed, failed)
        assert (reader.usage.total if reader.usage is not None else None) == (total_of(told[-1]) if told else None)


@corpus(*OPENAI, only=is_stream)
def test_recorded_stream_loses_only_the_usage_nobody_asked_for(case: Case) -> None:
    assert case.text is not None
    reader = reader_of(streamed=True, asked=False)

    passed = b"".join(piece for chunk in (case.text.encode(), b"") for piece in reader.feed(chunk)).decode()

    kept, before = passed.split("\n\n"), case.text.split("\n\n")
    assert [event for event in before if event not in kept] == [
        event for event in before if '"choices":[]' in event.replace(" ", "") and '"usage":{' in event.replace(" ", "")
    ]
