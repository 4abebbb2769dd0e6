"""A provider's state packed into a text of another dialect, so that it comes back with the conversation.

A packed state is `tb1` and base64url without padding: it fits into a tool call's id, a signature or a field of its
own, and into nobody's way. It is signed: what a caller made up itself is not taken for a state.
"""

import hmac
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Protocol

from tollbridge.formats.parts import State
from tollbridge.formats.values import decode_json, encode_json

PREFIX = "tb1"
JOINT = "__tb1"
MOST_PACKED = 256 * 1024
"""Characters of a packed state that are still taken along."""
MOST_UNPACKED = 4 * 1024 * 1024
"""Bytes of a state that are taken along: more would have to be held for whoever sends it back."""
_MAC = 16


class Seal(Protocol):
    """Packs and unpacks states."""

    def pack(self, state: State) -> str | None:
        """Give the state as a text, None where it is too long to be taken along."""
        ...

    def unpack(self, text: str) -> State | None:
        """Give the state a text holds, None for any other text."""
        ...


class KeyedSeal:
    """Signs with a key of the gateway (HMAC-SHA-256, cut to 128 bits as RFC 2104 section 5 allows).

    What an older key of it signed is still taken for a state.
    """

    def __init__(self, key: bytes, *older: bytes) -> None:
        self._keys = (key, *older)

    def pack(self, state: State) -> str | None:
        told = encode_json([state.dialect, state.data])
        if len(told) > MOST_UNPACKED:
            return None
        packed = zlib.compress(told, 6)
        text = PREFIX + urlsafe_b64encode(_mac(self._keys[0], packed) + packed).rstrip(b"=").decode("ascii")
        return text if len(text) <= MOST_PACKED else None

    def unpack(self, text: str) -> State | None:
        if not text.startswith(PREFIX) or len(text) > MOST_PACKED:
            return None
        try:
            packed = urlsafe_b64decode(text[len(PREFIX) :] + "=" * (-(len(text) - len(PREFIX)) % 4))
        except ValueError:
            return None
        mac, packed = packed[:_MAC], packed[_MAC:]
        if not any(hmac.compare_digest(mac, _mac(key, packed)) for key in self._keys):
            return None
        opened = zlib.decompressobj()
        dialect, data = decode_json(opened.decompress(packed, MOST_UNPACKED))
        return State(dialect, data)


def _mac(key: bytes, packed: bytes) -> bytes:
    return hmac.digest(key, packed, "sha256")[:_MAC]


def join_id(id_: str, state: State | None, seal: Seal) -> str:
    """Put a state behind a tool call's id, for dialects that have no other place for it."""
    packed = seal.pack(state) if state is not None else None
    return id_ if packed is None else f"{id_}{JOINT}{packed[len(PREFIX) :]}"


def split_id(id_: str, seal: Seal) -> tuple[str, State | None]:
    """Take a state from behind an id; an id without one is given as it is."""
    head, joint, tail = id_.rpartition(JOINT)
    state = seal.unpack(PREFIX + tail) if joint else None
    return (id_, None) if state is None else (head, state)
