"""Reading plain requests at once; what is in them is said in `requests_in`, which reads all others.

What is said and the tools are most of a request, and are read here; the few settings beside them are not.
"""

from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import UNSET

from tollbridge.formats import JSON, UNREADABLE, Envelope, Message, Notes, Request, Role, Tool
from tollbridge_gemini.call_ids import CallIds
from tollbridge_gemini.names import Members, spelt
from tollbridge_gemini.parts_in import PartReader
from tollbridge_gemini.plain import UNSAID, Plain, PlainPart
from tollbridge_gemini.requests_in import Said, asked, in_runs, spelling_in
from tollbridge_gemini.schemas import read_schema

_ROLES = {None: Role.USER, "user": Role.USER, "model": Role.ASSISTANT}


class _Content(Plain):
    parts: list[PlainPart]
    role: Literal["user", "model"] = UNSAID


class _System(Plain):
    parts: list[PlainPart]
    role: str = UNSAID


class _Function(Plain):
    """A function; the google-genai SDK says its JSON Schema by the proto name."""

    name: str
    description: str = UNSAID
    parameters: dict[str, JSON] = UNSAID
    parameters_json_schema: dict[str, JSON] = UNSAID
    proto_schema: dict[str, JSON] = msgspec.field(default=UNSAID, name="parameters_json_schema")

    @property
    def clear(self) -> bool:
        """Whether it has no more than one schema."""
        return (self.parameters, self.parameters_json_schema, self.proto_schema).count(None) > 1


class _Tool(Plain):
    function_declarations: list[_Function]


class _PlainRequest(Plain):
    contents: list[_Content]
    system_instruction: _System = UNSAID
    tools: list[_Tool] = UNSAID
    tool_config: JSON = UNSET
    generation_config: JSON = UNSET
    safety_settings: JSON = UNSET
    cached_content: JSON = UNSET
    labels: JSON = UNSET
    model: JSON = UNSET

    @property
    def clear(self) -> bool:
        """Whether all of its parts and tools are."""
        system = self.system_instruction
        said = [content.parts for content in self.contents] + ([] if system is None else [system.parts])
        for parts in said:
            for part in parts:
                if not part.clear:
                    return False
        for tool in self.tools or ():
            if not tool.function_declarations or not all([each.clear for each in tool.function_declarations]):
                return False
        return True


_decode = msgspec.json.Decoder(_PlainRequest, float_hook=Decimal).decode
_SETTINGS = {
    "tool_config": "toolConfig",
    "generation_config": "generationConfig",
    "safety_settings": "safetySettings",
    "cached_content": "cachedContent",
    "labels": "labels",
    "model": "model",
}


def read_plain_request(body: bytes, envelope: Envelope, notes: Notes) -> Request | None:
    """Read a request, None for one that is not plain; raises `BadRequest` for settings that are wrong."""
    try:
        found = _decode(body)
    except UNREADABLE:
        return None
    if not found.clear:
        return None
    reader = PartReader(notes, CallIds(notes.call_id))
    messages: list[Message] = []
    if found.system_instruction is not None:
        messages.append(_system(found.system_instruction, reader))
    for content in found.contents:
        messages += _messages(content, reader)
    spelling = {} if found.contents else {"contents": "none"}
    tools = found.tools
    if tools is not None:
        spelling["tools"] = ",".join([str(len(tool.function_declarations)) for tool in tools])
    functions = None if tools is None else tuple([_tool(each) for tool in tools for each in tool.function_declarations])
    settings = {name: value for field, name in _SETTINGS.items() if (value := getattr(found, field)) is not UNSET}
    return asked(Members(settings), envelope, Said(messages, functions, spelling))


def _system(found: _System, reader: PartReader) -> Message:
    parts = reader.plain(found.parts)
    spelling = spelling_in(reader)
    if found.role is not None:
        spelling["role"] = found.role
    return Message(role=Role.SYSTEM, parts=parts, apart=True, listed=True, spelling=spelt(spelling))


def _messages(found: _Content, reader: PartReader) -> list[Message]:
    parts = reader.plain(found.parts)
    spelling = spelling_in(reader)
    if found.role is None:
        spelling["role"] = ""
    return in_runs(Message(role=_ROLES[found.role], parts=parts, listed=True, spelling=spelt(spelling)))


def _tool(found: _Function) -> Tool:
    if found.parameters is None:
        schema = found.proto_schema if found.parameters_json_schema is None else found.parameters_json_schema
        return Tool(name=found.name, description=found.description, schema=schema)
    schema, spelling = read_schema(found.parameters)
    return Tool(name=found.name, description=found.description, schema=schema, spelling=spelling)
