"""Numbers of tokens are the lengths of the lists of tokens in each state and view, over random tokens."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from tollbridge.metering.budgets import PERIODS, budget_id
from tollbridge.stores.admin import SqlAdmin
from tollbridge.stores.base import TokenView
from tollbridge.stores.engine import sqlite_engine
from tollbridge.stores.rows import micros
from tollbridge.stores.tables import budget, token
from tollbridge.testing.samples import NOON
from tollbridge.tokens.model import TokenBudget, TokenKind, TokenState

DAY = timedelta(days=1)
FIELDS = {
    TokenState.ACTIVE: "active",
    TokenView.ENDING: "expiring",
    TokenState.REVOKED: "revoked",
    TokenState.EXPIRED: "expired",
    TokenView.NEAR_BUDGET: "near_budget",
    TokenView.OVER_BUDGET: "over_budget",
    TokenState.DISABLED: "disabled",
    TokenView.UNUSED: "unused",
}

days = st.none() | st.sampled_from([-200, -90, -1, 0, 1, 6, 7, 8, 200])
tokens = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from([TokenKind.BEARER, TokenKind.ACCESS, *TokenKind]),
            "team": st.sampled_from(["", "blue"]),
            "expires_at": days,
            "revoked_at": st.none() | st.none() | st.just(-1),
            "disabled_at": st.none() | st.none() | st.just(-1),
            "last_used_at": st.none() | st.sampled_from([-91, -90, -89]),
            "created_at": st.sampled_from([-200, -90, -1]),
            "budget_amount": st.none() | st.sampled_from([0, 9, 100]),
            "budget_period": st.sampled_from(PERIODS),
            "spent": st.dictionaries(st.sampled_from(PERIODS), st.sampled_from([0, 8, 9, 89, 90, 99, 100])),
        }
    ),
    max_size=25,
)
defaults = st.lists(st.builds(TokenBudget, st.sampled_from([0, 9, 100]), st.sampled_from(PERIODS)), max_size=2)
TIMES = ("expires_at", "revoked_at", "disabled_at", "last_used_at", "created_at")


@pytest.fixture
async def engine(path):
    made = sqlite_engine(path)
    yield made
    await made.dispose()


async def lay(engine, made):
    async with engine.begin() as connection:
        await connection.execute(delete(token))
        await connection.execute(delete(budget))
        for number, one in enumerate(made):
            values = dict(one)
            spent, id = values.pop("spent"), f"tok_{number:02}"
            values |= {name: None if values[name] is None else micros(NOON + values[name] * DAY) for name in TIMES}
            told = {"name": id, "owner": "", "scopes": "", "hint": ""}
            await connection.execute(insert(token).values(id=id, **told, **values))
            for period, sum in spent.items():
                line = budget_id(f"token:{id}", period, NOON.date())
                await connection.execute(insert(budget).values(id=line, spent=sum, reserved=0))


@given(tokens, defaults, st.sampled_from(["", "blue"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_numbers_are_the_lengths_of_the_lists(engine, clock, made, budgets, team):
    await lay(engine, made)
    store = SqlAdmin(engine, clock)

    counts = await store.count_tokens(budgets=budgets, team=team)

    lists = {state: await store.list_tokens(state=state, budgets=budgets, team=team) for state in FIELDS}
    assert {name: getattr(counts, name) for name in FIELDS.values()} == {
        FIELDS[state]: len(found) for state, found in lists.items()
    }
    for state in (TokenState.ACTIVE, TokenState.REVOKED, TokenState.EXPIRED, TokenState.DISABLED):
        assert {one.state for one in lists[state]} <= {state}
    assert sum(len(lists[state]) for state in TokenState) == len(await store.list_tokens(team=team))
