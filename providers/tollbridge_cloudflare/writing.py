"""Writing a request to run a model."""

from collections.abc import Mapping, Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    ChoiceMode,
    Format,
    FormatKind,
    Media,
    MediaKind,
    Message,
    Notes,
    Opaque,
    Reasoning,
    Refusal,
    Request,
    Role,
    ServerTool,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
    add_extras,
    encode_json,
    in_turns,
    known_choice,
    present,
    write_url,
)
from tollbridge_cloudflare.calls import BARE, EMPTY, FLAT, NAME, SILENT, UNTYPED, write_call

_KINDS = {FormatKind.TEXT: "text", FormatKind.JSON: "json_object", FormatKind.SCHEMA: "json_schema"}
_EFFORTS: Mapping[str, str | None] = {
    "none": None,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
_LOW_BUDGET, _MEDIUM_BUDGET = 1_024, 8_192
"""Tokens of thinking up to which effort is low and medium, as the chat dialect has it."""


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request; what cannot be said is noted."""
    native = request.origin == NAME
    members: dict[str, JSON] = {}
    if native and "prompt" in request.spelling:
        members["prompt"] = "".join(part.text for part in request.messages[0].parts if isinstance(part, Text))
    elif not native or "input" not in request.spelling:
        members["messages"] = _Messages(request, notes).written()
    members.update(
        present(
            stream=request.stream,
            max_tokens=request.max_output,
            temperature=request.temperature,
            top_p=request.top_p,
            top_k=request.top_k,
            frequency_penalty=request.frequency_penalty,
            presence_penalty=request.presence_penalty,
            seed=request.seed,
            response_format=_format(request.format, notes, native=native),
        )
    )
    members.update(_tools(request, notes, native=native))
    members.update(_thinking(request.thinking, notes, native=native))
    if native:
        return encode_json(add_extras(members, request.extras))
    for name in request.essential:
        notes.refuse(name)
    notes.drop_given(
        stop=request.stop,
        answers=request.answers if request.answers != 1 else None,
        logprobs=request.logprobs or None,
        top_logprobs=request.top_logprobs or None,
        verbosity=request.verbosity,
        metadata=request.metadata,
        user=request.user,
        tier=request.tier,
        cache=request.cache,
        cache_key=request.cache_key,
        store=request.store or None,
    )
    notes.drop_extras(request.extras)
    return encode_json(members)


def _format(form: Format | None, notes: Notes, *, native: bool) -> JSON:
    """Give `response_format`: its schema is bare, so a name and a description go into it."""
    if form is None or (form.kind is FormatKind.TEXT and not native):
        return None
    members: dict[str, JSON] = {"type": _KINDS[form.kind]}
    schema = form.schema
    if isinstance(schema, dict) and not native:
        schema = {**present(title=form.name, description=form.description), **schema}
    members.update(present(json_schema=schema))
    if native:
        return add_extras(members, form.extras)
    notes.drop_given("format", strict=form.strict or None)
    notes.drop_extras(form.extras, "format")
    return members


def _tools(request: Request, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give tools and the choice among them; where only some are allowed, the others are left out."""
    choice = request.choice if native else known_choice(request, notes)
    allowed = choice.names if choice is not None and choice.mode in (ChoiceMode.AUTO, ChoiceMode.REQUIRED) else ()
    tools = []
    for tool in request.tools or ():
        if isinstance(tool, ServerTool):
            notes.drop(f"tools[].{tool.tool or 'server_tool'}")
        elif not allowed or tool.name in allowed:
            tools.append(_tool(tool, notes, native=native))
    members: dict[str, JSON] = {}
    if tools or (native and request.tools is not None):
        members["tools"] = tools
    if not native:
        notes.drop_given(parallel_tools=request.parallel_tools)
    if choice is not None and (tools or native):
        if choice.mode is ChoiceMode.NAMED:
            members["tool_choice"] = {"type": "function", "function": {"name": choice.names[0]}}
        else:
            members["tool_choice"] = choice.mode.value
    elif choice is not None and (choice.names or choice.mode is ChoiceMode.REQUIRED):
        notes.drop("choice")
    return members


def _tool(tool: Tool, notes: Notes, *, native: bool) -> JSON:
    if native:
        inner = present(name=tool.name, description=tool.description, parameters=tool.schema)
        typed: dict[str, JSON] = {} if UNTYPED in tool.spelling else {"type": "function"}
        return add_extras({**typed, **(inner if FLAT in tool.spelling else {"function": inner})}, tool.extras)
    notes.drop_given("tools[]", strict=tool.strict or None, cache=tool.cache)
    notes.drop_extras(tool.extras, "tools[]")
    schema = tool.schema if tool.schema is not None else {"type": "object", "properties": {}}
    inner = {"name": tool.name, "description": tool.description or "", "parameters": schema}
    return {"type": "function", "function": inner}


def _thinking(thinking: Thinking | None, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give `reasoning_effort`: null for none at all."""
    if thinking is None:
        return {}
    if native:
        return {"reasoning_effort": thinking.effort}
    notes.drop_given("thinking", shown=thinking.shown or None, summary=thinking.summary)
    notes.drop_extras(thinking.extras, "thinking")
    effort = thinking.effort or ""
    if effort in _EFFORTS:
        if _EFFORTS[effort] not in (effort, None):
            notes.drop("thinking.effort")
        return {"reasoning_effort": _EFFORTS[effort]}
    notes.drop_given("thinking", effort=thinking.effort)
    if thinking.enabled is False or thinking.budget == 0:
        return {"reasoning_effort": None}
    if thinking.budget is None or thinking.budget < 0:
        notes.drop_given("thinking", enabled=thinking.enabled)
        return {}
    notes.drop("thinking.budget")
    if thinking.budget <= _MEDIUM_BUDGET:
        return {"reasoning_effort": "low" if thinking.budget <= _LOW_BUDGET else "medium"}
    return {"reasoning_effort": "high"}


class _Messages:
    """Writes the messages of one request."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._native = request.origin == NAME
        self._messages = request.messages if self._native else tuple(in_turns(request.messages))
        self._notes = notes

    def written(self) -> list[JSON]:
        return [
            written
            for message in self._messages
            for written in (self._results(message) if message.role is Role.TOOL else [self._message(message)])
        ]

    def _message(self, message: Message) -> JSON:
        role = Role.SYSTEM if message.role is Role.DEVELOPER and not self._native else message.role
        said = [part for part in message.parts if not isinstance(part, ToolCall | Reasoning)]
        user, silent = role is Role.USER, SILENT in message.spelling
        content = self._content(said, listed=message.listed, user=user, silent=silent)
        members: dict[str, JSON] = {"role": role.value, **content}
        if message.role is Role.ASSISTANT:
            members.update(self._thought(message.parts))
            calls = [part for part in message.parts if isinstance(part, ToolCall)]
            if calls or (self._native and message.spelling == EMPTY):
                members["tool_calls"] = [self._call(call, message.spelling) for call in calls]
        if self._native:
            return add_extras(members, message.extras)
        self._notes.drop_given("messages[]", name=message.name)
        self._notes.drop_extras(message.extras, "messages[]")
        return members

    def _call(self, call: ToolCall, spelling: str) -> JSON:
        if not self._native:
            self._notes.drop_given("messages[].tool_calls[]", state=call.state)
            self._notes.drop_extras(call.extras, "messages[].tool_calls[]")
        return write_call(call, spelling.split() if self._native else (), native=self._native)

    def _thought(self, parts: Sequence[AnyPart]) -> dict[str, JSON]:
        """Give what was thought, in words; of another provider's there is nothing to send."""
        thought = [part for part in parts if isinstance(part, Reasoning)]
        if any(part.state is not None for part in thought):
            self._notes.drop("messages[].content[].reasoning")
        own = [part.text for part in thought if part.state is None]
        return {"reasoning": "".join(own)} if own else {}

    def _content(
        self, parts: Sequence[AnyPart], *, listed: bool, user: bool = False, silent: bool = False
    ) -> dict[str, JSON]:
        """Give `content`: a text where that is all; users may send several, others' stand on lines of their own."""
        if self._native:
            if not listed and len(parts) == 1 and isinstance(parts[0], Text):
                return {"content": parts[0].text}
            if silent:
                return {"content": ""}
            return {"content": [self._part(part) for part in parts]} if parts or listed else {}
        written = [found for part in parts if (found := self._part(part)) is not None]
        if all(part["type"] == "text" for part in written) and (len(written) < 2 or not user):
            return {"content": "\n".join(part["text"] for part in written)}
        return {"content": written}

    def _part(self, part: AnyPart) -> JSON:
        if isinstance(part, Text | Refusal):
            members: dict[str, JSON] = {"type": "text", "text": part.text}
        elif isinstance(part, Media):
            members = self._media(part)
        elif isinstance(part, Opaque) and self._native:
            return part.raw
        else:
            kind = part.kind if isinstance(part, Opaque) else part.__struct_config__.tag
            self._notes.drop(f"messages[].content[].{kind}")
            return None
        if self._native:
            return add_extras(members, part.extras)
        self._notes.drop_given("messages[].content[]", cache=part.cache)
        self._notes.drop_extras(part.extras, "messages[].content[]")
        return members

    def _media(self, part: Media) -> dict[str, JSON]:
        if part.kind is MediaKind.FILE and part.text is not None:
            return {"type": "text", "text": part.text}
        url = write_url(part, "image/png")
        if part.kind is not MediaKind.IMAGE or url is None:
            self._notes.refuse(f"messages[].content[].{part.kind}")
        return {"type": "image_url", "image_url": present(url=url, detail=part.detail)}

    def _results(self, message: Message) -> list[JSON]:
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        return [self._result(part, message) for part in results]

    def _result(self, part: ToolResult, message: Message) -> JSON:
        members: dict[str, JSON] = {"role": "tool", **self._content(part.content, listed=part.listed)}
        if not self._native or message.spelling != BARE:
            members["tool_call_id"] = part.call_id
        members.update(present(name=part.name))
        if self._native:
            return add_extras(members, message.extras)
        self._notes.drop_given("messages[].content[]", is_error=part.error or None, cache=part.cache)
        return members
