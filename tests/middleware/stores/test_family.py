"""Bounds that are written anew below a token that changed."""

from dataclasses import replace

from tollbridge.stores.changes import TokenChange
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing.samples import ACT, TOKEN, child


async def test_what_stands_below_two_generations_keeps_what_was_found_of_it_last(path, clock, db):
    store = SqliteStore(path, clock)
    await store.open()
    await store.add_token(replace(TOKEN, scopes=("ai:*",)), ACT)
    await store.add_token(child(2, "tok_1", scopes=("ai:chat",)), ACT)
    await store.add_token(child(3, "tok_2", scopes=("ai:chat",)), ACT)
    await store.add_token(child(0, "tok_2", beside="tok_3", scopes=("ai:chat",)), ACT)  # looked at before tok_3
    before = await store.get_token("tok_0")
    db.execute("UPDATE token SET bounds = 'ai:rerank' WHERE id = 'tok_3'")

    await store.change_token("tok_1", TokenChange(tags=("again",)), ACT)

    after = await store.get_token("tok_0")
    assert before is not None
    assert after is not None
    assert after.bounds == before.bounds == ("ai:chat", "ai:*")
    await store.close()
