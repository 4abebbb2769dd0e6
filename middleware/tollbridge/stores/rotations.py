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

    The one before opens for `overlap_s` seconds more from then on. `done_at` is when that was done last. Whoever set
    it has the token `set_by`, empty for the operator of the machine; `failure` says why it was not begun when due.
    `due_at` is when it is done next, where one is asked for: None where its secret does not end, the token has ended,
    is disabled or ends before, or a new secret is on its way.
    """

    token_id: str
    into: str
    days_before: int
    overlap_s: int
    done_at: datetime | None = None
    set_by: str = ""
    failure: str = ""
    due_at: datetime | None = None


class Handover(msgspec.Struct, frozen=True, gc=False):
    """A new secret of a token that is still to be handed over; `id` is the same however often that is tried.

    `due_at` is when it is tried next, `failure` why it did not succeed last, `set_by` as an `AutoRotation` has it.
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
    set_by: str = ""

    def __repr__(self) -> str:
        return f"Handover({self.id} of {self.token_id})"


class RotationStore(Protocol):
    """Keeps both; each change is recorded.  Raises `Unavailable` where it does not answer.

    While a new secret is to be handed over the token's other secrets do not end by themselves. So whoever uses the
    token has one that opens, wherever a worker dies.
    """

    async def set_rotation(self, rotation: AutoRotation, act: Act) -> None:
        """Write how a token's secret changes, in place of what was said before; a handover under way goes there too.

        Raises `BadRequest` (409) where the file is another live token's.
        """
        ...

    async def remove_rotation(self, token_id: str, act: Act) -> bool:
        """Have a secret not change by itself any more; says whether it did, a handover was under way, or it had files.

        A handover is undone: the new secret opens nothing any more, the one before ends when it would have, and not
        before the overlap. The files it was handed over into may be other tokens' from then on.
        """
        ...

    async def get_rotation(self, token_id: str) -> AutoRotation | None:
        """Say how a token's secret changes by itself, and when, as `due_rotations` sees it."""
        ...

    async def due_rotations(self) -> Sequence[tuple[AutoRotation, Token]]:
        """Give those of live tokens whose last secret ends soon, and which may have another one now.

        Half of a secret's life is over before it is due, however early that is said.
        """
        ...

    async def hold_rotation(self, rotation: AutoRotation, why: str, act: Act, *, pause_s: float) -> None:
        """Note why one that is due was not begun, and when it is looked at again; told where that is news."""
        ...

    async def begin_handover(self, handover: Handover, secret: NewSecret, act: Act) -> bool:
        """Give a token a further secret that is to be handed over, and keep its others from ending.

        False where one of it is being handed over already, or there is no such token; raises `BadRequest` (409) as
        `rotate_token` does, and where the file is another live token's.
        """
        ...

    async def due_handovers(self) -> Sequence[Handover]:
        """Give some that are to be tried now, those that waited longest first."""
        ...

    async def find_handovers(self, into: str, beginning: str) -> Sequence[Handover]:
        """Give those into a place whose id begins so."""
        ...

    async def get_handover(self, token_id: str) -> Handover | None:
        """Give the one of a token that is under way."""
        ...

    async def postpone_handover(self, handover: Handover, failure: str, act: Act, *, pause_s: float) -> None:
        """Note that it failed, and when it is tried again."""
        ...

    async def await_handover(self, handover: Handover, *, pause_s: float) -> None:
        """Have one that is on its way be looked at again after a pause."""
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

    async def undo_handover(self, handover: Handover, why: str, act: Act, *, pause_s: float) -> bool:
        """Take one back as `remove_rotation` does, and have the next one wait; says whether it still was under way.

        That is told as a failure.
        """
        ...

    async def drop_handover(self, handover: Handover, act: Act) -> bool:
        """Forget one whose token has ended, or whose secret opens nothing any more; False where it is still good.

        Of a token that goes on this is recorded as a failure, and its secret before ends as when it is undone.
        """
        ...
