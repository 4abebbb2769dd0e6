"""Reading a stream of Mistral's as events (https://docs.mistral.ai/capabilities/completion, read 2026-11).

Content comes as words, or as a list where there is thinking; each piece of thinking says that it is closed, so the next
word of another kind is what ends it. Calls mostly come whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tollbridge import GatewayError
from tollbridge.formats import (
    JSON,
    AnyEvent,
    AnyPart,
    ChoiceEnd,
    Delta,
    Detail,
    Fields,
    Notes,
    PartBegin,
    PartEnd,
    PieceReader,
    Reasoning,
    Text,
    ToolCall,
    items_of,
)
from tollbridge_mistral.answers import FAILED, FORMAT, broken_off, read_item, read_logprobs, stop_of
from tollbridge_mistral.calls import read_call
from tollbridge_mistral.content import pieces_of


@dataclass(slots=True)
class _Call:
    """A tool call while its pieces come; `place` is None until its name is known."""

    call: ToolCall
    place: int | None = None
    held: list[str] = field(default_factory=list)


class _Choice:
    """One of the answers while its pieces come."""

    def __init__(self, index: int, notes: Notes) -> None:
        self._index = index
        self._notes = notes
        self._count = 0
        self._open: tuple[type[AnyPart], int] | None = None
        self._calls: dict[int, _Call] = {}
        self._full: list[_Call] = []
        self.ended = False

    def take(self, found: Fields) -> Iterator[AnyEvent]:
        """Take a piece of it."""
        said = found.text("finish_reason")
        delta = found.inner("delta") or Fields({}, wrong=None)
        yield from self._words(Text(text=""), delta.text("content"))
        for item in delta.each("content") or ():
            yield from self._item(item)
        tokens = read_logprobs(found.inner("logprobs"))
        if tokens and self._open is not None and self._open[0] is Text:
            yield Detail(index=self._open[1], choice=self._index, logprobs=tokens)
        for place, call in enumerate(delta.each("tool_calls") or ()):
            yield from self._call(call, place)
        if said is not None and not self.ended:
            yield from self._end(said)

    def close(self) -> Iterator[AnyEvent]:
        """End an answer that did not say why it stopped."""
        if not self.ended:
            yield from self._end(None)

    def _end(self, said: str | None) -> Iterator[AnyEvent]:
        yield from self._shut()
        for call in (*self._full, *self._calls.values()):
            if call.place is not None:
                yield PartEnd(index=call.place, choice=self._index)
        self.ended = True
        yield ChoiceEnd(stop=stop_of(said), said=said, choice=self._index)

    def _shut(self) -> Iterator[AnyEvent]:
        if self._open is not None:
            yield PartEnd(index=self._open[1], choice=self._index)
            self._open = None

    def _begin(self, part: AnyPart) -> Iterator[AnyEvent]:
        yield from self._shut()
        self._open = (type(part), self._count)
        yield PartBegin(part=part, index=self._count, choice=self._index)
        self._count += 1

    def _words(self, part: AnyPart, words: str | None) -> Iterator[AnyEvent]:
        """Put words to the open part of this kind, or to one that begins with them."""
        if not words:
            return
        if self._open is None or self._open[0] is not type(part):
            yield from self._begin(part)
        if self._open is not None:
            yield Delta(text=words, index=self._open[1], choice=self._index)

    def _item(self, item: Fields) -> Iterator[AnyEvent]:
        kind = item.peek("type")
        if kind == "text" and isinstance(item.peek("text"), str):
            yield from self._words(Text(text=""), item.text("text"))
        elif kind == "thinking" and isinstance(item.peek("thinking"), list):
            yield from self._thought(item)
        else:
            yield from self._begin(read_item(item, self._notes))
            yield from self._shut()

    def _thought(self, item: Fields) -> Iterator[AnyEvent]:
        words = pieces_of(item.peek("thinking"))
        item.put_back("thinking", [])
        rest = read_item(item, self._notes)
        if self._open is None or self._open[0] is not Reasoning:
            if not words and rest.state is None:
                return
            yield from self._begin(Reasoning())
        yield from self._words(Reasoning(), words)
        if self._open is not None and (rest.state is not None or rest.extras):
            yield Detail(index=self._open[1], choice=self._index, state=rest.state, extras=rest.extras)

    def _call(self, found: Fields, place: int) -> Iterator[AnyEvent]:
        index = found.whole("index")
        slot = place if index is None else index
        if index is not None:
            found.put_back("index", index)
        piece = read_call(found, slot)
        known = self._calls.get(slot)
        if known is None or (piece.id and known.call.id and piece.id != known.call.id):
            self._full += [known] if known is not None else []
            known = self._calls[slot] = _Call(ToolCall(id=piece.id, name=piece.name, extras=piece.extras))
        elif known.place is None:
            begun = known.call
            known.call = ToolCall(id=begun.id or piece.id, name=begun.name or piece.name, extras=begun.extras)
        if known.place is None and known.call.name:
            yield from self._shut()
            known.place = self._count
            self._count += 1
            yield PartBegin(part=known.call, index=known.place, choice=self._index)
        known.held += [piece.arguments] if piece.arguments else []
        if known.place is not None:
            for words in known.held:
                yield Delta(text=words, index=known.place, choice=self._index)
            known.held.clear()


def _failure(piece: dict[str, JSON]) -> GatewayError | None:
    """Give the error where the provider broke an answer off."""
    said = [choice.get("finish_reason") for choice in items_of(piece.get("choices")) if isinstance(choice, dict)]
    return broken_off() if FAILED in said else None


def mistral_stream_reader(notes: Notes) -> PieceReader[_Choice]:
    """Make the reader of one stream."""
    return PieceReader(FORMAT, lambda index: _Choice(index, notes), failure=_failure)
