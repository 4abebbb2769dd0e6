"""A name of several addresses, keys that are no header, and transports that close early."""

import asyncio
import gc
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx2
import pytest

from tollbridge.errors import UpstreamTimeout, UpstreamUnreachable
from tollbridge.testing.transport_contract import BODY, post
from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge.transport import pins as pins_module
from tollbridge.transport.base import Timeouts, Transport, UpstreamRequest
from tollbridge.transport.guard import Guard, endpoint_of, is_public
from tollbridge.transport.http1 import Http1Transport
from tollbridge.transport.httpx2_transport import Httpx2Transport

BOTH = pytest.mark.parametrize("make", [Http1Transport, Httpx2Transport])
DEAD = "127.0.0.2"  # nothing listens there


def resolver(*addresses: str):
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


def named(upstream: ScriptedUpstream) -> str:
    return f"http://models.example:{upstream.url.rpartition(':')[2]}"


async def status(transport: Transport, url: str) -> int:
    response = await transport.send(post(url))
    await response.read(100_000)
    await response.close()
    return response.status


@contextmanager
def full_queue(address: str, port: int) -> Iterator[None]:
    """Listen at an address with a queue that is full, so that further connections wait."""
    with socket.socket() as listener:
        listener.bind((address, port))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        try:
            for connection in waiting:
                connection.setblocking(False)
                connection.connect_ex((address, port))
            yield
        finally:
            for connection in waiting:
                connection.close()


@BOTH
@pytest.mark.parametrize("addresses", [(DEAD, "127.0.0.1"), (DEAD, "127.0.0.3", "127.0.0.1")])
async def test_call_goes_to_the_next_address_where_one_refuses(make, addresses) -> None:
    async with ScriptedUpstream() as upstream:
        transport = make(Timeouts(), guard=Guard(resolver(*addresses)))

        assert [await status(transport, named(upstream)) for _ in range(3)] == [200, 200, 200]

        assert len(upstream.requests) == 3
        await transport.close()


@BOTH
async def test_name_is_unreachable_where_every_address_refuses(make) -> None:
    async with ScriptedUpstream() as upstream:
        transport = make(Timeouts(), guard=Guard(resolver(DEAD, "127.0.0.3")))

        for _ in range(2):
            with pytest.raises(UpstreamUnreachable):
                await transport.send(post(named(upstream)))
        await transport.close()


@BOTH
async def test_address_that_lets_a_call_wait_is_left_by_the_next_call(make) -> None:
    async with ScriptedUpstream() as upstream:
        with full_queue(DEAD, int(upstream.url.rpartition(":")[2])):
            transport = make(Timeouts(connect_s=0.2), guard=Guard(resolver(DEAD, "127.0.0.1")))
            with pytest.raises(UpstreamTimeout):
                await transport.send(post(named(upstream)))

            assert await status(transport, named(upstream)) == 200
            await transport.close()


async def test_calls_that_fail_together_turn_the_pin_once() -> None:
    async with ScriptedUpstream() as upstream:
        transport = Http1Transport(guard=Guard(resolver(DEAD, "127.0.0.1")))

        found = await asyncio.gather(*(status(transport, named(upstream)) for _ in range(8)))

        assert found == [200] * 8
        assert [pin.addresses[0] for pin in transport._pins._pins.values()] == ["127.0.0.1"]
        await transport.close()


async def test_renewed_pin_keeps_its_address_and_learns_the_others(monkeypatch) -> None:
    monkeypatch.setattr(pins_module, "PIN_S", 0.0)
    async with ScriptedUpstream() as upstream:
        turns = [["127.0.0.1"], [DEAD, "127.0.0.1"]]

        async def resolve(host: str, port: int) -> Sequence[str]:
            return turns.pop(0) if len(turns) > 1 else turns[0]

        transport = Http1Transport(guard=Guard(resolve))
        for _ in range(2):
            await status(transport, named(upstream))
        (pin,) = transport._pins._pins.values()
        async with asyncio.timeout(5):
            while len(pin.addresses) == 1:
                await asyncio.sleep(0)

        assert pin.addresses == ["127.0.0.1", DEAD]
        assert upstream.connections == 1
        await transport.close()


@BOTH
@pytest.mark.parametrize(
    "header", [(b"authorization", b"Bearer sk-very-secret\n"), (b"x-a", b"sk-very-secret\r\nx-b: 1"), (b"a b", b"c")]
)
async def test_key_with_a_line_break_is_refused_and_not_told(make, header) -> None:
    async with ScriptedUpstream() as upstream:
        transport = make(Timeouts(), guard=Guard())

        with pytest.raises(UpstreamUnreachable) as caught:
            await transport.send(UpstreamRequest("POST", upstream.url, [header], BODY, True))
        await transport.close()

        assert upstream.requests == []
    told = f"{caught.value!r} {caught.value.message} {caught.value.detail}"
    assert "sk-very-secret" not in told
    assert "line break" in told
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_transport_that_closes_while_a_name_resolves_opens_nothing() -> None:
    asked, gate = asyncio.Event(), asyncio.Event()

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.set()
        await gate.wait()
        return ["127.0.0.1"]

    async with ScriptedUpstream() as upstream:
        transport = Http1Transport(guard=Guard(resolve))
        sending = asyncio.create_task(transport.send(post(named(upstream))))
        await asked.wait()

        await transport.close()
        gate.set()
        with pytest.raises(UpstreamUnreachable):
            await sending

        assert upstream.connections == 0


@pytest.mark.parametrize("fails", [True, False])
async def test_resolution_that_nobody_waits_for_ends_in_silence(fails) -> None:
    reported: list[object] = []
    asked, gate, done = asyncio.Event(), asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.set()
        await gate.wait()
        done.set()
        if fails:
            raise OSError("no such name")
        raise asyncio.CancelledError

    transport = Http1Transport(guard=Guard(resolve))
    sending = asyncio.create_task(transport.send(post("http://models.example")))
    await asked.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    gate.set()
    await done.wait()
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()

    assert reported == []
    await transport.close()


def test_given_transport_takes_no_guard() -> None:
    with pytest.raises(ValueError, match="not guarded"):
        Httpx2Transport(transport=httpx2.MockTransport(lambda _: httpx2.Response(200)), guard=Guard())


@pytest.mark.parametrize("address", ["::ffff:0:127.0.0.1", "::ffff:0:7f00:1", "400::1", "4000::1", "168.63.129.16"])
def test_address_outside_the_public_internet_is_refused(address) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url", ["\x00http://models.example/", "http://models.example/\x00", "http://models.example/\x7f"]
)
def test_control_character_in_a_url_is_refused(url) -> None:
    with pytest.raises(UpstreamUnreachable):
        endpoint_of(url)


def test_user_information_of_a_broken_url_is_not_told() -> None:
    with pytest.raises(UpstreamUnreachable) as caught:
        endpoint_of("http://user:sk-very-secret@exa\u2100mple/")  # U+2100 becomes "a/c" when normalised

    assert "sk-very-secret" not in f"{caught.value!r} {caught.value.detail}"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
