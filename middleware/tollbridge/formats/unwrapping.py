"""A text taken out of the object it was put into, `{"input": "..."}`, while that is still being written.

Once the text has begun, more is read than JSON allows, for what was given cannot be taken back: the text goes as far as
it goes, whatever stands behind it, a sign that had to be escaped is itself, and so is an escape that is none (`\\d`).
What does not begin so waits until it is whole, and is given as it was written where it holds no such text.
"""

import re
from collections.abc import Callable, Mapping

from tollbridge.errors import GatewayError
from tollbridge.formats.values import decode_json

ARGUMENT = "input"
"""What the text is called in the object."""

_BARE = f'{{"{ARGUMENT}":"'
_HEAD = re.compile(rf'\s*\{{\s*"{ARGUMENT}"\s*:\s*"')
_HEX = "[0-9a-fA-F]"
_HIGH = rf"\\u[dD][89abAB]{_HEX}{{2}}"
_PIECE = re.compile(
    rf"""(?P<plain>[^"\\]+)
    |(?P<pair>{_HIGH}\\u[dD][c-fC-F]{_HEX}{{2}})
    |(?P<half>(?:{_HIGH}(?:\\(?:u{_HEX}{{0,3}})?)?|\\(?:u{_HEX}{{0,3}})?)\Z)
    |(?P<unit>\\u{_HEX}{{4}})
    |(?P<sign>\\["\\/bfnrt])
    |(?P<none>\\.)
    |(?P<quote>")""",
    re.VERBOSE | re.DOTALL,
)
_SIGNS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_NOBODY = "\N{REPLACEMENT CHARACTER}"


def _pair(piece: str) -> str:
    return chr(0x10000 + ((int(piece[2:6], 16) & 0x3FF) << 10) + (int(piece[8:12], 16) & 0x3FF))


def _unit(piece: str) -> str:
    """Decode a code unit; half of a pair is nobody's character."""
    code = int(piece[2:6], 16)
    return _NOBODY if 0xD800 <= code <= 0xDFFF else chr(code)


_DECODED: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "pair": _pair,
    "unit": _unit,
    "sign": lambda piece: _SIGNS.get(piece[1], piece[1]),
    "none": str,
}


class _Decoding:
    """Decodes the inside of a JSON string (RFC 8259, section 7)."""

    def __init__(self) -> None:
        self._held = ""
        self._over = False

    def feed(self, words: str) -> str:
        """Take the next words, give what they say; a half escape waits for its other half."""
        if self._over:
            return ""
        given, self._held = self._held + words, ""
        said = []
        for piece in _PIECE.finditer(given):
            kind = piece.lastgroup or ""
            if kind == "quote":
                self._over = True
                break
            if kind == "half":
                self._held = piece[0]
            else:
                said.append(_DECODED[kind](piece[0]))
        return "".join(said)

    def end(self) -> str:
        """Give what was never ended: half a pair is nobody's character, any other escape itself."""
        high = re.match(_HIGH, self._held)
        return self._held if high is None else _NOBODY + self._held[high.end() :]


class Unwrapping:
    """Takes the text out of one object."""

    def __init__(self) -> None:
        self._words: list[str] = []
        self._bare = ""
        self._decoding: _Decoding | None = None

    def feed(self, words: str) -> str:
        """Take the next words of the object, give the next of the text."""
        if self._decoding is not None:
            return self._decoding.feed(words)
        self._words.append(words)
        if len(self._bare) < len(_BARE) and _BARE.startswith(self._bare):
            self._bare += "".join(words.split())
            if self._bare.startswith(_BARE):
                return self._begin("".join(self._words))
        return ""

    def _begin(self, words: str) -> str:
        head = _HEAD.match(words)
        if head is None:
            return ""
        self._decoding = _Decoding()
        return self._decoding.feed(words[head.end() :])

    def end(self) -> str:
        """Give what is left of the text, or of what holds none."""
        return _whole("".join(self._words)) if self._decoding is None else self._decoding.end()


def _whole(words: str) -> str:
    try:
        value = decode_json(words)
    except GatewayError:
        return words
    text = value.get(ARGUMENT) if isinstance(value, dict) else None
    return text if isinstance(text, str) else words


def unwrapped(arguments: str) -> str:
    """Give the text that was put into an object, or the arguments as they are."""
    unwrapping = Unwrapping()
    return unwrapping.feed(arguments) + unwrapping.end()
