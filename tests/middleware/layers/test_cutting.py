"""Running calls end with their token."""

import asyncio
from collections.abc import Collection
from typing import Any

from structlog.testing import capture_logs

from tollbridge.errors import Unavailable
from tollbridge.layers.cutting import CuttingWatch
from tollbridge.testing import FixedClock
from tollbridge.tokens.model import Principal, Shown
from tollbridge.tokens.scopes import ScopeSet


class Running:
    """An exchange that says when it was cut, and is then not watched any more."""

    def __init__(self, watch: CuttingWatch, token_id: str, **more: Any) -> None:
        self.principal = Principal(token_id, "x", ScopeSet(), **more) if token_id else None
        self.cuts = asyncio.Event()
        self._watch = watch
        watch.add(self)

    def look(self, now: float) -> None:
        pass

    def cut(self) -> None:
        assert not self.cuts.is_set()
        self.cuts.set()
        self._watch.remove(self)


class Tokens:
    """Says which are live; may fail or take its time first."""

    def __init__(self, *live: str) -> None:
        self.live = set(live)
        self.asked: list[set[str]] = []
        self.failing = False
        self.answers = asyncio.Event()
        self.answers.set()

    async def still_open(self, shown: Collection[Shown]) -> Collection[Shown]:
        self.asked.append({one.token_id for one in shown})
        await self.answers.wait()
        if self.failing:
            raise Unavailable("no", detail="the disk is full")
        return {one for one in shown if one.token_id in self.live}

    async def after(self, count: int) -> None:
        """Wait until it was asked so many times more."""
        wanted = len(self.asked) + count
        async with asyncio.timeout(5):
            while len(self.asked) < wanted:
                await asyncio.sleep(0.001)


async def test_calls_of_a_token_that_has_ended_are_cut_and_no_others() -> None:
    tokens = Tokens("a", "b")
    watch = CuttingWatch(tokens, FixedClock(), 0.001)
    first, second, other, public = (Running(watch, token_id) for token_id in ("a", "a", "b", ""))
    await tokens.after(2)
    assert not first.cuts.is_set()

    tokens.live.discard("a")
    await asyncio.wait_for(asyncio.gather(first.cuts.wait(), second.cuts.wait()), 5)
    await tokens.after(2)

    assert not other.cuts.is_set()
    assert not public.cuts.is_set()
    assert tokens.asked[0] == {"a", "b"}
    assert tokens.asked[-1] == {"b"}
    watch.remove(other)
    watch.remove(public)


async def test_calls_of_one_secret_are_cut_and_those_of_the_other_go_on() -> None:
    class Secrets(Tokens):
        async def still_open(self, shown: Collection[Shown]) -> Collection[Shown]:
            await super().still_open(shown)
            return {one for one in shown if one.made_us != 1}

    tokens = Secrets()
    watch = CuttingWatch(tokens, FixedClock(), 0.001)
    old, new = (Running(watch, "a", secret_made_us=made) for made in (1, 2))

    await asyncio.wait_for(old.cuts.wait(), 5)
    await tokens.after(2)

    assert not new.cuts.is_set()
    watch.remove(new)


async def test_calls_of_outside_callers_end_by_the_clock_and_the_store_is_not_asked_about_them() -> None:
    tokens, clock = Tokens(), FixedClock()
    watch = CuttingWatch(tokens, clock, 0.001)
    now = clock.time()
    ends, later, never = (Running(watch, "jwt:a", outside=True, ends_s=at) for at in (now + 60, now + 61, None))
    await tokens.after(2)
    assert not any(one.cuts.is_set() for one in (ends, later, never))

    clock.advance(60)
    await asyncio.wait_for(ends.cuts.wait(), 5)
    await tokens.after(2)

    assert not later.cuts.is_set()
    assert not never.cuts.is_set()
    assert all(asked == set() for asked in tokens.asked)
    watch.remove(later)
    watch.remove(never)


async def test_call_under_a_key_that_a_source_named_ends_with_that_key() -> None:
    tokens, clock = Tokens("a"), FixedClock()
    watch = CuttingWatch(tokens, clock, 0.001)
    one = Running(watch, "a", secret_ends_s=clock.time() + 60)
    await tokens.after(2)
    assert not one.cuts.is_set()

    clock.advance(60)
    await asyncio.wait_for(one.cuts.wait(), 5)


async def test_store_that_cannot_say_cuts_nothing_and_is_told_of_once_an_outage() -> None:
    tokens = Tokens()
    tokens.failing = True
    watch = CuttingWatch(tokens, FixedClock(), 0.001)
    one = Running(watch, "a")

    with capture_logs() as logged:
        await tokens.after(3)
        assert not one.cuts.is_set()
        tokens.live, tokens.failing = {"a"}, False
        await tokens.after(2)
        tokens.failing = True
        await tokens.after(3)
    tokens.failing, tokens.live = False, set()
    await asyncio.wait_for(one.cuts.wait(), 5)

    assert [(line["event"], line["detail"]) for line in logged] == [
        ("running_tokens_not_known", "the disk is full")
    ] * 2


async def test_slow_store_is_asked_one_question_at_a_time() -> None:
    tokens = Tokens()
    tokens.answers.clear()
    watch = CuttingWatch(tokens, FixedClock(), 0.001)
    one = Running(watch, "a")
    await tokens.after(1)
    looked = asyncio.Event()
    one.look = lambda now: looked.set()  # type: ignore[method-assign]  # to see two more periods pass
    for _ in range(2):
        looked.clear()
        await asyncio.wait_for(looked.wait(), 5)

    assert len(tokens.asked) == 1
    tokens.answers.set()
    await asyncio.wait_for(one.cuts.wait(), 5)


async def test_nothing_is_asked_while_nothing_runs() -> None:
    tokens = Tokens("a")
    watch = CuttingWatch(tokens, FixedClock(), 0.001)
    one = Running(watch, "a")
    await tokens.after(1)

    watch.remove(one)
    async with asyncio.timeout(5):
        while watch._timer is not None:
            await asyncio.sleep(0)
    asked = len(tokens.asked)

    assert watch._timer is None
    assert len(tokens.asked) == asked
