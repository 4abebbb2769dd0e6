"""Reading requests (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, 2026-11)."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from tollbridge import BadRequest, GatewayError
from tollbridge.formats import (
    JSON,
    AnyPart,
    Envelope,
    Fields,
    Format,
    FormatKind,
    Message,
    Notes,
    Request,
    Role,
    Thinking,
    ToolResult,
    decode_json,
    json_text,
)
from tollbridge_bedrock.blocks_in import BlockReader
from tollbridge_bedrock.extra_fields import FIELD, read_extra
from tollbridge_bedrock.tools import read_choice, read_tools
from tollbridge_bedrock.words import NAME

_ROLES: Mapping[str, Role] = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_ESSENTIAL = ("guardrailConfig", "promptVariables")
"""Without a guardrail a request is less safe than its caller thinks, without the variables it has no words."""
EFFORT = "outputConfig.effort"


def read_request(body: bytes, envelope: Envelope, notes: Notes) -> Request:
    """Read what a caller asks for; raises `BadRequest` naming the field that is wrong."""
    found = Fields(decode_json(body))
    request = read_conversation(found, envelope.model, notes)
    return replace(request, stream=True if envelope.stream else None)


def read_conversation(found: Fields, model: str, notes: Notes) -> Request:
    """Read the members of a request, in whatever object they stand."""
    reader = _Reading(found, notes)
    messages = (*reader.system(), *reader.messages())
    told: dict[str, Any] = {**reader.inference(), **reader.tools(), **reader.output(), **reader.tier()}
    extra = read_extra(found)
    reader.keep(FIELD, extra.rest)
    thinking, effort = extra.thinking, told.pop("effort", None)
    if effort is not None and extra.has_effort:
        reader.keep("outputConfig", {**reader.extras.get("outputConfig", {}), "effort": effort})
    elif effort is not None:
        thinking = Thinking(effort=effort) if thinking is None else replace(thinking, effort=effort)
        reader.spelling.append(EFFORT)
    metadata = found.members("requestMetadata")
    return Request(
        origin=NAME,
        model=model,
        messages=messages,
        top_k=extra.top_k,
        thinking=thinking,
        metadata=metadata,
        essential=tuple(name for name in _ESSENTIAL if name in found),
        spelling=(*reader.spelling, *extra.spelling),
        extras={**found.rest(), **reader.extras},
        **told,
    )


class _Reading:
    """Takes the members of a request one after the other; `spelling` and `extras` are what they leave."""

    def __init__(self, found: Fields, notes: Notes) -> None:
        self._found = found
        self._blocks = BlockReader(notes, answer=False)
        self.spelling: list[str] = []
        self.extras: dict[str, JSON] = {}

    def keep(self, name: str, rest: JSON) -> None:
        """Keep what is left of a member."""
        if rest:
            self.extras[name] = rest

    def system(self) -> list[Message]:
        items = self._found.items("system")
        if items is None:
            return []
        if not items:
            self.spelling.append("system")
            return []
        parts = self._blocks.read(items, self._found.path("system"), Role.SYSTEM)
        return [Message(role=Role.SYSTEM, parts=tuple(parts), apart=True, listed=True)]

    def messages(self) -> list[Message]:
        items = self._found.each("messages")
        if items is None:
            self.spelling.append("messages")
        return [message for item in items or () for message in self._message(item)]

    def _message(self, found: Fields) -> list[Message]:
        said = found.need("role", found.text("role"))
        role = _ROLES.get(said)
        if role is None:
            raise found.error("role", f"must be one of {', '.join(_ROLES)}")
        content = found.items("content")
        if content is None:
            raise found.error("content", "is missing")
        parts = self._blocks.read(content, found.path("content"), role)
        runs: list[tuple[Role, list[AnyPart]]] = []
        for part in parts:
            kind = Role.TOOL if isinstance(part, ToolResult) else role
            if not runs or runs[-1][0] is not kind:
                runs.append((kind, []))
            runs[-1][1].append(part)
        first, *others = runs or [(role, [])]
        head = Message(role=first[0], parts=tuple(first[1]), listed=True, spelling=said, extras=found.rest())
        return [
            head,
            *(Message(role=kind, parts=tuple(run), joined=True, listed=True, spelling=said) for kind, run in others),
        ]

    def inference(self) -> dict[str, Any]:
        inner = self._found.inner("inferenceConfig")
        if inner is None:
            return {}
        if not inner.rest():
            self.spelling.append("inferenceConfig")
        stop = inner.items("stopSequences")
        if stop is not None and not all(isinstance(word, str) for word in stop):
            raise inner.error("stopSequences", "must be a list of texts")
        told = {
            "max_output": inner.whole("maxTokens"),
            "temperature": inner.number("temperature"),
            "top_p": inner.number("topP"),
            "stop": None if stop is None else tuple(stop),
        }
        self.keep("inferenceConfig", inner.rest())
        return told

    def tools(self) -> dict[str, Any]:
        inner = self._found.inner("toolConfig")
        if inner is None:
            return {}
        if not inner.rest():
            self.spelling.append("toolConfig")
        told = {"tools": read_tools(inner), "choice": read_choice(inner)}
        self.keep("toolConfig", inner.rest())
        return told

    def tier(self) -> dict[str, Any]:
        inner = self._found.inner("serviceTier")
        if inner is None:
            return {}
        tier = inner.text("type")
        if tier is None:
            self._found.put_back("serviceTier", inner.rest())
        else:
            self.keep("serviceTier", inner.rest())
        return {"tier": tier}

    def output(self) -> dict[str, Any]:
        inner = self._found.inner("outputConfig")
        if inner is None:
            return {}
        if not inner.rest():
            self.spelling.append("outputConfig")
        told = {"effort": inner.text("effort"), "format": _read_format(inner)}
        self.keep("outputConfig", inner.rest())
        return told


def _read_format(found: Fields) -> Format | None:
    """Take `textFormat`, whose schema is a text in JSON."""
    given = found.peek("textFormat")
    shape = given.get("structure") if isinstance(given, dict) and given.get("type") == "json_schema" else None
    if not isinstance(shape, dict) or not isinstance(shape.get("jsonSchema"), dict):
        return None
    outer = found.inner("textFormat") or Fields({})
    outer.take("type")
    middle = outer.inner("structure") or Fields({})
    inner = middle.inner("jsonSchema") or Fields({})
    text = inner.need("schema", inner.text("schema"))
    try:
        schema = decode_json(text)
    except GatewayError as exc:
        where = inner.path("schema")
        raise BadRequest(f"the field {where!r} is no valid JSON", param=where) from exc
    name, description = inner.text("name"), inner.text("description")
    for around, member, within in ((middle, "jsonSchema", inner), (outer, "structure", middle)):
        if within.rest():
            around.put_back(member, within.rest())
    return Format(
        kind=FormatKind.SCHEMA,
        schema=schema,
        name=name,
        description=description,
        spelling="" if json_text(schema) == text else text,
        extras=outer.rest(),
    )
