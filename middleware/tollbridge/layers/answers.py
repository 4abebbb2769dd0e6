"""Taking answers through the layers: whole ones many at once, streams piece by piece."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from tollbridge.call import Call, ResponseHead

if TYPE_CHECKING:
    from tollbridge.layers.crossing import Crossing

Look = Callable[[Call, ResponseHead], Awaitable[None] | None]
Feed = Callable[[Call, bytes], list[bytes]]
Answers = Sequence[tuple[Look | None, Feed | None]]
"""What each layer does with an answer, inside out."""


def take_answers(answers: Answers) -> Callable[[Sequence["Crossing"]], None]:
    """Give the work that takes whole answers through each layer before the next.

    A layer's `feed` runs before the next one's `response_head`. An answer that has to wait, or that a layer refuses,
    goes no further.
    """

    def work(crossings: Sequence["Crossing"]) -> None:
        for place, (look, feed) in enumerate(answers):
            for crossing in crossings:
                if crossing.halted is None and crossing.trouble is None:
                    try:
                        waiting = crossing.look_at(look)
                        if waiting is None:
                            crossing.feed_whole(feed)
                        else:
                            crossing.halted = ((), place, waiting)
                    except Exception as exc:
                        crossing.trouble = exc

    return work


def fed(feeds: Sequence[Feed], call: Call, chunk: bytes, *, more: bool) -> bytes:
    """Put a piece of a stream through the layers, inside out; without `more` it is the last."""
    if more and len(feeds) == 1:
        pieces = feeds[0](call, chunk)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    pieces = [chunk] if chunk else []
    for feed in feeds:
        passed: list[bytes] = []
        for piece in pieces:
            passed += feed(call, piece)
        if not more:
            passed += feed(call, b"")
        pieces = passed
    return b"".join(pieces)
