"""Hosts as `[providers.<name>]`: a provider that is known needs a section only for what differs."""

import ipaddress
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from tollbridge import Gateway, Header, NoAuth, Provider
from tollbridge.services.kinds import ServiceKind
from tollbridge_migrate.gathering import Host
from tollbridge_migrate.naming import slug, unused

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
    """The sections of hosts, and the name of each.  Raises nothing: a host that cannot be one has no name."""

    def __init__(self, known: Known, hosts: Iterable[Host]) -> None:
        self.sections: dict[str, dict[str, Any]] = {}
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
        if known is not None and name != host.base and not _is_copied(known):
            return None
        dialect = host.dialect or (next(iter(known.base_urls), "") if known is not None else "")
        if host.url:
            options["base_url"] = host.url
            if dialect and dialect != "openai-chat":
                options["dialect"] = dialect
        elif known is not None and name != host.base:
            options["base_urls"] = dict(known.base_urls)
        if known is not None and name != host.base:
            options |= _shown(known)
        if host.key:
            options["api_key"] = host.key
        if host.headers:
            options["headers"] = dict(host.headers)
        if host.local or is_private(host.url):
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


def _is_copied(known: Provider) -> bool:
    """Whether a second section can show a key as the known provider does."""
    return isinstance(known.auth, Header | NoAuth)


def _shown(known: Provider) -> dict[str, Any]:
    auth = known.auth
    return {"auth_header": auth.name} if isinstance(auth, Header) and auth.name.lower() != "authorization" else {}
