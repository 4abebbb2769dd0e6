"""How a call of a service as a model is explained."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.middleware.explaining.conftest import CONFIG, explained
from tests.middleware.explaining.test_service import failing, issued, rules
from tests.support.answering import Talking

from tollbridge.explaining import asked_of
from tollbridge.services.model import Access, Design
from tollbridge.testing import GatewayUnderTest

Make = Callable[..., GatewayUnderTest]


@pytest.fixture
async def bridge(gateway: Make) -> GatewayUnderTest:
    found = gateway(CONFIG, plugins=(Talking(),))
    await found.client()
    services = found.gateway.services
    design = Design(name="Parrot", access=Access.SCOPE, definition={"text": "I say"})
    service = await services.add("parrot", "talking", draft=design)
    await services.release(service.id, version="1")
    await services.publish(service.id, 1)
    return found


@pytest.mark.parametrize(("model", "scope"), [("api/parrot", "model:api/parrot"), ("api/parrot@1", "model:api/parrot")])
async def test_scope_of_its_name_and_the_one_of_the_dialect_are_what_it_needs(
    bridge: GatewayUnderTest, model: str, scope: str
) -> None:
    id, _ = await issued(bridge, "ai:chat", scope)

    told = await explained(bridge, id, asked_of(model))

    assert (told.crosses, failing(told)) == (True, [])
    needed = [rule.says for rule in rules(told, "authorize", "scope")]
    assert any("ai:chat" in says for says in needed)
    assert any(scope in says for says in needed)
    (answers,) = rules(told, "dispatch", "service")
    assert answers.says == "the release 1 of the service parrot answers"


async def test_scope_of_the_service_stands_for_the_one_of_the_dialect(bridge: GatewayUnderTest) -> None:
    id, _ = await issued(bridge, "service:parrot:*", "model:api/parrot")

    told = await explained(bridge, id, asked_of("api/parrot"))

    assert (told.crosses, failing(told)) == (True, [])
    needed = [rule.says for rule in rules(told, "authorize", "scope")]
    assert needed == ["service:parrot:speak by service:parrot:*", "model:api/parrot by model:api/parrot"]


async def test_lack_of_its_scope_and_a_pause_are_what_holds_it_up(bridge: GatewayUnderTest) -> None:
    bare, _ = await issued(bridge, "ai:chat", "service:*")
    id, _ = await issued(bridge, "ai:chat", "model:*")
    lacks = await explained(bridge, bare, asked_of("api/parrot"))
    parrot: Any = await (await bridge.gateway.store.services()).get_service("parrot")
    await bridge.gateway.services.pause(parrot.id, why="it is moulting")

    paused = await explained(bridge, id, asked_of("api/parrot"))

    assert lacks.refusal is not None
    assert (lacks.crosses, lacks.refusal.code) == (False, "insufficient_scope")
    assert [rule.holds for rule in rules(lacks, "authorize", "scope")][-1] is False
    assert paused.refusal is not None
    assert (paused.crosses, paused.refusal.code, failing(paused)) == (False, "service_paused", [])
