"""Whole answers, both ways (https://platform.openai.com/docs/api-reference/responses/object, read 2026-11)."""

from collections.abc import Sequence

from tollbridge import UpstreamError
from tollbridge.formats import (
    JSON,
    Choice,
    Fields,
    Notes,
    Refusal,
    Request,
    Response,
    Stop,
    ToolCall,
    add_extras,
    decode_json,
    encode_json,
    present,
)
from tollbridge_openai.responses_content import NAME
from tollbridge_openai.responses_echo import echo
from tollbridge_openai.responses_errors import failed
from tollbridge_openai.responses_output import Items, read_item
from tollbridge_openai.responses_usage import read_usage, write_tool_usage, write_usage

COMPLETED, INCOMPLETE, FAILED = "completed", "incomplete", "failed"
_STOPS = {"max_output_tokens": Stop.LENGTH, "content_filter": Stop.FILTER}
_REASONS = {Stop.LENGTH: "max_output_tokens", Stop.CONTEXT: "max_output_tokens", Stop.FILTER: "content_filter"}
_UNREADABLE = "the model wrote a tool call that cannot be read"


def read_response(body: bytes, notes: Notes) -> Response:
    """Read a whole answer; raises `UpstreamError` for what is none, and the error of one that failed."""
    value = decode_json(body, wrong=UpstreamError, what="the provider's answer")
    if not isinstance(value, dict):
        raise UpstreamError("the provider's answer is no response")
    output = value.get("output")
    if value.get("status") == FAILED or (value.get("error") is not None and not isinstance(output, list)):
        raise failed(value.get("error"))
    if not isinstance(output, list) or not all(isinstance(item, dict) for item in output):
        raise UpstreamError("the provider's answer is no response")
    parts = tuple(part for item in output for part in read_item(item, notes))
    top, choice = read_head(value, calls=any(isinstance(part, ToolCall) for part in parts))
    return Response(
        origin=NAME,
        id=top.id,
        model=top.model,
        created=top.created,
        choices=(Choice(parts=parts, stop=choice.stop, said=choice.said),),
        usage=top.usage,
        wire_usage=top.wire_usage,
        tier=top.tier,
        extras=top.extras,
    )


def read_head(value: JSON, *, calls: bool) -> tuple[Response, Choice]:
    """Read all of an answer but its output, and why it ended; `calls`: it calls tools of the caller's."""
    found = Fields(value, wrong=None)
    usage, wire = read_usage(found.rest()), found.members("usage")
    found.items("output")
    found.text("object")
    if found.peek("output_text") == "":  # OpenRouter's word for what SDKs put there themselves, whatever was said
        found.take("output_text")
    choice = _read_stop(found, calls=calls)
    head = Response(
        origin=NAME,
        id=found.text("id") or "",
        model=found.text("model") or "",
        created=found.whole("created_at"),
        usage=usage,
        wire_usage=wire,
        tier=found.text("service_tier"),
        extras=found.rest(),
    )
    return head, choice


def _read_stop(found: Fields, *, calls: bool) -> Choice:
    """Take the status, where it is one of the two that an answer ends with; any other stays where it is."""
    status, details = found.peek("status"), found.peek("incomplete_details")
    ended = Stop.TOOL_CALLS if calls else Stop.END
    if status == COMPLETED:
        found.take("status")
        return Choice(stop=ended, said=COMPLETED)
    if status == INCOMPLETE:
        reason = details.get("reason") if isinstance(details, dict) else None
        if isinstance(reason, str) and len(details) == 1:
            found.take("status")
            found.take("incomplete_details")
            return Choice(stop=_STOPS.get(reason, Stop.OTHER), said=reason)
        return Choice(stop=Stop.OTHER, said=INCOMPLETE)
    if status in ("queued", "in_progress"):
        return Choice(said=str(status))
    return Choice(stop=ended, said=status if isinstance(status, str) else None)


def write_response(response: Response, request: Request, notes: Notes) -> bytes:
    """Write a whole answer for the caller of `request`."""
    choice = next((choice for choice in response.choices if choice.index == 0), Choice())
    if len(response.choices) > 1:
        notes.drop("choices")
    refused = any(isinstance(part, Refusal) for part in choice.parts)
    items = Items(notes, native=response.origin == NAME)
    output = items.written(choice.parts, whole=status_of(choice, refused=refused)[0] != INCOMPLETE)
    return encode_json(write_answer(response, choice, output, request, notes, refused=refused))


def status_of(choice: Choice, *, refused: bool) -> tuple[str, str | None]:
    """Give the status of another provider's answer and, where it is cut off, why."""
    stop = choice.stop
    if stop is Stop.BROKEN_CALL:
        return FAILED, None
    reason = _REASONS.get(stop) if stop is not None else None
    if stop is Stop.REFUSAL and not refused:
        reason = "content_filter"
    return (COMPLETED, None) if reason is None else (INCOMPLETE, reason)


def write_answer(
    response: Response, choice: Choice, output: Sequence[JSON], request: Request, notes: Notes, *, refused: bool
) -> dict[str, JSON]:
    """Write the answer around its output; `refused`: it holds a refusal in words."""
    if response.origin == NAME:
        return _own(response, choice, output)
    notes.drop_given(stop_sequence=choice.sequence)
    notes.drop_extras(response.extras)
    status, reason = status_of(choice, refused=refused)
    error = {"code": "server_error", "message": _UNREADABLE} if status == FAILED else None
    return {
        **begun_answer(response, request, notes),
        "status": status,
        "completed_at": notes.now if status == COMPLETED else None,
        "error": error,
        "incomplete_details": None if reason is None else {"reason": reason},
        "output": output,
        "usage": None if response.usage is None else write_usage(response.usage),
        **write_tool_usage(response.usage),
    }


def _own(response: Response, choice: Choice, output: Sequence[JSON]) -> dict[str, JSON]:
    members: dict[str, JSON] = {
        **_named(response),
        "output": output,
        **present(usage=response.wire_usage, service_tier=response.tier),
    }
    if choice.said == COMPLETED:
        members["status"] = COMPLETED
    elif choice.said is not None and "status" not in response.extras:
        members.update(status=INCOMPLETE, incomplete_details={"reason": choice.said})
    return add_extras(members, response.extras)


def _named(response: Response) -> dict[str, JSON]:
    return {
        **present(id=response.id or None, model=response.model or None, created_at=response.created),
        "object": "response",
    }


def begun_answer(response: Response, request: Request, notes: Notes) -> dict[str, JSON]:
    """Write an answer that has only begun: what it is called, and what was asked for."""
    begun: dict[str, JSON] = {
        "status": "in_progress",
        "output": [],
        "error": None,
        "incomplete_details": None,
        "usage": None,
    }
    if response.origin == NAME:
        told = {**_named(response), **begun, **present(service_tier=response.tier)}
        return add_extras(told, response.extras)
    return {
        "id": Items(notes, native=False).made_id("resp", 0),
        "object": "response",
        "created_at": notes.now if response.created is None else response.created,
        "model": response.model,
        **begun,
        **echo(request, notes),
    }
