"""Tools that take free text, asked of providers that know only objects.

Such a tool goes to them as a function with a single text argument, `input`. What comes back is made free text again, so
that the caller sees the kind of call it knows.
"""

from msgspec.structs import replace

from tollbridge.formats.conversation import AnyTool, Message, Request, Tool
from tollbridge.formats.events import AnyEvent, ChoiceEnd, Delta, PartBegin, PartEnd, Replaced
from tollbridge.formats.notes import Notes
from tollbridge.formats.parts import AnyPart, ToolCall, ToolResult
from tollbridge.formats.response import Response
from tollbridge.formats.unwrapping import ARGUMENT, Unwrapping, unwrapped
from tollbridge.formats.values import JSON, json_text

_CALLS = (ToolCall, ToolResult)


def functions_only(request: Request, notes: Notes) -> Request:
    """Give a request without tools that take free text: they are functions, and so are their calls in it.

    A grammar is told to the model in the description of the argument. That nothing holds it to that is noted.
    """
    tools, choice = request.tools, request.choice
    return replace(
        request,
        messages=tuple(map(_called, request.messages)),
        tools=None if tools is None else tuple(_function(tool, notes) for tool in tools),
        choice=None if choice is None else replace(choice, custom=False),
    )


def _function(tool: AnyTool, notes: Notes) -> AnyTool:
    if not isinstance(tool, Tool) or not tool.custom:
        return tool
    text: dict[str, JSON] = {"type": "string"}
    if isinstance(tool.grammar, dict) and tool.grammar.get("type") != "text":
        notes.drop("tools[].grammar")
        text |= _told(tool.grammar)
    schema: JSON = {
        "type": "object",
        "properties": {ARGUMENT: text},
        "required": [ARGUMENT],
        "additionalProperties": False,
    }
    return replace(tool, custom=False, grammar=None, schema=schema)


def _told(grammar: dict[str, JSON]) -> dict[str, JSON]:
    """Describe a text by its grammar, which Chat Completions has one level deeper than Responses."""
    inner = grammar.get("grammar")
    told = inner if isinstance(inner, dict) else grammar
    syntax, definition = told.get("syntax"), told.get("definition")
    if not isinstance(syntax, str) or not isinstance(definition, str):
        return {}
    return {"description": f"Text in this grammar ({syntax}):\n{definition}"}


def _called(message: Message) -> Message:
    for part in message.parts:
        if isinstance(part, _CALLS) and part.custom:
            return replace(message, parts=tuple(map(_wrapped, message.parts)))
    return message


def _wrapped(part: AnyPart) -> AnyPart:
    if isinstance(part, ToolCall) and part.custom:
        return replace(part, custom=False, arguments=json_text({ARGUMENT: part.arguments}))
    return replace(part, custom=False) if isinstance(part, ToolResult) else part


def free_text_tools(request: object) -> frozenset[str]:
    """Give the names of the tools of a request that take free text."""
    tools = request.tools if isinstance(request, Request) else None
    return frozenset(tool.name for tool in tools or () if isinstance(tool, Tool) and tool.custom)


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
    """Does the same to the events of a stream, as they come."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        self._open: dict[tuple[int, int], Unwrapping] = {}

    def add(self, event: AnyEvent) -> list[AnyEvent]:
        """Take the next event, give those that can go on."""
        if isinstance(event, PartBegin):
            return self._begin(event)
        if isinstance(event, Delta):
            unwrapping = self._open.get((event.choice, event.index))
            return [event] if unwrapping is None else _delta(unwrapping.feed(event.text), event.choice, event.index)
        if isinstance(event, PartEnd):
            return [*self._end(event.choice, event.index), event]
        if isinstance(event, ChoiceEnd):
            ended = [place for place in self._open if place[0] == event.choice]
            return [*(rest for place in ended for rest in self._end(*place)), event]
        if isinstance(event, Replaced):
            self._open.pop((event.choice, event.index), None)
            return [replace(event, part=_freed(event.part, self._names))]
        return [event]

    def _begin(self, event: PartBegin) -> list[AnyEvent]:
        part = event.part
        if not isinstance(part, ToolCall) or part.name not in self._names or part.custom:
            return [event]
        unwrapping = self._open[event.choice, event.index] = Unwrapping()
        begun = replace(event, part=replace(part, custom=True, arguments=""))
        return [begun, *_delta(unwrapping.feed(part.arguments), event.choice, event.index)]

    def _end(self, choice: int, index: int) -> list[AnyEvent]:
        unwrapping = self._open.pop((choice, index), None)
        return [] if unwrapping is None else _delta(unwrapping.end(), choice, index)


def _delta(words: str, choice: int, index: int) -> list[AnyEvent]:
    return [Delta(text=words, choice=choice, index=index)] if words else []
