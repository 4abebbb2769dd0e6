"""Who somebody is to a provider, out of claims that were verified."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_LONGEST_NAME = 100
_LONGEST_EMAIL = 254
_MOST_GROUPS = 1000
_LATEST_S = 253_402_300_799
"""The last second of the year 9999."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as a provider knows them.  `email` is empty where it is not there, or is not to be trusted.

    `proved_at` is when they proved to the provider who they are, None where it does not say.
    """

    issuer: str
    subject: str
    email: str
    name: str
    groups: frozenset[str]
    proved_at: datetime | None = None


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """Find a claim by its name, else by its path: `realm_access.roles`."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def text(value: Any, longest: int) -> str:
    """Give a claim that is a text, on one line; empty for any other and for one that is too long."""
    if not isinstance(value, str) or len(value) > longest:
        return ""
    return "".join(char for char in value if char.isprintable()).strip()


def read_groups(value: Any) -> frozenset[str]:
    """Give the groups of a claim: a list of texts, or one text."""
    named = value if isinstance(value, list) else [value]
    return frozenset(name for name in named[:_MOST_GROUPS] if isinstance(name, str))


def read_time(value: Any) -> datetime | None:
    """Give a claim of whole seconds since the epoch; None for any other, and for what no calendar has."""
    return datetime.fromtimestamp(value, UTC) if type(value) is int and 0 <= value <= _LATEST_S else None


def identity(claims: Mapping[str, Any], *, email: str, name: str, groups: str, trusting: bool) -> Identity:
    """Read an identity; `email`, `name` and `groups` name its claims.

    An e-mail counts where the provider calls it verified, or where it is trusted (OpenID Connect Core 1.0, 5.7). What
    it calls verified is the claim `email` (5.1), and no other one that says something else.
    """
    said = claim(claims, email)
    verified = trusting or (claims.get("email_verified") is True and said == claims.get("email"))
    address = text(said, _LONGEST_EMAIL) if verified else ""
    return Identity(
        issuer=claims["iss"],
        subject=claims["sub"],
        email=address,
        name=text(claim(claims, name), _LONGEST_NAME) or address.partition("@")[0],
        groups=read_groups(claim(claims, groups)) if groups else frozenset(),
        proved_at=read_time(claims.get("auth_time")),
    )
