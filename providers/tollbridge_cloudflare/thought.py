"""Thinking: words beside the response, and what another provider wants back with them.

Cloudflare's models want nothing back. What others want is packed into a member of our own, `reasoning_signature`, and
behind the ids of calls: clients that return a message as it came return the first, most return the second.
"""

from collections.abc import Sequence

from tollbridge.formats import JSON, Fields, Notes, Reasoning, pack_thinking, present, unpack_thinking
from tollbridge_cloudflare.calls import NAME

SIGNATURE = "reasoning_signature"


def read_thought(found: Fields, notes: Notes) -> list[Reasoning]:
    """Take what was thought: as it was signed, or the words alone."""
    signed = read_signed(found, notes)
    words = found.text("reasoning_content") or found.text("reasoning")
    return signed or ([Reasoning(text=words)] if words else [])


def read_signed(found: Fields, notes: Notes) -> list[Reasoning]:
    """Take thinking that was packed."""
    packed = found.peek(SIGNATURE)
    signed = unpack_thinking(packed, notes.seal) if isinstance(packed, str) else []
    if signed:
        found.take(SIGNATURE)
    return signed


def write_thought(thought: Sequence[Reasoning], notes: Notes) -> dict[str, JSON]:
    """Give the members of an answer that hold what was thought."""
    words = "".join(part.text for part in thought)
    return present(reasoning=words or None, **sign(thought, notes))


def sign(thought: Sequence[Reasoning], notes: Notes) -> dict[str, JSON]:
    """Pack what another provider wants back."""
    foreign = [part for part in thought if part.state is not None and part.state.dialect != NAME]
    packed = pack_thinking(foreign, notes.seal)
    if foreign and packed is None:
        notes.drop("result.reasoning.state")
    return {} if packed is None else {SIGNATURE: packed}
