"""Writing a stream of the Responses API from events.

https://platform.openai.com/docs/api-reference/responses-streaming, read 2026-11. An item keeps its id from its first
event to its last, or the official SDK refuses the stream (openai-python 3.57, `lib/streaming/responses`, read 2026-11).
So what would change the id is waited for: the state of another provider's call until the call's second piece, the id of
reasoning that came in this dialect until its end.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from tollbridge import GatewayError
from tollbridge.formats import (
    JSON,
    AnyEvent,
    AnyPart,
    Aside,
    Begin,
    Broken,
    Choice,
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
    Response,
    ServerCall,
    ToolCall,
    Unknown,
    UsageSeen,
    decode_json,
    encode_json,
    fold,
    words_of,
    write_event,
)
from tollbridge_openai.responses_answers import INCOMPLETE, begun_answer, status_of, write_answer
from tollbridge_openai.responses_content import NAME
from tollbridge_openai.responses_errors import error_event
from tollbridge_openai.responses_item_lines import ItemLines
from tollbridge_openai.responses_output import Items, is_content

Line = dict[str, JSON]


class ResponsesStreamWriter:
    """Writes one stream."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._request = request
        self._notes = notes
        self._order = OneByOne(notes)
        self._sequence = 0
        self._head = Response(origin=NAME)
        self._lines = ItemLines(Items(notes, native=True), native=True)
        self._choice = Choice()
        self._refused = False
        self._held: list[AnyEvent] = []
        self._flowing = False
        self.answer = b""

    def write(self, event: AnyEvent) -> bytes:
        lines: list[Line] = []
        kept = b""
        for ready in self._order.add(event):
            if isinstance(ready, Ping):
                kept += b": ping\n\n"
                continue
            write = _WRITE.get(type(ready))
            lines += write(self, ready) if write is not None else []
        return kept + b"".join(map(self._line, lines))

    def _line(self, line: Line) -> bytes:
        numbered = {**line, "sequence_number": self._sequence}
        self._sequence += 1
        return write_event(encode_json(numbered), str(line["type"]).encode("utf-8", "replace"))

    def _begin(self, event: Begin) -> list[Line]:
        native = event.origin == NAME
        self._head = Response(
            origin=event.origin,
            id=event.id,
            model=event.model,
            created=event.created,
            tier=event.tier,
            extras=event.extras,
        )
        self._lines = ItemLines(Items(self._notes, native=native), native=native)
        begun = begun_answer(self._head, self._request, self._notes)
        return [{"type": f"response.{stage}", "response": begun} for stage in ("created", "in_progress")]

    def _part_begin(self, event: PartBegin) -> list[Line]:
        part = event.part
        self._held = [event]
        self._flowing = self._flows(part)
        self._refused = self._refused or isinstance(part, Refusal)
        return self._lines.begin(part) if self._flowing else []

    def _flows(self, part: AnyPart) -> bool:
        """Whether a part's item is known well enough to begin."""
        native = self._head.origin == NAME
        if isinstance(part, Reasoning):
            return not native or (part.state is not None and "id" in part.state.data)
        if isinstance(part, ToolCall | ServerCall | Opaque):
            return native
        return is_content(part)

    def _delta(self, event: Delta) -> list[Line]:
        if not event.text:
            return []
        if self._flowing:
            self._held.append(event)
            return self._lines.words(event.text)
        said = any(isinstance(held, Delta) for held in self._held)
        first = self._held[0] if self._held else None
        if said and isinstance(first, PartBegin) and isinstance(first.part, ToolCall):
            return [*self._flow(), *self._delta(event)]
        self._held.append(event)
        return []

    def _flow(self) -> list[Line]:
        """Begin a part that was held back, with what is known of it by now."""
        part = self._whole()
        self._flowing = True
        words = words_of(part)
        return [*self._lines.begin(part), *(self._lines.words(words) if words else [])]

    def _whole(self) -> AnyPart:
        """Give the open part as far as it has come."""
        return fold([Begin(origin=self._head.origin), *self._held, End()]).choices[0].parts[0]

    def _detail(self, event: Detail) -> list[Line]:
        late = self._flowing and event.state is not None and self._head.origin != NAME
        first = self._held[0] if self._held else None
        if late and isinstance(first, PartBegin) and isinstance(first.part, ToolCall):
            self._notes.drop("output[].state")
            return []
        self._held.append(event)
        return self._lines.cites(event.citations) if self._flowing else []

    def _replaced(self, event: Replaced) -> list[Line]:
        self._held = [PartBegin(part=event.part, index=event.index)]
        return []

    def _part_end(self, event: PartEnd) -> list[Line]:
        lines = [] if self._flowing else self._flow()
        part = self._whole()
        self._held = []
        return [*lines, *self._lines.end(part)]

    def _choice_end(self, event: ChoiceEnd) -> list[Line]:
        self._choice = Choice(stop=event.stop, said=event.said, sequence=event.sequence)
        return self._lines.close(whole=status_of(self._choice, refused=self._refused)[0] != INCOMPLETE)

    def _usage_seen(self, event: UsageSeen) -> list[Line]:
        self._head = replace(self._head, usage=event.usage, wire_usage=event.wire)
        return []

    def _aside(self, event: Aside) -> list[Line]:
        extras = {**self._head.extras, **event.extras}
        self._head = replace(self._head, extras=extras, tier=event.tier or self._head.tier)
        return []

    def _unknown(self, event: Unknown) -> list[Line]:
        """Pass on an event of this dialect, with a number that fits."""
        if event.dialect != NAME or not event.name:
            return []
        try:
            told = decode_json(event.data)
        except GatewayError:
            return []
        return [{**told, "type": event.name}] if isinstance(told, dict) else []

    def _broken(self, event: Broken) -> list[Line]:
        return [error_event(event.error, self._sequence)]

    def _end(self, event: End) -> list[Line]:
        lines = self._lines.close(whole=True)
        answer = write_answer(
            self._head, self._choice, self._lines.done, self._request, self._notes, refused=self._refused
        )
        status = answer.get("status")
        stage = status if status in ("incomplete", "failed") else "completed"
        if status != "failed":
            self.answer = encode_json(answer)
        return [*lines, {"type": f"response.{stage}", "response": answer}]


_WRITE: Mapping[type, Callable[[ResponsesStreamWriter, Any], list[Line]]] = {
    Begin: ResponsesStreamWriter._begin,
    PartBegin: ResponsesStreamWriter._part_begin,
    Delta: ResponsesStreamWriter._delta,
    Detail: ResponsesStreamWriter._detail,
    Replaced: ResponsesStreamWriter._replaced,
    PartEnd: ResponsesStreamWriter._part_end,
    ChoiceEnd: ResponsesStreamWriter._choice_end,
    UsageSeen: ResponsesStreamWriter._usage_seen,
    Aside: ResponsesStreamWriter._aside,
    Unknown: ResponsesStreamWriter._unknown,
    Broken: ResponsesStreamWriter._broken,
    End: ResponsesStreamWriter._end,
}
