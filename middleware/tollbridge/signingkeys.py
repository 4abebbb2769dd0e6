"""The keys that the gateway signs with: made, published, used, and let go.

A key is published for a while before it is used, so that whoever keeps the published ones for some minutes has it by
then, and for a day after another took over, so that what it signed can still be checked.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from tollbridge.clock import Clock
from tollbridge.errors import Unavailable
from tollbridge.ids import new_id
from tollbridge.jose.signing import SigningKey
from tollbridge.sealing.places import SIGNING_KEY, Place
from tollbridge.stores.sealed import SealedStore, StoredKey
from tollbridge.vault import Box

PUBLISHED = timedelta(minutes=10)
"""How long a key is published before it signs, unless it is the first."""
LINGERS = timedelta(days=1)
"""How long a key is published after it has signed its last."""
LOOK_S = 60.0
"""Seconds after which the keys are read again."""
STALE_S = 3_600.0
"""Seconds without the store after which nothing is signed any more."""

log = structlog.get_logger("tollbridge")


class SigningKeys:
    """The keys of one use, shared by all who share the store.  A key signs for `rotate_days`."""

    def __init__(
        self, store: SealedStore, box: Box, clock: Clock, *, used_for: str, algorithm: str, rotate_days: int = 30
    ) -> None:
        self._store = store
        self._box = box
        self._clock = clock
        self._used_for = used_for
        self._algorithm = algorithm
        self._rotate = timedelta(days=rotate_days)
        self._stored: Sequence[StoredKey] = ()
        self._opened: dict[str, SigningKey] = {}
        self._looked_at = -STALE_S
        self._looking = asyncio.Lock()

    async def current(self) -> SigningKey:
        """Give the key that signs now; raises `Unavailable` where there is none that can be used."""
        await self._look()
        ripe = self._clock.now() - PUBLISHED
        for stored in self._stored:
            if stored.made_at <= ripe:
                return self._opened[stored.kid]
        return self._opened[self._stored[-1].kid]

    async def published(self) -> list[dict[str, Any]]:
        """Give the public keys, as the members of a JWKS document (RFC 7517 section 5)."""
        await self._look()
        return [json.loads(stored.public) for stored in self._stored]

    async def _look(self) -> None:
        if self._clock.monotonic() - self._looked_at < LOOK_S:
            return
        async with self._looking:
            now = self._clock.monotonic()
            if now - self._looked_at < LOOK_S:
                return
            try:
                await self._read()
            except (Unavailable, ValueError) as exc:
                if not self._stored or now - self._looked_at >= STALE_S:
                    raise Unavailable(
                        "nothing can be signed now, so the call is refused", detail=f"signing keys: {exc!r}"
                    ) from exc
                log.error("signing_keys_not_read", used_for=self._used_for, reason=repr(exc))
                return
            self._looked_at = now

    async def _read(self) -> None:
        now = self._clock.now()
        stored = await self._store.signing_keys(self._used_for)
        if not stored or stored[0].made_at <= now - self._rotate:
            await self._store.add_signing_key(self._made(now), now - self._rotate)
        await self._store.drop_signing_keys(self._used_for, now - self._rotate - PUBLISHED - LINGERS)
        stored = await self._store.signing_keys(self._used_for)
        await self._box.meet(one.sealed for one in stored)
        self._opened = {one.kid: self._opened.get(one.kid) or self._open(one) for one in stored}
        self._stored = stored

    def _made(self, now: datetime) -> StoredKey:
        key = SigningKey.make(new_id("key", self._clock), self._algorithm)
        sealed = self._box.shut(key.private(), self._place(key.kid))
        return StoredKey(key.kid, self._used_for, self._algorithm, now, json.dumps(key.public()), sealed)

    def _open(self, stored: StoredKey) -> SigningKey:
        private = self._box.open(stored.sealed, self._place(stored.kid))
        return SigningKey.read(stored.kid, stored.algorithm, private)

    def _place(self, kid: str) -> Place:
        return Place(SIGNING_KEY, self._used_for, kid)
