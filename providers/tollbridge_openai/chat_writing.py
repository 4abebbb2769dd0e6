"""Writing a chat request for a provider."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter

from msgspec.structs import replace

from tollbridge.formats import (
    EFFORTS,
    JSON,
    AnyPart,
    Format,
    FormatKind,
    Media,
    Message,
    Notes,
    Reasoning,
    Refusal,
    Request,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    add_extras,
    in_turns,
    present,
    written_body,
)
from tollbridge_openai.chat_calls import write_calls
from tollbridge_openai.chat_content import BARE, NAME, ContentWriter, write_cache
from tollbridge_openai.chat_thought import write_thought
from tollbridge_openai.chat_tools import write_choice, write_tools

_SAID: Mapping[str, str] = {
    "stream": "stream",
    "temperature": "temperature",
    "top_p": "top_p",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "seed": "seed",
    "n": "answers",
    "logprobs": "logprobs",
    "top_logprobs": "top_logprobs",
    "verbosity": "verbosity",
    "metadata": "metadata",
    "user": "user",
    "prompt_cache_key": "cache_key",
    "store": "store",
}
"""What a request may say in one value that is written as it is: its name here, and its canonical one."""
_NAMES, _values = tuple(_SAID), attrgetter(*_SAID.values())
_TIERS = frozenset(("auto", "default", "flex", "scale", "priority"))
_LOW_BUDGET, _MEDIUM_BUDGET = 1_024, 8_192
"""Tokens of thinking that Google counts as low and medium effort (https://ai.google.dev/gemini-api/docs/openai)."""


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request; what chat cannot say is noted."""
    native = request.origin == NAME
    members: dict[str, JSON] = {"model": request.model, "messages": _Messages(request, notes).written()}
    for name, value in zip(_NAMES, _values(request), strict=True):
        if value is not None:
            members[name] = value
    if request.stream_usage is not None:
        members["stream_options"] = {"include_usage": request.stream_usage}
    if request.stop is not None:
        members["stop"] = _stop(request.stop, alone="stop" in request.spelling and native)
    if request.max_output is not None:
        older = native and "max_tokens" in request.spelling
        members["max_tokens" if older else "max_completion_tokens"] = request.max_output
    if request.format is not None:
        members["response_format"] = _format(request.format, notes, native=native)
    if request.tools is not None:
        members.update(write_tools(request, notes, native=native))
    if request.parallel_tools is not None and (native or request.tools):
        members["parallel_tool_calls"] = request.parallel_tools
    if request.choice is not None:
        members.update(write_choice(request, request.choice, notes, native=native))
    if request.thinking is not None:
        members.update(_thinking(request.thinking, notes, native=native))
    _only_here(members, request, notes, native=native)
    return written_body(members, notes)


def _only_here(members: dict[str, JSON], request: Request, notes: Notes, *, native: bool) -> None:
    """Add what only this dialect's own callers may send, or leave it behind."""
    if native:
        members.update(
            present(top_k=request.top_k, service_tier=request.tier, cache_control=write_cache(request.cache))
        )
        add_extras(members, request.extras)
        return
    for name in request.essential:
        notes.refuse(name)
    if request.top_k is not None or request.cache is not None:
        notes.drop_given(top_k=request.top_k, cache_control=request.cache)
    if request.tier in _TIERS:
        members["service_tier"] = request.tier
    elif request.tier is not None:
        notes.drop("service_tier")
    notes.drop_extras(request.extras)


def _stop(stop: Sequence[str], *, alone: bool) -> JSON:
    return stop[0] if alone and len(stop) == 1 else list(stop)


def _format(form: Format, notes: Notes, *, native: bool) -> JSON:
    if form.kind is not FormatKind.SCHEMA:
        members: dict[str, JSON] = {"type": "text" if form.kind is FormatKind.TEXT else "json_object"}
    else:
        name, strict = form.name, form.strict
        if not native:
            name = form.name or "answer"
            strict = True if strict is None and fits_strict(form.schema) else strict
        inner = present(name=name, description=form.description, schema=form.schema, strict=strict)
        members = {"type": "json_schema", "json_schema": inner}
    if native:
        return add_extras(members, form.extras)
    notes.drop_extras(form.extras, "response_format")
    return members


def fits_strict(schema: JSON) -> bool:
    """Whether strict mode takes a schema: each object closed, each property required.

    https://platform.openai.com/docs/guides/structured-outputs, read 2026-11.
    """
    if isinstance(schema, list):
        return all(map(fits_strict, schema))
    if not isinstance(schema, dict):
        return True
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, dict):
        named = properties if isinstance(properties, dict) else {}
        required = schema.get("required")
        required = required if isinstance(required, list) else []
        if schema.get("additionalProperties") is not False or any(name not in required for name in named):
            return False
    return all(map(fits_strict, schema.values()))


def _thinking(thinking: Thinking, notes: Notes, *, native: bool) -> dict[str, JSON]:
    if native:
        return _SPELT[thinking.spelling.partition(":")[0]](thinking)
    notes.drop_given("thinking", shown=thinking.shown or None, summary=thinking.summary)
    notes.drop_extras(thinking.extras, "thinking")
    effort = thinking.effort if thinking.effort in EFFORTS else None
    if thinking.effort is not None and effort is None:
        notes.drop("thinking.effort")
    if effort is None and thinking.budget is not None and thinking.budget >= 0 and thinking.enabled is not False:
        notes.drop("thinking.budget")
        effort = "high"
        if thinking.budget <= _MEDIUM_BUDGET:
            effort = "low" if thinking.budget <= _LOW_BUDGET else "medium"
        effort = "none" if thinking.budget == 0 else effort
    if effort is None and thinking.enabled is not None:
        notes.drop("thinking.enabled")
    return present(reasoning_effort=effort)


def _own_thinking(thinking: Thinking) -> dict[str, JSON]:
    _, _, kind = thinking.spelling.partition(":")
    return {"thinking": {**present(type=kind or None, budget_tokens=thinking.budget), **thinking.extras}}


def _own_reasoning(thinking: Thinking) -> dict[str, JSON]:
    exclude = None if thinking.shown is None else not thinking.shown
    told = present(enabled=thinking.enabled, max_tokens=thinking.budget, effort=thinking.effort, exclude=exclude)
    return {"reasoning": {**told, **thinking.extras}}


_SPELT: Mapping[str, Callable[[Thinking], dict[str, JSON]]] = {
    "": lambda thinking: present(reasoning_effort=thinking.effort),
    "thinking": _own_thinking,
    "reasoning": _own_reasoning,
}


class _Messages:
    """Writes the messages of one request."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._native = request.origin == NAME
        self._request = request
        self._notes = notes
        self._content = ContentWriter(notes, native=self._native)

    def written(self) -> list[JSON]:
        messages = self._request.messages if self._native else in_turns(self._request.messages)
        written: list[JSON] = []
        for message in messages:
            if message.role is Role.TOOL:
                written += self._results(message)
            else:
                written.append(self._message(message))
        return written

    def _message(self, message: Message) -> JSON:
        members: dict[str, JSON] = {"role": message.role}
        self._content.bare = self._native and message.spelling == BARE
        if message.role is Role.ASSISTANT:
            members.update(self._answered(message))
        else:
            members["content"] = self._content.content(
                message.parts, listed=message.listed and (self._native or len(message.parts) != 1)
            )
        if not self._native and members.get("content", "") is None:
            members["content"] = ""
        if message.name is not None:
            members["name"] = message.name
        if self._native:
            if members.get("content", "") is None:
                del members["content"]
            return add_extras(members, message.extras)
        self._notes.drop_extras(message.extras, "messages[]")
        return members

    def _answered(self, message: Message) -> dict[str, JSON]:
        thought = [part for part in message.parts if isinstance(part, Reasoning)]
        calls = [part for part in message.parts if isinstance(part, ToolCall)]
        declined = [part for part in message.parts if isinstance(part, Refusal) and "in" in part.extras]
        said: list[AnyPart] = [
            part for part in message.parts if part not in declined and not isinstance(part, Reasoning | ToolCall)
        ]
        members = write_thought(thought, self._notes, answer=False)
        listed = message.listed and (self._native or len(said) > 1)
        members["content"] = self._content.content(said, listed=listed, media=self._native)
        if members["content"] is None and calls:
            del members["content"]
        if declined:
            members["refusal"] = declined[0].text
        if message.spelling == "function" and self._native:
            call = calls.pop()
            members["function_call"] = {"name": call.name, "arguments": call.arguments, **call.extras}
        if not self._native and any(call.state is not None and call.state.dialect != NAME for call in calls):
            self._notes.drop("messages[].tool_calls[].state")
        ids = [call.id for call in calls]
        if calls:
            members["tool_calls"] = write_calls(calls, ids, self._notes, native=self._native)
        return members

    def _results(self, message: Message) -> list[JSON]:
        """Write each result as a message; what it shows besides text follows as the user's, where chat can have it."""
        results = [part for part in message.parts if isinstance(part, ToolResult)]
        if self._native:
            return [self._result(part, message) for part in results]
        written: list[JSON] = []
        seen: list[AnyPart] = []
        for part in results:
            shown = tuple(item for item in part.content if isinstance(item, Media))
            told = tuple(item for item in part.content if not isinstance(item, Media))
            written.append(self._result(replace(part, content=told) if shown else part, message))
            if shown:
                seen += [Text(text=f"What the tool call {part.call_id} gave:"), *shown]
        if seen:
            written.append({"role": "user", "content": self._content.content(seen, listed=True)})
        return written

    def _result(self, part: ToolResult, message: Message) -> JSON:
        content = self._content.content(part.content, listed=part.listed and (self._native or len(part.content) != 1))
        if message.spelling == "function" and self._native:
            members: dict[str, JSON] = {"role": "function"}
        else:
            members = {"role": "tool", "tool_call_id": part.call_id}
        if content is not None or not self._native:
            members["content"] = "" if content is None else content
        if self._native:
            members.update(present(name=part.name, cache_control=write_cache(part.cache)))
            return add_extras(members, message.extras)
        if part.error or part.cache is not None:
            self._notes.drop_given("messages[].content[]", is_error=part.error or None, cache_control=part.cache)
        self._notes.drop_extras(part.extras, "messages[].content[]")
        return members
