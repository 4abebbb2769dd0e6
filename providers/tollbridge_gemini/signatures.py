"""Thought signatures: Gemini's own, and what other providers want back, packed so that it passes for one.

A signature is bytes, base64 in JSON; the google-genai SDK decodes it and encodes it again in the URL's alphabet (read
in its source, 3.6.1, 2026-11). So what is packed is encoded once more, and either alphabet is read.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence

from tollbridge.formats import Reasoning, Seal, State, carried, carry, pack_thinking, unpack_thinking
from tollbridge_gemini.names import NAME

STAND_IN = "skip_thought_signature_validator"
"""What Google documents for tool calls that another model made
(https://docs.cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures, read 2026-11)."""

_OURS = re.compile(rb"(?:__)?tb1[A-Za-z0-9_-]+")


def own_state(signature: str) -> State:
    """Give the state that a signature of Gemini's is."""
    return State(NAME, {"signature": signature})


def own_signature(state: State | None) -> str | None:
    """Give the signature that a state is, None for one of another dialect."""
    signature = state.data.get("signature") if state is not None and state.dialect == NAME else None
    return signature if isinstance(signature, str) else None


def is_foreign(state: State | None) -> bool:
    """Whether a state is for another provider than Gemini."""
    return state is not None and state.dialect != NAME


def wrap(packed: str | None) -> str | None:
    """Give a packed state as a signature."""
    return b64encode(packed.encode("ascii")).decode("ascii") if packed else None


def unwrap(signature: str) -> str:
    """Give the packed state in a signature, empty where it is Gemini's own."""
    try:
        found = b64decode(signature.replace("-", "+").replace("_", "/") + "=" * (-len(signature) % 4))
    except ValueError:
        return ""
    return found.decode("ascii") if _OURS.fullmatch(found) else ""


def pack_call(own: State | None, thought: Sequence[Reasoning], seal: Seal) -> str | None:
    """Pack the state of a tool call, and the thinking before it for callers that send no thoughts back."""
    held = own if is_foreign(own) else None
    return wrap(carry("", held, [part for part in thought if is_foreign(part.state)], seal))


def unpack_call(signature: str, seal: Seal) -> tuple[State | None, list[Reasoning]]:
    """Give what `pack_call` was given; a signature of Gemini's own is its state."""
    packed = unwrap(signature)
    _, own, thought = carried(packed, seal) if packed else ("", None, [])
    return (own, thought) if own is not None or thought else (own_state(signature), [])


def pack_thought(part: Reasoning, seal: Seal) -> str | None:
    """Pack thinking of another provider."""
    return wrap(pack_thinking([part], seal)) if is_foreign(part.state) else None


def unpack_thought(signature: str, seal: Seal) -> list[Reasoning]:
    """Give what `pack_thought` was given, nothing for any other signature."""
    packed = unwrap(signature)
    return unpack_thinking(packed, seal) if packed else []


def pack_state(state: State | None, seal: Seal) -> str | None:
    """Pack the state of any other part."""
    return wrap(seal.pack(state)) if state is not None and is_foreign(state) else None


def unpack_state(signature: str, seal: Seal) -> State:
    """Give what `pack_state` was given; a signature of Gemini's own is its state."""
    packed = unwrap(signature)
    return (seal.unpack(packed) if packed else None) or own_state(signature)
