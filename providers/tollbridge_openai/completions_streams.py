"""Reading a stream of completions: pieces in the shape of a whole answer.

In recorded streams a reason to stop may be said twice, first with the last words and then without any. So an answer
ends with the stream, not with its first reason.
"""

from collections.abc import Iterator
from contextlib import suppress

from tollbridge import UpstreamError
from tollbridge.formats import (
    JSON,
    AnyEvent,
    Aside,
    Begin,
    Broken,
    ChoiceEnd,
    Delta,
    Detail,
    End,
    EventCutter,
    Fields,
    PartBegin,
    PartEnd,
    Ping,
    Text,
    Unknown,
    UsageSeen,
    add_extras,
    decode_json,
    event_data,
    event_name,
    items_of,
    split_events,
)
from tollbridge_openai.chat_answers import read_usage
from tollbridge_openai.chat_errors import read_error_object
from tollbridge_openai.completions_answers import read_stop
from tollbridge_openai.completions_logprobs import read_logprobs
from tollbridge_openai.completions_prompts import NAME


class _Choice:
    """One of the answers while its pieces come."""

    def __init__(self, index: int) -> None:
        self.said: str | None = None
        self._index = index
        self._open = False
        self._extras: dict[str, JSON] = {}
        self._offsets: list[JSON] = []

    def take(self, found: Fields) -> Iterator[AnyEvent]:
        """Take a piece of it."""
        self.said = found.text("finish_reason") or self.said
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

    def end(self) -> Iterator[AnyEvent]:
        """End the answer."""
        if self._open:
            yield PartEnd(index=0, choice=self._index)
        yield ChoiceEnd(stop=read_stop(self.said), said=self.said, choice=self._index, extras=self._extras)


class CompletionsStreamReader:
    """Reads one stream.  The end is `[DONE]`, or the end of the bytes where every answer said why it stopped."""

    def __init__(self) -> None:
        self._cutter = EventCutter()
        self._choices: dict[int, _Choice] = {}
        self._begun = False
        self._over = False

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        if chunk:
            for event in split_events(self._cutter.feed(chunk)):
                if not self._over:
                    events += self._event(event)
        elif not self._over:
            with suppress(UpstreamError):  # half an event says nothing: the stream broke off in it
                events += self._event(self._cutter.end())
        if not chunk and not self._over and self._choices and all(c.said is not None for c in self._choices.values()):
            events += self._end()
        return events

    def _event(self, event: bytes) -> Iterator[AnyEvent]:
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
        if value.get("error") is not None:
            self._over = True
            yield Broken(error=read_error_object(value["error"]))
        elif not isinstance(value.get("choices"), list) and "usage" not in value:
            yield Unknown(dialect=NAME, name=event_name(event).decode("utf-8", "replace"), data=data)
        else:
            yield from self._piece(Fields(value, wrong=None))

    def _piece(self, found: Fields) -> Iterator[AnyEvent]:
        choices, wire = found.each("choices") or [], found.members("usage")
        yield from self._head(found, speaks=bool(choices))
        for place, choice in enumerate(choices):
            index = choice.whole("index")
            index = place if index is None else index
            yield from self._choices.setdefault(index, _Choice(index)).take(choice)
        if wire is not None:
            yield UsageSeen(usage=read_usage(wire), wire=wire)

    def _head(self, found: Fields, *, speaks: bool) -> Iterator[AnyEvent]:
        """Take what is said of the answer as a whole: in the first piece all, in a later one what is new."""
        id_, model, created = found.text("id"), found.text("model"), found.whole("created")
        found.text("object")
        extras: dict[str, JSON] = {name: value for name, value in found.rest().items() if value is not None}
        extras.pop("obfuscation", None)
        if not self._begun and (speaks or id_ or model):
            self._begun = True
            yield Begin(origin=NAME, id=id_ or "", model=model or "", created=created, extras=extras)
        elif extras:
            yield Aside(extras=extras)

    def _end(self) -> Iterator[AnyEvent]:
        self._over = True
        if not self._begun:
            yield Begin(origin=NAME)
        for choice in self._choices.values():
            yield from choice.end()
        yield End()
