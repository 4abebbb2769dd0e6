"""What the codec reads of a request: the words of the canonical model, and which field is wrong."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.anthropic.reading import CODEC, HI, NEWS, OWN, SEAL, read, said
from tests.support.growth import assert_linear

from tollbridge import BadRequest
from tollbridge.formats import (
    CacheMark,
    Citation,
    Envelope,
    Media,
    MediaKind,
    Notes,
    Opaque,
    Reasoning,
    Role,
    ServerCall,
    State,
    Text,
    ToolCall,
    ToolResult,
    carry,
    join_id,
)
from tollbridge_anthropic.codec import CountCodec


def test_system_stands_apart_as_text_or_blocks() -> None:
    block = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}

    text, blocks = (read({"system": system}).messages[0] for system in ("Be brief.", [block]))

    assert (text.role, text.apart, text.listed, text.parts) == (Role.SYSTEM, True, False, (Text(text="Be brief."),))
    assert (blocks.apart, blocks.listed) == (True, True)
    assert blocks.parts == (Text(text="Be brief.", cache=CacheMark()),)


def test_system_in_the_middle_keeps_its_place_and_its_own_blocks() -> None:
    added = {"type": "tool_addition", "tool": {"type": "tool_reference", "name": "t"}}
    request = read({"messages": [*HI, {"role": "system", "content": [added], "clear_at": "never"}]})

    assert [message.role for message in request.messages] == [Role.USER, Role.SYSTEM]
    assert request.messages[1].parts == (Opaque(kind="tool_addition", raw=added),)
    assert request.messages[1].extras == {"clear_at": "never"}
    assert not request.messages[1].apart


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ({"type": "base64", "media_type": "image/png", "data": "AAAA"}, {"data": "AAAA", "mime": "image/png"}),
        ({"type": "url", "url": "https://example.org/a.png"}, {"url": "https://example.org/a.png"}),
        ({"type": "file", "file_id": "file_1"}, {"file_id": "file_1"}),
    ],
)
def test_image_is_read_from_each_source(source: dict[str, Any], found: dict[str, Any]) -> None:
    assert said("user", {"type": "image", "source": source}) == (Media(kind=MediaKind.IMAGE, **found),)


def test_document_is_read_with_what_introduces_it() -> None:
    block = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "facts"},
        "title": "facts.txt",
        "context": "from the web",
        "citations": {"enabled": True},
        "cache_control": {"type": "ephemeral", "ttl": "5m"},
    }

    assert said("user", block) == (
        Media(
            kind=MediaKind.FILE,
            text="facts",
            mime="text/plain",
            name="facts.txt",
            context="from the web",
            citations=True,
            cache=CacheMark(ttl="5m"),
        ),
    )


@pytest.mark.parametrize(
    "content", ["one", [{"type": "text", "text": "one"}], [{"type": "text", "text": "one", "citations": None}]]
)
def test_document_made_of_texts_is_a_text_for_others(content: Any) -> None:
    (part,) = said("user", {"type": "document", "source": {"type": "content", "content": content}})

    assert isinstance(part, Media)
    assert part.text == "one"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "document", "source": {"type": "content", "content": [{"type": "image", "source": {}}]}},
        {"type": "image", "source": {"type": "later", "place": 1}},
        {"type": "search_result", "source": "s", "title": "t", "content": []},
        {"type": "container_upload", "file_id": "file_1"},
    ],
)
def test_what_only_anthropic_has_is_kept_whole(block: dict[str, Any]) -> None:
    assert said("user", block) == (Opaque(kind=block["type"], raw=block),)


def test_more_about_a_source_or_citations_stays() -> None:
    block = {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0", "later": 1},
        "citations": {"enabled": False, "later": 2},
    }
    (part,) = said("user", block)

    assert part.extras == {"source": {"later": 1}, "citations": {"later": 2}}
    assert said("user", {**block, "citations": {}})[0].extras["citations"] == {}
    assert said("user", {**block, "citations": None})[0].extras["citations"] is None


def test_results_of_tools_stand_in_messages_of_their_own_and_are_written_together() -> None:
    calls = [{"type": "tool_use", "id": f"toolu_{n}", "name": "look", "input": {"n": n}} for n in (1, 2)]
    results = [
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": "one"},
        {
            "type": "tool_result",
            "tool_use_id": "toolu_2",
            "is_error": True,
            "content": [
                {"type": "text", "text": "two"},
                {"type": "image", "source": {"type": "url", "url": "u"}},
                {"type": "tool_reference", "tool_name": "more"},
            ],
        },
    ]
    request = read(
        {
            "messages": [
                *HI,
                {"role": "assistant", "content": calls},
                {"role": "user", "content": [*results, {"type": "text", "text": "and?"}], "later": 1},
            ]
        }
    )

    asked, called, one, words = request.messages
    assert called.parts[0] == ToolCall(id="toolu_1", name="look", arguments='{"n":1}')
    assert [message.role for message in (asked, called, one, words)] == [
        Role.USER,
        Role.ASSISTANT,
        Role.TOOL,
        Role.USER,
    ]
    assert one.parts[0] == ToolResult(call_id="toolu_1", content=(Text(text="one"),))
    assert one.parts[1] == ToolResult(
        call_id="toolu_2",
        error=True,
        listed=True,
        content=(
            Text(text="two"),
            Media(kind=MediaKind.IMAGE, url="u"),
            Opaque(kind="tool_reference", raw=results[1]["content"][2]),
        ),
    )
    assert words.joined
    assert (one.extras, words.extras) == ({"later": 1}, {})


def test_result_without_content_and_with_none_in_it_are_two_things() -> None:
    absent, empty, blank = said(
        "user",
        {"type": "tool_result", "tool_use_id": "a"},
        {"type": "tool_result", "tool_use_id": "b", "content": []},
        {"type": "tool_result", "tool_use_id": "c", "content": ""},
    )

    assert isinstance(absent, ToolResult)
    assert (absent.content, absent.listed) == ((), False)
    assert empty == ToolResult(call_id="b", listed=True)
    assert blank == ToolResult(call_id="c", content=(Text(text=""),))


def test_thinking_keeps_its_whole_block_as_state() -> None:
    thinking = {"type": "thinking", "thinking": "So.", "signature": "S"}
    redacted = {"type": "redacted_thinking", "data": "D"}

    assert said("assistant", thinking, redacted) == (
        Reasoning(text="So.", state=State(OWN, thinking)),
        Reasoning(state=State(OWN, redacted)),
    )
    assert said("assistant", {**thinking, "signature": ""}) == (Reasoning(text="So."),)


@pytest.mark.parametrize("place", ["thinking", "redacted_thinking"])
def test_state_of_another_provider_comes_back_out_of_a_signature(place: str) -> None:
    state = State("another", {"id": "rs_1"})
    member = "signature" if place == "thinking" else "data"
    block = {"type": place, "thinking": "So.", member: SEAL.pack(state)}
    body = {"model": "m", "messages": [{"role": "assistant", "content": [block]}]}

    (message,) = CODEC.read_request(json.dumps(body).encode(), Envelope("m"), Notes(SEAL)).messages

    assert message.parts[0].state == state


def test_state_comes_back_out_of_the_ids_of_calls() -> None:
    state, thought = State("another", {"a": 1}), Reasoning(text="So.", state=State("third", {"b": 2}))
    later = Reasoning(text="So?", state=State("third", {"b": 2}))
    ids = [
        join_id("call_1", state, SEAL),
        carry("call_2", state, [thought, thought], SEAL),
        carry("call_3", None, [thought, later], SEAL),
    ]
    body = {
        "model": "m",
        "messages": [
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": id_, "name": "t", "input": {}} for id_ in ids],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id_} for id_ in ids]},
        ],
    }

    calls, results = CODEC.read_request(json.dumps(body).encode(), Envelope("m"), Notes(SEAL)).messages

    assert calls.parts == (
        ToolCall(id="call_1", name="t", arguments="{}", state=state),
        thought,
        ToolCall(id="call_2", name="t", arguments="{}", state=state),
        later,
        ToolCall(id="call_3", name="t", arguments="{}"),
    )
    assert [part.call_id for part in results.parts if isinstance(part, ToolResult)] == ["call_1", "call_2", "call_3"]


def test_reasoning_in_many_ids_is_found_at_once() -> None:
    id_ = carry("call_1", None, [Reasoning(text="So.", state=State("third", {"b": 2}))], SEAL)
    call = {"type": "tool_use", "id": id_, "name": "t", "input": {}}

    def reading(calls: int) -> Callable[[], object]:
        thinking = [{"type": "thinking", "thinking": str(n), "signature": "s"} for n in range(4 * calls)]
        content = [*thinking, *[call] * calls]
        body = json.dumps({"model": "m", "messages": [{"role": "assistant", "content": content}]}).encode()

        def work() -> None:
            (message,) = CODEC.read_request(body, Envelope("m"), Notes(SEAL)).messages
            assert len(message.parts) == 5 * calls + 1

        return work

    assert_linear(reading, 150)


def test_reasoning_that_was_sent_back_is_not_put_there_again() -> None:
    thought = Reasoning(text="So.", state=State("third", {"b": 2}))
    sent = {"type": "thinking", "thinking": "So.", "signature": SEAL.pack(State("third", {"b": 2}))}
    call = {"type": "tool_use", "id": carry("call_1", None, [thought], SEAL), "name": "t", "input": {}}
    for more in ({}, {"later": 1}):
        body = {"model": "m", "messages": [{"role": "assistant", "content": [sent, call]}], **more}

        (message,) = CODEC.read_request(json.dumps(body).encode(), Envelope("m"), Notes(SEAL)).messages

        assert message.parts == (thought, ToolCall(id="call_1", name="t", arguments="{}"))


@pytest.mark.parametrize(
    ("block", "tool", "result"),
    [
        ({"type": "server_tool_use", "id": "s_1", "name": "web_search", "input": {"query": "q"}}, "web_search", False),
        ({"type": "server_tool_use", "id": "s_1", "name": "bash_code_execution"}, "code_execution", False),
        ({"type": "server_tool_use", "id": "s_1", "name": "advisor"}, "", False),
        ({"type": "mcp_tool_use", "id": "s_1", "name": "echo", "server_name": "e", "input": {}}, "mcp", False),
        ({"type": "web_search_tool_result", "tool_use_id": "s_1", "content": []}, "web_search", True),
        ({"type": "tool_search_tool_result", "tool_use_id": "s_1", "content": {}}, "tool_search", True),
        ({"type": "mcp_tool_result", "tool_use_id": "s_1", "content": []}, "mcp", True),
        ({"type": "later_tool_result", "tool_use_id": "s_1"}, "", True),
    ],
)
def test_tools_that_the_provider_runs_are_kept_whole(block: dict[str, Any], tool: str, result: bool) -> None:
    assert said("assistant", block) == (ServerCall(tool=tool, id="s_1", raw=block, result=result),)


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (NEWS, {"url": "u", "title": "N", "cited": "It is."}),
        (
            {"type": "char_location", "cited_text": "It.", "document_index": 2, "document_title": "D", "file_id": "f"},
            {"document": 2, "title": "D", "cited": "It.", "file_id": "f"},
        ),
        ({"type": "page_location", "cited_text": "It.", "document_index": 0}, {"document": 0, "cited": "It."}),
        ({"type": "content_block_location", "document_index": 1, "start_block_index": 4}, {"document": 1}),
        ({"type": "search_result_location", "source": "s", "title": None}, {"url": "s"}),
    ],
)
def test_citations_of_every_kind_are_read(raw: dict[str, Any], found: dict[str, Any]) -> None:
    (part,) = said("assistant", {"type": "text", "text": "It is.", "citations": [raw]})

    assert part == Text(text="It is.", citations=(Citation(raw=raw, **found),))


@pytest.mark.parametrize("citations", [[], None, "none", [1]])
def test_citations_that_are_none_stay_as_they_are(citations: Any) -> None:
    assert said("assistant", {"type": "text", "text": "x", "citations": citations})[0].extras["citations"] == citations


@pytest.mark.parametrize(
    "mark",
    [
        {"type": "later"},
        {"type": "ephemeral", "ttl": ""},
        {"type": "ephemeral", "ttl": 5},
        {"type": "ephemeral", "x": 1},
    ],
)
def test_cache_mark_that_says_more_stays_as_it_is(mark: Any) -> None:
    assert said("user", {"type": "text", "text": "x", "cache_control": mark})[0].extras == {"cache_control": mark}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], None),
        ({"model": None}, "model"),
        ({"model": 5}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"messages": ["hi"]}, "messages[0]"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "tool", "content": "hi"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "system", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": ["hi"]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"text": "hi"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "source": 1}]}]},
            "messages[0].content[0].source",
        ),
        (
            {
                "messages": [
                    {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "n", "input": 1}]}
                ]
            },
            "messages[0].content[0].input",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": 5}]}]},
            "messages[0].content[0].tool_use_id",
        ),
        ({"system": 5}, "system"),
        ({"system": [5]}, "system[0]"),
        ({"stream": "yes"}, "stream"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_k": 1.5}, "top_k"),
        ({"stop_sequences": [1]}, "stop_sequences"),
        ({"metadata": {"user_id": 5}}, "metadata.user_id"),
        ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
        ({"tool_choice": {"name": "x"}}, "tool_choice.type"),
        ({"thinking": {}}, "thinking.type"),
        ({"thinking": {"type": "enabled", "budget_tokens": "all"}}, "thinking.budget_tokens"),
        ({"output_config": {"effort": 5}}, "output_config.effort"),
    ],
)
def test_field_that_is_wrong_is_named(body: Any, param: str | None) -> None:
    full = {"model": "m", "messages": HI, **body} if isinstance(body, dict) else body

    with pytest.raises(BadRequest) as caught:
        CODEC.read_request(json.dumps(full).encode(), Envelope("m"), Notes(SEAL))

    assert caught.value.param == param


def test_request_to_count_is_read_and_written_alike() -> None:
    body = {"model": "m", "messages": HI, "system": "Be brief.", "thinking": {"type": "enabled", "budget_tokens": 1024}}
    count = CountCodec()

    request = count.read_request(json.dumps(body).encode(), Envelope("m"), Notes(SEAL))

    assert request.max_output is None
    assert json.loads(count.write_request(request, Notes(SEAL, strict=True))) == body


NAMES = st.from_regex(r"x_[a-z]{1,6}", fullmatch=True)
MORE = st.dictionaries(NAMES, st.none() | st.integers() | st.text(max_size=4) | st.lists(st.booleans()), max_size=2)
CACHED = st.fixed_dictionaries({}, optional={"cache_control": st.just({"type": "ephemeral", "ttl": "5m"})})


def block(kind: str, **members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    known = st.fixed_dictionaries({"type": st.just(kind), **members})
    return st.tuples(MORE, CACHED, known).map(lambda found: {**found[0], **found[1], **found[2]})


TEXTS = block("text", text=st.text(max_size=9))
IMAGES = block("image", source=st.just({"type": "url", "url": "u"}))
RESULTS = block("tool_result", tool_use_id=st.text("abc", min_size=1), content=st.lists(TEXTS | IMAGES, max_size=2))
CALLS = block("tool_use", id=st.text("abc", min_size=1), name=st.text("abc", min_size=1), input=MORE)
USERS = st.lists(TEXTS | IMAGES | RESULTS | block("later"), max_size=4) | st.text(max_size=9)
ASSISTANTS = st.lists(TEXTS | CALLS | block("server_tool_use") | block("x_tool_result"), max_size=4) | st.text(
    max_size=9
)
MESSAGES = st.lists(
    st.builds(lambda more, content: {**more, "role": "user", "content": content}, MORE, USERS)
    | st.builds(lambda more, content: {**more, "role": "assistant", "content": content}, MORE, ASSISTANTS),
    max_size=4,
)


@given(MESSAGES, MORE, MORE)
def test_any_request_is_written_as_it_was_read(messages: Any, more: dict[str, Any], tool: dict[str, Any]) -> None:
    read({**more, "messages": messages, "tools": [{**tool, "name": "t", "input_schema": more}]})
