"""Writing a stream of Cohere's from events, in the order the SDK of cohere 7.3 expects (read 2026-11)."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

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
    Notes,
    OneByOne,
    Opaque,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Refusal,
    Replaced,
    Request,
    State,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    add_extras,
    encode_json,
    merged_state,
    present,
    write_event,
)
from tollbridge_cohere.answers import cited, said_of, sealed_state, with_own, write_logprob
from tollbridge_cohere.content import NAME
from tollbridge_cohere.errors import write_error_event
from tollbridge_cohere.thought import shown_id, write_call
from tollbridge_cohere.usage import write_usage


class _Open:
    """The part that is open: what came of it so far, and the `index` it has here."""

    def __init__(self, part: AnyPart, index: int) -> None:
        self.part = part
        self.index = index
        self.words: list[str] = []
        self.state: State | None = part.state
        self.told = False


class CohereStreamWriter:
    """Writes one stream, of several calls at once one after the other.

    The head of another dialect's call waits for its first words or its end, for its state goes into its id.
    """

    def __init__(self, request: Request, notes: Notes) -> None:
        self._notes = notes
        self._order = OneByOne(notes)
        self._native = False
        self._open: _Open | None = None
        self._contents = 0
        self._calls = 0
        self._citations = 0
        self._thoughts: list[Reasoning] = []
        self._logprobs: deque[JSON] = deque()
        self._ended: ChoiceEnd | None = None
        self._usage: JSON = None
        self._rest: dict[str, JSON] = {}

    def write(self, event: AnyEvent) -> bytes:
        return b"".join(_WRITE[type(one)](self, one) for one in self._order.add(event) if type(one) in _WRITE)

    def _begin(self, event: Begin) -> bytes:
        self._native = event.origin == NAME
        message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        members: dict[str, JSON] = {"id": event.id or self._notes.call_id, "delta": {"message": message}}
        if self._native:
            known = event.extras.get("logprobs")
            self._logprobs.extend(known if isinstance(known, list) else ())
            members.update({name: value for name, value in event.extras.items() if name != "logprobs"})
        else:
            self._notes.drop_extras(event.extras)
        return _written("message-start", members)

    def _part_begin(self, event: PartBegin) -> bytes:
        part = event.part
        if isinstance(part, Text | Refusal | Reasoning):
            opened = self._open = _Open(part, self._contents)
            begun = b"" if self._is_plan(part) else self._content_begin(part)
            return begun + self._more(part.text, opened)
        if isinstance(part, ToolCall):
            opened = self._open = _Open(part, self._calls)
            return (self._call(opened) if self._native else b"") + self._more(part.arguments, opened)
        if isinstance(part, Opaque) and self._native:
            self._open = _Open(part, self._contents)
            return self._item(part.raw)
        self._notes.drop(f"message.content[].{part.__struct_config__.tag}")
        return b""

    def _is_plan(self, part: AnyPart) -> bool:
        return self._native and isinstance(part, Reasoning) and part.summary

    def _content_begin(self, part: Text | Refusal | Reasoning) -> bytes:
        kind = "thinking" if isinstance(part, Reasoning) else "text"
        return self._item(with_own({"type": kind, kind: ""}, part, native=self._native))

    def _item(self, item: JSON) -> bytes:
        self._contents += 1
        return _written("content-start", {"index": self._contents - 1, "delta": {"message": {"content": item}}})

    def _call(self, opened: _Open) -> bytes:
        """Write the head of a call, once; the thinking before it is behind the id of the first."""
        if opened.told or not isinstance(opened.part, ToolCall):
            return b""
        opened.told = True
        call = ToolCall(id=opened.part.id, name=opened.part.name, state=opened.state)
        before = self._thoughts if self._calls == 0 else ()
        told = write_call(call, shown_id(call, before, self._notes), native=True)
        told = with_own(told, opened.part, native=self._native)
        self._calls += 1
        return _written("tool-call-start", {"index": opened.index, "delta": {"message": {"tool_calls": told}}})

    def _delta(self, event: Delta) -> bytes:
        return b"" if self._open is None else self._more(event.text, self._open)

    def _more(self, words: str, opened: _Open) -> bytes:
        if not words:
            return b""
        opened.words.append(words)
        if isinstance(opened.part, ToolCall):
            told = {"index": opened.index, "delta": {"message": {"tool_calls": {"function": {"arguments": words}}}}}
            return self._call(opened) + _written("tool-call-delta", told)
        if self._is_plan(opened.part):
            return _written("tool-plan-delta", {"delta": {"message": {"tool_plan": words}}})
        return self._piece(opened, {"thinking" if isinstance(opened.part, Reasoning) else "text": words})

    def _piece(self, opened: _Open, content: JSON, **more: JSON) -> bytes:
        told = {"index": opened.index, "delta": {"message": {"content": content}}}
        return _written("content-delta", {**told, **more})

    def _detail(self, event: Detail) -> bytes:
        opened = self._open
        if opened is None:
            return b""
        opened.state = merged_state(opened.state, event.state)
        if not isinstance(opened.part, Text):
            return b""
        written = b""
        for token in event.logprobs:
            known = self._logprobs.popleft() if self._logprobs else None
            written += self._piece(opened, {"text": ""}, logprobs=write_logprob(token, known))
        if event.citations:
            text = Text(text="".join(opened.words), citations=event.citations)
            written += b"".join(map(self._citation, cited(text, opened.index, self._notes, native=self._native)))
        return written

    def _citation(self, citation: JSON) -> bytes:
        index = self._citations
        self._citations += 1
        told = {"index": index, "delta": {"message": {"citations": citation}}}
        return _written("citation-start", told) + _written("citation-end", {"index": index})

    def _replaced(self, event: Replaced) -> bytes:
        """Begin a call anew of which nothing was told yet; what was told stays told."""
        opened = self._open
        if opened is None or opened.told or not isinstance(event.part, ToolCall):
            return b""
        opened = self._open = _Open(event.part, opened.index)
        return self._more(event.part.arguments, opened)

    def _part_end(self, event: PartEnd) -> bytes:
        opened, self._open = self._open, None
        if opened is None or self._is_plan(opened.part):
            return b""
        if isinstance(opened.part, ToolCall):
            return self._call_end(opened)
        written = b""
        if isinstance(opened.part, Reasoning):
            thought = Reasoning(text="".join(opened.words), summary=opened.part.summary, state=opened.state)
            self._thoughts.append(thought)
            sealed = sealed_state([thought], self._notes)
            written = self._piece(opened, {"signature": sealed}) if sealed is not None else b""
        return written + _written("content-end", {"index": opened.index})

    def _call_end(self, opened: _Open) -> bytes:
        """End a call; one that ends without a word has an empty object for arguments."""
        empty = b"" if opened.told else self._more("{}", opened)
        return empty + _written("tool-call-end", {"index": opened.index})

    def _choice_end(self, event: ChoiceEnd) -> bytes:
        self._ended = event
        if not self._native:
            self._notes.drop_given(stop_sequence=event.sequence)
            self._notes.drop_extras(event.extras)
            return b""
        extras = dict(event.extras)
        message = extras.pop("message", None)
        self._rest.update(extras)
        loose = message.get("citations") if isinstance(message, dict) else None
        return b"".join(map(self._citation, loose)) if isinstance(loose, list) else b""

    def _aside(self, event: Aside) -> bytes:
        if self._native:
            self._rest.update({name: value for name, value in event.extras.items() if name != "logprobs"})
        return b""

    def _usage_seen(self, event: UsageSeen) -> bytes:
        if self._native and event.wire is not None:
            self._usage = event.wire
        elif event.usage is not None:
            self._usage = write_usage(event.usage)
        return b""

    def _unknown(self, event: Unknown) -> bytes:
        return write_event(event.data, event.name.encode("utf-8")) if event.dialect == NAME else b""

    def _ping(self, event: Ping) -> bytes:
        return b": ping\n\n"

    def _broken(self, event: Broken) -> bytes:
        return write_error_event(event.error)

    def _end(self, event: End) -> bytes:
        ended = self._ended
        said = None if ended is None else said_of(ended.stop, ended.said, native=self._native)
        delta = add_extras(present(finish_reason=said, usage=self._usage), self._rest)
        return _written("message-end", {"delta": delta}) + b"data: [DONE]\n\n"


def _written(kind: str, members: dict[str, JSON]) -> bytes:
    return write_event(encode_json({"type": kind, **members}), kind.encode("ascii"))


_WRITE: Mapping[type, Callable[[CohereStreamWriter, Any], bytes]] = {
    Begin: CohereStreamWriter._begin,
    PartBegin: CohereStreamWriter._part_begin,
    Delta: CohereStreamWriter._delta,
    Detail: CohereStreamWriter._detail,
    Replaced: CohereStreamWriter._replaced,
    PartEnd: CohereStreamWriter._part_end,
    ChoiceEnd: CohereStreamWriter._choice_end,
    Aside: CohereStreamWriter._aside,
    UsageSeen: CohereStreamWriter._usage_seen,
    Unknown: CohereStreamWriter._unknown,
    Ping: CohereStreamWriter._ping,
    Broken: CohereStreamWriter._broken,
    End: CohereStreamWriter._end,
}
