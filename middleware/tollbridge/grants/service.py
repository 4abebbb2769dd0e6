"""What people let clients do: agreed to, looked up, and ended."""

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from tollbridge.audit import Actor
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest, RateLimited, Unavailable
from tollbridge.grants.granting import Granting
from tollbridge.grants.model import Consent, Device, Issued, Lent, NewCode, NewDevice, Refresh
from tollbridge.ids import new_id
from tollbridge.stores.devices import DeviceStore
from tollbridge.stores.grants import GrantStore
from tollbridge.tokens.model import Principal, SecretUse, Token, TokenState
from tollbridge.tokens.peppers import Hashes
from tollbridge.tokens.scopes import ScopeSet
from tollbridge.tokens.secret import is_well_formed, looks_issued, make_secret
from tollbridge.tokens.service import MOST_ABOVE, TokenService
from tollbridge.vault import Box

USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no words come of them, and nothing that is read for something else (RFC 8628 section 6.1)."""
USER_CODE_LENGTH = 8
INTERVAL_S = 5
MOST_WAITING = 1_000
"""Devices of one client that wait for somebody at a time; those that ask at once may be a few more."""
_TRIES = 5
GATEWAY = Actor("gateway", "oauth")
"""Who ends a grant because something of it was used again."""

log = structlog.get_logger("tollbridge")


class _Store(Protocol):
    async def grants(self) -> GrantStore: ...
    async def devices(self) -> DeviceStore: ...
    async def find_holder(self, token_id: str) -> Principal | None: ...
    async def get_token(self, token_id: str) -> Token | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeWish:
    """What an authorization code is to be bound to."""

    redirect_uri: str
    challenge: str
    confirmed_at: datetime | None
    lasts_s: int


def effective(scopes: Sequence[str], holder: ScopeSet) -> tuple[str, ...]:
    """Give what comes of some scopes when all that bounds them is counted in: for who is told, and cannot ask."""
    return ScopeSet(scopes, (ScopeSet(holder.scopes), *holder.bounds)).sure()


class GrantService:
    """Grants of one gateway.

    A refresh token that was used gives its successor once more for `grace_s` seconds, for clients that lose answers; at
    0 the second use always ends the grant.
    """

    def __init__(
        self, store: _Store, tokens: TokenService, hashes: Hashes, *, box: Box, clock: Clock, grace_s: float = 0.0
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._hashes = hashes
        self._box = box
        self._clock = clock
        self._grace_s = grace_s

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Granting]:
        """Begin a transaction that issues; undone where it raises.  Raises `Unavailable`."""
        async with (await self._store.grants()).transaction() as written:
            yield Granting(written, self._hashes, self._box, self._clock, grace_s=self._grace_s)

    async def covers(self, holder: str, client_id: str, scopes: Sequence[str]) -> bool:
        """Whether a holder has let a client do all of this already."""
        grant = await (await self._store.grants()).find_grant(holder, client_id)
        return grant is not None and _covers(grant, scopes)

    async def agree(self, consent: Consent, *, by: Actor) -> str:
        """Give the id of the grant of a holder to a client: the one there is, widened if need be, or a new one.

        Raises `Denied` where it was switched off, and `BadRequest` (409) where holder or client open nothing.
        """
        grants = await self._store.grants()
        found = await grants.find_grant(consent.holder, consent.client_id)
        if found is not None and _covers(found, consent.scopes):
            return found.id
        return (await grants.agree(consent, self._id(), await self._tokens.act(by))).id

    async def authorize(self, consent: Consent, wish: CodeWish, *, by: Actor) -> str:
        """Agree, and give a code for it, which can be redeemed once; raises as `agree` does."""
        code = make_secret()
        lent = Lent(client_id=consent.client_id, grant_id="", scopes=consent.scopes, confirmed_at=wish.confirmed_at)
        new = NewCode(
            digest=self._hashes.digest(code.encode("ascii")).content,
            lent=lent,
            redirect_uri=wish.redirect_uri,
            challenge=wish.challenge,
            ends_at=self._clock.now() + timedelta(seconds=wish.lasts_s),
        )
        await (await self._store.grants()).agree(consent, self._id(), await self._tokens.act(by), new)
        return code

    async def end(self, grant_id: str, *, by: Actor = GATEWAY) -> Token | None:
        """End a grant with all that was issued for it, at once and for good; one that was revoked stays as it is."""
        known = await self._store.get_token(grant_id)
        if known is None or known.state is TokenState.REVOKED:
            return known
        log.warning("grant_ended", grant_id=grant_id, by=by.id)
        return await self._tokens.revoke(grant_id, by=by)

    async def about(self, secret: bytes) -> Issued | None:
        """Say what a token of ours is worth now, for whom it was made; None for what opens nothing anywhere."""
        if not (is_well_formed(secret) or looks_issued(secret)):
            return None
        found = await (await self._store.grants()).find_issued(self._digests(secret))
        if found is None or found[1] is SecretUse.CLIENT:
            return None
        token_id, use, scopes, made_at, ends_at = found
        principal = await self._store.find_holder(token_id)
        if principal is None or principal.canary:
            return None
        held = principal.scopes
        own = effective(scopes, held) if use is not SecretUse.BEARER else held.sure()
        return Issued(principal, use, own, made_at, ends_at)

    async def about_refresh(self, secret: bytes) -> tuple[Refresh, Principal] | None:
        """Find a refresh token that can be used, and its grant."""
        if not is_well_formed(secret):
            return None
        found = await (await self._store.grants()).find_refresh(self._digests(secret))
        grant = None if found is None else await self._store.find_holder(found.lent.grant_id)
        return None if found is None or grant is None else (found, grant)

    async def whose(self, secret: bytes) -> Principal | None:
        """Find the live token whose secret this is, or to which it is a client's secret or a refresh token."""
        if not (is_well_formed(secret) or looks_issued(secret)):
            return None
        found = await (await self._store.grants()).find_issued(self._digests(secret))
        if found is not None:
            return await self._store.find_holder(found[0])
        refresh = await self.about_refresh(secret)
        return None if refresh is None else refresh[1]

    async def drop_access(self, secret: bytes) -> bool:
        """Forget an access token, at once, on every worker."""
        return await (await self._store.grants()).drop_access(self._digests(secret))

    async def ask_for_device(self, client_id: str, scopes: tuple[str, ...], lasts_s: int) -> tuple[str, str]:
        """Keep what a device asks for; gives its own code and the one that a person types (RFC 8628 section 3.2).

        Raises `RateLimited` where as many devices of this client wait as may.
        """
        devices, code = await self._store.devices(), make_secret()
        if await devices.count_waiting(client_id) >= MOST_WAITING:
            raise RateLimited("too many devices of this client wait for somebody; ask again later", retry_after_s=60.0)
        for _ in range(_TRIES):
            user_code = "".join(secrets.choice(USER_CODE_LETTERS) for _ in range(USER_CODE_LENGTH))
            new = NewDevice(
                digest=self._hashes.digest(code.encode("ascii")).content,
                user_code=user_code,
                client_id=client_id,
                scopes=scopes,
                interval_s=INTERVAL_S,
                ends_at=self._clock.now() + timedelta(seconds=lasts_s),
            )
            if await devices.add(new):
                return code, user_code
        raise Unavailable("no code for people could be made that is free; try again")

    async def find_device(self, user_code: str) -> Device | None:
        """Find what was asked for by the code that a person typed, however they wrote it; None unless it waits."""
        bare = "".join(letter for letter in user_code.upper() if letter in USER_CODE_LETTERS)
        return await (await self._store.devices()).find(bare) if len(bare) == USER_CODE_LENGTH else None

    async def decide_device(
        self, device: Device, consent: Consent | None, *, confirmed_at: datetime | None = None, by: Actor
    ) -> bool:
        """Agree to what a device asks for, or deny it; False where somebody did before, or it ended."""
        act = await self._tokens.act(by)
        devices = await self._store.devices()
        return await devices.decide(device.user_code, consent, self._id(), act, confirmed_at)

    async def poll_device(self, code: str, client_id: str) -> Device | None:
        """Give what became of what a device asked for; None where it is none of this client's."""
        shown = code.encode("utf-8", "replace")
        if not is_well_formed(shown):
            return None
        return await (await self._store.devices()).poll(self._digests(shown), client_id)

    def _digests(self, secret: bytes) -> Sequence[bytes]:
        return [one.content for one in self._hashes.digests(secret)]

    def _id(self) -> str:
        return new_id("grant", self._clock)


def _covers(grant: Token, scopes: Sequence[str]) -> bool:
    return grant.state is TokenState.ACTIVE and not ScopeSet(grant.scopes).lacking(scopes)


def check_depth(holder: Principal) -> None:
    """Refuse to lend what stands too deep below others already; raises `BadRequest`."""
    if len(holder.above) + 2 > MOST_ABOVE:
        raise BadRequest(f"tokens stand below each other {MOST_ABOVE} deep at most")
