"""Hosts as `[providers.<name>]`: a provider that is known needs a section only for what differs."""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from tollbridge import Gateway, Provider
from tollbridge.services.kinds import ServiceKind
from tollbridge_migrate.gathering import Host, Target
from tollbridge_migrate.naming import slug, unused
from tollbridge_migrate.seconds import copied, is_copied, not_copied, written_price

Known = Mapping[str, Provider]
"""The providers that installed plugins offer, by name."""
_LOCAL = ("localhost", "host.docker.internal")


def installed() -> Known:
    """Give the providers that installed plugins offer."""
    return _gateway().registry.providers


def installed_kinds() -> Mapping[str, ServiceKind]:
    """Give the kinds of services that installed plugins offer."""
    return _gateway().registry.service_kinds


@cache
def _gateway() -> Gateway:
    return Gateway({}, serves=False)


class Places:
    """The sections of hosts, and the name of each.  Raises nothing: a host that cannot be one has no name.

    `seconds` are the names of those that are a second section of a known provider, with that provider. `variables` must
    be set for some of these, each with what it is for.
    """

    def __init__(self, known: Known, hosts: Iterable[Host]) -> None:
        self.sections: dict[str, dict[str, Any]] = {}
        self.seconds: dict[str, Provider] = {}
        self.variables: dict[str, str] = {}
        self._known = known
        self._names: dict[Host, str] = {}
        each = list(hosts)
        plain = [host for host in each if self._is_plain(host)]
        for host in plain:
            self._names[host] = host.base
            if known[host.base].allow_private:
                self.sections[host.base] = {}
        taken = set(self._names.values())
        for host in each:
            if host not in self._names and (section := self._section(host, taken)) is not None:
                name, options = section
                taken.add(name)
                self._names[host], self.sections[name] = name, options

    def name(self, host: Host) -> str:
        """Give the name of a host's section, empty where it cannot have one."""
        return self._names.get(host, "")

    def price(self, target: Target) -> Mapping[str, str]:
        """Give the price of a target in a second section, empty where none is known and in any other."""
        found = self._price(target)
        return {} if found is None else written_price(found)

    def lacks(self, target: Target, *, priced: bool) -> str:
        """Say what a second section does not have of its provider; `priced` models have a price of their own."""
        name = self.name(target.host)
        known = self.seconds.get(name)
        if known is None:
            return ""
        lost = []
        fields = not_copied(known)
        if fields:
            lost.append(f"what is renamed or left out for {known.name} cannot be said: {', '.join(fields)}")
        price = None if priced else self._price(target)
        if price is None and not priced:
            lost.append("what it costs is not known there; write a price into [models]")
        elif price is not None and (tiers := price["tiers"]):
            lost.append(f"it costs something else above {tiers[0]['above']} tokens, which cannot be said")
        return f"{name} is a second section of {known.name}: {'; '.join(lost)}" if lost else ""

    def _price(self, target: Target) -> Mapping[str, Any] | None:
        known = self.seconds.get(self.name(target.host))
        if known is None:
            return None
        gateway = _gateway()
        found = gateway.prices.find(known.price_id, target.model, gateway.clock.now())
        return None if found is None else found.table()

    def _is_plain(self, host: Host) -> bool:
        """Whether a host is a known provider as it is."""
        known = self._known.get(host.base)
        named = known is not None and (not host.key or host.key.removeprefix("env:") in known.auth.env)
        return named and not host.url and not host.headers and not host.dialect

    def _section(self, host: Host, taken: set[str]) -> tuple[str, dict[str, Any]] | None:
        known = self._known.get(host.base)
        if known is None and not host.url:
            return None
        name = host.base if known is not None and host.base not in taken else self._new_name(host, taken)
        options: dict[str, Any] = {}
        dialect = host.dialect or (next(iter(known.base_urls), "") if known is not None else "")
        if host.url:
            options["base_url"] = host.url
            if dialect and dialect != "openai-chat":
                options["dialect"] = dialect
        if known is not None and name != host.base:
            if not is_copied(known):
                return None
            self.seconds[name] = known
            options |= {} if host.url else {"base_urls": dict(known.base_urls)}
            options |= copied(known, options.get("dialect", ""))
        if host.key:
            options["api_key"] = host.key
        elif "api_key" in options:
            self.variables[options["api_key"].removeprefix("env:")] = f"the key of {host.base}, for {name}"
        if host.headers:
            options["headers"] = {**options.get("headers", {}), **dict(host.headers)}
        if host.local or any(map(is_private, (host.url, *options.get("base_urls", {}).values()))):
            options["allow_private"] = True
        return name, options

    def _new_name(self, host: Host, taken: set[str]) -> str:
        where = urlsplit(host.url).hostname if host.url else ""
        wanted = host.label or host.base or where or "host"
        return unused(slug(wanted, "host"), taken | self._known.keys())


def is_private(url: str) -> bool:
    """Whether a URL says itself that it leads to this machine or a private network."""
    try:
        host = urlsplit(url).hostname or ""
        return host in _LOCAL or host.endswith((".local", ".internal")) or ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def usable_url(url: str) -> str:
    """Give a URL that a host may have, without a slash at its end, empty where it can have none."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return ""
    fits = (
        parts.scheme in ("http", "https")
        and parts.hostname
        and "@" not in parts.netloc
        and not parts.fragment
        and not parts.query
    )
    return url.rstrip("/") if fits and url.isascii() and url.isprintable() and " " not in url else ""
