"""The contents of kept answers: sealed on the way to the store, opened on the way back."""

from collections.abc import Sequence

import msgspec
import structlog

from tollbridge.errors import BodyTooLarge, SetupError, Unavailable
from tollbridge.formats.keeping import Turn
from tollbridge.sealing.places import ANSWER, Place
from tollbridge.stores.kept import KeptAnswer, KeptStore
from tollbridge.vault import Box

MOST_KEPT = 8 * 1024 * 1024
"""Bytes of one turn, asked and answered, that are kept."""
MOST_RECALLED = 32 * 1024 * 1024
"""Bytes of a conversation that are put into a request."""

log = structlog.get_logger("tollbridge")


class Turns:
    """Turns sealed in a `box`, each bound to its answer and the token it belongs to; without one nothing is kept.

    Raises `SetupError` for a box whose key cannot be used: no caller's answer shall meet that.
    """

    def __init__(self, store: KeptStore, box: Box | None) -> None:
        if box is not None:
            box.load()
        self._store = store
        self._box = box

    def keeps(self, *parts: bytes) -> bool:
        """Whether a turn of these parts is kept."""
        return self._box is not None and sum(map(len, parts)) <= MOST_KEPT

    def shut(self, turn: Turn, id: str, owner: str) -> bytes:
        """Seal a turn; empty where none is kept, or where it is not known which key is in use."""
        try:
            return self._box.shut(_encode(turn), Place(ANSWER, owner, id)) if self._box is not None else b""
        except SetupError as exc:  # the caller has its answer all the same
            log.error("content_not_kept", reason=str(exc))
            return b""

    async def opened(self, answers: Sequence[KeptAnswer], owner: str) -> list[Turn] | None:
        """Open the turns of answers; None where one is not kept.

        Raises `BodyTooLarge` where they are too long together, `Unavailable` where one does not open.
        """
        if self._box is None or not all(answer.size for answer in answers):
            return None
        sizes = {answer.id: answer.size for answer in answers}
        if sum(sizes.values()) > MOST_RECALLED:
            raise BodyTooLarge("the conversation that this request goes on from is too long; begin a new one")
        sealed = await self._store.contents(list(sizes), owner)
        if len(sealed) < len(sizes):  # forgotten meanwhile
            return None
        await self._box.meet(sealed.values())
        try:
            return [_decode(self._box.open(sealed[answer.id], Place(ANSWER, owner, answer.id))) for answer in answers]
        except (ValueError, msgspec.MsgspecError) as exc:
            raise Unavailable("a kept answer cannot be opened", detail=f"answers: {exc}") from exc


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Turn).decode
