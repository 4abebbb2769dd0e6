"""A provider tried before it is used: asked once for its models, with a key and at a URL that nobody has kept.

Where a key of ours is shown stands in the configuration alone, so with a URL of the caller's only a key of the caller's
goes along, and nothing of the provider's own section. Such a URL names no variable of the environment, and leads to a
public address.
"""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from tollbridge.auth import NoAuth
from tollbridge.config import ProviderConfig
from tollbridge.errors import BadRequest, SetupError
from tollbridge.hosts import Host
from tollbridge.keys import usable_key
from tollbridge.logs import clean, hide
from tollbridge.merging import LISTED_BY, near
from tollbridge.providerkeys.checking import Checked, Looked, Result, look_at_host
from tollbridge.providerkeys.making import hosts_of

if TYPE_CHECKING:
    from tollbridge.audit import Actor
    from tollbridge.gateway import Gateway

PATIENCE_S = 30.0
"""How long a provider has for all of its answers, where `[upstream] first_byte_timeout_s` is not less."""
TRIED = "provider.try"
"""What a try is recorded as."""
_MOST_BYTES = 4 * 1024 * 1024
"""Bytes of a list of models that are read; those of the longest known are some 500,000."""
_BEARER, _GIVEN, _OWN, _NONE = "bearer", "given", "own", "none"


class ProviderTry(msgspec.Struct, frozen=True, kw_only=True):
    """A provider as it is to be tried.

    `base_url` is empty for where it is known to be, `dialect` then too. `auth_header` carries the key in place of what
    the provider wants. `key` is shown once and kept nowhere, `stored` names one of the database; where there is neither
    it is shown the key that it has.
    """

    provider: str
    base_url: str = ""
    dialect: str = ""
    auth_header: str = ""
    key: str = ""
    stored: str = ""

    def __repr__(self) -> str:
        return f"ProviderTry({self.provider!r})"


class ProviderTried(msgspec.Struct, frozen=True):
    """What came of it: the models that were listed, and how long all of it took, in milliseconds."""

    checked: Checked
    models: tuple[str, ...]
    took_ms: int


async def try_provider(gateway: "Gateway", wish: ProviderTry, by: "Actor") -> ProviderTried:
    """Ask a provider for its models; that it is asked is recorded before.

    Raises `BadRequest` with `param` for what cannot be tried, and `Unavailable` where it cannot be recorded.
    """
    bare = _bare(gateway, wish)
    shown = await _shown(gateway, wish, bare)
    host, kind = shown
    url = clean(next(iter(host.base_urls.values())))
    act = await gateway.tokens.act(by)
    await gateway.store.note(act, TRIED, wish.provider, None, {"base_url": url, "shown": kind})
    begun, patience_s = gateway.clock.monotonic(), min(PATIENCE_S, gateway.config.upstream.first_byte_timeout_s)
    without = bare if kind != _NONE else None
    try:
        async with asyncio.timeout(patience_s):
            dialects = gateway.registry.dialects.values()
            looked = await look_at_host(host, without, dialects, gateway.transport, most=_MOST_BYTES)
    except TimeoutError:
        looked = Looked(Checked(Result.UNREACHABLE, 0, f"the provider did not answer within {patience_s:g} s"))
    took_ms = round((gateway.clock.monotonic() - begun) * 1000)
    return ProviderTried(looked.checked, tuple(looked.models), took_ms)


def _bare(gateway: "Gateway", wish: ProviderTry) -> Host:
    """Give the provider without a key; raises `BadRequest` with `param`."""
    known = gateway.registry.providers.get(wish.provider)
    given = gateway.config.providers.get(wish.provider)
    if wish.base_url:
        return _elsewhere(gateway, wish)
    if known is None and given is None:
        named = near(
            wish.provider[:100], {**gateway.registry.providers, **gateway.config.providers}, listed_by=LISTED_BY
        )
        raise BadRequest(f"no provider has this name{named}; say a base_url for one of your own", param="provider")
    if wish.dialect or wish.auth_header:
        raise BadRequest("it is for a base_url of your own", param="dialect" if wish.dialect else "auth_header")
    try:
        return hosts_of(gateway).keyless(wish.provider, known, given or ProviderConfig())
    except SetupError as exc:
        raise BadRequest(str(exc), param="provider") from exc


def _elsewhere(gateway: "Gateway", wish: ProviderTry) -> Host:
    """Give the provider at a URL of the caller's, without what its section in the configuration says."""
    if "{" in wish.base_url or "}" in wish.base_url:
        raise BadRequest(
            "it may hold no braces: variables of the environment are for the configuration", param="base_url"
        )
    if wish.dialect and wish.dialect not in gateway.registry.dialects:
        raise BadRequest(f"unknown dialect{near(wish.dialect, gateway.registry.dialects)}", param="dialect")
    known = gateway.registry.providers.get(wish.provider)
    auth = _BEARER if known is None and wish.key and not wish.auth_header else ""
    other = ProviderConfig(base_url=wish.base_url, dialect=wish.dialect, auth=auth, auth_header=wish.auth_header)
    try:
        host = hosts_of(gateway).keyless(wish.provider, known, other)
        private = host.refused_url()
    except SetupError as exc:
        raise BadRequest(clean(str(exc)), param="base_url") from exc
    if private:
        raise BadRequest(
            "it leads to this machine or a private network; the configuration alone lets a provider be there, with "
            "allow_private = true in its section",
            param="base_url",
        )
    return host


async def _shown(gateway: "Gateway", wish: ProviderTry, bare: Host) -> tuple[Host, str]:
    """Give the provider with the key that it is shown, and whose that is; raises `BadRequest` with `param`."""
    if wish.key and wish.stored:
        raise BadRequest("say a key or the name of a stored one, not both", param="stored")
    if wish.stored:
        return gateway.secrets.providers.keyed(bare, await _stored(gateway, wish)), f"stored:{wish.stored}"
    if wish.key:
        if isinstance(bare.provider.auth, NoAuth):
            raise BadRequest("this provider takes no key", param="key")
        try:
            key = usable_key(wish.key)
        except ValueError as exc:
            raise BadRequest(str(exc), param="key") from None
        hide(key)
        return gateway.secrets.providers.keyed(bare, key), _GIVEN
    own = None if wish.base_url else gateway.routes.hosts.get(wish.provider)
    if own is None or (own.headers == bare.headers and own.signing is None):
        return bare, _NONE
    return own, _OWN


async def _stored(gateway: "Gateway", wish: ProviderTry) -> str:
    if wish.base_url:
        raise BadRequest("a stored key is shown where the configuration says, and nowhere else", param="stored")
    found = await gateway.secrets.find(wish.stored)
    live = found.live(gateway.clock.now()) if found is not None and found.provider == wish.provider else ()
    if not live:
        raise BadRequest("there is no live key of this name for this provider", param="stored")
    await gateway.box.meet([live[0].sealed])
    return gateway.secrets.opened(live[0])
