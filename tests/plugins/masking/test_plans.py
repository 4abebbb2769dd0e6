"""Masking as a term of a plan, and of a service."""

from typing import Any

import pytest
from tests.support.answering import Answering

from tollbridge.services.model import Access, Approval, Design
from tollbridge.services.subscribing import Plan
from tollbridge.testing import GatewayUnderTest

SAID = "write to joe@example.com"


@pytest.fixture
def bridge(gateway: Any) -> GatewayUnderTest:
    return gateway({}, plugins=(Answering(),))


async def published(bridge: GatewayUnderTest, **design: Any) -> None:
    await bridge.client()
    services = bridge.gateway.services
    service = await services.add("people", "answering", draft=Design(name="P", definition={"text": SAID}, **design))
    await services.release(service.id, version="1")
    await services.publish(service.id, 1)


async def subscriber(bridge: GatewayUnderTest, plan: str, **policies: Any) -> str:
    gateway = bridge.gateway
    await gateway.subscriptions.add_plan(Plan(name=plan, policies=policies, created_at=bridge.clock.now()))
    application = await gateway.applications.add(plan)
    issued = await gateway.applications.issue(application.id, name="own")
    assert issued is not None
    await gateway.subscriptions.ask(application.id, "people", plan=plan)
    return str(issued.secret)


async def test_each_plan_masks_as_much_as_it_says(bridge: GatewayUnderTest) -> None:
    await published(bridge, approval=Approval.AUTO, plans=("basic", "some", "full"))
    tokens = [
        await subscriber(bridge, "basic", masking={"level": "full"}),
        await subscriber(bridge, "some", masking={}),
        await subscriber(bridge, "full"),
    ]

    told = [(await bridge.request("POST", "/v1/apis/people", token=token)).json()["text"] for token in tokens]

    assert told == ["write to [email]", "write to j***@example.com", SAID]


async def test_service_that_masks_does_so_for_all(bridge: GatewayUnderTest) -> None:
    await published(bridge, access=Access.SCOPE, policies={"masking": {"level": "full"}})

    reply = await bridge.request("POST", "/v1/apis/people")

    assert (reply.json()["text"], int(reply.headers["content-length"])) == ("write to [email]", len(reply.content))
