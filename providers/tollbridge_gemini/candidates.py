"""Reading one candidate of a stream.

Texts of a kind that follow each other are one part, until one of them is signed. The last text stays open to the end:
what it rests on comes with the last piece.
"""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyEvent,
    AnyPart,
    ChoiceEnd,
    Delta,
    Detail,
    PartBegin,
    PartEnd,
    Reasoning,
    Replaced,
    Text,
    ToolCall,
    json_text,
    with_words,
    words_of,
)
from tollbridge_gemini.answers import read_logprobs, stop_of
from tollbridge_gemini.grounding import Said, cited_in, fetched_for, gather
from tollbridge_gemini.names import Members
from tollbridge_gemini.partial import PartialArgs
from tollbridge_gemini.parts_in import PartReader
from tollbridge_gemini.signatures import is_foreign


@dataclass(slots=True)
class _Open:
    """A part whose words may go on.  `closed`: it was signed, so what follows is another."""

    part: type[AnyPart]
    index: int
    closed: bool = False


class CandidateReader:
    """One of the answers while its pieces come."""

    def __init__(self, index: int, reader: PartReader) -> None:
        self.index = index
        self.stop: str | None = None
        self.stopped = False
        self.calls = False
        self._reader = reader
        self._count = 0
        self._words: _Open | None = None
        self._text: _Open | None = None
        self._partial: tuple[int, PartialArgs] | None = None
        self._said = Said()
        self._extras: dict[str, JSON] = {}
        self._empty: JSON = None

    def words(self, text: str, *, thought: bool) -> Iterable[AnyEvent]:
        """Take words that nothing else is said of."""
        opened = self._words
        if opened is None or opened.closed or opened.part is not (Reasoning if thought else Text):
            return self._more(Reasoning(text=text, summary=True) if thought else Text(text=text))
        if not text:
            return ()
        if not thought:
            self._said.add(text)
        return (Delta(text=text, index=opened.index, choice=self.index),)

    def take(self, found: Members) -> Iterator[AnyEvent]:
        """Take a piece of it."""
        found.whole("index")
        said = found.text("finishReason")
        self.stop = said if said is not None else self.stop
        self.stopped = self.stopped or said is not None or "finishReason" in found
        content = found.inner("content")
        items = content.each("parts") if content is not None else None
        for item in items or ():
            yield from self._part(item)
        if content is not None and not items:
            self._empty = content.rest()
        yield from self._marks(found)
        gather(self._extras, {name: value for name, value in found.rest().items() if value is not None})

    def end(self) -> Iterator[AnyEvent]:
        """End the parts that are open, and the answer."""
        pages = tuple(citation for _, citation in fetched_for(self._extras))
        if pages and self._text is not None:
            yield Detail(index=self._text.index, choice=self.index, citations=pages)
        yield from self._shut()
        yield from self._end_partial()
        extras = dict(self._extras)
        if self._empty is not None and not self._count:
            extras["content"] = self._empty
        yield ChoiceEnd(stop=stop_of(self.stop, calls=self.calls), said=self.stop, choice=self.index, extras=extras)

    def _part(self, item: Members) -> Iterator[AnyEvent]:
        call = item.peek("functionCall")
        if isinstance(call, dict):
            if self._partial is not None and "name" not in call:
                yield from self._piece_of_call(Members(call, wrong=None))
                return
            yield from self._end_partial()
            if call.get("willContinue") is True or "partialArgs" in call:
                yield from self._begin_call(item, Members(call, wrong=None))
                return
        for part in self._reader.read(item):
            if isinstance(part, Text | Reasoning):
                yield from self._more(part)
            else:
                yield from self._whole(part)

    def _more(self, part: Text | Reasoning) -> Iterator[AnyEvent]:
        """Let the open text go on, or begin another."""
        plain = part.state is None and not part.extras
        words = self._words
        packed = isinstance(part, Reasoning) and is_foreign(part.state)
        if packed and words is not None and words.part is Reasoning and not words.closed:
            words.closed = True  # thinking that was packed, its words and all
            yield Replaced(part=part, index=words.index, choice=self.index)
            return
        if words is None or words.closed or words.part is not type(part):
            if not part.text and plain and (self._count or isinstance(part, Reasoning)):
                return
            words = self._words = yield from self._begin(part)
        if part.text:
            if isinstance(part, Text):
                self._said.add(part.text)
            yield Delta(text=part.text, index=words.index, choice=self.index)
        if not plain:
            words.closed = True
            yield Detail(index=words.index, choice=self.index, state=part.state, extras=part.extras)

    def _begin(self, part: Text | Reasoning) -> Generator[AnyEvent, None, _Open]:
        yield from self._shut()
        begun = _Open(type(part), self._count)
        bare = Text(text="") if isinstance(part, Text) else Reasoning(summary=part.summary)
        yield PartBegin(part=bare, index=self._count, choice=self.index)
        if isinstance(part, Text):
            self._said.begin(self._count)
            self._text = begun
        self._count += 1
        return begun

    def _shut(self, *, text: bool = True) -> Iterator[AnyEvent]:
        """End what is open; the `text` may stay open beside what follows."""
        words, self._words = self._words, None
        if words is not None and words is not self._text:
            yield PartEnd(index=words.index, choice=self.index)
        if text and self._text is not None:
            yield PartEnd(index=self._text.index, choice=self.index)
            self._text = None

    def _whole(self, part: AnyPart) -> Iterator[AnyEvent]:
        """Give a part that comes at once; the words of a call, which are its arguments, by themselves."""
        yield from self._shut(text=False)
        self.calls = self.calls or isinstance(part, ToolCall)
        words, index = words_of(part), self._count
        self._count += 1
        yield PartBegin(part=with_words(part, ""), index=index, choice=self.index)
        if words:
            yield Delta(text=words, index=index, choice=self.index)
        yield PartEnd(index=index, choice=self.index)

    def _begin_call(self, item: Members, inner: Members) -> Iterator[AnyEvent]:
        """Begin a call whose arguments are streamed: the first piece has its name."""
        pieces, args = inner.take("partialArgs"), inner.members("args")
        goes_on = inner.flag("willContinue")
        item.put_back("functionCall", inner.rest())
        for part in self._reader.read(item):
            if not isinstance(part, ToolCall):
                yield from self._whole(part)
                continue
            yield from self._shut(text=False)
            self.calls = True
            self._partial = (self._count, PartialArgs(args))
            yield PartBegin(part=part, index=self._count, choice=self.index)
            self._count += 1
            self._partial[1].add(pieces)
            if not goes_on:
                yield from self._end_partial()

    def _piece_of_call(self, inner: Members) -> Iterator[AnyEvent]:
        """Take more of such a call; the last piece says that no more is to come."""
        if self._partial is not None:
            self._partial[1].add(inner.take("partialArgs"))
            if not inner.flag("willContinue"):
                yield from self._end_partial()

    def _end_partial(self) -> Iterator[AnyEvent]:
        if self._partial is not None:
            index, args = self._partial
            self._partial = None
            yield Delta(text=json_text(args.end()), index=index, choice=self.index)
            yield PartEnd(index=index, choice=self.index)

    def _marks(self, found: Members) -> Iterator[AnyEvent]:
        """Say of the open text where it comes from and how likely it was."""
        text = self._text
        if text is None:
            return
        citations = []
        for at, citation in cited_in(found.rest(), self._said):
            citations.append(citation if at == text.index else replace(citation, start=None, end=None))
        logprobs = read_logprobs(found.peek("logprobsResult"))
        if citations or logprobs:
            yield Detail(index=text.index, choice=self.index, citations=tuple(citations), logprobs=logprobs)
