"""Answers that stream: their events, their end, and what becomes of one that nobody takes to its end."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
import pytest
from tests.middleware.asking.conftest import CHAT, CLAUDE, COST, ENDING, event, piece, texts, to, whole
from tests.support.scripted import JSON, Answer
from tests.support.waiting import until

from tollbridge import Call, Layer, hookimpl
from tollbridge.asking import Account
from tollbridge.asking.inside import AHEAD
from tollbridge.call import Outcome
from tollbridge.errors import (
    BadRequest,
    ModelNotFound,
    RateLimited,
    TokenEnded,
    Untranslatable,
    UpstreamError,
    UpstreamTruncated,
    UpstreamUnreachable,
)
from tollbridge.formats import Begin, Delta, End, Ping, fold
from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.tokens.model import TokenBudget

BROKEN = b'data: {"error":{"message":"overloaded","code":"busy","type":"server_error"}}\n\n'


async def test_events_come_in_order_with_the_account_behind_their_end(inside) -> None:
    async with inside(Answer(piece("Hel"), piece("lo."), *ENDING)) as there:
        *events, end, account = await there.stream()
        row = await there.row()

    assert texts(events) == ["Hel", "lo."]
    assert end == End()
    response = fold([*events, end])
    assert response.choices[0].parts[0].text == "Hello."
    assert response.usage == Usage(input=30, output=5)
    assert account == Account(call_id=row.call_id, cost=COST, usage=response.usage, model_used="m1", dropped=())
    assert (row.outcome, row.stream, row.cost, row.parent) == ("complete", True, COST, there.outer.id)
    assert msgspec.json.decode(there.script.sent[0].body)["stream"] is True


async def test_stream_has_no_cost_written_into_it_where_those_of_callers_have(inside) -> None:
    async with inside(Answer(piece("Hel"), piece("lo."), *ENDING), upstream={"cost_in_stream": True}) as there:
        *events, end, account = await there.stream()

    assert (texts(events), end, account.cost) == (["Hel", "lo."], End(), COST)


async def test_event_is_there_before_the_next_one(inside) -> None:
    more = asyncio.Event()
    async with inside(Answer(piece("Hel"), more, *ENDING)) as there:
        events = there.gateway.asking.stream(there.outer, to())
        first = await anext(events)
        while not isinstance(first, Delta):
            first = await anext(events)
        assert first.text == "Hel"
        more.set()
        assert [type(each) for each in [each async for each in events]][-2:] == [End, Account]


async def test_answer_that_comes_as_a_whole_is_events_too(inside) -> None:
    async with inside(whole(CHAT)) as there:
        *events, end, account = await there.stream()

    assert (texts(events), end, account.cost) == (["Hello."], End(), COST)


async def test_another_target_streams_in_its_own_dialect_where_one_fails(inside) -> None:
    async with inside(UpstreamUnreachable("no connection"), whole(CLAUDE)) as there:
        *events, _, account = await there.stream(to("two"))

    assert (texts(events), account.model_used) == (["Bonjour."], "m2")


async def test_dropped_fields_are_in_the_account_and_strict_refuses_them(inside) -> None:
    async with inside(Answer(piece("a"), *ENDING)) as there:
        account = (await there.stream(to(top_k=3)))[-1]
        with pytest.raises(Untranslatable):
            await there.stream(to(top_k=3, strict=True))

    assert account.dropped == ("top_k",)


@pytest.mark.parametrize("status", [400, 429])
async def test_refusal_before_a_stream_is_raised(inside, status) -> None:
    body = b'{"error":{"message":"too bad","code":"mine"}}'
    async with inside(whole(body, status, [*JSON, (b"retry-after", b"7")])) as there:
        with pytest.raises(BadRequest if status == 400 else RateLimited, match=r"^too bad$") as refused:
            await there.stream()
        row = await there.row()

    assert (refused.value.code, refused.value.retry_after_s, row.status, row.cost) == ("mine", 7.0, status, 0)


async def test_refusal_of_the_gateway_is_raised_as_it_is(inside) -> None:
    async with inside() as there:
        with pytest.raises(ModelNotFound, match="'nothing'"):
            await there.stream(to("nothing"))


async def test_stream_that_breaks_off_raises_after_its_events_and_is_charged(inside) -> None:
    events: list[Any] = []
    async with inside(Answer(piece("a"), piece("b"))) as there:
        with pytest.raises(UpstreamTruncated):
            await there.hear(events)
        row = await there.row()

    assert texts(events) == ["a", "b"]
    assert (row.outcome, row.error, row.usage_source) == ("truncated", "upstream_truncated", UsageSource.ESTIMATED)
    assert row.usage.output == 2


async def test_error_that_the_provider_ends_a_stream_with_is_raised_in_its_words(inside) -> None:
    async with inside(Answer(piece("a"), BROKEN)) as there:
        with pytest.raises(UpstreamError, match=r"^overloaded$"):
            await there.stream()
        row = await there.row()

    assert row.outcome == "truncated"


async def test_connection_that_breaks_is_raised(inside) -> None:
    async with inside(Answer(piece("a"), UpstreamUnreachable("reset"))) as there:
        with pytest.raises(UpstreamUnreachable, match=r"^reset$"):
            await there.stream()


async def test_token_that_ends_cuts_a_stream(inside) -> None:
    answer = Answer(piece("a"), asyncio.Event())
    async with inside(answer, server={"cut_revoked_calls": True}) as there:
        streaming = asyncio.ensure_future(there.stream())
        await asyncio.wait_for(answer.waiting.wait(), 5)
        await there.gateway.tokens.revoke(there.outer.principal.id)
        with pytest.raises(TokenEnded):
            await asyncio.wait_for(streaming, 5)


@pytest.mark.parametrize("begun", [True, False])
async def test_stream_that_is_closed_early_is_settled_as_with_a_caller_who_left(inside, begun) -> None:
    answer = Answer(piece("one "), piece("two "), asyncio.Event())
    async with inside(answer, token={"budget": TokenBudget(10**9, "total")}) as there:
        events = there.gateway.asking.stream(there.outer, to())
        took = []
        async for each in events:
            took.append(each)
            if len(texts(took)) == 2 or (isinstance(each, Begin) and not begun):
                break
        await events.aclose()
        (row,) = await there.gateway.store.recent()
        (standing,) = (await there.gateway.store.budget_standings([f"token:{row.token_id}:total"])).values()

    assert (row.outcome, row.usage_source) == ("client_gone", UsageSource.ESTIMATED)
    assert row.cost == row.usage.input * 1_000 + row.usage.output * 2_000 > 0
    assert (standing.spent, standing.reserved) == (row.cost, 0)
    assert answer.closed == 1


class Tidying:
    """A policy that takes its time to put something in order."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []

    async def finish(self, call: Call, outcome: Outcome) -> None:
        for _ in range(50):
            await asyncio.sleep(0)
        self.outcomes.append(outcome)


async def test_stream_is_closed_once_policies_have_put_all_in_order(inside) -> None:
    policy = Tidying()
    async with inside(Answer(piece("one "), asyncio.Event()), plugins=(policy,)) as there:
        events = there.gateway.asking.stream(there.outer, to())
        await anext(events)
        await events.aclose()

        assert policy.outcomes == ["client_gone"]


async def test_stream_that_is_left_in_the_middle_of_a_loop_is_closed_by_the_event_loop(inside) -> None:
    answer = Answer(piece("one "), asyncio.Event())
    async with inside(answer) as there:
        async for _ in there.gateway.asking.stream(there.outer, to()):
            break
        await until(lambda: answer.closed == 1, "the end of the stream")
        assert (await there.row()).outcome == "client_gone"


async def test_stream_that_nobody_begins_asks_nothing(inside) -> None:
    async with inside() as there:
        await there.gateway.asking.stream(there.outer, to()).aclose()

        assert (there.script.sent, await there.rows()) == ([], [])


async def test_task_that_is_cancelled_while_it_waits_takes_the_question_with_it(inside) -> None:
    answer = Answer(piece("a"), asyncio.Event())
    async with inside(answer) as there:
        streaming = asyncio.ensure_future(there.stream())
        await asyncio.wait_for(answer.waiting.wait(), 5)

        streaming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await streaming
        row = await there.row()

    assert (answer.cancelled, answer.closed) == (True, 1)
    assert (row.outcome, row.usage.output) == ("client_gone", 1)


async def test_question_that_is_cancelled_at_once_asks_nobody(inside) -> None:
    async with inside() as there:
        streaming = asyncio.ensure_future(there.stream())
        asyncio.get_running_loop().call_soon(streaming.cancel)
        with pytest.raises(asyncio.CancelledError):
            await streaming

        assert (there.script.sent, await there.rows()) == ([], [])


async def test_provider_waits_for_who_takes_nothing(inside) -> None:
    answer = Answer(*[piece(str(n)) for n in range(100)], *ENDING)
    async with inside(answer) as there:
        events = there.gateway.asking.stream(there.outer, to())
        await anext(events)
        for _ in range(300):
            await asyncio.sleep(0)
        left = len(answer.parts)
        rest = [each async for each in events]

    assert 100 - AHEAD - 2 <= left <= 100
    assert texts(rest) == [str(n) for n in range(100)]


async def test_silence_is_passed_on_as_signs_of_life(inside) -> None:
    said = asyncio.Event()
    upstream = {"keep_alive_s": 0.1}
    async with inside((said, Answer(piece("a"), *ENDING)), upstream=upstream) as there:
        events = there.gateway.asking.stream(there.outer, to())
        first = await asyncio.wait_for(anext(events), 5)
        said.set()
        rest = [each async for each in events]

    assert first == Ping()
    assert texts(rest) == ["a"]
    assert rest[-1].cost == COST


async def test_refusal_behind_a_sign_of_life_is_raised_in_the_providers_words(inside) -> None:
    said = asyncio.Event()
    refusal = whole(b'{"error":{"message":"too bad","code":"mine"}}', 429)
    async with inside((said, refusal), upstream={"keep_alive_s": 0.1}) as there:
        events = there.gateway.asking.stream(there.outer, to())
        assert await asyncio.wait_for(anext(events), 5) == Ping()
        said.set()
        with pytest.raises(RateLimited, match=r"^too bad$") as refused:
            [each async for each in events]

    assert refused.value.code == "mine"


class Meddling(Layer):
    """A layer outside the translation, which sees canonical events."""

    name: ClassVar[str] = "meddling"
    after: ClassVar[str] = "meter"
    instead: ClassVar[bytes] = b""

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        return [self.instead] if chunk and b'"end"' in chunk else [chunk]


class Meddles:
    @hookimpl
    def register_layers(self, register: Callable[[type[Layer]], None]) -> None:
        register(Meddling)


async def test_end_that_a_layer_swallowed_is_missed(inside) -> None:
    async with inside(Answer(piece("a"), *ENDING), plugins=(Meddles(),)) as there:
        with pytest.raises(UpstreamTruncated):
            await there.stream()


async def test_event_that_a_layer_spoiled_is_an_error_and_the_question_is_left(inside, monkeypatch) -> None:
    monkeypatch.setattr(Meddling, "instead", b"data: nonsense\n\n")
    async with inside(Answer(piece("a"), *ENDING), plugins=(Meddles(),)) as there:
        with pytest.raises(UpstreamError, match="an event of the answer"):
            await there.stream()
        assert len(await there.rows()) == 1


async def test_usage_that_comes_with_an_empty_list_of_choices_is_an_event(inside) -> None:
    async with inside(Answer(piece("a"), event(choices=[]), *ENDING)) as there:
        assert (await there.stream())[-1].usage == Usage(input=30, output=5)
