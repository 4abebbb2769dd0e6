"""Writing a chat request for Mistral.

The order of roles is what mistral-common's validators take (github.com/mistralai/mistral-common, read 2026-11): behind
a tool's result comes the assistant, behind the assistant no system message, and at the end the user or a tool, or the
assistant whose words are to be continued.
"""

from collections.abc import Sequence

from tollbridge.formats import (
    EFFORTS,
    JSON,
    AnyPart,
    Format,
    FormatKind,
    Message,
    Notes,
    Reasoning,
    Request,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    add_extras,
    encode_json,
    in_turns,
    lower,
    present,
)
from tollbridge_mistral.calls import nine, write_call
from tollbridge_mistral.content import NAME, PartWriter, is_foreign
from tollbridge_mistral.reading import NO_PREFIX
from tollbridge_mistral.tools import KEYWORDS, write_tools

_BETWEEN: JSON = {"role": "assistant", "content": "OK"}
"""What the assistant says between a tool's result and the user, where it said nothing."""
_LOW, _MEDIUM = 1_024, 8_192
"""Tokens of thinking that count as low and medium effort, as in Google's OpenAI-compatible API (2026-11)."""


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request; what Mistral cannot say is noted."""
    native = request.origin == NAME
    members: dict[str, JSON] = {"model": request.model, "messages": _Messages(request, notes).written()}
    members.update(
        present(
            stream=request.stream,
            max_tokens=request.max_output,
            temperature=request.temperature,
            top_p=request.top_p,
            top_k=request.top_k,
            frequency_penalty=request.frequency_penalty,
            presence_penalty=request.presence_penalty,
            random_seed=request.seed,
            stop=_stop(request),
            n=request.answers,
            logprobs=request.logprobs,
            top_logprobs=request.top_logprobs,
            parallel_tool_calls=request.parallel_tools,
            response_format=_format(request.format, notes, native=native),
            reasoning_effort=_effort(request.thinking, notes, native=native),
            metadata=request.metadata,
            prompt_cache_key=request.cache_key,
        )
    )
    members.update(write_tools(request, notes, native=native))
    if native:
        return encode_json(add_extras(members, request.extras))
    for name in request.essential:
        notes.refuse(name)
    notes.drop_given(
        verbosity=request.verbosity, user=request.user, tier=request.tier, cache=request.cache, store=request.store
    )
    notes.drop_extras(request.extras)
    return encode_json(members)


def _stop(request: Request) -> JSON:
    if request.stop is None:
        return None
    return request.stop[0] if "stop" in request.spelling and request.origin == NAME else list(request.stop)


def _format(form: Format | None, notes: Notes, *, native: bool) -> JSON:
    if form is None:
        return None
    if form.kind is not FormatKind.SCHEMA:
        members: dict[str, JSON] = {"type": "text" if form.kind is FormatKind.TEXT else "json_object"}
    else:
        schema = form.schema if native else lower(form.schema, KEYWORDS, notes, "format.schema")
        name, strict = form.name, form.strict
        if not native:
            name, strict = form.name or "answer", True if form.strict is None else form.strict
        told = present(name=name, description=form.description, schema=schema, strict=strict)
        members = {"type": "json_schema", "json_schema": told}
    if native:
        return add_extras(members, form.extras)
    notes.drop_extras(form.extras, "format")
    return members


def _effort(thinking: Thinking | None, notes: Notes, *, native: bool) -> str | None:
    """Give `reasoning_effort`; a budget and a mere yes become the effort that comes nearest."""
    if thinking is None or native:
        return None if thinking is None else thinking.effort
    notes.drop_given("thinking", summary=thinking.summary)
    notes.drop_extras(thinking.extras, "thinking")
    if thinking.effort in EFFORTS:
        return thinking.effort
    notes.drop_given("thinking", effort=thinking.effort)
    if thinking.enabled is False or thinking.budget == 0:
        return "none"
    if thinking.budget is None or thinking.budget < 0:
        return "high" if thinking.enabled else None
    notes.drop("thinking.budget")
    return "low" if thinking.budget <= _LOW else "medium" if thinking.budget <= _MEDIUM else "high"


class _Messages:
    """Writes the messages of one request."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._native = request.origin == NAME
        self._request = request
        self._notes = notes
        self._parts = PartWriter(notes, native=self._native)
        self._names: dict[str, str] = {}

    def written(self) -> list[JSON]:
        if self._native:
            return [written for message in self._request.messages for written in self._message(message)]
        written: list[JSON] = []
        for message in in_turns(self._request.messages):
            for one in self._message(message):
                self._join(written, one)
        if written and written[-1]["role"] == "assistant" and not written[-1].get("tool_calls"):
            written[-1]["prefix"] = True
        return written

    def _join(self, written: list[JSON], one: JSON) -> None:
        """Put a message behind the others in an order Mistral takes."""
        before, role = written[-1]["role"] if written else "", one["role"]
        if role == "system" and before in ("assistant", "tool"):
            self._notes.drop("messages[].role")
            one["role"] = role = "user"
        if before == "tool" and role == "user":
            written.append(dict(_BETWEEN))
        written.append(one)

    def _message(self, message: Message) -> list[JSON]:
        if message.role is Role.TOOL:
            return [self._result(part, message) for part in message.parts if isinstance(part, ToolResult)]
        role = Role.SYSTEM if message.role is Role.DEVELOPER and not self._native else message.role
        members: dict[str, JSON] = {"role": role.value}
        if role is Role.ASSISTANT:
            members.update(self._answered(message))
        else:
            content = self._parts.content(message.parts, listed=message.listed)
            if content is None and not self._native:
                return []
            members.update(present(content=content))
        if self._native:
            return [add_extras(members, message.extras)]
        self._notes.drop_given("messages[]", name=message.name)
        self._notes.drop_extras(message.extras, "messages[]")
        return [members]

    def _answered(self, message: Message) -> dict[str, JSON]:
        calls = [part for part in message.parts if isinstance(part, ToolCall)]
        said: list[AnyPart] = [part for part in message.parts if not isinstance(part, ToolCall)]
        if not self._native:
            said = self._known(said, calls)
        written = []
        for place, call in enumerate(calls):
            self._names[call.id] = call.name
            written.append(write_call(call, self._id(call.id), place, native=self._native))
            if not self._native:
                self._notes.drop_extras(call.extras, "messages[].tool_calls[]")
        content = self._parts.content(said, listed=message.listed)
        if content is None and not calls and not self._native:
            content = ""
        prefix = False if self._native and message.spelling == NO_PREFIX else None
        return present(content=content, tool_calls=written or None, prefix=prefix)

    def _known(self, said: Sequence[AnyPart], calls: Sequence[ToolCall]) -> list[AnyPart]:
        """Leave out what another provider thought: its words stand here without their signature."""
        if any(map(is_foreign, (*said, *calls))):
            self._notes.drop("messages[].content[].state")
        said = [part for part in said if not isinstance(part, Text) or part.text]
        return [part for part in said if not isinstance(part, Reasoning) or part.text]

    def _id(self, id_: str) -> str:
        return id_ if self._native else nine(id_)

    def _result(self, part: ToolResult, message: Message) -> JSON:
        content = self._parts.content(part.content, listed=part.listed)
        members: dict[str, JSON] = {"role": "tool"}
        if part.call_id or not self._native:
            members["tool_call_id"] = self._id(part.call_id)
        if content is not None or not self._native:
            members["content"] = "" if content is None else content
        if self._native:
            return add_extras({**members, **present(name=part.name)}, message.extras)
        members.update(present(name=part.name or self._names.get(part.call_id)))
        self._notes.drop_given("messages[].content[]", is_error=part.error or None, cache=part.cache)
        self._notes.drop_extras(part.extras, "messages[].content[]")
        return members
