"""The blocks of a stream while their pieces come.

What comes whole in an answer and in pieces here (the input of a server's tool, a compaction) is told whole at its end,
by `Replaced`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyEvent,
    AnyPart,
    Delta,
    Detail,
    Fields,
    Opaque,
    Reasoning,
    Replaced,
    Seal,
    ServerCall,
    Text,
    ToolCall,
    decode_json,
    object_text,
)
from tollbridge_anthropic.citations import read_citation
from tollbridge_anthropic.content_in import OF_ASSISTANTS, read_block, signed_state
from tollbridge_anthropic.content_out import INVALID
from tollbridge_anthropic.words import NAME


@dataclass(slots=True)
class Block:
    """A block while its pieces come.  `given` are the arguments that stood at its beginning."""

    part: AnyPart
    index: int
    given: str = ""
    words: list[str] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    signature: str = ""
    more: dict[str, JSON] = field(default_factory=dict)


def begun(raw: dict[str, JSON], index: int, seal: Seal) -> Block:
    """Begin a block with what stands at its start."""
    if raw.get("citations") == []:  # more of them may come, or none
        raw = {name: member for name, member in raw.items() if name != "citations"}
    part = read_block(Fields(raw, wrong=None), OF_ASSISTANTS, seal)
    if isinstance(part, ToolCall):
        return Block(replace(part, arguments=""), index, given=part.arguments)
    if not isinstance(part, Reasoning):
        return Block(part, index)
    own = part.state is not None and part.state.dialect == NAME
    signature = part.state.data.get("signature", "") if part.state is not None and own else ""
    return Block(replace(part, state=None) if signature else part, index, words=[part.text], signature=signature)


def with_piece(block: Block, delta: Fields) -> list[AnyEvent] | None:
    """Add a piece to a block; None for one that does not belong to it."""
    kind = delta.peek("type")
    add = _DELTAS.get(kind) if isinstance(kind, str) else None
    return None if add is None else add(block, delta)


def _text_delta(block: Block, delta: Fields) -> list[AnyEvent] | None:
    text = delta.text("text")
    return None if text is None or not isinstance(block.part, Text) else [Delta(text=text, index=block.index)]


def _thinking_delta(block: Block, delta: Fields) -> list[AnyEvent] | None:
    text = delta.text("thinking")
    if text is None or not isinstance(block.part, Reasoning):
        return None
    block.words.append(text)
    return [Delta(text=text, index=block.index)]


def _signature_delta(block: Block, delta: Fields) -> list[AnyEvent] | None:
    signature = delta.text("signature")
    if signature is None or not isinstance(block.part, Reasoning):
        return None
    block.signature = signature
    return []


def _json_delta(block: Block, delta: Fields) -> list[AnyEvent] | None:
    text = delta.text("partial_json")
    if text is None or not isinstance(block.part, ToolCall | ServerCall | Opaque):
        return None
    block.pieces.append(text)
    return [Delta(text=text, index=block.index)] if isinstance(block.part, ToolCall) else []


def _citations_delta(block: Block, delta: Fields) -> list[AnyEvent] | None:
    raw = delta.members("citation")
    if raw is None or not isinstance(block.part, Text):
        return None
    return [Detail(index=block.index, citations=(read_citation(raw),))]


def _compaction_delta(block: Block, delta: Fields) -> list[AnyEvent] | None:
    if not isinstance(block.part, Opaque):
        return None
    content = delta.text("content")
    delta.take("type")
    if content is not None:
        block.words.append(content)
    block.more.update(delta.rest())
    return []


def finished(block: Block, seal: Seal) -> list[AnyEvent]:
    """Tell of a block what is only known at its end."""
    part, text = block.part, "".join(block.pieces)
    if isinstance(part, ToolCall):
        lacking = not text.strip() and "input" not in part.extras
        return [Delta(text=block.given or "{}", index=block.index)] if lacking else []
    if isinstance(part, Reasoning):
        words = "".join(block.words)
        state = signed_state(words, block.signature, seal) if block.signature else None
        return [] if state is None else [Detail(index=block.index, state=state)]
    if not isinstance(part, ServerCall | Opaque):
        return []
    given = dict(block.more)
    if text:
        given["input"] = decode_json(text) if object_text(text) else {INVALID: text}
    if block.words:
        given["content"] = "".join(block.words)
    return [Replaced(part=replace(part, raw={**part.raw, **given}), index=block.index)] if given else []


_DELTAS: Mapping[str, Callable[[Block, Fields], list[AnyEvent] | None]] = {
    "text_delta": _text_delta,
    "thinking_delta": _thinking_delta,
    "signature_delta": _signature_delta,
    "input_json_delta": _json_delta,
    "citations_delta": _citations_delta,
    "compaction_delta": _compaction_delta,
}
