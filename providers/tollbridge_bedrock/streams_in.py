"""Reading a stream of Converse's events.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html, read 2026-11. Blocks of
text and reasoning begin without a start, in recorded streams also without a stop; `p` is padding that says nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

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
    Fields,
    Notes,
    PartBegin,
    PartEnd,
    Reasoning,
    Role,
    State,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    decode_json,
)
from tollbridge_bedrock.answers import OF_CHOICE, met_sequence, stop_of, take_tier
from tollbridge_bedrock.blocks_in import BlockReader, hidden_state, read_citation, signed_state
from tollbridge_bedrock.errors import read_exception
from tollbridge_bedrock.frames import Frame, FrameCutter
from tollbridge_bedrock.usage import is_search, read_usage
from tollbridge_bedrock.words import NAME, SERVER_USE

_PADDING = "p"


@dataclass(slots=True)
class _Block:
    """A block whose end has not come.

    `index` is the open part's, -1 where none is open. `start` is what a block began with that is given whole at its
    end, `words` and `items` what came of it.
    """

    index: int = -1
    kind: type = Text
    start: dict[str, JSON] | None = None
    words: list[str] = field(default_factory=list)
    items: list[JSON] = field(default_factory=list)


class ConverseStreamReader:
    """Reads one stream.  The answer is whole with `messageStop`; `metadata` behind it is the last event."""

    def __init__(self, notes: Notes) -> None:
        self._blocks = BlockReader(notes, answer=True)
        self._cutter = FrameCutter()
        self._begun = False
        self._stopped = False
        self._ended = False
        self._parts = 0
        self._searches = 0
        self._open: dict[int, _Block] = {}

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        """Take the next bytes; raises `UpstreamError` for what is no stream of events."""
        if self._ended:
            return []
        if not chunk:
            whole = self._stopped and not self._cutter.torn
            return self._end() if whole else []
        return [event for frame in self._cutter.feed(chunk) for event in self._frame(frame)]

    def _end(self) -> list[AnyEvent]:
        self._ended = True
        return [End()]

    def _frame(self, frame: Frame) -> list[AnyEvent]:
        if self._ended:
            return []
        if frame.kind in ("exception", "error"):
            self._ended = True
            return [Broken(error=read_exception(frame))]
        read = _READ.get(frame.name)
        value = decode_json(frame.payload, wrong=UpstreamError, what="an event of the provider's") if read else None
        if read is None or not isinstance(value, dict):
            return [Unknown(dialect=NAME, name=frame.name, data=frame.payload)]
        found = Fields(value, wrong=None)
        found.take(_PADDING)
        events: list[AnyEvent] = []
        if not self._begun:
            self._begun = True
            events.append(Begin(origin=NAME))
        return events + read(self, found)

    def message_start(self, found: Fields) -> list[AnyEvent]:
        return []

    def _block(self, found: Fields) -> _Block:
        index = found.whole("contentBlockIndex") or 0
        block = self._open.get(index)
        if block is None:
            block = self._open[index] = _Block()
        return block

    def start(self, found: Fields) -> list[AnyEvent]:
        block = self._block(found)
        start = found.members("start")
        if not start:
            return []
        call = start.get("toolUse")
        if isinstance(call, dict) and call.get("type") != SERVER_USE:
            inner = {"toolUse": {**call, "input": {}}}
            part = self._blocks.read([{**start, **inner}], "start", Role.ASSISTANT)[0]
            if isinstance(part, ToolCall):
                return self._begin(block, replace(part, arguments=""))
        block.start = start
        self._searches += is_search(start)
        return []

    def _begin(self, block: _Block, part: AnyPart) -> list[AnyEvent]:
        """Begin a part of a block; one of another kind ends first."""
        if block.index >= 0 and block.kind is type(part):
            return []
        events = self._finish(block)
        block.index, block.kind = self._parts, type(part)
        self._parts += 1
        return [*events, PartBegin(part=part, index=block.index)]

    def _finish(self, block: _Block) -> list[AnyEvent]:
        """End the open part; a call without a word asks with an empty object, as a whole answer shows it."""
        if block.index < 0:
            return []
        index, block.index = block.index, -1
        silent = block.kind is ToolCall and not any(block.words)
        block.words = []
        return [*([Delta(text="{}", index=index)] if silent else []), PartEnd(index=index)]

    def delta(self, found: Fields) -> list[AnyEvent]:
        block = self._block(found)
        given = found.inner("delta")
        if given is None:
            return []
        if block.start is not None:
            return self._gathered(block, given)
        for kind, read in _DELTAS.items():
            if kind in given:
                return read(self, block, given)
        return self._rest(block, given)

    def _gathered(self, block: _Block, given: Fields) -> list[AnyEvent]:
        """Keep what comes of a block that is given whole."""
        use = given.inner("toolUse")
        block.words.append((use.text("input") or "") if use is not None else "")
        block.items += given.items("toolResult") or []
        image = given.members("image")
        if image is not None:
            block.items.append(image)
        return []

    def text(self, block: _Block, given: Fields) -> list[AnyEvent]:
        text = given.text("text")
        begun = self._begin(block, Text(text=""))
        return [*begun, Delta(text=text or "", index=block.index), *self._more(block, given)]

    def citation(self, block: _Block, given: Fields) -> list[AnyEvent]:
        citation = read_citation(given.take("citation"))
        begun = self._begin(block, Text(text=""))
        return [*begun, Detail(index=block.index, citations=(citation,)), *self._more(block, given)]

    def arguments(self, block: _Block, given: Fields) -> list[AnyEvent]:
        inner = given.inner("toolUse")
        words = inner.text("input") if inner is not None else None
        begun = self._begin(block, ToolCall(id="", name=""))
        block.words.append(words or "")
        return [*begun, Delta(text=words or "", index=block.index), *self._more(block, given)]

    def thought(self, block: _Block, given: Fields) -> list[AnyEvent]:
        inner = given.inner("reasoningContent")
        events = self._begin(block, Reasoning())
        if inner is None:
            return events + self._more(block, given)
        text = inner.text("text")
        if text is not None:
            events.append(Delta(text=text, index=block.index))
        for name, read in _STATES.items():
            data = inner.text(name)
            if data is not None:
                events.append(Detail(index=block.index, state=read(data, self._blocks.notes)))
        if inner.rest():
            given.put_back("reasoningContent", inner.rest())
        return events + self._more(block, given)

    def _more(self, block: _Block, given: Fields) -> list[AnyEvent]:
        rest = given.rest()
        return [Detail(index=block.index, extras=rest)] if rest and block.index >= 0 else []

    def _rest(self, block: _Block, given: Fields) -> list[AnyEvent]:
        """Take a delta that is none we know: more of what is open, or words."""
        if not given.rest():
            return []
        begun = self._begin(block, Text(text="")) if block.index < 0 else []
        return [*begun, *self._more(block, given)]

    def stop(self, found: Fields) -> list[AnyEvent]:
        index = found.whole("contentBlockIndex") or 0
        block = self._open.pop(index, None)
        return [] if block is None else self._closed(block)

    def _closed(self, block: _Block) -> list[AnyEvent]:
        if block.start is None:
            return self._finish(block)
        part = self._blocks.read([_whole(block.start, block)], "content", Role.ASSISTANT)[0]
        index = self._parts
        self._parts += 1
        return [*self._finish(block), PartBegin(part=part, index=index), PartEnd(index=index)]

    def message_stop(self, found: Fields) -> list[AnyEvent]:
        events = [event for block in self._open.values() for event in self._closed(block)]
        self._open = {}
        self._stopped = True
        said = found.text("stopReason")
        fields = found.take(OF_CHOICE)
        extras = {} if fields is None else {OF_CHOICE: fields}
        end = ChoiceEnd(stop=stop_of(said), said=said, sequence=met_sequence(fields), extras=extras)
        return [*events, end, *([Aside(extras=found.rest())] if found.rest() else [])]

    def metadata(self, found: Fields) -> list[AnyEvent]:
        wire = found.members("usage")
        events: list[AnyEvent] = []
        if wire is not None:
            events.append(UsageSeen(usage=read_usage(wire, self._searches), wire=wire))
        tier = take_tier(found)
        if found.rest() or tier is not None:
            events.append(Aside(extras=found.rest(), tier=tier))
        return [*events, *self._end()] if self._stopped else events


def _whole(start: dict[str, JSON], block: _Block) -> JSON:
    """Put a block together that came in pieces."""
    whole = dict(start)
    for name, add in _ADDED.items():
        if isinstance(whole.get(name), dict):
            whole[name] = {**whole[name], **add(block)}
    return whole


def _input(block: _Block) -> dict[str, JSON]:
    words = "".join(block.words)
    try:
        return {"input": decode_json(words, wrong=UpstreamError) if words else {}}
    except UpstreamError:
        return {"input": {"INVALID_JSON": words}}


_ADDED: Mapping[str, Callable[[_Block], dict[str, JSON]]] = {
    "toolUse": _input,
    "toolResult": lambda block: {"content": block.items},
    "image": lambda block: {
        name: value for item in block.items if isinstance(item, dict) for name, value in item.items()
    },
}
_STATES: Mapping[str, Callable[[str, Notes], State]] = {"signature": signed_state, "redactedContent": hidden_state}
_DELTAS: Mapping[str, Callable[[ConverseStreamReader, _Block, Fields], list[AnyEvent]]] = {
    "text": ConverseStreamReader.text,
    "toolUse": ConverseStreamReader.arguments,
    "reasoningContent": ConverseStreamReader.thought,
    "citation": ConverseStreamReader.citation,
}
_READ: Mapping[str, Callable[[Any, Fields], list[AnyEvent]]] = {
    "messageStart": ConverseStreamReader.message_start,
    "contentBlockStart": ConverseStreamReader.start,
    "contentBlockDelta": ConverseStreamReader.delta,
    "contentBlockStop": ConverseStreamReader.stop,
    "messageStop": ConverseStreamReader.message_stop,
    "metadata": ConverseStreamReader.metadata,
}
