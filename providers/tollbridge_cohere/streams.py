"""Reading a stream of Cohere's as events (https://docs.cohere.com/docs/streaming, read 2026-11).

A content stays open until something else begins: a citation comes after the words it is about. The end is
`message-end`; the `[DONE]` behind it says nothing more.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

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
    Opaque,
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
from tollbridge_cohere.answers import read_logprob, stop_of
from tollbridge_cohere.citations import read_citation
from tollbridge_cohere.content import NAME, read_part
from tollbridge_cohere.errors import STOPPED, read_error, stopped
from tollbridge_cohere.thought import plan, read_call
from tollbridge_cohere.usage import read_usage


class CohereStreamReader:
    """Reads one stream."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._cutter = EventCutter()
        self._begun = False
        self._over = False
        self._count = 0
        self._open: AnyPart | None = None
        self._place = 0
        self._slot = self._called = 0
        self._contents: dict[int, int] = {}
        self._texts: dict[int, int] = {}
        self._first: int | None = None
        self._calls: dict[int, int] = {}
        self._unplaced: list[JSON] = []
        self._logprobs: list[JSON] = []

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        if chunk:
            return [found for event in split_events(self._cutter.feed(chunk)) for found in self._event(event)]
        with suppress(UpstreamError):  # what was never terminated may be half an event
            return [found for event in split_events(self._cutter.end()) for found in self._event(event)]
        return []

    def _event(self, event: bytes) -> Iterator[AnyEvent]:
        if self._over:
            return
        data = event_data(event)
        if data is None:
            if event.strip():
                yield Ping()
            return
        if data.strip() in (b"", b"[DONE]"):
            return
        value = decode_json(data, wrong=UpstreamError, what="a piece of the provider's answer")
        found = Fields(value, wrong=None)
        kind = found.text("type") or event_name(event).decode("utf-8", "replace")
        read = _READ.get(kind)
        if read is not None:
            yield from read(self, found)
        elif kind in ("", "error") and isinstance(value, dict) and ("message" in value or "error" in value):
            self._over = True
            yield Broken(error=read_error(502, data))
        else:
            yield Unknown(dialect=NAME, name=kind, data=data)

    def _start(self, found: Fields) -> Iterator[AnyEvent]:
        delta = _inside(found, "delta")
        delta.inner("message")  # empty lists and texts, which what follows fills
        if not self._begun:
            self._begun = True
            rest = {name: value for name, value in found.rest().items() if name != "id" and value is not None}
            yield Begin(origin=NAME, id=_text(found.peek("id")), extras=rest)

    def _begin(self, part: AnyPart) -> Iterator[AnyEvent]:
        if not self._begun:
            self._begun = True
            yield Begin(origin=NAME)
        yield from self._shut()
        yield PartBegin(part=part, index=self._count)
        self._count += 1

    def _keep(self, part: AnyPart) -> None:
        """Keep the part that has just begun open until another begins."""
        self._open, self._place = part, self._count - 1

    def _shut(self) -> Iterator[AnyEvent]:
        if self._open is not None:
            self._open = None
            yield PartEnd(index=self._place)

    def _content_start(self, found: Fields) -> Iterator[AnyEvent]:
        index = found.whole("index")
        slot = len(self._contents) if index is None else index
        item = _inside(found, "delta", "message", "content")
        kind = item.peek("type")
        if not isinstance(kind, str):
            kind = "thinking" if isinstance(item.peek("thinking"), str) else "text"
        if kind in ("text", "thinking"):
            told = {"type": kind, kind: _text(item.peek(kind)), **_others(item, "type", kind)}
            part = read_part(Fields(told, wrong=None), self._notes)
        else:
            part = Opaque(kind=kind, raw=dict(item.rest()))
        yield from self._content(slot, part)

    def _content(self, slot: int, part: AnyPart) -> Iterator[AnyEvent]:
        self._slot = slot
        self._contents[slot] = self._count
        if isinstance(part, Text):
            self._texts[slot] = self._count
            self._first = slot if self._first is None else min(self._first, slot)
        yield from self._begin(part)
        self._keep(part)

    def _content_delta(self, found: Fields) -> Iterator[AnyEvent]:
        index = found.whole("index")
        slot = self._slot if index is None else index
        item = _inside(found, "delta", "message", "content")
        thought, words, sealed = item.text("thinking"), item.text("text"), item.text("signature")
        if self._open is None or self._contents.get(slot) != self._place:
            yield from self._content(slot, Reasoning() if thought is not None else Text(text=""))
        place = self._contents[slot]
        told = "".join(filter(None, (thought, words)))
        if told:
            yield Delta(text=told, index=place)
        state = self._notes.seal.unpack(sealed) if sealed is not None else None
        if state is not None:
            yield Detail(index=place, state=state)
        elif sealed is not None:
            yield Detail(index=place, extras={"signature": sealed})
        chances = found.members("logprobs")
        if chances is not None:
            self._logprobs.append(chances)
            yield Detail(index=place, logprobs=(read_logprob(chances),))

    def _nothing(self, found: Fields) -> Iterator[AnyEvent]:
        return iter(())

    def _plan(self, found: Fields) -> Iterator[AnyEvent]:
        words = _inside(found, "delta", "message").text("tool_plan")
        if not words:
            return
        if not (isinstance(self._open, Reasoning) and self._open.summary):
            yield from self._begin(plan(""))
            self._keep(plan(""))
        yield Delta(text=words, index=self._place)

    def _call_start(self, found: Fields) -> Iterator[AnyEvent]:
        index = found.whole("index")
        call = read_call(_one(_inside(found, "delta", "message"), "tool_calls"))
        slot = len(self._calls) if index is None else index
        yield from self._end_call(slot)
        self._called = slot
        self._calls[slot] = self._count
        begun = ToolCall(id=call.id, name=call.name, extras=call.extras)
        yield from self._begin(begun)
        if call.arguments:
            yield Delta(text=call.arguments, index=self._count - 1)

    def _call_delta(self, found: Fields) -> Iterator[AnyEvent]:
        index = found.whole("index")
        slot = self._called if index is None else index
        words = _inside(_one(_inside(found, "delta", "message"), "tool_calls"), "function").text("arguments")
        if words and slot in self._calls:
            yield Delta(text=words, index=self._calls[slot])

    def _call_end(self, found: Fields) -> Iterator[AnyEvent]:
        index = found.whole("index")
        yield from self._end_call(self._called if index is None else index)

    def _end_call(self, slot: int) -> Iterator[AnyEvent]:
        if slot in self._calls:
            yield PartEnd(index=self._calls.pop(slot))

    def _citation(self, found: Fields) -> Iterator[AnyEvent]:
        raw = _one(_inside(found, "delta", "message"), "citations").rest()
        index = raw.get("content_index")
        slot = self._first if index is None else index if type(index) is int else None
        place = self._texts.get(slot) if slot is not None else None
        if place is not None and self._open is not None and place == self._place:
            yield Detail(index=place, citations=(read_citation(raw),))
        elif raw:
            self._unplaced.append(raw)

    def _finish(self, found: Fields) -> Iterator[AnyEvent]:
        delta = _inside(found, "delta")
        said, failed = delta.text("finish_reason"), delta.text("error")
        if not self._begun:
            yield from self._start(Fields({}, wrong=None))
        yield from self._shut()
        for slot in list(self._calls):
            yield from self._end_call(slot)
        self._over = True
        wire = delta.members("usage")
        if wire is not None:
            yield UsageSeen(usage=read_usage(wire), wire=wire)
        if failed is not None or said in STOPPED:
            yield Broken(error=stopped(said or "ERROR", failed or ""))
            return
        extras: dict[str, JSON] = {"message": {"citations": self._unplaced}} if self._unplaced else {}
        yield ChoiceEnd(stop=stop_of(said), said=said, extras=extras)
        rest = {**_others(delta), **({"logprobs": self._logprobs} if self._logprobs else {})}
        if rest:
            yield Aside(extras=rest)
        yield End()


_READ: Mapping[str, Callable[[CohereStreamReader, Fields], Iterator[AnyEvent]]] = {
    "message-start": CohereStreamReader._start,
    "content-start": CohereStreamReader._content_start,
    "content-delta": CohereStreamReader._content_delta,
    "content-end": CohereStreamReader._nothing,
    "tool-plan-delta": CohereStreamReader._plan,
    "tool-call-start": CohereStreamReader._call_start,
    "tool-call-delta": CohereStreamReader._call_delta,
    "tool-call-end": CohereStreamReader._call_end,
    "citation-start": CohereStreamReader._citation,
    "citation-end": CohereStreamReader._nothing,
    "message-end": CohereStreamReader._finish,
}


def _inside(found: Fields, *names: str) -> Fields:
    """Look into an object in an object, an empty one where there is none."""
    for name in names:
        found = found.inner(name) or Fields({}, wrong=None)
    return found


def _one(found: Fields, name: str) -> Fields:
    """Look into a member that is one object, or a list of one, as the answers of some versions have it."""
    inner = found.inner(name)
    if inner is not None:
        return inner
    listed = found.each(name)
    return listed[0] if listed else Fields({}, wrong=None)


def _others(found: Fields, *names: str) -> dict[str, JSON]:
    return {name: value for name, value in found.rest().items() if name not in names and value is not None}


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""
