"""The seam to grants, and to the codes and tokens that are issued for them."""

from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol, TypeVar

from tollbridge.audit import Act
from tollbridge.grants.model import (
    Code,
    Consent,
    Lent,
    NewAccess,
    NewCode,
    NewRefresh,
    Refresh,
)
from tollbridge.tokens.model import SecretUse, Token

T = TypeVar("T")


class GrantTransaction(Protocol):
    """One transaction that issues: all of it or, where what is inside it raises, nothing.

    Secrets are told by their digests, under each pepper one; what may be used once is used by one of all who try.
    """

    async def run(self, work: Callable[[], T]) -> T:
        """Run what is not async inside the transaction; there, `wait` waits for what is."""
        ...

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine within `run`."""
        ...

    async def redeem_code(self, digests: Sequence[bytes], client_id: str) -> Code | None:
        """Use a code up; None where it is unknown, ended or another client's.  Raises `Reused`."""
        ...

    async def use_refresh(self, digests: Sequence[bytes], client_id: str) -> Refresh | None:
        """Use a refresh token up and give it as it was before; one that was used already is given as it is.

        None where it is unknown, ended or another client's.
        """
        ...

    async def keep_successor(self, id: str, sealed: bytes) -> None:
        """Keep what took the place of a refresh token, sealed."""
        ...

    async def find_refresh(self, digests: Sequence[bytes]) -> Refresh | None:
        """Find a refresh token that has not ended, used or not."""
        ...

    async def end_of(self, token_id: str) -> datetime | None:
        """Give when a token ends, with those above it counted in; None for never."""
        ...

    async def take_device(self, digests: Sequence[bytes], client_id: str) -> Lent | None:
        """Use up what somebody agreed to for a device; None where nobody did, or it was used."""
        ...

    async def add_refresh(self, new: NewRefresh) -> None:
        """Write a refresh token."""
        ...

    async def add_access(self, new: NewAccess) -> None:
        """Write an access token."""
        ...


class GrantStore(Protocol):
    """Keeps grants and what was issued.  Raises `Unavailable` where it does not answer."""

    def transaction(self) -> AbstractAsyncContextManager[GrantTransaction]:
        """Begin a transaction that issues."""
        ...

    async def agree(self, consent: Consent, grant_id: str, act: Act, code: NewCode | None = None) -> Token:
        """Give the grant of a holder to a client: the one that is there, widened if need be, or a new one of that id.

        A code is written with it or not at all. Raises `Denied` where the grant that is there was switched off, and
        `BadRequest` (409) where holder or client open nothing.
        """
        ...

    async def find_grant(self, holder: str, client_id: str) -> Token | None:
        """Find the grant of a holder to a client that has not been revoked, the newest."""
        ...

    async def find_issued(
        self, digests: Sequence[bytes]
    ) -> tuple[str, SecretUse, tuple[str, ...], datetime, datetime | None] | None:
        """Find a secret of whatever use that has not ended: its token's id, use, scopes, when it was made and ends."""
        ...

    async def find_refresh(self, digests: Sequence[bytes]) -> Refresh | None:
        """Find a refresh token that has neither ended nor been used."""
        ...

    async def drop_access(self, digests: Sequence[bytes]) -> bool:
        """Forget an access token, on every worker: what starts after this returned is refused."""
        ...
