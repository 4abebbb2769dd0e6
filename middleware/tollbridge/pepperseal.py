"""States of providers in callers' hands, signed with what the pepper gives."""

import hmac

from tollbridge.formats.parts import State
from tollbridge.formats.seal import KeyedSeal
from tollbridge.sealing.ring import Key, KeyRing

_USE = b"state of another provider"


class PepperSeal:
    """A `Seal` that follows the ring of peppers: the newest signs, all are known."""

    def __init__(self, peppers: KeyRing) -> None:
        self._peppers = peppers
        self._keys: tuple[Key, ...] = ()
        self._seal = self._current()

    def pack(self, state: State) -> str | None:
        return self._current().pack(state)

    def unpack(self, text: str) -> State | None:
        return self._current().unpack(text)

    def _current(self) -> KeyedSeal:
        keys = self._peppers.newest_first()
        if keys is not self._keys:
            self._keys = keys
            self._seal = KeyedSeal(*(hmac.digest(key.content, _USE, "sha256") for key in keys))
        return self._seal
