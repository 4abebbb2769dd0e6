"""The end of the chain: targets in order, and lists of models."""

import json
from typing import Any

import pytest
from starlette.types import Message
from tests.middleware.layers.dispatch_support import bridge, last_row
from tests.support.scripted import ANSWER, CHUNK, JSON, LAST, Answer, Script

from tollbridge.call import Call, open_call
from tollbridge.clock import SystemClock
from tollbridge.errors import InternalError, UpstreamTimeout, UpstreamTruncated, UpstreamUnreachable
from tollbridge.formats.dialect import Operation
from tollbridge.layers.dispatch import Dispatch
from tollbridge.layers.exchange import Exchange
from tollbridge.providers import Provider, Target

__all__ = ["bridge"]


@pytest.mark.parametrize(
    "failure", [UpstreamUnreachable("gone", detail="refused"), UpstreamTimeout("no connection in 10 s")]
)
async def test_target_that_cannot_be_reached_gives_way_to_the_next(bridge, failure) -> None:
    async with bridge(failure, Answer(ANSWER, headers=JSON)) as (script, caller, gateway):
        one = caller(model="two", stream=False)

        await one.call()

        assert (one.status, one.body) == (200, ANSWER)
        assert script.hosts == ["mock", "second"]
        assert json.loads(script.sent[1].body)["model"] == "m2"
        row = await last_row(gateway)
        # 1000 in x 0.15 + 500 out x 0.60, per million tokens, in nano-dollars
        assert (row.provider, row.model_used, row.cost) == ("second", "m2", 450_000)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529])
async def test_target_that_is_overloaded_gives_way_to_the_next_and_is_let_go(bridge, status) -> None:
    busy = Answer(b"{}", status=status, headers=JSON)
    async with bridge(busy, Answer(ANSWER, headers=JSON)) as (script, caller, _):
        one = caller(model="two", stream=False)

        await one.call()

        assert (one.status, one.body, busy.closed) == (200, ANSWER, 1)
        assert script.hosts == ["mock", "second"]


async def test_answer_that_blames_the_caller_is_passed_on_by_the_first_target(bridge) -> None:
    async with bridge(Answer(b'{"error":{"code":"c"}}', status=400, headers=JSON)) as (script, caller, _):
        one = caller(model="two", stream=False)

        await one.call()

        assert (one.status, one.code, script.hosts) == (400, "c", ["mock"])


async def test_last_targets_failure_is_what_the_caller_sees(bridge) -> None:
    busy = [Answer(b"{}", status=503, headers=JSON), Answer(b'{"error":{"code":"c"}}', status=503, headers=JSON)]
    async with bridge(*busy) as (_, caller, gateway):
        one = caller(model="two", stream=False)

        await one.call()

        assert (one.status, one.code) == (503, "c")
        assert (await last_row(gateway)).cost == 0


async def test_nothing_is_tried_again_after_the_first_byte(bridge) -> None:
    broken = Answer(CHUNK, UpstreamUnreachable("connection lost"))
    async with bridge(broken, Answer(CHUNK, LAST)) as (script, caller, gateway):
        one = caller(model="two")

        await one.call()

        assert script.hosts == ["mock"]
        assert one.body.startswith(CHUNK)
        assert b'"code":"upstream_unreachable"' in one.body
        assert broken.closed == 1
        row = await last_row(gateway)
        assert row.outcome == "upstream_failed"
        assert row.cost > 0


async def test_stream_that_the_transport_says_broke_off_is_truncated_and_charged_for_what_passed(bridge) -> None:
    async with bridge(Answer(CHUNK, UpstreamTruncated("the connection broke"))) as (_, caller, gateway):
        one = caller(max_tokens=1000)

        await one.call()

        assert b'"code":"upstream_truncated"' in one.body
        row = await last_row(gateway)
        assert (row.outcome, row.usage_source) == ("truncated", "estimated")
        assert 0 < row.cost <= 645_000


async def test_sound_that_breaks_off_is_left_without_an_end_and_nothing_is_written_into_it(bridge) -> None:
    sound = Answer(b"ID3", UpstreamTruncated("broke"), headers=[(b"content-type", b"audio/mpeg")])
    async with bridge(sound) as (_, caller, gateway):
        one = caller(path="/v1/audio/speech", stream=False)

        await one.call()

        assert (one.status, one.body) == (200, b"ID3")
        assert [message.get("more_body") for message in one.sent] == [None, True]
        row = await last_row(gateway)
        assert (row.outcome, row.error, row.usage_source) == ("truncated", "upstream_truncated", "reserved")


async def test_refused_credential_of_the_gateway_is_a_bad_gateway_and_never_a_401(bridge) -> None:
    refused = Answer(b'{"error":{"message":"Incorrect API key: sk-1"}}', status=401, headers=JSON)
    async with bridge(refused) as (_, caller, gateway):
        one = caller(stream=False)

        await one.call()

        assert (one.status, one.code) == (502, "upstream_credential")
        assert b"sk-1" not in one.body
        assert refused.closed == 1
        assert (await last_row(gateway)).cost == 0


async def test_models_are_listed_in_the_shape_of_each_dialect_and_only_what_scopes_reach(mock) -> None:
    gw = mock()
    token = await gw.token("ai:*", "model:gpt-*")

    openai = await gw.request("GET", "/v1/models", token=token)
    anthropic = await gw.request("GET", "/v1/models", token=token, headers={"anthropic-version": "2023-06-01"})

    assert openai.json()["object"] == "list"
    assert [entry["id"] for entry in openai.json()["data"]] == ["gpt-4o-mini"]
    assert anthropic.json()["has_more"] is False
    assert [(entry["type"], entry["id"]) for entry in anthropic.json()["data"]] == [("model", "gpt-4o-mini")]
    assert gw.sent == []


async def test_one_model_is_shown_in_the_shape_of_each_dialect(mock) -> None:
    gw = mock()
    token = await gw.token("ai:*", "model:gpt-*")

    openai = await gw.request("GET", "/v1/models/gpt-4o-mini", token=token)
    anthropic = await gw.request(
        "GET", "/v1/models/gpt-4o-mini", token=token, headers={"anthropic-version": "2023-06-01"}
    )
    hidden = await gw.request("GET", "/v1/models/small", token=token)

    assert (openai.json()["object"], openai.json()["id"]) == ("model", "gpt-4o-mini")
    assert (anthropic.json()["type"], anthropic.json()["id"]) == ("model", "gpt-4o-mini")
    assert hidden.status_code == 404
    assert hidden.json()["error"]["code"] == "model_not_found"


async def test_who_shows_no_token_on_a_public_list_is_offered_nothing(mock) -> None:
    reply = await mock(server={"public": ["/v1/models"]}).request("GET", "/v1/models", token="")

    assert (reply.status_code, reply.json()["data"]) == (200, [])


async def test_path_that_nothing_serves_is_not_found_where_no_app_is_wrapped(mock) -> None:
    gw = mock()

    reply = await gw.request("GET", "/nothing")

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")


def call_without_a_dialect(**operation: Any) -> Call:
    scope = {"type": "http", "method": "POST", "path": "/x", "headers": []}
    call = open_call(scope, SystemClock())
    call.operation = Operation("ai:chat", "chat", **operation)
    call.targets = (Target(Provider("p", base_url="https://h/v1"), "m"),)
    call.body = b"{}"
    return call


async def body_only() -> Message:
    return {"type": "http.request", "body": b"{}", "more_body": False}


async def test_call_that_no_layer_has_named_is_a_fault_of_the_chain() -> None:
    nobody_asks: Any = None
    dispatch = Dispatch(None, transport=Script(), models=nobody_asks, model=nobody_asks)

    async def send(message: Message) -> None:
        raise AssertionError("nothing may be sent")

    with pytest.raises(InternalError, match="without a dialect"):
        await Exchange(dispatch, call_without_a_dialect(), body_only, send).run()
    with pytest.raises(InternalError, match="without a dialect"):
        await dispatch({"tollbridge": call_without_a_dialect(lists_models=True)}, body_only, send)
    unnamed = call_without_a_dialect()
    unnamed.operation = None
    with pytest.raises(InternalError, match="without an operation"):
        await Exchange(dispatch, unnamed, body_only, send).run()


async def test_model_is_found_by_any_name_it_can_be_called_by_and_however_its_slash_is_written(mock) -> None:
    gw = mock()
    limited = await gw.token("ai:*", "model:gpt-4o-mini")
    paths = ("/v1/models/mock/gpt-4o-mini", "/v1/models/mock%2Fgpt-4o-mini", "/v1/models/mock%2fgpt-4o-mini")

    found = [await gw.request("GET", path) for path in paths]
    others = [
        await gw.request("GET", "/v1/models/mock/gpt-4o-mini", token=limited),
        await gw.request("GET", "/v1/models/nobody%2Fgpt-4o-mini"),
    ]
    refused = [
        await gw.request("GET", path) for path in ("/v1/models/a%2f..%2fb", "/v1%2fmodels/a", "/v1/models/a%5cb")
    ]

    assert [(reply.status_code, reply.json()["id"]) for reply in found] == [(200, "mock/gpt-4o-mini")] * 3
    assert [reply.status_code for reply in others] == [404, 404]
    assert [reply.json()["error"]["code"] for reply in refused] == ["unsafe_request"] * 3


async def test_model_is_described_to_those_who_ask_by_post(mock) -> None:
    gw = mock()

    shown = await gw.request("POST", "/api/show", json={"model": "gpt-4o-mini"})
    unknown = await gw.request("POST", "/api/show", json={"model": "nobody"})

    assert shown.status_code == 200
    assert "capabilities" in shown.json()
    assert unknown.status_code == 404
