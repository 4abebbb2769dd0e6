"""From where and when a token opens the bridge: networks, and hours of the week.

Networks are those of CIDR notation, IPv4 and IPv6, or single addresses. Hours are written as days, a span and a time
zone: `mon-fri 08:00-18:00 Europe/Berlin`, `sat,sun 22:00-06:00 UTC`, `mon-sun 00:00-24:00 UTC`. A span that ends
before it begins goes on past midnight and belongs to the day it began on.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from zoneinfo import ZoneInfo

import msgspec

from tollbridge.errors import Denied, GatewayError

MOST_NETWORKS = 64

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([a-z,\-]+) (\d\d):(\d\d)-(\d\d):(\d\d) (\S{1,64})")
_DAY = 24 * 60

_Network = IPv4Network | IPv6Network


class Conditions(msgspec.Struct, frozen=True, gc=False):
    """Where from and when; empty for anywhere and any time.  Made by `parse_conditions`."""

    networks: tuple[str, ...] = ()
    hours: str = ""

    def refusal(self, client: str, now: datetime) -> GatewayError | None:
        """Say why a caller at this address is refused now, None where it is not.  No address is nowhere."""
        if self.networks and not is_within(client, self.networks):
            return Denied("this token may not be used from this address", code="token_not_here")
        if self.hours and not _window(self.hours).holds(now):
            return Denied(f"this token may be used {self.hours} only", code="token_not_now")
        return None


ANYWHERE = Conditions()
"""At any time too."""


def parse_conditions(networks: Iterable[str] = (), hours: str = "") -> Conditions:
    """Check networks and hours and give them as they are kept; raises `ValueError` saying what is wrong."""
    found = tuple(dict.fromkeys(str(_network(text)) for text in networks))
    if len(found) > MOST_NETWORKS:
        raise ValueError(f"{len(found)} networks are too many, the most is {MOST_NETWORKS}")
    written = " ".join(hours.split())
    if written:
        _window(written)
    return Conditions(found, written)


class _Window(msgspec.Struct, frozen=True):
    """Hours of a week: minutes since midnight on some days, Monday is 0."""

    days: frozenset[int]
    begins: int
    ends: int
    zone: tzinfo

    def holds(self, now: datetime) -> bool:
        """Whether a moment lies within."""
        here = now.astimezone(self.zone)
        minute, today = here.hour * 60 + here.minute, here.weekday()
        if self.begins < self.ends:
            return today in self.days and self.begins <= minute < self.ends
        yesterday = (here - timedelta(days=1)).weekday()
        return (today in self.days and minute >= self.begins) or (yesterday in self.days and minute < self.ends)


@lru_cache(maxsize=1024)
def _window(text: str) -> _Window:
    shape = _HOURS.fullmatch(text)
    if shape is None:
        raise ValueError(f"{text[:80]!r} are no hours: write them as 'mon-fri 08:00-18:00 Europe/Berlin'")
    days, *times, zone = shape.groups()
    hour, minute, end_hour, end_minute = map(int, times)
    begins, ends = hour * 60 + minute, end_hour * 60 + end_minute
    if minute > 59 or end_minute > 59 or begins >= _DAY or ends > _DAY or begins == ends:
        raise ValueError(f"{text!r}: the span is from 00:00 at the earliest to 24:00 at the latest, and not empty")
    return _Window(frozenset(_days(days)), begins, ends, _zone(zone))


def _days(text: str) -> Iterable[int]:
    for part in text.split(","):
        first, dash, last = part.partition("-")
        names = (first, last if dash else first)
        if not all(name in _DAYS for name in names):
            raise ValueError(f"{text!r} are no days: {', '.join(_DAYS)}, with '-' between the first and the last")
        begin, end = map(_DAYS.index, names)
        yield from (day % 7 for day in range(begin, end + 1 if end >= begin else end + 8))


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"{name!r} is no time zone this machine knows, such as Europe/Berlin or UTC") from None


def _network(text: str) -> _Network:
    try:
        return ip_network(text.strip())
    except ValueError:
        raise ValueError(f"{text[:80]!r} is no address or network, such as 203.0.113.7 or 10.0.0.0/8") from None


@lru_cache(maxsize=4096)
def _networks(texts: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(map(ip_network, texts))


def is_within(client: str, networks: tuple[str, ...]) -> bool:
    """Whether a caller's address is in one of some networks."""
    address = _address(client)
    return address is not None and any(
        address in network for network in _networks(networks) if network.version == address.version
    )


def _address(client: str) -> IPv4Address | IPv6Address | None:
    """Read a caller's address; an IPv4 one that came as IPv6 is itself."""
    try:
        address = ip_address(client.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
