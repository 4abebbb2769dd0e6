"""A stream's events folded into the answer, and an answer unfolded into events."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace as with_

from tollbridge.errors import GatewayError, UpstreamTruncated
from tollbridge.formats.events import (
    AnyEvent,
    Aside,
    Begin,
    Broken,
    ChoiceEnd,
    Delta,
    Detail,
    End,
    PartBegin,
    PartEnd,
    Replaced,
    UsageSeen,
)
from tollbridge.formats.parts import AnyPart, Citation, Logprob, Reasoning, Refusal, State, Text, ToolCall
from tollbridge.formats.response import Choice, Response
from tollbridge.formats.values import Extras


def words_of(part: AnyPart) -> str:
    """Give the words of a part that come piece by piece, empty for one that comes whole."""
    if isinstance(part, Text | Refusal | Reasoning):
        return part.text
    return part.arguments if isinstance(part, ToolCall) else ""


def with_words(part: AnyPart, words: str) -> AnyPart:
    """Give the part with other words; one that comes whole is given as it is."""
    if isinstance(part, Text | Refusal | Reasoning):
        return with_(part, text=words)
    return with_(part, arguments=words) if isinstance(part, ToolCall) else part


def merged_state(before: State | None, more: State | None) -> State | None:
    """Put two states of one part together; of another dialect's, the later holds."""
    if before is None or more is None or before.dialect != more.dialect:
        return more or before
    return State(before.dialect, {**before.data, **more.data})


@dataclass(slots=True)
class _Open:
    """A part while its pieces come."""

    part: AnyPart
    words: list[str]
    state: State | None = None
    citations: list[Citation] = field(default_factory=list)
    logprobs: list[Logprob] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)

    def whole(self) -> AnyPart:
        part = with_words(self.part, "".join(self.words))
        extras: Extras = {**part.extras, **self.extras} if self.extras else part.extras
        part = with_(part, state=merged_state(part.state, self.state), extras=extras)
        if isinstance(part, Text):
            logprobs = (*(part.logprobs or ()), *self.logprobs) if self.logprobs else part.logprobs
            part = with_(part, citations=(*part.citations, *self.citations), logprobs=logprobs)
        return part


class Fold:
    """Folds the events of one stream."""

    def __init__(self) -> None:
        self._begun: Begin | None = None
        self._open: dict[int, dict[int, _Open]] = {}
        self._ends: dict[int, ChoiceEnd] = {}
        self._usage: UsageSeen | None = None
        self._extras: dict[str, Any] = {}
        self._tier: str | None = None
        self._ended = False
        self._error: GatewayError | None = None

    def add(self, event: AnyEvent) -> None:
        """Take the next event."""
        if isinstance(event, Delta):
            found = self._part(event.choice, event.index)
            if found is not None:
                found.words.append(event.text)
        elif isinstance(event, PartBegin | Replaced):
            self._open.setdefault(event.choice, {})[event.index] = _Open(event.part, [words_of(event.part)])
        elif isinstance(event, Detail):
            self._detail(event)
        elif isinstance(event, Begin):
            self._begun = event
        elif isinstance(event, ChoiceEnd):
            self._ends[event.choice] = event
        elif isinstance(event, UsageSeen):
            self._usage = event
        elif isinstance(event, Aside):
            self._extras.update(event.extras)
            self._tier = event.tier or self._tier
        elif isinstance(event, Broken):
            self._error = event.error
        elif isinstance(event, End):
            self._ended = True

    def _part(self, choice: int, index: int) -> _Open | None:
        """Find an open part; None for one that never began, whose pieces are left out."""
        return self._open.get(choice, {}).get(index)

    def _detail(self, event: Detail) -> None:
        found = self._part(event.choice, event.index)
        if found is None:
            return
        found.state = merged_state(found.state, event.state)
        found.citations += event.citations
        found.logprobs += event.logprobs
        found.extras.update(event.extras)

    def response(self) -> Response:
        """Give the answer; raises the error that ended the stream, `UpstreamTruncated` where it broke off."""
        if self._error is not None:
            raise self._error
        if not self._ended or self._begun is None:
            raise UpstreamTruncated("the provider's answer ended before it was complete")
        begun, usage = self._begun, self._usage
        return Response(
            origin=begun.origin,
            id=begun.id,
            model=begun.model,
            created=begun.created,
            choices=tuple(self._choice(index) for index in sorted({*self._open, *self._ends})),
            usage=usage.usage if usage is not None else None,
            wire_usage=usage.wire if usage is not None else None,
            tier=self._tier or begun.tier,
            extras={**begun.extras, **self._extras} if self._extras else begun.extras,
        )

    def _choice(self, index: int) -> Choice:
        parts = self._open.get(index, {})
        whole = tuple(parts[place].whole() for place in sorted(parts))
        end = self._ends.get(index)
        if end is None:
            return Choice(index=index, parts=whole)
        return Choice(index=index, parts=whole, stop=end.stop, said=end.said, sequence=end.sequence, extras=end.extras)


def fold(events: Iterable[AnyEvent]) -> Response:
    """Fold a whole stream; raises as `Fold.response` does."""
    folding = Fold()
    for event in events:
        folding.add(event)
    return folding.response()


def unfold(response: Response) -> Iterator[AnyEvent]:
    """Give the events that fold to this answer."""
    yield Begin(
        origin=response.origin,
        id=response.id,
        model=response.model,
        created=response.created,
        tier=response.tier,
        extras=response.extras,
    )
    for choice in response.choices:
        for index, part in enumerate(choice.parts):
            yield from _unfolded(part, index, choice.index)
        yield ChoiceEnd(
            stop=choice.stop, said=choice.said, sequence=choice.sequence, choice=choice.index, extras=choice.extras
        )
    if response.usage is not None or response.wire_usage is not None:
        yield UsageSeen(usage=response.usage, wire=response.wire_usage)
    yield End()


def _unfolded(part: AnyPart, index: int, choice: int) -> Iterator[AnyEvent]:
    words, state = words_of(part), part.state
    citations: tuple[Citation, ...] = ()
    logprobs: tuple[Logprob, ...] = ()
    if isinstance(part, Text):
        bare: AnyPart = Text(text="", extras=part.extras, cache=part.cache)
        citations, logprobs = part.citations, part.logprobs or ()
    elif isinstance(part, ToolCall):
        bare, state = with_words(part, ""), None  # a call's state may have to stand in its id, which comes first
    else:
        bare = with_(with_words(part, ""), state=None)
    yield PartBegin(part=bare, index=index, choice=choice)
    if words:
        yield Delta(text=words, index=index, choice=choice)
    if state is not None or citations or logprobs:
        yield Detail(index=index, choice=choice, state=state, citations=citations, logprobs=logprobs)
    yield PartEnd(index=index, choice=choice)
