"""Access tokens: JWTs of the profile of RFC 9068, signed here and kept by their digest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tollbridge import Clock, Principal
from tollbridge.authorizing import LONGEST_ISSUED, Lent, TokenKind, effective, new_id
from tollbridge.jose import SigningKey
from tollbridge_oauth.known import KnownClient
from tollbridge_oauth.refusals import InvalidScopeError

TYPE = "at+jwt"


def subject_of(holder: Principal) -> str:
    """Say whom a token of this holder is about: who owns it, or a client itself, whoever its owner is.

    So what a client gets for itself never passes for a person (RFC 9068 section 5).
    """
    return holder.id if holder.kind is TokenKind.SECRET else holder.owner or holder.id


@dataclass(frozen=True, slots=True)
class Wanted:
    """An access token to be made: what is lent, whose rights bound it, for how long, and whom it is about.

    `acting` says who acts for the subject (`act`, RFC 8693 section 4.1).
    """

    lent: Lent
    holder: Principal
    lasts_s: int
    subject: str
    acting: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Mint:
    """Makes them for one issuer."""

    issuer: str
    clock: Clock

    def make(self, wanted: Wanted, client: KnownClient, key: SigningKey) -> tuple[str, Sequence[str]]:
        """Sign a token, and say which scopes come into effect with it.

        Raises `InvalidScopeError` where none does, or where there are more than fit.
        """
        lent, holder, now = wanted.lent, wanted.holder, int(self.clock.time())
        scopes = effective(lent.scopes, holder.scopes)
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": wanted.subject,
            "aud": lent.audience or self.issuer,
            "client_id": client.id,
            "iat": now,
            "exp": now + wanted.lasts_s,
            "jti": new_id("jwt", self.clock),
            "scope": " ".join(scopes),
        }
        if lent.confirmed_at is not None:
            claims["auth_time"] = int(lent.confirmed_at.timestamp())
        if holder.team:
            claims["team"] = holder.team
        if wanted.acting is not None:
            claims["act"] = wanted.acting
        token = key.sign(claims, TYPE)
        if not scopes or len(token) > LONGEST_ISSUED:
            raise InvalidScopeError("none of these scopes comes into effect, or they are too many for one token")
        return token, scopes
