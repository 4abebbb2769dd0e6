"""Cohere's chat requests, read and written."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from tests.providers.cohere.shared import SEAL, asked, notes, read, written
from tests.support.growth import assert_linear

from tollbridge import BadRequest
from tollbridge.errors import Untranslatable
from tollbridge.formats import (
    CacheMark,
    ChoiceMode,
    Citation,
    Format,
    FormatKind,
    Media,
    MediaKind,
    Message,
    Opaque,
    Reasoning,
    Request,
    Role,
    ServerTool,
    State,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    carry,
)

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
WHOLE = asked(
    messages=[
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}}],
        },
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Let me look."}],
            "tool_plan": "I will ask for the weather.",
            "tool_calls": [
                {"id": "w_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}}
            ],
            "citations": [{"start": 0, "end": 3, "text": "Let", "content_index": 1, "sources": []}],
        },
        {
            "role": "tool",
            "tool_call_id": "w_1",
            "content": [{"type": "document", "document": {"id": "d", "data": {"text": "hot", "title": "T", "n": 1}}}],
        },
        {"role": "assistant", "content": "It is hot.", "later": {"field": 1}},
        {"role": "user", "content": "Thanks", "name": None},
    ],
    documents=["bare", {"data": {"text": "held", "title": "Held"}, "id": "7"}],
    citation_options={"mode": "accurate"},
    stream=False,
    max_tokens=100,
    temperature=0.3,
    p=0.5,
    k=10,
    frequency_penalty=0.1,
    presence_penalty=0.2,
    seed=7,
    stop_sequences=["END"],
    logprobs=True,
    tools=[WEATHER, {"type": "later", "x": 1}],
    strict_tools=True,
    tool_choice="REQUIRED",
    response_format={"type": "json_object", "json_schema": {"type": "object"}},
    thinking={"type": "enabled", "token_budget": 50},
    safety_mode="STRICT",
    priority=3,
    newer={"unknown": None},
)


def foreign(*messages: Message, **fields: Any) -> Request:
    first = messages or (Message(role=Role.USER, parts=(Text(text="Hi"),)),)
    return Request(origin="another", model="m", messages=first, **fields)


def user(*parts: Any) -> Message:
    return Message(role=Role.USER, parts=parts)


def test_everything_a_request_can_say_comes_back() -> None:
    assert written(read(WHOLE)) == WHOLE


def test_what_is_said_is_understood() -> None:
    request = read(WHOLE)
    system, image, answer, result, _, documents, last = request.messages

    assert (request.max_output, request.top_p, request.top_k, request.seed) == (100, Decimal("0.5"), 10, 7)
    assert (request.stop, request.logprobs) == (("END",), True)
    assert request.choice == ToolChoice(mode=ChoiceMode.REQUIRED)
    assert request.thinking is not None
    assert (request.thinking.enabled, request.thinking.budget) == (True, 50)
    assert request.format is not None
    assert request.format.kind is FormatKind.SCHEMA
    assert request.tools is not None
    assert isinstance(request.tools[0], Tool)
    assert request.tools[0].strict is True
    assert isinstance(request.tools[1], ServerTool)
    assert (system.role, last.parts) == (Role.SYSTEM, (Text(text="Thanks"),))
    assert isinstance(image.parts[0], Media)
    assert image.parts[0].detail == "low"
    thought, said, plan, call = answer.parts
    assert (thought, isinstance(plan, Reasoning) and plan.text) == (
        Reasoning(text="Hm."),
        "I will ask for the weather.",
    )
    assert isinstance(said, Text)
    assert said.citations[0].end == 3
    assert isinstance(call, ToolCall)
    assert call.arguments == '{"city": "Rome"}'
    (given,) = result.parts
    assert isinstance(given, ToolResult)
    assert isinstance(given.content[0], Media)
    assert (given.call_id, given.content[0].text, given.content[0].name) == ("w_1", "hot", "T")
    assert [part.text for part in documents.parts if isinstance(part, Media)] == ["bare", "held"]
    assert all(part.citations for part in documents.parts if isinstance(part, Media))


@pytest.mark.parametrize("mode", ["OFF", "disabled"])
def test_documents_are_not_to_be_cited_where_citations_are_off(mode: str) -> None:
    (documents, _) = read(asked(documents=["a"], citation_options={"mode": mode})).messages

    assert isinstance(documents.parts[0], Media)
    assert documents.parts[0].citations is None


def test_documents_without_a_text_go_to_no_other_dialect() -> None:
    body = asked(documents=[{"data": {"snippet": "a"}}])

    assert read(body).essential == ("documents",)
    assert written(read(body)) == body


def test_empty_lists_and_nulls_are_still_there() -> None:
    body = asked(tools=[], documents=[], stop_sequences=[], temperature=None)
    body["messages"].append({"role": "assistant", "content": None, "tool_calls": [], "citations": []})

    assert written(read(body)) == body


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "model"),
        ({"model": "m"}, "messages"),
        (asked(messages=[{"role": "king", "content": ""}]), "messages[0].role"),
        (asked(messages=[{"role": "user", "content": 3}]), "messages[0].content"),
        (asked(messages=[{"role": "user", "content": [{"type": "text"}]}]), "messages[0].content[0].text"),
        (asked(messages=[{"role": "tool", "content": "x"}]), "messages[0].tool_call_id"),
        (asked(temperature="hot"), "temperature"),
        (asked(stop_sequences=[1]), "stop_sequences"),
        (asked(response_format={"type": "xml"}), "response_format.type"),
        (asked(tools=[{"function": {}}]), "tools[0].type"),
        (asked(tools=[{"type": "function", "function": {}}]), "tools[0].function.name"),
        (asked(tool_choice=3), "tool_choice"),
        (asked(thinking={}), "thinking.type"),
    ],
)
def test_what_is_wrong_is_named(body: Any, param: str) -> None:
    with pytest.raises(BadRequest) as wrong:
        read(body)

    assert wrong.value.param == param


def test_request_of_another_dialect_is_said_in_coheres_words() -> None:
    request = foreign(
        Message(role=Role.DEVELOPER, parts=(Text(text="Be brief."),), apart=True),
        user(Text(text="See"), Media(kind=MediaKind.IMAGE, data="QUJD", mime="image/png", detail="original")),
        Message(role=Role.ASSISTANT, parts=(Text(text=""), ToolCall(id="c1", name="f", arguments=""))),
        Message(role=Role.TOOL, parts=(ToolResult(call_id="c1", content=(Text(text="1"),), name="f"),)),
        max_output=5,
        top_p=Decimal("0.9"),
        tools=(Tool(name="f"),),
        choice=ToolChoice(mode=ChoiceMode.NONE),
        format=Format(kind=FormatKind.SCHEMA, schema={"type": "object"}, name="x", strict=True),
    )
    taken = notes(strict=True)

    assert written(request, taken) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "See"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
                ],
            },
            {
                "role": "assistant",
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "1"},
        ],
        "max_tokens": 5,
        "p": 0.9,
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
        "tool_choice": "NONE",
        "response_format": {"type": "json_object", "json_schema": {"type": "object"}},
    }


def test_named_tool_is_the_only_one_there_is() -> None:
    tools = (Tool(name="a"), Tool(name="b"))
    choice = ToolChoice(mode=ChoiceMode.NAMED, names=("b",))

    sent = written(foreign(tools=tools, choice=choice))

    assert [tool["function"]["name"] for tool in sent["tools"]] == ["b"]
    assert sent["tool_choice"] == "REQUIRED"


def test_strict_holds_for_all_tools_or_is_dropped() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    strict, loose = Tool(name="a", schema=schema, strict=True), Tool(name="b", schema=schema)
    both, one, open_ = notes(), notes(), notes()

    assert written(foreign(tools=(strict, replace(loose, strict=True))), both)["strict_tools"] is True
    assert "strict_tools" not in written(foreign(tools=(strict, loose)), one)
    assert "strict_tools" not in written(foreign(tools=(Tool(name="c", strict=True),)), open_)
    assert (both.dropped, one.dropped, open_.dropped) == ((), ("tools[].strict",), ("tools[].strict",))


def test_document_that_may_be_cited_stands_beside_the_messages() -> None:
    file = Media(kind=MediaKind.FILE, data="aGVsZA==", mime="text/plain", name="Held", citations=True)

    sent = written(foreign(user(Text(text="Look"), file)))

    assert sent["documents"] == [{"data": {"text": "held", "title": "Held"}}]
    assert sent["messages"] == [{"role": "user", "content": "Look"}]


def test_document_that_is_not_to_be_cited_is_text() -> None:
    file = Media(kind=MediaKind.FILE, text="held", name="Held")

    assert written(foreign(user(file)))["messages"][0]["content"] == [{"type": "text", "text": "Held\n\nheld"}]


def test_picture_a_tool_gave_follows_all_results_as_the_users() -> None:
    picture = Media(kind=MediaKind.IMAGE, url="https://x.test/a.png")
    results = [
        Message(role=Role.TOOL, parts=(ToolResult(call_id=id_, content=(Text(text="see"), picture)),))
        for id_ in ("c1", "c2")
    ]

    sent = written(foreign(*results))["messages"]

    assert [message["role"] for message in sent] == ["tool", "tool", "user"]
    assert [item["type"] for item in sent[2]["content"]] == ["text", "image_url", "text", "image_url"]


def test_plan_comes_back_from_another_dialect_as_a_plan() -> None:
    plan = Reasoning(text="I will.", state=State("cohere-v2", {"tool_plan": True}))
    call = ToolCall(id="c1", name="f", arguments="{}")

    (sent,) = written(foreign(Message(role=Role.ASSISTANT, parts=(plan, call))))["messages"]

    assert (sent["tool_plan"], "content" in sent) == ("I will.", False)


def test_words_of_foreign_thinking_stay_and_its_state_does_not() -> None:
    taken = notes()
    thought = Reasoning(text="Hm.", state=State("another", {"signature": "s"}))
    hidden = Reasoning(state=State("another", {"signature": "s"}))

    (sent,) = written(foreign(Message(role=Role.ASSISTANT, parts=(thought, hidden, Text(text="Yes")))), taken)[
        "messages"
    ]

    assert [item["type"] for item in sent["content"]] == ["thinking", "text"]
    assert taken.dropped == ("messages[].content[].state",)


def test_state_of_another_dialect_is_taken_out_of_what_a_caller_sends_back() -> None:
    state = State("another", {"signature": "s"})
    thought = Reasoning(text="Hm.", state=state)
    sealed = SEAL.pack(state)
    call = {"id": carry("c1", state, [thought], SEAL), "type": "function", "function": {"name": "f", "arguments": "{}"}}
    bare = {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."}], "tool_calls": [call]}
    whole = {"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm.", "signature": sealed}]}
    result = {"role": "tool", "tool_call_id": call["id"], "content": "1"}

    first, second, third = read(asked(messages=[bare, whole, result])).messages

    assert first.parts == (thought, ToolCall(id="c1", name="f", arguments="{}", state=state))
    assert second.parts == (thought,)
    assert isinstance(third.parts[0], ToolResult)
    assert third.parts[0].call_id == "c1"


@pytest.mark.parametrize(
    ("thinking", "told", "dropped"),
    [
        (Thinking(effort="none"), {"type": "disabled"}, ()),
        (Thinking(effort="high"), {"type": "enabled"}, ("thinking.effort",)),
        (Thinking(budget=99), {"type": "enabled", "token_budget": 99}, ()),
        (Thinking(budget=0), {"type": "disabled"}, ()),
        (Thinking(budget=-1), {"type": "enabled"}, ()),
        (Thinking(enabled=False, budget=9), {"type": "disabled"}, ()),
        (Thinking(shown=True, summary="auto"), None, ("thinking.summary",)),
    ],
)
def test_thinking_is_asked_for_in_coheres_words(thinking: Thinking, told: Any, dropped: tuple[str, ...]) -> None:
    taken = notes()

    assert written(foreign(thinking=thinking), taken).get("thinking") == told
    assert taken.dropped == dropped


@pytest.mark.parametrize(
    ("fields", "sent", "dropped"),
    [
        ({"top_p": 2}, {"p": 0.99}, "top_p"),
        ({"top_k": 900}, {"k": 500}, "top_k"),
        ({"frequency_penalty": 2}, {"frequency_penalty": 1}, "frequency_penalty"),
        ({"presence_penalty": -1}, {"presence_penalty": 0}, "presence_penalty"),
        ({"stop": tuple("abcdef")}, {"stop_sequences": list("abcde")}, "stop"),
    ],
)
def test_value_out_of_bounds_becomes_the_nearest(fields: Any, sent: Any, dropped: str) -> None:
    taken = notes()

    assert written(foreign(**fields), taken).items() >= sent.items()
    assert taken.dropped == (dropped,)


def test_default_of_others_becomes_the_nearest_and_nothing_is_lost_by_it() -> None:
    assert written(foreign(top_p=1), notes(strict=True))["p"] == 0.99


@pytest.mark.parametrize(
    ("request_", "dropped"),
    [
        (foreign(answers=2), "answers"),
        (foreign(top_logprobs=3), "top_logprobs"),
        (foreign(parallel_tools=False), "parallel_tools"),
        (foreign(verbosity="low"), "verbosity"),
        (foreign(metadata={"a": "b"}), "metadata"),
        (foreign(user="ada"), "user"),
        (foreign(tier="flex"), "tier"),
        (foreign(cache=CacheMark()), "cache"),
        (foreign(cache_key="k"), "cache_key"),
        (foreign(store=True), "store"),
        (foreign(extras={"odd": 1}), "odd"),
        (foreign(tools=(ServerTool(tool="web_search"),)), "tools[].web_search"),
        (foreign(tools=(Tool(name="a", cache=CacheMark()),)), "tools[].cache"),
        (foreign(user(Text(text="a", cache=CacheMark()))), "messages[].content[].cache"),
        (foreign(user(Text(text="a"), Opaque(kind="odd", raw={}))), "messages[].content[].odd"),
        (foreign(Message(role=Role.USER, name="ada", parts=(Text(text="a"),))), "messages[].name"),
        (
            foreign(Message(role=Role.TOOL, parts=(ToolResult(call_id="c", error=True),))),
            "messages[].content[].is_error",
        ),
        (foreign(format=Format(kind=FormatKind.JSON, description="d")), "format.description"),
    ],
)
def test_what_cohere_cannot_say_is_told(request_: Request, dropped: str) -> None:
    taken = notes()
    written(request_, taken)

    assert taken.dropped == (dropped,)
    with pytest.raises(Untranslatable):
        written(request_, notes(strict=True))


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (foreign(user(Media(kind=MediaKind.FILE, data="QUJD", mime="application/pdf"))), "messages[].content[].file"),
        (foreign(user(Media(kind=MediaKind.FILE, file_id="f1"))), "messages[].content[].file"),
        (foreign(user(Media(kind=MediaKind.IMAGE, file_id="f1"))), "messages[].content[].image"),
        (foreign(user(Media(kind=MediaKind.AUDIO, data="QUJD"))), "messages[].content[].audio"),
        (foreign(essential=("previous_response_id",)), "previous_response_id"),
    ],
)
def test_what_would_mean_something_else_is_refused(request_: Request, field: str) -> None:
    with pytest.raises(Untranslatable) as refused:
        written(request_)

    assert refused.value.param == field


def test_citations_of_another_dialect_are_not_made_up_in_a_request() -> None:
    cited = Text(text="a", citations=(Citation(url="https://x.test"),))

    (sent,) = written(foreign(Message(role=Role.ASSISTANT, parts=(cited,))))["messages"]

    assert sent == {"role": "assistant", "content": "a"}


@pytest.mark.parametrize(
    "part",
    [
        {"type": "thinking", "thinking": "Hm.", "signature": "nobody's"},
        {"type": "image_url", "image_url": None},
        {"type": "document", "document": {"data": {"snippet": "s"}}},
        {"type": "document", "document": {"data": {"text": "a"}}, "odd": 1},
        {"type": "image_url", "image_url": {"url": "u", "odd": 1}, "document": 2},
    ],
)
def test_part_with_something_odd_comes_back(part: Any) -> None:
    body = asked(messages=[{"role": "user", "content": [part]}, {"role": "assistant"}])

    assert written(read(body)) == body


def test_call_without_a_function_comes_back_as_far_as_it_goes() -> None:
    body = asked(messages=[{"role": "assistant", "tool_calls": [{"id": "c1", "type": "later"}]}])

    assert written(read(body))["messages"][0]["tool_calls"][0].items() >= {"id": "c1", "type": "later"}.items()


def test_file_that_only_says_it_is_text_is_refused() -> None:
    file = Media(kind=MediaKind.FILE, data="/w==", mime="text/plain", citations=True)

    with pytest.raises(Untranslatable):
        written(foreign(user(file)))


def test_message_that_holds_nothing_but_documents_is_not_sent() -> None:
    file = Media(kind=MediaKind.FILE, text="held", citations=True)

    assert [message["content"] for message in written(foreign(user(file), user(Text(text="Hi"))))["messages"]] == ["Hi"]


def test_assistant_that_said_nothing_says_an_empty_text() -> None:
    assert written(foreign(Message(role=Role.ASSISTANT)))["messages"] == [{"role": "assistant", "content": ""}]


@pytest.mark.parametrize(
    ("mode", "names", "dropped"),
    [
        (ChoiceMode.NAMED, ("ghost",), ("choice",)),
        (ChoiceMode.AUTO, ("ghost",), ("choice",)),
        (ChoiceMode.REQUIRED, (), ("choice",)),
        (ChoiceMode.AUTO, (), ()),
        (ChoiceMode.NONE, (), ()),
    ],
)
def test_choice_without_tools_is_not_sent(mode: ChoiceMode, names: Any, dropped: Any) -> None:
    taken = notes()

    body = written(foreign(tools=(Tool(name="f"),) if names else (), choice=ToolChoice(mode=mode, names=names)), taken)

    assert body.keys().isdisjoint(("tools", "tool_choice"))
    assert taken.dropped == dropped


def test_pictures_a_tool_gave_are_told_apart_once() -> None:
    def writing(count: int) -> Callable[[], object]:
        pictures = tuple(Media(kind=MediaKind.IMAGE, data=str(number)) for number in range(count))
        request = foreign(Message(role=Role.TOOL, parts=(ToolResult(call_id="a", content=pictures),)))

        def work() -> None:
            assert len(written(request)["messages"][-1]["content"]) == count + 1

        return work

    assert_linear(writing, 500)


def test_many_citations_are_read_in_one_pass() -> None:
    def reading(count: int) -> Callable[[], object]:
        cited = {"role": "assistant", "content": "x", "citations": [{"start": 0, "end": 1}] * count}
        body = asked(messages=[cited])

        def work() -> None:
            (message,) = read(body).messages
            assert isinstance(message.parts[0], Text)
            assert len(message.parts[0].citations) == count

        return work

    assert_linear(reading, 2_000)


def test_result_without_content_comes_back_without() -> None:
    body = asked(messages=[{"role": "tool", "tool_call_id": "c1"}])

    assert written(read(body)) == body
    assert written(replace(read(body), origin="another"))["messages"][0]["content"] == ""
