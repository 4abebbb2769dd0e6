"""Sessions through the whole chain: token, scopes, limits, both ways, closes, and the toll."""

import asyncio
import http
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs
from tests.support.sessions import PATIENCE_S, Provider, SocketCaller, begun, echo, provider, response
from tests.support.waiting import until

from tollbridge.config import load_config
from tollbridge.errors import InternalError
from tollbridge.gateway import Gateway
from tollbridge.layers import relay
from tollbridge.layers.relay import Relay
from tollbridge.testing import FixedClock
from tollbridge.wrapping import Tollbridge
from tollbridge_openai.side_realtime import HEARD, SAID

PRICE = {"input": "1", "output": "2", "audio_input": "10", "audio_output": "20", "cache_read": "0.5"}
PATH = "/v1/realtime?model=voice"
# What is reserved for a session: 32,000 in x 10 and 4,096 out x 20, per million tokens, in nano-dollars.
RESERVED = 401_920_000

Make = Callable[..., Any]


class Bridge:
    """A gateway before a provider of sessions."""

    def __init__(self, gateway: Gateway, seen: Provider, token: str) -> None:
        self.gateway = gateway
        self.seen = seen
        self.token = token
        self.app = Tollbridge(gateway=gateway)

    def caller(self, path: str = PATH, *, token: str | None = None, **more: Any) -> SocketCaller:
        return SocketCaller(self.app, path, self.token if token is None else token, **more)

    async def row(self) -> Any:
        await self.gateway.chain.plan.settled()
        (row,) = await self.gateway.store.recent()
        return row


@pytest.fixture
def bridge(tmp_path) -> Make:
    """Give `async with bridge(play) as made`; `options` are those of the provider's server."""

    @asynccontextmanager
    async def make(play: Any = echo, *, options: Any = None, **sections: Any) -> AsyncIterator[Bridge]:
        async with provider(play, **(options or {})) as seen:
            host = {"base_url": f"{seen.url}/v1", "api_key": "env:KEY", "allow_private": True}
            config = {
                "providers": {"mock": host, "dead": {**host, "base_url": "http://127.0.0.1:9/v1"}},
                "models": {
                    "voice": {"targets": ["mock/gpt-realtime"], "price": PRICE},
                    "own": {"targets": ["mock/own"], "price": PRICE},
                    "second": {"targets": ["dead/x", "mock/gpt-realtime"], "price": PRICE},
                    "dead": {"targets": ["dead/x"], "price": PRICE},
                },
            }
            for name, section in sections.items():
                config[name] = {**config.get(name, {}), **section}
            loaded = replace(load_config(config, {}), data=tmp_path)
            async with Gateway(loaded, clock=FixedClock(), env={"KEY": "sk-1"}) as gateway:
                yield Bridge(gateway, seen, (await gateway.tokens.issue(name="t")).secret)

    return make


def says(*messages: str | bytes, then: Any = None) -> Any:
    """Give a play that says these, and waits for the end."""

    async def play(connection: Any) -> None:
        for message in messages:
            await connection.send(message)
        await (then or connection.wait_closed)()

    return play


async def ended(task: "asyncio.Task[None]") -> None:
    await asyncio.wait_for(task, PATIENCE_S)


async def test_session_is_opened_at_the_url_that_is_named_after_sessions_alone(bridge) -> None:
    async with bridge() as made:
        host = made.gateway.routes.hosts["mock"]
        made.gateway.routes.move("mock", {"openai-realtime": host.base_urls["openai-chat"]}, key="sk-1")
        caller = made.caller()
        task = caller.start()
        caller.say("a")
        await caller.gets("websocket.send")
        caller.leave(1000, "done")
        await ended(task)

        assert caller.heard == ["a"]


async def test_messages_pass_untouched_both_ways(bridge) -> None:
    said = ['{ "type":"session.update" , "x":1.0}', b"\x00\xff", "h\u00e9", "", b""]
    async with bridge() as made:
        caller = made.caller()
        task = caller.start()
        for message in said:
            caller.say(message)
        await caller.gets("websocket.send", len(said))
        caller.leave(1000, "done")
        await ended(task)

        assert caller.heard == said
        await made.seen.closed.wait()
        assert made.seen.closes == [(1000, "done")]
        row = await made.row()
        assert (row.outcome, row.status, row.operation, row.dialect) == (
            "complete",
            101,
            "ai:realtime",
            "openai-realtime",
        )
        assert (row.model, row.model_used, row.provider, row.stream) == ("voice", "gpt-realtime", "mock", True)


async def test_provider_is_asked_for_its_model_with_our_credential_and_nothing_of_the_callers(bridge) -> None:
    async with bridge() as made:
        caller = made.caller("/v1/realtime?x=%2F1&model=voice&y=", subprotocols=["realtime", "openai-project.p"])
        caller.scope["headers"] += [
            (b"cookie", b"a=b"),
            (b"origin", b"https://x.example"),
            (b"openai-safety-identifier", b"u1"),
            (b"sec-websocket-protocol", b"realtime, openai-project.p"),
        ]
        task = caller.start()
        await caller.gets("websocket.accept")
        caller.leave()
        await ended(task)

        (asked,) = made.seen.requests
        assert asked.path == "/v1/realtime?x=%2F1&model=gpt-realtime&y="
        assert asked.headers["authorization"] == "Bearer sk-1"
        assert asked.headers["openai-safety-identifier"] == "u1"
        assert asked.headers["sec-websocket-protocol"] == "realtime"
        shown = str(list(asked.headers.raw_items()))
        assert made.token not in shown
        assert not {"cookie", "origin"} & {name.lower() for name, _ in asked.headers.raw_items()}
        (accepted,) = await caller.gets("websocket.accept")
        assert accepted["subprotocol"] == "realtime"
        headers = dict(accepted["headers"])
        assert headers[b"x-tollbridge-model"] == b"gpt-realtime"
        assert headers[b"x-tollbridge-provider"] == b"mock"
        assert headers[b"x-request-id"].startswith(b"req_")


async def test_browsers_credential_is_taken_from_the_subprotocols_and_goes_no_further(bridge) -> None:
    async with bridge() as made:
        offered = ["realtime", f"openai-insecure-api-key.{made.token}", "openai-beta.realtime-v1"]
        caller = made.caller(token="", subprotocols=offered)
        caller.scope["headers"].append((b"sec-websocket-protocol", ", ".join(offered).encode()))
        with capture_logs() as logged:
            task = caller.start()
            (accepted,) = await caller.gets("websocket.accept")
            caller.leave()
            await ended(task)

        assert accepted["subprotocol"] == "realtime"
        (asked,) = made.seen.requests
        assert asked.headers["sec-websocket-protocol"] == "realtime, openai-beta.realtime-v1"
        assert asked.headers["authorization"] == "Bearer sk-1"
        row = await made.row()
        assert row.outcome == "complete"
        shown = (list(asked.headers.raw_items()), accepted, caller.scope["headers"], caller.scope["subprotocols"])
        assert made.token not in str((shown, logged))


@pytest.mark.parametrize(
    ("offered", "code"),
    [
        (["realtime", "openai-insecure-api-key.tb_x"], "invalid_api_key"),
        (["realtime", "openai-insecure-api-key."], "invalid_api_key"),
        (["realtime", "another-key.tb_x"], "invalid_api_key"),
        (["openai-insecure-api-key.tb_x", "openai-insecure-api-key.tb_y"], "ambiguous_credential"),
    ],
)
async def test_session_is_refused_to_a_browser_without_one_good_credential(bridge, offered, code) -> None:
    async with bridge() as made:
        caller = made.caller(token="", subprotocols=offered)
        await ended(caller.start())

        assert caller.refusal[1] == code
        assert made.seen.requests == []
        assert "tb_x" not in str(caller.sent)


async def test_credential_among_the_subprotocols_must_be_the_one_in_the_headers(bridge) -> None:
    async with bridge() as made:
        same = made.caller(subprotocols=["realtime", f"openai-insecure-api-key.{made.token}"])
        other = made.caller(subprotocols=["realtime", "openai-insecure-api-key.tb_x"])
        await ended(other.start())
        task = same.start()
        await same.gets("websocket.accept")
        same.leave()
        await ended(task)

        assert other.refusal[1] == "ambiguous_credential"


@pytest.mark.parametrize(
    ("offered", "taken"),
    [(["openai-beta.realtime-v1", "realtime"], "openai-beta.realtime-v1"), (["x"], None), ([], None)],
)
async def test_provider_that_takes_up_no_subprotocol_leaves_the_callers_first(bridge, offered, taken) -> None:
    async with bridge(options={"select_subprotocol": lambda connection, names: None}) as made:
        caller = made.caller(subprotocols=offered)
        task = caller.start()
        (accepted,) = await caller.gets("websocket.accept")
        caller.leave()
        await ended(task)

        assert accepted["subprotocol"] == taken


async def test_answers_of_a_session_are_added_up_and_paid_once(bridge) -> None:
    first = response(
        1,
        tokens=(100, 40),
        input_token_details={"cached_tokens": 0, "audio_tokens": 60, "text_tokens": 40},
        output_token_details={"audio_tokens": 30, "text_tokens": 10},
    )
    second = response(
        2,
        tokens=(200, 10),
        input_token_details={
            "cached_tokens": 100,
            "audio_tokens": 90,
            "text_tokens": 110,
            "cached_tokens_details": {"audio_tokens": 60, "text_tokens": 40},
        },
    )
    async with bridge(says(begun(1), first, begun(2), second)) as made:
        caller = made.caller()
        task = caller.start()
        await caller.gets("websocket.send", 4)
        caller.leave()
        await ended(task)

        row = await made.row()
        usage = row.usage
        assert (usage.input, usage.cache_read, usage.audio_input) == (40 + 70, 100, 60 + 30)
        assert (usage.output, usage.audio_output, usage.total) == (10 + 10, 30, 350)
        # 110 x 1 + 100 x 0.5 + 90 x 10 + 20 x 2 + 30 x 20, per million tokens, in nano-dollars
        assert (row.usage_source, row.cost) == ("provider", 1_700_000)


async def test_session_in_which_nothing_was_answered_costs_nothing(bridge) -> None:
    async with bridge(says('{"type":"session.created"}')) as made:
        caller = made.caller()
        task = caller.start()
        await caller.gets("websocket.send")
        caller.leave(1006)
        await ended(task)

        row = await made.row()
        assert (row.outcome, row.usage_source, row.cost) == ("client_gone", "none", 0)


async def test_caller_who_leaves_before_an_answer_is_done_pays_for_it(bridge) -> None:
    left = asyncio.Event()

    async def play(connection: Any) -> None:
        await connection.send(begun(1))
        await left.wait()
        await connection.send('{"type":"response.output_audio.delta","delta":"AA=="}')
        await connection.send(response(1, tokens=(1_000, 0)))
        await connection.send(response(2, tokens=(0, 500)))
        await connection.wait_closed()

    async with bridge(play) as made:
        caller = made.caller()
        task = caller.start()
        await caller.gets("websocket.send")
        caller.leave(1006)
        await until(caller._incoming.empty, "the caller's leaving")
        left.set()
        await ended(task)

        assert caller.heard == [begun(1)]
        row = await made.row()
        assert (row.outcome, row.usage.input, row.usage_source) == ("client_gone", 1_000, "reserved")


async def test_answer_whose_usage_never_comes_is_charged_as_reserved(bridge, monkeypatch) -> None:
    monkeypatch.setattr(relay, "LISTEN_S", 0.05)
    async with bridge(says(begun(1))) as made:
        caller = made.caller()
        task = caller.start()
        await caller.gets("websocket.send")
        caller.leave()
        await ended(task)

        row = await made.row()
        assert (row.outcome, row.usage_source, row.cost) == ("complete", "reserved", RESERVED)


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1011, "oops"), (4001, "session_expired")])
async def test_close_of_the_provider_reaches_the_caller_with_its_code(bridge, code, reason) -> None:
    async def play(connection: Any) -> None:
        await connection.close(code, reason)

    async with bridge(play) as made:
        caller = made.caller()
        await ended(caller.start())

        assert caller.close == (code, reason)
        assert (await made.row()).outcome == "complete"


async def test_close_without_a_code_is_a_plain_one(bridge) -> None:
    async def play(connection: Any) -> None:
        connection.protocol.send_close()
        connection.send_data()
        await connection.wait_closed()

    async with bridge(play) as made:
        caller = made.caller()
        await ended(caller.start())

        assert caller.close == (1000, "")


@pytest.mark.parametrize(
    ("code", "seen", "outcome"),
    [(1000, 1000, "complete"), (1001, 1001, "complete"), (4000, 4000, "client_gone"), (1005, 1001, "client_gone")],
)
async def test_close_of_the_caller_reaches_the_provider_with_its_code(bridge, code, seen, outcome) -> None:
    async with bridge() as made:
        caller = made.caller()
        task = caller.start()
        await caller.gets("websocket.accept")
        caller.leave(code, "bye")
        await ended(task)
        await made.seen.closed.wait()

        assert made.seen.closes == [(seen, "bye")]
        assert (await made.row()).outcome == outcome
        assert [message["type"] for message in caller.sent] == ["websocket.accept"]


async def test_session_that_breaks_off_is_told_and_is_no_complete_one(bridge) -> None:
    async def play(connection: Any) -> None:
        await connection.send(begun(1))
        connection.transport.abort()

    async with bridge(play) as made:
        caller = made.caller()
        await ended(caller.start())

        assert caller.close == (1011, "upstream_truncated")
        row = await made.row()
        assert (row.outcome, row.error, row.usage_source) == ("truncated", "upstream_truncated", "reserved")


async def test_caller_who_speaks_to_a_provider_that_has_gone_is_told_the_same(bridge) -> None:
    async with bridge(says(then=lambda: asyncio.sleep(0))) as made:
        caller = made.caller()
        for _ in range(50):
            caller.say("x" * 100_000)
        await ended(caller.start())

        assert caller.close == (1000, "")


async def test_caller_found_gone_while_it_is_told_something_ends_the_session(bridge) -> None:
    async with bridge() as made:
        caller = made.caller()
        task = caller.start()
        await caller.gets("websocket.accept")
        caller.gone = True
        caller.say("hello")
        await ended(task)
        await made.seen.closed.wait()

        assert made.seen.closes == [(1001, "")]
        assert (await made.row()).outcome == "client_gone"


async def test_message_that_is_too_long_ends_both_sides(bridge, monkeypatch) -> None:
    monkeypatch.setattr(relay, "LONGEST_MESSAGE", 10)
    async with bridge() as made:
        caller = made.caller()
        task = caller.start()
        caller.say("x" * 10)
        caller.say("\u00e9" * 6)
        await ended(task)
        await made.seen.closed.wait()

        assert caller.close[0] == made.seen.closes[0][0] == 1009


async def test_session_lasts_no_longer_than_its_reservation(bridge) -> None:
    async with bridge(upstream={"total_timeout_s": 0.1}) as made:
        caller = made.caller()
        await ended(caller.start())
        await made.seen.closed.wait()

        assert caller.close[0] == made.seen.closes[0][0] == 1001
        assert (await made.row()).outcome == "complete"


async def test_session_of_a_token_that_is_revoked_is_cut(bridge) -> None:
    async with bridge(server={"cut_revoked_calls": True}) as made:
        caller = made.caller()
        task = caller.start()
        await caller.gets("websocket.accept")
        await made.gateway.tokens.revoke(caller.scope["tollbridge"].principal.id)
        await ended(task)

        assert caller.close == (1008, "token_ended")
        row = await made.row()
        assert (row.outcome, row.error) == ("refused", "token_ended")


async def test_session_ends_for_the_first_reason_there_is(bridge) -> None:
    async with bridge() as made:
        caller = made.caller()
        task = caller.start()
        await caller.gets("websocket.accept")
        (running,) = made.gateway.chain.plan.app.watch._running
        running.cut()
        running.cut()
        running.look(float("inf"))
        await ended(task)

        assert caller.close == (1008, "token_ended")


async def test_server_that_stops_closes_the_providers_side(bridge) -> None:
    async with bridge() as made:
        caller = made.caller()
        task = caller.start()
        await caller.gets("websocket.accept")
        task.cancel()
        await asyncio.wait([task])
        await made.seen.closed.wait()

        assert made.seen.closes == [(1001, "")]
        assert (await made.row()).outcome == "truncated"


async def test_caller_who_leaves_before_anything_opens_nothing(bridge) -> None:
    async with bridge() as made:
        caller = made.caller()
        caller._incoming.get_nowait()
        caller.leave(1006)
        await ended(caller.start())

        assert (made.seen.requests, caller.sent) == ([], [])


# who may open one


@pytest.mark.parametrize(
    ("scopes", "status", "code"),
    [
        (("ai:realtime", "model:voice"), 0, ""),
        (("ai:chat", "model:*"), 403, "insufficient_scope"),
        (("ai:*", "model:own"), 403, "insufficient_scope"),
    ],
)
async def test_session_needs_its_scope_and_that_of_its_model(bridge, scopes, status, code) -> None:
    async with bridge() as made:
        token = (await made.gateway.tokens.issue(name="s", scopes=scopes)).secret
        caller = made.caller(token=token)
        task = caller.start()
        if status:
            await ended(task)
            assert caller.refusal == (status, code)
            assert made.seen.requests == []
        else:
            await caller.gets("websocket.accept")
            caller.leave()
            await ended(task)


@pytest.mark.parametrize(
    ("path", "token", "status", "code"),
    [
        (PATH, "", 401, "invalid_api_key"),
        (PATH, "tb_nobody", 401, "invalid_api_key"),
        (f"{PATH}&key=tb_x", None, 400, "ambiguous_credential"),
        ("/v1/realtime", None, 400, "invalid_request"),
        ("/v1/realtime?model=nobody", None, 404, "model_not_found"),
        ("/v1/realtime?model=dead", None, 502, "upstream_unreachable"),
        ("/v1/realtime?call_id=rtc_1&model=voice", None, 400, "invalid_request"),
        ("/v1/chat/completions", None, 403, "insufficient_scope"),
    ],
)
async def test_session_that_cannot_be_is_refused_before_it_is_accepted(bridge, path, token, status, code) -> None:
    async with bridge() as made:
        caller = made.caller(path, token=token)
        await ended(caller.start())

        assert caller.refusal == (status, code)
        assert made.seen.requests == []


async def test_refused_session_costs_nothing(bridge) -> None:
    async with bridge() as made:
        caller = made.caller("/v1/realtime?model=dead")
        await ended(caller.start())

        row = await made.row()
        assert (row.outcome, row.status, row.cost) == ("upstream_failed", 502, 0)


async def test_session_the_provider_refuses_is_refused_with_its_status(bridge) -> None:
    def refuse(connection: Any, request: Any) -> Any:
        return connection.respond(http.HTTPStatus.TOO_MANY_REQUESTS, "slow down")

    async with bridge(options={"process_request": refuse}) as made:
        caller = made.caller()
        await ended(caller.start())

        assert caller.refusal == (429, "rate_limit_exceeded")
        assert (await made.row()).cost == 0


async def test_budget_holds_a_reservation_while_a_session_runs(bridge) -> None:
    async with bridge(budgets={"daily_usd": "0.5"}) as made:
        first, second = made.caller(), made.caller()
        task = first.start()
        await first.gets("websocket.accept")
        await ended(second.start())
        first.leave()
        await ended(task)

        assert second.refusal == (429, "insufficient_quota")


async def test_limit_of_calls_at_once_counts_sessions(bridge) -> None:
    async with bridge(limits={"concurrency": 1}) as made:
        first, second = made.caller(), made.caller()
        task = first.start()
        await first.gets("websocket.accept")
        await ended(second.start())
        first.leave()
        await ended(task)

        assert second.refusal == (429, "rate_limit_exceeded")


async def test_target_that_cannot_be_reached_gives_way_to_the_next(bridge) -> None:
    async with bridge() as made:
        caller = made.caller("/v1/realtime?model=second")
        task = caller.start()
        await caller.gets("websocket.accept")
        caller.leave()
        await ended(task)

        assert (await made.row()).provider == "mock"


async def test_private_address_is_not_dialled_unless_it_is_meant(bridge) -> None:
    async with bridge() as made:
        host = made.gateway.routes.hosts["mock"]
        made.gateway.routes.hosts["mock"] = replace(host, allow_private=False)
        caller = made.caller("/v1/realtime?model=mock/x")
        task = caller.start()
        await ended(task)

        assert caller.refusal in [(502, "upstream_unreachable"), (403, "unpriced_model")]
        assert made.seen.requests == []


async def test_schemes_that_sign_requests_sign_this_one_too(bridge) -> None:
    class Signs:
        async def signed(self, request: Any) -> Any:
            return msgspec.structs.replace(request, headers=[*request.headers, (b"x-signed", request.method.encode())])

    async with bridge() as made:
        routes = made.gateway.routes
        routes.hosts["mock"] = replace(routes.hosts["mock"], signing=Signs())
        routes._models["voice"] = (routes.hosts["mock"].target("gpt-realtime"),)
        caller = made.caller()
        task = caller.start()
        await caller.gets("websocket.accept")
        caller.leave()
        await ended(task)

        assert made.seen.requests[0].headers["x-signed"] == "GET"


@pytest.mark.parametrize("lacks", ["dialect", "envelope"])
async def test_session_without_what_a_layer_must_have_found_is_a_fault_of_ours(bridge, lacks) -> None:
    async with bridge() as made:
        caller = made.caller()
        task = caller.start()
        await caller.gets("websocket.accept")
        call = caller.scope["tollbridge"]
        caller.leave()
        await ended(task)
        setattr(call, lacks, None)
        alone = Relay(call, caller._incoming.get, caller._send, sockets=None, watch=None, longest_s=1)  # type: ignore

        with pytest.raises(InternalError):
            await alone.run()
        with pytest.raises(InternalError):
            await alone._open(call.target)


def test_what_is_reserved_is_said_in_the_tests_as_in_the_code() -> None:
    assert HEARD * 10_000 + SAID * 20_000 == RESERVED
