"""Issuing for one request: in one transaction, by secrets rather than by their digests."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from tollbridge.clock import Clock
from tollbridge.grants.model import Code, Lent, NewAccess, NewRefresh, Refresh, Reused
from tollbridge.ids import new_id
from tollbridge.sealing.places import REFRESH, Place
from tollbridge.stores.grants import GrantTransaction
from tollbridge.tokens.model import SecretUse
from tollbridge.tokens.peppers import Hashes
from tollbridge.tokens.secret import is_well_formed, make_secret
from tollbridge.vault import Box

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rotated:
    """What came of a refresh token: the one that follows it, this once, and what it is about."""

    lent: Lent
    secret: str = field(repr=False)


class Granting:
    """One transaction that issues: all of it, or nothing where what is inside it raises.

    Codes and refresh tokens look as API tokens do, so that scanners and our own logs know them.
    """

    def __init__(self, written: GrantTransaction, hashes: Hashes, box: Box, clock: Clock, *, grace_s: float) -> None:
        self._written = written
        self._hashes = hashes
        self._box = box
        self._clock = clock
        self._grace = timedelta(seconds=grace_s)

    async def run(self, work: Callable[[], T]) -> T:
        """Run what is not async inside the transaction, on this thread; there, `wait` waits for what is."""
        return await self._written.run(work)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine within `run`; others go on meanwhile."""
        return self._written.wait(work)

    async def redeem_code(self, code: str, client_id: str) -> Code | None:
        """Use a code up; None where it is none of this client's, or has ended.  Raises `Reused`."""
        return await self._written.redeem_code(self._digests(code), client_id)

    async def take_device(self, code: str, client_id: str) -> Lent | None:
        """Use up what somebody agreed to for a device; None where nobody did, or it was used."""
        return await self._written.take_device(self._digests(code), client_id)

    async def lifetime_s(self, holder: str, most_s: int) -> int:
        """Give how long an access token of a holder may open: so many seconds, and no longer than the holder does."""
        ends_at = await self._written.end_of(holder)
        left = None if ends_at is None else ends_at - self._clock.now()
        return most_s if left is None else max(0, min(most_s, int(left.total_seconds())))

    async def issue_access(self, token: str, lent: Lent, holder: str, lasts_s: int) -> None:
        """Write an access token that was signed: of what its holder may do, it may do what is lent."""
        made = self._hashes.digest(token.encode("ascii"))
        now = self._clock.now()
        new = NewAccess(
            digest=made.content,
            pepper_id=made.pepper_id,
            holder=holder,
            scopes=lent.scopes,
            made_at=now,
            ends_at=now + timedelta(seconds=lasts_s),
            use=SecretUse.ELSEWHERE if lent.audience else SecretUse.ACCESS,
        )
        await self._written.add_access(new)

    async def issue_refresh(self, lent: Lent, lasts_s: int) -> str:
        """Make a refresh token."""
        secret = make_secret()
        made, now = self._hashes.digest(secret.encode("ascii")), self._clock.now()
        new = NewRefresh(
            id=new_id("ref", self._clock),
            digest=made.content,
            pepper_id=made.pepper_id,
            lent=lent,
            made_at=now,
            ends_at=now + timedelta(seconds=lasts_s),
        )
        await self._written.add_refresh(new)
        return secret

    async def rotate(self, secret: str, client_id: str, lasts_s: int) -> Rotated | None:
        """Use a refresh token up and make the one that follows it; None where it is none of this client's, or ended.

        One that was used before raises `Reused` (RFC 9700 section 4.14.2), but within the grace gives the one that
        followed it once more, unless that was used too.
        """
        found = await self._written.use_refresh(self._digests(secret), client_id)
        if found is None:
            return None
        if found.used_at is not None:
            return Rotated(found.lent, await self._again(found))
        successor = await self.issue_refresh(found.lent, lasts_s)
        if self._grace:
            sealed = self._box.shut(successor.encode("ascii"), _place(found))
            await self._written.keep_successor(found.id, sealed)
        return Rotated(found.lent, successor)

    async def _again(self, found: Refresh) -> str:
        late = found.used_at is None or self._clock.now() - found.used_at > self._grace
        if late or not found.successor:
            raise Reused(found.lent.grant_id)
        await self._box.meet([found.successor])
        successor = self._box.open(found.successor, _place(found)).decode("ascii")
        following = await self._written.find_refresh(self._digests(successor))
        if following is None or following.used_at is not None:
            raise Reused(found.lent.grant_id)
        return successor

    def _digests(self, secret: str) -> Sequence[bytes]:
        """Give what may be kept of a secret; nothing of what cannot be one, which then is found nowhere."""
        shown = secret.encode("utf-8", "replace")
        return [one.content for one in self._hashes.digests(shown)] if is_well_formed(shown) else []


def _place(found: Refresh) -> Place:
    return Place(REFRESH, found.lent.grant_id, found.id)
