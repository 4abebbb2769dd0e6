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


async def asked(answer: bytes, hook: Callable[[int], Webhook], sending: Callable[[Guard], Sending]) -> tuple[str, int]:
    """Send to a server on loopback that a public name is said to be; gives the outcome and how often it was dialled."""
    dialled = 0

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal dialled
        dialled += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        attempt = await sending(Guard(resolve)).attempt(hook(port), MESSAGE)
    return attempt.outcome, dialled


@pytest.mark.parametrize(("private", "outcome", "dialled"), [(False, "unreachable", 0), (True, "delivered", 1)])
async def test_name_that_leads_to_a_private_address_is_dialled_where_it_may_be_alone(
    gateway: Callable[..., GatewayUnderTest], private: bool, outcome: str, dialled: int
) -> None:
    under = gateway()
    _, sealed = HookSecrets(under.gateway.box).begin("whk_1", NOON)
    webhook = Webhook("whk_1", "ours", "", ("*",), "", private, NOON, sealed)

    found = await asked(
        b"HTTP/1.1 204 No Content\r\n\r\n",
        lambda port: replace(webhook, url=f"http://rebound.example.com:{port}/in"),
        lambda guard: Sending(Http1Transport(guard=guard), under.gateway.box, under.clock),
    )

    assert found == (outcome, dialled)


async def test_redirect_to_a_private_address_is_not_followed(gateway: Callable[..., GatewayUnderTest]) -> None:
    under = gateway()
    _, sealed = HookSecrets(under.gateway.box).begin("whk_1", NOON)
    webhook = Webhook("whk_1", "ours", "", ("*",), "", True, NOON, sealed)

    found = await asked(
        b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        lambda port: replace(webhook, url=f"http://hooks.example.com:{port}/in"),
        lambda guard: Sending(Http1Transport(guard=guard), under.gateway.box, under.clock),
    )

    assert found == ("http_307", 1)
