"""What is asked of completions, both ways.  Source: invented."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tollbridge.errors import BadRequest, Untranslatable
from tollbridge.formats import (
    CacheMark,
    ChoiceMode,
    Envelope,
    Format,
    FormatKind,
    Media,
    MediaKind,
    Message,
    Notes,
    Request,
    Role,
    Text,
    Thinking,
    Tool,
    ToolChoice,
)
from tollbridge.testing.conversations import SEAL, notes, words
from tollbridge_openai.chat_codec import ChatCodec
from tollbridge_openai.completions_codec import COMPLETIONS_CODEC

CODEC = COMPLETIONS_CODEC
TOKENS = [1212, 318]


def asked(**members: Any) -> Request:
    body = json.dumps({"model": "m", "prompt": "Once", **members}).encode()
    return CODEC.read_request(body, Envelope("m"), notes())


def spelled() -> Notes:
    return Notes(SEAL, spelled=CODEC.spelled)


def as_chat(request: Request, left: Notes | None = None) -> Any:
    return json.loads(ChatCodec().write_request(request, left or spelled()))


def question(*parts: Any, **more: Any) -> Request:
    asked = Message(role=Role.USER, parts=parts or (Text(text="Why?"),))
    return replace(Request(origin="stranger", model="m", messages=(asked,)), **more)


def written(request: Request, left: Notes | None = None) -> Any:
    return json.loads(CODEC.write_request(request, left or notes()))


@pytest.mark.parametrize("prompt", ["Once", ["Once"]])
def test_prompt_is_one_message_of_the_users(prompt: Any) -> None:
    assert as_chat(asked(prompt=prompt))["messages"] == [{"role": "user", "content": "Once"}]
    assert written(asked(prompt=prompt))["prompt"] == prompt


@pytest.mark.parametrize("prompt", [["a", "b"], [], TOKENS, [TOKENS], [TOKENS, [1]], ["a", TOKENS]])
def test_prompts_that_are_several_or_tokens_are_refused_to_others_by_name(prompt: Any) -> None:
    request = asked(prompt=prompt)

    with pytest.raises(Untranslatable) as refused:
        as_chat(request)

    assert refused.value.param == "prompt"
    assert written(request)["prompt"] == prompt


def test_no_prompt_is_the_beginning_of_a_document_and_nothing_others_can_be_asked() -> None:
    absent = CODEC.read_request(b'{"model":"m"}', Envelope("m"), notes())

    for request, body in ((absent, {"model": "m"}), (asked(prompt=None), {"model": "m", "prompt": None})):
        with pytest.raises(Untranslatable, match="'prompt'"):
            as_chat(request)
        assert written(request) == body


@pytest.mark.parametrize("prompt", [3, {}, True, [None], [{}]])
def test_prompt_of_another_kind_is_named(prompt: Any) -> None:
    with pytest.raises(BadRequest) as refused:
        asked(prompt=prompt)

    assert refused.value.param == "prompt"


def test_limit_that_is_not_set_is_sixteen_tokens_for_others_and_stays_unsaid_here() -> None:
    assert as_chat(asked())["max_completion_tokens"] == 16
    assert as_chat(asked(max_tokens=None))["max_completion_tokens"] == 16
    assert "max_tokens" not in written(asked())
    assert written(asked(max_tokens=16))["max_tokens"] == 16
    assert written(replace(asked(), max_output=99))["max_tokens"] == 99


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"suffix": " the end."}, "suffix"),
        ({"max_tokens": 0, "echo": True}, "max_tokens"),
        ({"echo": True, "logprobs": 1}, "echo"),
    ],
)
def test_what_only_completions_mean_is_refused_to_others_by_name(members: Any, field: str) -> None:
    request = asked(**members)

    with pytest.raises(Untranslatable) as refused:
        as_chat(request)

    assert refused.value.param == field
    assert written(request) == {"model": "m", "prompt": "Once", **members}


def test_what_asks_for_nothing_is_no_loss() -> None:
    members = {"best_of": 2, "n": 2, "echo": False, "logit_bias": {}, "suffix": ""}
    left = Notes(SEAL, strict=True)

    chat = as_chat(asked(**members), left)

    assert chat["n"] == 2
    assert not left.dropped
    assert written(asked(**members)) == {"model": "m", "prompt": "Once", **members}


@pytest.mark.parametrize("members", [{"best_of": 3, "n": 2}, {"best_of": 2}, {"logit_bias": {"50256": -100}}])
def test_what_others_cannot_weigh_is_named_as_dropped(members: Any) -> None:
    left = spelled()

    as_chat(asked(**members), left)

    assert left.dropped == (next(iter(members)),)
    assert written(asked(**members)) == {"model": "m", "prompt": "Once", **members}


def test_steering_is_carried_over() -> None:
    steering = {
        "temperature": 0.5,
        "top_p": 0.9,
        "frequency_penalty": 1,
        "presence_penalty": -1,
        "seed": 7,
        "user": "u",
    }

    chat = as_chat(asked(**steering, n=2, stop=".", max_tokens=9, stream=True, stream_options={"include_usage": True}))

    assert chat == {
        "model": "m",
        "messages": [{"role": "user", "content": "Once"}],
        **steering,
        "n": 2,
        "stop": ["."],
        "max_completion_tokens": 9,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize("likely", [0, 5])
def test_number_of_likely_tokens_is_said_in_two_fields_elsewhere(likely: int) -> None:
    chat = as_chat(asked(logprobs=likely))

    assert (chat["logprobs"], chat["top_logprobs"]) == (True, likely)
    assert written(asked(logprobs=likely))["logprobs"] == likely


@pytest.mark.parametrize("stop", [".", ["."], ["a", "b"]])
def test_stop_is_spelled_as_it_was(stop: Any) -> None:
    assert written(asked(stop=stop))["stop"] == stop


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"stop": [1]}, "stop"),
        ({"n": "two"}, "n"),
        ({"stream_options": []}, "stream_options"),
        ({"model": None}, "model"),
    ],
)
def test_field_of_the_wrong_type_is_named(members: Any, field: str) -> None:
    with pytest.raises(BadRequest) as refused:
        asked(**members)

    assert refused.value.param == field


def test_options_of_a_stream_that_nobody_knows_stay() -> None:
    for options in ({"include_usage": True, "include_obfuscation": False}, {}, {"include_usage": None}):
        assert written(asked(stream_options=options))["stream_options"] == options


def test_one_question_is_a_prompt_with_what_the_system_says_before_it() -> None:
    system = Message(role=Role.SYSTEM, parts=(Text(text="Be brief."),), apart=True)
    request = question(Text(text="Why"), Text(text="?"))

    body = written(replace(request, messages=(system, *request.messages), stop=("\n",), max_output=5))

    assert body == {"model": "m", "prompt": "Be brief.\n\nWhy?", "max_tokens": 5, "stop": ["\n"]}


def test_limit_that_a_conversation_does_not_set_is_not_the_sixteen_tokens_of_completions() -> None:
    assert written(question())["max_tokens"] == 1024


@pytest.mark.parametrize(
    "roles", [(), (Role.SYSTEM,), (Role.ASSISTANT,), (Role.USER, Role.ASSISTANT), (Role.USER, Role.USER)]
)
def test_conversation_is_no_prompt(roles: tuple[Role, ...]) -> None:
    messages = tuple(Message(role=role, parts=(Text(text="x"),)) for role in roles)

    with pytest.raises(Untranslatable, match="'messages'"):
        written(Request(origin="stranger", model="m", messages=messages))


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (question(Media(kind=MediaKind.IMAGE, url="u")), "messages[].content[].media"),
        (question(tools=(Tool(name="f"),)), "tools"),
        (question(format=Format(kind=FormatKind.JSON)), "format"),
        (question(essential=("previous_response_id",)), "previous_response_id"),
    ],
)
def test_what_no_prompt_can_hold_is_refused(request_: Request, field: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        written(request_)

    assert refused.value.param == field


def test_what_a_prompt_cannot_say_is_named() -> None:
    part = Text(text="Why?", cache=CacheMark(), extras={"x": 1})
    message = Message(role=Role.USER, parts=(part,), name="Ada", extras={"y": 1})
    left = notes()

    body = written(
        question(
            messages=(message,),
            tools=(Tool(name="f"),),
            choice=ToolChoice(mode=ChoiceMode.NONE),
            format=Format(kind=FormatKind.TEXT),
            thinking=Thinking(effort="high"),
            top_k=3,
            metadata={"a": "b"},
            store=True,
            tier="flex",
            extras={"z": 1},
        ),
        left,
    )

    assert body == {"model": "m", "prompt": "Why?", "max_tokens": 1024}
    assert set(left.dropped) == {
        "messages[].name",
        "messages[].y",
        "messages[].content[].cache",
        "messages[].content[].x",
        "thinking",
        "top_k",
        "metadata",
        "store",
        "tier",
        "z",
    }


@pytest.mark.parametrize("thinking", [Thinking(enabled=False), Thinking(effort="none")])
def test_wish_not_to_think_is_no_loss(thinking: Thinking) -> None:
    written(question(thinking=thinking), notes(strict=True))


names = st.sampled_from(
    ("model", "prompt", "suffix", "echo", "best_of", "n", "logprobs", "stop", "logit_bias", "max_tokens", "x")
)
leaves = st.none() | st.booleans() | st.integers(-1, 17) | words
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))


@settings(max_examples=150)
@given(st.dictionaries(names, values, max_size=9))
def test_any_request_is_written_as_it_was_read_or_said_to_be_wrong(members: dict[str, Any]) -> None:
    body = {"model": "m", "prompt": "p", **members}
    try:
        request = CODEC.read_request(json.dumps(body).encode(), Envelope("m"), notes())
    except BadRequest:
        return

    assert written(request) == body
    with suppress(Untranslatable):
        as_chat(request)
