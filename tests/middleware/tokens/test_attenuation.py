"""Whatever is minted, changed, disabled or revoked: nobody ever may do more than those above it (T17)."""

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tollbridge.errors import GatewayError
from tollbridge.stores.changes import TokenChange
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.blank import lay_database
from tollbridge.testing.samples import sample_key
from tollbridge.tokens.peppers import OnePepper
from tollbridge.tokens.scopes import ScopeSet, covers
from tollbridge.tokens.service import MOST_ABOVE, TokenService

SCOPES = ("ai:*", "ai:chat", "model:*", "model:gpt-*", "model:gpt-4o", "service:*", "admin:*", "admin:tokens:write")
PROBES = ("ai:chat", "ai:embeddings", "model:gpt-4o", "model:gpt-5", "model:claude", "service:shop:GET:/")
PROBES += ("admin:tokens:read", "admin:tokens:write", "admin:teams:read")
some_scopes = st.lists(st.sampled_from(SCOPES), min_size=1, max_size=3, unique=True).map(tuple)
which = st.integers(0, 30)


class Tokens(RuleBasedStateMachine):
    """A family of tokens beside a plain model of it: own scopes, who is above, who is off."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        clock = FixedClock()
        self.store = SqliteStore(lay_database(Path(self.folder.name) / "t.db"), clock)
        self.runner.run(self.store.open())
        self.service = TokenService(self.store, self.store, OnePepper(b"p" * 32), clock, audit_key=sample_key)
        self.ids: list[str] = []
        self.secrets: dict[str, bytes] = {}
        self.own: dict[str, tuple[str, ...]] = {}
        self.above: dict[str, str] = {}
        self.off: set[str] = set()
        self.ended: set[str] = set()

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()

    def line(self, id: str) -> list[str]:
        """Give a token and all above it."""
        found = [id]
        while self.above[found[-1]]:
            found.append(self.above[found[-1]])
        return found

    def may(self, id: str, needed: str) -> bool:
        return all(any(covers(scope, needed) for scope in self.own[one]) for one in self.line(id))

    def is_open(self, id: str) -> bool:
        return not any(one in self.ended or one in self.off for one in self.line(id))

    def pick(self, number: int) -> str:
        return self.ids[number % len(self.ids)]

    @initialize(scopes=some_scopes)
    def begin(self, scopes: tuple[str, ...]) -> None:
        self.add(scopes, "")

    def add(self, scopes: tuple[str, ...], above: str) -> None:
        minter = self.runner.run(self.service.identify(self.secrets[above])) if above else None
        issued = self.runner.run(self.service.issue(name="t", scopes=scopes, minter=minter))
        id = issued.token.id
        self.ids.append(id)
        self.secrets[id], self.own[id], self.above[id] = issued.secret.encode(), scopes, above

    @rule(scopes=some_scopes)
    def issue(self, scopes: tuple[str, ...]) -> None:
        self.add(scopes, "")

    @rule(number=which, scopes=some_scopes)
    def mint(self, number: int, scopes: tuple[str, ...]) -> None:
        above = self.pick(number)
        if not self.is_open(above):
            return
        groups = [ScopeSet(self.own[one]) for one in self.line(above)]
        beyond = any(group.lacking(scopes) for group in groups)
        refused = False
        try:
            self.add(scopes, above)
        except GatewayError:
            refused = True
        assert refused == (beyond or len(groups) > MOST_ABOVE)

    @rule(number=which, scopes=some_scopes)
    def change(self, number: int, scopes: tuple[str, ...]) -> None:
        id = self.pick(number)
        with suppress(GatewayError):
            self.runner.run(self.service.change(id, TokenChange(scopes=scopes)))
            self.own[id] = scopes

    @rule(number=which)
    def disable(self, number: int) -> None:
        id = self.pick(number)
        with suppress(GatewayError):
            self.runner.run(self.service.disable(id))
            self.off.add(id)

    @rule(number=which)
    def enable(self, number: int) -> None:
        id = self.pick(number)
        with suppress(GatewayError):
            self.runner.run(self.service.enable(id))
            self.off.discard(id)

    @rule(number=which)
    def revoke(self, number: int) -> None:
        id = self.pick(number)
        self.runner.run(self.service.revoke(id))
        self.ended.add(id)

    @invariant()
    def each_may_do_what_all_above_it_may_too(self) -> None:
        for id in self.ids:
            principal = self.runner.run(self.service.identify(self.secrets[id]))
            assert (principal is not None) == self.is_open(id)
            if principal is not None:
                assert {probe for probe in PROBES if probe in principal.scopes} == {
                    probe for probe in PROBES if self.may(id, probe)
                }


@pytest.mark.untraced
def test_nobody_may_ever_do_more_than_those_above_it() -> None:
    few = settings(max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Tokens, settings=few)
