"""Issuing, finding and revoking tokens.  The only writer of tokens."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from random import random

from tollbridge.clock import Clock
from tollbridge.errors import BadRequest
from tollbridge.ids import new_id
from tollbridge.stores.base import AdminStore, HotStore, NewToken
from tollbridge.tokens.model import Principal, Token, TokenBudget, TokenLimits
from tollbridge.tokens.scopes import EVERY_MODEL, parse_scope
from tollbridge.tokens.secret import LENGTH, digest, hint, is_well_formed, make_secret

_LONGEST_NAME = 100
_CHAFF = memoryview(bytes(65_536))
"""Hashed up to a random place before a secret is refused: some 20 us in which it does not show what the store found.

A row that is there takes SQLite 0.1 us longer to read over than one that is not (`python -m bench timing`).
"""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token and, this once, its secret."""

    token: Token
    secret: str = field(repr=False)


def check_wish(
    name: str, scopes: Iterable[str], expires_at: datetime | None, now: datetime
) -> tuple[str, tuple[str, ...]]:
    """Give the name and scopes of a token to be made as they will be kept.

    Raises `BadRequest` with `param` for a name, scope or expiry that cannot be used.
    """
    label = name.strip()
    if not label or len(label) > _LONGEST_NAME or not label.isprintable():
        raise BadRequest(f"a token needs a name of 1 to {_LONGEST_NAME} printable characters", param="name")
    if expires_at is not None and expires_at <= now + timedelta(seconds=1):
        raise BadRequest("the expiry lies in the past", param="expires_at")
    try:
        checked = tuple(dict.fromkeys(parse_scope(scope) for scope in scopes))
    except ValueError as exc:
        raise BadRequest(str(exc), param="scopes") from exc
    if not checked:
        raise BadRequest("a token without a scope opens nothing; name at least one", param="scopes")
    return label, checked


class TokenService:
    """Tokens of one gateway.  `pepper` is 32 bytes from outside the database, `pepper_id` names it."""

    def __init__(self, hot: HotStore, admin: AdminStore, pepper: bytes, clock: Clock, *, pepper_id: str = "1") -> None:
        if len(pepper) < 32:
            raise ValueError("the pepper is shorter than 32 bytes")
        self._hot = hot
        self._admin = admin
        self._pepper = pepper
        self._pepper_id = pepper_id
        self._clock = clock

    def recall(self, secret: bytes) -> Principal | None:
        """Say who shows this secret where the store is certain without being asked, else None.

        What was found before was well-formed, so that need not be looked at.
        """
        return self._hot.recall_principal(digest(self._pepper, secret)) if len(secret) == LENGTH else None

    async def identify(self, secret: bytes) -> Principal | None:
        """Find who shows this secret, or None: malformed, unknown, revoked and expired look the same.

        A malformed secret costs no look-up. The store is asked each time, and a revocation holds at once.
        """
        if not is_well_formed(secret):
            return None
        principal = await self._hot.find_principal(digest(self._pepper, secret))
        if principal is None:
            sha256(_CHAFF[: int(random() * len(_CHAFF))])
        return principal

    async def issue(
        self,
        *,
        name: str,
        scopes: Iterable[str] = EVERY_MODEL,
        owner: str = "",
        team: str = "",
        expires_at: datetime | None = None,
        limits: TokenLimits | None = None,
        budget: TokenBudget | None = None,
    ) -> IssuedToken:
        """Make a token; the secret is in the result and nowhere else.

        Raises `BadRequest` with `param` for a name, scope or expiry that cannot be used.
        """
        now = self._clock.now()
        label, checked = check_wish(name, scopes, expires_at, now)
        secret = make_secret()
        token = await self._admin.add_token(
            NewToken(
                id=new_id("tok", self._clock),
                name=label,
                digest=digest(self._pepper, secret.encode("ascii")),
                hint=hint(secret),
                pepper_id=self._pepper_id,
                scopes=checked,
                created_at=now,
                owner=owner.strip(),
                team=team.strip(),
                expires_at=expires_at,
                limits=limits or TokenLimits(),
                budget=budget,
            )
        )
        return IssuedToken(token, secret)

    async def revoke(self, token_id: str) -> Token | None:
        """Revoke at once, on every worker.  None if there is no such token."""
        return await self._admin.revoke_token(token_id, self._clock.now())
