"""The seam to secrets that are changed by themselves, and handed over to where they are used."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from tollbridge.audit import Act
from tollbridge.stores.changes import NewSecret
from tollbridge.tokens.model import Token


class AutoRotation(msgspec.Struct, frozen=True, gc=False):
    """How a token's secret changes by itself: `days_before` its end, handed over `into` a place.

    The one before opens for `overlap_s` seconds more from then on. `done_at` is when that was done last.
    """

    token_id: str
    into: str
    days_before: int
    overlap_s: int
    done_at: datetime | None = None


class Handover(msgspec.Struct, frozen=True, gc=False):
    """A new secret of a token that is still to be handed over; `id` is the same however often that is tried.

    `due_at` is when it is tried next, `failure` why it did not succeed last.
    """

    token_id: str
    id: str
    into: str
    overlap_s: int
    digest: bytes
    sealed: bytes
    created_at: datetime
    attempts: int = 0
    due_at: datetime | None = None
    failure: str = ""

    def __repr__(self) -> str:
        return f"Handover({self.id} of {self.token_id})"


class RotationStore(Protocol):
    """Keeps both; each change is recorded.  Raises `Unavailable` where it does not answer.

    While a new secret is to be handed over the token's other secrets do not end by themselves. So whoever uses the
    token has one that opens, wherever a worker dies.
    """

    async def set_rotation(self, rotation: AutoRotation, act: Act) -> None:
        """Write how a token's secret changes, in place of what was said before; a handover under way goes there too.

        Raises `BadRequest` (409) where another token's is handed over into the same file.
        """
        ...

    async def remove_rotation(self, token_id: str, act: Act) -> bool:
        """Have a secret not change by itself any more; says whether it did, or a handover was under way.

        That one is undone: the new secret opens nothing any more, the one before ends when it would have, and not
        before the overlap.
        """
        ...

    async def get_rotation(self, token_id: str) -> AutoRotation | None:
        """Say how a token's secret changes by itself."""
        ...

    async def due_rotations(self) -> Sequence[tuple[AutoRotation, Token]]:
        """Give those of live tokens whose last secret ends soon, and which may have another one now.

        Half of a secret's life is over before it is due, however early that is said.
        """
        ...

    async def begin_handover(self, handover: Handover, secret: NewSecret, act: Act) -> bool:
        """Give a token a further secret that is to be handed over, and keep its others from ending.

        False where one of it is being handed over already, or there is no such token; raises `BadRequest` (409) as
        `rotate_token` does, and where another token's is handed over into the same file.
        """
        ...

    async def due_handovers(self) -> Sequence[Handover]:
        """Give those that are to be tried now, the oldest first."""
        ...

    async def get_handover(self, token_id: str) -> Handover | None:
        """Give the one of a token that is under way."""
        ...

    async def postpone_handover(self, handover: Handover, failure: str, act: Act, *, pause_s: float) -> None:
        """Note that it failed, and when it is tried again."""
        ...

    async def finish_handover(self, handover: Handover, act: Act) -> bool:
        """Note that it succeeded: the token's other secrets end after the overlap.

        False where it is not under way any more: it was undone, another worker noted it, it goes to another place now,
        or its secret opens nothing any more.
        """
        ...

    async def withdraw_secret(self, token_id: str, told: str, act: Act) -> bool:
        """Take back a secret that nobody has, by what its record says of it; says whether it was there.

        One that is being handed over is not taken back: it will arrive. So with one that has arrived.
        """
        ...

    async def drop_handover(self, handover: Handover, act: Act) -> bool:
        """Forget one whose token has ended, or whose secret opens nothing any more; False where it is still good.

        Of a token that goes on this is recorded as a failure, and its secret before ends as when it is undone.
        """
        ...
