"""One of the answers of a stream of chat chunks, while its pieces come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tollbridge.formats import (
    JSON,
    AnyEvent,
    AnyPart,
    ChoiceEnd,
    Delta,
    Detail,
    Fields,
    Notes,
    PartBegin,
    PartEnd,
    Reasoning,
    Refusal,
    State,
    Text,
    ToolCall,
    object_text,
)
from tollbridge_openai.chat_answers import stop_of
from tollbridge_openai.chat_calls import read_call
from tollbridge_openai.chat_content import NAME, is_foreign
from tollbridge_openai.chat_details import read_citations, read_logprobs, read_pictures
from tollbridge_openai.chat_thought import DetailPieces, read_thought

_OLDER = -1
"""The slot of a `function_call`, which has no index."""


@dataclass(slots=True)
class _Call:
    """A tool call while its pieces come; `place` is None until its name is known."""

    id: str = ""
    name: str = ""
    place: int | None = None
    custom: bool = False
    state: State | None = None
    held: list[str] = field(default_factory=list)
    ended: bool = False


class StreamedChoice:
    """One of the answers while its pieces come."""

    def __init__(self, index: int, notes: Notes) -> None:
        self._index = index
        self._notes = notes
        self._count = 0
        self._open: tuple[type[AnyPart], int] | None = None
        self._calls: list[_Call] = []
        self._by_slot: dict[int, _Call] = {}
        self._unseen: list[_Call] = []
        self._words_came = False
        self._details: DetailPieces | None = None
        self._place: dict[str, JSON] = {}
        self._said: str | None = None

    def take(self, found: Fields) -> Iterator[AnyEvent]:
        """Take a piece of it."""
        said = found.text("finish_reason")
        self._said = self._said if said is None else said or self._said or ""
        delta = found.inner("delta") or Fields({}, wrong=None)
        delta.text("role")
        yield from self._thought(delta)
        yield from self._words(Text, delta.text("content"))
        yield from self._listed(delta)
        yield from self._told(found, delta)
        yield from self._words(Refusal, delta.text("refusal"))
        for picture in read_pictures(delta):
            yield from self._whole(picture)
        for place, call in enumerate(delta.each("tool_calls") or ()):
            yield from self._call(call, place)
        older = delta.inner("function_call")
        if older is not None:
            yield from self._older_call(older)

    def words(self, words: str) -> Iterable[AnyEvent]:
        """Take more words of it."""
        if words and self._open is not None and self._open[0] is Text:
            return (Delta(text=words, index=self._open[1], choice=self._index),)
        return self._words(Text, words)

    @property
    def ended(self) -> bool:
        """Whether it said why it stopped; some hosts say so with every piece, in no word."""
        return bool(self._said)

    def close(self) -> Iterator[AnyEvent]:
        """End the answer, which words may follow after its reason to stop."""
        yield from self._shut()
        for call in self._calls:
            yield from self._end_call(call)
        yield ChoiceEnd(stop=stop_of(self._said, calls=bool(self._calls)), said=self._said, choice=self._index)

    def _shut(self) -> Iterator[AnyEvent]:
        if self._open is None:
            return
        if self._details is not None:
            state = State(NAME, {**self._place, "reasoning_details": self._details.whole()})
            yield Detail(index=self._open[1], choice=self._index, state=state)
            self._details = None
        yield PartEnd(index=self._open[1], choice=self._index)
        self._open = None

    def _begin(self, part: AnyPart) -> Iterator[AnyEvent]:
        yield from self._shut()
        self._open = (type(part), self._count)
        self._words_came = False
        yield PartBegin(part=part, index=self._count, choice=self._index)
        self._count += 1

    def _words(self, kind: type[Text] | type[Refusal], words: str | None) -> Iterator[AnyEvent]:
        if not words:
            return
        if self._open is None or self._open[0] is not kind:
            yield from self._begin(kind(text=""))
        yield from self._more(words)

    def _more(self, words: str) -> Iterator[AnyEvent]:
        if self._open is not None:
            yield Delta(text=words, index=self._open[1], choice=self._index)

    def _thought(self, delta: Fields) -> Iterator[AnyEvent]:
        for part in read_thought(delta, self._notes):
            if self._open is None or self._open[0] is not Reasoning:
                if not part.text and part.state is None:
                    continue
                self._place = _place_in(part)
                yield from self._begin(Reasoning(state=State(NAME, self._place) if self._place else None))
            packed = is_foreign(part) and self._words_came
            if part.text and not packed:
                self._words_came = True
                yield from self._more(part.text)
            if part.state is None or self._open is None:
                continue
            if is_foreign(part):
                yield Detail(index=self._open[1], choice=self._index, state=part.state)
            elif "reasoning_details" in part.state.data:
                self._details = self._details or DetailPieces()
                self._details.add(part.state.data["reasoning_details"])

    def _listed(self, delta: Fields) -> Iterator[AnyEvent]:
        """Take content that comes as a list of parts, as some hosts send it."""
        for item in delta.each("content") or ():
            yield from self._words(Text, item.text("text"))

    def _told(self, found: Fields, delta: Fields) -> Iterator[AnyEvent]:
        """Take what belongs to the text: where it comes from, and how likely it was."""
        logprobs = found.inner("logprobs")
        tokens = read_logprobs(logprobs.items("content")) if logprobs is not None else ()
        citations = read_citations(delta)
        if not tokens and not citations:
            return
        if self._open is None or self._open[0] is not Text:
            yield from self._begin(Text(text=""))
        if self._open is not None:
            yield Detail(index=self._open[1], choice=self._index, citations=citations, logprobs=tokens)

    def _whole(self, part: AnyPart) -> Iterator[AnyEvent]:
        yield from self._begin(part)
        yield from self._shut()

    def _call(self, found: Fields, place: int) -> Iterator[AnyEvent]:
        index = found.whole("index")
        slot = place if index is None else index
        piece = read_call(found)
        call = self._by_slot.get(slot)
        if call is None or (piece.id and call.id and piece.id != call.id):
            # Some hosts count every call 0 and tell them apart by their ids alone.
            call = self._new_call(slot)
        call.id = call.id or piece.id
        call.name = call.name or piece.name
        call.custom = call.custom or piece.custom
        yield from self._grow(call, piece)

    def _older_call(self, found: Fields) -> Iterator[AnyEvent]:
        name = found.text("name") or ""
        call = self._by_slot.get(_OLDER) or self._new_call(_OLDER)
        call.name = call.name or name
        call.id = call.id or f"function_{name}"
        yield from self._grow(call, ToolCall(id=call.id, name=name, arguments=found.text("arguments") or ""))

    def _new_call(self, slot: int) -> _Call:
        call = self._by_slot[slot] = _Call()
        self._calls.append(call)
        return call

    def _grow(self, call: _Call, piece: ToolCall) -> Iterator[AnyEvent]:
        if call.place is not None:
            if piece.state is not None:
                yield Detail(index=call.place, choice=self._index, state=piece.state)
        else:
            call.state = piece.state or call.state
            if call.name:
                yield from self._begin_call(call)
        if piece.arguments:
            if not call.held:
                self._unseen.append(call)
            call.held.append(piece.arguments)
            if call.place is not None and not call.ended:
                yield Delta(text=piece.arguments, index=call.place, choice=self._index)

    def _begin_call(self, call: _Call) -> Iterator[AnyEvent]:
        """Begin a call, where those end that are whole; one that is not is not looked at again."""
        yield from self._shut()
        for other in self._unseen:
            if other is not call and object_text("".join(other.held)):
                yield from self._end_call(other)
        self._unseen.clear()
        call.place = self._count
        self._count += 1
        begun = ToolCall(id=call.id, name=call.name, custom=call.custom, state=call.state)
        yield PartBegin(part=begun, index=call.place, choice=self._index)
        for words in call.held:
            yield Delta(text=words, index=call.place, choice=self._index)

    def _end_call(self, call: _Call) -> Iterator[AnyEvent]:
        if call.place is not None and not call.ended:
            call.ended = True
            yield PartEnd(index=call.place, choice=self._index)


def _place_in(part: Reasoning) -> dict[str, JSON]:
    own = {} if part.state is None or is_foreign(part) else part.state.data
    return {"in": own["in"]} if "in" in own else {}
