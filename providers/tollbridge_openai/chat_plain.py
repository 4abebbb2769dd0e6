"""What is common to plain requests and plain answers: those whose members are all known by name and type.

Most are. They are decoded into structs at once, and what does not fit those is left to the readers that look at each
member by itself, with the same result: `chat_reading` and `chat_answers_in`.
"""

from typing import Any, Literal

import msgspec

from tollbridge.formats import ToolCall

UNSAID: Any = None
"""Stands for a member that is absent.  Its type takes no null: a null is kept, and that is not done here."""


class Plain(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An object without a member that has no name here."""


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
