"""What every store promises about invitations, as tests.  Subclass as `StoreContract` says."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from tollbridge.errors import BadRequest, GatewayError, NotFound
from tollbridge.people.model import Invitation, InvitationState, Member
from tollbridge.stores.base import Store
from tollbridge.stores.newpeople import NewInvitation
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.member_contract import teams
from tollbridge.testing.people_samples import CALLS, actions, membership, person
from tollbridge.testing.samples import ACT, NOON, act

_DAY = timedelta(days=1)
LATER = NOON + timedelta(hours=1)
CODE = b"c" * 32


def invited(number: int, team: str = "blue", id: str = "", digest: bytes = CODE) -> NewInvitation:
    """Make an invitation of the person of a number, open for a day."""
    id = id or f"inv_{number}_{team}"
    return NewInvitation(id, team, f"person{number}@example.com", CALLS.name, digest, NOON, NOON + _DAY, "mem_9")


def _tried(results: Sequence[Member | BaseException]) -> list[str]:
    return sorted("made" if isinstance(one, Member) else "refused" for one in results)


class InvitationContract:
    """Tests of `InvitationStore`."""

    async def test_invitation_is_found_by_id_code_team_and_address(self, store: Store) -> None:
        await teams(store)
        people = await store.people()

        made = await people.add_invitation(invited(1), ACT)

        assert made == Invitation(
            id="inv_1_blue",
            team="blue",
            email="person1@example.com",
            role=CALLS.name,
            inviter="mem_9",
            webhook="",
            created_at=NOON,
            ends_at=NOON + _DAY,
        )
        assert made.state is InvitationState.OPEN
        assert await people.get_invitation("inv_1_blue") == made
        assert await people.find_invitation(CODE) == made
        assert await people.list_invitations(team="blue") == [made]
        assert await people.list_invitations(email="person1@example.com") == [made]
        assert await people.list_invitations(team="red") == []
        assert await people.list_invitations(email="person2@example.com") == []
        assert await people.get_invitation("inv_0") is None
        assert await people.find_invitation(b"d" * 32) is None
        record = (await store.follow_audit())[-1]
        assert (record.action, record.target) == ("team.invited", "blue")
        assert json.loads(record.after) == {
            "invitation": "inv_1_blue",
            "email": "person1@example.com",
            "role": CALLS.name,
            "ends_at": (NOON + _DAY).isoformat(),
        }

    async def test_invitations_to_a_team_are_listed_newest_first(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        for number in (1, 2, 3):
            await people.add_invitation(invited(number, digest=bytes([number]) * 32), ACT)

        assert [one.id for one in await people.list_invitations(team="blue", limit=2)] == ["inv_3_blue", "inv_2_blue"]
        assert [one.id for one in await people.list_invitations(team="blue", before="inv_2_blue")] == ["inv_1_blue"]

    async def test_nobody_is_invited_to_where_they_are_or_where_nobody_may_be(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        await people.set_member(membership(1, "blue"), ACT)
        await people.add_invitation(invited(2), ACT)
        await people.end_team("red", ACT)
        again = invited(2, id="inv_7", digest=b"d" * 32)

        for new, code in ((invited(1), "already_member"), (again, "already_invited"), (invited(2, "red"), "conflict")):
            with pytest.raises(BadRequest) as refused:
                await people.add_invitation(new, ACT)
            assert (refused.value.status, refused.value.code) == (409, code)
        with pytest.raises(NotFound, match="no such team"):
            await people.add_invitation(invited(1, "green"), ACT)
        assert [one.id for one in await people.list_invitations(team="blue")] == ["inv_2_blue"]

    async def test_accepted_invitation_makes_a_member_and_is_used_up(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        await people.add_invitation(invited(1), ACT)

        made = await people.accept_invitation("inv_1_blue", CODE, membership(1, "blue"), act(LATER))

        assert (made.person_id, made.team, made.role) == ("per_1", "blue", CALLS.name)
        used = await people.get_invitation("inv_1_blue")
        assert used is not None
        assert (used.state, used.person_id, used.accepted_at) == (InvitationState.ACCEPTED, "per_1", LATER)
        assert await people.list_invitations(email="person1@example.com") == []
        assert (await actions(store))[-2:] == ["member.set per_1", "team.joined blue"]
        with pytest.raises(BadRequest, match="was used") as refused:
            await people.accept_invitation("inv_1_blue", CODE, membership(1, "blue"), ACT)
        assert refused.value.status == 409

    async def test_of_two_who_accept_at_once_one_does(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        await people.add_invitation(invited(3), ACT)
        new = replace(person(3), id="per_3")
        twin = replace(new, id="per_4", email="person4@example.com")

        results = await asyncio.gather(
            people.accept_invitation("inv_3_blue", CODE, membership(3, "blue"), ACT, person=new),
            people.accept_invitation("inv_3_blue", CODE, membership(4, "blue"), ACT, person=twin),
            return_exceptions=True,
        )

        assert _tried(results) == ["made", "refused"]
        assert len(await people.list_members("blue")) == 1
        assert len(await people.get_people(["per_3", "per_4"])) == 1

    async def test_invitation_of_somebody_new_makes_them_or_stays_open(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        await people.add_invitation(invited(3), ACT)
        taken = replace(person(3), email="person1@example.com")

        with pytest.raises(BadRequest, match="has this e-mail address"):
            await people.accept_invitation("inv_3_blue", b"", membership(3, "blue"), ACT, person=taken)

        still = await people.get_invitation("inv_3_blue")
        assert still is not None
        assert still.state is InvitationState.OPEN
        made = await people.accept_invitation("inv_3_blue", b"", membership(3, "blue"), ACT, person=person(3, "hash"))
        assert made.email == "person3@example.com"
        known = await people.find_password("person3@example.com")
        assert known is not None
        assert known[1] == "hash"

    async def test_renewed_invitation_opens_by_its_new_code_alone(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        await people.add_invitation(invited(1), ACT)
        anew = replace(invited(1), digest=b"d" * 32, inviter="mem_8", webhook="whk_1", ends_at=NOON + 2 * _DAY)

        renewed = await people.renew_invitation(anew, ACT)

        assert renewed is not None
        assert (renewed.inviter, renewed.webhook, renewed.ends_at) == ("mem_8", "whk_1", NOON + 2 * _DAY)
        assert await people.find_invitation(CODE) is None
        assert await people.find_invitation(b"d" * 32) == renewed
        with pytest.raises(BadRequest, match="was used"):
            await people.accept_invitation("inv_1_blue", CODE, membership(1, "blue"), ACT)
        assert await people.renew_invitation(replace(anew, id="inv_0"), ACT) is None
        assert await people.renew_invitation(replace(anew, team="red"), ACT) is None
        await people.accept_invitation("inv_1_blue", b"d" * 32, membership(1, "blue"), ACT)
        with pytest.raises(BadRequest, match="was accepted"):
            await people.renew_invitation(anew, ACT)

    async def test_withdrawn_invitation_opens_nothing(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        await people.add_invitation(invited(1), ACT)

        withdrawn = await people.withdraw_invitation("blue", "inv_1_blue", act(LATER))

        assert withdrawn is not None
        assert (withdrawn.state, withdrawn.withdrawn_at) == (InvitationState.WITHDRAWN, LATER)
        assert (await actions(store))[-1] == "team.uninvited blue"
        with pytest.raises(BadRequest, match="was used"):
            await people.accept_invitation("inv_1_blue", CODE, membership(1, "blue"), ACT)
        with pytest.raises(BadRequest, match="not open any more"):
            await people.withdraw_invitation("blue", "inv_1_blue", ACT)
        with pytest.raises(BadRequest, match="was withdrawn"):
            await people.renew_invitation(invited(1), ACT)
        assert await people.withdraw_invitation("red", "inv_1_blue", ACT) is None
        assert await people.withdraw_invitation("blue", "inv_0", ACT) is None

    async def test_invitation_ends_by_itself_and_may_be_renewed(self, store: Store, clock: FixedClock) -> None:
        await teams(store)
        people = await store.people()
        await people.add_invitation(invited(1), ACT)

        clock.advance(_DAY.total_seconds())
        later = replace(ACT, at=NOON + _DAY)

        over = await people.find_invitation(CODE)
        assert over is not None
        assert over.state is InvitationState.EXPIRED
        assert await people.list_invitations(email="person1@example.com") == []
        with pytest.raises(BadRequest, match="has ended"):
            await people.accept_invitation("inv_1_blue", CODE, membership(1, "blue"), later)
        renewed = await people.renew_invitation(replace(invited(1), ends_at=NOON + 2 * _DAY), later)
        assert renewed is not None
        assert renewed.state is InvitationState.OPEN

    async def test_invitations_end_with_their_team(self, store: Store) -> None:
        await teams(store)
        people = await store.people()
        await people.add_invitation(invited(1), ACT)

        await people.end_team("blue", ACT)

        assert await people.get_invitation("inv_1_blue") is None
        with pytest.raises(GatewayError):
            await people.accept_invitation("inv_1_blue", CODE, membership(1, "blue"), ACT)
