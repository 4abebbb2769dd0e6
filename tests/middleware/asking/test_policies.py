"""Policies and layers of plugins judge what is asked from inside too."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from tests.middleware.asking.conftest import CLAUDE, to, whole

from tollbridge import Call, Denied, Gateway, Layer, hookimpl
from tollbridge.call import Outcome
from tollbridge.errors import (
    BadRequest,
    InternalError,
    Unavailable,
    UpstreamError,
)


class Masking:
    """Hides a name from the provider, and shows it again to who asks."""

    async def body(self, call: Call) -> None:
        call.body = (call.body or b"").replace(b"Ada", b"PERSON-1")

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        return [chunk.replace(b"PERSON-1", b"Ada")] if chunk else []


async def test_policy_that_changes_the_question_and_the_answer_is_heeded_by_every_target(inside) -> None:
    answer = CLAUDE.replace(b"Bonjour", b"Bonjour PERSON-1")
    async with inside(whole(b"{}", status=503), whole(answer), plugins=(Masking(),)) as there:
        answered = await there.ask(to("two", "I am Ada"))

    assert [b"Ada" in request.body for request in there.script.sent] == [False, False]
    assert [there.sent(place)["messages"][0]["content"] for place in (0, 1)] == ["I am PERSON-1"] * 2
    assert [part.text for part in answered.response.choices[0].parts] == ["Bonjour Ada."]


class Refusing:
    async def body(self, call: Call) -> None:
        if call.parent:
            raise Denied(f"{call.client} may not ask {call.model}", code="not_today")


class Failing:
    async def head(self, call: Call) -> None:
        raise ValueError("oops")


async def test_policy_that_refuses_is_raised_with_its_own_code(inside) -> None:
    async with inside(whole(), plugins=(Refusing(),)) as there:
        with pytest.raises(Denied, match=r"192\.0\.2\.7 may not ask one") as refused:
            await there.ask()
        row = await there.row()

    assert (refused.value.code, there.script.sent) == ("not_today", [])
    assert (row.outcome, row.error, row.cost) == ("refused", "not_today", 0)


async def test_policy_that_fails_refuses(inside) -> None:
    async with inside(whole(), plugins=(Failing(),)) as there:
        with pytest.raises(Unavailable):
            await there.ask()


class Spoiling(Layer):
    name: ClassVar[str] = "spoiling"
    after: ClassVar[str] = "meter"

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        return [b"{}"] if chunk else []


class Spoils:
    @hookimpl
    def register_layers(self, register: Callable[[type[Layer]], None]) -> None:
        register(Spoiling)


@pytest.mark.parametrize("status", [200, 400])
async def test_answer_that_a_layer_spoiled_is_an_error(inside, status) -> None:
    async with inside(whole(status=status), plugins=(Spoils(),)) as there:
        with pytest.raises(UpstreamError if status == 200 else BadRequest):
            await there.ask()


class Asks:
    """A policy that asks a model about every call."""

    gateway: Gateway

    async def body(self, call: Call) -> None:
        await self.gateway.asking.ask(call, to())


async def test_what_asks_for_itself_without_end_is_refused(inside) -> None:
    policy = Asks()
    async with inside(plugins=(policy,)) as there:
        policy.gateway = there.gateway
        with pytest.raises(InternalError, match="8 calls deep") as refused:
            await there.ask()
        rows = await there.rows()

    assert refused.value.code == "asked_too_deep"
    ids = [row.call_id for row in rows]
    assert len(rows) == 8
    assert {row.cost for row in rows} == {0}
    parents = {row.parent for row in rows}
    assert len(parents) == 8
    assert parents - {there.outer.id} < {*ids}


class Seen(Layer):
    """A plugin's layer behind the meter."""

    name: ClassVar[str] = "seen"
    after: ClassVar[str] = "meter"
    needs: ClassVar[tuple[str, ...]] = ("authenticate",)
    made: ClassVar[list[Any]] = []
    seen: ClassVar[list[tuple[Any, str, Outcome]]] = []

    def __init__(self, app: Any, **options: Any) -> None:
        super().__init__(app, **options)
        self.made.append(self)

    def wind_up(self, call: Call, outcome: Outcome) -> None:
        self.seen.append((self, call.parent, outcome))


class Early(Seen):
    """One that stands before the limits."""

    name: ClassVar[str] = "early"
    after: ClassVar[str] = "context"
    needs: ClassVar[tuple[str, ...]] = ()
    made: ClassVar[list[Any]] = []
    seen: ClassVar[list[tuple[Any, str, Outcome]]] = []


class Layers:
    observed: ClassVar[list[tuple[str, str | None]]] = []

    @hookimpl
    def register_layers(self, register: Callable[[type[Layer]], None]) -> None:
        register(Seen)
        register(Early)

    @hookimpl
    def register_metrics(self, register: Callable[[Callable[[Any], None]], None]) -> None:
        register(lambda call: self.observed.append((call.parent, call.outcome)))


async def test_layers_of_plugins_behind_the_limits_and_observers_have_their_part(inside) -> None:
    async with inside(whole(), plugins=(Layers(),), service={"vouch": True}) as there:
        await there.ask()

    assert Seen.seen == [(Seen.made[0], there.outer.id, Outcome.COMPLETE)]
    assert (len(Seen.made), Early.seen) == (1, [])
    assert Layers.observed == [(there.outer.id, "complete")]
