"""Credentials as the API says them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from tollbridge.credentials import Credential
from tollbridge_admin.tokenshapes import DAY_S, Moment, Overlap, Wish, hidden

Algorithm = Literal["ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512", "hmac-sha256", "hmac-sha384", "hmac-sha512"]
_KEY = "The public half of a key of yours, in PEM or as a JWK; without it one is made, and shown this once."
PublicKey = Annotated[str, Meta(max_length=8192, description=_KEY)]


class NewCredentialWish(Wish, frozen=True):
    """A key to be added."""

    kind: Literal["signature", "hmac", "aksk"]
    algorithm: Algorithm | None = None
    public_key: PublicKey = ""
    expires_at: Moment | None = None


class CredentialRotation(Wish, frozen=True):
    """How a key is followed by another."""

    overlap_s: Overlap = DAY_S
    public_key: PublicKey = ""


class CredentialShown(msgspec.Struct, frozen=True, kw_only=True):
    """A key: its id is what signatures name, `public_key` a JWK in JSON, null where the secret is shared."""

    id: str
    kind: str
    algorithm: str
    public_key: str | None
    created_at: datetime
    expires_at: datetime | None


class IssuedCredentialShown(CredentialShown, frozen=True, kw_only=True):
    """A key with its secret, this once: a private key in PEM, or what is shared; null where the key is the caller's."""

    secret: str | None

    __repr__ = hidden


class CredentialsShown(msgspec.Struct, frozen=True):
    """The keys of one token, newest first."""

    items: Sequence[CredentialShown]


def shown(one: Credential) -> CredentialShown:
    """Give a credential as it is shown."""
    return CredentialShown(**_fields(one))


def issued(one: Credential, secret: str) -> IssuedCredentialShown:
    """Give a credential with its secret."""
    return IssuedCredentialShown(secret=secret or None, **_fields(one))


def _fields(one: Credential) -> dict[str, Any]:
    return {
        "id": one.id,
        "kind": one.kind.value,
        "algorithm": one.algorithm,
        "public_key": one.public or None,
        "created_at": one.created_at,
        "expires_at": one.ends_at,
    }
