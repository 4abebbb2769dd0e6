"""A message is dialled by the guard's leave alone (T27), whoever wrote the URL."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from tollbridge.stores.webhooks import Delivery, Webhook
from tollbridge.testing import GatewayUnderTest
from tollbridge.testing.samples import NOON
from tollbridge.transport.guard import Guard
from tollbridge.transport.http1 import Http1Transport
from tollbridge.webhooks.secrets import HookSecrets
from tollbridge.webhooks.sending import Sending

MESSAGE = Delivery("msg_1", "whk_1", "token.rotate", NOON, 0, "", said="{}")


async def asked(
    answer: bytes,
    hook: Callable[[int], Webhook],
    sending: Callable[[Guard], Sending],
    addresses: Sequence[str] = ("127.0.0.1",),
) -> tuple[str, int]:
    """Send to a server on loopback that a public name is said to be; gives the outcome and how often it was dialled."""
    dialled = 0

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal dialled
        dialled += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        attempt = await sending(Guard(resolve)).attempt(hook(port), MESSAGE)
    return attempt.outcome, dialled


def hook(under: GatewayUnderTest, *, allow_private: bool) -> Webhook:
    """Give a webhook whose secret opens, and whose URL is not said yet."""
    _, sealed = HookSecrets(under.gateway.box).begin("whk_1", NOON)
    return Webhook("whk_1", "ours", "", ("*",), "", allow_private, NOON, sealed)


@pytest.mark.parametrize(
    ("scheme", "webhooks", "operators", "outcome", "dialled"),
    [
        ("http", True, True, "delivered", 1),
        ("http", True, False, "not_allowed", 0),
        ("http", False, True, "not_allowed", 0),
        ("https", True, False, "unreachable", 0),
        ("https", False, True, "unreachable", 0),
    ],
)
async def test_private_address_is_dialled_where_both_the_webhook_and_the_operator_let_it(
    gateway: Callable[..., GatewayUnderTest], scheme: str, webhooks: bool, operators: bool, outcome: str, dialled: int
) -> None:
    under = gateway()
    webhook = hook(under, allow_private=webhooks)

    found = await asked(
        b"HTTP/1.1 204 No Content\r\n\r\n",
        lambda port: replace(webhook, url=f"{scheme}://rebound.example.com:{port}/in"),
        lambda guard: Sending(Http1Transport(guard=guard), under.gateway.box, under.clock, allow_private=operators),
    )

    assert found == (outcome, dialled)


@pytest.mark.parametrize("addresses", [["93.184.215.14"], ["127.0.0.1", "93.184.215.14"]])
async def test_public_address_is_not_dialled_without_tls_wherever_the_name_led_before(
    gateway: Callable[..., GatewayUnderTest], addresses: list[str]
) -> None:
    under = gateway()
    webhook = hook(under, allow_private=True)

    found = await asked(
        b"HTTP/1.1 204 No Content\r\n\r\n",
        lambda port: replace(webhook, url=f"http://rebound.example.com:{port}/in"),
        lambda guard: Sending(Http1Transport(guard=guard), under.gateway.box, under.clock, allow_private=True),
        addresses,
    )

    assert found == ("unreachable", 0)


async def test_redirect_to_a_private_address_is_not_followed(gateway: Callable[..., GatewayUnderTest]) -> None:
    under = gateway()
    webhook = hook(under, allow_private=True)

    found = await asked(
        b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        lambda port: replace(webhook, url=f"http://hooks.example.com:{port}/in"),
        lambda guard: Sending(Http1Transport(guard=guard), under.gateway.box, under.clock, allow_private=True),
    )

    assert found == ("http_307", 1)
