"""Services that two workers on one store do anything to, in turn and at once, beside a plain model of what they become.

After each step the store and what each worker serves are what the model says. What is no way is refused and changes
nothing. Of what was done at once, the answers and what is there then are those of one order.
"""

import asyncio
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from itertools import permutations, product
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from tests.support.answering import Answering
from tests.support.servicemodel import DONE, MOVES, WATCH_CALLS, WATCH_S, Draft, Model, Op
from tests.support.serviceseen import (
    MOST_LOGGED,
    Picture,
    called,
    design,
    differing,
    in_book,
    number_in,
    pictured,
    stored,
)

from tollbridge.audit import Actor
from tollbridge.errors import GatewayError
from tollbridge.noticing import SELF
from tollbridge.services.lifecycle import Move
from tollbridge.services.model import ServiceChange
from tollbridge.services.watching import publish_due, watch_releases
from tollbridge.stores.services import NewEvaluation
from tollbridge.testing import FixedClock, GatewayUnderTest
from tollbridge.testing.gateway import make_gateway

WORKERS = (0, 1)
SLUGS, TEAMS, PEOPLE = ("rain", "sun"), ("blue", "red"), ("ann", "bob")
REVIEWS = ("none", "required", "four_eyes")
RARELY, SOMETIMES = 0.1, 0.25
JOBS, ENDS = ("due", "watch"), ("drop", "retire")
WAYS = (*MOVES, "publish", "publish", "publish", "approve", "withdraw", "promote", "promote")
MORE = ("begin", "edit", "transfer", "release", "trial", "deprecate", "keep", "pause", "resume", "call")
chances = st.integers(0, 2**32).map(Random)
"""What decides on all that a rule leaves open: drawn one by one such small numbers come out far too alike."""


class ServiceLife(RuleBasedStateMachine):
    """What is done to them; `opened` gives the configuration of an empty store."""

    def opened(self) -> Mapping[str, object]:
        raise NotImplementedError

    def closed(self) -> None:
        """Clean up."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FixedClock()
        self.workers: list[GatewayUnderTest] = []
        self.ids: dict[str, str] = {}
        self.slugs: dict[str, str] = {}
        self.turn = 0

    def run(self, coroutine):  # type: ignore[no-untyped-def]  # whatever it gives
        return self.runner.run(coroutine)

    def teardown(self) -> None:
        for worker in self.workers:
            self.run(worker.close())
        self.runner.close()
        self.folder.cleanup()
        self.closed()

    @initialize(review=st.sampled_from(REVIEWS), chance=chances)
    def begin(self, review: str, chance: Random) -> None:
        bounds = {"review": review, "watch_s": float(WATCH_S), "watch_calls": WATCH_CALLS}
        config = {**self.opened(), "services": bounds}
        for _ in WORKERS:
            folder = Path(self.folder.name)
            self.workers.append(make_gateway(config, data=folder, clock=self.clock, plugins=(Answering(),)))
            self.run(self.workers[-1].client())
        self.tokens = {team: self.run(self.workers[0].token("service:*", team=team)) for team in TEAMS}
        self.models = [Model(review, self.clock.now())]
        for slug in SLUGS:
            for what in (("begin",), ("release",), ("edit",), ("release", "release")):
                self.go(*(self.some(chance, each, slug=slug) for each in what))

    @rule(chance=chances)
    def go_any_way(self, chance: Random) -> None:
        self.go(self.some(chance, *WAYS))

    @rule(chance=chances, what=st.sampled_from((*MOVES, *MORE, *JOBS, *ENDS)))
    def do_one_thing(self, chance: Random, what: str) -> None:
        if what in JOBS:
            self.clock.advance(chance.choice((0, WATCH_S, 3_600)))
        if what not in ENDS or chance.random() < RARELY:
            op = self.some(chance, what)
            self.go(*([replace(op, worker=worker) for worker in WORKERS] if what == "call" else [op]))

    @rule(chance=chances)
    def do_at_once(self, chance: Random) -> None:
        self.go(*(self.some(chance, *WAYS, *MORE) for _ in range(chance.choice((2, 3)))))

    @rule(chance=chances)
    def publish_at_once_on_both_workers(self, chance: Random) -> None:
        self.go_any_way(chance)
        slug, end = chance.choice(SLUGS), ["retire"] if chance.random() < RARELY else []
        ops = [self.some(chance, what, slug=slug) for what in ("publish", "publish", *end)]
        self.go(*(replace(op, worker=number % len(WORKERS)) for number, op in enumerate(ops)))

    @rule(chance=chances)
    def refuse_what_is_no_way(self, chance: Random) -> None:
        """Whatever cannot be done to a release is refused, and changes nothing."""
        op = self.some(chance, "publish")
        for number in self.numbers(op.slug):
            self.refuse(replace(op, number=number), ["publish"])
        self.refuse(replace(op, number=chance.choice(self.numbers(op.slug))), MOVES)
        self.check([], [])

    def refuse(self, op: Op, moves: Iterable[str]) -> None:
        """Try moves of a release: those that are no way are refused."""
        for one in (replace(op, what=what) for what in moves):
            may = [deepcopy(model).do(one) for model in self.models]
            if DONE not in may:
                said = self.run(self.done(one, self.ids.get(op.slug, "")))
                assert any(said in each for each in may), f"{one}: {said}, not {[set(each) for each in may]}"

    def some(self, chance: Random, *what: str, slug: str = "") -> Op:
        """Choose one of these and all that it needs, most times so that it can be done."""
        self.turn += 1
        slug = slug or chance.choice(SLUGS)
        numbers = self.numbers(slug)
        op = Op(
            chance.choice(what),
            slug,
            chance.choice(numbers),
            worker=chance.choice(WORKERS),
            by=chance.choice(PEOPLE),
            beside=chance.random() < 0.5,
            team=chance.choice(TEAMS),
            successor=chance.choice(("", *SLUGS)),
            draft=Draft(*(chance.random() < SOMETIMES for _ in range(3))),
            at=self.clock.now() + timedelta(minutes=chance.randint(1, 60), microseconds=self.turn),
            passed=chance.random() > SOMETIMES,
            why=chance.choice(("", "it is being repaired")),
        )
        if chance.random() > SOMETIMES:
            able = [one for one in (replace(op, what=each) for each in what) for one in self.able(one, numbers)]
            op = chance.choice(able or [op])
        return replace(op, version=self.version(chance, op))

    def able(self, op: Op, numbers: Sequence[int]) -> Sequence[Op]:
        """Give it for all releases for which it can be done."""
        if op.what == "call":
            return [op]
        each = [replace(op, number=number) for number in numbers]
        return [one for one in each if deepcopy(self.models[0]).do(one) == DONE]

    def version(self, chance: Random, op: Op) -> str:
        """Choose the version of a new release, seldom one that is taken; of others one that is called."""
        one = self.models[0].services.get(op.slug)
        known = [] if one is None else [release.version for release in one.releases.values()]
        if op.what == "release":
            return chance.choice(known) if known and chance.random() < RARELY else f"1.{self.turn}"
        return chance.choice(known) if known and chance.random() < 0.5 else ""

    def numbers(self, slug: str) -> Sequence[int]:
        one = self.models[0].services.get(slug)
        return sorted(one.releases) if one is not None and one.releases else [1]

    def go(self, *ops: Op) -> None:
        """Do them, at once where there are several, and check what that gave."""
        self.clock.advance(1)
        note(f"{ops}")
        said = self.run(self.together(ops))
        self.check(ops, said)
        for op in ops:
            if op.what in MOVES:
                self.refuse(op, ("publish", *Random(self.turn).sample(sorted(MOVES), 2)))

    async def together(self, ops: Sequence[Op]) -> Sequence[str]:
        before = dict(self.ids)
        said = await asyncio.gather(*(self.done(op, before.get(op.slug, "")) for op in ops))
        for op in ops:
            if op.what == "call":
                await self.workers[op.worker].gateway.store.recent(limit=1)  # it is in the ledger then
        return said

    async def done(self, op: Op, id: str) -> str:
        """Do it on its worker; gives what was answered."""
        worker = self.workers[op.worker]
        if op.what == "call":
            return await called(worker, op, self.tokens[op.team])
        try:
            found = await self.does(op, id)
        except GatewayError as exc:
            return f"{exc.status} {exc.code}"
        return "nothing" if found is None else "done"

    async def does(self, op: Op, id: str) -> object:
        gateway, by = self.workers[op.worker].gateway, Actor(op.by, "api")
        services = gateway.services
        match op.what:
            case "begin":
                made = await services.add(op.slug, "answering", team=op.team, draft=design(op.draft), by=by)
                self.ids[op.slug], self.slugs[made.id] = made.id, op.slug
                return made
            case "edit":
                return await services.change(id, ServiceChange(draft=design(op.draft)), by=by)
            case "transfer":
                return await services.change(id, ServiceChange(team=op.team), by=by)
            case "release":
                return await services.release(id, version=op.version, by=by)
            case "drop":
                return await services.drop(id, by=by)
            case "deprecate":
                return await services.deprecate(id, successor=op.successor, by=by)
            case "keep":
                return await services.keep(id, by=by)
            case "pause":
                return await services.pause(id, why=op.why, by=by)
            case "resume":
                return await services.resume(id, by=by)
            case "retire":
                return await services.retire(id, successor=op.successor, by=by)
            case "trial":
                return await self.tried(op, id)
            case "due":
                return await publish_due(gateway, SELF) or True
            case "watch":
                return await watch_releases(gateway, SELF) or True
            case "publish":
                return await services.publish(id, op.number, beside=op.beside, by=by)
            case "schedule":
                assert op.at is not None
                return await services.schedule(id, op.number, op.at, by=by)
        return await services.move(id, op.number, Move(op.what), by=by)

    async def tried(self, op: Op, id: str) -> object:
        gateway = self.workers[op.worker].gateway
        store, act = await gateway.store.services(), await gateway.tokens.act(Actor(op.by, "api"))
        release = await store.get_release(id, op.number)
        new = NewEvaluation(
            release_id="" if release is None else release.id, at=self.clock.now(), by=op.by, passed=op.passed
        )
        return await store.add_evaluation(new, act)

    def check(self, ops: Sequence[Op], said: Sequence[str]) -> None:
        """Keep the models that come to what is there, by an order in which these answers are right."""
        jobs = not ops or any(op.what in ("due", "watch") for op in ops)
        slugs = SLUGS if jobs else {op.slug for op in ops}
        seen = self.run(self.seen(slugs))
        found: list[Model] = []
        wrong = []
        for before in self.models:
            for order, newest_first in product(permutations(range(len(ops))), (False, True)):
                after = replace(deepcopy(before), now=self.clock.now(), newest_first=newest_first)
                expected = {at: after.do(ops[at]) for at in order if not overtaken(ops, said, at)}
                odd = [f"{ops[at]}: {said[at]}, not {set(may)}" for at, may in expected.items() if said[at] not in may]
                odd += differing(seen, pictured(after, slugs, WORKERS))
                after.newest_first = False
                if not odd and after not in found:
                    found.append(after)
                wrong.append("\n".join(odd))
        assert found, f"after {list(ops)} by no order, such as\n{min(wrong, key=len)}"
        self.models = found

    async def seen(self, slugs: Collection[str]) -> Picture:
        """Give what the store has of these services, and what each worker serves of all."""
        store = self.workers[self.turn % len(WORKERS)].gateway.store
        picture = await stored(await store.services(), {slug: self.ids[slug] for slug in slugs if slug in self.ids})
        records = await store.list_audit(action="service.", limit=MOST_LOGGED)
        picture["log"] = [(one.action, self.slugs[one.target], number_in(one.after)) for one in reversed(records)]
        return picture | {number: await in_book(self.workers[number]) for number in WORKERS}


def overtaken(ops: Sequence[Op], said: Sequence[str], at: int) -> bool:
    """Whether a release was not made because the draft was changed while it was looked at, which is nobody's wish."""
    edited = any(op.what == "edit" and op.slug == ops[at].slug for op in ops)
    return ops[at].what == "release" and said[at] == "409 conflict" and edited


def try_out(machine: type[ServiceLife], *, examples: int, steps: int) -> None:
    """Let it live so many lives.  None is made shorter: what went wrong at once may go well the next time."""
    few = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=few)
