"""Making, rotating, removing and opening credentials.  The only writer of them."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from tollbridge.audit import OPERATOR, Actor
from tollbridge.clock import Clock
from tollbridge.credentials.keys import ALGORITHMS, make_pair, read_public, thumbprint
from tollbridge.errors import BadRequest, SetupError, Unavailable
from tollbridge.ids import new_id
from tollbridge.sealing.places import CREDENTIAL, Place
from tollbridge.stores.credentials import (
    Credential,
    CredentialKind,
    CredentialStore,
    ShownSecret,
    StoredCredential,
)
from tollbridge.stores.tokenrows import told_secret
from tollbridge.tokens.model import Principal, Token, TokenKind
from tollbridge.tokens.peppers import Hashes
from tollbridge.tokens.secret import is_well_formed
from tollbridge.tokens.service import DAY, LONGEST_OVERLAP, TokenService
from tollbridge.tokens.wishes import checked_expiry
from tollbridge.vault import Box

KINDS: Mapping[CredentialKind, Sequence[str]] = {
    CredentialKind.SIGNATURE: tuple(ALGORITHMS),
    CredentialKind.HMAC: ("hmac-sha256",),
    CredentialKind.AKSK: ("hmac-sha256", "hmac-sha384", "hmac-sha512"),
}
"""What each kind signs with; the first is meant where nothing is said."""

_HOLD = (TokenKind.SECRET, TokenKind.BEARER)
_PREFIXES = {CredentialKind.SIGNATURE: "key", CredentialKind.HMAC: "key", CredentialKind.AKSK: "ak"}
_ID = re.compile(r"(?:key|ak)_[0-9a-f]{28}")
log = structlog.get_logger("tollbridge")


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialWish:
    """A credential to be made.

    `algorithm` is one of `KINDS`. `public_key`, in PEM or as a JWK, is the public half of a key that the caller has;
    empty, one is made. `ends_at` is its end, None for that of the token's secrets.
    """

    kind: CredentialKind
    algorithm: str = ""
    public_key: str = ""
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssuedCredential:
    """A credential and, this once, its secret: a private key in PEM, or what is shared; empty for one that was sent."""

    credential: Credential
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenedCredential:
    """A credential as signatures are checked with it: `shared` is the secret, empty where there is a public key."""

    credential: Credential
    shared: bytes = field(repr=False)


class _Store(Protocol):
    async def credentials(self) -> CredentialStore: ...

    async def get_token(self, token_id: str) -> Token | None: ...

    async def find_holder(self, token_id: str) -> Principal | None: ...

    async def rehash_secret(self, digest: bytes, anew: bytes, pepper_id: str) -> None: ...


class CredentialService:
    """Credentials of one gateway.  `box` seals the secrets that are shared; `hashes` are the peppers of the others."""

    def __init__(self, store: _Store, tokens: TokenService, hashes: Hashes, *, box: Box, clock: Clock) -> None:
        self._store = store
        self._tokens = tokens
        self._hashes = hashes
        self._box = box
        self._clock = clock

    async def add(self, token_id: str, wish: CredentialWish, *, by: Actor = OPERATOR) -> IssuedCredential | None:
        """Give a token a credential.  None if there is no such token.

        Raises `BadRequest` with `param` for what cannot be used, with status 409 where two of that kind are there
        already or the token has ended.
        """
        known = await self._store.get_token(token_id)
        if known is None:
            return None
        issued, stored = await self._made(known, wish)
        done = await (await self._store.credentials()).add(stored, await self._tokens.act(by))
        return issued if done else None

    async def rotate(
        self, token_id: str, id: str, overlap: timedelta = DAY, *, public_key: str = "", by: Actor = OPERATOR
    ) -> IssuedCredential | None:
        """Make a further credential of the kind of one; that one signs for `overlap` more, at most 30 days.

        None if there is no such credential of that token. A key that the caller has is followed by another of theirs,
        `public_key`. Raises as `add` does.
        """
        if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
            raise BadRequest(f"the overlap is between none and {LONGEST_OVERLAP.days} days", param="overlap")
        known, before = await self._store.get_token(token_id), await self.get(token_id, id)
        if known is None or before is None:
            return None
        wish = CredentialWish(kind=before.kind, algorithm=before.algorithm, public_key=public_key)
        issued, stored = await self._made(known, wish)
        act = await self._tokens.act(by)
        done = await (await self._store.credentials()).rotate(id, stored, act.at + overlap, act)
        return issued if done else None

    async def remove(self, token_id: str, id: str, *, by: Actor = OPERATOR) -> bool:
        """Forget a credential of a token, at once, on every worker; False where there is no such one."""
        return await (await self._store.credentials()).remove(token_id, id, await self._tokens.act(by))

    async def of_token(self, token_id: str) -> Sequence[Credential]:
        """List the credentials of a token that have not ended, newest first."""
        return await (await self._store.credentials()).of_token(token_id)

    async def get(self, token_id: str, id: str) -> Credential | None:
        """Find a credential of a token that has not ended."""
        return next((one for one in await self.of_token(token_id) if one.id == id), None)

    async def open(self, id: str) -> OpenedCredential | None:
        """Find a credential that has not ended, for who checks a signature; None for whatever is none.

        Whether its token is live is not looked at: `HotStore.find_holder` does. The digest of a shared secret is kept
        under the pepper in use from then on. Raises `Unavailable`.
        """
        if not _ID.fullmatch(id):
            return None
        credentials = await self._store.credentials()
        stored = await credentials.find(id)
        if stored is None:
            return None
        if not stored.sealed:
            return OpenedCredential(stored.credential, b"")
        shared = await self._opened(stored)
        await self._rehash(stored.pepper_id, shared, partial(credentials.rehash, id))
        return OpenedCredential(stored.credential, shared)

    async def whose(self, secret: bytes) -> tuple[Principal, str] | None:
        """Find the live token that somebody signs for with this shared secret, and the id of the credential."""
        if not is_well_formed(secret):
            return None
        digests = [one.content for one in self._hashes.digests(secret)]
        found = await (await self._store.credentials()).find_shared(digests)
        principal = None if found is None else await self._store.find_holder(found.token_id)
        return None if found is None or principal is None else (principal, found.id)

    async def prove(self, token_id: str, secret: str) -> ShownSecret | None:
        """Find the secret that somebody shows beside the id of a token or a client; None for what is none of it.

        Whether the token is live is not looked at. A secret under an older pepper is kept under the one in use from
        then on. Raises `Unavailable`.
        """
        material = secret.encode("utf-8", "surrogatepass")
        if not is_well_formed(material):
            return None
        digests = [one.content for one in self._hashes.digests(material)]
        found = await (await self._store.credentials()).find_secret(token_id, digests)
        if found is not None:
            await self._rehash(found.pepper_id, material, partial(self._store.rehash_secret, found.digest))
        return found

    async def _rehash(self, pepper_id: str, material: bytes, keep: Callable[[bytes, str], Awaitable[None]]) -> None:
        """Keep a secret under the pepper in use; where that fails it is tried again at its next use."""
        try:
            if pepper_id != self._hashes.id:
                anew = self._hashes.digest(material)
                await keep(anew.content, anew.pepper_id)
        except (SetupError, Unavailable) as exc:
            log.warning("secret_not_rehashed", pepper=pepper_id, reason=exc.__class__.__name__)

    async def _opened(self, stored: StoredCredential) -> bytes:
        try:
            await self._box.meet([stored.sealed])
            return self._box.open(stored.sealed, _place(stored.credential))
        except ValueError as exc:
            raise Unavailable(
                "this key cannot be used now, so the call is refused",
                detail=f"the secret of the credential {stored.credential.id} does not open: {exc}",
            ) from exc

    async def _made(self, known: Token, wish: CredentialWish) -> tuple[IssuedCredential, StoredCredential]:
        """Make what is wished of a token, and what is stored of it; raises `BadRequest` with `param`."""
        _check_holder(known)
        now, algorithm = self._clock.now(), _algorithm(wish)
        days = await self._tokens.rotation(known.rotate_days, known.team)
        shared, new = self._tokens.new_secret(known.environment, days)
        public, secret = await _pair(wish, algorithm) if wish.kind is CredentialKind.SIGNATURE else ("", shared)
        if wish.public_key and not public:
            raise BadRequest(f"a credential of the kind {wish.kind} has no public key", param="public_key")
        made = Credential(
            id=new_id(_PREFIXES[wish.kind], self._clock),
            token_id=known.id,
            kind=wish.kind,
            algorithm=algorithm,
            public=public,
            created_at=now,
            ends_at=checked_expiry(wish.ends_at, now) or new.ends_at,
        )
        sealed = b"" if public else self._box.shut(secret.encode("ascii"), _place(made))
        told = f"sha256:{thumbprint(public, algorithm)}" if public else told_secret(new.digest)
        if public:
            return IssuedCredential(made, secret), StoredCredential(made, sealed, told)
        return IssuedCredential(made, secret), StoredCredential(made, sealed, told, new.digest, new.pepper_id)


def _check_holder(known: Token) -> None:
    if known.kind not in _HOLD:
        raise BadRequest(f"a token of the kind {known.kind} signs nothing; give the key to a client or a bearer token")


def _algorithm(wish: CredentialWish) -> str:
    allowed = KINDS[wish.kind]
    if wish.algorithm not in ("", *allowed):
        raise BadRequest(f"a credential of the kind {wish.kind} signs with {' or '.join(allowed)}", param="algorithm")
    return wish.algorithm or allowed[0]


async def _pair(wish: CredentialWish, algorithm: str) -> tuple[str, str]:
    """Give the public half of a key, and all of it where it is made here: in a thread, for RSA takes long."""
    if not wish.public_key:
        return await asyncio.to_thread(make_pair, algorithm)
    try:
        return read_public(wish.public_key, algorithm), ""
    except ValueError as exc:
        raise BadRequest(str(exc), param="public_key") from exc


def _place(mine: Credential) -> Place:
    return Place(CREDENTIAL, mine.token_id, mine.id)
