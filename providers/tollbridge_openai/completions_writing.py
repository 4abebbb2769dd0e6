"""Writing a request for completions for a provider."""

from tollbridge.formats import (
    JSON,
    ChoiceMode,
    FormatKind,
    Notes,
    Request,
    Thinking,
    add_extras,
    decode_json,
    encode_json,
    present,
)
from tollbridge_openai.completions_prompts import NAME, as_prompt, prompt_of
from tollbridge_openai.completions_reading import LIMIT

ENOUGH = 1_024
"""Tokens of an answer where a caller of another dialect sets no limit: here that would mean `LIMIT`."""


def write_request(request: Request, notes: Notes) -> bytes:
    """Write a request; what a prompt cannot hold is noted or refused."""
    native = request.origin == NAME
    members: dict[str, JSON] = {"model": request.model}
    if native:
        members.update(_own(request))
    else:
        _check(request, notes)
        members["prompt"] = as_prompt(request.messages, notes)
        members["max_tokens"] = ENOUGH if request.max_output is None else request.max_output
        members.update(present(stop=None if request.stop is None else list(request.stop)))
    members.update(
        present(
            stream=request.stream,
            stream_options=None if request.stream_usage is None else {"include_usage": request.stream_usage},
            temperature=request.temperature,
            top_p=request.top_p,
            frequency_penalty=request.frequency_penalty,
            presence_penalty=request.presence_penalty,
            seed=request.seed,
            n=request.answers,
            logprobs=(request.top_logprobs or 0) if request.logprobs else None,
            user=request.user,
        )
    )
    return encode_json(add_extras(members, request.extras) if native else members)


def _own(request: Request) -> dict[str, JSON]:
    """Give what this dialect's own callers spell in more than one way."""
    members: dict[str, JSON] = {}
    if request.messages:
        prompt = prompt_of(request)
        members["prompt"] = [prompt] if request.messages[0].listed else prompt
    if request.max_output != LIMIT or "max_tokens" in request.spelling:
        members["max_tokens"] = request.max_output
    if request.stop is not None:
        members["stop"] = request.stop[0] if "stop" in request.spelling else list(request.stop)
    for word in request.spelling:
        name, said, text = word.partition("=")
        if said:
            members[name] = decode_json(text)
    return members


def _check(request: Request, notes: Notes) -> None:
    """Refuse what changes what is asked for, and leave behind what does not."""
    for name in request.essential:
        notes.refuse(name)
    mode = request.choice.mode if request.choice is not None else ChoiceMode.AUTO
    if request.tools and mode is not ChoiceMode.NONE:
        notes.refuse("tools", "the model behind this name completes text and takes no tools")
    if request.format is not None and request.format.kind is not FormatKind.TEXT:
        notes.refuse("format", "the model behind this name completes text and keeps to no format")
    notes.drop_given(
        top_k=request.top_k,
        verbosity=request.verbosity,
        metadata=request.metadata,
        tier=request.tier,
        cache=request.cache,
        cache_key=request.cache_key,
        store=request.store or None,
        thinking=request.thinking if _thinks(request.thinking) else None,
    )
    notes.drop_extras(request.extras)


def _thinks(thinking: Thinking | None) -> bool:
    return thinking is not None and thinking.enabled is not False and thinking.effort != "none"
