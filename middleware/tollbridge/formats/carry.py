"""Thinking of another dialect, carried in a tool call's id: clients that drop all they do not know send ids back."""

from collections.abc import Sequence

from tollbridge.formats.parts import Reasoning, State
from tollbridge.formats.seal import Seal, join_id, split_id
from tollbridge.formats.values import JSON

OURS = "tollbridge"
"""The `dialect` of a state that holds others."""


def pack_thinking(thought: Sequence[Reasoning], seal: Seal) -> str | None:
    """Pack reasoning that has a state, words and all; None where there is none, or too much."""
    held = [_told(part) for part in thought if part.state is not None]
    return seal.pack(State(OURS, {"before": held})) if held else None


def unpack_thinking(text: str, seal: Seal) -> list[Reasoning]:
    """Give the reasoning a text holds, nothing for any other text."""
    state = seal.unpack(text)
    return _thought(state) if state is not None and state.dialect == OURS else []


def carry(id_: str, own: State | None, thought: Sequence[Reasoning], seal: Seal) -> str:
    """Put a call's own state, and the reasoning before it, behind the call's id."""
    held = [_told(part) for part in thought if part.state is not None]
    if own is None and not held:
        return id_
    data: dict[str, JSON] = {"before": held}
    if own is not None:
        data["own"] = [own.dialect, own.data]
    return join_id(id_, State(OURS, data), seal)


def carried(id_: str, seal: Seal) -> tuple[str, State | None, list[Reasoning]]:
    """Give what `carry` was given."""
    bare, state = split_id(id_, seal)
    if state is None or state.dialect != OURS:
        return bare, state, []
    own = state.data.get("own")
    return bare, State(*own) if own is not None else None, _thought(state)


def _told(part: Reasoning) -> JSON:
    state = part.state
    return [part.text, part.summary, state.dialect if state else "", state.data if state else {}]


def _thought(state: State) -> list[Reasoning]:
    return [
        Reasoning(text=text, summary=summary, state=State(dialect, data))
        for text, summary, dialect, data in state.data["before"]
    ]
