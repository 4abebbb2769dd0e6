"""Usage in the Responses API: the searches of the web that a provider makes itself."""

import json
from typing import Any

import pytest
from tests.providers.openai.responses_support import CODEC, notes, stream_of
from tests.support.corpus import Case, corpus, is_answer, is_stream

from tollbridge import Usage
from tollbridge.formats import Choice, Envelope, Request, Response, Stop, Text, fold, unfold
from tollbridge_openai.responses_dialect import ResponsesDialect

COUNTS = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
SEARCH = {"type": "web_search_call", "id": "w", "status": "completed", "action": {"type": "search", "query": "a"}}
ASKED = Request(origin=CODEC.name, model="m", messages=())


def answer(*items: Any, usage: Any = COUNTS, **more: Any) -> dict[str, Any]:
    return {"id": "r", "object": "response", "status": "completed", "output": list(items), "usage": usage, **more}


def metered(body: bytes, *, stream: bool) -> Usage | None:
    reader = ResponsesDialect().answer_reader(Envelope("m", stream=stream), streamed=stream)
    for chunk in (body, b""):
        reader.feed(chunk)
    return reader.usage


def read(body: bytes, *, stream: bool) -> Usage | None:
    if not stream:
        return CODEC.read_response(body, notes()).usage
    reader = CODEC.stream_reader(notes())
    return fold([*reader.feed(body), *reader.feed(b"")]).usage


def counted(told: dict[str, Any]) -> list[Usage | None]:
    """Give the usage of an answer by all ways that there are to read it."""
    body, stream = json.dumps(told).encode(), stream_of({"type": "response.completed", "response": told})
    return [
        metered(body, stream=False),
        read(body, stream=False),
        metered(stream, stream=True),
        read(stream, stream=True),
    ]


@pytest.mark.parametrize(
    ("item", "searches"),
    [
        (SEARCH, 1),
        ({**SEARCH, "action": {"type": "search", "queries": ["a", "b", "c"]}}, 1),
        ({"type": "web_search_call", "id": "w", "status": "completed"}, 1),
        ({"type": "web_search_call", "id": "w"}, 1),
        ({**SEARCH, "action": {"type": "open_page", "url": "u"}}, 0),
        ({**SEARCH, "action": {"type": "find_in_page", "url": "u", "pattern": "p"}}, 0),
        ({**SEARCH, "status": "failed"}, 0),
        ({**SEARCH, "status": "searching"}, 0),
        ({"type": "file_search_call", "id": "f", "status": "completed", "queries": ["a"]}, 0),
        ({"type": "code_interpreter_call", "id": "c", "status": "completed"}, 0),
    ],
)
def test_search_that_was_made_is_counted_and_nothing_else_is(item: Any, searches: int) -> None:
    usage = Usage(input=3, output=2, server_tool_calls=searches)

    assert counted(answer(item)) == [usage] * 4


def test_each_search_is_counted() -> None:
    page = {**SEARCH, "action": {"type": "open_page", "url": "u"}}

    assert counted(answer(SEARCH, page, SEARCH, SEARCH)) == [Usage(input=3, output=2, server_tool_calls=3)] * 4


@pytest.mark.parametrize(
    ("usage", "tools", "searches"),
    [
        (COUNTS, {"web_search": {"num_requests": 1}}, 1),  # the others were discounted
        (COUNTS, {"web_search": {"num_requests": 0}}, 0),
        ({**COUNTS, "server_side_tool_usage_details": {"web_search_calls": 5, "x_search_calls": 9}}, None, 5),
        ({**COUNTS, "server_side_tool_usage_details": {"web_search_calls": -5}}, None, 0),
        ({**COUNTS, "server_side_tool_usage_details": {"x_search_calls": 9}}, None, 2),
        (COUNTS, {"web_search": {"num_requests": "many"}}, 2),
        (COUNTS, {"web_search": 7}, 2),
        (COUNTS, {"image_gen": {}}, 2),
        (COUNTS, "none", 2),
        (COUNTS, None, 2),
    ],
)
def test_count_that_is_told_goes_before_what_is_shown(usage: Any, tools: Any, searches: int) -> None:
    told = answer(SEARCH, SEARCH, usage=usage, tool_usage=tools)

    assert counted(told) == [Usage(input=3, output=2, server_tool_calls=searches)] * 4


def test_cost_in_a_stream_is_that_of_the_searches_too() -> None:
    event = {"type": "response.completed", "response": answer(SEARCH, SEARCH)}
    dialect = ResponsesDialect()
    reader = dialect.answer_reader(Envelope("m"), streamed=True, cost=lambda usage: f"0.0{usage.server_tool_calls}")

    passed = b"".join(piece for chunk in (stream_of(event), b"") for piece in reader.feed(chunk))

    assert b'"cost":0.02' in passed.replace(b" ", b"")


@pytest.mark.parametrize(
    "usage", [None, {}, {"server_side_tool_usage_details": {"web_search_calls": 5}}, {"input_tokens": "3"}]
)
def test_searches_without_a_count_of_tokens_are_no_usage(usage: Any) -> None:
    assert counted(answer(SEARCH, usage=usage, tool_usage={"web_search": {"num_requests": 3}})) == [None] * 4


@pytest.mark.parametrize("output", [b'{"web_search_call": 1}', b'"\\"web_search_call\\""', b'[5, "web_search_call"]'])
def test_output_that_makes_no_sense_shows_no_search(output: bytes) -> None:
    body = b'{"usage": {"input_tokens": 3, "output_tokens": 2}, "output": %b}' % output

    assert metered(body, stream=False) == Usage(input=3, output=2)


def test_bytes_that_are_no_text_show_no_search() -> None:
    body = b'{"usage": {"input_tokens": 3, "output_tokens": 2}, "output": [{"type": "web_search_call", "a": "\xff"}]}'

    assert metered(body, stream=False) == Usage(input=3, output=2)


def test_searches_at_another_provider_are_told_as_openai_tells_them() -> None:
    found = Response(
        origin="another",
        choices=(Choice(parts=(Text(text="a"),), stop=Stop.END),),
        usage=Usage(input=3, output=2, server_tool_calls=4),
    )
    body = CODEC.write_response(found, ASKED, notes())
    writer = CODEC.stream_writer(ASKED, notes())
    stream = b"".join(map(writer.write, unfold(found)))

    assert json.loads(body)["tool_usage"]["web_search"] == {"num_requests": 4}
    assert read(body, stream=False) == metered(body, stream=False) == found.usage
    assert read(stream, stream=True) == metered(stream, stream=True) == found.usage


def test_answer_without_a_search_says_nothing_of_tools() -> None:
    found = Response(origin="another", usage=Usage(input=3, output=2))

    assert "tool_usage" not in json.loads(CODEC.write_response(found, ASKED, notes()))


FOLDERS = tuple(f"dev/{host}_responses" for host in ("openai", "azure_openai", "xai", "deepseek", "openrouter"))


@corpus(*FOLDERS, only=lambda case: is_answer(case) or is_stream(case))
def test_recorded_searches_are_counted(case: Case) -> None:
    told = case.body
    if case.text is not None:
        events = [json.loads(line[5:]) for line in case.text.splitlines() if line.startswith("data: {")]
        told = next((event["response"] for event in reversed(events) if "output" in event.get("response", {})), {})
    actions = [
        (item.get("action") or {}).get("type", "search")
        for item in told.get("output") or []
        if item.get("type") == "web_search_call"
    ]
    charged = ((told.get("tool_usage") or {}).get("web_search") or {}).get("num_requests", actions.count("search"))

    usage = metered((case.text or json.dumps(case.body)).encode(), stream=case.text is not None)

    assert (usage.server_tool_calls if usage is not None else 0) == charged
