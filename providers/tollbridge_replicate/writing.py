"""Writing a request for a prediction."""

from collections.abc import Sequence

from tollbridge.formats import (
    JSON,
    ChoiceMode,
    FormatKind,
    Media,
    Message,
    Notes,
    Request,
    Role,
    Text,
    Thinking,
    encode_json,
    present,
    write_url,
)
from tollbridge_replicate.families import IMAGES, LIMITS, SYSTEMS, Family, family_of
from tollbridge_replicate.prompts import UNTOLD, render
from tollbridge_replicate.reading import BUDGETS, INPUT, NAME


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request; what a prompt cannot hold is noted or refused."""
    return encode_json(_own(request) if request.origin == NAME else _others(request, notes))


def _own(request: Request) -> dict[str, JSON]:
    def spelt(names: Sequence[str]) -> str:
        return next((name for name in names if name in request.spelling), names[0])

    given = _sampling(request)
    if request.max_output is not None:
        given[spelt(LIMITS)] = request.max_output
    thinking = request.thinking
    if thinking is not None:
        given.update(present(extended_thinking=thinking.enabled))
        if thinking.spelling:
            given[thinking.spelling] = thinking.budget if thinking.spelling in BUDGETS else thinking.effort
    if "messages" in request.spelling:
        given["messages"] = [{"role": message.role.value, "content": _text(message)} for message in request.messages]
    else:
        told = [message for message in request.messages if message.role is Role.SYSTEM]
        asked = [message for message in request.messages if message.role is not Role.SYSTEM]
        if any(isinstance(part, Text) for message in asked for part in message.parts):
            given["prompt"] = "".join(map(_text, asked))
        if told:
            given[spelt(SYSTEMS)] = "".join(map(_text, told))
        parts = [part for message in asked for part in message.parts]
        images: list[JSON] = [write_url(part, UNTOLD) for part in parts if isinstance(part, Media)]
        name = spelt(IMAGES)
        if name in request.spelling and (images or name != "image"):
            given[name] = images[0] if name == "image" else images
    members: dict[str, JSON] = {"input": given}
    for name, value in request.extras.items():
        if name.startswith(INPUT):
            given[name.removeprefix(INPUT)] = value
        else:
            members[name] = value
    return members


def _text(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, Text))


def _sampling(request: Request) -> dict[str, JSON]:
    return present(
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
        seed=request.seed,
        stop_sequences=None if request.stop is None else ",".join(request.stop),
        verbosity=request.verbosity,
    )


def _others(request: Request, notes: Notes) -> dict[str, JSON]:
    family = family_of(request.model)
    _refuse(request, notes)
    told = render(request.messages, family, notes)
    given: dict[str, JSON] = {"prompt": told.prompt}
    if told.system:
        given[family.system] = told.system
    if told.images:
        given[family.images] = list(told.images) if family.many else told.images[0]
    if request.max_output is not None:
        given[family.limit] = request.max_output
    for name, value in _sampling(request).items():
        if name not in family.takes or (name == "stop_sequences" and any("," in stop for stop in request.stop or ())):
            notes.drop_given(**{"stop" if name == "stop_sequences" else name: value})
        else:
            given[name] = value
    given.update(_thinking(request.thinking, family, notes))
    return {"input": given}


def _refuse(request: Request, notes: Notes) -> None:
    """Refuse what changes what is asked for, and leave behind what does not."""
    for name in request.essential:
        notes.refuse(name)
    mode = request.choice.mode if request.choice is not None else ChoiceMode.AUTO
    if request.tools and mode is not ChoiceMode.NONE:
        notes.refuse("tools", "models of this provider take no tools")
    if request.format is not None and request.format.kind is not FormatKind.TEXT:
        notes.refuse("format", "models of this provider write text")
    notes.drop_given(
        answers=request.answers,
        logprobs=request.logprobs,
        top_logprobs=request.top_logprobs or None,
        parallel_tools=request.parallel_tools,
        metadata=request.metadata,
        user=request.user,
        tier=request.tier,
        cache=request.cache,
        cache_key=request.cache_key,
        store=request.store or None,
    )
    notes.drop_extras(request.extras)


def _thinking(thinking: Thinking | None, family: Family, notes: Notes) -> dict[str, JSON]:
    if thinking is None:
        return {}
    effort, budget = thinking.effort, thinking.budget
    given: dict[str, JSON]
    if "reasoning_effort" in family.takes and effort is not None:
        given, effort = {"reasoning_effort": effort}, None
    elif "thinking_budget" in family.takes and budget is not None and budget >= 0:
        given, budget = {"thinking_budget": budget}, None
    elif "extended_thinking" in family.takes and (thinking.enabled is not None or (budget or 0) > 0):
        given = {"extended_thinking": thinking.enabled is not False}
        if budget is not None and budget > 0:
            given["thinking_budget_tokens"] = budget
        budget = None
    else:
        notes.drop("thinking")
        return {}
    notes.drop_given("thinking", effort=effort, budget=budget, summary=thinking.summary)
    return given
