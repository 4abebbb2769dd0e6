"""Reading a request of Cohere's (https://docs.cohere.com/reference/chat, types of cohere 7.3, read 2026-11)."""

from collections.abc import Mapping

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyPart,
    Envelope,
    Fields,
    Format,
    FormatKind,
    Media,
    MediaKind,
    Message,
    Notes,
    Request,
    Role,
    Thinking,
    ToolResult,
    decode_json,
    split_id,
)
from tollbridge_cohere.citations import read_citations
from tollbridge_cohere.content import NAME, read_content, read_document
from tollbridge_cohere.thought import plan, read_calls, recalled
from tollbridge_cohere.tools import read_choice, read_tools

DOCUMENTS = "documents"
"""The spelling of the message that stands for the `documents` of a request."""
_OFF = ("OFF", "DISABLED")
_FORMATS: Mapping[str, FormatKind] = {"text": FormatKind.TEXT, "json_object": FormatKind.JSON}


def read_request(body: bytes, _: Envelope, notes: Notes) -> Request:
    """Read a request; raises `BadRequest` naming the field that is wrong."""
    found = Fields(decode_json(body))
    listed = found.each("messages")
    if listed is None:
        raise found.error("messages", "is missing")
    messages = [_read_message(message, notes) for message in listed]
    documents, essential = _read_documents(found)
    if documents is not None:
        asked = [place for place, message in enumerate(messages) if message.role is Role.USER]
        messages.insert(asked[-1] if asked else len(messages), documents)
    stops = found.items("stop_sequences")
    if not all(isinstance(item, str) for item in stops or ()):
        raise found.error("stop_sequences", "must be a list of texts")
    tools, choice = read_tools(found), read_choice(found)
    form, thinking = _read_format(found), _read_thinking(found)
    return Request(
        origin=NAME,
        model=found.need("model", found.text("model")),
        messages=tuple(messages),
        stream=found.flag("stream"),
        max_output=found.whole("max_tokens"),
        temperature=found.number("temperature"),
        top_p=found.number("p"),
        top_k=found.whole("k"),
        frequency_penalty=found.number("frequency_penalty"),
        presence_penalty=found.number("presence_penalty"),
        seed=found.whole("seed"),
        stop=tuple(stops) if stops is not None else None,
        logprobs=found.flag("logprobs"),
        tools=tools,
        choice=choice,
        format=form,
        thinking=thinking,
        essential=("raw_prompting", *essential) if found.peek("raw_prompting") is True else essential,
        extras=found.rest(),
    )


def _read_message(found: Fields, notes: Notes) -> Message:
    said = found.need("role", found.text("role"))
    if said == "tool":
        return _read_result(found, notes)
    try:
        role = Role(said)
    except ValueError:
        raise found.error("role", f"cannot be {said[:40]!r}; use system, user, assistant or tool") from None
    content = found.take("content")
    parts: tuple[AnyPart, ...] = () if content is None else read_content(content, found, notes)
    if role is Role.ASSISTANT:
        planned = found.text("tool_plan")
        parts = (
            *read_citations(found, parts),
            *((plan(planned),) if planned is not None else ()),
            *read_calls(found),
        )
        parts = recalled(parts, notes)
    return Message(role=role, parts=parts, listed=isinstance(content, list), extras=found.rest())


def _read_result(found: Fields, notes: Notes) -> Message:
    content = found.take("content")
    id_ = found.need("tool_call_id", found.text("tool_call_id"))
    result = ToolResult(
        call_id=split_id(id_, notes.seal)[0],
        content=() if content is None else read_content(content, found, notes),
        listed=isinstance(content, list),
    )
    return Message(role=Role.TOOL, parts=(result,), extras=found.rest())


def _read_documents(found: Fields) -> tuple[Message | None, tuple[str, ...]]:
    """Take `documents` as a message of the user's; such as have no text stay, and no other dialect takes them."""
    given = found.items(DOCUMENTS)
    if given is None:
        return None, ()
    options = found.peek("citation_options")
    mode = options.get("mode") if isinstance(options, dict) else None
    cited = True if not isinstance(mode, str) or mode.upper() not in _OFF else None
    parts = [_read_listed(item, cited) for item in given]
    known = [part for part in parts if part is not None]
    if not given or len(known) < len(parts):
        found.put_back(DOCUMENTS, given)
        return None, (DOCUMENTS,) if given else ()
    return Message(role=Role.USER, parts=tuple(known), listed=True, spelling=DOCUMENTS), ()


def _read_listed(item: JSON, cited: bool | None) -> Media | None:
    """Read one of the `documents`; one that is a bare text is marked by the null of what it could have been."""
    if isinstance(item, str):
        return Media(kind=MediaKind.FILE, text=item, citations=cited, extras={"document": None})
    part = read_document(item, citations=cited)
    return None if part is None else replace(part, citations=cited)


def _read_format(found: Fields) -> Format | None:
    given = found.inner("response_format")
    if given is None:
        return None
    kind = given.need("type", given.text("type"))
    known = _FORMATS.get(kind)
    if known is None:
        raise given.error("type", f"cannot be {kind[:40]!r}; use text or json_object")
    schema = given.members("json_schema") if known is FormatKind.JSON else None
    return Format(kind=known if schema is None else FormatKind.SCHEMA, schema=schema, extras=given.rest())


def _read_thinking(found: Fields) -> Thinking | None:
    given = found.inner("thinking")
    if given is None:
        return None
    kind = given.need("type", given.text("type"))
    return Thinking(enabled=kind != "disabled", budget=given.whole("token_budget"), spelling=kind, extras=given.rest())
