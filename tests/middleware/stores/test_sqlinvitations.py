"""Invitations on SQLite beside their contract: two workers, and how many there may be."""

from pathlib import Path

import pytest
from tests.support.joining import one_joins

from tollbridge.errors import BadRequest
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.invitation_contract import invited
from tollbridge.testing.member_contract import teams
from tollbridge.testing.samples import ACT


async def test_of_two_workers_who_accept_at_once_one_does(path: Path, clock: FixedClock) -> None:
    one, other = SqliteStore(path, clock), SqliteStore(path, clock)
    for store in (one, other):
        await store.open()

    await one_joins(one, other, clock)

    for store in (one, other):
        await store.close()


async def test_team_has_so_many_open_invitations_and_no_more(
    path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tollbridge.stores.sqlinvitations.MOST_OPEN", 2)
    store = SqliteStore(path, clock)
    await store.open()
    await teams(store)
    people = await store.people()
    for number in (1, 2):
        await people.add_invitation(invited(number, digest=bytes([number]) * 32), ACT)

    with pytest.raises(BadRequest, match="at most 2 open invitations"):
        await people.add_invitation(invited(3, digest=b"3" * 32), ACT)
    await people.withdraw_invitation("blue", "inv_1_blue", ACT)
    await people.add_invitation(invited(3, digest=b"3" * 32), ACT)

    await store.close()
