"""Streams, both ways: events without names, `{"response": "..."}` or chunks of a chat completion, until `[DONE]`.

As Cloudflare's own client reads them (workers-ai-provider 4.0.0, `streaming.ts`, read 2026-11): tool calls come whole
or piece by piece, one without id, name and arguments says that the last is done, and `p` is padding.
"""

from tollbridge import GatewayError
from tollbridge.formats import (
    JSON,
    AnyEvent,
    Aside,
    Begin,
    Broken,
    Choice,
    ChoiceEnd,
    Delta,
    Detail,
    End,
    EventCutter,
    Fields,
    Fold,
    Notes,
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
    decode_json,
    encode_json,
    event_data,
    merged_state,
    new_call_id,
    present,
    split_events,
    words_of,
    write_event,
)
from tollbridge_cloudflare.answers import (
    drop_untold,
    read_errors,
    read_usage,
    said_of,
    stop_of,
    words_of_response,
    write_error,
    write_usage,
)
from tollbridge_cloudflare.calls import NAME, answered_calls, arguments_text
from tollbridge_cloudflare.thought import read_signed, sign

_DONE = b"[DONE]"
_MEMBERS = {"text": "response", "refusal": "response", "reasoning": "reasoning"}
"""Where the words of a part go."""


class RunReader:
    """Reads the stream of one answer.  Of thinking and text one is open at a time, beside calls that go on."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._cutter = EventCutter()
        self._open: tuple[str, int] | None = None
        self._parts = 0
        self._calls: dict[int, int] = {}
        self._called = 0
        self._said: str | None = None
        self._begun = self._ended = False

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        if self._ended:
            return []
        block = self._cutter.feed(chunk) if chunk else self._cutter.end()
        events: list[AnyEvent] = []
        for event in split_events(block):
            events += self._event(event)
            if self._ended:
                return events
        if not chunk and self._said is not None:
            events += self._end()
        return events

    def _event(self, event: bytes) -> list[AnyEvent]:
        data = event_data(event)
        if data is None:
            return [Ping()] if event.strip() else []
        if data.strip() == _DONE:
            return self._end()
        try:
            value = decode_json(data)
        except GatewayError:
            value = None
        if not isinstance(value, dict):
            return [Unknown(dialect=NAME, name="", data=event)]
        found = Fields(value, wrong=None)
        if found.peek("success") is False or found.peek("errors") or found.peek("error"):
            self._ended = True
            return [Broken(error=read_errors(found, 502))]
        return [*self._begin(found), *self._chunk(found)]

    def _begin(self, found: Fields) -> list[AnyEvent]:
        if self._begun:
            return []
        self._begun = True
        id_, model, created = found.text("id"), found.text("model"), found.whole("created")
        return [Begin(origin=NAME, id=id_ or "", model=model or "", created=created)]

    def _chunk(self, found: Fields) -> list[AnyEvent]:
        usage = found.members("usage")
        choices = found.each("choices")
        choice = choices[0] if choices else found
        self._said = choice.text("finish_reason") or self._said
        inner = choice.inner("delta") if choices else found
        events = self._pieces(inner, "content" if choices else "response") if inner is not None else []
        return [*events, UsageSeen(usage=read_usage(usage), wire=usage)] if usage is not None else events

    def _pieces(self, found: Fields, name: str) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        for signed in read_signed(found, self._notes):
            events += self._signed(signed)
        thought = found.text("reasoning_content") or found.text("reasoning")
        if thought:
            events += self._words("reasoning", Reasoning(), thought)
        text = words_of_response(found.take(name))
        if text:
            events += self._words("text", Text(text=""), text)
        declined = found.text("refusal")
        if declined:
            events += self._words("refusal", Refusal(text=""), declined)
        for place, call in enumerate(found.each("tool_calls") or []):
            events += self._call(call, place)
        return events

    def _words(self, kind: str, part: Reasoning | Text | Refusal, words: str) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        if self._open is None or self._open[0] != kind:
            events += self._closed()
            self._open = (kind, self._next())
            events.append(PartBegin(part=part, index=self._open[1]))
        return [*events, Delta(text=words, index=self._open[1])]

    def _signed(self, part: Reasoning) -> list[AnyEvent]:
        """Put in place of what is being thought what was packed of it, words and all."""
        if self._open is not None and self._open[0] == "reasoning":
            return [Replaced(part=part, index=self._open[1]), *self._closed()]
        index = self._next()
        return [*self._closed(), PartBegin(part=part, index=index), PartEnd(index=index)]

    def _call(self, found: Fields, place: int) -> list[AnyEvent]:
        inner = found.inner("function") or found
        id_, name, arguments = found.text("id"), inner.text("name"), arguments_text(inner.take("arguments"))
        if not id_ and not name and not arguments:
            return [PartEnd(index=self._calls.popitem()[1])] if self._calls else []
        index = found.whole("index")
        number = place if index is None else index
        events: list[AnyEvent] = []
        if number not in self._calls:
            call = ToolCall(id=id_ or new_call_id(self._notes.call_id, self._called), name=name or "")
            self._called += 1
            self._calls[number] = self._next()
            events = [*self._closed(), PartBegin(part=call, index=self._calls[number])]
        return [*events, Delta(text=arguments, index=self._calls[number])] if arguments else events

    def _next(self) -> int:
        self._parts += 1
        return self._parts - 1

    def _closed(self) -> list[AnyEvent]:
        """End what is being said."""
        if self._open is None:
            return []
        index, self._open = self._open[1], None
        return [PartEnd(index=index)]

    def _end(self) -> list[AnyEvent]:
        self._ended = True
        begun: list[AnyEvent] = [] if self._begun else [Begin(origin=NAME)]
        stop = stop_of(self._said, (ToolCall(id="", name=""),) if self._called else ())
        calls = [PartEnd(index=index) for index in self._calls.values()]
        return [*begun, *self._closed(), *calls, ChoiceEnd(stop=stop, said=self._said), End()]


class RunWriter:
    """Writes the stream of one answer: words as they come, a call once it is whole, usage at the end."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._notes = notes
        self._fold = Fold()
        self._kinds: dict[int, str] = {}
        self._heard: dict[int, list[str]] = {}
        self._states: dict[int, State | None] = {}
        self._native = False

    def write(self, event: AnyEvent) -> bytes:
        if isinstance(event, Broken):
            return write_event(write_error(event.error))
        if isinstance(event, Begin):
            self._native = event.origin == NAME
            self._fold.add(event)
            told = present(id=event.id or None, model=event.model or None, created=event.created)
            return _chunk({"response": "", **told}) if told else b""
        if isinstance(event, PartBegin | Delta | Detail | Replaced | PartEnd | ChoiceEnd) and event.choice:
            self._notes.drop("choices")
            return b""
        if isinstance(event, Aside | Unknown | Ping):
            return b""
        self._fold.add(event)
        return self._written(event)

    def _written(self, event: AnyEvent) -> bytes:
        if isinstance(event, PartBegin | Replaced):
            return self._begun(event)
        if isinstance(event, Delta):
            if event.index in self._heard:
                self._heard[event.index].append(event.text)
            return self._words(event.index, event.text)
        if isinstance(event, Detail):
            self._states[event.index] = merged_state(self._states.get(event.index), event.state)
        if isinstance(event, PartEnd) and event.index in self._heard:
            text = "".join(self._heard.pop(event.index))
            signed = sign([Reasoning(text=text, state=self._states.get(event.index))], self._notes)
            return _chunk({"response": "", **signed}) if signed else b""
        return self._last() if isinstance(event, End) else b""

    def _begun(self, event: PartBegin | Replaced) -> bytes:
        part = event.part
        self._kinds[event.index] = str(part.__struct_config__.tag)
        if isinstance(part, Reasoning):
            self._heard[event.index] = [part.text]
        if part.state is not None:
            self._states[event.index] = part.state
        return self._words(event.index, words_of(part)) if isinstance(event, PartBegin) else b""

    def _words(self, index: int, words: str) -> bytes:
        name = _MEMBERS.get(self._kinds.get(index, ""))
        return _chunk({name: words}) if name is not None and words else b""

    def _last(self) -> bytes:
        """Write the calls, why the model stopped and what was used, and the end."""
        response = self._fold.response()
        choice = response.choices[0] if response.choices else Choice()
        calls = [part for part in choice.parts if isinstance(part, ToolCall)]
        thought = [part for part in choice.parts if isinstance(part, Reasoning)]
        if not self._native:
            drop_untold(response, choice, self._notes)
        written: list[JSON] = answered_calls(calls, thought, self._notes)
        usage: JSON = response.wire_usage if self._native else None
        if usage is None and response.usage is not None:
            usage = write_usage(response.usage)
        numbered = [{"index": place, **call} for place, call in enumerate(written)]
        told = present(usage=usage, finish_reason=said_of(choice.stop, choice.said, native=self._native))
        last = _chunk({"response": "", **present(tool_calls=numbered or None), **told})
        return last + write_event(_DONE)


def _chunk(members: dict[str, JSON]) -> bytes:
    return write_event(encode_json(members))
