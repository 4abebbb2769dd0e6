"""Thinking, which has one place and nothing beside it that must go back: Ollama asks for no signatures.

What another provider wants back is packed into a member of our own, `thinking_signature`, and behind the ids of calls.
Clients that return a message as it came return it; Ollama's Python client (0.6.3) returns neither.
"""

from collections.abc import Sequence

from tollbridge.formats import Fields, Notes, Reasoning, pack_thinking, unpack_thinking

SIGNATURE = "thinking_signature"


def read_thought(found: Fields, notes: Notes) -> list[Reasoning]:
    """Take the thinking of a message: as it was signed, or the words alone."""
    signed = read_signed(found, notes)
    words = found.text("thinking")
    return signed or ([Reasoning(text=words)] if words else [])


def read_signed(found: Fields, notes: Notes) -> list[Reasoning]:
    """Take the thinking that was packed."""
    packed = found.peek(SIGNATURE)
    signed = unpack_thinking(packed, notes.seal) if isinstance(packed, str) else []
    if signed:
        found.take(SIGNATURE)
    return signed


def write_signature(thought: Sequence[Reasoning], notes: Notes) -> str | None:
    """Pack what providers want back; None where they want nothing."""
    packed = pack_thinking(thought, notes.seal)
    if packed is None and any(part.state is not None for part in thought):
        notes.drop("message.thinking.state")
    return packed
