"""Writing the messages of a chat request for a provider."""

import re

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyPart,
    Media,
    Message,
    Notes,
    Reasoning,
    Request,
    Role,
    Text,
    ToolCall,
    ToolResult,
    add_extras,
    fit_id,
    in_turns,
    present,
    words_of,
)
from tollbridge_openai.chat_calls import write_calls
from tollbridge_openai.chat_content import (
    BARE,
    DECLINED,
    FUNCTION,
    LISTS,
    NAME,
    ContentWriter,
    is_foreign,
    write_cache,
)
from tollbridge_openai.chat_thought import write_thought

_CALL_ID = re.compile(r".{1,40}", re.DOTALL)
"""What OpenAI takes as the id of a call: its error names the length.

https://github.com/vercel/ai/issues/5171, read 2026-11.
"""


class MessagesWriter:
    """Writes the messages of one request."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._native = request.origin == NAME
        self._request = request
        self._notes = notes
        self._content = ContentWriter(notes, native=self._native)

    def written(self) -> list[JSON]:
        """Give `messages`."""
        messages = self._request.messages if self._native else in_turns(self._request.messages)
        written: list[JSON] = []
        for message in messages:
            self._content.bare = self._native and BARE in message.spelling
            if message.role is Role.TOOL:
                written += self._results(message)
            else:
                written.append(self._message(message))
        return written

    def _message(self, message: Message) -> JSON:
        members: dict[str, JSON] = {"role": message.role}
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
        said: list[AnyPart] = [part for part in message.parts if not isinstance(part, Reasoning | ToolCall)]
        beside = self._beside(message, said, calls)
        members = write_thought(thought, self._notes, answer=False)
        listed = message.listed and (self._native or len(said) > 1)
        members["content"] = self._content.content(said, listed=listed, media=self._native)
        if members["content"] is None and calls:
            del members["content"]
        if not self._native and any(map(is_foreign, calls)):
            self._notes.drop("messages[].tool_calls[].state")
        if calls:
            ids = [self._id(call.id) for call in calls]
            members["tool_calls"] = write_calls(calls, ids, self._notes, native=self._native)
        return {**members, **beside}

    def _beside(self, message: Message, said: list[AnyPart], calls: list[ToolCall]) -> dict[str, JSON]:
        """Take out what this dialect's own callers had beside the content, and give the members that hold it."""
        if not self._native or not message.spelling:
            return {}
        spelling = message.spelling.split()
        members: dict[str, JSON] = {name: [] for name in LISTS if name in spelling}
        if DECLINED in spelling:
            members["refusal"] = words_of(said.pop())
        if FUNCTION in spelling:
            call = calls.pop()
            members["function_call"] = {"name": call.name, "arguments": call.arguments, **call.extras}
        return members

    def _id(self, id_: str) -> str:
        return id_ if self._native else fit_id(id_, _CALL_ID)

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
                seen += [Text(text=f"What the tool call {self._id(part.call_id)} gave:"), *shown]
        if seen:
            written.append({"role": "user", "content": self._content.content(seen, listed=True)})
        return written

    def _result(self, part: ToolResult, message: Message) -> JSON:
        content = self._content.content(part.content, listed=part.listed and (self._native or len(part.content) != 1))
        if self._native and FUNCTION in message.spelling:
            members: dict[str, JSON] = {"role": "function"}
        else:
            members = {"role": "tool", "tool_call_id": self._id(part.call_id)}
        if content is not None or not self._native:
            members["content"] = "" if content is None else content
        if self._native:
            members.update(present(name=part.name, cache_control=write_cache(part.cache)))
            return add_extras(members, message.extras)
        if part.error or part.cache is not None:
            self._notes.drop_given("messages[].content[]", is_error=part.error or None, cache=part.cache)
        self._notes.drop_extras(part.extras, "messages[].content[]")
        return members
