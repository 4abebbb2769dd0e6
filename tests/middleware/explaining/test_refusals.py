"""Each kind of refusal: the explanation, and the call right after, say the same; nothing is left between the two."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from tests.middleware.explaining.conftest import CONFIG, chat, explained, made

from tollbridge.administering import TokenChange
from tollbridge.explaining import Asked, Decided
from tollbridge.explaining.service import READING
from tollbridge.limits.limiter import Lease
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import TokenBudget, TokenLimits

CENT = 10_000_000
HOUR = timedelta(hours=1)
ALL = ("ai:*", "model:*")
SMALL = Asked(body=chat("small", max_tokens=100), client="127.0.0.1")

Then = Callable[[GatewayUnderTest, str, str, str], Awaitable[object]]
"""What is done to a token before it calls: given the gateway, the token, its parent and its secret."""


async def nothing(*_: object) -> None:
    pass


async def an_hour_passes(gw: GatewayUnderTest, *_: object) -> None:
    gw.clock.advance(HOUR.total_seconds())


async def a_day_passes(gw: GatewayUnderTest, *_: object) -> None:
    gw.clock.advance(86_400)


def ended(how: str, *, above: bool = False) -> Then:
    async def end(gw: GatewayUnderTest, id: str, parent: str, secret: str) -> None:
        await getattr(gw.gateway.tokens, how)(parent if above else id)

    return end


def called(asked: Asked = SMALL, times: int = 1) -> Then:
    async def call(gw: GatewayUnderTest, id: str, parent: str, secret: str) -> None:
        for _ in range(times):
            await made(gw, secret, asked)

    return call


async def another_runs(gw: GatewayUnderTest, id: str, *_: object) -> None:
    assert gw.gateway.limiter.take_now((), Lease(id, 1), "req_running") is not None


@dataclass(frozen=True)
class Case:
    """A token, with one above it, that calls; and what it meets: layer, status and code, none where it crosses."""

    met: tuple[str, int, str] | None
    own: dict[str, Any] = field(default_factory=dict)
    above: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    asked: Asked = SMALL
    then: Then = nothing


UNKNOWN = ("authenticate", 401, "invalid_api_key")
LACKS = ("authorize", 403, "insufficient_scope")
FAST = ("limit", 429, "rate_limit_exceeded")
POOR = ("meter", 429, "insufficient_quota")
REFUSALS = {
    "nothing": Case(None),
    "scope": Case(LACKS, {"scopes": ("ai:embeddings", "model:*")}),
    "scope of the one above": Case(LACKS, above={"scopes": ("ai:chat", "model:two")}),
    "model": Case(LACKS, {"scopes": ("ai:*", "model:two")}),
    "unknown model": Case(("authorize", 404, "model_not_found"), asked=Asked(body=chat("nobody"), client="127.0.0.1")),
    "address": Case(("authenticate", 403, "token_not_here"), {"conditions": Conditions(("10.0.0.0/8",))}),
    "window": Case(("authenticate", 403, "token_not_now"), {"conditions": Conditions((), "sat,sun 00:00-24:00 UTC")}),
    "window of the one above": Case(
        ("authenticate", 403, "token_not_now"), above={"conditions": Conditions((), "sat,sun 00:00-24:00 UTC")}
    ),
    "expired": Case(UNKNOWN, {"expires_at": HOUR}, then=an_hour_passes),
    "expired above": Case(UNKNOWN, above={"expires_at": HOUR}, then=an_hour_passes),
    "secret ended": Case(UNKNOWN, {"rotate_days": 1}, then=a_day_passes),
    "disabled": Case(UNKNOWN, then=ended("disable")),
    "disabled above": Case(UNKNOWN, then=ended("disable", above=True)),
    "revoked": Case(UNKNOWN, then=ended("revoke")),
    "revoked above": Case(UNKNOWN, then=ended("revoke", above=True)),
    "canary": Case(UNKNOWN, {"canary": True}),
    "requests a minute": Case(FAST, {"limits": TokenLimits(1)}, then=called()),
    "requests a minute of the one above": Case(FAST, above={"limits": TokenLimits(1)}, then=called()),
    "tokens a minute": Case(FAST, {"limits": TokenLimits(None, 10)}, then=called()),
    "calls at once": Case(FAST, {"limits": TokenLimits(None, None, 1)}, then=another_runs),
    "limit of the bridge": Case(FAST, config={"limits": {"requests_per_minute": 1}}, then=called()),
    "budget": Case(POOR, {"budget": TokenBudget(CENT, "day")}),
    "budget that was spent": Case(POOR, {"budget": TokenBudget(10 * CENT, "day")}, then=called(times=3)),
    "budget of the one above": Case(POOR, above={"budget": TokenBudget(CENT, "total")}),
    "budget of the bridge": Case(POOR, config={"budgets": {"daily_usd": "0.01"}}),
    "model without a price": Case(
        ("meter", 403, "unpriced_model"),
        config={"budgets": {"unpriced": "refuse"}},
        asked=Asked(body=chat("unpriced"), client="127.0.0.1"),
    ),
    "body that is too large": Case(("reading", 413, "body_too_large"), config={"server": {"max_body_bytes": 50}}),
    "body that is no JSON": Case(("context", 400, "invalid_request"), asked=Asked(body=b"{", client="127.0.0.1")),
    "path that nobody serves": Case(
        ("dispatch", 404, "not_found"), {"scopes": ("service:*",)}, asked=Asked(method="GET", path="/nothing")
    ),
}


async def minted(gw: GatewayUnderTest, case: Case) -> tuple[str, str, str]:
    """Make the two tokens; gives the id of the lower one, of the one above, and the secret."""
    await gw.client()
    tokens = gw.gateway.tokens

    async def issue(wish: dict[str, Any], **more: Any) -> Any:
        ends = {"expires_at": gw.clock.now() + wish["expires_at"]} if "expires_at" in wish else {}
        return await tokens.issue(name="asked", **{"scopes": (*ALL, "service:*"), **wish, **ends, **more})

    # what the one above may not do is taken from it once the other is there
    scopes = case.above.get("scopes")
    above = await issue({**case.above, "scopes": (*ALL, "service:*")})
    minter = await gw.gateway.store.find_holder(above.token.id)
    own = await issue(case.own, minter=minter)
    if scopes is not None:
        await tokens.change(above.token.id, TokenChange(scopes=scopes))
    return own.token.id, above.token.id, own.secret


async def traces(gw: GatewayUnderTest, ids: tuple[str, str]) -> list[object]:
    """Give all that a call may leave behind."""
    store, day = gw.gateway.store, gw.clock.now().date()
    await store._open.upkeep.tidy()  # type: ignore[attr-defined]  # it writes the notes of use
    lines = [f"token:{id}:{period}" for id in ids for period in (day, f"{day:%Y-%m}", "total")]
    found = [await store.get_token(id) for id in ids]
    return [
        len(gw.sent),
        await store.recent(),
        await store.budget_standings([*lines, f"bridge:{day}"]),
        [(token.last_used_at, token.last_used_for) for token in found if token is not None],
        len(await store.follow_audit()),
        gw.gateway.limiter.size,  # type: ignore[attr-defined]  # that of this process
        gw.gateway.metrics.render("")[0],
    ]


@pytest.mark.parametrize("kind", REFUSALS)
async def test_explanation_is_what_the_call_right_after_meets(gateway: Any, kind: str) -> None:
    case = REFUSALS[kind]
    gw = gateway(CONFIG | case.config)
    id, above, secret = await minted(gw, case)
    await case.then(gw, id, above, secret)
    before = await traces(gw, (id, above))

    told = await explained(gw, id, case.asked)
    after = await traces(gw, (id, above))
    reply = await made(gw, secret, case.asked)

    assert after == before
    refusal = told.refusal
    assert told.crosses is (refusal is None)
    assert (None if refusal is None else (refusal.layer, refusal.status, refusal.code)) == case.met
    if refusal is not None:
        assert (reply.status_code, reply.json()["error"]["message"]) == (refusal.status, refusal.message)
        assert refusal.change
        said = [each.decided for each in told.findings]
        behind = said[said.index(Decided.REFUSES) + 1 :] if refusal.layer != READING else []
        assert set(behind) <= {Decided.NOT_REACHED}
    else:
        assert reply.status_code == 200
    assert (await traces(gw, (id, above)) == before) is False
