"""Reading what is said about the answer; the examples are invented."""

from typing import Any

import pytest
from tests.providers.gemini.support import read, rewritten

from tollbridge.formats import FormatKind


def contents(**more: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], **more}


def test_generation_config_is_read_field_by_field() -> None:
    config = {
        "temperature": 0.50,
        "topP": 1,
        "topK": 40,
        "candidateCount": 2,
        "maxOutputTokens": 9,
        "stopSequences": ["a"],
        "seed": 7,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseLogprobs": True,
        "logprobs": 3,
        "speechConfig": {"languageCode": "de"},
    }
    body = contents(generationConfig=config)

    request = read(body)

    assert (request.top_k, request.answers, request.max_output, request.stop) == (40, 2, 9, ("a",))
    assert (request.seed, request.logprobs, request.top_logprobs) == (7, True, 3)
    assert request.extras == {"generationConfig.speechConfig": {"languageCode": "de"}}
    assert rewritten(body) == body


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"responseMimeType": "text/plain"}, FormatKind.TEXT),
        ({"responseMimeType": "application/json"}, FormatKind.JSON),
        (
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": ["string", "null"]}},
            FormatKind.SCHEMA,
        ),
        (
            {
                "responseMimeType": "application/json",
                "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
            },
            FormatKind.SCHEMA,
        ),
        ({"responseMimeType": "text/x.enum", "responseSchema": {"type": "string", "enum": ["a"]}}, FormatKind.SCHEMA),
    ],
)
def test_format_of_the_answer_is_read(config: Any, kind: FormatKind) -> None:
    body = contents(generationConfig=config)

    form = read(body).format

    assert form is not None
    assert form.kind is kind
    assert rewritten(body) == body


def test_googles_schema_is_json_schema_for_everybody_else() -> None:
    schema = {
        "type": "OBJECT",
        "properties": {
            "a": {"type": "STRING", "nullable": True, "enum": ["x"]},
            "b": {"type": "ARRAY", "items": {"type": "integer"}, "maxItems": "3"},
            "c": {"any_of": [{"type": "NUMBER"}, {"type": "NULL"}]},
            "d": {"ref": "#/defs/D"},
        },
        "defs": {"D": {"type": "BOOLEAN"}},
    }
    body = contents(tools=[{"functionDeclarations": [{"name": "f", "parameters": schema}]}])

    tools = read(body).tools

    assert tools is not None
    assert tools[0].schema == {  # type: ignore[union-attr]  # a function
        "type": "object",
        "properties": {
            "a": {"type": ["string", "null"], "enum": ["x", None]},
            "b": {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
            "c": {"anyOf": [{"type": "number"}, {"type": "null"}]},
            "d": {"$ref": "#/$defs/D"},
        },
        "$defs": {"D": {"type": "boolean"}},
    }
    assert rewritten(body) == body


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"thinkingBudget": 0}, (False, 0, None, None)),
        ({"thinkingBudget": -1, "includeThoughts": True}, (True, -1, None, True)),
        ({"thinkingLevel": "HIGH"}, (None, None, "high", None)),
        ({"thinkingLevel": "low", "includeThoughts": False}, (None, None, "low", False)),
        ({"thinkingLevel": "NEWEST"}, (None, None, None, None)),
    ],
)
def test_thinking_is_read(config: Any, expected: tuple[Any, ...]) -> None:
    body = contents(generationConfig={"thinkingConfig": config})

    thinking = read(body).thinking

    assert thinking is not None
    assert (thinking.enabled, thinking.budget, thinking.effort, thinking.shown) == expected
    assert rewritten(body) == body


def test_what_stands_for_something_else_is_essential() -> None:
    body = contents(
        cachedContent="cachedContents/1",
        continuationToken="t",
        generationConfig={"responseModalities": ["AUDIO"], "responseFormat": [{"text": {}}]},
    )

    assert read(body).essential == (
        "cachedContent",
        "continuationToken",
        "generationConfig.responseFormat",
        "generationConfig.responseModalities",
    )
    assert rewritten(body) == body


def test_words_alone_as_modality_say_nothing() -> None:
    body = contents(generationConfig={"responseModalities": ["TEXT"]})

    request = read(body)

    assert (request.essential, request.extras) == ((), {})
    assert rewritten(body) == body


def test_service_tier_is_read_in_the_words_all_share() -> None:
    for said, ours in (("STANDARD", "default"), ("flex", "flex"), ("priority", "priority"), ("odd", "odd")):
        body = contents(serviceTier=said, store=False)

        request = read(body)

        assert (request.tier, request.store) == (ours, False)
        assert rewritten(body) == body
