from typing import Any

import pytest
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from structlog.testing import capture_logs
from tests.middleware.services.conftest import Publish
from tests.support.answering import Answering

from tollbridge.errors import ConfigError
from tollbridge.services.lifecycle import Move
from tollbridge.services.naming import check_app_name, closed_names
from tollbridge.testing import GatewayUnderTest
from tollbridge.testing.samples import ACT
from tollbridge.testing.service_contract import DESIGN, SERVICE, made, moved

APP = Starlette(routes=[Route("/private", lambda request: PlainTextResponse("mine"))])


async def published(bridge: GatewayUnderTest, slug: str) -> None:
    """Write a service of a slug that a gateway of now would not take, with a release that serves."""
    services = await bridge.gateway.store.services()
    await services.add_service(replace(SERVICE, slug=slug, kind="answering"), DESIGN, ACT)
    await made(services, "1")
    await moved(services, 1, Move.PUBLISH)


async def test_service_whose_slug_is_the_name_of_models_is_not_served_and_the_log_says_so(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await publish("sun")
    await published(bridge, "ai")

    with capture_logs() as logged:
        refused = await bridge.request("POST", "/v1/apis/ai", token=await bridge.token("service:*"))

    assert refused.status_code == 404
    assert list((await bridge.gateway.books.current()).entries) == ["sun"]
    assert [line["service"] for line in logged if line["event"] == "service_closed"] == ["ai"]


@pytest.mark.parametrize("retired", [False, True])
async def test_app_is_not_wrapped_under_the_slug_of_a_service(gateway: Any, kind: Answering, retired: bool) -> None:
    bridge = gateway({"service": {"name": "shop"}}, plugins=(kind,), app=APP)
    await bridge.client()
    await published(bridge, "shop")
    if retired:
        await bridge.gateway.services.retire("svc_1")
    await bridge.gateway.stop()

    with pytest.raises(ConfigError, match=r"service\.name: there is or was a service 'shop', .*another name"):
        await bridge.gateway.start()
    assert not bridge.gateway.started


async def test_gateway_that_wraps_nothing_serves_what_has_the_name_of_an_app(
    bridge: GatewayUnderTest, kind: Answering
) -> None:
    await bridge.client()
    await published(bridge, "app")

    await check_app_name(bridge.gateway)

    assert closed_names(bridge.gateway) == {"ai"}
    assert list((await bridge.gateway.books.current()).entries) == ["app"]


async def test_service_that_takes_the_name_of_the_app_meanwhile_is_not_served(gateway: Any, kind: Answering) -> None:
    bridge = gateway({"service": {"public": ["/v1/*"]}}, plugins=(kind,), app=APP)
    await bridge.client()
    await published(bridge, "app")

    assert closed_names(bridge.gateway) == {"ai", "app"}
    assert (await bridge.gateway.books.current()).entries == {}
