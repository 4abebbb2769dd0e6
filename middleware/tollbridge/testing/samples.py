"""Tokens, budgets, reservations and usage rows with every field set; tests `replace` what they are about."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace as replaced
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from tollbridge.audit import Act, Actor
from tollbridge.errors import BudgetExceeded
from tollbridge.metering.ledger import BudgetLine, Reservation, UsageRow
from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewToken
from tollbridge.tokens.model import Principal, TokenBudget, TokenKind, TokenLimits, TokenState

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
BRIDGE = BudgetLine("bridge:2026-01", 1_000, "the bridge's budget for this month")
OWN = BudgetLine("token:tok_1:2026-01", 500, "this token's budget for this month")
QUOTA = BudgetLine("calls:sub_1:2026-01-05", 2, "the subscription's quota for this day", NOON.timestamp() + 43_200)

ROW = UsageRow(
    call_id="req_1",
    at=NOON,
    token_id="tok_1",
    team="blue",
    service="models",
    operation="ai:chat",
    dialect="openai-chat",
    provider="openai",
    model="small",
    model_used="gpt-4o-mini",
    outcome="complete",
    status=200,
    error="",
    stream=True,
    usage=Usage(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
    usage_source=UsageSource.PROVIDER,
    cost=100,
    price_id="openai/gpt-4o-mini@2026-01-01",
    duration_ms=1_200,
    first_byte_ms=300,
    bytes_in=11,
    bytes_out=22,
)

TOKEN = NewToken(
    id="tok_1",
    name="reporting job",
    digest=b"1" * 32,
    hint="tb_abcd",
    pepper_id="1",
    scopes=("ai:chat", "model:gpt-*"),
    created_at=NOON,
    kind=TokenKind.SECRET,
    owner="ada",
    team="blue",
    expires_at=NOON + timedelta(days=30),
    limits=TokenLimits(60, 10_000, 5),
    budget=TokenBudget(5_000_000_000, "day"),
)


ACT = Act(Actor("ada", "cli", "192.0.2.1", "req_1"), NOON, b"k" * 32)


def act(at: datetime) -> Act:
    """Make an act of another time."""
    return Act(ACT.actor, at, ACT.key)


def reservation(call_id: str, amount: int, *budgets: BudgetLine, ttl_s: float = 60.0) -> Reservation:
    """Make a reservation of `tok_1` that expires so many seconds after noon."""
    return Reservation(call_id, "tok_1", amount, budgets, NOON.timestamp() + ttl_s)


async def room(store: Store, line: BudgetLine, amount: int) -> bool:
    """Whether a budget has room for exactly so much: this fits and one more does not."""
    probe = f"probe_{os.urandom(8).hex()}"
    (result,) = await asyncio.gather(
        store.reserve(reservation(f"{probe}_more", amount + 1, line)), return_exceptions=True
    )
    await store.reserve(reservation(probe, amount, line))
    await store.settle(replace(ROW, call_id=probe, cost=0))
    return isinstance(result, BudgetExceeded)


async def sample_key() -> bytes:
    """Give the key of `ACT`."""
    return ACT.key


def child(number: int, parent: str, **values: object) -> NewToken:
    """Make a token above which another stands; its digest is its number, 32 times."""
    base = replaced(TOKEN, id=f"tok_{number}", digest=b"%d" % number * 32, parent=parent, expires_at=None)
    return replaced(base, **values)  # type: ignore[arg-type]  # fields by their names


async def found(store: Store, number: int) -> Principal:
    """Give who shows the secret of a number."""
    principal = await store.find_principal(b"%d" % number * 32)
    assert principal is not None
    return principal


async def opening(store: Store, numbers: Sequence[int] = range(1, 6)) -> list[int]:
    """Give those of the secrets that open."""
    return [number for number in numbers if await store.find_principal(b"%d" % number * 32) is not None]


async def states(store: Store) -> dict[str, TokenState]:
    """Give the state of each token, by its id."""
    return {token.id: token.state for token in await store.list_tokens()}
