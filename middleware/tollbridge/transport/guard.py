"""Which addresses may be dialled.  Names are resolved here, every address is checked, and the checked one is dialled.

`ipaddress.is_global` alone is wrong: Python 3.11.7 calls 192.0.0.192 (a cloud's metadata), 64:ff9b::/96 (NAT64),
2002::/16 (6to4), fec0::/10 and multicast global. So the ranges are listed (IANA special-purpose address registries,
read 2026-11), addresses that carry another inside are judged by it too, and IPv6 is open only within 2000::/3.
"""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tollbridge.errors import UpstreamUnreachable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a name as text; raises `OSError`."""

_BLOCKED = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",  # Azure's platform, for its machines only (learn.microsoft.com, read 2026-11)
        *("::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16"),
        *("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out as global unicast; outside are translations such as ::ffff:0:127.0.0.1 (RFC 2765)."""
_NAME = re.compile(r"(?=.{1,253}\.?$)(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_PLAIN = frozenset(map(chr, range(0x21, 0x7F))) - {"\\"}
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a URL leads.  `host` is a lower-case name, or an address without brackets."""

    scheme: str
    host: str
    port: int


def endpoint_of(url: str) -> Endpoint:
    """Read the endpoint of an absolute URL; raises `UpstreamUnreachable` for one that may not be dialled."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:  # its text may hold the URL's user information
        raise _blocked("the provider's URL", "it is no valid URL") from None
    if parts.scheme not in _PORTS:
        raise _blocked("the provider's URL", f"the scheme {parts.scheme!r} is not dialled")
    if "@" in parts.netloc or not set(url) <= _PLAIN:
        raise _blocked("the provider's URL", "it holds user information, a backslash, a space or non-ASCII characters")
    if _literal(host) is None and (not _NAME.fullmatch(host) or _looks_like_a_number(host)):
        raise _blocked("the provider's URL", f"{host!r} is no host name")
    return Endpoint(parts.scheme, host, port if port is not None else _PORTS[parts.scheme])


def is_public(text: str) -> bool:
    """Whether an address may be dialled without the operator's saying so."""
    address = _literal(text)
    return address is not None and all(_is_open(each) for each in _carried(address))


def is_plainly_private(url: str) -> bool:
    """Whether a URL leads to this machine or a private network, as far as that is seen without resolving a name.

    Raises `UpstreamUnreachable` for a URL that may not be dialled at all.
    """
    host = endpoint_of(url).host
    if _literal(host) is not None:
        return not is_public(host)
    return host.rstrip(".").rpartition(".")[2] == "localhost"


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Resolve a name as the system does."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard:
    """Resolves and checks.  `resolve` can be given for tests."""

    def __init__(self, resolve: Resolve = resolve_by_system) -> None:
        self._resolve = resolve

    async def addresses(self, endpoint: Endpoint, *, allow_private: bool, tls_outside: bool = False) -> Sequence[str]:
        """Give the addresses that may be dialled; raises `UpstreamUnreachable` if there are none, or one is not public.

        With `tls_outside` those of plain `http` may not be public. One bad address refuses them all: a name that leads
        to both is not to be trusted.
        """
        host = endpoint.host
        if _literal(host) is not None:
            found: Sequence[str] = [host]
        else:
            try:
                found = await self._resolve(host, endpoint.port)
            except (OSError, UnicodeError) as exc:
                raise UpstreamUnreachable(
                    f"the provider {host} cannot be reached", detail=f"{host} does not resolve: {exc}"
                ) from exc
        if not found:
            raise UpstreamUnreachable(f"the provider {host} cannot be reached", detail=f"{host} has no address")
        if not allow_private and not all(map(is_public, found)):
            raise _blocked(
                f"the provider {host}",
                "it leads to an address that is not public; allow_private = true in its section lets it",
            )
        if tls_outside and endpoint.scheme == "http" and any(map(is_public, found)):
            raise _blocked(f"the provider {host}", "it leads to a public address, which is dialled by https:// alone")
        return found


def _literal(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _looks_like_a_number(host: str) -> bool:
    """Whether some resolver would read it as an IPv4 address: `2130706433`, `0x7f.1`, `127.1`."""
    last = host.rstrip(".").rpartition(".")[2]
    return last.isdigit() or bool(re.fullmatch(r"0x[0-9a-f]*", last))


def _carried(address: Address) -> list[Address]:
    """Give an address and those it carries inside."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped is not None or address in _NAT64:  # nothing but the IPv4 address is dialled
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    inside = [address.sixtofour, *(address.teredo or ())]
    return [address, *(each for each in inside if each is not None)]


def _is_open(address: Address) -> bool:
    if address.version == 6 and address not in _UNICAST:
        return False
    return address.is_global and not any(
        address in network for network in _BLOCKED if network.version == address.version
    )


def unsendable(endpoint: Endpoint) -> UpstreamUnreachable:
    """Say that HTTP cannot express a request.  The client's own words are left out: they quote headers, so keys."""
    return _blocked(
        f"the provider {endpoint.host}",
        "a header or the URL is not valid in HTTP; look for a line break in the provider's api_key",
    )


def _blocked(what: str, why: str) -> UpstreamUnreachable:
    return UpstreamUnreachable(f"{what} cannot be reached", detail=why)
