"""Keys of providers: set, rotated, checked and removed; nothing gives one back.

They are the whole bridge's, so a caller with a team sees none of them. Which URL a key is shown at stands in the
configuration alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from msgspec import UNSET

from tollbridge import Denied, Gateway, NotFound
from tollbridge.administering import NewKey, ProviderKey
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.problems import refused
from tollbridge_admin.providerkeyshapes import (
    ManyChecked,
    NewProviderKeyWish,
    ProviderKeyPatch,
    ProviderKeyRemoval,
    ProviderKeyRotation,
    ProviderKeysAsked,
    ProviderKeyShown,
    ProviderKeysShown,
    checked,
    shown,
    tag_for,
)
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.wishes import moment_of

READ, WRITE = "admin:providers:read", "admin:providers:write"
_LIST = "provider-credentials"
_ALL = f"/{_LIST}"
_ONE = f"{_ALL}/{{key}}"


class ProviderKeys:
    """Answers for keys of providers."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        write: Mapping[str, Any] = {"scope": WRITE, "also": (409,)}
        one: Mapping[str, Any] = {"gives": ProviderKeyShown, "tagged": True}
        new: Mapping[str, Any] = {"gives": ProviderKeyShown, "status": 201, **write}
        bare: Mapping[str, Any] = {"may_be_bare": True, **write}
        return (
            route("GET", _ALL, self.list_provider_keys, takes=ProviderKeysAsked, gives=ProviderKeysShown, scope=READ),
            route("POST", _ALL, self.set_provider_key, takes=NewProviderKeyWish, **new),
            route("GET", _ONE, self.get_provider_key, takes=Nothing, scope=READ, **one),
            route("PATCH", _ONE, self.change_provider_key, takes=ProviderKeyPatch, **one, **write),
            route("POST", f"{_ONE}/rotate", self.rotate_provider_key, takes=ProviderKeyRotation, **one, **write),
            route("POST", f"{_ONE}/check", self.check_provider_key, takes=Nothing, gives=ManyChecked, **bare),
            route("POST", f"{_ONE}/remove", self.remove_provider_key, takes=ProviderKeyRemoval, **one, **bare),
        )

    async def list_provider_keys(self, asked: Asked, query: ProviderKeysAsked) -> Answer:
        """List the keys of providers, by name."""
        after = read_cursor(_LIST, query.after) or ""
        found = [] if asked.caller.team else await self._gateway.secrets.list()
        behind = [key for key in found if key.name > after and query.provider in ("", key.provider)]
        page = behind[: query.limit]
        following = cursor(_LIST, page[-1].name) if len(behind) > len(page) else None
        return Answer(ProviderKeysShown([self._shown(key) for key in page], following))

    async def set_provider_key(self, asked: Asked, wish: NewProviderKeyWish) -> Answer:
        """Keep a key of a provider, shown to it from the next call on."""
        if asked.caller.team:
            raise Denied("keys of providers are the whole bridge's; a token with a team sets none", code="out_of_reach")
        name = "" if wish.name is UNSET else wish.name
        new = NewKey(wish.key, moment_of(wish.expires_at))
        key = await self._gateway.secrets.set(wish.provider, new, name=name, by=asked.actor)
        return Answer(self._shown(key), 201, tag_for(self._shown(key)), {"location": f"{_LIST}/{key.name}"})

    async def get_provider_key(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show a key of a provider: all of it but the key itself."""
        return self._one(await self._see(asked))

    async def change_provider_key(self, asked: Asked, patch: ProviderKeyPatch) -> Answer:
        """Say when a live version of a key ends, null for never."""
        key = await self._matching(asked)
        if patch.expires_at is UNSET:
            raise refused("expires_at", "it is needed; null is for never")
        version = key.versions[0].version if patch.version is UNSET else patch.version
        changed = await self._gateway.secrets.expire(key.name, version, moment_of(patch.expires_at), by=asked.actor)
        if changed is None:
            raise refused("version", "there is no such live version")
        return self._one(changed)

    async def rotate_provider_key(self, asked: Asked, wish: ProviderKeyRotation) -> Answer:
        """Show a provider another key from the next call on; the one before is its fallback for the overlap."""
        key = await self._matching(asked)
        new, overlap = NewKey(wish.key, moment_of(wish.expires_at)), timedelta(seconds=wish.overlap_s)
        return self._one(there(await self._gateway.secrets.rotate(key.name, new, overlap, by=asked.actor)))

    async def check_provider_key(self, asked: Asked, nothing: Nothing) -> Answer:
        """Ask the provider whether it takes each live version of a key, by the cheapest call it has."""
        key = await self._see(asked)
        found = await self._gateway.secrets.check(key.name, by=asked.actor) or {}
        return Answer(ManyChecked([checked(version, one) for version, one in found.items()]))

    async def remove_provider_key(self, asked: Asked, wish: ProviderKeyRemoval) -> Answer:
        """Forget a key of a provider, or one version of it, at once; shows what is left of it."""
        key = await self._matching(asked)
        version = None if wish.version is UNSET else wish.version
        removed = await self._gateway.secrets.remove(key.name, version=version, by=asked.actor)
        if not removed and version is not None:
            raise refused("version", "there is no such version")
        there(key if removed else None)
        return self._one(replace(key, versions=[one for one in key.versions if one.version not in removed]))

    async def _matching(self, asked: Asked) -> ProviderKey:
        key = await self._see(asked)
        asked.check_match(tag_for(self._shown(key)))
        return key

    async def _see(self, asked: Asked) -> ProviderKey:
        """Find the key of the path; raises `NotFound`, also for a caller with a team."""
        return there(None if asked.caller.team else await self._gateway.secrets.find(asked.named["key"]))

    def _one(self, key: ProviderKey) -> Answer:
        return Answer(self._shown(key), tag=tag_for(self._shown(key)))

    def _shown(self, key: ProviderKey) -> ProviderKeyShown:
        return shown(key, self._gateway.clock.now())


def there(key: ProviderKey | None) -> ProviderKey:
    """Give what was found; raises `NotFound` where it was not."""
    if key is None:
        raise NotFound("there is no such key")
    return key
