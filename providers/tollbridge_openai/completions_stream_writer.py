"""Writing a stream of completions from events."""

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
    PartBegin,
    Ping,
    Refusal,
    Request,
    Text,
    UsageSeen,
    encode_json,
    write_event,
)
from tollbridge_openai.chat_answers import write_usage
from tollbridge_openai.completions_answers import said_by, write_stop
from tollbridge_openai.completions_logprobs import write_logprobs
from tollbridge_openai.completions_prompts import NAME, echoed, prompt_of
from tollbridge_openai.errors import error_object


class _Said:
    """What was written of one answer so far: which parts are words, and where in the text the next token begins."""

    def __init__(self, start: int) -> None:
        self.words: set[int] = set()
        self.start = start


class CompletionsStreamWriter:
    """Writes one stream.  The probabilities of tokens follow their words in a piece without any."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._notes = notes
        self._usage_asked = bool(request.stream_usage)
        self._request = request
        self._head: dict[str, JSON] = {}
        self._native = False
        self._said: dict[int, _Said] = {}
        self._usage: JSON = None

    def write(self, event: AnyEvent) -> bytes:
        write = _WRITE.get(type(event))
        return b"" if write is None else write(self, event)

    def _begin(self, event: Begin) -> bytes:
        self._native = event.origin == NAME
        self._head = {
            "id": event.id if self._native or event.id else f"cmpl-{self._notes.call_id}",
            "object": "text_completion",
            "created": self._notes.now if event.created is None else event.created,
            "model": event.model if self._native else event.model or self._request.model,
            **(event.extras if self._native else {}),
        }
        return b""

    def _aside(self, event: Aside) -> bytes:
        if self._native:
            self._head.update(event.extras)
        return b""

    def _of(self, choice: int) -> tuple[_Said, bytes]:
        """Give what was said in an answer, and the echo that comes before its first words."""
        said = self._said.get(choice)
        if said is not None:
            return said, b""
        said = self._said[choice] = _Said(len(prompt_of(self._request)))
        echo = "" if self._native else echoed(self._request)
        return said, self._piece(choice, echo) if echo else b""

    def _piece(self, choice: int, words: str, finish: str | None = None, **more: JSON) -> bytes:
        told = {"text": words, "index": choice, "logprobs": None, "finish_reason": finish, **more}
        return self._chunk([told])

    def _chunk(self, choices: list[JSON], usage: JSON = None) -> bytes:
        members = {**self._head, "choices": choices}
        if self._usage_asked:
            members["usage"] = usage
        return write_event(encode_json(members))

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
        tokens = write_logprobs(event.logprobs, said.start, native=self._native)
        said.start += sum(len(token.token) for token in event.logprobs)
        return self._piece(event.choice, "", logprobs=tokens)

    def _choice_end(self, event: ChoiceEnd) -> bytes:
        _, echo = self._of(event.choice)
        more = {name: value for name, value in event.extras.items() if name != "logprobs"} if self._native else {}
        return echo + self._piece(event.choice, "", write_stop(event.stop, event.said, native=self._native), **more)

    def _usage_seen(self, event: UsageSeen) -> bytes:
        if self._native and event.wire is not None:
            self._usage = event.wire
        elif event.usage is not None:
            self._usage = write_usage(event.usage)
        return b""

    def _ping(self, event: Ping) -> bytes:
        return b": ping\n\n"

    def _broken(self, event: Broken) -> bytes:
        return write_event(encode_json({"error": error_object(event.error)}))

    def _end(self, event: End) -> bytes:
        usage = self._chunk([], self._usage) if self._usage_asked and self._usage is not None else b""
        return usage + write_event(b"[DONE]")


_WRITE: Mapping[type, Callable[[CompletionsStreamWriter, Any], bytes]] = {
    Begin: CompletionsStreamWriter._begin,
    Aside: CompletionsStreamWriter._aside,
    PartBegin: CompletionsStreamWriter._part_begin,
    Delta: CompletionsStreamWriter._more,
    Detail: CompletionsStreamWriter._detail,
    ChoiceEnd: CompletionsStreamWriter._choice_end,
    UsageSeen: CompletionsStreamWriter._usage_seen,
    Ping: CompletionsStreamWriter._ping,
    Broken: CompletionsStreamWriter._broken,
    End: CompletionsStreamWriter._end,
}
