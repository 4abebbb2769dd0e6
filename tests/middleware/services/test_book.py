import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.middleware.services.conftest import Publish
from tests.support.answering import Answering

from tollbridge.errors import Unavailable
from tollbridge.testing import GatewayUnderTest


async def test_book_is_read_once_for_each_edition(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()
    books, store = bridge.gateway.books, await bridge.gateway.store.services()
    read: list[int] = []
    published = store.published

    async def counted() -> Any:
        read.append(1)
        return await published()

    store.published = counted  # type: ignore[method-assign]
    first, second = await asyncio.gather(books.current(), books.current())
    third = await books.current()

    assert first is second is third
    assert len(read) == 1
    await publish("sun")
    assert set((await books.current()).entries) == {"sun", "weather"}
    assert len(read) == 2


async def test_release_that_stays_is_made_once_whatever_else_changes(
    bridge: GatewayUnderTest, publish: Publish, kind: Answering
) -> None:
    await publish()
    await bridge.request("POST", "/v1/apis/weather")
    await publish("sun")
    await bridge.request("POST", "/v1/apis/weather")
    await bridge.request("POST", "/v1/apis/sun")

    assert [(one.slug, one.number, one.version, one.definition.text) for one in kind.made] == [
        ("weather", 1, "1", "weather 1"),
        ("sun", 1, "1", "sun 1"),
    ]
    assert kind.closed == []


async def test_gateway_that_stops_ends_what_serves(bridge: GatewayUnderTest, publish: Publish, kind: Answering) -> None:
    _, never = await publish(text="never ends")
    _, other = await publish("sun")
    for slug in ("weather", "sun"):
        await bridge.request("POST", f"/v1/apis/{slug}")

    with capture_logs() as logged:
        await bridge.gateway.stop()

    assert sorted(kind.closed) == sorted([never.id, other.id])
    assert [line["release"] for line in logged if line["event"] == "service_close_failed"] == [never.id]


async def test_release_that_nobody_called_is_not_made_and_not_closed(
    bridge: GatewayUnderTest, publish: Publish, kind: Answering
) -> None:
    await publish()
    await bridge.gateway.books.current()
    await bridge.gateway.stop()

    assert (kind.made, kind.closed) == ([], [])


async def test_store_that_does_not_answer_refuses(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()
    assert (await bridge.request("POST", "/v1/apis/weather")).status_code == 200

    async def silent() -> int:
        raise Unavailable("the store does not answer")

    bridge.gateway.books._edition = silent

    with pytest.raises(Unavailable):
        await bridge.gateway.books.current()
    assert (await bridge.request("POST", "/v1/apis/weather")).status_code == 503


async def test_release_that_goes_while_the_book_is_read_is_left_out(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish()
    store = await bridge.gateway.store.services()

    async def none(ids: Any) -> Any:
        return {}

    store.designs = none  # type: ignore[method-assign]
    entry = (await bridge.gateway.books.current()).entries["weather"]

    assert (entry.live, dict(entry.versions)) == (None, {})
