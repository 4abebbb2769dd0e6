"""Codecs that are loaded when they are first used: a gateway starts without those nobody asks for."""

from importlib import import_module
from typing import Any


def codec_later(kind: str, place: str) -> Any:
    """Give a `Codec` of this kind that stands elsewhere, such as `tollbridge_mine.codec:MyCodec`: an object or a class.

    It is imported when anything but its kind is first asked for; raises `ImportError` or `AttributeError` then.
    """
    return _Later(kind, place)


class _Later:
    def __init__(self, kind: str, place: str) -> None:
        self.kind = kind
        self._place = place
        self._codec: Any = None

    def __getattr__(self, name: str) -> Any:
        """Load the codec, and have all it has: what is asked later is found at once, and what it has not is known."""
        if self._codec is None:
            module, _, found = self._place.partition(":")
            codec = getattr(import_module(module), found)
            self._codec = codec = codec() if isinstance(codec, type) else codec
            self.__dict__.update({each: getattr(codec, each) for each in dir(codec) if not each.startswith("_")})
        return getattr(self._codec, name)
