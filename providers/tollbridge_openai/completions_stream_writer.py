"""Writing a stream of completions from events."""

from collections.abc import Callable, Mapping
from typing import Any

from tollbridge.formats import (
    JSON,
    AnyEvent,
    AnyPart,
    Begin,
    ChoiceEnd,
    Delta,
    Detail,
    Notes,
    PartBegin,
    PieceWriter,
    Refusal,
    Request,
    Text,
)
from tollbridge_openai.completions_answers import FORMAT, said_by, write_stop
from tollbridge_openai.completions_logprobs import write_logprobs
from tollbridge_openai.completions_prompts import echoed, prompt_of


class _Said:
    """What was written of one answer so far: which parts are words, and where in the text the next token begins."""

    def __init__(self, start: int) -> None:
        self.words: set[int] = set()
        self.start = start


class CompletionsStreamWriter:
    """Writes one stream.  The probabilities of tokens follow their words in a piece without any."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._notes = notes
        self._request = request
        self._lines = PieceWriter(FORMAT, request, notes, counted=bool(request.stream_usage))
        self._said: dict[int, _Said] = {}

    def write(self, event: AnyEvent) -> bytes:
        write = _WRITE.get(type(event))
        return self._lines.write(event) if write is None else write(self, event)

    def _begin(self, event: Begin) -> bytes:
        self._lines.begin(event)
        return b""

    def _of(self, choice: int) -> tuple[_Said, bytes]:
        """Give what was said in an answer, and the echo that comes before its first words."""
        said = self._said.get(choice)
        if said is not None:
            return said, b""
        said = self._said[choice] = _Said(len(prompt_of(self._request)))
        echo = "" if self._lines.native else echoed(self._request)
        return said, self._piece(choice, echo) if echo else b""

    def _piece(self, choice: int, words: str, finish: str | None = None, **more: JSON) -> bytes:
        told = {"text": words, "index": choice, "logprobs": None, "finish_reason": finish, **more}
        return self._lines.piece([told])

    def _part_begin(self, event: PartBegin) -> bytes:
        said, echo = self._of(event.choice)
        part: AnyPart = event.part
        words = said_by(part, self._notes)
        if not isinstance(part, Text | Refusal):
            return echo
        said.words.add(event.index)
        tokens = part.logprobs if isinstance(part, Text) else None
        told = self._detail(Detail(index=event.index, choice=event.choice, logprobs=tokens or ()))
        return echo + (self._piece(event.choice, words) if words else b"") + told

    def _more(self, event: Delta) -> bytes:
        said, _ = self._of(event.choice)
        return self._piece(event.choice, event.text) if event.text and event.index in said.words else b""

    def _detail(self, event: Detail) -> bytes:
        said, _ = self._of(event.choice)
        if event.citations:
            self._notes.drop("choices[].citations")
        if not event.logprobs or event.index not in said.words:
            return b""
        tokens = write_logprobs(event.logprobs, said.start, native=self._lines.native)
        said.start += sum(len(token.token) for token in event.logprobs)
        return self._piece(event.choice, "", logprobs=tokens)

    def _choice_end(self, event: ChoiceEnd) -> bytes:
        _, echo = self._of(event.choice)
        more = {name: value for name, value in event.extras.items() if name != "logprobs"} if self._lines.native else {}
        return echo + self._piece(
            event.choice, "", write_stop(event.stop, event.said, native=self._lines.native), **more
        )


_WRITE: Mapping[type, Callable[[CompletionsStreamWriter, Any], bytes]] = {
    Begin: CompletionsStreamWriter._begin,
    PartBegin: CompletionsStreamWriter._part_begin,
    Delta: CompletionsStreamWriter._more,
    Detail: CompletionsStreamWriter._detail,
    ChoiceEnd: CompletionsStreamWriter._choice_end,
}
