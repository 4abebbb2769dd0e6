"""Keys of providers: set, changed, removed and looked at.  The only writer of them.

A change holds at once in the process that made it, and in every other after its next look. What is told of it is what
the database had when it was made: nothing that fails afterwards hides that it was done.
"""

import hmac
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby

from msgspec.structs import replace

from tollbridge.audit import OPERATOR, Act, Actor
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest, Unavailable
from tollbridge.hosts import Host
from tollbridge.keys import usable_key
from tollbridge.logs import hide
from tollbridge.providerkeys.checking import Checked
from tollbridge.providerkeys.live import LiveKeys
from tollbridge.providerkeys.looking import Looking
from tollbridge.providerkeys.naming import SERVICES, KeyedProviders
from tollbridge.stores.base import Store
from tollbridge.stores.storedsecrets import StoredSecret
from tollbridge.vault import STORED_NAME, Box

DAY = timedelta(days=1)
LONGEST_OVERLAP = timedelta(days=30)
LONGEST_KEY = 16_384
"""Characters of a key: a service account's are some 2,400."""
_HINTED = 20
"""Characters from which on the last four of a key are shown."""


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """A provider's key, or a secret of services: its versions, the newest first.

    `in_use`: the provider takes its key from here.
    """

    name: str
    provider: str
    in_use: bool
    versions: Sequence[StoredSecret]

    def live(self, now: datetime) -> Sequence[StoredSecret]:
        """Give the versions that may be shown."""
        return [version for version in self.versions if version.is_live(now)]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be kept.  `known_as` is its id at the provider, where a rotator made it."""

    content: str = field(repr=False)
    expires_at: datetime | None = None
    known_as: str = ""


class ProviderKeys:
    """The keys of one gateway.

    `act` gives what a change is recorded with, `ask` finds out whether a provider takes a key: it is given the host
    with the key and without.
    """

    def __init__(
        self,
        store: Store,
        box: Box,
        clock: Clock,
        *,
        providers: KeyedProviders,
        act: Callable[[Actor], Awaitable[Act]],
        ask: Callable[[Host, Host], Awaitable[Checked]],
    ) -> None:
        self.providers = providers
        self._ask = ask
        self._store = store
        self._box = box
        self._clock = clock
        self._act = act
        self._looking: Looking | None = None
        self._live: LiveKeys | None = None

    async def list(self) -> Sequence[ProviderKey]:
        """List the keys by name.  Raises `Unavailable`."""
        rows = await self._store.stored_secrets()
        return [self._key(name, list(versions)) for name, versions in groupby(rows, key=lambda row: row.name)]

    async def find(self, name: str) -> ProviderKey | None:
        """Find a key by its name.  Raises `Unavailable`."""
        return next((key for key in await self.list() if key.name == name), None)

    async def set(self, provider: str, new: NewKey, *, name: str = "", by: Actor = OPERATOR) -> ProviderKey:
        """Keep a key of a provider, under the name that it reads unless another is given.

        Raises `BadRequest` with `param` for what cannot be used, with status 409 where there is a live one.
        """
        if provider == SERVICES and not name:
            raise BadRequest("say by which name services read it", param="name")
        name = name or self.providers.reads(provider) or provider
        if not re.fullmatch(STORED_NAME, name):
            raise BadRequest("a name is letters, digits, '.', '_' and '-', at most 64", param="name")
        act, store = await self._act(by), await self._store.secrets()
        secret = self._sealed(provider, name, 1 + await store.newest(name), new, act)
        return await self._changed(await store.add(secret, act, _told(new, act)))

    async def rotate(
        self, name: str, new: NewKey, overlap: timedelta = DAY, *, by: Actor = OPERATOR
    ) -> ProviderKey | None:
        """Keep a further version of a key; the one before stays its fallback for `overlap`, at most 30 days.

        None if there is no live one. With no overlap all others end at once. Raises `BadRequest`, with `param` for what
        cannot be used, with status 409 where two versions are live and there is an overlap.
        """
        if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
            raise BadRequest(f"the overlap is between none and {LONGEST_OVERLAP.days} days", param="overlap")
        known = await self.find(name)
        if known is None:
            return None
        act, store = await self._act(by), await self._store.secrets()
        secret = self._sealed(known.provider, name, 1 + await store.newest(name), new, act)
        versions = await store.rotate(secret, act.at + overlap, act, _told(new, act))
        return await self._changed(versions) if versions else None

    async def expire(
        self, name: str, version: int, expires_at: datetime | None, *, by: Actor = OPERATOR
    ) -> ProviderKey | None:
        """Say when a live version ends, None for never.  None if there is no such one."""
        act = await self._act(by)
        self._check_end(expires_at, act)
        versions = await (await self._store.secrets()).expire(name, version, expires_at, act)
        return await self._changed(versions) if versions else None

    async def remove(self, name: str, *, version: int | None = None, by: Actor = OPERATOR) -> Sequence[int]:
        """Forget a key, or one version of it; gives those that were there.

        It is shown by this process no longer, and by no other one after its next look.
        """
        gone = await (await self._store.secrets()).remove(name, await self._act(by), version)
        await self.look(name, gone)
        return gone

    async def check(self, name: str, *, by: Actor = OPERATOR) -> Mapping[int, Checked] | None:
        """Ask a key's provider whether it takes each live version; None if there is no such key.

        Raises `Unavailable` where one does not open, and `BadRequest` where the provider cannot be asked any more.
        """
        known = await self.find(name)
        if known is None:
            return None
        if known.provider == SERVICES:
            raise BadRequest("whether an upstream takes a secret of services is seen by calling one")
        bare = self.providers.host(known.provider)
        live = known.live(self._clock.now())
        await self._box.meet(one.sealed for one in live)
        found = {one.version: await self._ask(self.providers.keyed(bare, self.opened(one)), bare) for one in live}
        told = {str(version): checked.result for version, checked in found.items()}
        await self._store.note(await self._act(by), "provider_key.check", name, None, {"results": told})
        return found

    def opened(self, secret: StoredSecret) -> str:
        """Give the key of a version, and keep it out of every log; raises `Unavailable` where it does not open."""
        try:
            key = self._box.open(secret.sealed, secret.place).decode("utf-8")
        except ValueError as exc:
            raise Unavailable(
                "the stored key does not open", detail=f"provider key {secret.name} {secret.version}: {exc}"
            ) from exc
        hide(key)
        return key

    async def of_services(self, name: str) -> str | None:
        """Give a secret that services read; None where there is none.  Raises `Unavailable`.

        Where keys are shown, that is what the last look found, and nobody is asked.
        """
        if self._live is not None:
            return self._live.of_services(name)
        now, rows = self._clock.now(), await self._store.stored_secrets()
        mine = [row for row in rows if row.provider == SERVICES and row.name == name and row.is_live(now)]
        await self._box.meet(row.sealed for row in mine)
        return self.opened(mine[0]) if mine else None

    async def serve(self, live: LiveKeys) -> None:
        """Show the keys from now on, and look for changes in the background until `close`."""
        self._live, self._looking = live, Looking(self._store, self._clock, live)
        await self._looking.start()

    async def close(self) -> None:
        """Show nothing new any more."""
        looking, self._looking, self._live = self._looking, None, None
        if looking is not None:
            await looking.close()

    async def look(self, name: str = "", gone: Sequence[int] = ()) -> None:
        """Take what the database has now, where keys are shown; `gone` are versions of a key that were just removed.

        Raises nothing: what is not taken now is by the next look.
        """
        if self._looking is not None:
            await self._looking.look_after(name, gone)

    async def _changed(self, versions: Sequence[StoredSecret]) -> ProviderKey:
        await self.look()
        return self._key(versions[0].name, versions)

    def _key(self, name: str, versions: Sequence[StoredSecret]) -> ProviderKey:
        provider = versions[0].provider
        in_use = provider == SERVICES or self.providers.reads(provider) == name
        return ProviderKey(name, provider, in_use, versions)

    def _sealed(self, provider: str, name: str, version: int, new: NewKey, act: Act) -> StoredSecret:
        """Seal a key for its place, and keep it out of every log; raises `BadRequest` with `param`."""
        self._check_end(new.expires_at, act)
        try:
            key = usable_key(new.content)
        except ValueError as exc:
            raise BadRequest(str(exc), param="key") from None
        if len(key) > LONGEST_KEY:
            raise BadRequest(f"a key has at most {LONGEST_KEY} characters", param="key")
        if provider != SERVICES:
            self.providers.keyed(self.providers.host(provider), key)
        hide(key)
        bare = StoredSecret(name, version, provider, _hint(key), new.known_as, b"", act.at, new.expires_at)
        return replace(bare, sealed=self._box.shut(key.encode("ascii"), bare.place))

    def _check_end(self, expires_at: datetime | None, act: Act) -> None:
        if expires_at is not None and expires_at <= act.at:
            raise BadRequest("the end is not in the future", param="expires_at")


def _hint(key: str) -> str:
    """Give the last characters of a long key, enough to tell two apart; those of a JSON object would say nothing."""
    return key[-4:] if len(key) >= _HINTED and not key.startswith("{") else ""


def _told(new: NewKey, act: Act) -> str:
    """Give what the audit log says of a key: the beginning of a keyed hash, by which one is found again."""
    return f"hmac:{hmac.digest(act.key, usable_key(new.content).encode('ascii'), 'sha256').hex()[:16]}"
