"""An invented dialect with `choices`: its usage is one number, its pieces hold `say`."""

from collections.abc import Iterator

from tollbridge import GatewayError, UpstreamError, Usage
from tollbridge.formats import (
    JSON,
    AnyEvent,
    ChoiceEnd,
    ChoicesFormat,
    Delta,
    Fields,
    KeyedSeal,
    Message,
    Notes,
    PartBegin,
    PartEnd,
    Request,
    Role,
    Stop,
    Text,
)

NAME = "ferry"


def _usage(wire: JSON) -> Usage | None:
    return Usage(input=0, output=wire["n"]) if isinstance(wire, dict) and "n" in wire else None


def _error(piece: dict[str, JSON]) -> GatewayError | None:
    return UpstreamError(piece["error"]) if "error" in piece else None


FORMAT = ChoicesFormat(
    origin=NAME,
    what="crossing",
    whole="crossing",
    piece="crossing.piece",
    prefix="x-",
    tier="class",
    padding="fog",
    read_usage=_usage,
    write_usage=lambda usage: {"n": usage.output_total},
    read_error=_error,
    write_error=lambda error: b'{"error":"%b"}' % error.message.encode(),
)


class FerryChoice:
    """Words until `why`."""

    def __init__(self, index: int) -> None:
        self._index = index
        self._open = self.ended = False

    def take(self, found: Fields) -> Iterator[AnyEvent]:
        """Take a piece of it."""
        words, why = found.text("say"), found.text("why")
        if not self._open:
            self._open = True
            yield PartBegin(part=Text(text=""), index=0, choice=self._index)
        yield Delta(text=words or "", index=0, choice=self._index)
        if why is not None:
            yield from self._end(why)

    def close(self) -> Iterator[AnyEvent]:
        """End an answer that did not say why it stopped."""
        if not self.ended:
            yield from self._end(None)

    def _end(self, why: str | None) -> Iterator[AnyEvent]:
        self.ended = True
        yield PartEnd(index=0, choice=self._index)
        yield ChoiceEnd(stop=None if why is None else Stop.END, said=why, choice=self._index)


def ask(*, usage: bool = False) -> Request:
    """Make what a caller asks."""
    message = Message(role=Role.USER, parts=(Text(text="Across?"),))
    return Request(origin=NAME, model="m", messages=(message,), stream_usage=usage)


def notes() -> Notes:
    """Make the notes of a call."""
    return Notes(KeyedSeal(b"k" * 32), now=7, call_id="req_1")
