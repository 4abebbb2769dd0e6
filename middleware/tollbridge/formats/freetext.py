"""Tools that take free text, asked of providers that know only objects.

Such a tool goes to them as one with a single text argument, `input`. What comes back is made free text again, so that
the caller sees the kind of call it knows.
"""

from msgspec.structs import replace

from tollbridge.errors import GatewayError
from tollbridge.formats.conversation import Request, Tool
from tollbridge.formats.events import AnyEvent, ChoiceEnd, Delta, PartBegin, PartEnd
from tollbridge.formats.parts import AnyPart, ToolCall
from tollbridge.formats.response import Response
from tollbridge.formats.values import decode_json

ARGUMENT = "input"


def free_text_tools(request: object) -> frozenset[str]:
    """Give the names of the tools of a request that take free text."""
    tools = request.tools if isinstance(request, Request) else None
    return frozenset(tool.name for tool in tools or () if isinstance(tool, Tool) and tool.custom)


def unwrapped(arguments: str) -> str:
    """Give the text that was put into an object, or the arguments as they are."""
    try:
        value = decode_json(arguments)
    except GatewayError:
        return arguments
    text = value.get(ARGUMENT) if isinstance(value, dict) and len(value) == 1 else None
    return text if isinstance(text, str) else arguments


def freed(response: Response, names: frozenset[str]) -> Response:
    """Give an answer with calls of these tools as calls with free text."""
    if not names:
        return response
    choices = tuple(
        replace(choice, parts=tuple(_freed(part, names) for part in choice.parts)) for choice in response.choices
    )
    return replace(response, choices=choices)


def _freed(part: AnyPart, names: frozenset[str]) -> AnyPart:
    if isinstance(part, ToolCall) and part.name in names and not part.custom:
        return replace(part, custom=True, arguments=unwrapped(part.arguments))
    return part


class FreeText:
    """Does the same to the events of a stream: such a call waits until it is whole."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._held: dict[tuple[int, int], tuple[ToolCall, list[str]]] = {}

    def add(self, event: AnyEvent) -> list[AnyEvent]:
        """Take the next event, give those that can go on."""
        if isinstance(event, PartBegin):
            part = event.part
            if not isinstance(part, ToolCall) or part.name not in self._names or part.custom:
                return [event]
            self._held[event.choice, event.index] = (part, [part.arguments])
            return []
        if isinstance(event, Delta) and (event.choice, event.index) in self._held:
            self._held[event.choice, event.index][1].append(event.text)
            return []
        if isinstance(event, PartEnd):
            return [*self._whole(event.choice, event.index), event]
        if isinstance(event, ChoiceEnd):
            ended = [place for place in self._held if place[0] == event.choice]
            return [*(whole for place in ended for whole in self._whole(*place)), event]
        return [event]

    def _whole(self, choice: int, index: int) -> list[AnyEvent]:
        part, words = self._held.pop((choice, index), (None, []))
        if part is None:
            return []
        whole = replace(part, custom=True, arguments=unwrapped("".join(words)))
        return [PartBegin(part=whole, index=index, choice=choice)]
