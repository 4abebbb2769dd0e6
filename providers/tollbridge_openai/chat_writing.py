"""Writing a chat request for a provider."""

from collections.abc import Callable, Mapping

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
    encode_json,
    in_turns,
    present,
)
from tollbridge_openai.chat_calls import write_calls
from tollbridge_openai.chat_content import BARE, NAME, ContentWriter, write_cache
from tollbridge_openai.chat_thought import write_thought
from tollbridge_openai.chat_tools import write_choice, write_tools

_TIERS = frozenset(("auto", "default", "flex", "scale", "priority"))
_LOW_BUDGET, _MEDIUM_BUDGET = 1_024, 8_192
"""Tokens of thinking that Google counts as low and medium effort (https://ai.google.dev/gemini-api/docs/openai)."""


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request; what chat cannot say is noted."""
    native = request.origin == NAME
    members: dict[str, JSON] = {"model": request.model, "messages": _Messages(request, notes).written()}
    limit = "max_tokens" if native and "max_tokens" in request.spelling else "max_completion_tokens"
    members.update(
        present(
            stream=request.stream,
            stream_options=_stream_options(request),
            temperature=request.temperature,
            top_p=request.top_p,
            frequency_penalty=request.frequency_penalty,
            presence_penalty=request.presence_penalty,
            seed=request.seed,
            stop=_stop(request),
            n=request.answers,
            logprobs=request.logprobs,
            top_logprobs=request.top_logprobs,
            parallel_tool_calls=request.parallel_tools if native or request.tools else None,
            response_format=_format(request.format, notes, native=native),
            verbosity=request.verbosity,
            metadata=request.metadata,
            user=request.user,
            prompt_cache_key=request.cache_key,
            store=request.store,
        )
    )
    if request.max_output is not None:
        members[limit] = request.max_output
    members.update(write_tools(request, notes, native=native))
    members.update(write_choice(request, notes, native=native))
    members.update(_thinking(request.thinking, notes, native=native))
    _only_here(members, request, notes, native=native)
    return encode_json(members)


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
    notes.drop_given(top_k=request.top_k, cache_control=request.cache)
    if request.tier in _TIERS:
        members["service_tier"] = request.tier
    else:
        notes.drop_given(service_tier=request.tier)
    notes.drop_extras(request.extras)


def _stream_options(request: Request) -> JSON:
    return None if request.stream_usage is None else {"include_usage": request.stream_usage}


def _stop(request: Request) -> JSON:
    if request.stop is None:
        return None
    if request.origin == NAME and "stop" in request.spelling and len(request.stop) == 1:
        return request.stop[0]
    return list(request.stop)


def _format(form: Format | None, notes: Notes, *, native: bool) -> JSON:
    if form is None:
        return None
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


def _thinking(thinking: Thinking | None, notes: Notes, *, native: bool) -> dict[str, JSON]:
    if thinking is None:
        return {}
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
        messages = self._request.messages if self._native else tuple(in_turns(self._request.messages))
        return [written for message in messages for written in self._message(message)]

    def _message(self, message: Message) -> list[JSON]:
        if message.role is Role.TOOL:
            return self._results(message)
        members: dict[str, JSON] = {"role": message.role.value}
        self._content.bare = self._native and message.spelling == BARE
        if message.role is Role.ASSISTANT:
            members.update(self._answered(message))
        else:
            members["content"] = self._content.content(
                message.parts, listed=message.listed and (self._native or len(message.parts) != 1)
            )
        if not self._native and members.get("content", "") is None:
            members["content"] = ""
        return [self._own(members, message)]

    def _own(self, members: dict[str, JSON], message: Message) -> JSON:
        members.update(present(name=message.name))
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
        members.update(present(tool_calls=write_calls(calls, ids, self._notes, native=self._native)))
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
        members.update(present(name=part.name if self._native else None))
        if self._native:
            members.update(present(cache_control=write_cache(part.cache)))
            return add_extras(members, message.extras)
        self._notes.drop_given("messages[].content[]", is_error=part.error or None, cache_control=part.cache)
        self._notes.drop_extras(part.extras, "messages[].content[]")
        return members
