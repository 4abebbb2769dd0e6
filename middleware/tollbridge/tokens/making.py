"""What a wish becomes: a token about to be written, checked, with a new secret or with one that another system made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Required, TypedDict

from tollbridge.clock import Clock
from tollbridge.errors import BadRequest
from tollbridge.ids import new_id
from tollbridge.stores.changes import ForeignToken, NewToken
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.foreign import ForeignHashes
from tollbridge.tokens.model import Environment, Principal, SecretUse, TokenBudget, TokenKind, TokenLimits
from tollbridge.tokens.peppers import Digest, Hashes
from tollbridge.tokens.rotation import Rotation, end_of
from tollbridge.tokens.scopes import EVERY_MODEL
from tollbridge.tokens.secret import hint, make_secret
from tollbridge.tokens.wishes import (
    checked_expiry,
    checked_metadata,
    checked_name,
    checked_rotation,
    checked_scopes,
    checked_tags,
    owner_for,
    team_for,
)

_IMPORTED = "imported"
"""In place of the first characters of a secret that nobody here knows."""


class Wish(TypedDict, total=False):
    """What is wished of a token of any kind, beside what it may do."""

    name: Required[str]
    owner: str
    team: str
    expires_at: datetime | None
    limits: TokenLimits | None
    budget: TokenBudget | None
    environment: Environment
    conditions: Conditions | None
    tags: Iterable[str]
    metadata: Mapping[str, str] | None
    rotate_days: int | None


class TokenWish(Wish, total=False):
    """What is wished of one that is shown; without `scopes` it may call every model, and nothing else."""

    scopes: Iterable[str]
    kind: TokenKind
    canary: bool


@dataclass(frozen=True, slots=True)
class NewTokens:
    """Makes them; writes none.  Each raises `BadRequest` with `param`, and `Denied` for what a minter may not give.

    Whether the minter holds the scopes is not looked at here.
    """

    hashes: Hashes
    foreign: ForeignHashes
    rotation: Rotation
    clock: Clock

    async def issued(self, wish: TokenWish, minter: Principal | None) -> tuple[NewToken, str]:
        """Make one with a secret of ours."""
        secret = make_secret(test=wish.get("environment") is Environment.TEST)
        hashed = self.hashes.digest(secret.encode("ascii"))
        return await self._new(minter, hashed, hint(secret), **wish), secret

    async def imported(self, wish: TokenWish, minter: Principal | None, known_as: str) -> ForeignToken:
        """Make one whose secret is known by the hash that another system kept of it."""
        try:
            material = self.foreign.read(known_as)
        except ValueError as exc:
            raise BadRequest(str(exc), param="hash") from exc
        new = await self._new(minter, self.hashes.digest(material), _IMPORTED, **wish)
        return ForeignToken(new, [one.content for one in self.hashes.digests(material)])

    async def of_client(
        self, wish: Wish, minter: Principal | None, scopes: Iterable[str], *, has_secret: bool
    ) -> tuple[NewToken, str]:
        """Make a client's, and its secret, which opens nothing as a bearer; empty where it has none."""
        its: TokenWish = {**wish, "scopes": scopes, "kind": TokenKind.SECRET, "canary": False}
        new, secret = await self.issued(its, minter)
        new = replace(new, id=new_id("client", self.clock), use=SecretUse.CLIENT)
        if has_secret:
            return new, secret
        return replace(new, digest=b"", hint="", pepper_id="", secret_ends_at=None), ""

    async def _new(
        self,
        minter: Principal | None,
        hashed: Digest,
        hint: str,
        *,
        name: str,
        scopes: Iterable[str] = EVERY_MODEL,
        kind: TokenKind = TokenKind.BEARER,
        owner: str = "",
        team: str = "",
        expires_at: datetime | None = None,
        limits: TokenLimits | None = None,
        budget: TokenBudget | None = None,
        environment: Environment = Environment.LIVE,
        conditions: Conditions | None = None,
        tags: Iterable[str] = (),
        metadata: Mapping[str, str] | None = None,
        canary: bool = False,
        rotate_days: int | None = None,
    ) -> NewToken:
        now, team, days = self.clock.now(), team_for(minter, team), checked_rotation(rotate_days)
        return NewToken(
            id=new_id("tok", self.clock),
            name=checked_name(name),
            digest=hashed.content,
            hint=hint,
            pepper_id=hashed.pepper_id,
            scopes=checked_scopes(scopes),
            created_at=now,
            kind=kind,
            owner=owner_for(minter, owner),
            team=team,
            expires_at=checked_expiry(expires_at, now),
            limits=limits or TokenLimits(),
            budget=budget,
            environment=environment,
            parent="" if minter is None else minter.id,
            conditions=conditions or Conditions(),
            tags=checked_tags(tags),
            metadata=checked_metadata(metadata or {}),
            canary=canary,
            rotate_days=days,
            secret_ends_at=end_of(await self.rotation.days_of(days, team), now),
        )
