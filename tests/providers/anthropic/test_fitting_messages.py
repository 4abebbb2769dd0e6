"""What becomes of a conversation that came in another dialect: said, dropped by name, or refused."""

from base64 import b64encode
from typing import Any

import pytest
from tests.providers.anthropic.asking import HI, OWN, PDF, SIGNED, assistant, request, turns, user, written

from tollbridge.errors import Untranslatable
from tollbridge.formats import (
    AnyPart,
    CacheMark,
    Citation,
    Media,
    MediaKind,
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Request,
    Role,
    ServerCall,
    State,
    Text,
    ToolCall,
    ToolResult,
)
from tollbridge_anthropic.fit_messages import SILENCE


def test_system_is_put_apart_and_told_where_it_stood_elsewhere() -> None:
    first = Message(role=Role.SYSTEM, parts=(Text(text="Be brief."),))
    second = Message(role=Role.DEVELOPER, parts=(Text(text="Be kind."),))

    assert written(request(first, *HI))["system"] == "Be brief."
    assert written(request(first, second, *HI))["system"] == [
        {"type": "text", "text": "Be brief."},
        {"type": "text", "text": "Be kind."},
    ]
    late = written(request(first, *HI, second), "messages[].role")
    assert len(late["system"]) == 2
    assert late["messages"] == [{"role": "user", "content": "hi"}]


def test_system_with_a_mark_is_a_list_and_one_with_a_picture_is_refused() -> None:
    marked = Message(role=Role.SYSTEM, parts=(Text(text="Be brief.", cache=CacheMark(ttl="24h")),))
    seen = Message(role=Role.SYSTEM, parts=(Media(kind=MediaKind.IMAGE, url="u"),))

    assert written(request(marked, *HI), "messages[].content[].cache.ttl")["system"] == [
        {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
    ]
    with pytest.raises(Untranslatable):
        written(request(seen, *HI))


def test_conversation_begins_with_the_user() -> None:
    silence = {"role": "user", "content": SILENCE}

    assert turns(assistant(Text(text="Welcome.")), *HI)[0] == silence
    assert turns(Message(role=Role.SYSTEM, parts=(Text(text="Go."),))) == [silence]


def test_answer_that_is_begun_is_kept_without_its_last_space() -> None:
    assert turns(*HI, assistant(Text(text="It is ")))[-1] == {"role": "assistant", "content": "It is"}


def test_those_who_speak_twice_speak_once() -> None:
    found = turns(*HI, user(Text(text="there")), assistant(Text(text="a")), assistant(Refusal(text="b")), *HI)

    assert [turn["role"] for turn in found] == ["user", "assistant", "user"]
    assert [block["text"] for block in found[0]["content"]] == ["hi", "there"]
    assert [block["text"] for block in found[1]["content"]] == ["a", "b"]


def test_empty_words_are_left_out_and_so_is_who_says_nothing() -> None:
    assert turns(user(Text(text=""), Text(text="hi")), assistant(Text(text=" ")), *HI) == [
        {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": "hi"}]}
    ]


def test_results_come_first_in_the_turn_of_the_user() -> None:
    long = "call_" + "x" * 80
    found = turns(
        *HI,
        assistant(ToolCall(id="call_1", name="look", arguments=' {"a": 1}'), ToolCall(id=long, name="list")),
        user(Text(text="well?")),
        Message(role=Role.TOOL, parts=(ToolResult(call_id="call_1", content=(Text(text="one"),), name="look"),)),
        Message(role=Role.TOOL, parts=(ToolResult(call_id=long, content=(), error=True),)),
    )

    fitted = found[1]["content"][1]["id"]
    assert len(fitted) <= 64
    assert found[1]["content"] == [
        {"type": "tool_use", "id": "call_1", "name": "look", "input": {"a": 1}},
        {"type": "tool_use", "id": fitted, "name": "list", "input": {}},
    ]
    assert found[2]["content"] == [
        {"type": "tool_result", "tool_use_id": "call_1", "content": "one"},
        {"type": "tool_result", "tool_use_id": fitted, "is_error": True},
        {"type": "text", "text": "well?"},
    ]


@pytest.mark.parametrize("text", ['{"a": ', "[1]", "no"])
def test_arguments_that_are_no_object_are_put_into_one(text: str) -> None:
    (block,) = turns(*HI, assistant(ToolCall(id="c", name="n", arguments=text)))[1]["content"]

    assert block["input"] == {"INVALID_JSON": text}


def test_result_with_a_picture_is_a_list() -> None:
    result = ToolResult(call_id="c", content=(Text(text="see"), Media(kind=MediaKind.IMAGE, url="u")))
    (block,) = turns(Message(role=Role.TOOL, parts=(result,)))[0]["content"]

    assert block["content"] == [
        {"type": "text", "text": "see"},
        {"type": "image", "source": {"type": "url", "url": "u"}},
    ]


@pytest.mark.parametrize(
    ("media", "block"),
    [
        (
            Media(kind=MediaKind.IMAGE, data="/9j/4AAQ"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/4AAQ"}},
        ),
        (
            Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/jpg", detail="auto"),
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "AAAA"}},
        ),
        (
            Media(kind=MediaKind.IMAGE, url="https://example.org/a", mime="image/png"),
            {"type": "image", "source": {"type": "url", "url": "https://example.org/a"}},
        ),
        (
            Media(kind=MediaKind.FILE, data=PDF, name="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
                "title": "a.pdf",
            },
        ),
        (
            Media(kind=MediaKind.FILE, data=b64encode(b"a,b").decode(), mime="text/csv", citations=True),
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "a,b"},
                "citations": {"enabled": True},
            },
        ),
        (
            Media(kind=MediaKind.FILE, text="facts", context="c"),
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "facts"},
                "context": "c",
            },
        ),
        (
            Media(kind=MediaKind.FILE, url="https://example.org/a.pdf", mime="application/pdf"),
            {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}},
        ),
    ],
)
def test_media_are_said(media: Media, block: dict[str, Any]) -> None:
    assert turns(user(media)) == [{"role": "user", "content": [block]}]


def test_image_has_no_title_and_no_context() -> None:
    image = Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/png", name="a", context="b", citations=True)
    left = ("messages[].content[].name", "messages[].content[].context")

    (turn,) = turns(user(image), dropped=left)

    assert turn["content"][0].keys() == {"type", "source"}


@pytest.mark.parametrize(
    ("part", "param"),
    [
        (Media(kind=MediaKind.AUDIO, data="AAAA"), "messages[].content[].audio"),
        (Media(kind=MediaKind.VIDEO, url="u"), "messages[].content[].video"),
        (Media(kind=MediaKind.IMAGE, file_id="f"), "messages[].content[].file_id"),
        (Media(kind=MediaKind.FILE, data="AAAA"), "messages[].content[].file"),
        (Media(kind=MediaKind.FILE, data="AAAA", mime="application/zip"), "messages[].content[].file"),
        (Media(kind=MediaKind.FILE, data="/////w==", mime="text/plain"), "messages[].content[].file"),
        (Media(kind=MediaKind.FILE, data="é", mime="text/plain"), "messages[].content[].file"),
        (Opaque(kind="later", raw={}), "messages[].content[].later"),
    ],
)
def test_part_without_which_the_question_is_another_is_refused(part: AnyPart, param: str) -> None:
    with pytest.raises(Untranslatable) as caught:
        turns(user(part))

    assert caught.value.param == param


@pytest.mark.parametrize(
    ("part", "dropped"),
    [
        (Media(kind=MediaKind.IMAGE, url="u"), "messages[].content[].image"),
        (Opaque(kind="later", raw={}), "messages[].content[].later"),
        (ServerCall(tool="web_search"), "messages[].content[].web_search"),
        (ServerCall(tool=""), "messages[].content[].server_call"),
        (Reasoning(text="Hm."), "messages[].reasoning"),
    ],
)
def test_part_of_an_earlier_answer_is_dropped_by_its_name(part: AnyPart, dropped: str) -> None:
    found = turns(*HI, assistant(part, Text(text="x")), *HI, dropped=(dropped,))

    assert found[1] == {"role": "assistant", "content": "x"}


def test_reasoning_with_nothing_in_it_is_left_out_in_silence() -> None:
    assert turns(*HI, assistant(Reasoning(), Text(text="x")), *HI)[1]["content"] == "x"


def test_what_goes_with_words_is_dropped_by_its_name() -> None:
    cited = Text(text="x", citations=(Citation(url="u"),))

    assert turns(user(Media(kind=MediaKind.IMAGE, url="u", detail="high")), dropped=("messages[].content[].detail",))
    assert turns(*HI, assistant(cited), *HI, dropped=("messages[].content[].citations",))[1]["content"] == "x"


def test_reasoning_of_its_own_is_given_back_and_no_other() -> None:
    other = Reasoning(text="Hm.", state=State("another", {"id": 1}))
    found = turns(
        *HI,
        assistant(other, Reasoning(text="changed", state=SIGNED), Text(text="x")),
        *HI,
        dropped=("messages[].reasoning.state", "messages[].reasoning"),
    )

    assert found[1]["content"] == [dict(SIGNED.data), {"type": "text", "text": "x"}]


def test_state_of_another_providers_call_stays_behind() -> None:
    call = ToolCall(id="c9", name="t", state=State("another", {}))
    found = turns(*HI, assistant(call), dropped=("messages[].content[].state",))

    assert found[1]["content"] == [{"type": "tool_use", "id": "c9", "name": "t", "input": {}}]


def test_own_request_loses_only_what_is_another_providers() -> None:
    other = Reasoning(text="Hm.", state=State("another", {"id": 1}))
    linked = Citation(raw={"type": "web_search_result_location", "encrypted_index": "", "url": "u"})
    kept = Citation(raw={"type": "char_location"})
    asked = Request(
        origin=OWN,
        model="m",
        messages=(
            *HI,
            Message(role=Role.ASSISTANT, parts=(other,), listed=True),
            Message(role=Role.ASSISTANT, parts=(Text(text="x", citations=(linked, kept)),), listed=True),
            Message(role=Role.ASSISTANT, parts=(), listed=True),
        ),
    )

    assert written(asked, "messages[].reasoning.state", "messages[].reasoning")["messages"][1:] == [
        {"role": "assistant", "content": [{"type": "text", "text": "x", "citations": [{"type": "char_location"}]}]},
        {"role": "assistant", "content": []},
    ]
