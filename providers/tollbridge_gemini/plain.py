"""What is common to plain requests, answers and pieces of a stream: all their members are known by name and type.

Most are. They are decoded into structs at once, and what does not fit those is left to the readers that look at each
member by itself, with the same result: `requests_in`, `answers` and `streams_in`. A null, which is kept, does not
fit, nor does most of what is said by a proto name.
"""

from typing import Any

import msgspec

from tollbridge.formats import JSON

UNSAID: Any = None
"""Stands for a member that is absent.  Its type takes no null: a null is kept, and that is not done here."""


class Plain(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """An object without a member that has no name here."""


class PlainHead(Plain):
    """What an answer, or a piece of one, says beside its candidates."""

    usage_metadata: dict[str, JSON] = UNSAID
    model_version: str = UNSAID
    response_id: str = UNSAID
    create_time: str = UNSAID


class PlainCall(Plain):
    """`functionCall`; None stands for what is absent."""

    name: str = ""
    args: dict[str, JSON] = UNSAID
    id: str = UNSAID


class PlainResult(Plain):
    """`functionResponse`; None stands for what is absent."""

    name: str = UNSAID
    id: str = UNSAID
    response: dict[str, JSON] = UNSAID


class PlainPart(Plain):
    """A part: a text, a thought, a call or a result; the google-genai SDK says some members by their proto names."""

    text: str = UNSAID
    thought: bool = UNSAID
    thought_signature: str = UNSAID
    function_call: PlainCall = UNSAID
    function_response: PlainResult = UNSAID
    proto_signature: str = msgspec.field(default=UNSAID, name="thought_signature")
    proto_call: PlainCall = msgspec.field(default=UNSAID, name="function_call")
    proto_response: PlainResult = msgspec.field(default=UNSAID, name="function_response")

    @property
    def clear(self) -> bool:
        """Whether it is one of these, and only a text a thought, and no member is there by both names."""
        tools = (self.function_call, self.proto_call, self.function_response, self.proto_response)
        absent = tools.count(None)
        if self.thought_signature is not None and self.proto_signature is not None:
            return False
        if self.text is not None:
            return absent == len(tools) and self.thought is not False
        return absent == len(tools) - 1 and self.thought is None

    @property
    def signed(self) -> str | None:
        """Its signature."""
        return self.proto_signature if self.thought_signature is None else self.thought_signature
