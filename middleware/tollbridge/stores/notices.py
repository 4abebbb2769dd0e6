"""The seam to what people are told of in time: once, whichever worker looks."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from tollbridge.audit import Act


class Ending(msgspec.Struct, frozen=True, gc=False):
    """A secret that ends within so many days, its token's last one."""

    token_id: str
    name: str
    hint: str
    ends_at: datetime
    days: int


class Unused(msgspec.Struct, frozen=True, gc=False):
    """A token that nobody uses."""

    token_id: str
    name: str
    last_used_at: datetime | None


class NoticeStore(Protocol):
    """Records what is to be told, by the store's own clock, in the transaction that notes that it was.

    Raises `Unavailable` where it does not answer.
    """

    async def tell_endings(self, days: Sequence[int], act: Act) -> Sequence[Ending]:
        """Record secrets that end within some of the days and of which that was not recorded yet; gives them.

        Each is recorded once for the fewest days it ends within, and never for more days than it opens at all. A secret
        that another one of its token outlives is none of them.
        """
        ...

    async def tell_unused(self, since: datetime, act: Act) -> Sequence[Unused]:
        """Record tokens that were there and not used since a time, and of which that was not recorded yet."""
        ...
