"""Teams, people and members to write into a store; tests `replace` what they are about."""

from datetime import timedelta
from typing import Any

from tollbridge.audit import Act
from tollbridge.people.builtin import PLATFORM_ADMIN
from tollbridge.people.model import Member, Person, PersonChange, Role
from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewToken
from tollbridge.stores.newpeople import NewMember, NewPassword, NewPerson, NewTeam
from tollbridge.stores.sessions import NewSession
from tollbridge.testing.samples import ACT, NOON, child
from tollbridge.tokens.model import TokenKind

CALLS = Role("calls", ("ai:*", "model:*"), built_in=True)
ADMIN = Role(PLATFORM_ADMIN, ("admin:*", "ai:*"), built_in=True)


def holder(id: str, kind: TokenKind, scopes: tuple[str, ...], team: str) -> NewToken:
    """Make a token that holds what somebody may do."""
    return NewToken(id, id, b"", "", "", scopes, NOON, kind=kind, team=team)


def team(name: str, **more: Any) -> NewTeam:
    """Make a team that may call every model."""
    return NewTeam(holder(f"team_{name}", TokenKind.TEAM, ("ai:*", "model:*"), name), **{"title": "", **more})


def person(number: int, password: str = "") -> NewPerson:
    """Make a person of a number."""
    return NewPerson(f"per_{number}", f"Person {number}", f"person{number}@example.com", NOON, password)


def membership(number: int, its_team: str, role: Role = CALLS, via: str = "") -> NewMember:
    """Make a membership of the person of a number; its holder is called `mem_<number>_<team>`."""
    id = f"mem_{number}_{its_team}"
    return NewMember(f"per_{number}", role, holder(id, TokenKind.MEMBER, role.scopes, its_team), via)


async def add_person(store: Store, number: int, *teams: str, password: str = "") -> Person:
    """Write a person, a member of some teams, which are there."""
    people = await store.people()
    found = await people.add_person(person(number, password), ACT)
    for one in teams:
        await people.set_member(membership(number, one), ACT)
    return found


async def set_password(store: Store, number: int, hashed: str, act: Act = ACT) -> Person | None:
    """Give the person of a number another password, none where `hashed` is empty."""
    new = NewPassword(hashed)
    return await (await store.people()).change_person(f"per_{number}", PersonChange(), act, password=new)


async def add_admin(store: Store, number: int) -> Member:
    """Write a person who administers the whole bridge."""
    await add_person(store, number)
    return await (await store.people()).set_member(membership(number, "", ADMIN), ACT)


async def begin_session(store: Store, number: int) -> None:
    """Begin a session of the person of a number; its digest is the number, 32 times."""
    new = NewSession(b"%d" % number * 32, f"per_{number}", "password", "", "", NOON, NOON + timedelta(hours=1), NOON)
    await (await store.sessions()).begin_session(new, ACT)


async def has_session(store: Store, number: int) -> bool:
    """Whether that session opens."""
    sessions = await store.sessions()
    return await sessions.find_session(b"%d" % number * 32, NOON, NOON - timedelta(hours=1)) is not None


async def actions(store: Store) -> list[str]:
    """Give what the audit log has, each action with its target, in order."""
    return [f"{one.action} {one.target}" for one in await store.follow_audit()]


async def working(store: Store) -> None:
    """Write person 1, a member of blue and red with a token in each, and person 2, a member of blue with another."""
    people = await store.people()
    for name in ("blue", "red"):
        await people.add_team(team(name), ACT)
    await add_person(store, 1, "blue", "red")
    await add_person(store, 2, "blue")
    for number, (who, its) in enumerate([(1, "blue"), (1, "red"), (2, "blue")], start=1):
        await store.add_token(child(number, f"mem_{who}_{its}", team=its), ACT)
    for who in (1, 2):
        await begin_session(store, who)
