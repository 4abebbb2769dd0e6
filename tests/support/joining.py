"""Two workers whose people accept one invitation at once."""

import asyncio

from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST

from tollbridge.audit import Actor
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest
from tollbridge.people.model import InvitationState, Member
from tollbridge.people.passwords import Passwords
from tollbridge.people.service import People
from tollbridge.stores.base import Store
from tollbridge.testing.samples import sample_key
from tollbridge.tokens.peppers import OnePepper
from tollbridge.tokens.service import TokenService

TRIES = 5
GOOD = "correct horse battery"


def people_of(store: Store, clock: Clock) -> People:
    """Give what administers people by a store, with passwords that cost nothing."""
    tokens = TokenService(store, store, OnePepper(b"p" * 32), clock, audit_key=sample_key, teams=store.people)
    return People(store, tokens, clock, passwords=Passwords(PasswordHasher.from_parameters(CHEAPEST)))


async def one_joins(one: Store, other: Store, clock: Clock) -> None:
    """Have an invitation accepted by two workers at once, in each way there is: one of them does."""
    workers = [people_of(store, clock) for store in (one, other)]
    first = workers[0]
    await first.teams.add("blue")
    ada = await first.add_person(email="ada@example.com", name="Ada")
    for number in range(TRIES):
        by_code = await first.invitations.invite("blue", "ada@example.com", "consumer")
        accepting = [
            worker.invitations.accept_code(by_code.code, ada.id, by=Actor(ada.id, "api")) for worker in workers
        ]
        _check_one(await asyncio.gather(*accepting, return_exceptions=True))
        await first.remove_membership(ada.id, "blue")

        email = f"new{number}@example.com"
        new = await first.invitations.invite("blue", email, "viewer")
        coming = [worker.invitations.sign_up(new.code, name="New", password=GOOD) for worker in workers]
        _check_one(await asyncio.gather(*coming, return_exceptions=True))
        used = await workers[1].invitations.get(new.invitation.id, "blue")
        person = await workers[1].find_person(email)
        assert used is not None
        assert person is not None
        assert (used.state, used.person_id) == (InvitationState.ACCEPTED, person.id)
    assert len(await first.members("blue")) == TRIES


def _check_one(results: list[Member | BaseException]) -> None:
    assert sum(isinstance(one, Member) for one in results) == 1
    (refused,) = [one for one in results if not isinstance(one, Member)]
    assert isinstance(refused, BadRequest), refused
    assert refused.status == 409
