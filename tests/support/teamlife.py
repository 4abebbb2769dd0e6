"""Teams, people, roles and tokens that change at random, beside a plain model of what each may do.

The model knows four things of a node of the tree: its own scopes, who is right above it, whether it was switched off
and whether it has ended. What it may do is what all above it may, too.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tollbridge.errors import GatewayError
from tollbridge.people.model import TeamChange
from tollbridge.people.passwords import Passwords
from tollbridge.people.service import People
from tollbridge.stores.base import Store
from tollbridge.testing import FixedClock
from tollbridge.testing.samples import sample_key
from tollbridge.tokens.model import Principal
from tollbridge.tokens.peppers import OnePepper
from tollbridge.tokens.scopes import covers
from tollbridge.tokens.service import TokenService

SCOPES = ("ai:*", "ai:chat", "model:*", "model:gpt-*", "admin:*", "admin:members:write")
PROBES = ("ai:chat", "ai:embeddings", "model:gpt-4o", "model:claude", "admin:members:write", "admin:roles:read")
TEAMS = ("blue", "red")
ROLES = ("strong", "weak")
_WIDE = ("ai:*", "model:*", "admin:members:write")
some_scopes = st.lists(st.sampled_from(SCOPES), min_size=1, max_size=3, unique=True).map(tuple)
some_team = st.sampled_from(("", *TEAMS))
a_team = st.sampled_from(TEAMS)
a_role = st.sampled_from(ROLES)
which = st.integers(0, 12)


@dataclass
class Node:
    """A team, a member or a token, as the model has it."""

    scopes: tuple[str, ...]
    team: str
    above: list["Node"]
    off: bool = False
    ended: bool = False
    secret: bytes = b""
    id: str = ""
    shown: Principal | None = field(default=None, repr=False)

    def line(self) -> Iterator["Node"]:
        """Give it and all above it."""
        yield self
        for one in self.above:
            yield from one.line()

    def is_open(self) -> bool:
        return not any(one.off or one.ended for one in self.line())

    def may(self) -> set[str]:
        """Give the probes that it and all above it cover."""
        found = set(PROBES) if self.is_open() else set()
        for one in self.line():
            found = {probe for probe in found if any(covers(scope, probe) for scope in one.scopes)}
        return found


def shown_by(principal: Principal | None) -> set[str]:
    return set() if principal is None else {probe for probe in PROBES if probe in principal.scopes}


class TeamLife(RuleBasedStateMachine):
    """What happens to them; `opened` gives an empty store."""

    def opened(self, clock: FixedClock) -> Store:
        raise NotImplementedError

    def closed(self) -> None:
        """Clean up."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        clock = self.clock = FixedClock()
        self.store = self.opened(clock)
        self.run(self.store.open())
        options = {"audit_key": sample_key, "teams": self.store.people}
        self.service = TokenService(self.store, self.store, OnePepper(b"p" * 32), clock, **options)  # type: ignore[arg-type]  # named options
        cheap = Passwords(PasswordHasher.from_parameters(CHEAPEST))
        self.people = People(self.store, self.service, clock, passwords=cheap)
        self.teams: dict[str, Node] = {}
        self.roles: dict[str, tuple[str, ...]] = {}
        self.persons: list[str] = []
        self.persons_off: set[str] = set()
        self.members: dict[tuple[str, str], Node] = {}
        self.had: dict[tuple[str, str], str] = {}
        self.tokens: list[Node] = []

    def run(self, coroutine):  # type: ignore[no-untyped-def]  # whatever it gives
        return self.runner.run(coroutine)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()
        self.closed()

    @contextmanager
    def may_be_refused(self) -> Iterator[None]:
        with suppress(GatewayError):
            yield

    def person(self, number: int) -> str:
        return self.persons[number % len(self.persons)]

    def givers(self) -> list[Node]:
        return [*self.members.values(), *self.tokens]

    @initialize(weak=some_scopes)
    def begin(self, weak: tuple[str, ...]) -> None:
        for number in range(3):
            made = self.run(self.people.add_person(email=f"p{number}@example.com", name=f"P {number}"))
            self.persons.append(made.id)
        for name, scopes in zip(ROLES, (_WIDE, weak), strict=True):
            self.run(self.people.roles.add(name, scopes))
            self.roles[name] = scopes
        self.add_team(TEAMS[0], ("ai:*", "model:*", "admin:*"))
        for number, (team, role) in enumerate([(TEAMS[0], "strong"), (TEAMS[0], "weak"), ("", "weak")]):
            assert self.give(self.person(number), team, role, None)

    @rule(name=a_team, scopes=some_scopes)
    def add_team(self, name: str, scopes: tuple[str, ...]) -> None:
        with self.may_be_refused():
            made = self.run(self.people.teams.add(name, scopes=scopes))
            node = self.teams[name] = Node(scopes, name, [], id=made.holder)
            for token in self.tokens:
                if token.team == name and not any(one.team == name for one in token.above):
                    token.above.append(node)

    @rule(name=a_team, scopes=some_scopes)
    def change_team(self, name: str, scopes: tuple[str, ...]) -> None:
        with self.may_be_refused():
            if self.run(self.people.teams.change(name, TeamChange(scopes=scopes))) is not None:
                self.teams[name].scopes = scopes

    @rule(name=a_team, on=st.booleans())
    def switch_team(self, name: str, on: bool) -> None:
        with self.may_be_refused():
            switch = self.people.teams.enable if on else self.people.teams.disable
            if self.run(switch(name)) is not None:
                self.teams[name].off = not on

    @rule(name=a_team, really=which)
    def end_team(self, name: str, really: int) -> None:
        if really == 0 and self.run(self.people.teams.end(name)) is not None:
            self.teams[name].ended = True
            self.members = {key: node for key, node in self.members.items() if key[1] != name}

    @rule(number=which, team=some_team, role=a_role)
    def set_member(self, number: int, team: str, role: str) -> None:
        self.give(self.person(number), team, role, None)

    @rule(team=some_team, role=a_role, by=which)
    def set_members_with_what_somebody_may(self, team: str, role: str, by: int) -> None:
        giver = self.givers()[by % len(self.givers())] if self.givers() else None
        if giver is None:
            return
        for person in self.persons:
            before, principal, its = giver.may(), self.seen(giver), giver.team or team
            if principal is not None and self.give(person, its, role, principal):
                given = self.members[person, its]
                assert given.may() <= before
                assert given not in list(giver.line())

    @rule(team=a_team, role=a_role, by=which)
    def nobody_sets_members_of_another_team(self, team: str, role: str, by: int) -> None:
        for giver in self.givers():
            principal = self.seen(giver)
            if principal is not None and giver.team not in ("", team):
                assert not self.give(self.person(by), team, role, principal)

    def give(self, person: str, team: str, role: str, giver: Principal | None) -> bool:
        key = (person, team)
        with self.may_be_refused():
            made = self.run(self.people.set_membership(person, team, role, giver=giver))
            if key not in self.members:
                above = [self.teams[team]] if team else []
                self.members[key] = Node((), team, above, off=person in self.persons_off, id=made.holder)
            self.members[key].scopes = self.roles[role]
            self.had[key] = role
            return True
        return False

    @rule(number=which, team=some_team)
    def remove_member(self, number: int, team: str) -> None:
        key = (self.person(number), team)
        if self.run(self.people.remove_membership(*key)):
            self.members.pop(key).ended = True

    @rule(number=which, on=st.booleans())
    def switch_person(self, number: int, on: bool) -> None:
        person = self.person(number)
        self.run((self.people.enable_person if on else self.people.disable_person)(person))
        (self.persons_off.discard if on else self.persons_off.add)(person)
        for (who, _), node in self.members.items():
            if who == person:
                node.off = not on

    @rule(name=a_role, scopes=some_scopes)
    def change_role(self, name: str, scopes: tuple[str, ...]) -> None:
        self.run(self.people.roles.change(name, scopes=scopes))
        self.roles[name] = scopes
        for key, node in self.members.items():
            if self.had[key] == name:
                node.scopes = scopes

    @rule(scopes=some_scopes, team=some_team)
    def issue(self, scopes: tuple[str, ...], team: str) -> None:
        self.make(scopes, team, None)

    @rule(scopes=some_scopes, team=some_team, by=which, seen_before=st.booleans())
    def mint(self, scopes: tuple[str, ...], team: str, by: int, seen_before: bool) -> None:
        givers = self.givers()
        if not givers:
            return
        minter = givers[by % len(givers)]
        self.make(scopes, team, minter, minter.shown if seen_before else self.seen(minter))

    def make(self, scopes: tuple[str, ...], team: str, minter: Node | None, principal: Principal | None = None) -> None:
        if minter is not None and principal is None:
            return
        with self.may_be_refused():
            issued = self.run(self.service.issue(name="t", scopes=scopes, team=team, minter=principal))
            its = issued.token.team
            above = [] if minter is None else [minter]
            if its in self.teams and (minter is None or minter.team != its):
                above.append(self.teams[its])
            node = Node(scopes, its, above, secret=issued.secret.encode(), id=issued.token.id)
            node.shown = self.seen(node)
            self.tokens.append(node)

    @rule(number=which, on=st.booleans())
    def switch_token(self, number: int, on: bool) -> None:
        if self.tokens:
            node = self.tokens[number % len(self.tokens)]
            with self.may_be_refused():
                self.run((self.service.enable if on else self.service.disable)(node.id))
                node.off = not on

    @rule(number=which)
    def revoke_token(self, number: int) -> None:
        if self.tokens:
            node = self.tokens[number % len(self.tokens)]
            self.run(self.service.revoke(node.id))
            node.ended = True

    def seen(self, node: Node) -> Principal | None:
        found = self.service.identify(node.secret) if node.secret else self.store.find_holder(node.id)
        principal: Principal | None = self.run(found)
        return principal

    @invariant()
    def each_may_do_what_all_above_it_may_too(self) -> None:
        for node in (*self.teams.values(), *self.givers()):
            principal = self.seen(node)
            assert (principal is not None) == node.is_open()
            assert shown_by(principal) == node.may()

    @invariant()
    def whoever_is_no_member_holds_nothing(self) -> None:
        for person in self.persons:
            for team in ("", *TEAMS):
                if (person, team) not in self.members:
                    assert self.run(self.people.holder_of(person, team)) is None


def try_out(machine: type[TeamLife], *, examples: int, steps: int = 25) -> None:
    """Let it live so many lives."""
    few = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(machine, settings=few)
