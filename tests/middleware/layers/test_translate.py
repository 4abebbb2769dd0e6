"""The caller's dialect and the provider's: the same bytes both ways."""

import json

import pytest

from tollbridge.call import open_call
from tollbridge.clock import SystemClock
from tollbridge.errors import InternalError
from tollbridge.layers.translate import write_upstream
from tollbridge.providers import Provider, Target

EVENTS = [
    b'data: {"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"}}],"usage":null}\n\n',
    b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"lo \xe2\x9c\x93"}}],"usage":null}\n\n',
    b'data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n',
]
USAGE = b'data: {"id":"1","choices":[],"usage":{"prompt_tokens":1000,"completion_tokens":500}}\n\n'
DONE = b"data: [DONE]\n\n"


async def test_answer_is_the_providers_byte_for_byte(mock) -> None:
    gw = mock()
    answer = b'{ "id":"x",\n "weird" : [1.50, null, "\\u00e9"], "usage":{"prompt_tokens":1,"completion_tokens":2}}'
    gw.upstream.reply(answer, headers=[("openai-processing-ms", "7"), ("x-request-id", "up_1")])

    reply = await gw.chat("gpt-4o-mini")

    assert reply.content == answer
    assert reply.headers["openai-processing-ms"] == "7"
    assert reply.headers["x-tollbridge-upstream-request-id"] == "up_1"
    assert reply.headers["x-request-id"].startswith("req_")
    assert reply.headers["x-tollbridge-model"] == "gpt-4o-mini"
    assert reply.headers["x-tollbridge-provider"] == "mock"


async def test_only_the_models_name_changes_on_the_way_out(mock) -> None:
    gw = mock()
    said = b'{"role":"user","content":"h\\u00e9 \\"model\\": \\"small\\""}'
    body = b'{ "messages": [ ' + said + b' ],\n\t"model" : "small", "x": 1.0 }'

    await gw.request("POST", "/v1/chat/completions", content=body)

    assert gw.sent[0].body == body.replace(b'"model" : "small"', b'"model" : "tiny-1"')


async def test_body_of_a_model_with_its_own_name_is_untouched(mock) -> None:
    gw = mock()
    body = b'{"model":"gpt-4o-mini",  "messages":[], "unknown":{"kept":true}}'

    await gw.request("POST", "/v1/chat/completions", content=body)

    assert gw.sent[0].body == body


async def test_stream_passes_unchanged_and_usage_goes_to_those_who_asked(mock) -> None:
    gw = mock()
    for _ in range(2):
        gw.upstream.stream([*EVENTS, USAGE, DONE])

    asked = await gw.chat("gpt-4o-mini", stream=True, stream_options={"include_usage": True})
    silent = await gw.chat("gpt-4o-mini", stream=True)

    assert asked.content == b"".join([*EVENTS, USAGE, DONE])
    assert silent.content == b"".join([*EVENTS, DONE])
    assert json.loads(gw.sent[1].body)["stream_options"] == {"include_usage": True}
    rows = await gw.gateway.store.recent()
    # 1000 in x 0.15 + 500 out x 0.60, per million tokens, in nano-dollars
    assert [row.cost for row in rows] == [450_000, 450_000]


async def test_other_stream_options_are_kept_when_usage_is_asked_for(mock) -> None:
    gw = mock()

    await gw.chat("gpt-4o-mini", stream=True, stream_options={"other": 1})

    assert json.loads(gw.sent[0].body)["stream_options"] == {"other": 1, "include_usage": True}


@pytest.mark.parametrize("cut", [1, 7, 60, 10_000])
async def test_stream_cut_anywhere_gives_the_same_bytes_and_usage(mock, cut) -> None:
    gw = mock()
    whole = b"".join([*EVENTS, USAGE, DONE])
    gw.upstream.stream([whole[at : at + cut] for at in range(0, len(whole), cut)])

    reply = await gw.chat("gpt-4o-mini", stream=True)

    assert reply.content == b"".join([*EVENTS, DONE])
    (row,) = await gw.gateway.store.recent()
    assert (row.usage.input, row.usage.output, row.outcome) == (1000, 500, "complete")


async def test_cost_is_written_beside_the_usage_of_a_stream_if_switched_on(mock) -> None:
    gw = mock(upstream={"cost_in_stream": True})
    gw.upstream.stream([*EVENTS, USAGE, DONE])

    reply = await gw.chat("gpt-4o-mini", stream=True, stream_options={"include_usage": True})

    assert b'"usage":{"cost":0.00045,"prompt_tokens":1000' in reply.content


async def test_stream_that_breaks_off_is_ended_by_an_error_and_never_looks_complete(mock) -> None:
    gw = mock()
    gw.upstream.stream([*EVENTS[:2], b'data: {"id":"1","cho'])

    reply = await gw.chat("gpt-4o-mini", stream=True)

    assert reply.content.startswith(b"".join(EVENTS[:2]))
    assert b'"code":"upstream_truncated"' in reply.content
    assert b"[DONE]" not in reply.content
    assert b'"cho' not in reply.content.removeprefix(b"".join(EVENTS[:2]))
    (row,) = await gw.gateway.store.recent()
    assert (row.outcome, row.error, row.usage_source) == ("truncated", "upstream_truncated", "estimated")


async def test_error_event_of_the_provider_is_passed_on_and_no_other_added(mock) -> None:
    gw = mock()
    failed = b'data: {"error":{"message":"overloaded"}}\n\n'
    gw.upstream.stream([EVENTS[0], failed])

    reply = await gw.chat("gpt-4o-mini", stream=True)

    assert reply.content == EVENTS[0] + failed
    (row,) = await gw.gateway.store.recent()
    assert (row.outcome, row.error) == ("truncated", "upstream_error")


async def test_stream_without_done_is_complete_when_it_said_why_it_stopped(mock) -> None:
    gw = mock()
    gw.upstream.stream(EVENTS)

    reply = await gw.chat("gpt-4o-mini", stream=True)

    assert reply.content == b"".join(EVENTS)
    assert (await gw.gateway.store.recent())[0].outcome == "complete"


@pytest.mark.parametrize("garbage", [b"", b"<html>oops</html>", b'{"id":', b"\xff\xfe"])
async def test_answer_that_is_no_answer_is_a_bad_gateway(mock, garbage) -> None:
    gw = mock()
    gw.upstream.reply(garbage)

    reply = await gw.chat("gpt-4o-mini")

    assert reply.status_code == 502
    assert reply.json()["error"]["code"] == "upstream_error"


async def test_output_limit_is_sent_where_the_operator_wants_it(mock) -> None:
    gw = mock(budgets={"cap_output": True, "assume_output_tokens": 77})

    await gw.chat("gpt-4o-mini", n=2)
    await gw.chat("gpt-4o-mini", max_tokens=5)

    assert json.loads(gw.sent[0].body)["max_completion_tokens"] == 77
    assert "max_completion_tokens" not in json.loads(gw.sent[1].body)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"[]", None),
        (b'{"messages":[]}', "model"),
        (b'{"model":7}', "model"),
        (b'{"model":""}', "model"),
        (b'{"model":"small","stream":"yes"}', "stream"),
        (b'{"model":"small","max_tokens":0}', "max_tokens"),
        (b'{"model":"small","n":0}', "n"),
        (b'{"model":"small","model":"gpt-4o-mini"}', "model"),
        (b'{"model":"small","mod\\u0065l":"gpt-4o-mini"}', "model"),
        (b'{"model":"\xff"}', None),
    ],
)
async def test_body_that_does_not_fit_is_refused_and_the_field_named(mock, body, param) -> None:
    gw = mock()

    reply = await gw.request("POST", "/v1/chat/completions", content=body)

    assert reply.status_code == 400
    assert reply.json()["error"]["param"] == param
    assert gw.sent == []


def test_call_without_a_body_has_nothing_to_send() -> None:
    call = open_call({"type": "http", "path": "/", "headers": []}, SystemClock())

    with pytest.raises(InternalError, match="without a dialect"):
        write_upstream(call, Target(Provider("mock"), "m"))
