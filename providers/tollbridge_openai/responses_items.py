"""Items that are no message: reading them, for a request as for an answer.

An item is one thing a model or a tool did (https://platform.openai.com/docs/api-reference/responses, read 2026-11).
Calls of functions, their outputs and reasoning are read into the model. What the provider's own tools did, and kinds
that nobody else knows, stay whole.
"""

from collections.abc import Mapping, Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    Fields,
    Notes,
    Opaque,
    Reasoning,
    ServerCall,
    State,
    Text,
    ToolCall,
    ToolResult,
    carried,
    unpack_thinking,
)
from tollbridge_openai.responses_content import INPUT, NAME, read_parts

BETWEEN = "\n\n"
"""What stands between the pieces of a summary in one text."""
CALLS: Mapping[str, str] = {"function_call": "arguments", "custom_tool_call": "input"}
"""Kinds of calls, and what their arguments are called."""
OUTPUTS = ("function_call_output", "custom_tool_call_output")

SERVED: Mapping[str, str] = {
    "web_search_call": "web_search",
    "file_search_call": "file_search",
    "code_interpreter_call": "code_execution",
    "computer_call": "computer",
    "computer_call_output": "computer",
    "image_generation_call": "image_generation",
    "mcp_call": "mcp",
    "mcp_list_tools": "mcp",
    "mcp_approval_request": "mcp",
    "mcp_approval_response": "mcp",
    "tool_search_call": "tool_search",
    "tool_search_output": "tool_search",
    "local_shell_call": "",
    "local_shell_call_output": "",
    "shell_call": "",
    "shell_call_output": "",
    "apply_patch_call": "",
    "apply_patch_call_output": "",
    "program": "",
    "program_output": "",
}
"""Items of tools that the provider defines, with our word for the tool."""
CALLERS = frozenset(name for name in SERVED if name.endswith(("_call_output", "_response", "search_output")))
"""Those of them that a caller writes."""


def read_call(found: Fields, kind: str, notes: Notes) -> ToolCall:
    """Read a call; what the gateway put behind its id comes off."""
    id_, own, _ = carried(found.need("call_id", found.text("call_id")), notes.seal)
    name, words = found.need("name", found.text("name")), CALLS[kind]
    arguments = found.need(words, found.text(words))
    return ToolCall(
        id=id_, name=name, arguments=arguments, custom=kind == "custom_tool_call", state=own, extras=found.rest()
    )


def read_result(found: Fields, kind: str, notes: Notes) -> ToolResult:
    """Read what a tool gave: a text or a list of parts."""
    id_ = carried(found.need("call_id", found.text("call_id")), notes.seal)[0]
    given = found.peek("output")
    content: tuple[AnyPart, ...] = ()
    if isinstance(given, str):
        found.take("output")
        content = (Text(text=given),)
    elif isinstance(given, list):
        content = read_parts(found.items("output") or (), found.path("output"), INPUT)
    elif given is not None:
        raise found.error("output", "must be a text or a list of parts")
    return ToolResult(
        call_id=id_,
        content=content,
        name=found.text("name"),
        listed=isinstance(given, list),
        custom=kind == "custom_tool_call_output",
        extras=found.rest(),
    )


def read_reasoning(found: Fields, notes: Notes) -> tuple[Reasoning, ...]:
    """Read reasoning.  What the gateway sealed itself is another provider's, with its own words and state.

    The words are those of `content` where it has any, else those of `summary`; pieces that are no plain words stay
    where they are.
    """
    sealed = found.peek("encrypted_content")
    if isinstance(sealed, str):
        ours = unpack_thinking(sealed, notes.seal)
        if ours:
            return tuple(ours)
    data: dict[str, JSON] = {}
    state = notes.seal.unpack(sealed) if isinstance(sealed, str) else None
    id_, held = found.text("id"), found.text("encrypted_content")
    if id_ is not None:
        data["id"] = id_
    if held is not None:
        data["encrypted_content"] = held
    content = _take_words(found, "content", "reasoning_text")
    words = content if content is not None else _take_words(found, "summary", "summary_text")
    text = BETWEEN.join(words or ())
    if words is not None and (len(words) > 1 or not text):
        data["cuts"] = [len(word) for word in words]
    own = State(NAME, data) if data else None
    summary = content is None and words is not None
    return (Reasoning(text=text, summary=summary, state=state or own, extras=found.rest()),)


def _take_words(found: Fields, name: str, kind: str) -> list[str] | None:
    """Take a list of plain words; None where it is no such list, or an empty one, which stays where it is."""
    listed = found.peek(name)
    if not isinstance(listed, list) or not listed:
        return None
    words = [item.get("text") for item in listed if isinstance(item, dict) and item.get("type") == kind]
    plain = [word for word in words if isinstance(word, str)]
    if len(plain) != len(listed) or any(len(item) != 2 for item in listed):
        return None
    found.take(name)
    return plain


def pieces_of(text: str, cuts: JSON) -> Sequence[str]:
    """Cut a text into the pieces it was joined from; words that have changed since are one piece."""
    if not isinstance(cuts, list) or not all(isinstance(size, int) for size in cuts):
        return [text] if text else []
    pieces, at = [], 0
    for size in cuts:
        pieces.append(text[at : at + size])
        at += size + len(BETWEEN)
    return pieces if BETWEEN.join(pieces) == text else [text]


def read_served(raw: dict[str, JSON], kind: str) -> ServerCall | Opaque:
    """Read an item that stays whole."""
    tool = SERVED.get(kind)
    if tool is None:
        return Opaque(kind=kind, raw=raw)
    id_ = raw.get("id")
    result = kind.endswith(("_output", "_response"))
    return ServerCall(tool=tool, id=id_ if isinstance(id_, str) else "", raw=raw, result=result)
