"""The seam to what must not be done twice: a key of the caller's, what was asked under it, and, sealed, the answer."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class KeyedRequest(msgspec.Struct, frozen=True, gc=False):
    """A request under a key of its caller's.

    `fingerprint` is a digest of what is asked, `run` the name of this attempt at it.
    """

    caller: str
    key: str
    fingerprint: bytes
    run: str


class FirstAnswer(msgspec.Struct, frozen=True, gc=False):
    """What became of the first request under a key; `content` is empty while it is being done."""

    fingerprint: bytes
    content: bytes


class IdempotencyStore(Protocol):
    """Lets a request be done by one of all who try.  Raises `Unavailable` where it does not answer."""

    async def begin_once(self, request: KeyedRequest, *, lease_s: float, keep_s: float) -> FirstAnswer | None:
        """Take a key for this attempt; None where it has it, else what is there.

        An attempt that neither finished nor gave up within `lease_s` has lost the key to whoever comes next. What is
        there is forgotten after `keep_s`.
        """
        ...

    async def abandoned_runs(self, request: KeyedRequest) -> Sequence[str]:
        """Name earlier attempts under this one's key: they ended without a word, and what they did stands."""
        ...

    async def finish_once(self, request: KeyedRequest, content: bytes) -> bool:
        """Put the answer of this attempt there; says whether it still had the key."""
        ...

    async def give_up_once(self, request: KeyedRequest) -> bool:
        """Let go of a key under which nothing was done; says whether this attempt still had it."""
        ...
