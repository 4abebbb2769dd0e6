"""Putting things in the order a dialect asks for: parts of a stream one after the other, messages in turns."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from tollbridge.formats.conversation import Message, Role
from tollbridge.formats.events import AnyEvent, Broken, ChoiceEnd, Delta, Detail, End, PartBegin, PartEnd, Replaced
from tollbridge.formats.notes import Notes
from tollbridge.formats.values import JSON, NO_EXTRAS


class OneByOne:
    """Lets one part of the first answer be open at a time; what comes for others meanwhile is held back, in order.

    Other answers than the first are left out, which is noted, and so are pieces of a part that never began.
    """

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._live: int | None = None
        self._held: dict[int, list[AnyEvent]] = {}

    def add(self, event: AnyEvent) -> list[AnyEvent]:
        """Take the next event, give those whose turn it is."""
        if isinstance(event, PartBegin | Delta | Detail | Replaced | PartEnd | ChoiceEnd):
            if event.choice:
                self._notes.drop("choices")
                return []
            return [*self._rest(), event] if isinstance(event, ChoiceEnd) else self._part(event)
        return [*self._rest(), event] if isinstance(event, End | Broken) else [event]

    def _part(self, event: PartBegin | Delta | Detail | Replaced | PartEnd) -> list[AnyEvent]:
        if self._live is None and isinstance(event, PartBegin):
            self._live = event.index
        if event.index != self._live:
            if isinstance(event, PartBegin):
                self._held[event.index] = [event]
            elif event.index in self._held:
                self._held[event.index].append(event)
            return []
        if not isinstance(event, PartEnd):
            return [event]
        self._live = None
        return [event, *self._promoted()]

    def _promoted(self) -> Iterator[AnyEvent]:
        while self._held and self._live is None:
            index = next(iter(self._held))
            events = self._held.pop(index)
            yield from events
            if not isinstance(events[-1], PartEnd):
                self._live = index

    def _rest(self) -> list[AnyEvent]:
        rest: list[AnyEvent] = []
        while self._live is not None:
            rest.append(PartEnd(index=self._live))
            self._live = None
            rest += self._promoted()
        return rest


def in_turns(messages: Iterable[Message], *, together: Sequence[Role] = ()) -> list[Message]:
    """Put messages together that continue the one before; those of the roles `together` wherever they meet."""
    turns: list[list[Message]] = []
    for message in messages:
        role = message.role
        if turns and turns[-1][0].role is role and (message.joined or role in together):
            turns[-1].append(message)
        else:
            turns.append([message])
    return [_as_one(turn) if len(turn) > 1 else turn[0] for turn in turns]


def _as_one(turn: Sequence[Message]) -> Message:
    extras: dict[str, JSON] = {}
    for message in turn:
        extras.update(message.extras)
    parts = tuple(part for message in turn for part in message.parts)
    return replace(turn[0], parts=parts, listed=True, extras=extras or NO_EXTRAS)
