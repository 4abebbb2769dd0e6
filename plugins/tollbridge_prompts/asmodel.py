"""A prompt API called as the model `api/<slug>`, in any dialect.

The caller's last message gives the variables. Where just one variable is required and takes texts, what was said is its
value; else it must be a JSON object of variables. What a caller says beside that is refused where the answer would not
be what was asked for: instructions of its own, tools, and a form of the answer never fit; earlier turns do where the
definition says `chat`, and stand between the examples and the last message. Parameters hold where the definition leaves
them open; of two limits of the answer's length the lower one holds. All else is left out, and told.
"""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from tollbridge import BadRequest
from tollbridge.formats import Choice, ChoiceMode, FormatKind, Message, Notes, Request, Response, Role, Text
from tollbridge_prompts import jsontext
from tollbridge_prompts.bounds import BODY
from tollbridge_prompts.conversation import ORIGIN, asked_with
from tollbridge_prompts.prompt import Prompt
from tollbridge_prompts.refusals import InputRefused
from tollbridge_prompts.running import Result

_OPEN = (
    *("temperature", "top_p", "top_k", "frequency_penalty", "presence_penalty", "seed", "stop"),
    *("thinking", "verbosity"),
)
"""Parameters of a caller's that hold where the definition says nothing."""
_PASSED = ("user", "tier", "cache_key", "stream", "stream_usage")
"""What is the caller's own business."""
_NEVER = {
    "tools": "tools",
    "choice": "a choice of tools",
    "format": "a form of the answer",
    "logprobs": "logprobs",
    "top_logprobs": "logprobs",
    "cache": "a mark for a cache",
}
_SPOKEN = (Role.USER, Role.ASSISTANT)
_IN_MESSAGES, _IN_PARTS = "messages[]", "messages[].content[]"


def asked_as_model(prompt: Prompt, request: Request) -> Request:
    """Give the request that is asked in place of a caller's.

    Raises `BadRequest` for what cannot be taken, `InputRefused` for variables that do not fit.
    """
    _check(request)
    *earlier, last = request.messages or (None,)
    if last is None or last.role is not Role.USER:
        raise BadRequest("the last message must be the user's: it gives the variables", param="messages")
    _check_earlier(earlier, chat=prompt.definition.chat)
    try:
        values = prompt.inputs.taken(_brought(prompt, _text(last)))
    except InputRefused as exc:
        raise BadRequest(f"the last message does not fit: {exc.message}", param="messages", code=exc.code) from None
    asked = prompt.conversation.request(values, [_bare(one) for one in earlier])
    return replace(asked, **_added(asked, request))


def leave_out(prompt: Prompt, request: Request, notes: Notes) -> None:
    """Say what of a caller's request has no use: what the definition overrules, and what it has no place for."""
    said = asked_with(prompt.definition.parameters)
    overruled = [name for name in _OPEN if name in said and getattr(request, name) != said[name]]
    notes.drop_given(**{name: getattr(request, name) for name in overruled})
    notes.drop_given(parallel_tools=request.parallel_tools, metadata=request.metadata, store=request.store or None)
    thinking = request.thinking
    if thinking is not None and "thinking" not in said:
        notes.drop_given("thinking", shown=thinking.shown or None, summary=thinking.summary)
        notes.drop_extras(thinking.extras, "thinking")
    for message in request.messages:
        notes.drop_given(_IN_MESSAGES, name=message.name)
        notes.drop_extras(message.extras, _IN_MESSAGES)
        for part in message.parts:
            notes.drop_given(_IN_PARTS, cache=part.cache)
            notes.drop_extras(part.extras, _IN_PARTS)
    notes.drop_extras(request.extras)


def answered_as_model(result: Result, id: str, model: str, created: int) -> Response:
    """Give an answer as that of the model `api/<slug>`.  `created` in seconds since the epoch."""
    choice = Choice(parts=(Text(text=result.text),), stop=result.stop)
    return Response(origin=ORIGIN, id=id, model=model, created=created, choices=(choice,), usage=result.usage)


def _check(request: Request) -> None:
    for field, what in _NEVER.items():
        if getattr(request, field) and not _says_nothing(request, field):
            raise BadRequest(f"this model is a prompt API, which takes no {what}", param=field)
    if (request.answers or 1) > 1:
        raise BadRequest("this model gives one answer", param="answers")
    if request.essential:
        raise BadRequest(
            f"this model is a prompt API, which takes no {request.essential[0]}", param=request.essential[0]
        )


def _says_nothing(request: Request, field: str) -> bool:
    """Whether a field says what holds anyway: words for an answer, and no tool where there is none."""
    form, choice = request.format, request.choice
    if field == "format" and form is not None:
        return form.kind is FormatKind.TEXT
    if field == "choice" and choice is not None:
        return choice.mode in (ChoiceMode.AUTO, ChoiceMode.NONE) and not choice.names and choice.raw is None
    return False


def _check_earlier(earlier: Sequence[Message], *, chat: bool) -> None:
    for one in earlier:
        if one.role in (Role.SYSTEM, Role.DEVELOPER):
            raise BadRequest("this model has instructions of its own; send no system message", param="messages")
        if not chat:
            raise BadRequest("this model answers one message; send no earlier turns", param="messages")
        if one.role not in _SPOKEN:
            raise BadRequest(f"this model takes no messages of the role {one.role}", param="messages")


def _text(message: Message) -> str:
    """Give the words of a message; raises `BadRequest` where it holds something else."""
    texts = [part.text for part in message.parts if isinstance(part, Text)]
    if len(texts) < len(message.parts):
        raise BadRequest("this model takes text alone", param="messages")
    return "\n".join(texts)


def _bare(message: Message) -> Message:
    """Give an earlier turn without what only its own dialect knows."""
    return Message(role=message.role, parts=(Text(text=_text(message)),))


def _brought(prompt: Prompt, text: str) -> dict[str, Any]:
    if len(text) > BODY:
        raise BadRequest(f"the last message is over {BODY} characters", status=413, param="messages")
    if prompt.inputs.lone:
        return {prompt.inputs.lone: text}
    try:
        values = jsontext.read(text)
    except ValueError as exc:
        values, why = None, f": {exc}"
    else:
        why = ""
    if not isinstance(values, dict):
        names = ", ".join(one.name for one in prompt.inputs.variables) or "none"
        raise BadRequest(
            f"the last message must be a JSON object of this model's variables ({names}){why}", param="messages"
        )
    return values


def _added(asked: Request, request: Request) -> dict[str, Any]:
    """Give what of the caller's request holds beside the definition."""
    open_ = {name: getattr(request, name) for name in _OPEN if getattr(asked, name) is None}
    passed = {name: getattr(request, name) for name in _PASSED}
    passed["store"] = False if request.store is False else None
    limits = [limit for limit in (asked.max_output, request.max_output) if limit is not None]
    if thinking := open_.get("thinking"):
        open_["thinking"] = replace(thinking, spelling="", extras={})
    return {**open_, **passed, "max_output": min(limits, default=None)}
