"""Which addresses are dialled, and that no transport dials another."""

import asyncio
from collections.abc import Sequence

import pytest

from tollbridge.errors import UpstreamTimeout, UpstreamUnreachable
from tollbridge.testing.transport_contract import post
from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge.transport import http1 as http1_module
from tollbridge.transport import make_transport
from tollbridge.transport import pins as pins_module
from tollbridge.transport.base import Timeouts
from tollbridge.transport.guard import Endpoint, Guard, endpoint_of, is_public, resolve_by_system
from tollbridge.transport.http1 import Http1Transport
from tollbridge.transport.httpx2_transport import Httpx2Transport

TRANSPORTS = {"http1": Http1Transport, "httpx2": Httpx2Transport}
PUBLIC = "93.184.215.14"


class Resolver:
    """Gives one list of addresses after another, the last one for ever; an `OSError` in the list is raised."""

    def __init__(self, *turns: Sequence[str] | OSError) -> None:
        self.turns = list(turns)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        turn = self.turns[min(self.asked, len(self.turns) - 1)]
        self.asked += 1
        if isinstance(turn, OSError):
            raise turn
        return turn


CLOSED = """
127.0.0.1 127.255.255.254 0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 169.254.169.254 169.254.170.2
172.16.0.1 172.31.255.255 192.168.1.1 192.0.0.192 192.0.0.8 192.0.0.9 192.0.0.170 192.0.2.1 192.88.99.1 198.18.0.1
198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255
::1 :: ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:0
64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b::a00:1 64:ff9b:1::1 64:ff9b:1::808:808
2002:7f00:1:: 2002:a9fe:a9fe::1 2002:a00:1:: 2001:0:4136:e378:8000:63bf:80ff:fffe 2001::1 2001:20::1 2001:db8::1
100::1 3fff::1 5f00::1 fd00:ec2::254 fc00::1 fe80::1 fe80::1%eth0 febf::1 fec0::1 ff02::1 ff0e::1
100.100.100.200 168.63.129.16.5 localhost 1 2130706433
""".split()  # noqa: SIM905
OPEN = """
8.8.8.8 1.1.1.1 93.184.215.14 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 192.0.1.1 198.17.255.255 198.20.0.1
2606:4700::1111 2a00:1450:4001::1 ::ffff:8.8.8.8 64:ff9b::808:808
""".split()  # noqa: SIM905


@pytest.mark.parametrize("address", CLOSED)
def test_address_that_is_not_public_is_refused(address) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OPEN)
def test_public_address_is_let_through(address) -> None:
    assert is_public(address)


REFUSED_URLS = [
    "",
    "models.example/v1",
    "//models.example/v1",
    "ftp://models.example/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_x",
    "unix:///run/docker.sock",
    "javascript:alert(1)",
    "http://",
    "http:///v1",
    "http://:80/",
    "http://user@models.example/",
    "http://user:pw@127.0.0.1/",
    "http://models.example@127.0.0.1/",
    "http://models.example\\@127.0.0.1/",
    "http:\\\\127.0.0.1/",
    "http://127.0.0.1\t.example/",
    "http://models.example/ x",
    "http://models.example:99999/",
    "http://models.example:-1/",
    "http://models.example:x/",
    "http://[::1/",
    "http://[models.example]/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://127.1/",
    "http://0177.0.0.1/",
    "http://127.0.0.1./",
    "http://127.0.0.0x1/",
    "http://１２７.0.0.1/",
    "http://modéls.example/",
    "http://-models.example/",
    "http://models..example/",
    "http://models%2eexample/",
    "http://" + "a" * 64 + ".example/",
    "http://" + "a." * 130 + "example/",
]


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_url_that_could_lead_elsewhere_is_refused_and_its_text_is_not_told_to_the_caller(url) -> None:
    with pytest.raises(UpstreamUnreachable) as caught:
        endpoint_of(url)

    assert caught.value.message == "the provider's URL cannot be reached"
    assert caught.value.detail


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://Models.Example/v1", Endpoint("http", "models.example", 80)),
        ("https://models.example", Endpoint("https", "models.example", 443)),
        ("HTTPS://models.example.:8443/x?y", Endpoint("https", "models.example.", 8443)),
        ("http://my_host:0/", Endpoint("http", "my_host", 0)),
        ("http://127.0.0.1:11434/v1", Endpoint("http", "127.0.0.1", 11434)),
        ("http://[::1]:8080/v1", Endpoint("http", "::1", 8080)),
        ("http://[FE80::1%25eth0]/", Endpoint("http", "fe80::1%25eth0", 80)),
    ],
)
def test_url_leads_to_its_endpoint(url, endpoint) -> None:
    assert endpoint_of(url) == endpoint


async def test_one_private_address_among_public_ones_refuses_them_all() -> None:
    guard = Guard(Resolver([PUBLIC, "10.0.0.1"]))

    with pytest.raises(UpstreamUnreachable) as caught:
        await guard.addresses(Endpoint("https", "models.example", 443), allow_private=False)

    assert "10.0.0.1" not in caught.value.message
    assert await guard.addresses(Endpoint("https", "models.example", 443), allow_private=True) == [PUBLIC, "10.0.0.1"]


async def test_public_address_is_refused_without_tls_where_that_is_asked() -> None:
    plain, secure = Endpoint("http", "hooks.example", 80), Endpoint("https", "hooks.example", 443)
    options = {"allow_private": True, "tls_outside": True}

    for found in ([PUBLIC], ["10.0.0.1", PUBLIC]):
        with pytest.raises(UpstreamUnreachable) as caught:
            await Guard(Resolver(found)).addresses(plain, **options)
        assert "https://" in (caught.value.detail or "")
        assert await Guard(Resolver(found)).addresses(secure, **options) == found
        assert await Guard(Resolver(found)).addresses(plain, allow_private=True) == found
    assert await Guard(Resolver(["10.0.0.1"])).addresses(plain, **options) == ["10.0.0.1"]


async def test_name_that_no_resolver_can_encode_is_unreachable() -> None:
    with pytest.raises(UpstreamUnreachable) as caught:
        await Guard().addresses(Endpoint("http", "a" * 64 + ".example", 80), allow_private=False)

    assert "does not resolve" in (caught.value.detail or "")


async def test_name_that_resolves_to_nothing_is_unreachable() -> None:
    with pytest.raises(UpstreamUnreachable) as caught:
        await Guard(Resolver([])).addresses(Endpoint("http", "models.example", 80), allow_private=True)

    assert "has no address" in (caught.value.detail or "")


async def test_system_gives_each_address_once() -> None:
    found = await resolve_by_system("localhost", 80)

    assert "127.0.0.1" in found or "::1" in found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("name", TRANSPORTS)
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "models.example"])
async def test_loopback_is_not_dialled_unless_the_operator_said_so(name, host) -> None:
    async with ScriptedUpstream() as upstream:
        port = upstream.url.rpartition(":")[2]
        transport = TRANSPORTS[name](Timeouts(), guard=Guard(Resolver(["127.0.0.1"])))
        with pytest.raises(UpstreamUnreachable) as caught:
            await transport.send(post(f"http://{host}:{port}", private=False))
        assert upstream.connections == 0
        assert "allow_private" in (caught.value.detail or "")

        if not host.startswith("["):
            response = await transport.send(post(f"http://{host}:{port}", private=True))
            await response.close()
            assert upstream.requests[0].header("host") == f"{host}:{port}"
        await transport.close()


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_name_that_turns_to_loopback_after_its_check_never_reaches_the_listener(name, monkeypatch) -> None:
    monkeypatch.setattr(pins_module, "PIN_S", 0.0)
    monkeypatch.setattr(pins_module, "STALE_S", 0.0)
    async with ScriptedUpstream() as listener:
        port = listener.url.rpartition(":")[2]
        resolver = Resolver(["192.0.2.1"], ["127.0.0.1"])
        guard = Guard(resolver)
        monkeypatch.setattr("tollbridge.transport.guard.is_public", lambda text: text == "192.0.2.1")
        transport = TRANSPORTS[name](Timeouts(connect_s=0.3), guard=guard)

        for _ in range(3):
            with pytest.raises((UpstreamUnreachable, UpstreamTimeout)):
                await transport.send(post(f"http://models.example:{port}", private=False))

        assert resolver.asked >= 2
        assert listener.connections == 0
        await transport.close()


class Pinned:
    """A `Http1Transport` over a resolver, and the scripted upstream that its good answers lead to."""

    def __init__(self, upstream: ScriptedUpstream, *turns: Sequence[str] | OSError) -> None:
        self.resolver = Resolver(*turns)
        self.transport = Http1Transport(Timeouts(connect_s=0.5), guard=Guard(self.resolver))
        self.url = f"http://models.example:{upstream.url.rpartition(':')[2]}"

    async def call(self, url: str = "") -> int:
        response = await self.transport.send(post(url or self.url))
        await response.read(100_000)
        await response.close()
        return response.status

    async def asked(self, times: int) -> None:
        """Wait until the resolver was asked so many times, and whoever asked has heard."""
        async with asyncio.timeout(5):
            while self.resolver.asked < times:
                await asyncio.sleep(0)
        for _ in range(3):
            await asyncio.sleep(0)


async def test_name_is_asked_for_once_however_many_calls_begin_together() -> None:
    async with ScriptedUpstream() as upstream:
        pinned = Pinned(upstream, ["127.0.0.1"])

        assert set(await asyncio.gather(*(pinned.call() for _ in range(20)))) == {200}

        assert pinned.resolver.asked == 1
        await pinned.transport.close()


async def test_pin_is_renewed_beside_the_calls_while_its_name_leads_to_it(monkeypatch) -> None:
    monkeypatch.setattr(pins_module, "PIN_S", 0.0)
    async with ScriptedUpstream() as upstream:
        pinned = Pinned(upstream, ["127.0.0.1"], ["127.0.0.2", "127.0.0.1"])

        await pinned.call()
        await pinned.call()
        await pinned.asked(2)
        await pinned.call()

        assert upstream.connections == 1
        await pinned.transport.close()


async def test_pin_moves_when_its_name_leads_elsewhere(monkeypatch) -> None:
    monkeypatch.setattr(pins_module, "PIN_S", 0.0)
    async with ScriptedUpstream() as upstream:
        pinned = Pinned(upstream, ["127.0.0.1"], ["127.0.0.2"])

        await pinned.call()
        await pinned.call()
        await pinned.asked(2)
        with pytest.raises(UpstreamUnreachable):  # nothing listens at 127.0.0.2
            await pinned.call()

        assert len(upstream.requests) == 2
        await pinned.transport.close()


async def test_last_good_address_serves_while_the_name_does_not_resolve(monkeypatch) -> None:
    monkeypatch.setattr(pins_module, "PIN_S", 0.0)
    async with ScriptedUpstream() as upstream:
        pinned = Pinned(upstream, ["127.0.0.1"], OSError("no such name"))

        for _ in range(3):
            assert await pinned.call() == 200

        assert pinned.resolver.asked >= 2
        await pinned.transport.close()


async def test_renewal_that_hangs_runs_once_and_ends_with_the_transport(monkeypatch) -> None:
    monkeypatch.setattr(pins_module, "PIN_S", 0.0)
    async with ScriptedUpstream() as upstream:
        pinned = Pinned(upstream, ["127.0.0.1"])
        await pinned.call()
        asked = 0

        async def hang(host: str, port: int) -> Sequence[str]:
            nonlocal asked
            asked += 1
            await asyncio.Event().wait()
            return []

        pinned.transport._pins._guard._resolve = hang
        for _ in range(3):
            assert await pinned.call() == 200

        assert asked == 1
        await pinned.transport.close()


async def test_known_urls_are_bounded(monkeypatch) -> None:
    monkeypatch.setattr(http1_module, "_KNOWN", 2)
    async with ScriptedUpstream() as upstream:
        pinned = Pinned(upstream, ["127.0.0.1"])

        for number in range(5):
            await pinned.call(f"{pinned.url}/{number}")

        assert len(pinned.transport._routes) <= 2
        assert upstream.connections == 1
        await pinned.transport.close()


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_configuration_names_the_transport(name) -> None:
    transport = make_transport(name, Timeouts())

    assert type(transport) is TRANSPORTS[name]
    await transport.close()
