"""A token and all above it."""

from dataclasses import replace
from typing import Any

from tollbridge.explaining.family import Family
from tollbridge.testing.samples import ACT, TOKEN, child
from tollbridge.tokens.lineage import lineage


async def test_those_above_what_stands_below_two_are_all_found_once_and_the_nearest_first(gateway: Any) -> None:
    gw = gateway({})
    await gw.client()
    store = gw.gateway.store
    await store.add_token(replace(TOKEN, scopes=("ai:*",)), ACT)
    for number in (2, 3):
        await store.add_token(child(number, "tok_1", scopes=("ai:chat",)), ACT)
    await store.add_token(child(4, "tok_2", beside="tok_3", scopes=("ai:chat",)), ACT)

    found = await lineage(store, "tok_4")

    assert [token.id for token in found] == ["tok_4", "tok_2", "tok_3", "tok_1"]
    assert await lineage(store, "tok_none") == ()
    assert (await Family.of(store, "tok_4")).tokens == found
