"""How models are asked from here, whatever stands behind it: the gateway itself, or a test's own."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from tollbridge import Usage
from tollbridge.formats import AnyEvent, Request, Response


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer and what it cost, in nano-dollars; None where that is not known.

    `dropped` are fields that its model could not be told, by their canonical names.
    """

    response: Response
    cost: int | None = None
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Paid:
    """What a stream cost, and what was dropped, as in `Answered`; it comes at its end."""

    cost: int | None
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spent:
    """What all attempts of a call took together; `cost` in nano-dollars, None where that of one is not known."""

    attempts: int
    usage: Usage
    cost: int | None


class Asking(Protocol):
    """Asks models on somebody's account.  Both raise what the gateway refuses with, a `GatewayError`."""

    async def ask(self, request: Request) -> Answered:
        """Ask, and wait for the whole answer."""
        ...

    def stream(self, request: Request) -> AsyncGenerator[AnyEvent | Paid, None]:
        """Ask, and give the answer as it comes; it is closed where nobody takes the rest."""
        ...
