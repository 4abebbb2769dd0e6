"""What a dialect says of answers that callers come back to by an id.

The bridge knows whose each answer is and who gave it. Its content is kept by the provider, by the bridge, or by both.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from tollbridge.errors import GatewayError


class Wish(msgspec.Struct, frozen=True, gc=False):
    """What a request says of kept answers.

    `keep`: its caller may come back to the answer. `before` is the id of the answer it goes on from, empty if none.
    `items` are the ids of parts of earlier answers that it refers to, `echoed` those of parts that it repeats without
    all they hold: who keeps them looks up the rest. `lasts`: its provider goes on with the answer when its caller
    leaves.
    """

    keep: bool
    before: str = ""
    items: tuple[str, ...] = ()
    echoed: tuple[str, ...] = ()
    lasts: bool = False


class Turn(msgspec.Struct, frozen=True, gc=False):
    """What was asked and answered: the items of one request as a JSON list, the answer as a JSON object."""

    asked: bytes
    answer: bytes


class Given(msgspec.Struct, frozen=True, gc=False):
    """An answer as it was given: its id, empty if nobody can come back to it; `whole`: nothing more comes of it."""

    id: str
    whole: bool


class KeepingReader(Protocol):
    """An `AnswerReader` that has the answer as a whole once it was given."""

    answer: bytes
    """The JSON object of the answer in the caller's dialect; empty before, and where it failed."""


class Keeping(Protocol):
    """How a dialect names answers and puts what was said before into a request.  Pure."""

    def given(self, answer: bytes) -> Given:
        """Read an answer's id.  Never raises: what cannot be read is not kept."""
        ...

    def asked(self, body: bytes, call_id: str) -> bytes | None:
        """Give what a request asks for as a JSON list of items, each with an id; None where they are too many."""
        ...

    def ids(self, turn: Turn, call_id: str) -> Sequence[str]:
        """Give the ids that items of a turn were given: by the provider in the answer, by `asked` in the request.

        What its caller called an item is left out: it may be what another's is called.
        """
        ...

    def recalled(self, body: bytes, thread: Sequence[Turn], others: Sequence[Turn]) -> bytes:
        """Write a request anew: what was said in `thread` before its own items, and references replaced.

        `others` are more turns in which the items it refers to may stand. Raises `BadRequest` for one that is in none.
        """
        ...

    def shown(self, action: str, id: str, turn: Turn, query: bytes) -> bytes:
        """Write what a caller gets who asks for a kept answer (`Operation.kept`); raises `BadRequest`."""
        ...

    def unknown(self, id: str) -> GatewayError:
        """Say that there is no such answer; its caller got none, or it is another's: the words are the same."""
        ...

    def unknown_before(self, wish: Wish) -> GatewayError:
        """Say the same of the answer that a request goes on from."""
        ...

    def unknown_item(self, id: str) -> GatewayError:
        """Say the same of an item that a request refers to, or repeats."""
        ...

    def kept_elsewhere(self, wish: Wish, model: str) -> GatewayError:
        """Say that the model's provider does not know what a request goes on from, and what to do."""
        ...
