"""Writing streams, as Anthropic's SDKs fold them.

One block is open at a time. A block begins when its first words are known: until then an empty one may still turn out
to be nothing, or redacted, and a call's id may get a state. A call's arguments go out as they come: where a model
breaks them off, the caller sees what Anthropic would show it too
(https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/fine-grained-tool-streaming, read 2026-11).
"""

from collections.abc import Callable, Mapping

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
    OneByOne,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Refusal,
    Replaced,
    Request,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    encode_json,
    fold,
    json_text,
    present,
    with_words,
    words_of,
    write_event,
)
from tollbridge_anthropic.answers_out import message_head, write_stop
from tollbridge_anthropic.content_out import write_block
from tollbridge_anthropic.errors import error_body
from tollbridge_anthropic.sealing import shown_part
from tollbridge_anthropic.usage import write_usage
from tollbridge_anthropic.words import NAME, TIERS

_WORDS = write_event(b'{"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":%b}}', b"content_block_delta")
_DELTAS: Mapping[str, tuple[bytes, bytes]] = {
    "text": (b"text_delta", b"text"),
    "thinking": (b"thinking_delta", b"thinking"),
    "tool_use": (b"input_json_delta", b"partial_json"),
}
"""For the type of a block whose words come piece by piece: the type of the pieces, and the member that holds words."""
_KEPT = frozenset(("", "thinking"))
"""What may be open while words are kept: nothing yet, or what is signed at its end."""
_WITH_INPUT = frozenset(("tool_use", "server_tool_use", "mcp_tool_use"))


class MessageStream:
    """Writes one stream."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._notes = notes
        self._order = OneByOne(notes)
        self._begin: Begin | None = None
        self._started = False
        self._over = False
        self._index = 0
        self._held: list[AnyEvent] = []
        self._open = ""
        self._refused = False
        self._usage = UsageSeen(usage=None)
        self._tier: str | None = None
        self._end: ChoiceEnd | None = None
        self._aside: dict[str, JSON] = {}

    @property
    def _own(self) -> bool:
        return self._begin is not None and self._begin.origin == NAME

    def write(self, event: AnyEvent) -> bytes:
        """Write an event, `b""` where nothing is said of it yet."""
        turn = self._order.add(event)
        return self._write(turn[0]) if len(turn) == 1 else b"".join(map(self._write, turn))

    def _write(self, event: AnyEvent) -> bytes:
        if self._over:
            return b""
        if isinstance(event, Begin):
            self._begin, self._tier = event, event.tier
            return b""
        if isinstance(event, UsageSeen):
            self._usage = event
            return b""
        head = b"" if self._started or self._begin is None or isinstance(event, Aside | Broken) else self._start()
        return head + _WRITERS[type(event)](self, event)

    def _start(self) -> bytes:
        """Write the beginning, once it is known whether a usage came with it."""
        self._started = True
        begin = self._begin or Begin(origin="")
        message = {
            **message_head(begin.id, begin.model, self._notes),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": self._first_counts(begin.tier),
            **(begin.extras if self._own else {}),
        }
        return _event("message_start", message=message)

    def _first_counts(self, tier: str | None) -> JSON:
        """Write what is known of the usage at the beginning; a tier is only looked for there."""
        if self._usage.usage is not None or self._usage.wire is not None:
            return self._counts(tier)
        named = tier if self._own else TIERS.get(tier or "")
        return {"input_tokens": 0, "output_tokens": 0, **present(service_tier=named)}

    def _counts(self, tier: str | None) -> JSON:
        return write_usage(self._usage.usage, self._usage.wire if self._own else None, tier)

    def _part_begin(self, event: PartBegin) -> bytes:
        self._held, self._open = [event], ""
        self._refused = self._refused or isinstance(event.part, Refusal)
        return self._words(words_of(event.part)) if _flows(event.part) and words_of(event.part) else b""

    def _delta(self, event: Delta) -> bytes:
        if self._open in _KEPT:
            self._held.append(event)
        return self._words(event.text) if event.text and self._flowing() else b""

    def _detail(self, event: Detail) -> bytes:
        self._held.append(event)
        if not event.citations or not isinstance(self._part(), Text):
            return b""
        shown = shown_part(Text(text="-", citations=event.citations), self._notes, own=self._own)
        citations = shown.citations if isinstance(shown, Text) else ()
        head = self._opened() if citations else b""
        return head + b"".join(
            self._piece({"type": "citations_delta", "citation": citation.raw}) for citation in citations
        )

    def _replaced(self, event: Replaced) -> bytes:
        """Begin the part anew; words that went out already cannot be taken back, and stay."""
        if self._open:
            return b""
        return self._part_begin(PartBegin(part=event.part, index=event.index))

    def _part_end(self, event: PartEnd) -> bytes:
        whole = self._part() is not None
        held, self._held = self._held, []
        if not whole:
            return b""
        if self._open == "thinking":
            return self._closing(_folded(held)) + self._stop()
        if self._open:
            return self._stop()
        shown = shown_part(_folded(held), self._notes, own=self._own)
        return b"" if shown is None else self._whole(write_block(shown))

    def _part(self) -> AnyPart | None:
        begin = self._held[0] if self._held else None
        return begin.part if isinstance(begin, PartBegin) else None

    def _flowing(self) -> bool:
        part = self._part()
        return part is not None and _flows(part)

    def _words(self, words: str) -> bytes:
        head = self._opened()
        kind, member = _DELTAS[self._open]
        return head + _WORDS % (self._index, kind, member, encode_json(words))

    def _opened(self) -> bytes:
        """Begin the block of words that is held, if that was not done."""
        part = self._part()
        if self._open or part is None:
            return b""
        if isinstance(part, ToolCall):
            return self._call_opened()
        self._open = "thinking" if isinstance(part, Reasoning) else "text"
        extras = part.extras if self._own else {}
        bare = {"thinking": "", "signature": ""} if self._open == "thinking" else {"text": ""}
        return _event("content_block_start", index=self._index, content_block={"type": self._open, **bare, **extras})

    def _call_opened(self) -> bytes:
        self._open = "tool_use"
        shown = shown_part(with_words(_folded(self._held), ""), self._notes, own=self._own)
        block = {} if shown is None else write_block(shown)
        return _event("content_block_start", index=self._index, content_block={**block, "input": {}})

    def _closing(self, part: AnyPart) -> bytes:
        """Write what only the whole part tells: the signature of its thinking."""
        shown = shown_part(part, self._notes, own=self._own)
        signature = shown.state.data.get("signature") if isinstance(shown, Reasoning) and shown.state else None
        return self._piece({"type": "signature_delta", "signature": signature}) if signature else b""

    def _whole(self, block: dict[str, JSON]) -> bytes:
        """Write a block that is whole: the input of a tool as its one piece, words as one piece too."""
        kind, given = block.get("type"), block.get("input")
        pieces = b""
        if isinstance(kind, str) and kind in _WITH_INPUT and isinstance(given, dict):
            block = {**block, "input": {}}
            pieces = self._piece({"type": "input_json_delta", "partial_json": json_text(given)})
        if kind == "thinking" and block.get("signature"):
            pieces = self._piece({"type": "signature_delta", "signature": block["signature"]})
            block = {**block, "signature": ""}
        start = _event("content_block_start", index=self._index, content_block=block)
        return start + pieces + self._stop()

    def _piece(self, delta: JSON) -> bytes:
        return _event("content_block_delta", index=self._index, delta=delta)

    def _stop(self) -> bytes:
        stop = _event("content_block_stop", index=self._index)
        self._index += 1
        self._open = ""
        return stop

    def _choice_end(self, event: ChoiceEnd) -> bytes:
        self._end = event
        return b""

    def _note(self, event: Aside) -> bytes:
        self._aside |= event.extras
        self._tier = event.tier or self._tier
        return b""

    def _passed_on(self, event: Unknown) -> bytes:
        if not self._own or event.dialect != NAME or not event.name.isprintable():
            return b""
        return write_event(event.data.replace(b"\n", b" "), event.name.encode())

    def _ping(self, event: Ping) -> bytes:
        return _event("ping")

    def _broken(self, event: Broken) -> bytes:
        self._over = True
        return write_event(encode_json(error_body(event.error, self._notes.call_id)), b"error")

    def _finish(self, event: End) -> bytes:
        self._over = True
        end, own = self._end or ChoiceEnd(stop=None), self._own
        delta = write_stop(end.stop, end.said, end.sequence, own=own, refused=self._refused)
        aside = dict(self._aside) if own else {}
        if own:
            delta |= end.extras
            delta |= {name: aside.pop(name) for name in ("container",) if name in aside}
        aside |= {"delta": delta, "usage": self._counts(self._tier)}
        return _event("message_delta", **aside) + _event("message_stop")


def _flows(part: AnyPart) -> bool:
    return isinstance(part, Text | Refusal | Reasoning | ToolCall)


def _folded(held: list[AnyEvent]) -> AnyPart:
    return fold([Begin(origin=""), *held, End()]).choices[0].parts[0]


def _event(kind: str, /, **members: JSON) -> bytes:
    return write_event(encode_json({"type": kind, **members}), kind.encode())


_WRITERS: Mapping[type, Callable[..., bytes]] = {
    PartBegin: MessageStream._part_begin,
    Delta: MessageStream._delta,
    Detail: MessageStream._detail,
    Replaced: MessageStream._replaced,
    PartEnd: MessageStream._part_end,
    ChoiceEnd: MessageStream._choice_end,
    Aside: MessageStream._note,
    Unknown: MessageStream._passed_on,
    Ping: MessageStream._ping,
    Broken: MessageStream._broken,
    End: MessageStream._finish,
}
