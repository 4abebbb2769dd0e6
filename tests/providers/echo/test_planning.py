"""What an echo answers.  Source: invented; shapes by the types of OpenAI's own client."""

import json
import struct
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tollbridge.testing.conversations import bodies
from tollbridge_echo.planning import plan_answer
from tollbridge_echo.plans import Plan

CHAT = "/v1/chat/completions"
USER = [{"role": "user", "content": "Hello big world"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def planned(model="say", path=CHAT, **fields) -> Plan:
    body = {"model": model, **({"messages": USER} if path == CHAT else {}), **fields}
    return plan_answer("POST", path, json.dumps(body).encode())


def whole(model="say", **fields) -> ChatCompletion:
    plan = planned(model, **fields)
    assert plan.status == 200, plan.body
    assert plan.length == len(plan.body)
    return ChatCompletion.model_validate_json(plan.body, strict=True)


def events(plan: Plan) -> list:
    return [event.removeprefix("data: ") for event in plan.body.decode().split("\n\n") if event]


def chunks(model="say", **fields) -> list[ChatCompletionChunk]:
    *found, last = events(planned(model, stream=True, **fields))
    assert last == "[DONE]"
    return [ChatCompletionChunk.model_validate_json(event, strict=True) for event in found]


def message(model="say", **fields):
    return whole(model, **fields).choices[0].message


def said(text: str) -> dict:
    return {"messages": [{"role": "user", "content": text}]}


def test_last_words_of_the_user_come_back():
    found = whole(messages=[*USER, {"role": "assistant", "content": "x"}, {"role": "user", "content": "Bye now"}])

    assert found.choices[0].message.content == "Bye now"
    assert found.choices[0].finish_reason == "stop"
    assert found.usage is not None
    # Hello big world + x + Bye now are 6 words, Bye now 2
    assert (found.usage.prompt_tokens, found.usage.completion_tokens, found.usage.total_tokens) == (6, 2, 8)


def test_words_of_parts_come_back_and_pictures_have_none():
    parts = [
        {"type": "text", "text": "a"},
        {"type": "image_url", "image_url": {"url": "x"}},
        {"type": "text", "text": "b"},
    ]

    assert message(messages=[{"role": "user", "content": parts}]).content == "a\nb"
    assert message(messages=[{"role": "system", "content": "be nice"}]).content == ""


def test_same_request_has_the_same_answer():
    assert planned().body == planned().body
    assert planned(stream=True).body == planned(stream=True).body
    assert planned().body != planned(user="u").body


def test_script_of_the_model_and_of_the_message():
    assert message("say?text=Hi%20there").content == "Hi there"
    assert message(**said("!echo text=Hi")).content == "Hi"
    assert message("say?text=no", **said("!echo text=yes")).content == "yes"
    assert message(**said("!echo finish=length\nkeep this")).content == "keep this"


@pytest.mark.parametrize(
    ("script", "text", "expected"),
    [
        ("tokens=4", "a b", "a b a b"),
        ("tokens=1", "a b", "a"),
        ("tokens=0", "a b", ""),
        ("tokens=2", "", "word word"),
        ("tokens=2&text=x", "a", "x x"),
    ],
)
def test_answer_is_as_long_as_the_script_says(script, text, expected):
    assert message(f"say?{script}", **said(text)).content == expected


@pytest.mark.parametrize("limit", [{"max_tokens": 2}, {"max_completion_tokens": 2, "max_tokens": 9}])
def test_limit_of_the_request_cuts_the_answer(limit):
    (choice,) = whole(**limit).choices

    assert (choice.message.content, choice.finish_reason) == ("Hello big ", "length")


def test_stop_sequence_cuts_the_answer():
    (choice,) = whole(stop=["world", "big"]).choices

    assert (choice.message.content, choice.finish_reason) == ("Hello ", "stop")
    assert message(stop="zzz").content == "Hello big world"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 529])
def test_refusal_has_the_status_of_the_script(status):
    plan = planned(f"say?status={status}&text=too%20bad&retry_after=3", stream=True)

    assert (plan.status, plan.headers) == (status, (("retry-after", "3"),))
    assert json.loads(plan.body)["error"]["message"] == "too bad"


def test_refusal_waits_as_long_as_an_answer():
    assert planned("say?status=500&latency_ms=20").waits_s == 0.02
    assert planned("say?latency_ms=20").waits_s == 0.02
    assert planned("say?latency_ms=20&chunk_ms=5", stream=True).waits_s == pytest.approx(0.03)  # 3 words, 2 pauses


def test_stream_comes_word_by_word():
    found = chunks(stream_options={"include_usage": True})
    plain = chunks()

    deltas = [chunk.choices[0].delta for chunk in found[:-1]]
    assert deltas[0].role == "assistant"
    assert [delta.content for delta in deltas[1:-1]] == ["Hello ", "big ", "world"]
    assert found[-2].choices[0].finish_reason == "stop"
    assert found[-1].choices == []
    assert found[-1].usage is not None
    assert found[-1].usage.completion_tokens == 3
    assert all("usage" not in chunk.model_fields_set for chunk in plain)


def test_streamed_and_whole_answer_say_the_same():
    for script in ("text=a%20b%20%20c", "reasoning=let%20me%20think", "refusal=I%20will%20not", "tool=get_weather"):
        fields = {"tools": [WEATHER]}
        expected = message(f"say?{script}", **fields)
        deltas = [chunk.choices[0].delta for chunk in chunks(f"say?{script}", **fields)]

        assert "".join(delta.content or "" for delta in deltas) == (expected.content or "")
        assert "".join(delta.refusal or "" for delta in deltas) == (expected.refusal or "")
        thought = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
        assert thought == (getattr(expected, "reasoning_content", None) or "")
        calls = [call for delta in deltas for call in delta.tool_calls or ()]
        whole_calls = expected.tool_calls or []
        assert [call.id for call in calls if call.id] == [call.id for call in whole_calls]
        arguments = "".join(call.function.arguments or "" for call in calls if call.function)
        assert arguments == "".join(call.function.arguments for call in whole_calls)


@pytest.mark.parametrize("after", [0, 1, 3, 99])
def test_truncated_stream_has_so_many_pieces_and_no_end(after):
    plan = planned(f"say?truncate_after={after}", stream=True)

    assert plan.cut
    assert plan.length is None
    assert len(events(plan)) == 1 + min(after, 3)
    assert 'finish_reason":"' not in plan.body.decode()


def test_truncated_answer_is_half_of_what_was_announced():
    plan = planned("say?truncate_after=1")

    assert plan.cut
    assert plan.length is not None
    assert 0 < len(plan.body) <= plan.length // 2


def test_error_ends_a_stream_after_so_many_pieces_and_a_whole_answer_at_once():
    *before, last = events(planned("say?error_after=2", stream=True))

    assert len(before) == 3
    assert json.loads(last)["error"]["code"] == "scripted_error"
    assert planned("say?error_after=2").status == 500


def test_what_comes_first_ends_a_stream():
    assert planned("say?error_after=1&truncate_after=2", stream=True).cut is False
    assert planned("say?error_after=2&truncate_after=1", stream=True).cut is True
    assert planned("say?error_after=1&truncate_after=1", stream=True).cut is True


def test_tool_is_called_with_the_arguments_of_the_script():
    (choice,) = whole('say?tool=get_weather:{"city":"Paris"}&text=Wait.', tools=[WEATHER]).choices

    assert choice.finish_reason == "tool_calls"
    assert choice.message.content == "Wait."
    assert choice.message.tool_calls is not None
    (call,) = choice.message.tool_calls
    assert (call.function.name, call.function.arguments) == ("get_weather", '{"city":"Paris"}')


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("say?tool=get_weather", {}),
        ("say", {"tool_choice": "required"}),
        ("say", {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}}),
    ],
)
def test_tool_that_is_asked_for_is_called_with_the_least_its_schema_takes(model, fields):
    calls = message(model, tools=[WEATHER], **fields).tool_calls

    assert calls is not None
    assert [call.function.arguments for call in calls] == ['{"city":""}']


def test_tools_nobody_asks_for_are_left_alone():
    assert message(tools=[WEATHER], tool_choice="auto").content == "Hello big world"
    assert message(tool_choice="required").content == "Hello big world"


def test_result_of_a_tool_is_the_answer():
    messages = [
        *USER,
        {"role": "assistant", "tool_calls": []},
        {"role": "tool", "content": "18 degrees", "tool_call_id": "c"},
    ]

    (choice,) = whole("say?tool=get_weather&text=Wait.", tools=[WEATHER], messages=messages).choices

    assert (choice.message.content, choice.finish_reason) == ("18 degrees", "stop")


def test_several_tools_are_called_with_ids_of_their_own():
    calls = message("say?tool=get_weather&tool=get_weather", tools=[WEATHER]).tool_calls

    assert calls is not None
    assert len({call.id for call in calls}) == 2


def test_usage_is_what_the_script_says():
    usage = whole("say?usage=10,5").usage

    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (10, 5)
    assert whole("say?usage=none").usage is None
    assert chunks("say?usage=none", stream_options={"include_usage": True})[-1].choices


def test_reasoning_is_counted_apart():
    usage = whole("say?reasoning=a%20b").usage

    assert usage is not None
    assert usage.completion_tokens_details is not None
    assert (usage.completion_tokens, usage.completion_tokens_details.reasoning_tokens) == (5, 2)


def test_refusal_of_the_model_is_no_content():
    found = message("say?refusal=I%20will%20not")

    assert (found.refusal, found.content) == ("I will not", None)


@pytest.mark.parametrize("finish", ["stop", "length", "content_filter", "tool_calls"])
def test_finish_is_what_the_script_says(finish):
    assert whole(f"say?finish={finish}").choices[0].finish_reason == finish
    assert chunks(f"say?finish={finish}")[-1].choices[0].finish_reason == finish


def test_several_answers_are_given():
    assert [choice.index for choice in whole(n=3).choices] == [0, 1, 2]
    assert {choice.index for chunk in chunks(n=2) for choice in chunk.choices} == {0, 1}


def test_probabilities_are_given_where_asked_for():
    (choice,) = whole(logprobs=True, top_logprobs=2).choices
    streamed = [chunk.choices[0].logprobs for chunk in chunks(logprobs=True)]

    assert choice.logprobs is not None
    assert choice.logprobs.content is not None
    assert [(one.token, one.logprob, len(one.top_logprobs)) for one in choice.logprobs.content] == [
        ("Hello ", -0.01, 2),
        ("big ", -0.02, 2),
        ("world", -0.03, 2),
    ]
    assert [one.content[0].logprob for one in streamed if one is not None] == [-0.01, -0.02, -0.03]
    assert whole().choices[0].logprobs is None


def test_json_is_answered_where_asked_for():
    assert message("say?json=1").content == '{"echo":"Hello big world"}'
    assert message(response_format={"type": "json_object"}).content == '{"echo":"Hello big world"}'


def test_schema_is_answered_with_its_least_value():
    schema = {
        "type": "object",
        "properties": {
            "city": {"$ref": "#/$defs/City"},
            "days": {"type": "array", "minItems": 1, "items": {"enum": [7]}},
        },
        "required": ["city", "days"],
        "$defs": {"City": {"type": "string", "minLength": 1}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}

    assert message(response_format=form).content == '{"city":"a","days":[7]}'
    assert message("say?text=no%20JSON", response_format=form).content == "no JSON"


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"model": "gpt-4o"}, 404, "model"),
        ({"model": 1}, 400, "model"),
        ({"model": "say?colour=red"}, 400, "model"),
        ({"messages": [{"role": "user", "content": "!echo colour=red"}]}, 400, "messages"),
        ({"messages": []}, 400, "messages"),
        ({"messages": [1]}, 400, "messages"),
        ({"n": 1000}, 400, "n"),
        ({"max_tokens": "x"}, 400, "max_tokens"),
        ({"top_logprobs": 21}, 400, "top_logprobs"),
        ({"model": "say?tool=nope", "tools": [WEATHER]}, 400, "tools"),
        ({"tool_choice": {"function": {"name": "nope"}}}, 400, "tool_choice"),
    ],
)
def test_wrong_request_is_refused_by_name(fields, status, param):
    plan = planned(**fields)

    assert plan.status == status
    assert json.loads(plan.body)["error"]["param"] == param


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", CHAT, b"", 404),
        ("POST", "/v1/models", b"", 404),
        ("POST", "/v1/nothing", b"{}", 404),
        ("POST", CHAT, b"no", 400),
        ("POST", CHAT, b"[]", 400),
        ("POST", CHAT, b"[" * 100_000, 400),
    ],
)
def test_what_is_not_there_is_said(method, path, body, status):
    plan = plan_answer(method, path, body)

    assert plan.status == status
    assert json.loads(plan.body)["error"]["message"]


LETTERS = "a" * 4_000_000
MANY_ITEMS = {"type": "array", "minItems": 1e6}


@pytest.mark.parametrize(
    ("model", "fields", "param"),
    [
        ("say", said(LETTERS + "a"), "messages"),
        ("say?tokens=100000", said("a" * 40), None),
        ("say?tokens=100000", {"n": 128}, None),
        ("say?tokens=100000", {"n": 3, "stream": True}, None),
        ("say", {**said("a " * 300_000), "stream": True}, None),
        ("say?tokens=50000", {"logprobs": True, "top_logprobs": 20}, None),
        ("say?refusal=" + "a" * 100_000, {"n": 128}, None),
        ("say?reasoning=" + "a" * 100_000, {"n": 128}, None),
        ("say?tool=f:" + json.dumps({"a": "a" * 100_000}), {"n": 128, "tools": [{"function": {"name": "f"}}]}, None),
        ("say", {"stop": ["a"] * 65}, "stop"),
        ("say", {"response_format": {"type": "json_schema", "json_schema": {"schema": MANY_ITEMS}}}, "response_format"),
        (
            "say",
            {"tool_choice": "required", "tools": [{"function": {"name": "f", "parameters": MANY_ITEMS}}]},
            "tools",
        ),
    ],
)
def test_answer_that_would_take_too_much_memory_is_refused(model, fields, param):
    plan = planned(model, **fields)

    assert (plan.status, json.loads(plan.body)["error"]["param"]) == (400, param)


def test_longest_answer_of_a_script_is_given():
    assert len(planned("say?tokens=100000", stream=True).steps) == 100_003
    assert planned("say", **said(LETTERS)).status == 200


def test_texts_that_would_take_too_long_to_embed_are_refused():
    plan = planned("embed", "/v1/embeddings", input=["a " * 500, "b " * 500], dimensions=4_096)

    assert (plan.status, json.loads(plan.body)["error"]["param"]) == (400, "input")


def test_models_are_listed():
    assert [model["id"] for model in json.loads(plan_answer("GET", "/v1/models", b"").body)["data"]] == ["say", "embed"]


def embedded(model="embed", **fields):
    plan = planned(model, "/v1/embeddings", **fields)
    assert plan.status == 200, plan.body
    return json.loads(plan.body)


def cosine(one, other):
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_embedding_is_always_the_same_and_of_length_one():
    first, second = (CreateEmbeddingResponse.model_validate(embedded(input="Hello")) for _ in range(2))

    assert first == second
    assert len(first.data[0].embedding) == 8
    assert cosine(first.data[0].embedding, first.data[0].embedding) == pytest.approx(1)


def test_texts_with_words_in_common_lie_near_each_other():
    near, far, zero = (
        item["embedding"]
        for item in embedded(input=["the red fox runs", "stock market report", "the red fox sleeps"], dimensions=256)[
            "data"
        ]
    )

    assert cosine(near, zero) > 0.5 > cosine(near, far)


def test_embedding_is_packed_where_asked_for():
    plain = embedded(input="a", dimensions=4)["data"][0]["embedding"]
    packed = embedded(input="a", dimensions=4, encoding_format="base64")["data"][0]["embedding"]

    assert list(struct.unpack("<4f", b64decode(packed))) == plain


def test_embedding_takes_tokens_and_scripts():
    assert len(embedded("embed?dimensions=3", input=[[1, 2], [3]])["data"][1]["embedding"]) == 3
    assert len(embedded(input=[1, 2])["data"]) == 1
    assert embedded("embed?usage=7,0", input="a")["usage"] == {"prompt_tokens": 7, "total_tokens": 7}
    assert "usage" not in embedded("embed?usage=none", input="a")
    assert embedded(input=["a b", "c"])["usage"]["prompt_tokens"] == 3
    assert planned("embed?status=503", "/v1/embeddings", input="a").status == 503
    assert planned("embed?status=503&text=x", "/v1/embeddings", input="a").status == 503


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": [["a"]]}, "input"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
        ({"input": "a", "dimensions": 5000}, "dimensions"),
        ({"input": "a", "dimensions": "x"}, "dimensions"),
    ],
)
def test_wrong_embedding_is_refused_by_name(fields, param):
    plan = planned("embed", "/v1/embeddings", **fields)

    assert (plan.status, json.loads(plan.body)["error"]["param"]) == (400, param)


@given(bodies(), st.sampled_from((CHAT, "/v1/embeddings")), st.sampled_from(("say", "embed", "say?tokens=2", "x")))
def test_any_request_has_an_answer(body, path, model):
    for sent in (body, json.dumps({**json.loads(body), "model": model}).encode()):
        assert plan_answer("POST", path, sent).status in (200, 400, 404)
