"""What the model behind a route is asked in place of a caller's request.  Pure.

All else goes along as it came: tools, media, thoughts, forms of the answer, and what only the caller's dialect knows.
"""

from decimal import Decimal
from typing import Any

from msgspec.structs import asdict, replace

from tollbridge import BadRequest
from tollbridge.formats import Message, Number, Request, Role, Text, Thinking
from tollbridge_routes.model.definition import ModelDefinition, Most, Parameters, ThinkingWish

_INSTRUCTING = (Role.SYSTEM, Role.DEVELOPER)


def asked_for(definition: ModelDefinition, request: Request) -> Request:
    """Give the request that is asked; raises `BadRequest` for more answers or tools than there may be."""
    _check(definition.most, request)
    open_ = {name: value for name, value in said_by(definition.defaults).items() if getattr(request, name) is None}
    asked = replace(request, model=definition.model, **{**open_, **said_by(definition.fixed)})
    changes: dict[str, Any] = _bounded(definition.most, asked)
    if definition.system:
        changes["messages"] = with_system(asked.messages, definition.system)
    if asked.extras:  # a null of the caller's would be written beside what was said here, or over it
        changes["extras"] = {name: value for name, value in asked.extras.items() if value is not None}
    return replace(asked, **changes)


def said_by(parameters: Parameters) -> dict[str, Any]:
    """Give the parameters that are said, by their names in a request."""
    return {name: _meant(value) for name, value in asdict(parameters).items() if value is not None}


def with_system(messages: tuple[Message, ...], system: str) -> tuple[Message, ...]:
    """Say something before a caller's instructions: in the same message where these stand apart, else in one before."""
    for place, message in enumerate(messages):
        if message.apart:
            return (*messages[:place], replace(message, parts=_before(message, system)), *messages[place + 1 :])
    role = next((message.role for message in messages if message.role in _INSTRUCTING), Role.SYSTEM)
    return (Message(role=role, parts=(Text(text=system),), apart=True), *messages)


def _before(message: Message, system: str) -> tuple[Any, ...]:
    """Give the parts with more words at their beginning; one text stays one text, for a dialect may take no list."""
    if len(message.parts) == 1 and isinstance(only := message.parts[0], Text) and not only.citations:
        return (replace(only, text=f"{system}\n\n{only.text}"),)
    return (Text(text=system), *message.parts)


def _check(most: Most, request: Request) -> None:
    answers, tools = request.answers or 1, len(request.tools or ())
    if most.answers is not None and answers > most.answers:
        raise BadRequest(f"this model gives at most {most.answers} answers to a call, not {answers}", param="answers")
    if most.tools is not None and tools > most.tools:
        what = f"at most {most.tools} tools" if most.tools else "no tools"
        raise BadRequest(f"this model takes {what}; {tools} were sent", param="tools")


def _bounded(most: Most, asked: Request) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if most.output is not None and (asked.max_output is None or asked.max_output > most.output):
        changes["max_output"] = most.output
    thinking = asked.thinking
    if most.thinking is not None and thinking is not None and thinking.budget is not None:
        budget = most.thinking if thinking.budget < 0 else min(thinking.budget, most.thinking)
        changes["thinking"] = replace(thinking, budget=budget)
    return changes


def _meant(value: Any) -> Any:
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, ThinkingWish):
        return Thinking(enabled=value.enabled, budget=value.budget, effort=value.effort)
    return value


def _number(value: float) -> Number:
    return int(value) if value.is_integer() else Decimal(str(value))
