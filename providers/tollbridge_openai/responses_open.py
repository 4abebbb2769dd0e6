"""The items of a stream while they come: which parts they are, what was said of them so far."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    NO_EXTRAS,
    AnyEvent,
    AnyPart,
    Citation,
    Delta,
    Detail,
    Extras,
    Fields,
    Notes,
    Opaque,
    PartBegin,
    PartEnd,
    Reasoning,
    Refusal,
    Replaced,
    State,
    Text,
    ToolCall,
    with_words,
    words_of,
)
from tollbridge_openai.responses_content import NAME, OUTPUT, read_part
from tollbridge_openai.responses_items import BETWEEN
from tollbridge_openai.responses_marks import read_citation
from tollbridge_openai.responses_output import ITEM, read_item


@dataclass(slots=True)
class _Part:
    """A part that has begun.  `index` is its place among all, `place` that among its item's."""

    part: AnyPart
    index: int
    place: int
    words: list[str] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    last: JSON = None


@dataclass(slots=True)
class _Item:
    """An item that has begun.  `parts` are those that are open, `begun` the places of all that ever were."""

    kind: str
    raw: dict[str, JSON]
    parts: list[_Part] = field(default_factory=list)
    begun: set[int] = field(default_factory=set)
    done: bool = False


class OpenItems:
    """Reads the events that tell of items."""

    KINDS: ClassVar[Mapping[str, "Callable[[OpenItems, _Item, Fields], list[AnyEvent]]"]]

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._items: dict[int, _Item] = {}
        self._count = 0
        self._at = 0
        self.calls = False

    def read(self, event: dict[str, JSON]) -> list[AnyEvent]:
        """Read one event of a kind in `KINDS`."""
        found = Fields(event, wrong=None)
        kind = found.text("type") or ""
        place = found.whole("output_index")
        self._at = self._at if place is None else place
        item = self._items.get(self._at)
        if item is None:
            item = self._items[self._at] = _Item(_KINDS_OF.get(kind, ""), {})
        return [] if item.done else self.KINDS[kind](self, item, found)

    def end(self, output: JSON) -> list[AnyEvent]:
        """End all that is open, as the whole answer has it."""
        events: list[AnyEvent] = []
        whole = output if isinstance(output, list) else []
        missing = len(whole) > len(self._items)
        for place, raw in enumerate(whole):
            item = self._items.get(place)
            if isinstance(raw, dict) and (item is not None or missing):
                item = self._items.setdefault(place, _Item("", {}))
                events += [] if item.done else self._finish(item, raw)
        for item in self._items.values():
            events += [] if item.done else self._close(item)
        return events

    def _begin(self, item: _Item, part: AnyPart, place: int = 0) -> list[AnyEvent]:
        self.calls = self.calls or isinstance(part, ToolCall)
        opened = _Part(part, self._count, place)
        self._count += 1
        item.parts.append(opened)
        item.begun.add(place)
        return [PartBegin(part=part, index=opened.index)]

    def _added(self, item: _Item, found: Fields) -> list[AnyEvent]:
        raw = found.members("item") or {}
        kind = raw.get("type")
        item.kind, item.raw = kind if isinstance(kind, str) else "", raw
        if item.parts or item.kind in ("message", "reasoning"):
            return []
        part = read_item(raw, self._notes)[0]
        if isinstance(part, ToolCall):
            id_ = raw.get("id")
            part = replace(part, arguments="", extras={"id": id_} if isinstance(id_, str) else {})
        return self._begin(item, part)

    def _content_added(self, item: _Item, found: Fields) -> list[AnyEvent]:
        place = found.whole("content_index") or 0
        raw = found.members("part") or {}
        kind = raw.get("type")
        if item.kind == "reasoning" or kind == "reasoning_text":
            return self._thought(item, place, summary=False)
        part: AnyPart = Text(text="") if kind == OUTPUT else Refusal(text="")
        if kind not in (OUTPUT, "refusal"):
            part = Opaque(kind=str(kind), raw=raw)
        return self._content(item, part, place)

    def _content(self, item: _Item, part: AnyPart, place: int) -> list[AnyEvent]:
        """Begin a part of a message; the one before it is whole now."""
        events = self._between(item)
        held = {name: told for name, told in item.raw.items() if name not in ("type", "content")}
        return events + self._begin(item, replace(part, extras={ITEM: held}), place)

    def _between(self, item: _Item) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        for opened in item.parts:
            final = with_words(opened.part, "".join(opened.words))
            if isinstance(opened.last, dict):
                final = read_part(Fields(opened.last, wrong=None), OUTPUT)
            events += _ended(opened, replace(final, extras={**final.extras, ITEM: None}))
        item.parts.clear()
        return events

    def _content_done(self, item: _Item, found: Fields) -> list[AnyEvent]:
        place = found.whole("content_index") or 0
        for opened in item.parts:
            if opened.place == place:
                opened.last = found.members("part")
        return []

    def _text(self, item: _Item, found: Fields) -> list[AnyEvent]:
        return self._said(item, found, Text(text=""))

    def _refusal(self, item: _Item, found: Fields) -> list[AnyEvent]:
        return self._said(item, found, Refusal(text=""))

    def _said(self, item: _Item, found: Fields, part: AnyPart) -> list[AnyEvent]:
        place = found.whole("content_index") or 0
        events: list[AnyEvent] = []
        if not item.parts or item.parts[-1].place != place:
            events = self._content(item, part, place)
        return events + _more(item.parts[-1], found.text("delta") or "")

    def _annotation(self, item: _Item, found: Fields) -> list[AnyEvent]:
        raw = found.members("annotation")
        opened = item.parts[-1] if item.parts else None
        if raw is None or opened is None or not isinstance(opened.part, Text):
            return []
        citation = read_citation(raw)
        opened.citations.append(citation)
        return [Detail(index=opened.index, citations=(citation,))]

    def _summary_added(self, item: _Item, found: Fields) -> list[AnyEvent]:
        return self._thought(item, found.whole("summary_index") or 0, summary=True)

    def _summary(self, item: _Item, found: Fields) -> list[AnyEvent]:
        events = self._thought(item, found.whole("summary_index") or 0, summary=True)
        return events + self._thinks(item, found, summary=True)

    def _reasoned(self, item: _Item, found: Fields) -> list[AnyEvent]:
        events = self._thought(item, found.whole("content_index") or 0, summary=False)
        return events + self._thinks(item, found, summary=False)

    def _thought(self, item: _Item, place: int, *, summary: bool) -> list[AnyEvent]:
        """Begin reasoning, or its next piece; of an item that has both kinds, the first is shown as it comes."""
        if not item.parts:
            id_ = item.raw.get("id")
            state = State(NAME, {"id": id_}) if isinstance(id_, str) else None
            return self._begin(item, Reasoning(summary=summary, state=state), place)
        opened = item.parts[-1]
        if opened.place == place or not _is_thought(opened.part, summary=summary):
            return []
        opened.place = place
        return _more(opened, BETWEEN)

    def _thinks(self, item: _Item, found: Fields, *, summary: bool) -> list[AnyEvent]:
        opened = item.parts[-1]
        return _more(opened, found.text("delta") or "") if _is_thought(opened.part, summary=summary) else []

    def _argues(self, item: _Item, found: Fields) -> list[AnyEvent]:
        if not item.parts or not isinstance(item.parts[-1].part, ToolCall):
            return []
        return _more(item.parts[-1], found.text("delta") or "")

    def _done(self, item: _Item, found: Fields) -> list[AnyEvent]:
        return self._finish(item, found.members("item") or item.raw)

    def _finish(self, item: _Item, raw: dict[str, JSON]) -> list[AnyEvent]:
        """End an item as its last event has it; parts that never began come whole."""
        finals = read_item(raw, self._notes)
        content = ITEM in finals[0].extras
        if item.parts and ITEM in item.parts[0].part.extras and not content:
            return self._close(item)
        item.done = True
        events: list[AnyEvent] = []
        if item.parts:
            place = item.parts[0].place if content else 0
            final = finals[place] if place < len(finals) else finals[-1]
            events += _ended(item.parts.pop(0), final)
        begun = item.begun if content else range(len(item.begun))
        for final in (final for place, final in enumerate(finals) if place not in begun):
            events += self._begin(item, _bare(final, extras=final.extras))
            events += _ended(item.parts.pop(), final)
        return events

    def _close(self, item: _Item) -> list[AnyEvent]:
        """End an item of which the stream says no more."""
        item.done = True
        events: list[AnyEvent] = [PartEnd(index=opened.index) for opened in item.parts]
        item.parts.clear()
        return events


def _is_thought(part: AnyPart, *, summary: bool) -> bool:
    return isinstance(part, Reasoning) and part.summary is summary


def _more(opened: _Part, words: str) -> list[AnyEvent]:
    opened.words.append(words)
    return [Delta(text=words, index=opened.index)]


def _ended(opened: _Part, final: AnyPart) -> list[AnyEvent]:
    """End a part as it is in the end: by what was not said yet, or anew where something else was said."""
    index, words = opened.index, words_of(final)
    said = words_of(opened.part) + "".join(opened.words)
    cited = final.citations if isinstance(final, Text) else ()
    if (
        not words.startswith(said)
        or _bare(final) != _bare(opened.part)
        or list(cited[: len(opened.citations)]) != opened.citations
        or not opened.part.extras.keys() <= final.extras.keys()
    ):
        return [Replaced(part=final, index=index), PartEnd(index=index)]
    events: list[AnyEvent] = []
    if len(words) > len(said):
        events.append(Delta(text=words[len(said) :], index=index))
    logprobs = (final.logprobs or ()) if isinstance(final, Text) else ()
    more = cited[len(opened.citations) :]
    extras = final.extras if final.extras != opened.part.extras else {}
    state = final.state if final.state != opened.part.state else None
    if more or logprobs or extras or state is not None:
        events.append(Detail(index=index, state=state, citations=more, logprobs=logprobs, extras=extras))
    return [*events, PartEnd(index=index)]


def _bare(part: AnyPart, extras: Extras = NO_EXTRAS) -> AnyPart:
    """Give a part without what may come after it began."""
    part = replace(with_words(part, ""), state=None, extras=extras)
    return replace(part, citations=(), logprobs=None) if isinstance(part, Text) else part


_KINDS_OF = {
    "response.output_text.delta": "message",
    "response.refusal.delta": "message",
    "response.reasoning_text.delta": "reasoning",
    "response.reasoning_summary_text.delta": "reasoning",
    "response.reasoning_summary_part.added": "reasoning",
}
OpenItems.KINDS = {
    "response.output_item.added": OpenItems._added,
    "response.output_item.done": OpenItems._done,
    "response.content_part.added": OpenItems._content_added,
    "response.content_part.done": OpenItems._content_done,
    "response.output_text.delta": OpenItems._text,
    "response.output_text.annotation.added": OpenItems._annotation,
    "response.refusal.delta": OpenItems._refusal,
    "response.reasoning_summary_part.added": OpenItems._summary_added,
    "response.reasoning_summary_text.delta": OpenItems._summary,
    "response.reasoning_text.delta": OpenItems._reasoned,
    "response.function_call_arguments.delta": OpenItems._argues,
    "response.custom_tool_call_input.delta": OpenItems._argues,
}
