"""Keys of providers that change by themselves: made, and later removed, at the provider by a plugin's rotator.

At each moment one of all workers does it (`Job`), and each step can be done again. The one crack that is left: a key
that the provider made and that could not be kept here is taken back at once, and where that fails too, or the worker
died between, it stays at the provider, known to nobody; the log names it by its id where there is one. It stays as well
where the store does not say whether it was kept: one too many harms less than a live one that is gone.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from tollbridge.audit import Actor
from tollbridge.clock import Clock
from tollbridge.errors import GatewayError, PluginError, SetupError, Unavailable, UpstreamError, without_words
from tollbridge.providerkeys.checking import Result
from tollbridge.providerkeys.service import DAY, NewKey, ProviderKey, ProviderKeys
from tollbridge.stores.storedsecrets import StoredSecret
from tollbridge.transport.base import Transport, UpstreamRequest

MOST_ANSWER = 1024 * 1024
"""Bytes of an answer that a rotator reads."""
PATIENCE_S = 60.0
"""Seconds for each thing a rotator does."""

log = structlog.get_logger("tollbridge")


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key that a provider made.  `known_as` is its id there, by which it is removed one day."""

    key: str = field(repr=False)
    known_as: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """How a rotator speaks to its provider: over the gateway's own transport, which checks where it leads.

    `read_key` reads the credential that an option names by `env:NAME`, `file:PATH` or `stored:NAME`.
    """

    transport: Transport
    read_key: Callable[[str], str] = field(repr=False)

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, allow_private: bool = False
    ) -> tuple[int, bytes]:
        """Send a request; gives status and body, at most `MOST_ANSWER` bytes.  Raises `UpstreamError`."""
        named = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        asked = [*named, (b"accept-encoding", b"identity")]
        response = await self.transport.send(UpstreamRequest(method, url, asked, body, allow_private))
        try:
            return response.status, await response.read(MOST_ANSWER)
        finally:
            await response.close()


class KeyRotator(Protocol):
    """Makes keys at a provider, and removes them.  What it raises is told by its class, never in its own words."""

    async def make(self, name: str, errand: Errand) -> MadeKey:
        """Make a further key; those that are there go on.  `name` is what the gateway calls it, for people to see."""
        ...

    async def remove(self, known_as: str, errand: Errand) -> None:
        """Remove a key by its id; one that is gone already is no error, for this may be done twice."""
        ...


@dataclass(frozen=True, slots=True)
class Rotated:
    """A provider whose key changes by itself, `days` after it was made."""

    provider: str
    rotator: KeyRotator
    errand: Errand
    days: int


class KeyRotations:
    """Changes the keys of providers when their time has come."""

    def __init__(self, keys: ProviderKeys, rotated: Sequence[Rotated], clock: Clock) -> None:
        self._keys = keys
        self._rotated = rotated
        self._clock = clock

    async def run(self, by: Actor) -> None:
        """Do what is due for each provider; `by` is who does it, as the audit log has it.

        One that fails stops no other. Raises `PluginError` that names those that did; the log has why.
        """
        failed = []
        for one in self._rotated:
            try:
                await self._tend(one, by)
            except Exception as exc:
                failed.append(one.provider)
                log.error("provider_key_not_rotated", provider=one.provider, reason=_why(exc))
        if failed:
            raise PluginError(f"not all is done for the keys of {', '.join(failed)}; the log has why")

    async def _tend(self, one: Rotated, by: Actor) -> None:
        name = self._keys.providers.reads(one.provider)
        key, now = await self._keys.find(name), self._clock.now()
        live = key.live(now) if key is not None else []
        if not live or (len(live) == 1 and live[0].created_at + timedelta(days=one.days) <= now):
            await self._renew(one, name, rotates=bool(live), by=by)
        if key is not None:
            await self._remove_ended(one, key, now, by)

    async def _renew(self, one: Rotated, name: str, *, rotates: bool, by: Actor) -> None:
        async with asyncio.timeout(PATIENCE_S):
            made = await one.rotator.make(f"tollbridge {name}", one.errand)
        new = NewKey(made.key, made.expires_at, made.known_as)
        try:
            kept = (
                await self._keys.rotate(name, new, DAY, by=by)
                if rotates
                else await self._keys.set(one.provider, new, name=name, by=by)
            )
            if kept is None:
                raise PluginError("the key was changed meanwhile; it is looked at again")
        except BaseException:
            await asyncio.shield(self._take_back(one, name, made.known_as))
            raise

    async def _take_back(self, one: Rotated, name: str, known_as: str) -> None:
        """Remove a key at the provider that was not kept; a change may hold though its answer was lost."""
        try:
            key = await self._keys.find(name)
        except Unavailable:
            log.error("provider_key_perhaps_not_kept", provider=one.provider, known_as=known_as)
            return
        if known_as and key is not None and known_as in {version.known_as for version in key.versions}:
            return
        log.error("provider_key_not_kept", provider=one.provider, known_as=known_as)
        if not known_as:  # whoever has no id for it there must find it by hand
            return
        async with asyncio.timeout(PATIENCE_S):
            await one.rotator.remove(known_as, one.errand)

    async def _remove_ended(self, one: Rotated, key: ProviderKey, now: datetime, by: Actor) -> None:
        """Remove at the provider what ended, unless it refuses the key that is there instead."""
        ended = [version for version in key.versions if version.known_as and not version.is_live(now)]
        if not ended:
            return
        found = await self._keys.check(key.name, by=by) or {}
        if not found or any(checked.result is Result.REFUSED for checked in found.values()):
            log.error("provider_key_not_removed", provider=one.provider, name=key.name, why="no other key is taken")
            return
        for version in ended:
            await self._remove(one, version, by)

    async def _remove(self, one: Rotated, version: StoredSecret, by: Actor) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await one.rotator.remove(version.known_as, one.errand)
        await self._keys.remove(version.name, version=version.version, by=by)


def _why(exc: Exception) -> str:
    """Say why it failed: our own errors in their words, a rotator's by its class, for its words may hold a key."""
    if isinstance(exc, GatewayError) and not isinstance(exc, UpstreamError):
        return exc.detail or exc.message
    return str(exc) if isinstance(exc, SetupError) else without_words(exc)
