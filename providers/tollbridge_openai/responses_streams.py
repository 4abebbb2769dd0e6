"""Reading a stream of the Responses API into events.

https://platform.openai.com/docs/api-reference/responses-streaming, read 2026-11. An item is found by its place
(`output_index`): GitHub's host gives the same item another id in each event (recorded, 2026-11). What an item's last
event holds is right where it differs from the pieces; a host that leaves that event out has it in the whole answer at
the end. There, encrypted reasoning is encrypted anew; the item's own is the one to send back (ibid.).
"""

from collections.abc import Callable, Mapping

from tollbridge import GatewayError, UpstreamError
from tollbridge.formats import (
    JSON,
    AnyEvent,
    Aside,
    Begin,
    Broken,
    ChoiceEnd,
    End,
    EventCutter,
    Fields,
    Notes,
    Ping,
    Unknown,
    UsageSeen,
    decode_json,
    event_data,
    split_events,
)
from tollbridge_openai.responses_answers import read_head
from tollbridge_openai.responses_content import NAME
from tollbridge_openai.responses_errors import failed, stream_error
from tollbridge_openai.responses_open import OpenItems

_CHANGING = frozenset(("output", "status", "usage", "incomplete_details", "error"))
"""Members of an answer that are not yet what they will be when it begins."""


class ResponsesStreamReader:
    """Reads one stream."""

    def __init__(self, notes: Notes) -> None:
        self._cutter = EventCutter()
        self._items = OpenItems(notes)
        self._begun = False
        self._over = False

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        for event in split_events(self._cutter.feed(chunk) if chunk else self._rest()):
            if self._over:
                break
            events += self._event(event)
        return events

    def _rest(self) -> bytes:
        """Give a last event that lacks its blank line, nothing for half of one."""
        rest = self._cutter.end()
        try:
            decode_json(event_data(rest) or b"")
        except GatewayError:
            return b""
        return rest

    def _event(self, event: bytes) -> list[AnyEvent]:
        data = event_data(event)
        if data is None:
            return [Ping()] if event.startswith(b":") else []
        if data.strip() in (b"", b"[DONE]"):
            return []
        value = decode_json(data, wrong=UpstreamError, what="an event of the provider's stream")
        if not isinstance(value, dict):
            raise UpstreamError("an event of the provider's stream is no object")
        kind = value.get("type")
        read = _READ.get(kind) if isinstance(kind, str) else None
        if read is not None:
            return read(self, value)
        if not isinstance(kind, str) and value.get("error") is not None:
            return self._broken(value)
        return [Unknown(dialect=NAME, name=kind if isinstance(kind, str) else "", data=data)]

    def _begin(self, event: dict[str, JSON]) -> list[AnyEvent]:
        if self._begun:
            return []
        self._begun = True
        top, _ = read_head(event.get("response") if isinstance(event.get("response"), dict) else {}, calls=False)
        extras = {name: told for name, told in top.extras.items() if told is not None and name not in _CHANGING}
        return [
            Begin(origin=NAME, id=top.id, model=top.model, created=top.created, tier=top.tier, extras=extras),
        ]

    def _piece(self, event: dict[str, JSON]) -> list[AnyEvent]:
        return [*self._begin({}), *self._items.read(event)]

    def _end(self, event: dict[str, JSON]) -> list[AnyEvent]:
        response = event.get("response")
        response = response if isinstance(response, dict) else {}
        begun = self._begin(event)
        rest = self._items.end(response.get("output"))
        top, choice = read_head(response, calls=self._items.calls)
        self._over = True
        return [
            *begun,
            *rest,
            *_used(response),
            Aside(extras=top.extras, tier=top.tier),
            ChoiceEnd(stop=choice.stop, said=choice.said),
            End(),
        ]

    def _failed(self, event: dict[str, JSON]) -> list[AnyEvent]:
        response = event.get("response")
        response = response if isinstance(response, dict) else {}
        begun = self._begin(event)
        self._over = True
        return [*begun, *_used(response), Broken(error=failed(response.get("error")))]

    def _broken(self, event: dict[str, JSON]) -> list[AnyEvent]:
        self._over = True
        return [Broken(error=stream_error(event))]

    def _alive(self, event: dict[str, JSON]) -> list[AnyEvent]:
        return [Ping()]

    def _nothing(self, event: dict[str, JSON]) -> list[AnyEvent]:
        """Pass over what says again what was said in pieces, and what the item's last event says."""
        return []


def _used(response: dict[str, JSON]) -> list[AnyEvent]:
    wire = Fields(response, wrong=None).members("usage")
    if wire is None:
        return []
    top, _ = read_head(response, calls=False)
    return [UsageSeen(usage=top.usage, wire=wire)]


_READ: Mapping[str, Callable[[ResponsesStreamReader, dict[str, JSON]], list[AnyEvent]]] = {
    "response.created": ResponsesStreamReader._begin,
    "response.queued": ResponsesStreamReader._begin,
    "response.in_progress": ResponsesStreamReader._begin,
    "response.completed": ResponsesStreamReader._end,
    "response.incomplete": ResponsesStreamReader._end,
    "response.failed": ResponsesStreamReader._failed,
    "error": ResponsesStreamReader._broken,
    "keepalive": ResponsesStreamReader._alive,
    **dict.fromkeys(OpenItems.KINDS, ResponsesStreamReader._piece),
    **dict.fromkeys(
        (
            "response.output_text.done",
            "response.refusal.done",
            "response.reasoning_text.done",
            "response.reasoning_summary_text.done",
            "response.reasoning_summary_part.done",
            "response.function_call_arguments.done",
            "response.custom_tool_call_input.done",
        ),
        ResponsesStreamReader._nothing,
    ),
}
