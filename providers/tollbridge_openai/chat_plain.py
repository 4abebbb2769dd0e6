"""What is common to plain requests and plain answers; the other readers are `chat_reading` and `chat_answers`."""

from typing import Literal

from tollbridge.formats import Plain, ToolCall


class PlainFunction(Plain):
    name: str
    arguments: str = ""


class PlainCall(Plain):
    """A call of a function."""

    id: str
    function: PlainFunction
    type: Literal["function"]


def read_plain_call(found: PlainCall) -> ToolCall:
    """Read a call, its id as it is."""
    return ToolCall(id=found.id, name=found.function.name, arguments=found.function.arguments)
