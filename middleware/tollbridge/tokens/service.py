"""Issuing, finding, rotating, changing and revoking tokens.  The only writer of tokens."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from random import random
from typing import Unpack

import structlog

from tollbridge.audit import OPERATOR, Act, Actor
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest, InternalError, SetupError, Unavailable
from tollbridge.stores.base import AdminStore, HotStore
from tollbridge.stores.changes import ForeignToken, NewSecret, NewToken, TokenChange, TokenEdit, change_for
from tollbridge.stores.people import TeamStore
from tollbridge.tokens.foreign import ForeignHashes
from tollbridge.tokens.making import NewTokens, TokenWish, Wish
from tollbridge.tokens.model import Environment, Principal, Token, TokenKind
from tollbridge.tokens.peppers import Digest, Hashes
from tollbridge.tokens.rotation import ROTATION_DAYS, Rotation, end_of
from tollbridge.tokens.secret import LENGTHS, PREFIX, hint, is_well_formed, looks_issued, make_secret
from tollbridge.tokens.wishes import (
    change_within,
    check_kind,
    check_within,
    checked_expiry,
    checked_name,
    checked_scopes,
)

DAY = timedelta(days=1)
LONGEST_OVERLAP = timedelta(days=30)
_HAVE_SECRETS = (TokenKind.BEARER, TokenKind.SECRET)
MOST_ABOVE = 8
"""Tokens that may stand above one."""
log = structlog.get_logger("tollbridge")
BEGINNING = PREFIX.encode("ascii")
_CHAFF = memoryview(bytes(65_536))
"""Hashed up to a random place before a secret is refused: some 20 us in which it does not show what the store found.

A row that is there takes SQLite 0.1 us longer to read over than one that is not (`python -m bench timing`).
"""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token and, this once, its secret."""

    token: Token
    secret: str = field(repr=False)


def check_wish(name: str, scopes: Iterable[str], expires_at: datetime | None, now: datetime) -> None:
    """Refuse the name, scopes or expiry of a token to be made; raises `BadRequest` with `param`."""
    checked_name(name)
    checked_expiry(expires_at, now)
    checked_scopes(scopes)


class TokenService:
    """Tokens of one gateway.

    `hashes` are the peppers, kept outside the database; `audit_key` gives what records of the audit log are bound with;
    without it tokens are found and none is changed. A secret opens for `rotation_days` unless its token or one of the
    `teams` says otherwise, 0 for ever.
    """

    def __init__(
        self,
        hot: HotStore,
        admin: AdminStore,
        hashes: Hashes,
        clock: Clock,
        *,
        audit_key: Callable[[], Awaitable[bytes]] | None = None,
        rotation_days: int = ROTATION_DAYS,
        teams: Callable[[], Awaitable[TeamStore]] | None = None,
        foreign: ForeignHashes | None = None,
    ) -> None:
        self._hot = hot
        self._admin = admin
        self._hashes = hashes
        self._clock = clock
        self._audit_key = audit_key
        self._rotation = Rotation(rotation_days, teams)
        self._foreign = foreign or ForeignHashes(())
        self._new = NewTokens(hashes, self._foreign, self._rotation, clock)

    def recall(self, secret: bytes) -> Principal | None:
        """Say who shows this secret where the store is certain without being asked, else None.

        What was found before was well-formed, so that need not be looked at.
        """
        if len(secret) in LENGTHS and secret.startswith(BEGINNING):
            materials: Iterable[bytes] = (secret,)
        elif looks_issued(secret):
            materials = (secret,)
        elif self._foreign:
            materials = self._foreign.materials(secret)
        else:
            return None
        for material in materials:
            for one in self._hashes.digests(material):
                principal = self._hot.recall_principal(one.content)
                if principal is not None:
                    return principal
        return None

    async def identify(self, secret: bytes) -> Principal | None:
        """Find who shows this secret, or None: malformed, unknown, revoked and expired look the same.

        A malformed secret costs no look-up unless tokens of another system are known. The store is asked each time, and
        a revocation holds at once. One that is found under an older pepper is kept under the one in use from then on.
        """
        return await self._find(secret, keep=True)

    async def whose(self, secret: bytes) -> Principal | None:
        """Find the same, and keep nothing anew: for who only wants to know."""
        return await self._find(secret, keep=False)

    async def _find(self, secret: bytes, *, keep: bool) -> Principal | None:
        materials: Iterable[bytes] = (secret,)
        if not (is_well_formed(secret) or looks_issued(secret)):
            if not self._foreign or secret.startswith(BEGINNING):
                return None
            materials = self._foreign.materials(secret)
        for material in materials:
            for one in self._hashes.digests(material):
                principal = await self._hot.find_principal(one.content)
                if principal is not None:
                    if keep and one.pepper_id != self._hashes.id:
                        await self._rehash(one, material)
                    return principal
        sha256(_CHAFF[: int(random() * len(_CHAFF))])
        return None

    async def _rehash(self, found: Digest, material: bytes) -> None:
        """Keep a secret under the pepper in use; where that fails it is tried again at its next use."""
        try:
            new = self._hashes.digest(material)
            await self._admin.rehash_secret(found.content, new.content, new.pepper_id)
        except (SetupError, Unavailable) as exc:
            log.warning("secret_not_rehashed", pepper=found.pepper_id, reason=exc.__class__.__name__)

    async def issue(
        self, *, minter: Principal | None = None, by: Actor = OPERATOR, **wish: Unpack[TokenWish]
    ) -> IssuedToken:
        """Make a token; the secret is in the result and nowhere else.

        A `minter` gives no scope that it does not hold itself, and stands above the token from then on; so does the
        holder of the `team`. Raises `BadRequest` with `param` for what cannot be used, `Denied` for a scope the minter
        does not hold (scope_beyond) and for a team that is not the minter's (out_of_reach).
        """
        new, secret = await self._new.issued(wish, minter)
        check_minter(minter, new.scopes)
        return IssuedToken(await self._admin.add_token(new, await self._act(by)), secret)

    async def issue_below(self, holder: Principal, *, by: Actor = OPERATOR, **wish: Unpack[TokenWish]) -> IssuedToken:
        """Make a token below a holder, of its team; the secret is in the result and nowhere else.

        Its scopes may reach beyond those of the holder: it may do what both allow, so that what the holder is given
        later opens without another token. Whether whoever asks may give them is not looked at here. Raises `BadRequest`
        with `param` for what cannot be used, and with status 409 where the holder opens nothing by then, or is of
        another team.
        """
        new, secret = await self._new.issued(wish, holder)
        return IssuedToken(await self._admin.add_token(new, await self._act(by)), secret)

    async def for_client(
        self, scopes: Iterable[str], *, minter: Principal | None, has_secret: bool, **wish: Unpack[Wish]
    ) -> tuple[NewToken, str]:
        """Make the token of a client and its secret, for who writes both; raises as `issue` does."""
        own = checked_scopes(scopes)
        check_minter(minter, own)
        return await self._new.of_client(wish, minter, own, has_secret=has_secret)

    async def foreign(
        self, known_as: str, *, minter: Principal | None = None, **wish: Unpack[TokenWish]
    ) -> ForeignToken:
        """Make a token whose secret another system made, known by the hash it kept; nothing is written.

        Raises as `issue` does, for the hash with `param` "hash".
        """
        made = await self._new.imported(wish, minter, known_as)
        check_minter(minter, made.token.scopes)
        return made

    async def bring(self, tokens: Sequence[ForeignToken], *, by: Actor = OPERATOR) -> Sequence[Token | None]:
        """Write such tokens, all of them or none, each with its record; None for one whose secret is there already.

        What is there stays, whoever's it is. Raises `BadRequest` with the place of the one that is refused as `param`.
        """
        return await self._admin.import_tokens(tokens, await self._act(by))

    async def rotate(self, token_id: str, overlap: timedelta = DAY, *, by: Actor = OPERATOR) -> IssuedToken | None:
        """Make a further secret of a token; the one before opens for `overlap` more, at most 30 days.

        None if there is no such token. Raises `BadRequest` for a kind that has none, such as a grant; with `param` for
        an overlap that cannot be used; with status 409 where two secrets open already or the token has ended.
        """
        if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
            raise BadRequest(f"the overlap is between none and {LONGEST_OVERLAP.days} days", param="overlap")
        known = await self._admin.get_token(token_id)
        if known is None:
            return None
        if known.kind not in _HAVE_SECRETS:
            raise BadRequest(f"a token of the kind {known.kind} has no secret; rotate a client or a bearer token")
        secret, new = self.new_secret(known.environment, await self.rotation(known.rotate_days, known.team))
        token = await self._admin.rotate_token(token_id, new, new.created_at + overlap, await self._act(by))
        return None if token is None else IssuedToken(token, secret)

    async def rotation(self, own: int | None, team: str) -> int:
        """Give how many days a secret opens, 0 for ever: by its token's rule, else its team's, else the general one."""
        return await self._rotation.days_of(own, team)

    def new_secret(self, environment: Environment, rotate_days: int | None) -> tuple[str, NewSecret]:
        """Make a secret and give it with what is stored of it, for a token that someone else writes.

        `rotate_days` is what `rotation` gives; without it the general rule holds.
        """
        now = self._clock.now()
        secret = make_secret(test=environment is Environment.TEST)
        hashed = self._hashes.digest(secret.encode("ascii"))
        ends = end_of(self._rotation.days if rotate_days is None else rotate_days, now)
        return secret, NewSecret(hashed.content, hint(secret), hashed.pepper_id, now, ends)

    async def change(
        self, token_id: str, edit: TokenEdit, *, editor: Principal | None = None, by: Actor = OPERATOR
    ) -> Token | None:
        """Change a token, at once, on every worker.  None if there is no such token.

        Its secrets end when they would have: how long they live counts from the next rotation. Raises `BadRequest` with
        `param` for what cannot be used and with 409 (a_client) for a client, `Denied` (scope_beyond) for a scope the
        editor does not hold and for a grant that is to be widened, and what the edit raises.
        """
        now = self._clock.now()

        def changed(token: Token) -> TokenChange:
            change = change_for(edit, token)
            check_kind(token, change)
            return change_within(change, editor, now)

        return await self._admin.change_token(token_id, changed, await self._act(by))

    async def disable(self, token_id: str, *, by: Actor = OPERATOR) -> Token | None:
        """Switch a token and those it minted off until it is enabled, at once.  None if there is no such token."""
        return await self._admin.switch_token(token_id, await self._act(by), on=False)

    async def enable(self, token_id: str, *, by: Actor = OPERATOR) -> Token | None:
        """Switch a token on again, and those that were disabled with it.  None if there is no such token."""
        return await self._admin.switch_token(token_id, await self._act(by), on=True)

    async def revoke(self, token_id: str, *, by: Actor = OPERATOR) -> Token | None:
        """Revoke a token and those it minted at once, on every worker.  None if there is no such token."""
        return await self._admin.revoke_token(token_id, await self._act(by))

    async def act(self, by: Actor) -> Act:
        """Give what a change elsewhere, or a reading that is to be known, is recorded with."""
        return await self._act(by)

    async def _act(self, by: Actor) -> Act:
        if self._audit_key is None:
            raise InternalError(
                "tokens cannot be changed here", detail="this TokenService has no key for the audit log"
            )
        return Act(by, self._clock.now(), await self._audit_key())


def check_minter(minter: Principal | None, scopes: Iterable[str]) -> None:
    """Refuse scopes that a minter does not hold, and one that stands too deep; raises `Denied` and `BadRequest`."""
    if minter is None:
        return
    check_within(scopes, minter.scopes)
    if len(minter.above) + 1 > MOST_ABOVE:
        raise BadRequest(f"tokens stand below each other {MOST_ABOVE} deep at most; mint it with one further up")
