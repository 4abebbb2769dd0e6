"""A gateway that knows the kind `answering`."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.support.answering import Answering

from tollbridge.services.model import Access, Design, Release, Service, ServiceChange
from tollbridge.testing import GatewayUnderTest

Publish = Callable[..., Awaitable[tuple[Service, Release]]]


@pytest.fixture
def kind() -> Answering:
    return Answering()


@pytest.fixture
def bridge(gateway: Any, kind: Answering) -> GatewayUnderTest:
    return gateway({}, plugins=(kind,))


@pytest.fixture
def publish(bridge: GatewayUnderTest) -> Publish:
    """Publish a service, which is begun where it is not there, as a release of this version."""

    async def publish(
        slug: str = "weather",
        version: str = "1",
        *,
        team: str = "",
        beside: bool = False,
        design: Any = None,
        **said: Any,
    ) -> tuple[Service, Release]:
        await bridge.client()
        services, store = bridge.gateway.services, await bridge.gateway.store.services()
        fields = {"name": slug.title(), "access": Access.SCOPE, **(design or {})}
        draft = Design(**fields, definition={"text": f"{slug} {version}", **said})
        service = await store.get_service(slug)
        if service is None:
            service = await services.add(slug, "answering", team=team, draft=draft)
        else:
            await services.change(service.id, ServiceChange(draft=draft))
        release = await services.release(service.id, version=version)
        assert release is not None
        live = await services.publish(service.id, release.number, beside=beside)
        assert live is not None
        return service, live

    return publish
