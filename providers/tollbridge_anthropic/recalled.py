"""Reasoning that came back in the ids of tool calls: a client that spoke another dialect before was given it there."""

from collections.abc import Iterable

from tollbridge.formats import AnyPart, Reasoning, encode_json


class Recalled:
    """Puts reasoning among the parts of one message where a call's id holds it: once, and none that stands there.

    Linear in the parts, however many calls hold some.
    """

    def __init__(self, parts: list[AnyPart]) -> None:
        self._parts = parts
        self._known: set[bytes] = set()
        self._looked = 0

    def put(self, thought: Iterable[Reasoning]) -> None:
        """Put the reasoning behind the parts so far, where it is new."""
        self._known.update(_told(part) for part in self._parts[self._looked :] if isinstance(part, Reasoning))
        self._looked = len(self._parts)
        for part in thought:
            told = _told(part)
            if told not in self._known:
                self._known.add(told)
                self._parts.append(part)


def _told(part: Reasoning) -> bytes:
    state = part.state
    return encode_json([part.text, part.summary, *(() if state is None else (state.dialect, state.data))])
