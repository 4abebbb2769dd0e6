"""How fast."""

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from tollbridge.call import Estimate, open_call
from tollbridge.clock import SystemClock
from tollbridge.errors import Denied, RateLimited
from tollbridge.layers.limit import Limit
from tollbridge.limits.memory import MemoryLimiter
from tollbridge.stores.changes import TokenChange
from tollbridge.testing import FixedClock
from tollbridge.tokens.model import TokenBudget, TokenLimits


async def test_call_over_the_request_limit_is_refused_until_there_is_room(mock) -> None:
    gw = mock(limits={"requests_per_minute": 2})
    token = await gw.token()

    statuses = [(await gw.chat("gpt-4o-mini", token=token)).status_code for _ in range(3)]
    refused = await gw.chat("gpt-4o-mini", token=token)
    gw.clock.advance(int(refused.headers["retry-after"]))
    later = await gw.chat("gpt-4o-mini", token=token)

    assert statuses == [200, 200, 429]
    assert refused.json()["error"]["code"] == "rate_limit_exceeded"
    assert "x-should-retry" not in refused.headers
    assert later.status_code == 200


async def test_limit_headers_are_on_every_answer(mock) -> None:
    gw = mock(limits={"requests_per_minute": 60})

    reply = await gw.chat("gpt-4o-mini")

    assert reply.headers["x-ratelimit-limit-requests"] == "60"
    assert reply.headers["x-ratelimit-remaining-requests"] == "59"
    assert reply.headers["ratelimit-policy"].startswith('"requests";q=60;w=60')
    assert reply.headers["ratelimit"].startswith('"requests";r=59')


async def test_a_tokens_own_limit_goes_before_the_default(mock) -> None:
    gw = mock(limits={"requests_per_minute": 1})
    token = await gw.token(limits=TokenLimits(requests_per_minute=3))
    free = await gw.token(limits=TokenLimits(requests_per_minute=0))

    assert [(await gw.chat("small", token=token)).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert [(await gw.chat("small", token=free)).status_code for _ in range(4)] == [200, 200, 200, 200]


async def below(gw, parent: str, *limits: TokenLimits) -> list[str]:
    """Give the secrets of tokens that stand below another, one for each of some limits."""
    minter = await gw.gateway.tokens.identify(parent.encode())
    scopes = ("ai:*", "model:*", "service:*")
    return [
        (await gw.gateway.tokens.issue(name="b", scopes=scopes, limits=each, minter=minter)).secret for each in limits
    ]


async def test_token_and_all_below_it_share_its_limit(mock) -> None:
    gw = mock(limits={"requests_per_minute": 9})
    parent = await gw.token(limits=TokenLimits(requests_per_minute=4))
    slow, free = await below(gw, parent, TokenLimits(requests_per_minute=1), TokenLimits(requests_per_minute=0))

    replies = [await gw.chat("small", token=token) for token in (slow, slow, free, free, parent, parent, free)]

    assert [reply.status_code for reply in replies] == [200, 429, 200, 200, 200, 429, 429]
    assert [reply.headers["x-ratelimit-remaining-requests"] for reply in replies] == ["0", "0", "2", "1", "0", "0", "0"]
    assert replies[2].headers["ratelimit-policy"] == '"requests";q=4;w=60'


async def test_model_call_takes_the_tokens_of_all_above_and_gives_back_what_it_did_not_use(mock) -> None:
    gw = mock(limits={"tokens_per_minute": 10_000})
    parent = await gw.token(limits=TokenLimits(tokens_per_minute=12_000))
    one, other = await below(gw, parent, TokenLimits(), TokenLimits())

    # Each call may use 8,088 tokens and uses 1,500: 12,000 are 2,412 in the second call and 912 in the third.
    replies = [await gw.chat("gpt-4o-mini", token=token, max_tokens=8000) for token in (one, parent, other)]
    refused = await gw.chat("gpt-4o-mini", token=other, max_tokens=8000)

    left = [reply.headers["x-ratelimit-remaining-tokens"] for reply in replies]
    assert left == ["1912", "2412", "912"]
    assert refused.status_code == 429
    assert refused.headers["x-ratelimit-limit-tokens"] == "12000"


async def test_limit_that_is_lowered_above_holds_below_at_once(mock) -> None:
    gw = mock()
    parent = await gw.token()
    (child,) = await below(gw, parent, TokenLimits())
    assert [(await gw.chat("small", token=child)).status_code for _ in range(3)] == [200, 200, 200]

    minter = await gw.gateway.tokens.identify(parent.encode())
    await gw.gateway.tokens.change(minter.id, TokenChange(limits=TokenLimits(requests_per_minute=1)))

    assert [(await gw.chat("small", token=child)).status_code for _ in range(2)] == [200, 429]


async def test_tokens_that_were_not_used_are_given_back(mock) -> None:
    gw = mock(limits={"tokens_per_minute": 10_000})
    token = await gw.token()

    # Each call may use 8,088 tokens (its 88 bytes and 8,000), and uses 1,500: after two of them 7,000 are left.
    replies = [await gw.chat("gpt-4o-mini", token=token, max_tokens=8000) for _ in range(3)]

    assert [reply.status_code for reply in replies] == [200, 200, 429]
    gw.clock.advance(12)  # 10,000 a minute are 2,000 in 12 s
    assert (await gw.chat("gpt-4o-mini", token=token, max_tokens=8000)).status_code == 200


async def test_single_call_above_the_token_limit_passes_an_idle_token(mock) -> None:
    gw = mock(limits={"tokens_per_minute": 100})

    assert (await gw.chat("gpt-4o-mini", max_tokens=5000)).status_code == 200


async def test_calls_at_once_below_a_token_are_its_own(mock) -> None:
    held, begun = asyncio.Event(), asyncio.Event()

    async def app(scope, receive, send) -> None:
        begun.set()
        await held.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gw = mock(app=app, limits={"concurrency": 5})
    parent = await gw.token(limits=TokenLimits(concurrency=1))
    one, other = await below(gw, parent, TokenLimits(), TokenLimits(concurrency=2))
    first = asyncio.create_task(gw.request("GET", "/x", token=one))
    await begun.wait()

    refused = [await gw.request("GET", "/x", token=token) for token in (other, parent, one)]
    held.set()

    assert (await first).status_code == 204
    assert [reply.status_code for reply in refused] == [429, 429, 429]
    assert (await gw.request("GET", "/x", token=other)).status_code == 204


async def test_calls_at_once_are_limited_and_freed(mock) -> None:
    held = asyncio.Event()
    begun = asyncio.Event()

    async def app(scope, receive, send) -> None:
        begun.set()
        await held.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    gw = mock(app=app, limits={"concurrency": 1})
    token = await gw.token()
    first = asyncio.create_task(gw.request("GET", "/x", token=token))
    await begun.wait()

    second = await gw.request("GET", "/x", token=token)
    held.set()

    assert (await first).status_code == 204
    assert second.status_code == 429
    assert (await gw.request("GET", "/x", token=token)).status_code == 204


class Closed:
    """Refuses every call."""

    async def body(self, call) -> None:
        raise Denied("closed")


@pytest.mark.parametrize("by", ["policy", "budget", "concurrency"])
async def test_call_refused_by_anything_else_takes_nothing_of_the_limits(mock, by) -> None:
    plugins = (Closed(),) if by == "policy" else ()
    gw = mock(limits={"requests_per_minute": 5, "tokens_per_minute": 100_000}, plugins=plugins)
    budget = TokenBudget(1) if by == "budget" else None
    token = await gw.token(budget=budget, limits=TokenLimits(concurrency=1) if by == "concurrency" else TokenLimits())
    await gw.client()
    principal = (await gw.gateway.store.list_tokens())[0]
    if by == "concurrency":
        from tollbridge.limits.limiter import Lease

        await gw.gateway.limiter.take((), Lease(principal.id, 1), "somebody")

    refused = [await gw.chat("gpt-4o-mini", token=token) for _ in range(8)]

    assert {reply.status_code for reply in refused} <= {403, 429}
    codes = {reply.json()["error"]["code"] for reply in refused}
    expected = {"policy": {"denied"}, "budget": {"insufficient_quota"}, "concurrency": {"rate_limit_exceeded"}}
    assert codes == expected[by]
    if by == "concurrency":
        assert all("concurren" in reply.json()["error"]["message"] or "at once" in reply.text for reply in refused)


async def test_exhausted_token_is_refused_before_a_large_body_is_read(mock) -> None:
    gw = mock(limits={"requests_per_minute": 1})
    token = await gw.token()
    await gw.chat("small", token=token)

    reply = await gw.request("POST", "/v1/chat/completions", token=token, content=b"not even json" * 10_000)

    assert reply.status_code == 429


async def test_only_so_many_kinds_of_limits_are_remembered(mock, monkeypatch) -> None:
    monkeypatch.setattr("tollbridge.layers.limit._MOST_KNOWN", 2)
    gw = mock(limits={"requests_per_minute": 100})

    for number in range(1, 6):
        token = await gw.token(limits=TokenLimits(requests_per_minute=number))
        reply = await gw.chat("small", token=token)
        assert reply.headers["x-ratelimit-limit-requests"] == str(number)


class Asking(MemoryLimiter):
    """Knows nothing without asking."""

    def take_now(self, demands, lease, holder) -> None:
        return None

    async def take(self, demands, lease, holder):
        await asyncio.sleep(0)
        return super().take_now(demands, lease, holder)


async def test_limiter_that_has_to_ask_somebody_is_waited_for() -> None:
    limiter = Asking(SystemClock())
    sent = []

    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message) -> None:
        sent.append(message)

    layer = Limit(app, limiter=limiter, defaults=TokenLimits(requests_per_minute=1))
    for _ in range(2):
        await layer({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)

    assert [message["status"] for message in sent if "status" in message] == [204, 429]


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    pass


async def test_anonymous_caller_uses_up_no_limit_but_that_of_its_own_address() -> None:
    clock = FixedClock()
    limit = Limit(nothing, limiter=MemoryLimiter(clock), defaults=TokenLimits(1, 0, 0), clock=clock)

    async def call(client: str) -> bool:
        scope = {"type": "http", "path": "/open", "headers": [], "client": (client, 1) if client else None}
        try:
            limit.body(open_call(scope, clock))
        except RateLimited:
            return False
        return True

    assert [await call("192.0.2.1") for _ in range(3)] == [True, False, False]
    assert [await call(client) for client in ("192.0.2.2", "2001:db8::1", "")] == [True, True, True]
    assert [await call(client) for client in ("192.0.2.2", "2001:db8::2", "")] == [False, False, False]
    clock.advance(60)
    assert await call("192.0.2.1")


async def test_memory_of_anonymous_callers_follows_those_who_still_limit_anything() -> None:
    clock = FixedClock()
    limiter = MemoryLimiter(clock)
    limit = Limit(nothing, limiter=limiter, defaults=TokenLimits(60, 0, 0), clock=clock)

    for number in range(5_000):
        scope = {"type": "http", "path": "/open", "headers": [], "client": (f"10.0.{number // 250}.{number % 250}", 1)}
        limit.body(open_call(scope, clock))
        clock.advance(0.01)

    # Each call is back after a second, so 100 addresses still count; the shelf keeps about twice what is in use.
    assert limiter.size < 400
    assert len(limit._in_force) <= 1024


async def test_calls_made_for_others_take_tokens_alone() -> None:
    limiter = MemoryLimiter(FixedClock())
    limits = TokenLimits(requests_per_minute=1, tokens_per_minute=100, concurrency=1)
    options = {"limiter": limiter, "defaults": limits}
    outer, inner = Limit(nothing, **options), Limit(nothing, **options, tokens_only=True)
    scope = {"type": "http", "path": "/", "headers": [], "client": ("192.0.2.1", 1)}
    outer.body(open_call(scope, SystemClock()))

    for _ in range(2):
        call = open_call(scope, SystemClock())
        call.estimate = Estimate(30, 20)
        inner.body(call)
        assert [(demand.rate.name, demand.cost) for demand in call.grant.demands] == [("tokens", 50)]
        assert call.grant.lease is None

    with pytest.raises(RateLimited, match="tokens"):
        inner.body(call)
