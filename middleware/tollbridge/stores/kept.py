"""The seam to answers that are kept: whose an answer is, who gave it, and, sealed, what was said."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec


class KeptAnswer(msgspec.Struct, frozen=True, gc=False):
    """An answer its caller may come back to, until `ends_at`.

    `provider` and `model` gave it. `before` is the id of the answer its conversation goes on from, if any. `items` are
    the ids of what stands in it. `size` is how many bytes of sealed content are kept with it, 0 for none.
    """

    id: str
    token_id: str
    provider: str
    model: str
    at: datetime
    ends_at: datetime
    before: str = ""
    items: tuple[str, ...] = ()
    size: int = 0


class KeptStore(Protocol):
    """Keeps answers.  One that is another token's, or whose time is over, is not there."""

    def keep(self, answer: KeptAnswer, content: bytes) -> None:
        """Keep an answer, with nobody waiting; operations of this process that follow find it.

        One of the same id and token is replaced, one of another token stays. A failure is logged, and nothing is kept.
        """
        ...

    async def find_answer(self, id: str, token_id: str) -> KeptAnswer | None:
        """Find an answer by its id."""
        ...

    async def find_thread(self, id: str, token_id: str) -> Sequence[KeptAnswer]:
        """Find an answer and those its conversation goes on from, the first one first; empty if it is not there.

        The first has no `before` where the conversation is whole. Their `items` are left out.
        """
        ...

    async def find_holders(self, items: Collection[str], token_id: str) -> Sequence[KeptAnswer]:
        """Find the newest answer in which each of these items stands; the oldest first, each once."""
        ...

    async def find_strangers(self, items: Collection[str], token_id: str) -> Sequence[str]:
        """Find which of these items stand in answers of other tokens, and in none of this one's."""
        ...

    async def contents(self, ids: Collection[str], token_id: str) -> Mapping[str, bytes]:
        """Give the sealed contents of answers that have one, by id."""
        ...

    async def forget_answer(self, id: str, token_id: str) -> bool:
        """Forget an answer and its content; says whether there was one."""
        ...
