"""Reading a stream of lines (https://docs.ollama.com/capabilities/streaming, read 2026-11).

The text of an answer is one part, open until the end, as it is one text where nothing streams. Thinking ends where the
text begins, so that others need not wait for either.
"""

from collections.abc import Iterator

from tollbridge import GatewayError, UpstreamError
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
    Logprob,
    Notes,
    PartBegin,
    PartEnd,
    Reasoning,
    Text,
    Unknown,
    UsageSeen,
    decode_json,
    present,
    with_words,
    words_of,
)
from tollbridge_ollama.answers import read_logprobs, read_pictures, stop_of, told_rest, write_logprobs
from tollbridge_ollama.calls import read_answered
from tollbridge_ollama.errors import read_error_line
from tollbridge_ollama.lines import LineCutter, split_lines
from tollbridge_ollama.shapes import Shape
from tollbridge_ollama.thought import read_signed
from tollbridge_ollama.times import read_time
from tollbridge_ollama.usage import take_counts


class LineStreamReader:
    """Reads one stream.  Its end is the line that is `done`; what comes behind it is left out."""

    def __init__(self, shape: Shape, notes: Notes) -> None:
        self._shape = shape
        self._notes = notes
        self._cutter = LineCutter()
        self._answer = _Answer(shape, notes)
        self._extras: dict[str, JSON] | None = None
        self._over = False

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        block = self._cutter.feed(chunk) if chunk else self._cutter.end()
        events: list[AnyEvent] = []
        for line in split_lines(block):
            if not self._over and line.strip():
                events += self._line(line, whole=bool(chunk))
        return events

    def _line(self, line: bytes, *, whole: bool) -> Iterator[AnyEvent]:
        try:
            value = decode_json(line, wrong=UpstreamError, what="a line of the provider's answer")
            if not isinstance(value, dict):
                raise UpstreamError("a line of the provider's answer is no object")
        except GatewayError as error:
            if not whole:
                return  # it broke off within a line
            if self._extras is None:
                raise
            self._over = True
            yield Broken(error=error)
            return
        if value.get("error") is not None:
            self._over = True
            yield Broken(error=read_error_line(value))
        elif self._is_piece(value):
            yield from self._piece(Fields(value, wrong=None))
        else:
            yield Unknown(dialect=self._shape.name, name="", data=line.strip())

    def _is_piece(self, value: dict[str, JSON]) -> bool:
        held = value.get(self._shape.inside or self._shape.words)
        return held is not None or value.get("done") is True

    def _piece(self, found: Fields) -> Iterator[AnyEvent]:
        inner = self._shape.of(found) or Fields({}, wrong=None)
        model, said, done = found.text("model") or "", found.text("done_reason"), found.flag("done")
        created = found.peek("created_at")
        usage, wire = take_counts(found)
        logprobs = found.items("logprobs")
        pieces = list(self._answer.take(inner, logprobs))
        yield from self._head(model, created, found)
        yield from pieces
        if done:
            self._over = True
            yield from self._answer.end(said)
            if wire is not None:
                yield UsageSeen(usage=usage, wire=wire)
            yield End()

    def _head(self, model: str, created: JSON, found: Fields) -> Iterator[AnyEvent]:
        """Take what is said of the answer as a whole: in the first line all, in a later one what is new."""
        rest = {name: value for name, value in found.rest().items() if value is not None}
        if self._extras is None:
            self._extras = dict(rest)
            seconds = read_time(created if isinstance(created, str) else None)
            yield Begin(origin=self._shape.name, model=model, created=seconds, extras=rest)
            return
        new = {name: value for name, value in rest.items() if self._extras.get(name) != value}
        if new:
            self._extras.update(new)
            yield Aside(extras=new)


class _Answer:
    """The answer while its pieces come."""

    def __init__(self, shape: Shape, notes: Notes) -> None:
        self._shape = shape
        self._notes = notes
        self._count = 0
        self._thought: int | None = None
        self._text: int | None = None
        self._calls = 0
        self._tokens: list[Logprob] = []
        self._odd: list[JSON] = []
        self._rest: dict[str, JSON] = {}

    def take(self, inner: Fields, logprobs: list[JSON] | None) -> Iterator[AnyEvent]:
        """Take a piece of it."""
        if self._shape.inside and inner.peek("role") == "assistant":
            inner.take("role")
        signed = read_signed(inner, self._notes)
        thinking, text = inner.text("thinking"), inner.text(self._shape.words)
        if thinking:
            yield from self._think(thinking)
        for part in signed:
            yield from self._sign(part)
        if text:
            yield from self._shut_thought()
            if self._text is None:
                self._text = self._count
                yield self._begin(Text(text=""))
            yield Delta(text=text, index=self._text)
        yield from self._probabilities(logprobs)
        for picture in read_pictures(inner):
            yield from self._whole(picture)
        for call in read_answered(inner, self._notes, before=self._calls):
            self._calls += 1
            yield from self._whole(call)
        self._rest.update(told_rest(inner, self._shape).get(self._shape.inside, {}))

    def _think(self, words: str) -> Iterator[AnyEvent]:
        if self._thought is None:
            self._thought = self._count
            yield self._begin(Reasoning())
        if words:
            yield Delta(text=words, index=self._thought)

    def _sign(self, part: Reasoning) -> Iterator[AnyEvent]:
        """End the thinking that is open with what its provider wants back; thinking without words is that alone."""
        yield from self._think("" if self._thought is not None else part.text)
        if self._thought is not None:
            yield Detail(index=self._thought, state=part.state)
        yield from self._shut_thought()

    def _begin(self, part: AnyPart) -> AnyEvent:
        self._count += 1
        return PartBegin(part=part, index=self._count - 1)

    def _whole(self, part: AnyPart) -> Iterator[AnyEvent]:
        yield from self._shut_thought()
        index, words = self._count, words_of(part)
        yield self._begin(with_words(part, ""))
        if words:
            yield Delta(text=words, index=index)
        yield PartEnd(index=index)

    def _shut_thought(self) -> Iterator[AnyEvent]:
        if self._thought is not None:
            yield PartEnd(index=self._thought)
            self._thought = None

    def _probabilities(self, logprobs: list[JSON] | None) -> Iterator[AnyEvent]:
        """Give probabilities to the text, once there is one."""
        tokens, odd = read_logprobs(logprobs)
        self._tokens += tokens
        self._odd += odd
        if self._tokens and self._text is not None:
            yield Detail(index=self._text, logprobs=tuple(self._tokens))
            self._tokens = []

    def end(self, said: str | None) -> Iterator[AnyEvent]:
        """End what is open, and the answer."""
        yield from self._shut_thought()
        if self._text is not None:
            yield PartEnd(index=self._text)
        unplaced = [*write_logprobs(self._tokens), *self._odd]
        extras: dict[str, JSON] = {self._shape.inside: self._rest} if self._rest else {}
        yield ChoiceEnd(
            stop=stop_of(said, called=self._calls > 0),
            said=said,
            extras={**extras, **present(logprobs=unplaced or None)},
        )
