"""Writing a chat request for Cohere."""

from collections.abc import Sequence
from decimal import Decimal

from tollbridge.formats import (
    JSON,
    AnyPart,
    Format,
    FormatKind,
    Media,
    MediaKind,
    Message,
    Notes,
    Number,
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
from tollbridge_cohere.content import NAME, PartWriter, text_of, write_document
from tollbridge_cohere.reading import DOCUMENTS
from tollbridge_cohere.thought import foreign, is_plan, write_call
from tollbridge_cohere.tools import KEYWORDS, write_tools

_LEAST_P, _MOST_P, _MOST_K, _MOST_STOPS = Decimal("0.01"), Decimal("0.99"), 500, 5
"""Bounds of `p`, `k` and `stop_sequences`; a `p` of 1, which OpenAI's callers send, would be refused."""


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request; what Cohere cannot say is noted."""
    native = request.origin == NAME
    messages = _Messages(request, notes)
    written = messages.written()
    members: dict[str, JSON] = {"model": request.model, "messages": written}
    if messages.documents:
        members[DOCUMENTS] = messages.documents
    members.update(
        present(
            stream=request.stream,
            max_tokens=request.max_output,
            temperature=request.temperature,
            seed=request.seed,
            logprobs=request.logprobs,
            response_format=_format(request.format, notes, native=native),
            thinking=_thinking(request.thinking, notes, native=native),
        )
    )
    members.update(_bounded(request, notes, native=native))
    members.update(write_tools(request, notes, native=native))
    if native:
        add_extras(members, request.extras)
    else:
        _leave(request, notes)
    return encode_json(members)


def _leave(request: Request, notes: Notes) -> None:
    """Note what a caller of another dialect said and Cohere cannot."""
    for name in request.essential:
        notes.refuse(name)
    notes.drop_given(
        answers=request.answers if request.answers != 1 else None,
        top_logprobs=request.top_logprobs,
        parallel_tools=request.parallel_tools,
        verbosity=request.verbosity,
        metadata=request.metadata,
        user=request.user,
        tier=request.tier,
        cache=request.cache,
        cache_key=request.cache_key,
        store=request.store,
    )
    notes.drop_extras(request.extras)


def _bounded(request: Request, notes: Notes, *, native: bool) -> dict[str, JSON]:
    """Give what has bounds here; the nearest value there is for one beyond, which is noted."""
    p: Number | None = request.top_p
    k: Number | None = request.top_k
    stops, frequency, presence = request.stop, request.frequency_penalty, request.presence_penalty
    if not native:
        p = _near(p, "top_p", (_LEAST_P, _MOST_P), notes)
        k = _near(k, "top_k", (0, _MOST_K), notes)
        frequency = _near(frequency, "frequency_penalty", (0, 1), notes)
        presence = _near(presence, "presence_penalty", (0, 1), notes)
        if stops is not None and len(stops) > _MOST_STOPS:
            notes.drop("stop")
            stops = stops[:_MOST_STOPS]
    stop = None if stops is None else list(stops)
    return present(p=p, k=k, frequency_penalty=frequency, presence_penalty=presence, stop_sequences=stop)


def _near(value: Number | None, name: str, bounds: tuple[Number, Number], notes: Notes) -> Number | None:
    least, most = bounds
    if value is None or least <= value <= most:
        return value
    notes.drop_given("", **{name: value})
    return least if value < least else most


def _format(form: Format | None, notes: Notes, *, native: bool) -> JSON:
    if form is None:
        return None
    members: dict[str, JSON] = {"type": "text" if form.kind is FormatKind.TEXT else "json_object"}
    if native:
        return add_extras({**members, **present(json_schema=form.schema)}, form.extras)
    if form.kind is FormatKind.SCHEMA:
        members.update(present(json_schema=lower(form.schema, KEYWORDS, notes, "format.schema")))
    notes.drop_given("format", description=form.description)
    notes.drop_extras(form.extras, "format")
    return members


def _thinking(thinking: Thinking | None, notes: Notes, *, native: bool) -> JSON:
    if thinking is None:
        return None
    budget, enabled = thinking.budget, thinking.enabled
    if native:
        return add_extras({"type": thinking.spelling, **present(token_budget=budget)}, thinking.extras)
    notes.drop_given("thinking", summary=thinking.summary)
    notes.drop_extras(thinking.extras, "thinking")
    if thinking.effort is not None:
        enabled = thinking.effort != "none" if enabled is None else enabled
        if thinking.effort != "none" and budget is None:
            notes.drop("thinking.effort")
    if budget is not None:
        enabled = budget != 0 if enabled is None else enabled
        budget = budget if budget > 0 and enabled else None
    return None if enabled is None else present(type="enabled" if enabled else "disabled", token_budget=budget)


class _Messages:
    """Writes the messages of one request, and the documents beside them."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._native = request.origin == NAME
        self._request = request
        self._notes = notes
        self._parts = PartWriter(notes, native=self._native)
        self.documents: list[JSON] = []

    def written(self) -> list[JSON]:
        messages = self._request.messages if self._native else in_turns(self._request.messages, together=(Role.TOOL,))
        return [written for message in messages for written in self._message(message)]

    def _message(self, message: Message) -> list[JSON]:
        if self._native and message.spelling == DOCUMENTS:
            self.documents += [self._document(part) for part in message.parts]
            return []
        if message.role is Role.TOOL:
            return self._results(message)
        role = message.role
        if role is Role.DEVELOPER and not self._native:
            role = Role.SYSTEM
        members: dict[str, JSON] = {"role": role.value}
        parts = message.parts
        if role is Role.ASSISTANT:
            members.update(self._answered(message))
        else:
            content = self._content([part for part in parts if not self._set_aside(part)], message.listed)
            if content is None and not self._native:
                return []
            members.update(present(content=content))
        return [self._own(members, message)]

    def _document(self, part: AnyPart) -> JSON:
        """Write one of the `documents`, as a bare text where it came as one."""
        if not isinstance(part, Media):
            return None
        bare = "document" in part.extras and part.extras["document"] is None
        return part.text if bare and part.name is None else write_document(part, native=self._native)

    def _set_aside(self, part: AnyPart) -> bool:
        """Put a document that may be cited among those beside the messages: only there Cohere cites it."""
        cited = not self._native and isinstance(part, Media) and part.kind is MediaKind.FILE and part.citations
        if not cited or not isinstance(part, Media) or text_of(part) is None:
            return False
        self._notes.drop_given("messages[].content[]", context=part.context, cache=part.cache)
        self.documents.append(write_document(part, native=False))
        return True

    def _own(self, members: dict[str, JSON], message: Message) -> JSON:
        if self._native:
            return add_extras(members, message.extras)
        self._notes.drop_given("messages[]", name=message.name)
        self._notes.drop_extras(message.extras, "messages[]")
        return members

    def _content(self, parts: Sequence[AnyPart], listed: bool, *, result: bool = False) -> JSON:
        """Give a text or a list of parts, None for no parts."""
        if len(parts) == 1 and isinstance(parts[0], Text) and not (listed and self._native) and not parts[0].extras:
            if parts[0].cache is not None:
                self._notes.drop("messages[].content[].cache")
            return parts[0].text
        written = [found for part in parts if (found := self._parts.written(part, result=result)) is not None]
        return written if written or (listed and self._native) else None

    def _answered(self, message: Message) -> dict[str, JSON]:
        calls = [part for part in message.parts if isinstance(part, ToolCall)]
        planned = [part.text for part in message.parts if isinstance(part, Reasoning) and is_plan(part)]
        said = [part for part in message.parts if not isinstance(part, ToolCall) and not is_plan(part)]
        if not self._native:
            said = [part for part in said if not isinstance(part, Text) or part.text]
        thoughts = [part for part in said if isinstance(part, Reasoning)]
        if any(map(foreign, thoughts)) or any(map(foreign, calls)):
            self._notes.drop("messages[].content[].state")
            said = [part for part in said if not isinstance(part, Reasoning) or part.text]
        content = self._content(said, message.listed)
        if content is None and not calls and not self._native:
            content = ""
        members = present(content=content, tool_plan="\n".join(planned) if planned else None)
        written = [self._call(call) for call in calls]
        told = [citation.raw for part in said if isinstance(part, Text) for citation in part.citations]
        return {**members, **present(tool_calls=written or None, citations=(told or None) if self._native else None)}

    def _call(self, call: ToolCall) -> JSON:
        members = write_call(call, call.id, native=self._native)
        if self._native:
            return add_extras(members, call.extras)
        self._notes.drop_extras(call.extras, "messages[].tool_calls[]")
        return members

    def _results(self, message: Message) -> list[JSON]:
        """Write each result as a message; pictures in them follow as the user's, where Cohere can have them."""
        written: list[JSON] = []
        seen: list[AnyPart] = []
        for part in message.parts:
            if not isinstance(part, ToolResult):
                continue
            shown = [item for item in part.content if self._is_shown(item)]
            told = [item for item in part.content if not self._is_shown(item)]
            written.append(self._result(part, told, message))
            if shown:
                seen += [Text(text=f"What the tool call {part.call_id} gave:"), *shown]
        if seen:
            written.append({"role": "user", "content": self._content(seen, True)})
        return written

    def _is_shown(self, item: AnyPart) -> bool:
        return not self._native and isinstance(item, Media) and item.kind is MediaKind.IMAGE

    def _result(self, part: ToolResult, told: Sequence[AnyPart], message: Message) -> JSON:
        content = self._content(told, part.listed, result=True)
        members: dict[str, JSON] = {"role": "tool", "tool_call_id": part.call_id}
        if content is not None or not self._native:
            members["content"] = "" if content is None else content
        if self._native:
            return add_extras(members, message.extras)
        self._notes.drop_given("messages[].content[]", is_error=part.error or None, cache=part.cache)
        self._notes.drop_extras(part.extras, "messages[].content[]")
        return members
