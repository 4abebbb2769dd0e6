"""Reading a stream of Mistral's as events (https://docs.mistral.ai/capabilities/completion, read 2026-11).

Content comes as words, or as a list where there is thinking; each piece of thinking says that it is closed, so the next
word of another kind is what ends it. Calls mostly come whole.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from tollbridge import UpstreamError
from tollbridge.formats import (
    JSON,
    AnyEvent,
    AnyPart,
    Aside,
    Begin,
    Broken,
    ChoiceEnd,
    Delta,
    Detail,
    End,
    EventCutter,
    Fields,
    Notes,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    decode_json,
    event_data,
    event_name,
    split_events,
)
from tollbridge_mistral.answers import FAILED, broken_off, read_item, read_logprobs, said_members, stop_of
from tollbridge_mistral.calls import read_call
from tollbridge_mistral.content import NAME, pieces_of
from tollbridge_mistral.errors import read_error_object
from tollbridge_mistral.usage import read_usage


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
            yield from self.end(said)

    def end(self, said: str | None) -> Iterator[AnyEvent]:
        """End the parts that are open, and the answer."""
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


class MistralStreamReader:
    """Reads one stream.  The end is `[DONE]`, or the end of the bytes where every answer said why it stopped."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._cutter = EventCutter()
        self._choices: dict[int, _Choice] = {}
        self._begun = False
        self._over = False

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        if chunk:
            return [found for event in split_events(self._cutter.feed(chunk)) for found in self._event(event)]
        events: list[AnyEvent] = []
        with suppress(UpstreamError):  # what was never terminated may be half an event
            events += [found for event in split_events(self._cutter.end()) for found in self._event(event)]
        if not self._over and self._choices and all(choice.ended for choice in self._choices.values()):
            events += self._end()
        return events

    def _event(self, event: bytes) -> Iterator[AnyEvent]:
        if self._over:
            return
        data = event_data(event)
        if data is None:
            if event.strip():
                yield Ping()
            return
        if data.strip() == b"[DONE]":
            yield from self._end()
            return
        value = decode_json(data, wrong=UpstreamError, what="a piece of the provider's answer")
        if not isinstance(value, dict):
            raise UpstreamError("a piece of the provider's answer is no object")
        if value.get("object") == "error" or value.get("error") is not None:
            self._over = True
            yield Broken(error=read_error_object(value))
        elif not isinstance(value.get("choices"), list):
            yield Unknown(dialect=NAME, name=event_name(event).decode("utf-8", "replace"), data=data)
        else:
            yield from self._piece(Fields(value, wrong=None))

    def _piece(self, found: Fields) -> Iterator[AnyEvent]:
        choices, wire = found.each("choices") or [], found.members("usage")
        yield from self._head(found)
        failed = False
        for place, choice in enumerate(choices):
            index = choice.whole("index")
            failed = failed or choice.peek("finish_reason") == FAILED
            yield from self._choice(place if index is None else index).take(choice)
        if wire is not None:
            yield UsageSeen(usage=read_usage(wire), wire=wire)
        if failed:
            self._over = True
            yield Broken(error=broken_off())

    def _head(self, found: Fields) -> Iterator[AnyEvent]:
        """Take what is said of the answer as a whole; `p` is padding against those who listen."""
        id_, model, created = found.text("id"), found.text("model"), found.whole("created")
        for name in ("object", "p"):
            found.take(name)
        extras: dict[str, JSON] = said_members(found)
        if not self._begun:
            self._begun = True
            yield Begin(origin=NAME, id=id_ or "", model=model or "", created=created, extras=extras)
        elif extras:
            yield Aside(extras=extras)

    def _choice(self, index: int) -> _Choice:
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = _Choice(index, self._notes)
        return choice

    def _end(self) -> Iterator[AnyEvent]:
        self._over = True
        for choice in self._choices.values():
            if not choice.ended:
                yield from choice.end(None)
        if not self._begun:
            yield Begin(origin=NAME)
        yield End()
