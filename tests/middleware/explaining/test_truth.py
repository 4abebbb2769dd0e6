"""What is explained is what a real call right after meets, to the code; and explaining leaves no trace."""

import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.middleware.explaining.conftest import CONFIG, MODELS, NoTools, Watched, chat, explained, made

from tollbridge.explaining import Asked, Decided
from tollbridge.testing import FixedClock, GatewayUnderTest
from tollbridge.testing.gateway import NOON, make_gateway
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import TokenBudget, TokenLimits

CENT = 10_000_000
SCOPES = ("ai:*", "ai:chat", "model:*", "model:small", "model:two", "service:*", "service:app:GET:/orders")
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "bounded": {
        "budgets": {"daily_usd": "30", "token_monthly_usd": "0.5", "unpriced": "guard"},
        "limits": {"requests_per_minute": 4, "tokens_per_minute": 9000, "concurrency": 3},
        "upstream": {"strict": True},
    },
    "refusing": {"budgets": {"unpriced": "refuse"}, "service": {"price_per_call": "0.01", "public": ["/open*"]}},
}


def mostly(usual: Any, other: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give what lets calls cross four times of five: what refuses first hides all behind it."""
    return st.integers(0, 4).flatmap(lambda die: other if die == 4 else st.just(usual))


EVERYTHING = ["ai:*", "model:*", "service:*"]
limits = st.builds(
    TokenLimits,
    requests_per_minute=mostly(None, st.sampled_from([0, 1, 3])),
    tokens_per_minute=mostly(None, st.sampled_from([100, 5_000])),
    concurrency=mostly(None, st.sampled_from([0, 2])),
)
budgets = mostly(
    None, st.builds(TokenBudget, st.sampled_from([0, CENT, 100 * CENT]), st.sampled_from(["day", "total"]))
)
conditions = st.builds(
    Conditions,
    st.sampled_from([(), ("127.0.0.1/32",), ("10.0.0.0/8",)]),
    st.sampled_from(["", "mon-fri 08:00-18:00 UTC", "sat,sun 00:00-24:00 UTC"]),
)
tokens = st.fixed_dictionaries(
    {
        "scopes": mostly(EVERYTHING, st.lists(st.sampled_from(SCOPES), min_size=1, max_size=4, unique=True)),
        "limits": limits,
        "budget": budgets,
        "conditions": mostly(Conditions(), conditions),
        "canary": st.integers(0, 19).map(lambda die: die == 19),
    }
)
ends = mostly("live", st.sampled_from(["revoked", "disabled", "expired", "above disabled"]))
bodies = st.builds(
    chat,
    st.sampled_from([*MODELS, "nobody", "mock/other"]),
    max_tokens=st.sampled_from([1, 100, 10**12]),
    stream=st.booleans(),
)
odd = st.sampled_from([b"", b"{", b"[]", b'{"model": 1}', chat("small", tools=[]), chat("claude", logit_bias={"1": 2})])
PATHS = (
    *("/v1/models", "/v1/models/small", "/v1/models/nobody", "/orders", "/open/x", "/nothing", "/v1/responses/resp_1"),
    *("/a//b", "/v1/files", "/v1/chat/completions"),
)
requests = st.one_of(
    st.builds(Asked, body=bodies | odd, client=st.just("127.0.0.1")),
    st.builds(Asked, body=bodies, client=st.just("127.0.0.1"), path=st.just("/v1/messages")),
    st.builds(
        Asked,
        method=st.sampled_from(["GET", "GET", "GET", "POST", "DELETE"]),
        path=st.sampled_from(PATHS),
        client=st.just("127.0.0.1"),
    ),
)


@dataclass
class Bench:
    """One gateway on a loop of its own."""

    runner: asyncio.Runner
    gw: GatewayUnderTest
    watched: Watched


@pytest.fixture(params=CONFIGS, scope="module")
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    async def answer(_: Any) -> PlainTextResponse:
        return PlainTextResponse("ok")

    app = Starlette(routes=[Route("/orders", answer, methods=["GET", "POST"]), Route("/open/x", answer)])
    watched = Watched()
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOCK_KEY", "sk-upstream-secret")
        given_app = None if request.param == "plain" else app
        gw = make_gateway(
            CONFIG | CONFIGS[request.param],
            data=Path(folder),
            clock=FixedClock(NOON),
            plugins=(watched, NoTools()),
            app=given_app,
        )
        runner.run(gw.client())
        yield Bench(runner, gw, watched)
        runner.run(gw.close())


async def minted(gw: GatewayUnderTest, above: dict[str, Any], own: dict[str, Any], end: str) -> tuple[str, str]:
    """Make a token below another, and end it; gives its id and secret."""
    tokens = gw.gateway.tokens
    parent = await tokens.issue(name="above", **{**above, "canary": False})
    minter = await gw.gateway.store.find_holder(parent.token.id)
    assert minter is not None
    within = [scope for scope in own["scopes"] if not minter.scopes.lacking([scope])] or above["scopes"]
    expires = gw.clock.now() + timedelta(hours=1)
    issued = await tokens.issue(
        name="own", **{**own, "scopes": within}, minter=minter, expires_at=expires, rotate_days=0
    )
    id = issued.token.id
    if end == "revoked":
        await tokens.revoke(id)
    elif end == "disabled":
        await tokens.disable(id)
    elif end == "above disabled":
        await tokens.disable(parent.token.id)
    elif end == "expired":
        gw.clock.advance(3600)
    return id, issued.secret


@settings(max_examples=60)
@given(above=tokens, own=tokens, end=ends, asked=st.lists(requests, min_size=1, max_size=6))
def test_explanation_says_what_the_call_right_after_meets(
    bench: Bench, above: dict[str, Any], own: dict[str, Any], end: str, asked: list[Asked]
) -> None:
    gw = bench.gw

    async def compare() -> None:
        id, secret = await minted(gw, above, own, end)
        for one in asked:
            told = await explained(gw, id, one)
            again = await explained(gw, id, one)
            await made(gw, secret, one)
            await asyncio.sleep(0)  # calls are wound up in the next turn

            code = bench.watched.last()
            assert (told.crosses, told.refusal.code if told.refusal else "") == (not code, code)
            assert [(each.layer, each.decided) for each in again.findings] == [
                (each.layer, each.decided) for each in told.findings
            ]
            refusing = [each.layer for each in told.findings if each.decided is Decided.REFUSES]
            assert refusing == ([told.refusal.layer] if told.refusal else [])
            event(f"{told.refusal.layer}: {code}" if told.refusal else "crosses")

    bench.runner.run(compare())
