"""Reading a stream of completions: pieces in the shape of a whole answer.

In recorded streams a reason to stop may be said twice, first with the last words and then without any. So an answer
ends with the stream, not with its first reason.
"""

from collections.abc import Iterator

from tollbridge.formats import (
    JSON,
    AnyEvent,
    ChoiceEnd,
    Delta,
    Detail,
    Fields,
    PartBegin,
    PartEnd,
    PieceReader,
    Text,
    add_extras,
    items_of,
)
from tollbridge_openai.completions_answers import FORMAT, read_stop
from tollbridge_openai.completions_logprobs import read_logprobs


class _Choice:
    """One of the answers while its pieces come."""

    def __init__(self, index: int) -> None:
        self._said: str | None = None
        self._index = index
        self._open = False
        self._extras: dict[str, JSON] = {}
        self._offsets: list[JSON] = []

    def take(self, found: Fields) -> Iterator[AnyEvent]:
        """Take a piece of it."""
        self._said = found.text("finish_reason") or self._said
        words = found.text("text") or ""
        tokens = read_logprobs(found)
        self._keep(found)
        if (words or tokens) and not self._open:
            self._open = True
            yield PartBegin(part=Text(text=""), index=0, choice=self._index)
        if words:
            yield Delta(text=words, index=0, choice=self._index)
        if tokens:
            yield Detail(index=0, choice=self._index, logprobs=tokens)

    def _keep(self, found: Fields) -> None:
        """Keep what only this dialect says, as it would stand in the whole answer."""
        rest = {name: value for name, value in found.rest().items() if value is not None}
        told = rest.get("logprobs")
        if isinstance(told, dict):
            self._offsets += items_of(told.pop("text_offset", None))
            rest["logprobs"] = {**told, **({"text_offset": self._offsets} if self._offsets else {})}
        add_extras(self._extras, rest)

    @property
    def ended(self) -> bool:
        """Whether it said why it stopped."""
        return self._said is not None

    def close(self) -> Iterator[AnyEvent]:
        """End the answer."""
        if self._open:
            yield PartEnd(index=0, choice=self._index)
        yield ChoiceEnd(stop=read_stop(self._said), said=self._said, choice=self._index, extras=self._extras)


def completions_stream_reader() -> PieceReader[_Choice]:
    """Make the reader of one stream."""
    return PieceReader(FORMAT, _Choice)
