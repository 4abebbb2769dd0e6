"""Reading a request (https://platform.openai.com/docs/api-reference/responses/create, read 2026-11).

Each item becomes a message of its own. An item's id and status are notes of this dialect to itself, kept in the
message's `spelling` (see `responses_spelling`): another provider has no use for them.
"""

from collections.abc import Sequence
from itertools import islice

from tollbridge.formats import (
    JSON,
    AnyPart,
    Fields,
    Format,
    FormatKind,
    Message,
    Notes,
    Opaque,
    Request,
    Role,
    Text,
    Thinking,
    decode_json,
)
from tollbridge_openai.responses_content import INPUT, NAME, OUTPUT, read_parts
from tollbridge_openai.responses_items import (
    CALLERS,
    CALLS,
    OUTPUTS,
    SERVED,
    read_call,
    read_reasoning,
    read_result,
    read_served,
)
from tollbridge_openai.responses_spelling import spelling_of, take_empty, take_texts, without_empty
from tollbridge_openai.responses_tools import read_choice, read_tools

ESSENTIAL = ("previous_response_id", "conversation", "prompt")
ENCRYPTED, LOGPROBS = "reasoning.encrypted_content", "message.output_text.logprobs"
WHOLE = "whole"
"""How a message is spelled whose one part is a whole item."""
_KEPT = ("item_reference", "compaction")
"""Items that stand for words the request does not hold."""
_FORMATS = {"text": FormatKind.TEXT, "json_object": FormatKind.JSON}
_INCLUDED = (ENCRYPTED, LOGPROBS)
_ROLES = {"user": Role.USER, "system": Role.SYSTEM, "developer": Role.DEVELOPER, "assistant": Role.ASSISTANT}


def read_request(body: bytes, notes: Notes) -> Request:
    """Read a request; raises `BadRequest` naming the field that is wrong."""
    found = Fields(decode_json(body))
    spelling: list[str] = []
    messages = _read_instructions(found) + _read_input(found, spelling, notes)
    thinking, (form, verbosity) = _read_thinking(found), _read_text_options(found)
    logprobs = _read_include(found, spelling)
    tools, choice = read_tools(found), read_choice(found)
    user = found.text("user")
    if user is None and "safety_identifier" in found:
        user = found.text("safety_identifier")
        spelling.append("safety_identifier")
    essential = _essential(found, messages)
    return Request(
        origin=NAME,
        model=found.need("model", found.text("model")),
        messages=messages,
        stream=found.flag("stream"),
        max_output=found.whole("max_output_tokens"),
        temperature=found.number("temperature"),
        top_p=found.number("top_p"),
        logprobs=logprobs,
        top_logprobs=found.whole("top_logprobs"),
        tools=tools,
        choice=choice,
        parallel_tools=found.flag("parallel_tool_calls"),
        format=form,
        thinking=thinking,
        verbosity=verbosity,
        metadata=found.members("metadata"),
        user=user,
        tier=found.text("service_tier"),
        cache_key=found.text("prompt_cache_key"),
        store=found.flag("store"),
        essential=essential,
        spelling=tuple(spelling),
        extras=found.rest(),
    )


def _essential(found: Fields, messages: Sequence[Message]) -> tuple[str, ...]:
    """Name what another provider has never heard of: answers, files of prompts and talk that OpenAI keeps."""
    named = [name for name in ESSENTIAL if name in found]
    if found.peek("background") is True:
        named.append("background")
    kinds = {part.kind for message in messages for part in message.parts if isinstance(part, Opaque)}
    return (*named, *(f"input[].{kind}" for kind in _KEPT if kind in kinds))


def _read_instructions(found: Fields) -> tuple[Message, ...]:
    said = found.text("instructions")
    return () if said is None else (Message(role=Role.SYSTEM, parts=(Text(text=said),), apart=True),)


def _read_input(found: Fields, spelling: list[str], notes: Notes) -> tuple[Message, ...]:
    given = found.peek("input")
    if isinstance(given, str):
        found.take("input")
        spelling.append("input")
        return (Message(role=Role.USER, parts=(Text(text=given),)),)
    items = found.each("input")
    if items == []:
        spelling.append("input[]")
    read: list[Message] = []
    for item in items or ():
        read.append(_read_item(item, read[-1].role if read else None, notes))
    return tuple(read)


def _read_item(found: Fields, before: Role | None, notes: Notes) -> Message:
    said = found.text("type")
    if said == "message" or (said is None and "role" in found):
        return _read_message(found, said, before)
    kind = said or ("item_reference" if "id" in found else found.need("type", None))
    if kind in CALLS:
        told = take_texts(found, "id", "status")
        return _message(Role.ASSISTANT, (read_call(found, kind, notes),), before, spelling_of(told))
    if kind in OUTPUTS:
        told = take_texts(found, "id", "status")
        return _message(Role.TOOL, (read_result(found, kind, notes),), before, spelling_of(told))
    if kind == "reasoning":
        told = {**take_texts(found, "status"), **take_empty(found, "summary", "content")}
        return _message(Role.ASSISTANT, read_reasoning(found, notes), before, spelling_of(told))
    raw = found.rest() if said is None else {"type": said, **found.rest()}
    served = read_served(raw, kind)
    role = Role.ASSISTANT if kind in SERVED and kind not in CALLERS else _ROLES.get(str(found.peek("role")), Role.USER)
    return _message(role, (served,), before, WHOLE)


def _message(role: Role, parts: tuple[AnyPart, ...], before: Role | None, spelling: str) -> Message:
    joined = role is before and role in (Role.ASSISTANT, Role.TOOL)
    return Message(role=role, parts=parts, joined=joined, spelling=spelling)


def _read_message(found: Fields, said: str | None, before: Role | None) -> Message:
    speaker = found.need("role", found.text("role"))
    role = _ROLES.get(speaker)
    if role is None:
        raise found.error("role", f"cannot be {speaker[:40]!r}; use user, system, developer or assistant")
    told: dict[str, JSON] = {"type": said} if said is not None else {}
    told |= take_texts(found, "id", "status")
    given = found.peek("content")
    parts: tuple[AnyPart, ...] = ()
    if isinstance(given, str):
        found.take("content")
        parts = (Text(text=given),)
    elif isinstance(given, list):
        usual = OUTPUT if role is Role.ASSISTANT else INPUT
        words, empty = without_empty(found.items("content") or ())
        parts = read_parts(words, found.path("content"), usual)
        told |= empty
    elif given is not None:
        raise found.error("content", "must be a text or a list of parts")
    return Message(
        role=role,
        parts=parts,
        joined=role is before is Role.ASSISTANT,
        listed=isinstance(given, list),
        spelling=spelling_of(told),
        extras=found.rest(),
    )


def _read_include(found: Fields, spelling: list[str]) -> bool | None:
    """Take what is included beside the answer, as far as others have it too; its place in the list is kept."""
    listed = found.items("include")
    if listed is None:
        return None
    left = [name for name in listed if not isinstance(name, str) or name not in _INCLUDED]
    spelling += [f"include:{place}:{name}" for place, name in enumerate(listed) if name in _INCLUDED]
    if left or not listed:
        found.put_back("include", left)
    return True if LOGPROBS in listed else None


def with_included(left: Sequence[JSON], spelling: Sequence[str]) -> list[JSON]:
    """Put back what was taken out of `include`."""
    rest = iter(left)
    whole: list[JSON] = []
    for told in spelling:
        mark, _, named = told.partition(":")
        if mark == "include":
            place, _, name = named.partition(":")
            whole += islice(rest, max(0, int(place) - len(whole)))
            whole.append(name)
    return [*whole, *rest]


def _read_text_options(found: Fields) -> tuple[Format | None, str | None]:
    options = found.inner("text")
    if options is None:
        return None, None
    given, verbosity = options.inner("format"), options.text("verbosity")
    form = None if given is None else _read_format(given)
    if options.rest() or (form is None and verbosity is None):
        found.put_back("text", options.rest())
    return form, verbosity


def _read_format(found: Fields) -> Format:
    kind = found.need("type", found.text("type"))
    if kind == "json_schema":
        name, description, strict = found.text("name"), found.text("description"), found.flag("strict")
        return Format(
            kind=FormatKind.SCHEMA,
            schema=found.take("schema"),
            name=name,
            description=description,
            strict=strict,
            extras=found.rest(),
        )
    if kind not in _FORMATS:
        raise found.error("type", f"cannot be {kind[:40]!r}; use text, json_object or json_schema")
    return Format(kind=_FORMATS[kind], extras=found.rest())


def _read_thinking(found: Fields) -> Thinking | None:
    told = found.inner("reasoning")
    if told is None:
        return None
    effort = told.text("effort")
    older = "summary" not in told and "generate_summary" in told
    summary = told.text("generate_summary" if older else "summary")
    return Thinking(
        enabled=None if effort is None else effort != "none",
        effort=effort,
        shown=True if summary is not None else None,
        summary=summary,
        spelling="generate_summary" if older else "",
        extras=told.rest(),
    )
