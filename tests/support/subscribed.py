"""What subscriptions let an application do, on a store that subclasses name."""

import asyncio
import json

import pytest
from msgspec.structs import replace

from tollbridge.applications.model import Application, ApplicationChange
from tollbridge.errors import BadRequest
from tollbridge.services.subscribing import SubscriptionState
from tollbridge.stores.base import Store
from tollbridge.stores.sqlapplications import MOST_GIVEN, MOST_SUBSCRIBED, grant_scopes, withdraw_scopes
from tollbridge.testing.application_contract import working
from tollbridge.testing.people_samples import actions
from tollbridge.testing.samples import ACT, NOON, found
from tollbridge.testing.subscription_contract import ASKED, ready
from tollbridge.tokens.model import TokenState

SHOP, BANK = "service:shop:*", "service:bank:*"


async def granted(store: Store, *scopes: str, id: str = "app_1") -> Application | None:
    """Let an application do something, as the store of subscriptions does."""
    sql = await store._sql()  # type: ignore[attr-defined]  # no store of any kind offers a turn
    async with sql.applications._turns.take() as writing:
        return await grant_scopes(writing, id, scopes, ACT)


async def withdrawn(store: Store, *scopes: str, id: str = "app_1") -> Application | None:
    """Take it away from an application again."""
    sql = await store._sql()  # type: ignore[attr-defined]  # as above
    async with sql.applications._turns.take() as writing:
        return await withdraw_scopes(writing, id, scopes, ACT)


async def calls(store: Store) -> list[bool]:
    """Say of the shop and the bank whether the application's first token and that two below it may call it."""
    principals = [await found(store, number) for number in (1, 3)]
    return [f"service:{name}:get" in each.scopes for each in principals for name in ("shop", "bank")]


class ScopesOfSubscriptions:
    """Tests of what subscriptions give and take away."""

    async def test_subscription_opens_for_tokens_that_were_there_and_closes_again(self, store: Store) -> None:
        await working(store, "ai:chat")
        before = await actions(store)

        opened = await granted(store, SHOP)

        assert opened is not None
        assert (opened.scopes, opened.subscribed, opened.holds) == (("ai:chat",), (SHOP,), ("ai:chat", SHOP))
        assert await calls(store) == [True, False, True, False]
        assert (await actions(store))[len(before) :] == ["application.subscribe app_1"]
        record = (await store.list_audit(limit=1))[0]
        assert [json.loads(side) for side in (record.before, record.after)] == [
            *({"scopes": "ai:chat"}, {"scopes": f"ai:chat {SHOP}"})
        ]
        closed = await withdrawn(store, SHOP, BANK)
        assert closed is not None
        assert (closed.scopes, closed.subscribed) == (("ai:chat",), ())
        assert await calls(store) == [False, False, False, False]

    async def test_what_is_there_already_and_what_is_not_there_changes_nothing(self, store: Store) -> None:
        await working(store)
        first = await granted(store, SHOP)
        before = await actions(store)

        assert await granted(store, SHOP) == first
        assert await withdrawn(store, BANK) == first
        for id in ("app_2", "tok_1", "team_blue"):
            assert await granted(store, SHOP, id=id) is None
            assert await withdrawn(store, SHOP, id=id) is None
        assert await actions(store) == before

    async def test_what_somebody_gave_stays_when_a_subscription_ends_and_the_other_way_round(
        self, store: Store
    ) -> None:
        await working(store, SHOP)
        applications = await store.applications()
        before = await actions(store)

        await granted(store, SHOP)
        assert await actions(store) == before  # it may as much as it could
        assert await withdrawn(store, SHOP) is not None
        assert await calls(store) == [True, False, True, False]
        await granted(store, BANK, SHOP)
        changed = await applications.change_application("app_1", ApplicationChange(scopes=()), ACT)

        assert changed is not None
        assert (changed.scopes, changed.subscribed) == ((), (BANK, SHOP))
        assert await calls(store) == [True, True, True, True]

    async def test_application_that_has_ended_gets_nothing_and_may_lose_it(self, store: Store) -> None:
        await working(store)
        await granted(store, SHOP)
        applications = await store.applications()
        await applications.end_application("app_1", ACT)
        before = await actions(store)

        with pytest.raises(BadRequest, match="has ended"):
            await granted(store, BANK)
        left = await withdrawn(store, SHOP)

        assert left is not None
        assert (left.state, left.subscribed) == (TokenState.REVOKED, ())
        assert await actions(store) == before

    async def test_application_has_so_many_scopes_of_subscriptions_and_no_more(self, store: Store) -> None:
        await working(store)
        many = [f"service:s{number}:*" for number in range(MOST_SUBSCRIBED)]

        full = await granted(store, *many)

        assert full is not None
        assert len(full.subscribed) == MOST_SUBSCRIBED
        with pytest.raises(BadRequest, match=r"more than 500 scopes of subscriptions$") as caught:
            await granted(store, SHOP)
        assert caught.value.status == 409
        assert (await found(store, 3)).scopes.lacking(many) == ()

    async def test_application_keeps_room_for_what_it_asks_for_whatever_it_is_given(self, store: Store) -> None:
        subscriptions = await ready(store)
        await granted(store, *(f"service:s{number}:*" for number in range(MOST_GIVEN)))
        given = replace(ASKED, state=SubscriptionState.APPROVED, decided_by=ASKED.asked_by, decided_at=NOON)

        with pytest.raises(BadRequest, match="it can ask for this one itself") as caught:
            await subscriptions.subscribe(given, ACT)

        assert caught.value.status == 409
        assert await subscriptions.list_subscriptions() == []
        at_once = replace(given, decided_by="gateway")
        assert await subscriptions.subscribe(at_once, ACT) == at_once

    async def test_subscriptions_and_changes_at_the_same_time_lose_nothing(self, store: Store) -> None:
        await working(store)
        applications = await store.applications()

        await asyncio.gather(
            granted(store, SHOP),
            applications.change_application("app_1", ApplicationChange(scopes=("ai:*",)), ACT),
            applications.transfer_application("app_1", "red", ACT),
            granted(store, BANK),
        )

        application = await applications.get_application("app_1")
        assert application is not None
        assert (application.scopes, set(application.subscribed)) == (("ai:*",), {SHOP, BANK})
        assert await calls(store) == [True] * 4
