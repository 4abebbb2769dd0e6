"""The seam to keys that callers sign their requests with, in place of showing a secret."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from tollbridge.audit import Act
from tollbridge.tokens.model import SecretUse

MOST_CREDENTIALS = 2
"""Credentials of one kind that a token has at a time."""


class CredentialKind(StrEnum):
    """What a caller does with a credential."""

    SIGNATURE = "signature"
    """Signs with a private key (RFC 9421), whose public half stands here."""
    HMAC = "hmac"
    """Signs with a shared secret (RFC 9421)."""
    AKSK = "aksk"
    """Signs with a shared secret in the way of an older gateway."""


class Credential(msgspec.Struct, frozen=True, gc=False):
    """A key of a token.  `public` is a JWK in JSON, empty where the secret is shared; `ends_at` is None for no end."""

    id: str
    token_id: str
    kind: CredentialKind
    algorithm: str
    public: str
    created_at: datetime
    ends_at: datetime | None = None


class StoredCredential(msgspec.Struct, frozen=True, gc=False):
    """A credential with the shared secret, sealed, and its digest under a pepper; all empty where there is none.

    `told` is what the audit log says of the key: a keyed hash of the secret, or the thumbprint of the public half.
    """

    credential: Credential
    sealed: bytes = b""
    told: str = ""
    digest: bytes = b""
    pepper_id: str = ""


class ShownSecret(msgspec.Struct, frozen=True, gc=False):
    """A secret of a token that somebody shows beside the token's id, as it is stored.

    `use` is `client` for one that only proves which OAuth client this is, `made_us` when it was made (microseconds
    since the epoch).
    """

    digest: bytes
    pepper_id: str
    ends_at: datetime | None
    use: SecretUse = SecretUse.BEARER
    made_us: int = 0


class CredentialStore(Protocol):
    """Keeps credentials.  What changes one says who does and is recorded; raises `Unavailable`."""

    async def add(self, new: StoredCredential, act: Act) -> bool:
        """Keep a credential; False where its token is not there.

        Raises `BadRequest` (409) where the token has ended, or has `MOST_CREDENTIALS` of that kind.
        """
        ...

    async def rotate(self, id: str, new: StoredCredential, ends_at: datetime, act: Act) -> bool:
        """Keep a credential in place of another of its token and kind, which ends at `ends_at` at the latest.

        False where that one is not there. Raises `BadRequest` (409) as `add` does.
        """
        ...

    async def remove(self, token_id: str, id: str, act: Act) -> bool:
        """Forget a credential of a token, on every worker when this returns; False where it is not there."""
        ...

    async def of_token(self, token_id: str) -> Sequence[Credential]:
        """List the credentials of a token that have not ended, newest first."""
        ...

    async def find(self, id: str) -> StoredCredential | None:
        """Find a credential that has not ended.  Whether its token is live is not looked at."""
        ...

    async def find_shared(self, digests: Sequence[bytes]) -> Credential | None:
        """Find a credential that has not ended by what may be stored of its shared secret."""
        ...

    async def rehash(self, id: str, digest: bytes, pepper_id: str) -> None:
        """Keep the digest of a shared secret under another pepper: no change of the credential."""
        ...

    async def find_secret(self, token_id: str, digests: Sequence[bytes]) -> ShownSecret | None:
        """Find a secret of a token, or of a client, by what may be stored of it, unless it has ended.

        Whether the token is live is not looked at.
        """
        ...
