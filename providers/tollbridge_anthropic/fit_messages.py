"""Fitting a conversation that came in another dialect: who speaks, in which order.

The system's words stand apart; the rest begins with the user, whose results of tools come first in their turn
(https://docs.anthropic.com/en/docs/agents-and-tools/tool-use/implement-tool-use, read 2026-11).
"""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from tollbridge.formats import AnyPart, Message, Notes, Role, Text, ToolResult, in_turns
from tollbridge_anthropic.fit_parts import fit_parts, settle_states

_SYSTEM = frozenset((Role.SYSTEM, Role.DEVELOPER))
SILENCE = "(There is no message from the user.)"
"""Stands where Anthropic insists on a message of the user and there is none."""


def fit_messages(messages: Iterable[Message], notes: Notes) -> tuple[Message, ...]:
    """Fit all messages of a conversation."""
    system: list[AnyPart] = []
    turns: list[Message] = []
    spoken = False
    for message in messages:
        notes.drop_extras(message.extras, "messages[]")
        if message.name is not None:
            notes.drop("messages[].name")
        parts = settle_states(fit_parts(message.parts, message.role, notes), notes)
        if message.role in _SYSTEM:
            system += _words(parts, notes)
            if spoken:
                notes.drop("messages[].role")
            continue
        spoken = True
        if parts:
            role = Role.USER if message.role is Role.TOOL else message.role
            turns.append(Message(role=role, parts=parts, joined=message.joined, listed=message.listed))
    turns = [_results_first(turn) for turn in in_turns(turns, together=(Role.USER, Role.ASSISTANT))]
    if not turns or turns[0].role is not Role.USER:
        turns.insert(0, Message(role=Role.USER, parts=(Text(text=SILENCE),)))
    if turns[-1].role is Role.ASSISTANT:
        turns[-1] = _begun(turns[-1])
    return (*_apart(system), *turns)


def _words(parts: Sequence[AnyPart], notes: Notes) -> list[AnyPart]:
    words: list[AnyPart] = [part for part in parts if isinstance(part, Text)]
    if len(words) < len(parts):
        notes.refuse("messages[].content[]", "the words of the system are text alone for the model behind this name")
    return words


def _apart(system: Sequence[AnyPart]) -> list[Message]:
    if not system:
        return []
    listed = len(system) > 1 or system[0].cache is not None
    return [Message(role=Role.SYSTEM, parts=tuple(system), apart=True, listed=listed)]


def _results_first(turn: Message) -> Message:
    parts = turn.parts
    if len(parts) == 1:
        plain = isinstance(parts[0], Text) and parts[0].cache is None
        return turn if turn.listed is not plain else replace(turn, listed=not plain)
    return replace(turn, parts=tuple(sorted(parts, key=_no_result)), listed=True)


def _no_result(part: AnyPart) -> bool:
    return not isinstance(part, ToolResult)


def _begun(turn: Message) -> Message:
    """Let an answer that is to be continued end without a space, which Anthropic refuses."""
    last = turn.parts[-1]
    if not isinstance(last, Text):
        return turn
    return replace(turn, parts=(*turn.parts[:-1], replace(last, text=last.text.rstrip())))
